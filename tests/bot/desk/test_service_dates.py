"""The date of service, as people write it in a question."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.desk.service_dates import is_of_birth, read_date

MARCH = dt.date(2026, 3, 5)

DATES = [
    # question, date of service, what is left
    ("gout on 2026-03-05", MARCH, "gout"),
    ("gout 3/5/2026", MARCH, "gout"),
    ("gout, seen 03/05/26", MARCH, "gout,"),
    ("gout dos: 3/5/2026 right foot", MARCH, "gout right foot"),
    ("date of service March 5, 2026 gout", MARCH, "gout"),
    ("gout as of Mar. 5th 2026", MARCH, "gout"),
    ("gout for 5 March 2026", MARCH, "gout"),
    ("dob 1/2/1960, gout on 3/5/2026", MARCH, "dob 1/2/1960, gout"),
    ("born 2 January 1960 with gout", None, "born 2 January 1960 with gout"),
    ("gout", None, "gout"),
    ("weight 5/10", None, "weight 5/10"),
    ("E11.9 and 12026-03-05", None, "E11.9 and 12026-03-05"),
]


@pytest.mark.parametrize(("asked", "day", "rest"), DATES)
def test_dates_of_service(asked: str, day: dt.date | None, rest: str) -> None:
    read = read_date(asked)
    assert (read.day, read.rest, read.no_such_day) == (day, rest, None)


@pytest.mark.parametrize("typed", ["2/31/2026", "2026-02-30", "13/5/2026"])
def test_a_day_that_is_none_is_told_apart_from_no_date(typed: str) -> None:
    read = read_date(f"gout on {typed}")
    assert (read.day, read.no_such_day, read.rest) == (None, typed, "gout")


@pytest.mark.parametrize(
    ("before", "of_birth"),
    [("dob ", True), ("date of birth: ", True), ("born on ", True), ("seen on ", False)],
)
def test_dates_of_birth(before: str, of_birth: bool) -> None:
    assert is_of_birth(f"{before}1/2/1960", len(before)) is of_birth


@pytest.mark.parametrize(
    "written",
    [
        "3-5-2026",
        "3.5.2026",
        "2026/3/5",
        "5-Mar-2026",
        "Mar-5-2026",
        "the 5th of March 2026",
        "dos 20260305",
    ],
)
def test_other_ways_to_write_a_full_date(written: str) -> None:
    read = read_date(f"gout {written}")
    assert (read.day, read.must_be_said) == (MARCH, None)


@pytest.mark.parametrize("text", ["0003-0293-20", "555-12-2026", "99213-25-26", "rate 20260305"])
def test_numbers_that_are_no_dates(text: str) -> None:
    assert read_date(text).day is None
