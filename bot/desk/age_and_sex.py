"""The age and the sex of the patient, as a question says them."""

from __future__ import annotations

import re
from typing import Literal

Sex = Literal["F", "M"]

_YEARS = re.compile(
    r"(?<![\w./-])(\d{1,3})\s*-?\s*(?:(?:yo|y/o|y\.o\.?|yrs?|years?|y)(?:[ -]?old)?\s*-?(?=[mf]?\b)"
    r"|(?=[MF]\b))", re.I
)  # fmt: skip
_AGED = re.compile(r"\b(?:age|aged)[: ]+(\d{1,3})\b(?!\s*(?:days?|weeks?|wks?|mos?|months?))", re.I)
_FIRST_YEAR = re.compile(
    r"\b(?:newborn|neonate|\d{1,2}[ -]?(?:days?|weeks?|wks?|mos?|months?|m/o)[ -]old)\b", re.I
)
_FEMALE = re.compile(
    r"\b(?:female|woman|lady|girl)\b|\b\d{1,3}\s*-?\s*(?:yo|y/o|yr|y)?\s*-?f\b", re.I
)
_MALE = re.compile(r"\b(?:male|man|boy)\b|\b\d{1,3}\s*-?\s*(?:yo|y/o|yr|y)?\s*-?m\b", re.I)


def age_said(text: str) -> int | None:
    """The age in whole years; None where the text says none, or more than one.

    >>> age_said("72yo M"), age_said("newborn, 3 days old"), age_said("for 3 days")
    (72, 0, None)
    """
    found = {int(number) for pattern in (_YEARS, _AGED) for number in pattern.findall(text)}
    if _FIRST_YEAR.search(text) and not found:
        return 0
    return found.pop() if len(found) == 1 else None


def sex_said(text: str) -> Sex | None:
    """The sex; None where the text says none, or both.

    >>> sex_said("72yo M"), sex_said("67 y/o female"), sex_said("E11.9")
    ('M', 'F', None)
    """
    said: list[Sex] = [sex for sex, words in (("F", _FEMALE), ("M", _MALE)) if words.search(text)]  # type: ignore[misc]
    return said[0] if len(said) == 1 else None
