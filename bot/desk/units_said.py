"""How many units of a code a text gives: "J3301 x 30", "J3301-RT x4", "30 units of J3301"; and with
which modifiers: "20610-50", "20610 RT LT".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.desk.code_mentions import CodeMention

#: The most digits that a number of units has.
_NUMBER = r"(?P<units>\d{1,3}(?:,\d{3})+|\d{1,6})(?![\d.]|[,/]\d)"
#: A number with one of these behind it is a dose and no number of units.
_NO_DOSE = r"(?!\s*(?:mg|mcg|gm?|ml|mls|cc|iu|meq|kg|%|mill?ion|vials?|mg/|x\d)\b)"
_UNITS = r"(?:billing\s+)?units?"
_MODIFIERS = r"(?:[\s,-]{0,2}(?=[A-Z\d]{2}\b)(?=\w*[A-Z])[A-Z\d]{2})*"
#: The numbers of the three forms: "x 30", "30 units", "30 units of".
_TIMES = re.compile(rf"(?:x|\u00d7|\*|qty|quantity|units?)\W{{0,3}}{_NUMBER}", re.I)
_COUNTED = re.compile(rf"{_NUMBER}\s*{_UNITS}\b", re.I)
_BEFORE = re.compile(rf"{_NUMBER}\s*(?:x\s*|{_UNITS}\s+(?:of\s+)?)", re.I)


def units_said(text: str, codes: Sequence[str]) -> dict[str, int]:
    """Code -> the units of it that the text gives, for those of `codes` (as typed) that have
    some; the first number counts where a code has several.

    >>> units_said("J3301 x 30 units ok? and J1885-RT x4", ["J3301", "J1885"])
    {'J3301': 30, 'J1885': 4}
    >>> units_said("12 units of J0585, J1885 60 mg", ["J0585", "J1885"])
    {'J0585': 12}
    """
    found: dict[str, int] = {}
    # Patterns for each code are made only where the text has such a form at all.
    times, counted, before = (form.search(text) for form in (_TIMES, _COUNTED, _BEFORE))
    for code in codes if times or counted or before else ():
        name = rf"(?<![\w.-]){re.escape(code)}\b"
        forms = (
            rf"{name}{_MODIFIERS}\W{{0,3}}{_TIMES.pattern}{_NO_DOSE}" if times else "",
            rf"{name}{_MODIFIERS}\W{{1,3}}{_COUNTED.pattern}" if counted else "",
            rf"{_BEFORE.pattern}{name}" if before else "",
        )
        for form in filter(None, forms):
            if match := re.search(form, text, re.I):
                found[code] = int(match["units"].replace(",", ""))
                break
    return found


#: CPT's modifiers that are numbers; others of two digits may be a number of units.
_NUMBERS = "2[2-7]|3[23]|47|5[0-9]|62|66|7[36-9]|8[0-2]|9[0-25-79]"
_ONE = (
    rf"(?:(?:{_NUMBERS})(?!\s*(?:units?|mg|ml|u)\b)|(?!OF|OK|ON|OR|IS|IN|WE|MY|DX)[A-Z][A-Z0-9])\b"
)
_WITH = r"(?:(?:-|\s+)(?:w/\s*|with\s+)?(?:mods?\.?\s+|modifiers?\s+)?)"
_A_MODIFIER = re.compile(rf"{_WITH}{_ONE}")


def modifiers_said(text: str, codes: Iterable[str]) -> dict[str, list[str]]:
    """Code -> the modifiers that stand behind it, for those of `codes` (as typed) that have some.

    >>> modifiers_said("20610-50 and J3301 x 4, 73030 RT LT", ["20610", "J3301", "73030"])
    {'20610': ['50'], '73030': ['RT', 'LT']}
    """
    found: dict[str, list[str]] = {}
    for code in codes if _A_MODIFIER.search(text) else ():
        pattern = rf"(?<![\w.-])(?i:{re.escape(code)})((?:{_WITH}{_ONE}(?:\s*,\s*(?={_ONE}))?)+)"
        if match := re.search(pattern, text):
            found[code] = re.findall(rf"\b{_ONE}", match[1])
    return found


def billed_with(
    text: str, mentions: Iterable[CodeMention]
) -> tuple[dict[str, int], dict[str, list[str]]]:
    """The units and the modifiers that a text gives the codes that it names, by the code as
    published."""
    as_published = {mention.typed: mention.code for mention in mentions}
    units, modifiers = units_said(text, list(as_published)), modifiers_said(text, as_published)
    return (
        {as_published[typed]: number for typed, number in units.items()},
        {as_published[typed]: names for typed, names in modifiers.items()},
    )
