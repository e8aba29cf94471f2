"""The buttons that finish the job: answering the question back, completing a code, checking it with
another, copying. The real desk, over Socket Mode."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_server import SlackServer
from slack_support import served, wait_for_records

from bot.audit.replay import replay
from bot.desk.desk import Desk
from bot.querylog import LogUnavailable, QueryLog, Record
from bot.querylog.retention import redact
from bot.querylog.verify import verify


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QueryLog]:
    opened = QueryLog(tmp_path / "log.db")
    yield opened
    assert verify(opened.path).bad is None
    opened.close()


def asked(slack: SlackServer, text: str, channel: str = "C5") -> dict[str, Any]:
    """Mention the bot; gives the answer as it was posted."""
    before = len(slack.messages(channel))
    slack.send_event(slack.app_mention(text, user="U7", channel=channel)).wait_ack(20)
    slack.wait_for(lambda call: call.method == "chat.postMessage", before + 1, 60)
    message = slack.message(channel)
    assert message is not None
    return message


def elements(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The buttons and menus of a message or modal, by action."""
    found = [e for block in message["blocks"] for e in block.get("elements", ())]
    return {e["action_id"]: e for e in found if "action_id" in e}


def texts(blocks: Any) -> str:
    return json.dumps(blocks, ensure_ascii=False)


def last(log: QueryLog) -> Record:
    return log.recent(1)[0]


def modal(slack: SlackServer) -> dict[str, Any]:
    """The modal that was opened last, as it stands."""
    opened = slack.wait_for("views.open")[-1].response["view"]["id"]
    view = slack.modal(opened)
    assert view is not None
    return view


def updated(slack: SlackServer, count: int = 1) -> dict[str, Any]:
    slack.wait_for("chat.update", count, 60)
    message = slack.message("C5")
    assert message is not None
    return message


# What is asked back


def test_an_answer_to_the_question_back_takes_its_place(slack, log, desk: Desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        first = asked(slack, "ankle sprain, initial encounter, dos 2026-05-01")
        left = {o["text"]["text"]: o for o in elements(first).values() if "text" in o}["Left"]
        slack.send_block_action(left["action_id"], user="U8", channel="C5").wait_ack(10)
        second = updated(slack)
        wait_for_records(log, "delivery", 2)
    assert second["ts"] == first["ts"]
    assert "S93.402A" in texts(second["blocks"])
    assert "Left" not in texts(elements(second))
    pressed, question = log.recent(2)
    assert (pressed.surface, pressed.user, pressed.text) == ("button", "U8", "left")
    assert pressed.after == question.id
    assert pressed.answer["refines"] == question.id
    assert pressed.delivery == "delivered"


def test_pressed_twice_or_sent_again_is_answered_once(slack, log, desk: Desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack, "ankle sprain, initial encounter")
        pressed = slack.block_actions("option:0", channel="C5")
        for payload in (pressed, pressed):
            slack.send_interactive(payload).wait_ack(10)
        updated(slack)
        wait_for_records(log, "delivery", 2)
    assert len(log.recent()) == 2
    assert len(slack.wait_for("chat.update")) == 1


def test_a_private_answer_is_replaced_for_its_asker(slack, log, desk: Desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_slash(text="ankle sprain, initial encounter", user="U7").wait_ack(10)
        slack.wait_for("response_url")
        value = f"{last(log).id} 1"
        slack.send_block_action("option:1", value, "U7", ephemeral=True).wait_ack(10)
        _, answer = slack.wait_for("response_url", 2)
    assert answer.args["replace_original"] is True
    assert "S93.402A" in texts(answer.args["blocks"])


@pytest.mark.parametrize("value", ["{id} 99", "{id}", "{id} -1", "0123456789ab 0", "' or 1=1 0"])
def test_a_press_that_fits_no_answer_is_said_so(
    slack, log, desk: Desk, tmp_path, value: str
) -> None:
    with served(slack, tmp_path, desk, log):
        before = asked(slack, "ankle sprain, initial encounter")
        value = value.format(id=last(log).id)
        slack.send_block_action("option:0", value, channel="C5").wait_ack(10)
        (told,) = slack.wait_for("response_url")
        assert slack.message("C5") == before
    assert told.args["text"].endswith("Please ask again.")
    assert told.args["response_type"] == "ephemeral"
    assert not told.args["replace_original"]
    assert len(log.recent()) == 1


def test_a_redacted_question_is_not_gone_on_from(slack, log, desk: Desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack, "ankle sprain, initial encounter")
        question = last(log)
        redact(log, question.id, "U1", "a name")
        for action in ("option:0", "check_with"):
            slack.send_block_action(action, channel="C5").wait_ack(10)
        slack.send_block_action("menu", f"copy {question.id}", channel="C5").wait_ack(10)
        told = slack.wait_for("response_url", 3)
    assert {call.args["text"] for call in told} == {
        "That question was removed from the log, so I cannot go on from it. Please ask again."
    }
    assert not [call for call in slack.calls if call.method == "views.open"]


def test_when_the_log_cannot_be_written_the_answer_stays(
    slack, log, desk: Desk, tmp_path, monkeypatch
) -> None:
    def fail(*_: Any) -> None:
        raise LogUnavailable("disk full")

    with served(slack, tmp_path, desk, log):
        before = asked(slack, "ankle sprain, initial encounter")
        monkeypatch.setattr(log, "ask_many", fail)
        slack.send_block_action("option:0", channel="C5").wait_ack(10)
        (told,) = slack.wait_for("response_url")
        assert slack.message("C5") == before
    assert told.args["text"].startswith("I cannot write my log")


def test_an_answer_that_slack_does_not_let_us_replace_reaches_who_pressed(
    slack, log, desk: Desk, tmp_path
) -> None:
    slack.fail_next("chat.update", error="cant_update_message")
    with served(slack, tmp_path, desk, log):
        before = asked(slack, "ankle sprain, initial encounter")
        slack.send_block_action("option:1", channel="C5").wait_ack(10)
        (told,) = slack.wait_for("response_url", timeout=60)
        assert slack.message("C5") == before
    assert "S93.402A" in texts(told.args["blocks"])


# Complete


def test_a_header_is_completed_step_by_step_and_back(slack, log, desk: Desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        first = asked(slack, "S13 2026-05-01")
        slack.send_block_action("complete", channel="C5", user="U8").wait_ack(10)
        options = elements(modal(slack))["complete_choose"]["options"]
        assert "S13.4" in [option["value"] for option in options]

        def choose(action: str, value: str | None = None, updates: int = 1) -> dict[str, Any]:
            pressed = slack.view_actions(modal(slack), action, "U8", value)
            assert pressed["container"]["type"] == "view"
            slack.send_interactive(pressed).wait_ack(10)
            slack.wait_for("views.update", updates)
            return modal(slack)

        choose("complete_choose", "S13.4", 1)
        back = choose("complete_back", None, 2)
        assert [o["value"] for o in elements(back)["complete_choose"]["options"]] == [
            option["value"] for option in options
        ]
        step = choose("complete_choose", "S13.4", 3)
        # The placeholders come out of the official list.
        values = [o["value"] for o in elements(step)["complete_choose"]["options"]]
        assert values == ["S13.4XXA", "S13.4XXD", "S13.4XXS"]
        done = choose("complete_choose", "S13.4XXD", 4)
        assert done["submit"]["text"] == "Use this"
        sent = slack.view_submission({}, "U8", done)
        for _ in range(2):
            slack.send_interactive(sent, accepts_response_payload=True).wait_ack(10)
        slack.wait_for("chat.postMessage", 2, 60)
        wait_for_records(log, "delivery", 2)
    answer = slack.messages("C5")[-1]
    assert answer.args["thread_ts"] == first["thread_ts"]
    assert "S13.4XXD" in texts(answer.args["blocks"])
    used, question = log.recent()
    assert (used.surface, used.user, used.text, used.after) == (
        "button", "U8", "S13.4XXD", question.id,
    )  # fmt: skip
    assert used.releases == question.releases
    assert used.options["checked"] == 1


def test_of_several_codes_one_is_chosen_first(slack, log, desk: Desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack, "are E11 and N18 complete codes")
        slack.send_block_action("complete", channel="C5").wait_ack(10)
        options = elements(modal(slack))["complete_choose"]["options"]
        assert [o["value"] for o in options] == ["icd10cm E11", "icd10cm N18"]
        pressed = slack.view_actions(modal(slack), "complete_choose", value="icd10cm N18")
        slack.send_interactive(pressed).wait_ack(10)
        slack.wait_for("views.update")
        assert "N18.3" in texts(modal(slack)["blocks"])


# Check with


def test_another_code_is_checked_with_those_of_the_answer(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack, "E11.9 2026-05-01")
        slack.send_block_action("check_with", channel="C5", user="U8").wait_ack(10)
        assert "E11.9" in texts(modal(slack)["blocks"])
        slack.send_view({"codes": " e10.9, "}, "U8", modal(slack)).wait_ack(10)
        slack.wait_for("views.update", timeout=60)
        shown = modal(slack)
        wait_for_records(log, "delivery", 2)
    assert "not reported together" in texts(shown["blocks"])
    assert "submit" not in shown
    checked, question = log.recent()
    assert (checked.surface, checked.user, checked.after) == ("button", "U8", question.id)
    assert checked.text == "E11.9 e10.9"
    assert checked.releases == question.releases


def test_a_check_is_shared_once_under_the_answer(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        first = asked(slack, "E11.9 2026-05-01")
        slack.send_block_action("check_with", channel="C5", user="U8").wait_ack(10)
        slack.send_view({"codes": "E10.9"}, "U8", modal(slack)).wait_ack(10)
        slack.wait_for("views.update", timeout=60)
        pressed = slack.view_actions(modal(slack), "share_check", "U8")
        slack.send_interactive(pressed).wait_ack(10)
        slack.wait_for("chat.postMessage", 2, 30)
        slack.wait_for("views.update", 2, 30)
        slack.send_interactive(pressed | {"trigger_id": slack.new_trigger_id()}).wait_ack(10)
        (told,) = slack.wait_for("response_url", timeout=30)
    (_, shared) = slack.messages("C5")
    assert shared.args["thread_ts"] == first["thread_ts"]
    assert "<@U8>" in texts(shared.args["blocks"])
    assert not elements(modal(slack))
    assert told.args["text"].startswith("That answer was shared before")


def test_a_check_of_nothing_is_refused_in_the_form(slack, log, desk: Desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack, "E11.9")
        slack.send_block_action("check_with", channel="C5").wait_ack(10)
        ack = slack.send_view({"codes": " ,; "}, view=modal(slack)).wait_ack(10)
    assert ack.payload["errors"]["codes"].startswith("I see no code in that.")
    assert len(log.recent()) == 1


def test_a_closed_modal_does_not_lose_the_check(
    slack, log, desk: Desk, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("bot.slack.tries.MODAL_PAUSES", (0.01,))
    slack.fail_next("views.update", error="not_found", times=2)
    with served(slack, tmp_path, desk, log):
        asked(slack, "E11.9")
        slack.send_block_action("check_with", channel="C5").wait_ack(10)
        slack.send_view({"codes": "E10.9"}, view=modal(slack)).wait_ack(10)
        (told,) = slack.wait_for("response_url", timeout=60)
    assert "E10.9" in texts(told.args["blocks"])


# The menu


def test_the_codes_are_copied_as_text(slack, log, desk: Desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack, "htn with ckd 3b, dos 2026-05-01")
        slack.send_block_action("menu", f"copy {last(log).id}", channel="C5").wait_ack(10)
        (block, _) = modal(slack)["blocks"]
    (pre,) = block["elements"]
    assert pre["type"] == "rich_text_preformatted"
    lines = pre["elements"][0]["text"].splitlines()
    assert lines[0].startswith("I12.9 Hypertensive chronic kidney disease")
    assert lines[1].startswith("N18.32 Chronic kidney disease, stage 3b")
    assert lines[-1].startswith("ICD-10-CM FY2026-April")


def test_the_menu_shares_and_takes_the_code_that_was_used(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_slash(text="E11.9", user="U7").wait_ack(10)
        (answer,) = slack.wait_for("response_url")
        # The message of a response_url is not kept by the loopback Slack.
        menu = elements(answer.args)["menu"]
        names = [option["value"].split()[0] for option in menu["options"]]
        assert names == ["copy", "share", "used"]
        message = slack.block_actions("menu", "x", "U7", ephemeral=True)
        for option in menu["options"][1:]:
            chosen = {"action_id": "menu", "type": "overflow", "selected_option": option}
            pressed = message | {"trigger_id": slack.new_trigger_id(), "actions": [chosen]}
            slack.send_interactive(pressed).wait_ack(10)
        _, shared, deleted = slack.wait_for("response_url", 3)
        assert modal(slack)["callback_id"] == "used"
    assert shared.args["response_type"] == "in_channel"
    assert deleted.args == {"delete_original": True}


@pytest.mark.parametrize("action", ["complete", "check_with"])
def test_a_modal_that_slack_does_not_open_is_said_so(
    slack, log, desk: Desk, tmp_path, action: str
) -> None:
    slack.fail_next("views.open", error="expired_trigger_id")
    with served(slack, tmp_path, desk, log):
        asked(slack, "E11")
        slack.send_block_action(action, channel="C5").wait_ack(10)
        (told,) = slack.wait_for("response_url")
    assert told.args["text"] == "That took too long. Please press the button again."


def test_presses_follow_each_other_and_can_be_replayed(slack, log, desk: Desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack, "ankle sprain, dos 2026-05-01")
        slack.send_block_action("option:1", channel="C5").wait_ack(10)
        second = updated(slack)
        sequela = {e["text"]["text"]: e for e in elements(second).values() if "text" in e}
        slack.send_block_action(sequela["Sequela"]["action_id"], channel="C5").wait_ack(10)
        assert "S93.402S" in texts(updated(slack, 2)["blocks"])
        wait_for_records(log, "delivery", 3)
        slack.send_block_action("check_with", channel="C5").wait_ack(10)
        slack.send_view({"codes": "W19.XXXS"}, view=modal(slack)).wait_ack(10)
        slack.wait_for("views.update", timeout=60)
        wait_for_records(log, "delivery", 4)
    for record in log.recent():
        before = log.get(record.after) if record.after else None
        assert replay(record, desk, before=before).status == "same", record.text
