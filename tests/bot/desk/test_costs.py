"""What an answer may cost: statements of SQL, and patterns that are compiled. Counts, for times say
little on a busy machine; `bench/costs.py` measures those."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.desk.desk import Desk

DAY = dt.date(2026, 5, 1)
#: Questions of each kind, the first of each to warm up with.
QUESTIONS = [
    "htn with ckd stage 3b, dm2 on insulin",
    "left knee OA",
    "copd with acute bronchitis, current smoker",
    "fell off ladder, closed fx left distal radius, initial visit",
    "lap chole for acute cholecystitis",
    "wheelchair, lightweight, rental",
    "which first, I12.9 or N18.32",
    "can E11.9 and E11.65 be reported together",
]
#: Statements of an answer whose codes were not read before, and of one whose codes were.
MOST, MOST_AGAIN = 45, 6


@contextmanager
def statements(desk: Desk) -> Iterator[list[str]]:
    """The statements of SQL that this thread runs meanwhile."""
    ran: list[str] = []
    connection = desk._store._db.conn
    connection.set_trace_callback(ran.append)
    try:
        yield ran
    finally:
        connection.set_trace_callback(None)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The patterns that are compiled during a test, also those that `re` had dropped."""
    patterns: list[str] = []
    compile_ = re._compiler.compile  # type: ignore[attr-defined]

    def counting(pattern: str, flags: int = 0) -> object:
        patterns.append(pattern)
        return compile_(pattern, flags)

    monkeypatch.setattr(re._compiler, "compile", counting)  # type: ignore[attr-defined]
    return patterns


@pytest.fixture(scope="module")
def warm(desk: Desk) -> Desk:
    """The desk after a question of each kind: word lists and patterns are read once."""
    # `re` keeps 512 patterns and drops the oldest, whether used or not. Those of earlier tests must
    # not make it drop the desk's.
    re.purge()
    desk.ready()
    for question in QUESTIONS:
        desk.ask(question, day=DAY)
    return desk


@pytest.mark.parametrize(
    "question",
    [
        "gout left big toe, htn, hyperlipidemia",
        "right shoulder pain after mva",
        "asthma exacerbation, never smoker",
        "acute pyelonephritis e coli",
        "tinea pedis both feet",
    ],
)
def test_an_answer_takes_few_statements_however_many_codes_it_has(
    warm: Desk, question: str
) -> None:
    with statements(warm) as first:
        answer = warm.ask(question, day=DAY)
    assert len(answer.candidates) > 1
    assert len(first) <= MOST, "\n".join(first)
    with statements(warm) as again:
        warm.ask(question, day=DAY)
    assert len(again) <= MOST_AGAIN, "\n".join(again)


@pytest.mark.parametrize("code", ["M17.12", "S72.001A", "J3301", "K21.9"])
def test_a_verdict_takes_few_statements(warm: Desk, code: str) -> None:
    with statements(warm) as ran:
        warm.ask(code, day=DAY)
    assert len(ran) <= 16, "\n".join(ran)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_of_a_known_kind_compiles_no_pattern(
    warm: Desk, compiled: list[str], question: str
) -> None:
    warm.ask(question, day=DAY)
    assert compiled == []
