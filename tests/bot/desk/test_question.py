"""Reading a question: its date, its codes, what it asks for, and the text that may be stored."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot.desk.question import Question, is_foreign, is_wordless, read_codes, read_question
from bot.phi import Scrubbed
from codesets.model import System

MAY = dt.date(2026, 5, 1)
CODES: dict[str, list[tuple[System, str]]] = {
    "E11.9": [("icd10cm", "E11.9")],
    "E119": [("icd10cm", "E11.9")],
    "G0439": [("hcpcs", "G0439"), ("icd10cm", "G04.39")],
    "0SRC0J9": [("icd10pcs", "0SRC0J9")],
}


def lookup(typed: str) -> list[tuple[System, str]]:
    return CODES.get(typed.upper(), [])


def read(asked: str, scrubbed: str | None = None, **how: Any) -> Question:
    stored = asked if scrubbed is None else scrubbed
    removed = () if scrubbed is None else ("NAME",)
    return read_question(asked, Scrubbed(stored, removed, stored), lookup, **how)


INTENTS = [
    ("b/l knee OA, failed PT", "search"),
    ("is E11.9 billable?", "codes"),
    ("00024-0555-01 how many units", "drug_products"),
    ("what changed in FY2027?", "changes"),
    ("?!", "empty"),
    ("", "empty"),
    ("3/5/2026", "empty"),
    ("tengo dolor de la rodilla", "foreign"),
    ("x" * 1001, "too_long"),
]


@pytest.mark.parametrize(("asked", "intent"), INTENTS)
def test_what_a_question_asks_for(asked: str, intent: str) -> None:
    assert read(asked).intent == intent


@pytest.mark.parametrize(
    ("asked", "searches"),
    [
        ("b/l knee OA, failed PT", True),
        ("what changed in FY2027?", True),
        ("E11.9 with ckd stage 3 on insulin", True),
        ("E11.9 or G0439?", True),
        ("E11.9", False),
        ("check E11.9 2025-11-03", False),
        ("is E11.9 billable on 3/1/2026?", False),
        ("E11.9, G0439", False),
        ("thanks", False),
        ("?!", False),
    ],
)
def test_what_takes_a_search(asked: str, searches: bool) -> None:
    assert read(asked).searches is searches


def test_codes_that_are_checked_take_no_search() -> None:
    codes = ["E11.9", "G0439"]
    scrubbed = [Scrubbed(code, searched=code) for code in codes]
    assert not read_codes(codes, scrubbed, lookup).searches


def test_the_date_is_read_as_it_was_typed_and_the_rest_from_what_may_be_stored() -> None:
    question = read("John Smith 5/1/2026 gout", "[NAME] [DATE] gout")
    assert (question.service_date, question.day) == (MAY, MAY)
    assert (question.scrubbed, question.removed) == ("[NAME] [DATE] gout", ("NAME",))
    assert question.text == "gout"


def test_the_date_in_the_question_comes_before_the_one_given_with_it() -> None:
    march = dt.date(2024, 3, 5)
    question = read("gout on 3/5/2024", day=MAY)
    assert (question.service_date, question.day) == (march, march)
    assert (read("gout", day=MAY).service_date, read("gout", day=MAY).day) == (MAY, MAY)
    assert read("gout yesterday", day=MAY).day == dt.date(2026, 4, 30)


def test_a_date_that_is_fixed_comes_first() -> None:
    question = read("gout on 3/5/2024", day=MAY, fixed=True)
    assert (question.service_date, question.day, question.text) == (MAY, MAY, "gout")
    assert read("gout last Oct", day=MAY, fixed=True).date_read is None


def test_without_a_date_it_is_answered_for_today() -> None:
    question = read("gout")
    assert (question.service_date, question.day) == (None, dt.date.today())
    assert read("gout on 2/31/2026").no_such_day


def test_what_changed_is_asked_of_today() -> None:
    """A date in a question about changes names an edition, and is not a date of service."""
    assert read("what changed on 10/1/2025 in FY2026").day == dt.date.today()


SYSTEMS = [
    # question, chosen, systems
    ("chest pain", (), ()),
    ("wheelchair", (), ("hcpcs",)),
    ("wheelchair", ("icd10cm",), ("icd10cm",)),
    ("office visit level cpt", (), ("cpt",)),
]


@pytest.mark.parametrize(("asked", "chosen", "systems"), SYSTEMS)
def test_the_systems_that_are_asked_for(
    asked: str, chosen: tuple[System, ...], systems: tuple[System, ...]
) -> None:
    question = read(asked, systems=chosen)
    assert (question.limited_to, question.systems) == (chosen, systems)


def named(question: Question) -> list[tuple[str, str, str]]:
    return [(mention.code, mention.system, mention.kind) for mention in question.mentions]


MENTIONS = [
    ("E11.9 and e119", [("E11.9", "icd10cm", "code"), ("E11.9", "icd10cm", "code")]),
    ("is G0439 payable", [("G0439", "hcpcs", "code"), ("G04.39", "icd10cm", "code")]),
    ("is E11.99 valid", [("E11.99", "icd10cm", "code")]),
    ("99213", [("99213", "cpt", "code")]),
    ("250.00", [("250.00", "icd9cm", "code")]),
    ("E11.9 with modifier LT", [("E11.9", "icd10cm", "code"), ("LT", "hcpcs", "modifier")]),
    ("pos 11", [("11", "pos", "place_of_service")]),
    ("N95 mask", []),
]


@pytest.mark.parametrize(("asked", "mentions"), MENTIONS)
def test_the_codes_that_are_named(asked: str, mentions: list[tuple[str, str, str]]) -> None:
    assert named(read(asked, beside=("modifier", "place_of_service"))) == mentions


def test_what_no_list_is_loaded_of_is_not_named() -> None:
    assert named(read("modifier LT and pos 11")) == []


def test_codes_of_other_systems_than_the_chosen_are_left_out() -> None:
    assert named(read("is G0439 payable", systems=("icd10cm",))) == [("G04.39", "icd10cm", "code")]


def test_codes_to_check_are_codes_whatever_they_look_like() -> None:
    typed = ["e119", "zzz", "11"]
    question = read_codes(typed, [Scrubbed(code, (), code) for code in typed], lookup, day=MAY)
    assert (question.intent, question.day) == ("codes", MAY)
    assert [(m.typed, m.code, m.system) for m in question.mentions] == [
        ("E119", "E11.9", "icd10cm"),
        ("ZZZ", "ZZZ", ""),
        ("11", "11", ""),
    ]


@pytest.mark.parametrize(
    ("asked", "setting"),
    [
        ("E11.9 outpatient", "outpatient"),
        ("E11.9 pro-fee", "practitioner"),
        ("E11.9 physician or facility", None),
        ("E11.9", None),
    ],
)
def test_where_the_service_was_given(asked: str, setting: str | None) -> None:
    assert read(asked).setting == setting


@pytest.mark.parametrize(("text", "wordless"), [("…", True), ("👍", True), ("7", False)])
def test_wordless(text: str, wordless: bool) -> None:
    assert is_wordless(text) is wordless


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("膝の痛み", True),
        ("dolor en el pecho", True),
        ("pain de novo", False),
        ("tear of the rotator cuff, de quervain", False),
    ],
)
def test_foreign(text: str, foreign: bool) -> None:
    assert is_foreign(text) is foreign
