"""What spreadsheets do to codes: numbers, dates, lost zeros."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.desk.code_mentions import made_a_date, read_mentions
from bot.desk.desk import Desk
from bot.desk.spreadsheet_damage import numbers, with_its_zeros
from bot.settings import Settings
from codesets.model import System

MAY = dt.date(2026, 5, 1)


def lookup(typed: str) -> list[tuple[System, str]]:
    return [("icd10pcs", typed)] if typed in ("0016070", "0DTJ0ZZ") else []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2.70E+09", ["2.70E+09"]),
        ("1e+05 or 5.5E+10", ["1E+05", "5.5E+10"]),
        ("1E5", []),
        ("E11.9", []),
    ],
)
def test_numbers(text: str, found: list[str]) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize(
    ("text", "damage"),
    [("2.70E+09 pcs code?", ["number"]), ("platelets 2.70E+05", []), ("wbc count 1.2E+03", [])],
)
def test_a_number_is_a_damaged_code_where_nothing_else_is_said(
    text: str, damage: list[str]
) -> None:
    assert [mention.damage for mention in read_mentions(text, lookup)] == damage


@pytest.mark.parametrize(
    ("asked", "is_damage"),
    [
        ("Mar-15", True),
        ("is 2-Jan a valid code", True),
        ("gout Mar-15", False),
        ("seen 15-Mar", False),
        ("E11.9", False),
    ],
)
def test_dates(asked: str, is_damage: bool) -> None:
    assert bool(made_a_date(asked, "[DATE]")) is is_damage


@pytest.mark.parametrize(
    ("typed", "code"),
    [("16070", "0016070"), ("DTJ0ZZ", "0DTJ0ZZ"), ("16071", None), ("0DTJ0ZZ", None), ("70", None)],
)
def test_zeros(typed: str, code: str | None) -> None:
    assert with_its_zeros(typed, lookup) == code


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("16070 pcs", [("0016070", "lost_zeros")]),
        ("DTJ0ZZ", [("0DTJ0ZZ", "lost_zeros")]),
        ("16070", [("16070", "slip")]),  # a code of CPT
        ("16070 pcs of gauze", [("16070", "slip")]),
    ],
)
def test_zeros_in_a_question(text: str, codes: list[tuple[str, str]]) -> None:
    assert [(m.code, m.reading) for m in read_mentions(text, lookup)] == codes


@pytest.fixture(scope="module")
def desk(loaded: Path) -> Iterator[Desk]:
    opened = Desk(Settings(home=loaded))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("asked", "says"),
    [("2.70E+09", "a number in scientific notation"), ("Mar-15", "a day and a month")],
)
def test_what_happened_is_said_and_no_code_is_guessed(desk: Desk, asked: str, says: str) -> None:
    for answer in (desk.ask(asked, day=MAY), desk.check([asked], day=MAY)):
        (verdict,) = answer.verdicts
        assert (verdict.status, verdict.did_you_mean) == ("unknown", [])
        assert says in verdict.why
        assert "Format the column as text" in verdict.why
