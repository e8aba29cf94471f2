"""Beginnings of codes as the tables of prompts/statements write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from codesets.code_format import dot, undot

_RANGE = re.compile(r"([A-Z])(\d\d(?:\.\d+)?)-([A-Z])(\d\d(?:\.\d+)?)")
#: A place of a template: {first}, {first 3}, {second 5th}, {second 4-}.
_PLACE = re.compile(r"\{(first|second)(?: (\d)(th|-)?)?\}")


@lru_cache(maxsize=4096)
def _pattern(beginning: str) -> str:
    """A range of categories or of numbers after the dot: "E08-E13", "I51.4-I51.7"; "#" is any one
    character, "=" at the end allows nothing more."""
    if found := _RANGE.fullmatch(beginning):
        letter, first, _, last = found.groups()
        width = len(undot(first))
        numbers = range(int(undot(first)), int(undot(last)) + 1)
        each = (f"{letter}{number:0{width}d}" for number in numbers)
        return "|".join(re.escape(f"{one[:3]}.{one[3:]}" if width > 2 else one) for one in each)
    pattern = re.escape(beginning.rstrip("=")).replace(r"\#", "[0-9A-Z]")
    # Inside brackets a table may list characters: "F0[123]".
    pattern = re.sub(r"\\\[(.*?)\\\]", lambda one: f"[{one[1].replace(chr(92), '')}]", pattern)
    return pattern + ("$" if beginning.endswith("=") else "")


def pattern(beginnings: Iterable[str]) -> re.Pattern[str]:
    """A pattern that matches the codes with one of these beginnings; no code where none is
    given."""
    return re.compile("|".join(map(_pattern, beginnings)) or r"(?!)")


def fill(template: str, first: str, second: str) -> str:
    """The code that a template makes of two codes. The dot does not count as a character.

    - `{first}`: the whole code. `{first 3}`: its first three characters.
    - `{second 5th}`: its fifth character. `{second 4-}`: from its fourth to its last.

    >>> fill("{first 3}.22", "E11.9", "N18.4")
    'E11.22'
    >>> fill("I83.0{second 5th}{second 4th}", "I83.91", "L97.211")
    'I83.012'
    """
    codes = {"first": undot(first), "second": undot(second)}

    def place(found: re.Match[str]) -> str:
        which, number, how = found.groups()
        code = codes[which]
        if not number:
            return code
        at = int(number)
        return code[at - 1 : at] if how == "th" else code[at - 1 :] if how else code[:at]

    return dot(undot(_PLACE.sub(place, template)))
