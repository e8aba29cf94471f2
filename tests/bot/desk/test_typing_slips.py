"""Codes as people write them: what was meant is read, and said aloud."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.desk.code_mentions import beside_codes, read_mentions
from bot.desk.desk import Desk
from bot.desk.typing_slips import look_alike, without_blanks
from codesets.model import System

MAY = dt.date(2026, 5, 1)
LOADED = {"I10", "Z01.810", "Z01.818", "E10.621", "E10.1", "E11.65", "C02", "J3301"}


def is_loaded(code: str) -> bool:
    return code in LOADED


def lookup(typed: str) -> list[tuple[System, str]]:
    forms = {"E1165": "E11.65", "Z794": "Z79.4", "G35": "G35", "Z79.4": "Z79.4"}
    code = forms.get(typed, typed)
    system: System = "hcpcs" if code == "J3301" else "icd10cm"
    return [(system, code)] if code in LOADED | set(forms.values()) else []


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("I1O", "I10"),
        ("ZO1.810", "Z01.810"),
        ("E10.l", "E10.1"),
        ("J33O1", "J3301"),
        ("I10", None),  # nothing to correct
        ("E10.O", None),  # no release has E10.0
        ("CO2", None),  # a gas, and not C02
        ("l4l5", None),
        ("OIL", None),
    ],
)
def test_letters_that_look_like_digits(typed: str, read: str | None) -> None:
    assert look_alike(typed, is_loaded) == read


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("Z01. 818", "Z01.818"),
        ("Z01 .818 and e10. 621", "Z01.818 and E10.621"),
        ("dm2 E11. 65 yo male", "dm2 E11. 65 yo male"),
        ("htn I10. 20 mg lisinopril", "htn I10. 20 mg lisinopril"),
    ],
)
def test_blanks_beside_the_dot(text: str, joined: str) -> None:
    assert without_blanks(text, is_loaded)[0] == joined


MENTIONS = [
    # text, (code, what was typed for it) of each mention
    ("I1O", [("I10", "I1O")]),
    ("ZO1.810, Z01. 818", [("Z01.810", "ZO1.810"), ("Z01.818", "Z01. 818")]),
    ("HI*ABK:E1165*ABF:I10*ABF:Z794~", [("E11.65", ""), ("I10", ""), ("Z79.4", "")]),
    ("T07XXXXD", [("T07.XXXXD", "")]),
    ("G35 denied", [("G35", "")]),
    ("what is I1O?", [("I10", "I1O")]),
    ("pt with ZO1.810 today", [("Z01.810", "ZO1.810")]),
    ("I1O seen in the hall", []),  # in prose, only a dot tells that a code is meant
    ("T1DM", []),  # shorthand
    ("CO2 retention", []),
]


@pytest.mark.parametrize(("text", "codes"), MENTIONS)
def test_codes_as_people_write_them(text: str, codes: list[tuple[str, str]]) -> None:
    assert [(m.code, m.slip) for m in read_mentions(text, lookup)] == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("modifier K0 vs KO", ["K0", "KO"]),
        ("modifiers LT, RT and 59", ["LT", "RT"]),
        ("modifier LT or RT", ["LT", "RT"]),
        ("modifier or vs", []),
        ("pos 2", ["02"]),
        ("place of service 11", ["11"]),
        ("pos 2/3", []),
    ],
)
def test_modifiers_and_places(text: str, codes: list[str]) -> None:
    assert [mention.code for mention in beside_codes(text)] == codes


def test_what_was_corrected_is_said_aloud(desk: Desk) -> None:
    answer = desk.ask("I1O", day=MAY)
    assert [(v.code, v.status) for v in answer.verdicts] == [("I10", "billable")]
    assert "I read “I1O” as I10." in answer.notices
    assert not any("I read" in notice for notice in desk.ask("I10", day=MAY).notices)
