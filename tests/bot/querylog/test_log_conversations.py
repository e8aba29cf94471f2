"""The last question of a conversation is found, and fast."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.desk.answer import Answer
from bot.querylog import QueryLog, QuestionRecord


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QueryLog]:
    log = QueryLog(tmp_path / "log.db")
    yield log
    log.close()


def ask(log: QueryLog, outcome: Any = "answered", **where: str | None) -> str:
    at = {"team": "T1", "channel": "C1", "thread": "1.1", "user": "U1"} | where
    question = log.ask(QuestionRecord("htn", "mention", **at))  # type: ignore[arg-type]
    assert question is not None
    if outcome:
        answer = Answer("htn", "2026-05-01", outcome)
        log.answered(question, answer, index_build=None, latency_ms=1)
    return question


def test_the_last_answered_question_of_a_thread(log: QueryLog) -> None:
    assert log.last_in("T1", "C1", "1.1") is None
    first = ask(log)
    for elsewhere in ({"team": "T2"}, {"channel": "C2"}, {"thread": "2.2"}, {"thread": None}):
        ask(log, **elsewhere)
    assert log.last_in("T1", "C1", "1.1") == first
    of_another = ask(log, user="U2")
    assert log.last_in("T1", "C1", "1.1") == of_another
    assert log.last_in("T1", "C1", "1.1", "U1") == first
    ask(log, "abstained")
    ask(log, None)
    assert log.last_in("T1", "C1", "1.1") == of_another


def test_outside_of_threads(log: QueryLog) -> None:
    ask(log)
    assert log.last_in("T1", "C1", None) is None
    own = ask(log, thread=None)
    assert log.last_in("T1", "C1", None) == own


def test_an_old_thread_is_found_behind_many_newer_questions(log: QueryLog) -> None:
    old = ask(log, thread="1600000000.000100")
    log.ask_many([QuestionRecord("gout", "cli") for _ in range(2100)])
    assert log.last_in("T1", "C1", "1600000000.000100") == old
    assert log.last_in("T1", "C1", "9900000000.000100") is None
