"""Feedback: right, wrong and the code that was used. It is logged before private thanks."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shown_answers import whole
from slack_server import SlackServer
from slack_server.judge import block_breaches
from slack_support import ScriptedDesk, abstained, candidate, diabetes, header, served, verdict

from bot.desk.answer import CodeTitle
from bot.querylog import UNLOGGED, LogUnavailable, QueryLog, Record
from bot.querylog.verify import verify
from bot.slack.views.answer import answer_blocks
from bot.slack.views.details import detail_pages
from bot.slack.views.feedback import codes_of, submitted, thanks_modal, used_modal

ID = "3f2a9c01b7de"
QUESTION = "t2dm with ckd"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QueryLog]:
    opened = QueryLog(tmp_path / "log.db")
    yield opened
    assert verify(opened.path).bad is None
    opened.close()


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


def only(log: QueryLog) -> Record:
    (record,) = log.recent()
    return record


def said(log: QueryLog) -> list[tuple[str, str | None, str | None]]:
    """(verdict, code, by) of all feedback on the only question."""
    return [(told["verdict"], told.get("code"), told.get("by")) for told in only(log).feedback]


def asked(slack: SlackServer, channel: str = "C5") -> dict[str, Any]:
    """Answer a mention; gives the message of the answer as it is now."""
    slack.send_event(slack.app_mention(QUESTION, user="U7", channel=channel)).wait_ack(10)
    slack.wait_for("chat.postMessage")
    message = slack.message(channel)
    assert message is not None
    return message


def press(slack: SlackServer, log: QueryLog, verdict: str, user: str = "U8") -> dict[str, Any]:
    """Press a feedback button of the answer in C5; gives what was sent."""
    value = f"{verdict} {only(log).id}"
    pressed = slack.block_actions("verdict", value, user=user, channel="C5")
    assert pressed["actions"][0]["type"] == "feedback_buttons"
    slack.send_interactive(pressed).wait_ack(10)
    return pressed


# The buttons


def test_an_answer_that_all_see_has_feedback_buttons() -> None:
    *_, judging = answer_blocks(diabetes(), ID)
    assert judging["type"] == "context_actions"
    (pair,) = judging["elements"]
    assert pair["positive_button"]["value"] == f"right {ID}"
    assert pair["negative_button"]["value"] == f"wrong {ID}"


def test_an_answer_that_one_sees_has_plain_buttons() -> None:
    for how in ({"shareable": True}, {"private": True}):
        *_, actions = answer_blocks(diabetes(), ID, **how)
        values = [(b["action_id"], b["value"]) for b in actions["elements"]]
        assert values == [("right", f"right {ID}"), ("wrong", f"wrong {ID}")]


def test_what_found_nothing_can_be_corrected_too() -> None:
    blocks = answer_blocks(abstained("zebra"), ID)
    assert [block["type"] for block in blocks] == ["section", "actions", "context_actions"]


def test_what_is_not_in_the_log_or_was_not_asked_has_no_feedback_buttons() -> None:
    unlogged = answer_blocks(diabetes(), UNLOGGED)
    assert not any(block["type"] in ("actions", "context_actions") for block in unlogged)
    assert [block["type"] for block in answer_blocks(abstained(), ID)] == ["section"]


# Pressed


@pytest.mark.parametrize("verdict", ["right", "wrong"])
def test_a_verdict_is_on_record_and_its_giver_alone_is_thanked(
    slack, log, desk, tmp_path, verdict: str
) -> None:
    with served(slack, tmp_path, desk, log):
        before = asked(slack)
        press(slack, log, verdict)
        # Acknowledged, so it is logged.
        assert said(log) == [(verdict, None, "U8")]
        (thanks,) = slack.wait_for("response_url")
        assert slack.message("C5") == before, "what others see stays as it is"
    assert (thanks.args["response_type"], thanks.args["replace_original"]) == ("ephemeral", False)
    assert thanks.args["thread_ts"] == before["thread_ts"]
    assert thanks.args["text"].startswith("Thank you.")
    asks = [b["action_id"] for block in thanks.args["blocks"] for b in block.get("elements", ())]
    assert asks == (["used"] if verdict == "wrong" else [])


def test_pressed_twice_or_told_twice_is_one_record(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack)
        first = press(slack, log, "right")
        press(slack, log, "right")
        slack.send_interactive(first).wait_ack(10)
        assert said(log) == [("right", None, "U8")]
        # Others may rate, too, and anyone may change their mind.
        press(slack, log, "right", user="U9")
        press(slack, log, "wrong")
        slack.send_interactive(first).wait_ack(10)
        slack.wait_for("response_url", count=3)
    assert said(log) == [("right", None, "U8"), ("right", None, "U9"), ("wrong", None, "U8")]
    assert len(slack.wait_for("response_url")) == 3


def test_the_plain_buttons_of_a_private_answer(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_slash(text=QUESTION, user="U7").wait_ack(10)
        slack.wait_for("response_url")
        slack.send_block_action("wrong", f"wrong {only(log).id}", "U7", ephemeral=True).wait_ack(10)
        slack.wait_for("response_url", count=2)
    assert said(log) == [("wrong", None, "U7")]


def test_feedback_on_a_question_of_another_log(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_block_action("verdict", "right nonsense").wait_ack(10)
        slack.send_block_action("used", "nonsense").wait_ack(10)
        told = slack.wait_for("response_url", count=2)
    assert {call.args["text"] for call in told} == {
        "I no longer have that answer. Please ask again."
    }


class BrokenLog(QueryLog):
    """A log with answers, on a disk that is now full."""

    def feedback(self, *args: Any, **options: Any) -> int | None:
        raise LogUnavailable("The query log cannot be written (disk full).")


def test_who_cannot_be_recorded_is_not_thanked(slack, desk, tmp_path) -> None:
    log = BrokenLog(tmp_path / "log.db")
    with served(slack, tmp_path, desk, log):
        asked(slack)
        press(slack, log, "right")
        (told,) = slack.wait_for("response_url")
        slack.send_block_action("used", only(log).id, channel="C5").wait_ack(10)
        sent = slack.send_view({"candidate": "E11.22"}).wait_ack(10)
    assert "your feedback is not on record" in told.args["text"]
    assert "your feedback is not on record" in sent.payload["errors"]["other"]
    log.close()


# The code that was used


def opened(slack: SlackServer, log: QueryLog, user: str = "U8") -> dict[str, Any]:
    """Press the button that opens the modal; gives the modal."""
    slack.send_block_action("used", only(log).id, user, "C5").wait_ack(10)
    return slack.wait_for("views.open")[-1].args["view"]


def test_the_modal_lists_what_was_answered(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack)
        view = opened(slack, log)
    codes, other, note = view["blocks"]
    assert [option["value"] for option in codes["element"]["options"]] == [
        "E11.22", "E11.21", "E13.22", "E08.22", "E11.29",
    ]  # fmt: skip
    assert [block["optional"] for block in (codes, other, note)] == [True] * 3
    assert QUESTION not in json.dumps(view)
    assert said(log) == []


def test_the_modal_opens_while_answers_are_under_way(slack, log, desk, tmp_path) -> None:
    """It must open within 3 seconds, so it does not wait for them."""
    with served(slack, tmp_path, desk, log):
        asked(slack)
        first = log.recent()[0].id
        desk.open.clear()
        for number in range(12):
            slack.send_event(slack.app_mention(f"question {number}")).wait_ack(10)
        slack.send_block_action("used", first, channel="C5").wait_ack(10)
        (call,) = slack.wait_for("views.open")
        desk.open.set()
    assert call.error is None


def test_a_modal_that_came_too_late_is_said_so(slack, log, desk, tmp_path) -> None:
    slack.fail_next("views.open", error="expired_trigger_id")
    with served(slack, tmp_path, desk, log):
        asked(slack)
        slack.send_block_action("used", only(log).id, channel="C5").wait_ack(10)
        (told,) = slack.wait_for("response_url")
    assert told.args["text"] == "That took too long. Please press the button again."


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"candidate": "E11.21"}, "E11.21"),
        ({"other": " e11.29 "}, "E11.29"),
        # A choice cannot be undone, so a typed code counts before it.
        ({"candidate": "E11.21", "other": "E11.29"}, "E11.29"),
    ],
)
def test_the_code_and_the_note_are_on_record(
    slack, log, desk, tmp_path, typed: dict[str, str], code: str
) -> None:
    with served(slack, tmp_path, desk, log):
        before = asked(slack)
        opened(slack, log)
        sent = slack.send_view(typed | {"note": "for Jane Roe"}, user="U8").wait_ack(10)
        slack.send_view(typed | {"note": "for Jane Roe"}, user="U8").wait_ack(10)
        assert slack.message("C5") == before
    assert said(log) == [("used", code, "U8")], "sent twice is one record"
    assert only(log).feedback[0]["note"] == "for [NAME]", "what people type is scrubbed"
    assert sent.payload["response_action"] == "update"
    thanks = json.dumps(sent.payload["view"])
    assert f"It is on record that you used {code}" in thanks
    assert "I removed it before I stored the note" in thanks
    assert "Jane" not in thanks


def test_what_another_system_has_without_its_dot_is_told_with_thanks(
    slack, log, desk, tmp_path, monkeypatch
) -> None:
    both = [verdict("E0840", "billable", system="hcpcs"), verdict("E08.40", "billable")]
    monkeypatch.setattr(desk, "verdicts_on", lambda typed: both)
    with served(slack, tmp_path, desk, log):
        asked(slack)
        opened(slack, log)
        sent = slack.send_view({"other": "e0840"}, user="U8").wait_ack(10)
    assert said(log) == [("used", "E0840", "U8")], "the form as typed"
    told = json.dumps(sent.payload)
    assert "You may also have meant E08.40, Title of E08.40, typed without" in told


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "Choose the code you used, or type it."),
        ({"other": "E11.99"}, "E11.99 is in none of the loaded editions."),
        ({"other": "99213"}, "CPT is not loaded."),
        ({"other": "E11.21 E11.22"}, "Name one code."),
        ({"candidate": "E11.21", "other": "E11.99"}, "none of the loaded editions"),
    ],
)
def test_a_code_that_cannot_be_is_refused_in_the_modal(
    slack, log, desk, tmp_path, typed: dict[str, str], says: str
) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack)
        opened(slack, log)
        sent = slack.send_view(typed).wait_ack(10)
    assert sent.payload["response_action"] == "errors"
    assert says in sent.payload["errors"]["other"]
    assert said(log) == []


def test_after_wrong_the_thanks_ask_for_the_code(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        asked(slack)
        press(slack, log, "wrong")
        slack.wait_for("response_url")
        slack.send_block_action("used", only(log).id, "U8", "C5", ephemeral=True).wait_ack(10)
        slack.wait_for("views.open")
        slack.send_view({"candidate": "E11.29"}, user="U8").wait_ack(10)
    assert said(log) == [("wrong", None, "U8"), ("used", "E11.29", "U8")]


# Within Slack's limits


MONSTROUS = "Osteoarthritis & <other> disorders " * 40


def test_what_could_have_been_used() -> None:
    best = candidate(1, "M17.11", "right", alternatives=[CodeTitle("M17.12", "left")])
    answer = replace(diabetes(), candidates=[best, candidate(2, "M17.12", "left")])
    assert [code.code for code in codes_of(answer)] == ["M17.11", "M17.12"]
    assert [code.code for code in codes_of(header())] == ["E11"]
    assert codes_of(abstained()) == []


@pytest.mark.parametrize("count", [0, 1, 10, 40])
def test_the_modal_keeps_slacks_limits(count: int) -> None:
    view = used_modal(ID, [CodeTitle(f"X{n}", MONSTROUS) for n in range(count)])
    assert block_breaches(view["blocks"], most=100, private=True) == []
    assert len(view["blocks"]) == (3 if count else 2)
    assert len(view["title"]["text"]) <= 24
    values = {block["block_id"]: {block["block_id"]: {"value": None}} for block in view["blocks"]}
    assert submitted(view | {"state": {"values": values}}) == ("", "")
    thanks = thanks_modal("X", MONSTROUS, scrubbed=True)
    assert block_breaches(thanks["blocks"], most=100, private=True) == []


# The other sides


KNEE = candidate(
    1, "M17.11", "Unilateral primary osteoarthritis, right knee", ask_back="Left, right or both?",
    alternatives=[
        CodeTitle("M17.12", "Unilateral primary osteoarthritis, left knee"),
        CodeTitle("M17.10", "Unilateral primary osteoarthritis, unspecified knee"),
    ],
)  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (KNEE, "Other sides: `M17.12` left · `M17.10` unspecified"),
        (replace(KNEE, ask_back=None), None),  # it was said
        (replace(KNEE, ask_back="Which trimester?"), None),
        (replace(KNEE, alternatives=[]), None),
    ],
)
def test_other_sides_are_named_where_the_question_left_them_open(shown, line: str | None) -> None:
    answer = replace(diabetes(), candidates=[shown])
    drawn = [block.to_dict() for page in detail_pages(answer) for block in page]
    blocks = json.dumps(drawn, ensure_ascii=False)
    if line is None:
        assert "Other sides" not in blocks + whole(answer)
    else:
        assert line in blocks
        assert line.replace("`", "") in whole(answer)
