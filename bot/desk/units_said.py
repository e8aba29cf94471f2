"""How many units of a code a text gives: "J3301 x 30", "J3301-RT x4", "30 units of J3301"."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: The most digits that a number of units has.
_NUMBER = r"(?P<units>\d{1,3}(?:,\d{3})+|\d{1,6})(?![\d.]|[,/]\d)"
#: A number with one of these behind it is a dose and no number of units.
_NO_DOSE = r"(?!\s*(?:mg|mcg|gm?|ml|mls|cc|iu|meq|kg|%|mill?ion|vials?|mg/|x\d)\b)"
_UNITS = r"(?:billing\s+)?units?"
_MODIFIERS = r"(?:[\s,-]{0,2}(?=[A-Z\d]{2}\b)(?=\w*[A-Z])[A-Z\d]{2})*"


def units_said(text: str, codes: Sequence[str]) -> dict[str, int]:
    """Code -> the units of it that the text gives, for those of `codes` (as typed) that have
    some; the first number counts where a code has several.

    >>> units_said("J3301 x 30 units ok? and J1885-RT x4", ["J3301", "J1885"])
    {'J3301': 30, 'J1885': 4}
    >>> units_said("12 units of J0585, J1885 60 mg", ["J0585", "J1885"])
    {'J0585': 12}
    """
    found: dict[str, int] = {}
    for code in codes:
        name = rf"(?<![\w.-]){re.escape(code)}\b"
        forms = (
            rf"{name}{_MODIFIERS}\W{{0,3}}(?:x|\u00d7|\*|qty|quantity|units?)\W{{0,3}}{_NUMBER}{_NO_DOSE}",
            rf"{name}{_MODIFIERS}\W{{1,3}}{_NUMBER}\s*{_UNITS}\b",
            rf"{_NUMBER}\s*(?:x\s*|{_UNITS}\s+(?:of\s+)?){name}",
        )
        for form in forms:
            if match := re.search(form, text, re.I):
                found[code] = int(match["units"].replace(",", ""))
                break
    return found
