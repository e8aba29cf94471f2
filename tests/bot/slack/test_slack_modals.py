"""An answer in a modal, of a shortcut or of Home, has the buttons that it has in a message. The
real desk, over Socket Mode."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_server import SlackServer
from slack_support import ScriptedDesk, served, wait_for_records, wait_until

from bot.desk.desk import Desk
from bot.querylog import LogUnavailable, QueryLog, Record
from bot.querylog.verify import verify

ROOMS = ["shortcut", "home"]
ANKLE = "ankle sprain, initial encounter, dos 2026-05-01"
#: What each kind of modal has besides the answer.
OWN = {"shortcut": {"ask_post", "ask_again"}, "home": {"home_keep_0"}}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QueryLog]:
    opened = QueryLog(tmp_path / "log.db")
    yield opened
    assert verify(opened.path).bad is None
    opened.close()


def answer_in(slack: SlackServer, log: QueryLog, room: str, words: str) -> dict[str, Any]:
    """The modal of a shortcut or of Home with the answer to a question."""
    if room == "shortcut":
        event = slack.direct_message(words, user="U2", channel="C5")
        message = {name: event[name] for name in ("type", "text", "user", "ts")}
        slack.send_interactive(slack.shortcut("look_this_up", message, channel="C5")).wait_ack(10)
        slack.wait_for("views.open")
        slack.send_view({"statement": words}).wait_ack(10)
        wait_for_records(log, "delivery")
    else:
        slack.send_event(slack.direct_message(words)).wait_ack(20)
        wait_for_records(log, "delivery")
        slack.open_home().wait_ack(10)
        slack.wait_for("views.publish")
        slack.send_view_action("home_open", last(log).id).wait_ack(10)
        slack.wait_for("views.open")
    modal = slack.modal()
    assert modal is not None
    return modal


def press(slack: SlackServer, view: dict[str, Any], action: str, value: str | None = None) -> None:
    slack.send_interactive(slack.view_actions(view, action, value=value)).wait_ack(20)


def pushed(slack: SlackServer, count: int = 1) -> dict[str, Any]:
    """The modal on top, as it stands."""
    opened = slack.wait_for("views.push", count, 30)[-1].response["view"]["id"]
    view = slack.modal(opened)
    assert view is not None
    return view


def shows(slack: SlackServer, view: dict[str, Any], words: str) -> dict[str, Any]:
    """Wait until a modal shows something."""

    def now() -> dict[str, Any]:
        return slack.modal(view["id"]) or {}

    wait_until(lambda: words in texts(now()), lambda: texts(now()))
    return now()


def actions(view: dict[str, Any]) -> set[str]:
    return {
        element["action_id"]
        for block in view["blocks"]
        for element in [*block.get("elements", []), block.get("accessory") or {}]
        if "action_id" in element
    }


def texts(view: dict[str, Any]) -> str:
    return json.dumps(view.get("blocks"), ensure_ascii=False)


def last(log: QueryLog) -> Record:
    return log.recent(1)[0]


@pytest.mark.parametrize("room", ROOMS)
def test_an_option_changes_the_answer_in_place(slack, log, desk: Desk, tmp_path, room: str) -> None:
    with served(slack, tmp_path, desk, log):
        view = answer_in(slack, log, room, ANKLE)
        question = last(log)
        assert {"option:0", "rules", "check_with", "menu"} <= actions(view)
        assert not {"right", "wrong", "rating"} & actions(view)
        pressed = slack.view_actions(view, "option:1")
        for _ in range(2):
            slack.send_interactive(pressed).wait_ack(20)
        changed = shows(slack, view, "S93.402A")
        wait_for_records(log, "delivery", 2)
        messages = slack.messages()
    assert {"rules", "menu"} | OWN[room] <= actions(changed)
    assert "option:0" not in actions(changed)
    option = last(log)
    assert (option.after, option.delivery) == (question.id, "delivered")
    assert len(log.recent()) == 2
    assert len(messages) == (room == "home")  # The direct message, and no other.
    # The buttons are those of the new answer.
    assert question.id not in texts(changed)
    assert changed["private_metadata"] == (
        option.id if room == "home" else view["private_metadata"]
    )


def test_the_answer_to_an_option_is_posted_and_changed_as_a_whole(
    slack, log, desk: Desk, tmp_path
) -> None:
    with served(slack, tmp_path, desk, log):
        view = answer_in(slack, log, "shortcut", ANKLE)
        press(slack, view, "option:1")
        changed = shows(slack, view, "S93.402A")
        press(slack, changed, "ask_post")
        posted = shows(slack, view, "Posted in the thread")
        press(slack, posted, "ask_again")
        form = shows(slack, view, "initial_value")
        (post,) = slack.messages("C5")
    assert "S93.402A" in json.dumps(post.args["blocks"])
    assert "rules" in actions(posted)
    (statement,) = [b["element"] for b in form["blocks"] if b.get("block_id") == "statement"]
    assert {"left", "ankle", "sprain"} <= set(re.findall(r"\w+", statement["initial_value"]))


@pytest.mark.parametrize("room", ROOMS)
def test_rules_and_the_text_to_copy_open_on_top(
    slack, log, desk: Desk, tmp_path, room: str
) -> None:
    with served(slack, tmp_path, desk, log):
        view = answer_in(slack, log, room, "E11.9 2026-05-01")
        press(slack, view, "rules")
        assert pushed(slack)["title"]["text"] == "Rules"
        wait_for_records(log, "delivery", 2)
        press(slack, view, "menu", f"copy {last(log).id}")
        assert "E11.9" in texts(pushed(slack, 2))
        assert slack.modal(view["id"])["blocks"] == view["blocks"]
    assert last(log).deliveries[-1]["kind"] == "rules"


@pytest.mark.parametrize("room", ROOMS)
def test_complete_ends_on_top_of_the_answer(slack, log, desk: Desk, tmp_path, room: str) -> None:
    with served(slack, tmp_path, desk, log):
        view = answer_in(slack, log, room, "S13.4 2026-05-01")
        before = len(slack.messages())
        press(slack, view, "complete")
        press(slack, pushed(slack), "complete_choose", "S13.4XXD")
        done = shows(slack, pushed(slack), "complete_back")
        slack.send_view({}, view=done).wait_ack(20)
        answer = shows(slack, done, "billable")
        wait_for_records(log, "delivery", 2)
        assert slack.modal(view["id"])["blocks"] == view["blocks"]
        assert len(slack.messages()) == before
    assert "S13.4XXD" in texts(answer)
    assert answer["close"]["text"] == "Back"
    assert actions(answer) == set()
    assert (last(log).text, last(log).delivery) == ("S13.4XXD", "delivered")


@pytest.mark.parametrize("room", ROOMS)
def test_check_with_ends_on_top_of_the_answer(slack, log, desk: Desk, tmp_path, room: str) -> None:
    with served(slack, tmp_path, desk, log):
        view = answer_in(slack, log, room, "E11.9 2026-05-01")
        press(slack, view, "check_with")
        slack.send_view({"codes": "E10.9"}, view=pushed(slack)).wait_ack(20)
        answer = shows(slack, pushed(slack), "not reported together")
        assert slack.modal(view["id"])["blocks"] == view["blocks"]
    assert answer["close"]["text"] == "Back"
    assert actions(answer) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_a_press_that_cannot_be_logged_leaves_the_answer(
    slack, log, desk: Desk, tmp_path, monkeypatch, room: str
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise LogUnavailable("the disk is full")

    with served(slack, tmp_path, desk, log):
        view = answer_in(slack, log, room, ANKLE)
        monkeypatch.setattr(log, "ask_many", fails)
        press(slack, view, "option:1")
        wait_until(lambda: "cannot write my log" in json.dumps(slack.messages()[-1:], default=str))
        assert slack.modal(view["id"])["blocks"] == view["blocks"]
        monkeypatch.undo()


def test_the_rules_of_what_was_removed_are_said_to_be_gone(slack, log, tmp_path) -> None:
    desk = ScriptedDesk()
    with served(slack, tmp_path, desk, log):
        view = answer_in(slack, log, "shortcut", "t2dm with ckd")
        pressed = slack.view_actions(view, "rules")
        pressed["actions"][0]["value"] = "0123456789ab"
        slack.send_interactive(pressed).wait_ack(10)
        (told,) = slack.wait_for("chat.postMessage")
    assert told.args["channel"] == "U1"
    assert not [call for call in slack.calls if call.method == "views.push"]
