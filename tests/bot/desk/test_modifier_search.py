"""Modifiers of HCPCS Level II that are described and not named."""

from __future__ import annotations

import pytest

from bot.desk.modifier_search import asks_for_modifier, find_modifiers

#: Titles as published, with others so that words differ in how much they tell.
MODIFIERS = [
    ("KH", "Dmepos item, initial claim, purchase or first month rental"),
    ("KI", "Dmepos item, second or third month rental"),
    (
        "KJ",
        "Dmepos item, parenteral enteral nutrition pump or capped rental, months four to fifteen",
    ),
    ("T1", "Left foot, second digit"),
    ("T6", "Right foot, second digit"),
    ("F5", "Right hand, thumb"),
    ("FA", "Left hand, thumb"),
    ("JW", "Drug amount discarded/not administered to any patient"),
    ("GP", "Services delivered under an outpatient physical therapy plan of care"),
    ("GO", "Services delivered under an outpatient occupational therapy plan of care"),
    *((f"{n}", f"Service number {n} of another kind") for n in range(100, 400)),
]


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("capped rental month 9 which modifier", "KJ"),
        ("capped rental 3rd month, what modifier", "KI"),
        ("modifier for right foot second toe", "T6"),
        ("what modifier for left thumb", "FA"),
        ("discarded drug modifier", "JW"),
        ("which modifier for physical therapy", "GP"),
        ("which modifier for a visit", None),
        ("which modifier", None),
    ],
)
def test_modifiers_by_their_titles(text: str, best: str | None) -> None:
    assert next(iter(find_modifiers(text, MODIFIERS)), None) == best


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("which modifier for the left foot", True),
        ("left foot modifier?", True),
        ("modifier for left foot", True),
        ("left foot pain", False),
        ("modifier was denied on left foot", False),
    ],
)
def test_what_asks_for_a_modifier(text: str, asks: bool) -> None:
    assert asks_for_modifier(text) is asks
