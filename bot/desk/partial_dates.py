"""Reads dates as people say them: in FY2025, yesterday, last Oct, 10/1, in 2020, March 2026.

Each leads to one day: the first of a month, a year or a fiscal year that is over, and today in one
that is not. A day without a year is the last such day until today. The federal fiscal year begins
on 1 October of the year before, and with it an edition of ICD-10-CM and ICD-10-PCS.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from codesets import months
from index.text.resources import read_words

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Partial:
    """A date that is not written in full.

    - `start`, `end`: its place in the text, with the words before it that belong to it.
    - `day`: the day that it leads to; None where there is no such day.
    - `of_service`: whether it is the date of the service; else it tells of a history.
    """

    start: int
    end: int
    day: dt.date | None
    of_service: bool


# From a match and today to a day. Each raises ValueError for a day that does not exist.


def _fiscal_year(match: re.Match[str], today: dt.date) -> dt.date:
    year = 2000 + int(match["year"][-2:])
    if match["april"]:
        return dt.date(year, 4, 1)
    return _in_period(dt.date(year - 1, 10, 1), dt.date(year, 9, 30), today)


def _year(match: re.Match[str], today: dt.date) -> dt.date:
    year = int(match["year"])
    return _in_period(dt.date(year, 1, 1), dt.date(year, 12, 31), today)


def _quarter(match: re.Match[str], today: dt.date) -> dt.date:
    first = dt.date(int(match["year"]), months.quarter_start(int(match["quarter"])), 1)
    return _in_period(first, _end_of(first.replace(month=first.month + 2)), today)


def _month_of_year(match: re.Match[str], today: dt.date) -> dt.date:
    first = dt.date(2000 + int(match["year"][-2:]), _month_number(match), 1)
    return _in_period(first, _end_of(first), today)


def _nearest_month(match: re.Match[str], today: dt.date) -> dt.date:
    number, when = months.number(match["month"]), match["when"].lower()
    year = today.year
    if when == "next":
        year += number <= today.month
    elif when != "this":
        # "Last April" is the last one that is over.
        year -= number >= today.month
    first = dt.date(year, number, 1)
    return _in_period(first, _end_of(first), today)


def _last_month(match: re.Match[str], today: dt.date) -> dt.date:
    number = months.number(match["month"])
    first = dt.date(today.year - (number > today.month), number, 1)
    return _in_period(first, _end_of(first), today)


def _day_of_month(match: re.Match[str], today: dt.date) -> dt.date:
    month, day = _month_number(match), int(match["day"])
    dt.date(2000, month, day)  # 2000 has every day that a year may have.
    year = today.year
    while not _exists(year, month, day) or dt.date(year, month, day) > today:
        year -= 1
    return dt.date(year, month, day)


_NAMED = {"today": 0, "yesterday": -1, "tomorrow": 1, "day before yesterday": -2}


def named_day(name: str, today: dt.date) -> dt.date:
    """The day that a word such as yesterday names. Raises KeyError for any other word."""
    return today + _NAMED[" ".join(name.lower().split())] * _DAY


def _named_day(match: re.Match[str], today: dt.date) -> dt.date:
    return named_day(match["named"], today)


def _weekday(match: re.Match[str], today: dt.date) -> dt.date:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    ahead = (names.index(match["weekday"][:3].lower()) - today.weekday()) % 7
    if (match["when"] or "").lower() == "next":
        return today + (ahead or 7) * _DAY
    return today + (ahead - 7) * _DAY


def _period(match: re.Match[str], today: dt.date) -> dt.date:
    return _away(today, {"this": 0, "next": 1}.get(match["when"].lower(), -1), match["unit"])


def _ago(match: re.Match[str], today: dt.date) -> dt.date:
    count = match["count"].lower()
    return _away(today, -int(count) if count.isdigit() else -1, match["unit"])


def _month_number(match: re.Match[str]) -> int:
    parts = match.groupdict()
    return int(parts["m"]) if "m" in parts else months.number(parts["month"])


def _away(day: dt.date, count: int, unit: str) -> dt.date:
    kind = unit[0].lower()
    if kind in "dw":
        return day + count * (7 if kind == "w" else 1) * _DAY
    month = day.month - 1 + count * {"m": 1, "q": 3, "y": 12}[kind]
    first = dt.date(day.year + month // 12, month % 12 + 1, 1)
    return min(first + (day.day - 1) * _DAY, _end_of(first))


def _in_period(first: dt.date, last: dt.date, today: dt.date) -> dt.date:
    """Today if it is in the period, else the first day of the period."""
    return today if first <= today <= last else first


def _end_of(month: dt.date) -> dt.date:
    return dt.date(month.year + month.month // 12, month.month % 12 + 1, 1) - _DAY


def _exists(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


# The forms

#: What a form needs to be a date of service. anything: nothing. cue: a word before it that belongs
#: to a service ("seen 10/1"), or a question about codes; "5/10" alone may be a rating of pain, and
#: "3 days ago" tells when an illness began. month: that the month is no other word.
_Needs = Literal["anything", "cue", "month"]

_YEAR = r"(?P<year>20\d\d)(?![\d/.-]*\d)"
_MONTH = rf"(?P<month>{months.MONTH})\b\.?"
_NTH = r"(?P<day>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_M = r"(?P<m>0?[1-9]|1[0-2])"
_WHEN = r"(?P<when>last|this\s+past|past|this|next|prior|previous)"
_UNIT = r"(?P<unit>days?|weeks?|wks?|months?|quarters?|years?|yrs?)"
_WEEKDAY = r"(?P<weekday>(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
_AMOUNT = (
    r"(?!\s*(?:of|tabs?|tablets?|pills?|doses?|vials?|packs?|ppd|strength|power|scale|pain"
    r"|cups?)\b)"
)

#: Each form in any case, how it is read, and what it needs.
_FORMS: list[tuple[str, Callable[[re.Match[str], dt.date], dt.date], _Needs]] = [
    (
        r"\b(?:fy|fiscal\s+(?:year|yr))\s*'?(?P<year>20\d\d|\d\d)(?!\d)(?P<april>-April)?",
        _fiscal_year,
        "anything",
    ),
    (rf"\bq(?P<quarter>[1-4])\s*(?:of\s+)?{_YEAR}", _quarter, "anything"),
    (
        rf"\b(?P<quarter>[1-4])(?:st|nd|rd|th)\s+quarter\s+(?:of\s+)?{_YEAR}",
        _quarter,
        "anything",
    ),
    (rf"\b{_MONTH},?\s*(?:of\s+)?(?P<year>20\d\d|'\d\d)(?!\d)", _month_of_year, "anything"),
    (rf"(?<![\d/]){_M}/{_YEAR}", _month_of_year, "cue"),
    (r"(?<![\d/-])(?P<year>20\d\d)-(?P<m>0[1-9]|1[0-2])(?![\d-])", _month_of_year, "cue"),
    (rf"\b{_WHEN}\s+{_MONTH}(?!\s+scan)", _nearest_month, "anything"),
    (rf"\b(?:in|dos|during)\s+{_MONTH}(?!\s*['\d])", _last_month, "anything"),
    (rf"\b{_MONTH}\s+(?:the\s+)?{_NTH}(?![\w/])", _day_of_month, "month"),
    (rf"(?<![\w/.]){_NTH}\s+(?:of\s+)?{_MONTH}(?![\w-])", _day_of_month, "month"),
    (rf"(?<![\w/.]){_M}/{_NTH}(?![\w/%.-]*\w){_AMOUNT}", _day_of_month, "cue"),
    (rf"\b(?:in|for|during|dos|cy)\s+{_YEAR}", _year, "anything"),
    (rf"\b{_YEAR}(?=\s+(?:codes?|edition|claims?|dates?|dos|code\s?set)\b)", _year, "anything"),
    (
        r"\b(?P<named>today|day\s+before\s+yesterday|yesterday|tomorrow)(?:'s)?\b",
        _named_day,
        "anything",
    ),
    (rf"\b{_WHEN}\s+{_WEEKDAY}\b", _weekday, "anything"),
    (rf"\b(?P<when>){_WEEKDAY}\b", _weekday, "cue"),
    (rf"\b{_WHEN}\s+{_UNIT}(?:'s)?(?!\w)", _period, "cue"),
    (rf"\b(?P<count>\d{{1,3}}|a|an|one)\s+{_UNIT}\s+ago\b", _ago, "cue"),
]
_COMPILED = [(re.compile(form, re.I), reading, needs) for form, reading, needs in _FORMS]
#: What every form has at least: most questions have none of it, and are read no further.
_ANY = re.compile(
    rf"fy|fiscal|20\d\d|\d/\d|\b{months.MONTH}\b|day\b|tomorrow|\bago\b"
    r"|\b(?:last|past|this|next|prior|previous)\s",
    re.I,
)
#: Words before a date that belong to it.
_BEFORE = re.compile(
    r"(?:\b(?:on|in|dos|date of service|seen|as of|for|dated|from|during|the|of|back|effective|cy"
    r"|billed|starting)\b[:\s]*)+$",
    re.I,
)
_CUE = re.compile(
    r"\b(?:on|dos|date of service|seen|as of|dated|eff(?:ective)?|starting|billed|claims?|visit"
    r"|service|svc|encounter)[:\s]*(?:(?:on|of|from|in)\s+)?$",
    re.I,
)
#: A date before which something began is none of the service.
_ONSET = re.compile(r"\b(?:since|until|till|before|ago)\s*$", re.I)
_CODE = re.compile(
    r"(?<![\w.])(?:[A-Z](?:\d[0-9A-Z]|A\d)(?:\.[0-9A-Z]{1,4})?|[A-V]\d{4}|\d{5})(?![\w.]*\w)", re.I
)
_WORD = re.compile(r"[\w'/]*\w")
_CLAUSE = re.compile(r"[,.;:]\s|\n| - |\bbut\b|\bnow\b", re.I)


def read_partial(text: str, today: dt.date, is_other: Callable[[int], bool]) -> Partial | None:
    """The first date in a text that is not written in full; one of the service before one of a
    history; None if there is none. `is_other` tells of a place in the text whether a date there is
    another one, as that of birth."""
    if not _ANY.search(text):
        return None
    found = sorted(_all(text, today, is_other), key=lambda date: (not date.of_service, date.start))
    return found[0] if found else None


def _all(text: str, today: dt.date, is_other: Callable[[int], bool]) -> Iterator[Partial]:
    about_claims = _has(text, "about_claims")
    about_codes = about_claims or bool(_CODE.search(text))
    for form, reading, needs in _COMPILED:
        for match in form.finditer(text):
            before = text[: match.start()]
            said_so = _CUE.search(before) is not None
            cued = about_codes or said_so
            if is_other(match.start()) or (needs == "cue" and not cued):
                continue
            if needs == "month" and not said_so and not _is_a_month(match):
                continue
            try:
                day = reading(match, today)
            except ValueError:
                day = None
            words = _BEFORE.search(before)
            start = words.start() if words else match.start()
            of_service = said_so or about_claims or not _is_history(text, match, day, today)
            yield Partial(start, match.end(), day, of_service)


def _is_a_month(match: re.Match[str]) -> bool:
    """Whether a month cannot be another word: "OCT" is a scan, and "may" a verb."""
    month = match["month"].rstrip(".")
    if month.lower() in ("may", "march", "mar", "dec"):
        return month[0].isupper()
    return month != "OCT" or match.string.isupper()


def _is_history(text: str, match: re.Match[str], day: dt.date | None, today: dt.date) -> bool:
    """Whether the clause of a date tells of what was, or of when an illness began. "Today" is
    never history."""
    if match[0].lower().startswith("today"):
        return False
    if _ONSET.search(text[: match.start()]):
        return True
    start = max((m.end() for m in _CLAUSE.finditer(text, 0, match.start())), default=0)
    after = _CLAUSE.search(text, match.end())
    rest = text[match.end() : after.start() if after else len(text)]
    clause = f"{text[start : match.start()]} {rest}"
    is_long_ago = day is not None and (today - day).days > 365
    return _has(clause, "history") or (is_long_ago and _has(clause, "long_ago"))


def _has(text: str, name: str) -> bool:
    words, endings = _list(name)
    said = _WORD.findall(text.lower())
    return any(word in words or word.endswith(endings) for word in said)


@cache
def _list(name: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The words and the endings of a list of prompts/intents/dates.toml."""
    listed = read_words("dates")[name].split()
    endings = tuple(word[1:] for word in listed if word.startswith("-"))
    return frozenset(word for word in listed if not word.startswith("-")), endings
