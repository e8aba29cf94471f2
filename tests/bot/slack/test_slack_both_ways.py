"""Each thing that people press or send, once over Socket Mode and once over signed HTTP: what the
acknowledgement says, what follows, and what happens when the trigger has expired. The real desk.

The loopback Slack takes a trigger within 3 seconds, and does what an acknowledgement says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_front import Front
from slack_server import SlackServer, agent_session_stopped, app_home_opened, member_joined_channel
from slack_support import served, wait_for_records, wait_until

from bot.desk.desk import Desk
from bot.querylog import QueryLog


@pytest.fixture(params=["socket", "http"])
def front(request, slack, log, desk: Desk, tmp_path) -> Iterator[Front]:
    with served(slack, tmp_path, desk, log, slack_mode=request.param) as running:
        yield Front(request.param, slack, running)


def asked(front: Front, text: str) -> None:
    """Mention the bot, and wait until its answer stands."""
    front.event(front.slack.app_mention(text, user="U7", channel="C5"))
    front.slack.wait_for("chat.postMessage", timeout=60)


def press(front: Front, action: str, value: str | None = None, **where: Any) -> None:
    payload = front.slack.block_actions(action, value, user="U8", channel="C5", **where)
    assert not front.interactive(payload)


def press_in(front: Front, view: Any, action: str, value: str | None = None) -> None:
    assert not front.interactive(front.slack.view_actions(view, action, "U8", value))


def send(front: Front, typed: dict[str, Any]) -> Any:
    """Send the modal that is open; gives what the acknowledgement says."""
    return front.interactive(front.slack.view_submission(typed, "U8", modal(front.slack)))


def modal(slack: SlackServer) -> dict[str, Any]:
    slack.wait_for("views.open")
    shown = slack.modal()
    assert shown is not None
    return shown


def says(slack: SlackServer, text: str) -> None:
    """Wait until the modal says it."""
    wait_until(lambda: text in json.dumps(slack.modal()), lambda: str(slack.modal()))


def last_id(log: QueryLog) -> str:
    return log.recent(1)[0].id


# Buttons, forms, events


def test_an_option_updates_the_message(slack, log, front) -> None:
    asked(front, "ankle sprain, initial encounter")
    press(front, "option:1")
    slack.wait_for("chat.update", timeout=60)
    assert "S93.402A" in json.dumps(slack.message("C5"))


def test_two_people_who_press_at_once_get_one_answer(slack, log, desk, front, monkeypatch) -> None:
    asked(front, "ankle sprain, initial encounter")
    both_pressed, ask = threading.Event(), desk.ask
    monkeypatch.setattr(desk, "ask", lambda *a, **o: both_pressed.wait(30) and ask(*a, **o))
    presses = [slack.block_actions("option:1", user=user, channel="C5") for user in ("U8", "U9")]
    for pressed in presses:
        front.interactive(pressed)
    both_pressed.set()
    slack.wait_for("chat.update", timeout=60)
    wait_for_records(log, "delivery", 2)
    assert len(log.recent()) == 2, "one question for both"


def test_complete_ends_in_an_answer(slack, log, front) -> None:
    asked(front, "S13.4 2026-05-01")
    press(front, "complete")
    press_in(front, modal(slack), "complete_choose", "S13.4XXD")
    slack.wait_for("views.update")
    assert send(front, {})["response_action"] == "update"
    slack.wait_for("chat.postMessage", 2, 60)
    assert log.recent(1)[0].text == "S13.4XXD"


def test_check_with_refuses_and_takes_a_form(slack, log, front) -> None:
    asked(front, "E11.9 2026-05-01")
    press(front, "check_with")
    refused = send(front, {"codes": " ; "})
    assert refused["response_action"] == "errors"
    assert list(refused["errors"]) == ["codes"]
    assert send(front, {"codes": "E10.9"})["response_action"] == "update"
    says(slack, "not reported together")
    press_in(front, modal(slack), "share_check")
    slack.wait_for("chat.postMessage", 2, 60)


def test_rules_open_and_turn(slack, log, front) -> None:
    asked(front, "htn with ckd 3b, t2dm and copd")
    press(front, "rules")
    before = modal(slack)
    press_in(front, before, "rules_next")
    slack.wait_for("views.update")
    assert modal(slack)["blocks"] != before["blocks"]


def test_the_code_that_was_used_is_taken_by_a_form(slack, log, front) -> None:
    asked(front, "E11.9 2026-05-01")
    press(front, "menu", f"used {last_id(log)}")
    assert send(front, {"other": "no code"})["response_action"] == "errors"
    assert send(front, {"other": "E10.9"})["response_action"] == "update"
    assert [f["code"] for f in log.recent(1)[0].feedback] == ["E10.9"]


def test_the_home_tab_and_its_forms(slack, log, front) -> None:
    front.event(app_home_opened("U8"))
    slack.wait_for("views.publish")
    press_in(front, slack.home("U8"), "home_add")
    assert send(front, {"typed": "nonsense"})["response_action"] == "errors"
    assert not send(front, {"typed": "E11.9"})
    wait_until(lambda: "E11.9" in json.dumps(slack.home("U8")))
    press_in(front, slack.home("U8"), "home_defaults")
    slack.wait_for("views.open", 2)
    refused = send(front, {"day": "fixed", "date": "1066-10-14"})
    assert refused["response_action"] == "errors"
    assert not send(front, {"setting": "inpatient"})
    slack.wait_for("views.publish", 3)


def test_a_shortcut_answers_in_its_modal(slack, log, front) -> None:
    message = {"type": "message", "text": "gout", "user": "U2", "ts": "1700000000.000100"}
    front.interactive(slack.shortcut("look_this_up", message, "U8", "C5"))
    assert send(front, {"statement": " "})["response_action"] == "errors"
    assert send(front, {"statement": "copd"})["response_action"] == "update"
    says(slack, "J44.9")
    press_in(front, modal(slack), "ask_post")
    slack.wait_for("chat.postMessage")
    front.interactive(slack.shortcut("ask_code_desk", user="U8"))
    slack.wait_for("views.open", 2)


def test_an_example_of_the_welcome_is_asked(slack, log, front) -> None:
    front.event(member_joined_channel("UBOT", "C5", inviter="U8"))
    slack.wait_for("chat.postEphemeral")
    press(front, "try_1")
    slack.wait_for("response_url", timeout=60)


def test_the_conversation_of_an_agent_is_opened_and_stopped(slack, log, front) -> None:
    front.event(app_home_opened("U8", tab="messages"))
    slack.wait_for("assistant.threads.setSuggestedPrompts")
    (welcome,) = slack.wait_for("chat.postMessage")
    assert welcome.args["channel"] == "D8"
    front.event(agent_session_stopped("D8", "1700000000.000100", "U8"))
    assert log.recent() == []


# Expired triggers


def _menu(name: str) -> Callable[[Front, QueryLog], None]:
    return lambda front, log: press(front, "menu", f"{name} {last_id(log)}")


OPENERS: dict[str, Callable[[Front, QueryLog], None]] = {
    "complete": lambda front, _: press(front, "complete"),
    "check with": lambda front, _: press(front, "check_with"),
    "rules": lambda front, _: press(front, "rules"),
    "copy": _menu("copy"),
    "used": _menu("used"),
}


@pytest.mark.parametrize("opener", OPENERS.values(), ids=OPENERS)
def test_who_pressed_is_told_that_a_trigger_has_expired(slack, log, front, opener) -> None:
    asked(front, "E11 2026-05-01")
    slack.fail_next("views.open", error="expired_trigger_id")
    opener(front, log)
    (told,) = slack.wait_for("response_url")
    assert "again" in told.args["text"]
    assert told.args["response_type"] == "ephemeral"
    assert not told.args["replace_original"]


@pytest.mark.parametrize("action", ["home_add", "home_defaults", "home_try_1"])
def test_whoever_pressed_at_home_is_told_so_too(slack, log, front, action: str) -> None:
    front.event(app_home_opened("U8"))
    slack.wait_for("views.publish")
    slack.fail_next("views.open", error="expired_trigger_id")
    press_in(front, slack.home("U8"), action)
    (told,) = slack.wait_for("chat.postMessage", timeout=60)
    assert told.args["channel"] == "U8"


def test_an_expired_shortcut_is_told(slack, log, front) -> None:
    slack.fail_next("views.open", error="expired_trigger_id")
    front.interactive(slack.shortcut("ask_code_desk", user="U8"))
    (told,) = slack.wait_for("chat.postMessage")
    assert told.args["channel"] == "U8"
