"""A notice about editions is told once in a conversation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_support import NOT_COVERED, ScriptedDesk, diabetes, served, wait_for_records

from bot.desk.answer import ReportLine
from bot.querylog import QuestionRecord
from bot.slack.state import State
from bot.slack.told import Told, conversation
from bot.slack.views.answer import answer_message
from bot.slack.views.notices import loaded_told

NOTICE = "No ICD-10-CM for 2026-11-22 is loaded"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with closing(State(tmp_path / "slack.db")) as state:
        yield state


def test_it_is_remembered_for_a_day(state: State, tmp_path: Path) -> None:
    now = [1000.0]
    told = Told(state, lambda: now[0])
    told.add("C1/1", ["a", "b"])
    told.add("C1/1", ["b"])
    told.add("C1/2", [])
    assert (told.of("C1/1"), told.of("C1/2")) == ({"a", "b"}, set())
    # Another process has the same.
    with closing(State(tmp_path / "slack.db")) as other:
        assert Told(other, lambda: now[0]).of("C1/1") == {"a", "b"}
    now[0] += 24 * 60 * 60
    assert told.of("C1/1") == set()
    told.add("C2/1", ["c"])
    with state.reading() as db:
        assert db.execute("select notice from told").fetchall() == [("c",)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"thread": "1"}, {"thread": "1", "user": "U2"}, True),
        ({"thread": "1"}, {"thread": "2"}, False),
        ({"channel": "D1", "thread": "1"}, {"channel": "D1", "thread": "2"}, True),
        ({}, {"user": "U2"}, False),
        ({}, {}, True),
        ({}, {"channel": "C2"}, False),
        ({"team": "T1"}, {"team": "T2"}, False),
    ],
)
def test_what_a_conversation_is(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    """A thread, a direct message, or what one person asks privately in a channel."""
    where = {"team": "T1", "channel": "C1", "user": "U1"}
    keys = [conversation(QuestionRecord("", "slash", **(where | given))) for given in (one, other)]
    assert (keys[0] == keys[1]) == same


def test_the_second_answer_in_a_thread_does_not_repeat_it(
    slack, log, desk_of_diabetes, tmp_path
) -> None:
    with served(slack, tmp_path, desk_of_diabetes, log):
        for number in (1, 2):
            event = slack.app_mention("t2dm", channel="C5", thread_ts="1700000000.000100")
            slack.send_event(event).wait_ack(10)
            slack.wait_for("chat.postMessage", count=number)
            wait_for_records(log, "delivery", number)
        slack.send_event(slack.app_mention("t2dm", channel="C5")).wait_ack(10)
        posts = slack.wait_for("chat.postMessage", count=3)
    assert [NOTICE in str(post.args["blocks"]) for post in posts] == [True, False, True]


def test_what_is_not_drawn_is_not_told() -> None:
    """Of a system that has no code in the answer nothing is said, so it is said when it has one."""
    of_another = NOT_COVERED.replace("ICD-10-CM", "HCPCS Level II")
    keys = loaded_told(replace(diabetes(), notices=[of_another]))
    assert keys == []
    assert loaded_told(replace(diabetes(), notices=[NOT_COVERED, of_another])) == loaded_told(
        replace(diabetes(), notices=[NOT_COVERED])
    )


def test_the_footer_says_it_in_each_answer() -> None:
    line = ReportLine(1, "E11.22", "icd10cm", "T2DM", True, "FY2026-April", "first-listed")
    for answer, before in [
        (diabetes(), ""),
        (replace(diabetes(), report=[line]), "✓ billable in "),
    ]:
        for told in ([], loaded_told(answer)):
            shown = str(answer_message(answer, "a1b2", told=told).blocks)
            edition = "ICD-10-CM FY2026-April (not in force on 2026-11-22)"
            assert f"{before}{edition} · log a1b2" in shown
            assert "billable on" not in shown


@pytest.fixture
def desk_of_diabetes() -> ScriptedDesk:
    return ScriptedDesk()
