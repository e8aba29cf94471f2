"""Codes that a spreadsheet has changed: into a number in scientific notation, into a date, or by
taking away the zeros that they begin with."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from codesets import months

Damage = Literal["number", "date"]

#: 02700E6, whose E looks like an exponent, and numbers of eleven digits: 2.70E+09, 5.55E+10.
_NUMBER = re.compile(r"(?<![\w.])\d(?:\.\d+)?E[+-]?\d{1,3}(?![\w.])", re.I)
#: Mar-15, 15-Mar: as spreadsheets write a day and a month.
_DATE = re.compile(
    rf"(?<![\w-])(?:{months.MONTH}-\d{{1,2}}|\d{{1,2}}-{months.MONTH})(?![\w-])", re.I
)
_SHORTENED = re.compile(r"\d{3,6}|[0-9A-HJ-NP-Z]{6}")


def numbers(text: str) -> list[str]:
    """The numbers in scientific notation in a text, with their sign or their point."""
    return [n[0].upper() for n in _NUMBER.finditer(text) if re.search(r"[.+-]", n[0])]


def without_numbers(text: str) -> str:
    return _NUMBER.sub(" ", text)


def date_in(text: str) -> str | None:
    """A day and a month in a spreadsheet's way in a text; None if there is none."""
    found = _DATE.search(text)
    return found and found[0]


def without_dates(text: str) -> str:
    return _DATE.sub(" ", text)


def with_its_zeros(typed: str, is_loaded: Callable[[str], object]) -> str | None:
    """The ICD-10-PCS code, of seven characters, that has lost the zeros that it begins with; None
    if no loaded release has it.

    >>> with_its_zeros("16070", {"0016070"}.__contains__)
    '0016070'
    """
    if not _SHORTENED.fullmatch(typed) or not any(c.isdigit() for c in typed):
        return None
    code = typed.rjust(7, "0")
    return code if is_loaded(code) else None
