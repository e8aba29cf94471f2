"""What coders ask about the sections of the guidelines: which sections, in which edition."""

from __future__ import annotations

import pytest

from codesets.model import Guideline
from index.text.guideline_topics import Topics, read_topics, sections_of


def edition(*sections: tuple[str, str]) -> list[Guideline]:
    return [Guideline(section, title, "Text.", None, "FY2031") for section, title in sections]


def rows(*sections: tuple[str, str]) -> list[Topics]:
    return [Topics(section, title, ("who decides",)) for section, title in sections]


ROWS = rows(
    ("I", "Conventions"),
    ("I.A", "Conventions for the widgets"),
    ("I.A.1", "Round widgets"),
    ("I.A.2", "Widgets in remission"),
    ("I.A.2.a", "Who decides"),
    ("I.A.3", "Square widgets and their history"),
    ("B3.1a", ""),
    ("B3.1b", ""),
)


@pytest.mark.parametrize(
    ("sections", "found"),
    [
        # The same edition.
        (
            [("I", "Conventions"), ("I.A", "Conventions for the widgets"),
             ("I.A.1", "Round widgets"), ("I.A.2", "Widgets in remission")],
            {"I.A.1": "I.A.1", "I.A.2": "I.A.2"},
        ),
        # A new section moves the others; what is under them moves, too.
        (
            [("I", "Conventions"), ("I.A", "Conventions for the widgets"),
             ("I.A.1", "Gadgets"), ("I.A.2", "Round widgets"), ("I.A.3", "Widgets in remission"),
             ("I.A.3.a", "Who decides")],
            {"I.A.1": "I.A.2", "I.A.2": "I.A.3", "I.A.2.a": "I.A.3.a"},
        ),
        # A title in other words; a title that only begins alike is another section.
        (
            [("I", "Conventions"), ("I.A", "Conventions for the widgets"),
             ("I.A.1", "Square widgets and history"), ("I.A.2", "Round gadgets of all kinds")],
            {"I.A.3": "I.A.1"},
        ),
        # A section of that title elsewhere is another section.
        ([("I", "Conventions"), ("I.B", "Gadgets"), ("I.B.1", "Round widgets")], {}),
        # ICD-10-PCS has numbers only.
        ([("B3.1b", "General"), ("B3.1c", "General")], {"B3.1b": "B3.1b"}),
    ],
)  # fmt: skip
def test_sections_are_found_in_another_edition(
    sections: list[tuple[str, str]], found: dict[str, str]
) -> None:
    guidelines = edition(*sections)
    here = {
        row.section: guidelines[number].section
        for row, number in zip(ROWS, sections_of(ROWS, guidelines), strict=True)
        if number is not None
    }
    headings = {section: section for section in ("I", "I.A") if section in dict(sections)}
    assert here == headings | found


def test_each_section_is_asked_about_in_several_ways() -> None:
    """Reading the file also refuses a question that stands twice."""
    topics = read_topics()
    asked = [question for row in topics for question in row.asked]
    assert len(asked) > 1900
    assert all(question == " ".join(question.split()) for question in asked)
    assert all(len(question) < 80 for question in asked)
