"""What is asked back has answers that are codes of the edition, and the one that is taken stands in
the report."""

from __future__ import annotations

import csv
import datetime as dt
import random
from dataclasses import replace

import pytest
from paths import TEST_DATA

from bot.desk.answer import Answer, AskOption, ReportLine
from bot.desk.answered_back import taken, with_option
from bot.desk.ask_options import with_options
from bot.desk.desk import Desk
from bot.desk.left_open import left_open, unspecified
from bot.desk.reasons import reason
from bot.querylog.turns import turn_from
from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.statement.books import Books

DAY = dt.date(2026, 5, 1)
STATEMENTS = sorted((TEST_DATA / "statements").glob("*/*.tsv"))
#: Statements that are asked; all 880 take minutes.
_ASKED = 60


@pytest.fixture(scope="module")
def books(store: CodeStore, april: Release) -> Books:
    return Books(store, april, DAY)


def line(code: str, *asked: str, **fields: object) -> ReportLine:
    given = {"title": "", "billable": True, "release": "FY2026-April", "role": "first-listed"}
    reasons = [reason(key) for key in asked]
    return ReportLine(1, code, "icd10cm", **(given | fields), reasons=reasons)  # type: ignore[arg-type]


def answer(*lines: ReportLine) -> Answer:
    return Answer("q", DAY.isoformat(), "answered", report=list(lines))


def asked(books: Books, code: str, said: str = "", statement: str = "") -> str | None:
    """The name of what is asked about a code."""
    found = books.code(code)
    assert found is not None
    told = left_open(found.code, found.title, said, statement or said, books)
    return told.key if told else None


@pytest.mark.parametrize(
    ("code", "said", "key"),
    [
        ("S93.409A", "ankle sprain, initial encounter", "ask.side"),
        ("N18.9", "ckd", "ask.stage"),
        # Its title names no side, and the codes for each say no more than the usual.
        ("M17.9", "knee oa", "ask.side"),
        # Kinds that are too many to read.
        ("H40.9", "glaucoma", None),
        ("L89.159", "sacral pressure ulcer", "ask.stage"),
        ("O26.899", "cramps in pregnancy", "ask.trimester"),
        ("I50.9", "chf", "ask.kind"),
        ("J45.909", "asthma", "ask.kind"),
        ("S93.402A", "left ankle sprain", "desk.ask_encounter"),
        ("S93.402A", "left ankle sprain, first visit", None),
        ("I10", "htn", None),
        # What is unspecified, and has no few words for it.
        ("J18.9", "pneumonia", None),
        # "First" is of a trimester only beside it.
        ("K64.0", "grade 1 hemorrhoids", None),
    ],
)
def test_what_is_asked_about_a_code(books: Books, code: str, said: str, key: str | None) -> None:
    assert asked(books, code, said) == key


def test_a_side_that_is_said_of_anything_is_not_asked(books: Books) -> None:
    assert asked(books, "M79.609", "limb pain", "right knee oa, limb pain") != "ask.side"


def labels(store: CodeStore, code: str, key: str) -> list[tuple[str, str]]:
    found = with_options(answer(line(code, key)), store, DAY)
    return [(one.label or one.reasons[0].key, one.code) for one in found.ask_options]


def test_options_are_codes_of_the_same_subcategory(store: CodeStore) -> None:
    assert labels(store, "S93.409A", "ask.side") == [
        ("option.side_right", "S93.401A"),
        ("option.side_left", "S93.402A"),
    ]
    assert labels(store, "N18.9", "ask.stage") == [
        ("Stage 1", "N18.1"),
        ("Stage 2 (mild)", "N18.2"),
        ("Stage 3", "N18.30"),
        ("Stage 3a", "N18.31"),
        ("Stage 3b", "N18.32"),
        ("Stage 4 (severe)", "N18.4"),
        ("Stage 5", "N18.5"),
    ]
    assert [code for _, code in labels(store, "S93.402A", "desk.ask_encounter")] == [
        "S93.402A",
        "S93.402D",
        "S93.402S",
    ]


def test_a_fracture_asks_for_the_encounter_and_not_for_how_open_it_is(store: CodeStore) -> None:
    options = labels(store, "S82.851B", "desk.ask_encounter")
    assert [code[-1] for _, code in options] == ["B", "E", "H", "M", "Q", "S"]


def test_what_has_no_codes_as_answers_has_no_options(store: CodeStore) -> None:
    for code, key in (("I10", "ask.side"), ("I10", "ask.setting"), ("NONE", "ask.side")):
        assert labels(store, code, key) == []


def test_options_differ_and_say_something(books: Books) -> None:
    for code in ("I50.9", "J45.909", "M19.90", "F31.9", "L89.159", "H66.92"):
        found = books.code(code)
        assert found is not None
        if (open_ := unspecified(found, books)) is None:
            continue
        words = [choice.words for choice in open_.choices]
        assert len(set(words)) == len(words), words
        assert not [one for one in words if "unspecified" in one or not one]


# Taken


SIDES = [AskOption("S93.401A", "Right", "right"), AskOption("S93.402A", "Left", "left")]
BEFORE = replace(
    answer(line("S93.409A", ask_back="Which side?"), line("W19.XXXA")), ask_options=SIDES
)


@pytest.mark.parametrize("words", ["left", " LEFT ", "Left"])
def test_the_words_of_an_option_take_it(words: str) -> None:
    one = taken(BEFORE, words)
    assert one is not None
    assert (one.option.code, one.line.code, one.asked) == ("S93.402A", "S93.409A", "Which side?")


@pytest.mark.parametrize("words", ["", "left side", "both", "right?"])
def test_other_words_take_none(words: str) -> None:
    assert taken(BEFORE, words) is None


@pytest.mark.parametrize(
    ("read", "codes"),
    [
        # As the words were read, with and without the code.
        (["S93.402A", "W19.XXXA"], ["S93.402A", "W19.XXXA"]),
        (["S93.409A", "W19.XXXA"], ["S93.402A", "W19.XXXA"]),
        (["W19.XXXA", "S93.402A"], ["W19.XXXA", "S93.402A"]),
        # What the words have brought besides, of the same category, is left out.
        (["S93.409A", "W19.XXXA", "S93.602A"], ["S93.402A", "W19.XXXA"]),
        (["S93.492A", "W19.XXXA"], ["S93.402A", "W19.XXXA"]),
        # The line is gone: the report of before has it.
        (["I10"], ["S93.402A", "W19.XXXA"]),
        ([], ["S93.402A", "W19.XXXA"]),
    ],
)
def test_the_code_of_an_option_stands_in_the_report(
    store: CodeStore, read: list[str], codes: list[str]
) -> None:
    one = taken(BEFORE, "left")
    assert one is not None
    result = with_option(answer(*map(line, read)), one, store, DAY)
    assert [each.code for each in result.report] == codes
    assert [each.line for each in result.report] == list(range(1, len(codes) + 1))
    assert result.ask_options == []


def test_an_edition_without_the_code_leaves_the_answer(store: CodeStore) -> None:
    gone = replace(BEFORE, ask_options=[AskOption("S93.4099A", "Left", "left")])
    one = taken(gone, "left")
    assert one is not None
    read = answer(line("S93.409A"))
    assert with_option(read, one, store, DAY) == read


def test_the_same_is_not_asked_again(store: CodeStore) -> None:
    one = taken(BEFORE, "left")
    assert one is not None
    again = with_options(answer(line("S93.409A", "ask.side")), store, DAY)
    result = with_option(again, one, store, DAY)
    assert [each.reasons for each in result.report] == [[]]


def test_each_option_of_the_statements_leads_to_its_code(desk: Desk) -> None:
    """As a press asks it: the words after the question of the log."""
    texts = [
        row["query"]
        for path in STATEMENTS
        for row in csv.DictReader(path.read_text("utf-8").splitlines(), delimiter="\t")
    ]
    pressed = 0
    for text in random.Random(15).sample(texts, _ASKED):
        before = desk.ask(text, day=DAY)
        assert not before.ask_options or before.asks
        logged = Answer.from_dict(before.as_logged())
        turn = turn_from("3f2a9c01b7de", text, logged, {}, DAY, date_said=False)
        for option in before.ask_options:
            after = desk.ask(option.words, day=DAY, after=turn)
            codes = [each.code for each in after.report]
            assert option.code in codes, (text, option, codes)
            assert len(set(codes)) == len(codes), (text, option, codes)
            assert after.refines == "3f2a9c01b7de"
            pressed += 1
    assert pressed > 10
