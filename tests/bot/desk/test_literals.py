"""Codes are found as typed without a pattern for each, and as a pattern would find them."""

from __future__ import annotations

import re

import pytest

from bot.desk.literals import put

BEGINS, ENDS = re.compile(r"(?<![\w.])"), re.compile(r"(?!\w|\.\w)")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("E11.9, then e11.9?", "E11.9"),
        ("E11.90 and E11.9.", "E11.9"),
        ("XE11.9 E11.9x E11.9", "E11.9"),
        ("", "I10"),
        ("I10I10 I10", "I10"),
        ("11111", "11"),
        ("caf\u00e9 I10 \u2013 i10", "I10"),
        ("\u0130I10 \u0131 I10", "I10"),  # a letter that is two when it is small
        ("\u212a21.9 and K21.9", "K21.9"),  # the sign for Kelvin
        ("\u017f72 S72", "S72"),
        ("nothing", "I10"),
    ],
)
def test_a_code_is_put_out_where_a_pattern_finds_it(text: str, code: str) -> None:
    literal = re.escape(code)
    assert put(text, code, "\u00a7") == re.sub(literal, "\u00a7", text, flags=re.I)
    bounded = rf"(?<![\w.]){literal}(?!\w|\.\w)"
    expected = re.sub(bounded, "\u00a7", text, flags=re.I)
    assert put(text, code, "\u00a7", behind=BEGINS, ahead=ENDS) == expected


def test_nothing_typed_is_nowhere() -> None:
    assert put("I10", "", "\u00a7") == "I10"
