"""Dates as people say them: which day they lead to, and which tell of a history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.desk.desk import Desk
from bot.desk.service_dates import read_date
from bot.settings import Settings

#: A Monday.
TODAY = dt.date(2026, 11, 30)

OF_SERVICE = [
    # question, the day, what is left
    ("bunion in FY2025", "2024-10-01", "bunion"),
    ("bunion, fy25", "2024-10-01", "bunion,"),
    ("bunion in fiscal year 2027", "2026-11-30", "bunion"),  # today is in it
    ("bunion FY2026-April", "2026-04-01", "bunion"),
    ("bunion in 2020", "2020-01-01", "bunion"),
    ("bunion in 2026", "2026-11-30", "bunion"),
    ("bunion 2024 codes", "2024-01-01", "bunion codes"),
    ("bunion Q2 2025", "2025-04-01", "bunion"),
    ("bunion March 2026", "2026-03-01", "bunion"),
    ("bunion in Sept. of 2025", "2025-09-01", "bunion"),
    ("bunion in Nov 2026", "2026-11-30", "bunion"),
    ("bunion dos 04/2026", "2026-04-01", "bunion"),
    ("bunion last Oct", "2026-10-01", "bunion"),
    ("bunion last November", "2025-11-01", "bunion"),
    ("bunion this past April", "2026-04-01", "bunion"),
    ("bunion next Jan", "2027-01-01", "bunion"),
    ("bunion in December", "2025-12-01", "bunion"),
    ("bunion dos 4/2", "2026-04-02", "bunion"),
    ("bunion seen on 12/1", "2025-12-01", "bunion"),
    ("bunion June 12", "2026-06-12", "bunion"),
    ("bunion on the 3rd of May", "2026-05-03", "bunion"),
    ("bunion Oct 1st", "2026-10-01", "bunion"),
    ("bunion dos Feb 29", "2024-02-29", "bunion"),
    ("bunion yesterday", "2026-11-29", "bunion"),
    ("bunion seen last Tuesday", "2026-11-24", "bunion"),
    ("bunion seen on Friday", "2026-11-27", "bunion"),
    # A question about codes or a claim
    ("is M20.11 valid 10/1", "2026-10-01", "is M20.11 valid"),
    ("was Z85.3 valid in 2019", "2019-01-01", "was Z85.3 valid"),
    ("claim from 3 weeks ago, bunion", "2026-11-09", "claim , bunion"),
    ("is M20.11 ok last month", "2026-10-30", "is M20.11 ok"),
    # What was done within a year may be the service.
    ("appendectomy in March 2026", "2026-03-01", "appendectomy"),
]


@pytest.mark.parametrize(("asked", "day", "rest"), OF_SERVICE)
def test_dates_of_service_that_are_not_full(asked: str, day: str, rest: str) -> None:
    read = read_date(asked, TODAY)
    assert (read.day, read.must_be_said) == (dt.date.fromisoformat(day), "partial")
    assert read.rest == rest


HISTORIES = [
    "breast ca in 2015, gone",
    "TKR in 2019, knee pain now",
    "MI last October",
    "hx of melanoma in March 2019",
    "appendectomy in March 2024",
    "fell yesterday off ladder",
    "headache since yesterday",
    "NSTEMI 10 days ago, use I22?",
    "Z08 alone, breast ca tx done 6 yrs ago",
    "born in March 2020 with club foot",
]


@pytest.mark.parametrize("asked", HISTORIES)
def test_dates_of_a_history(asked: str) -> None:
    read = read_date(asked, TODAY)
    assert (read.day, read.must_be_said, read.rest) == (None, "history", asked)


NO_DATES = [
    "ca 2015, gone",
    "s/p TKR 2019",
    "dm since 2018",
    "pain 5/10",
    "strength 4/5 left arm",
    "weight 5/10",
    "vision 20/40",
    "CKD 2/2 DM",
    "gout 3 days ago",
    "gout last year",
    "march fracture",
    "OCT 1 eye",
    "may 2 codes be billed together",
    "dob 2020, club foot",
    "J3301 1/2 vial",
]


@pytest.mark.parametrize("asked", NO_DATES)
def test_what_is_no_date(asked: str) -> None:
    read = read_date(asked, TODAY)
    assert (read.day, read.must_be_said, read.rest) == (None, None, asked)


def test_today_needs_no_word() -> None:
    read = read_date("bunion today", TODAY)
    assert (read.day, read.must_be_said, read.rest) == (TODAY, None, "bunion")


def test_a_full_date_comes_first() -> None:
    read = read_date("MI last Oct, seen 3/5/2026", TODAY)
    assert (read.day, read.rest) == (dt.date(2026, 3, 5), "MI last Oct,")


def test_a_day_that_is_none() -> None:
    assert read_date("bunion dos 2/30", TODAY).no_such_day == "2/30"


def test_of_a_stay_the_discharge_counts() -> None:
    read = read_date("admitted 9/28/2026, discharged 10/2/2026, sepsis", TODAY)
    assert (read.day, read.must_be_said) == (dt.date(2026, 10, 2), "several")


@pytest.fixture(scope="module")
def desk(loaded: Path) -> Iterator[Desk]:
    opened = Desk(Settings(home=loaded))
    yield opened
    opened.close()


def test_which_day_was_taken_is_said(desk: Desk) -> None:
    answer = desk.ask("is E11.9 valid in FY2024?")
    assert answer.as_of == "2023-10-01"
    assert any("no full date: this is for 2023-10-01" in notice for notice in answer.notices)
    assert "full date" not in str(desk.ask("is E11.9 valid on 2023-10-01?").notices)


def test_what_changed_between_editions_is_not_asked_of_a_day(desk: Desk) -> None:
    question = desk.take("what changed in FY2024?")
    assert (question.intent, question.service_date) == ("changes", None)


def test_the_date_is_not_searched(desk: Desk) -> None:
    assert desk.take("gout in March 2026").text == "gout"
    assert desk.take("gout last Oct").text == "gout"
    assert desk.take("breast ca in 2015, gone").text == "breast ca in 2015, gone"
