"""The questions of one person, and the figures of a week, read from the end of the log."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from log_support import Clock
from slack_support import abstained, diabetes

from bot.querylog import QueryLog, QuestionRecord, lately
from bot.querylog.lately import Week, asked_by, week
from bot.querylog.retention import redact, retain

#: On SQLite and on PostgreSQL.
ON_BOTH = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(where: Path | str, clock: Clock) -> Iterator[QueryLog]:
    opened = QueryLog(where, clock=clock)
    yield opened
    opened.close()


def ask(log: QueryLog, text: str, user: str | None = "U1", team: str | None = "T1") -> str:
    question = log.ask(QuestionRecord(text, "dm", user, team, "D1"))
    assert question is not None
    return question


def texts(log: QueryLog, limit: int = 8, team: str | None = "T1") -> list[str]:
    return [record.text for record in asked_by(log, "U1", team, limit)]


def test_the_last_questions_of_one_person_of_a_team(log: QueryLog) -> None:
    for number in range(5):
        ask(log, f"mine {number}")
        ask(log, "theirs", "U2")
        ask(log, "of another team", team="T2")
        ask(log, "of nobody", None, None)
    assert texts(log, 3) == ["mine 4", "mine 3", "mine 2"]
    assert len(texts(log)) == 5
    assert texts(log, team=None) == []


def test_of_a_terminal_there_is_no_team(log: QueryLog) -> None:
    ask(log, "typed", team=None)
    assert texts(log, team=None) == texts(log, team="") == ["typed"]


def test_redacted_ones_are_left_out(log: QueryLog) -> None:
    gone = ask(log, "gone")
    ask(log, "kept")
    redact(log, gone, "by request", "U9")
    assert texts(log) == ["kept"]


def test_they_are_found_behind_many_others(log: QueryLog, monkeypatch) -> None:
    """In steps of three records, with the first question at the very beginning."""
    monkeypatch.setattr(lately, "_STEP", 3)
    ask(log, "first")
    for _ in range(20):
        ask(log, "theirs", "U2")
    ask(log, "second")
    assert texts(log) == ["second", "first"]
    monkeypatch.setattr(lately, "_STEPS", 2)
    assert texts(log) == ["second"]


def test_an_empty_log(log: QueryLog) -> None:
    assert texts(log) == []
    assert week(log) == Week(0, 0, 0, 0)


def test_the_figures_of_a_week(log: QueryLog, clock: Clock) -> None:
    def at(day: int) -> None:
        clock.now = dt.datetime(2026, 11, day, 0, 0, tzinfo=dt.UTC)

    at(1)
    old = ask(log, "long ago")
    at(9)
    first = ask(log, "first day of the week")
    at(15)
    answered, none = ask(log, "answered"), ask(log, "no code fits")
    for question, answer in ((old, diabetes()), (answered, diabetes()), (none, abstained())):
        log.answered(question, answer, index_build="b", latency_ms=1)
    log.feedback(answered, "right", by="U2")
    log.feedback(old, "wrong", by="U2")
    log.feedback(first, "used", "E11.9", by="U2")
    assert week(log) == Week(today=2, week=3, without_answer=2, wrong=2)
    at(16)
    assert week(log) == Week(today=0, week=2, without_answer=1, wrong=2)


def test_after_retention_the_numbers_have_a_gap(log: QueryLog, clock: Clock) -> None:
    clock.set(2018)
    for _ in range(4):
        ask(log, "old")
    clock.set(2026, 11)
    ask(log, "new")
    retain(log, 6, "U9")
    assert week(log).week == 1
    assert texts(log) == ["new"]
