"""Ranges of codes: they are no codes, and what they span is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.desk.code_ranges import read_ranges
from bot.desk.desk import Desk
from bot.settings import Settings
from codesets.model import System

MAY = dt.date(2026, 5, 1)
CATEGORIES = {"C81", "C96", "M60", "M79", "E11.0", "E11.9", "E11.65", "Z79.4", "S12.0", "S12.6"}


def lookup(typed: str) -> list[tuple[System, str]]:
    if typed in ("J0120", "J9999"):
        return [("hcpcs", typed)]
    return [("icd10cm", typed)] if typed in CATEGORIES else []


@pytest.mark.parametrize(
    ("text", "ranges", "rest"),
    [
        ("C81-C96 billable?", ["C81-C96"], "billable?"),
        ("codes m60 to m79", ["M60-M79"], "codes"),
        ("M60 \u2013 M79", ["M60-M79"], ""),
        ("M79-M60", ["M60-M79"], ""),
        ("S12.0--S12.6.-", ["S12.0-S12.6"], ""),
        ("E11.0-E11.9", ["E11.0-E11.9"], ""),
        ("J0120-J9999", ["J0120-J9999"], ""),
        ("E11.9-Z79.4", [], "E11.9-Z79.4"),  # two codes
        ("changed from E11.9 to E11.65", [], "changed from E11.9 to E11.65"),
        ("L4-L5 disc", [], "L4-L5 disc"),
        ("T10-T12 fracture", [], "T10-T12 fracture"),
        ("C81-J9999", [], "C81-J9999"),
    ],
)
def test_what_is_a_range(text: str, ranges: list[str], rest: str) -> None:
    left, found = read_ranges(text, lookup)
    assert ([one.name for one in found], " ".join(left.split())) == (ranges, rest)


@pytest.fixture(scope="module")
def desk(loaded: Path) -> Iterator[Desk]:
    opened = Desk(Settings(home=loaded))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("asked", "title", "says"),
    [
        ("J40-J4A", "Chronic lower respiratory diseases", "prints it as a block"),
        ("P00 to P96 billable?", "Certain conditions originating in the perinatal period", "16"),
        ("J41-J44", "", "begins with J41 (Simple and mucopurulent chronic bronchitis)"),
    ],
)
def test_what_a_range_spans(desk: Desk, asked: str, title: str, says: str) -> None:
    answer = desk.ask(asked, day=MAY)
    (verdict,) = answer.verdicts
    assert (verdict.kind, verdict.status, verdict.title) == ("range", "header", title)
    assert "is a range and no code, so it is not billable" in verdict.why
    assert says in verdict.why
    assert verdict.completions
    assert all(len(code.code) == 3 for code in verdict.completions)
    assert answer.pairs == []


def test_a_range_is_checked_as_one(desk: Desk) -> None:
    (verdict,) = desk.check(["E11.0-E11.9"], day=MAY).verdicts
    assert (verdict.kind, verdict.code) == ("range", "E11.0-E11.9")
    assert {"E11.0", "E11.9"} <= {code.code for code in verdict.completions}
