"""Reads the date of service in a question, as people write dates.

A full date comes first; bot/desk/partial_dates.py reads the others ("last Oct"). Of several full
dates the first counts, or that of the discharge: by it the edition is chosen for a stay in a
hospital (ICD-10-CM Official Guidelines, Section II, and the IPPS final rule of each year).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.desk.partial_dates import named_day, read_partial
from codesets import months

#: The first three letters decide, so that "Febuary" is read, too.
_MONTH = rf"(?P<month>{months.MONTH})[a-z]*\.?"

#: Words before a date that belong to it.
_CUE = r"(?:\b(?:on|dos|date of service|seen|as of|for|dated|from)\b[:\s]*)*"

_DATES = [
    re.compile(form, re.I)
    for form in (
        _CUE + r"(?<!\d)(?P<year>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)",
        _CUE + r"(?<![\d/])(?P<m>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d{2})(?![\d/])",
        _CUE + r"(?<![\w.-])(?P<m>\d{1,2})-(?P<day>\d{1,2})-(?P<year>20\d{2}|\d{2})(?![\w-])",
        _CUE + r"(?<![\w.-])(?P<m>\d{1,2})\.(?P<day>\d{1,2})\.(?P<year>20\d{2})(?![\w.])",
        r"\b(?:dos|d8|date of service)[*:\s]+(?P<year>20\d\d)(?P<m>\d\d)(?P<day>\d\d)(?!\d)",
        _CUE + rf"\b{_MONTH}[\s-]+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[\s-]+(?P<year>\d{{4}})\b",
        _CUE + rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+(?:of\s+)?{_MONTH},?[\s-]+"
        r"(?P<year>\d{4})\b",
    )
]

#: Words before a date of birth.
_BIRTH = re.compile(
    r"\b(?:dob|d\.o\.b|born|birth ?(?:day|date)?|date of birth)\.?(?:\s+(?:is|was|on))*[\s:=(-]*$",
    re.I,
)

#: How many characters before a date are searched for these words.
_NEAR = 40


DateRead = Literal["partial", "history", "several"]


@dataclass(frozen=True, slots=True)
class ReadDate:
    """The date of service in a text.

    - `rest`: the text without the date.
    - `day`: the date; None where there is none, or where it does not exist.
    - `no_such_day`: a date that does not exist, as typed; else None.
    - `must_be_said`: partial: `day` was chosen, because the date was not written in full. history:
      a date that was not written in full tells of a history, and is in `rest`. several: there are
      other full dates. None: nothing.
    """

    rest: str
    day: dt.date | None = None
    no_such_day: str | None = None
    must_be_said: DateRead | None = None

    @property
    def partial(self) -> bool:
        return self.must_be_said == "partial"


def is_of_birth(text: str, at: int) -> bool:
    """Whether the date at this place is a date of birth."""
    return _BIRTH.search(text, max(0, at - _NEAR), at) is not None


def read_date(text: str, today: dt.date | None = None) -> ReadDate:
    """The date of service in a text: the first date that is not a date of birth. `today`: what
    dates without a year are relative to; None for the day that it is."""
    found = sorted(
        (
            match
            for pattern in (_DATES if re.search(r"\d\d", text) else ())
            for match in pattern.finditer(text)
            if not is_of_birth(text, match.start())
        ),
        key=lambda match: match.start(),
    )
    if not found:
        return _partial(text, today or dt.date.today())
    match = next((m for m in found if _DISCHARGE.search(text, 0, m.start())), found[0])
    rest = _without(text, match.start(), match.end())
    try:
        day = _day(match.groupdict())
    except ValueError:
        return ReadDate(rest, no_such_day=match[0].split()[-1])
    several = len({_digits(m) for m in found}) > 1
    return ReadDate(rest, day, must_be_said="several" if several else None)


class NoSuchDay(ValueError):
    """A date is written in a form that is read, and the calendar does not have it."""


def whole_date(text: str, today: dt.date | None = None) -> dt.date:
    """The day of a text that is nothing but a date in full, today, yesterday or tomorrow. Raises
    NoSuchDay for a date that does not exist, and ValueError for any other text."""
    text = text.strip()
    for form in _DATES:
        if match := form.fullmatch(text):
            try:
                return _day(match.groupdict())
            except ValueError as error:
                raise NoSuchDay(text) from error
    try:
        return named_day(text, today or dt.date.today())
    except KeyError as error:
        raise ValueError(text) from error


#: Words before the date of a discharge.
_DISCHARGE = re.compile(
    r"\b(?:d/c(?:'?d|ed)?|dc'?d?|dismissed|discharged?)(?:\s+(?:on|date))*[\s:]*$", re.I
)


def _partial(text: str, today: dt.date) -> ReadDate:
    date = read_partial(text, today, lambda at: is_of_birth(text, at))
    if date is None:
        return ReadDate(text)
    if not date.of_service:
        return ReadDate(text, must_be_said="history")
    rest, said = _without(text, date.start, date.end), text[date.start : date.end]
    if date.day is None:
        return ReadDate(rest, no_such_day=said.split()[-1])
    is_plain = date.day == today and "today" in said.lower()
    return ReadDate(rest, date.day, must_be_said=None if is_plain else "partial")


def _without(text: str, start: int, end: int) -> str:
    return " ".join((text[:start] + " " + text[end:]).split())


def _digits(match: re.Match[str]) -> str:
    return " ".join(sorted(f"{name}{value}" for name, value in match.groupdict().items()))


def _day(parts: Mapping[str, str]) -> dt.date:
    """Raises ValueError for a date that does not exist."""
    month = int(parts["m"]) if "m" in parts else months.number(parts["month"])
    year = int(parts["year"])
    return dt.date(year + 2000 if year < 100 else year, month, int(parts["day"]))
