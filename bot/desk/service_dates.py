"""Reads the date of service in a question, as people write dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from codesets import months

#: The first three letters decide, so that "Febuary" is read, too.
_MONTH = rf"(?P<month>{months.MONTH})[a-z]*\.?"

#: Words before a date that belong to it.
_CUE = r"(?:\b(?:on|dos|date of service|seen|as of|for|dated|from)\b[:\s]*)*"

_DATES = [
    re.compile(_CUE + r"(?<!\d)(?P<year>\d{4})-(?P<m>\d{1,2})-(?P<day>\d{1,2})(?!\d)", re.I),
    re.compile(
        _CUE + r"(?<![\d/])(?P<m>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d{2})(?![\d/])", re.I
    ),
    re.compile(
        _CUE + rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b", re.I
    ),
    re.compile(
        _CUE + rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?P<year>\d{{4}})\b", re.I
    ),
]

#: Words before a date of birth.
_BIRTH = re.compile(
    r"\b(?:dob|d\.o\.b|born|birth ?(?:day|date)?|date of birth)\.?(?:\s+(?:is|was|on))*[\s:=(-]*$",
    re.I,
)

#: How many characters before a date are searched for these words.
_NEAR = 40


@dataclass(frozen=True, slots=True)
class ReadDate:
    """The date of service in a text.

    - `rest`: the text without the date.
    - `day`: the date; None where there is none, or where it does not exist.
    - `no_such_day`: a date that does not exist, as typed; else None.
    """

    rest: str
    day: dt.date | None = None
    no_such_day: str | None = None


def is_of_birth(text: str, at: int) -> bool:
    """Whether the date at this place is a date of birth."""
    return _BIRTH.search(text, max(0, at - _NEAR), at) is not None


def read_date(text: str) -> ReadDate:
    """The date of service in a text: the first date that is not a date of birth."""
    for pattern in _DATES:
        dates = (m for m in pattern.finditer(text) if not is_of_birth(text, m.start()))
        match = next(dates, None)
        if match is None:
            continue
        rest = " ".join((text[: match.start()] + " " + text[match.end() :]).split())
        try:
            return ReadDate(rest, _day(match.groupdict()))
        except ValueError:
            return ReadDate(rest, no_such_day=match[0].split()[-1])
    return ReadDate(text)


def _day(parts: Mapping[str, str]) -> dt.date:
    """Raises ValueError for a date that does not exist."""
    month = int(parts["m"]) if "m" in parts else months.number(parts["month"])
    year = int(parts["year"])
    return dt.date(year + 2000 if year < 100 else year, month, int(parts["day"]))
