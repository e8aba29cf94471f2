"""The date of service in a question, as people write it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from codesets import months

#: Misspellings too, "Febuary": the first three letters tell.
_MONTH = rf"(?P<month>{months.MONTH})[a-z]*\.?"

#: What may stand before a date and belongs to it.
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

#: Before a date that is none of service.
_BIRTH = re.compile(
    r"\b(?:dob|d\.o\.b|born|birth ?(?:day|date)?|date of birth)\.?(?:\s+(?:is|was|on))*[\s:=(-]*$",
    re.I,
)

#: Characters before a date in which a word says what it is the date of.
_NEAR = 40


@dataclass(frozen=True, slots=True)
class ReadDate:
    """A text and the date of service in it. `rest` is the text without the date; `day` is None
    where there is no date, or no such day, which is then `no_such_day`, as typed."""

    rest: str
    day: dt.date | None = None
    no_such_day: str | None = None


def is_of_birth(text: str, at: int) -> bool:
    """Whether the date that stands there is one of birth, and none of service."""
    return _BIRTH.search(text, max(0, at - _NEAR), at) is not None


def read_date(text: str) -> ReadDate:
    """The date of service that a text tells: the first that is not one of birth."""
    for pattern in _DATES:
        found = pattern.finditer(text)
        match = next((m for m in found if not is_of_birth(text, m.start())), None)
        if match is None:
            continue
        rest = " ".join((text[: match.start()] + " " + text[match.end() :]).split())
        try:
            return ReadDate(rest, _day(match.groupdict()))
        except ValueError:
            return ReadDate(rest, no_such_day=match[0].split()[-1])
    return ReadDate(text)


def _day(parts: Mapping[str, str]) -> dt.date:
    """Raises ValueError where there is no such day."""
    month = int(parts["m"]) if "m" in parts else months.number(parts["month"])
    year = int(parts["year"])
    return dt.date(year + 2000 if year < 100 else year, month, int(parts["day"]))
