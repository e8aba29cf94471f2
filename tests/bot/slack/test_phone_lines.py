"""An answer is read on a phone: how its lines are counted, and how many there may be."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path
from typing import Any

import pytest
from paths import TEST_DATA

from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.slack.views.answer import BUDGET, answer_message
from bot.slack.views.block_kit import as_posted, context, section
from bot.slack.views.phone_lines import (
    CONTEXT_LINE,
    SECTION_LINE,
    cut_to_lines,
    cut_to_width,
    lines_of,
    phone_lines,
    width,
)
from bot.slack.views.titles import fit_title

#: Statements of each table that are asked.
_SAMPLE = 18

# Counting


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", 1),
        ("one\ntwo\n\nfour", 4),
        ("Bilateral primary osteoarthritis of knee", 1),
        ("Type 2 diabetes mellitus with diabetic chronic kidney disease", 2),
        ("*Type 2 diabetes mellitus with* _diabetic_ `E11.22`", 2),
        ("iiii " * 14, 1),
        ("WWWW " * 16, 4),
        ("W" * 50, 3),
        ("a " + "W" * 40, 4),
        ("&amp; " * 18, 1),
        ("<https://docs.slack.dev/messaging/formatting|the page>", 1),
        ("骨折" * 13, 2),
        ("\u2068\u2069\u200d", 1),
    ],
)
def test_lines_of_a_text(text: str, lines: int) -> None:
    assert lines_of(text) == lines


def test_a_context_has_smaller_text_and_buttons_are_not_counted() -> None:
    text = "Type 2 diabetes mellitus with nephropathy, stated"
    assert (lines_of(text, SECTION_LINE), lines_of(text, CONTEXT_LINE)) == (2, 1)
    assert phone_lines(as_posted([section(text), context(text)])) == 3
    assert phone_lines([{"type": "actions", "elements": []}]) == 0


@pytest.mark.parametrize("room", [1, 5, 9, 17])
@pytest.mark.parametrize("text", ["word", "some words of a title", "W" * 60, "", "x " * 9000])
def test_what_is_cut_fits(text: str, room: int) -> None:
    assert width(cut_to_width(text, room)) <= room
    assert lines_of(cut_to_lines(text, 2, room), room) <= 2


# Titles


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Gout, unspecified", "Gout, unspecified"),
        ("Type 2 diabetes mellitus with diabetic chronic kidney disease", "T2DM with diabetic CKD"),
        ("Long term (current) use of insulin", "Long-term use of insulin"),
        ("Essential (primary) hypertension", "Essential (primary) HTN"),
        ("Unilateral primary osteoarthritis, right knee", "Unilat primary OA, R knee"),
        # The side and the encounter, which come last, stay.
        ("Unspecified fracture of the lower end of right radius, initial encounter for closed "
         "fracture", "Unsp fx of … R radius, init"),
        # What turns the meaning is not left out before what it turns.
        ("Type 2 diabetes mellitus with hyperosmolarity without nonketotic hyperglycemic-"
         "hyperosmolar coma (NKHHC)", "T2DM w/ hyperosmolari…"),
        ("Pneumoconiosis" * 9, "PneumoconiosisPneumo…"),
    ],
)  # fmt: skip
def test_a_title_on_a_line(title: str, shown: str) -> None:
    assert fit_title(title, 11.8) == shown
    assert width(shown) <= 11.8


@pytest.mark.parametrize("room", [3, 6, 9, 12])
def test_a_title_always_fits(room: int) -> None:
    for title in (
        "Pneumonia due to Methicillin resistant Staphylococcus aureus",
        "é" * 300,
        "🦴 " * 99,
    ):
        assert width(fit_title(title, room)) <= room


# The budget


def sample() -> list[str]:
    """The first statements of each table of our own."""
    asked: list[str] = []
    for table in sorted(Path(TEST_DATA / "statements").glob("*/*.tsv")):
        with table.open(encoding="utf-8") as rows:
            read = csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
            asked += [row["query"] for row, _ in zip(read, range(_SAMPLE), strict=False)]
    return asked


def test_a_statement_of_up_to_three_codes_has_at_most_twelve_lines(
    desk: Desk, record_property: Any
) -> None:
    answers = [desk.ask(statement) for statement in sample()]
    counted = {answer.question: _lines(answer) for answer in answers if 0 < _codes(answer) <= 3}
    assert len(counted) >= 100
    record_property("median lines", statistics.median(counted.values()))
    record_property("most lines", max(counted.values()))
    assert {asked: n for asked, n in counted.items() if n > BUDGET} == {}
    assert statistics.median(counted.values()) <= 8


@pytest.mark.parametrize(
    "asked",
    [
        "is E11.9 billable on 2025-11-03?",
        "E11",
        "A01 in 2019",
        "X99.999",
        "250.00",
        "E11.9 with E10.9?",
        "can I bill I10 with I12.9",
        "N18.32 I12.9 which goes first",
        "J20.9 J44.0 can these go together",
        "E11.9 I10 N18.3",
        "T2DM",
        "fx radius",
        "hello",
        "purple elephants dancing",
        "what changed in sepsis this October?",
    ],
)
def test_other_answers_have_at_most_twelve_lines_too(desk: Desk, asked: str) -> None:
    assert _lines(desk.ask(asked)) <= BUDGET


def _codes(answer: Answer) -> int:
    return 0 if answer.statements else len(answer.report)


def _lines(answer: Answer) -> int:
    return phone_lines(answer_message(answer, "3f2a9c01b7de").blocks)
