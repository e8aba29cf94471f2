"""Modifiers of HCPCS Level II, asked for by what they mean."""

from __future__ import annotations

import pytest

from bot.desk.modifier_search import asks_for_a_modifier, modifiers_for
from codesets.model import Modifier

MODIFIERS = [
    Modifier(code, title, None, None)
    for code, title in {
        "KH": "Dmepos item, initial claim, purchase or first month rental",
        "KI": "Dmepos item, second or third month rental",
        "KJ": "Dmepos item, pump or capped rental, months four to fifteen",
        "RR": "Rental (use the 'rr' modifier when dme is to be rented)",
        "JW": "Drug amount discarded/not administered to any patient",
        "JZ": "Zero drug amount discarded/not administered to any patient",
        "LT": "Left side",
        "E1": "Upper left, eyelid",
    }.items()
]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("capped rental, month 9", "KJ"),
        ("capped rental 3rd month", "KI"),
        ("first month rental", "KH"),
        ("drug discarded", "JW"),
        ("zero drug discarded", "JZ"),
        ("upper left eyelid", "E1"),
        ("bronchitis", None),
        ("drug that a mule carried", None),
        ("", None),
    ],
)
def test_the_modifier_that_the_words_mean(question: str, first: str | None) -> None:
    codes = modifiers_for(question, MODIFIERS)
    assert (codes[0] if codes else None) == first
    assert len(codes) <= 3


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("capped rental month 9, which modifier", True),
        ("what mod do i use for the left eyelid", True),
        ("need a modifier for a new wheelchair", True),
        ("modifier for discarded drug", True),
        ("modifier RT", False),
        ("behavior modification", False),
    ],
)
def test_questions_that_ask_for_a_modifier(question: str, asks: bool) -> None:
    assert asks_for_a_modifier(question) == asks
