"""All modules use the same words for a side."""

from __future__ import annotations

import pytest

from bot.desk.note_checks import _side_of
from codesets import laterality
from codesets.model import Code
from index.pcs.titles import _side
from index.search.features import _groups
from index.text.attributes import SIDE, TRIMESTER
from index.text.lexicon import Lexicon
from index.text.tokens import lexical_tokens, read


def test_the_words_of_each_side() -> None:
    assert laterality.words_by_side() == {
        "right": "right",
        "left": "left",
        "both": "bilateral both",
    }


def test_abbreviations_are_looked_for_only_where_they_are_typed() -> None:
    assert laterality.TITLE_WORDS.items() < laterality.WORDS.items()
    assert laterality.WORDS.items() < laterality.TYPED_WORDS.items()
    assert min(map(len, laterality.WORDS)) > 3


@pytest.mark.parametrize(
    ("title", "sides"),
    [
        ("Primary osteoarthritis, right knee", {"right"}),
        ("Primary osteoarthritis, left knee", {"left"}),
        ("Bilateral primary osteoarthritis of knee", {"both"}),
        ("Conjunctivitis of both eyes", {"both"}),
        ("Primary osteoarthritis, unspecified knee", set()),
    ],
)
def test_the_side_of_a_title(title: str, sides: set[str]) -> None:
    assert SIDE.said(read(title)) == sides
    assert not TRIMESTER.said(read(title))
    said = _side_of(_code(title))
    assert said is not None
    assert said[0] == next(iter(sides), "unspecified")


def test_a_title_without_a_side() -> None:
    assert _side_of(_code("Essential (primary) hypertension")) is None


@pytest.mark.parametrize(
    ("title", "side"),
    [
        ("Resection of Left Ovary", "left"),
        ("Resection of Right Ovary", "right"),
        ("Resection of Bilateral Ovaries", "both"),
        ("Bypass Right Ureter to Left Ureter", "both"),
        ("Resection of Appendix", None),
    ],
)
def test_the_side_of_a_procedure(title: str, side: str | None) -> None:
    assert _side(frozenset(lexical_tokens(title))) == side


def test_codes_that_differ_in_side_alone_are_one_group() -> None:
    titles = ["Gout, right knee", "Gout, left knee", "Gout, both knee", "Gout, bilateral knee"]
    assert len(set(_groups([*titles, "Gout, right hip"], ["M10"] * 5).tolist())) == 2


@pytest.mark.parametrize(("typed", "read_as"), [("R knee", "right"), ("pain L hip", "left")])
def test_one_capital_letter(typed: str, read_as: str) -> None:
    assert read_as in Lexicon.shipped().typed(typed)


def _code(title: str) -> Code:
    return Code(
        system="icd10cm",
        release="TEST",
        code="M17.11",
        title=title,
        billable=True,
        parent=None,
        section=None,
        stem="M17.11",
        position=0,
    )
