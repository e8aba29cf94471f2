"""Finds the ranges of codes that a question names: C81-C96, M60 to M79, E11.0-E11.9, J0120-J9999.

A range is no code. Its ends are read as one only where a loaded release has both, so that "L4-L5"
stays a part of the spine and "E11.9-Z79.4" two codes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.desk.known_codes import Lookup
from codesets.code_format import HCPCS, ICD10CM_CATEGORY
from codesets.model import System

_CM = rf"{ICD10CM_CATEGORY}(?:\.[0-9A-Z]{{1,4}})?"
#: What joins the ends. The second dash is that of a header: S12.0--S12.6.
_JOIN = r"(?:\.?-?\s?(?:--?|[\u2010-\u2015])\s?|\s(?:to|thru|through)\s)"
_RANGE = re.compile(
    rf"(?<![\w.-])(?P<first>{_CM}|{HCPCS}){_JOIN}(?P<last>{_CM}|{HCPCS})(?:\.?-)?(?![\w-]|\.\w)",
    re.I,
)
#: "changed from E11.9 to E11.65" names two codes.
_FROM = re.compile(r"\bfrom\s+$", re.I)


class CodeRangeMention(NamedTuple):
    """A range in a text: as typed, its system, and its ends as published."""

    typed: str
    system: System
    first: str
    last: str

    @property
    def name(self) -> str:
        return f"{self.first}-{self.last}"


def read_ranges(text: str, lookup: Lookup) -> tuple[str, list[CodeRangeMention]]:
    """The text without the ranges that it names, and these, in order."""
    found: list[CodeRangeMention] = []

    def taken(match: re.Match[str]) -> str:
        first, last = match["first"].upper(), match["last"].upper()
        system = _one_system(first, last, lookup)
        from_one_to_another = _FROM.search(text[: match.start()]) and "-" not in match[0]
        if system is None or from_one_to_another or not _spans(first, last, system):
            return match[0]
        found.append(CodeRangeMention(match[0].upper(), system, *sorted((first, last))))
        return " "

    return _RANGE.sub(taken, text), found


def _one_system(first: str, last: str, lookup: Lookup) -> System | None:
    """The system that has both ends as they are; None if none has."""
    systems = [{system for system, form in lookup(end) if form == end} for end in (first, last)]
    return next(iter(systems[0] & systems[1]), None)


def _spans(first: str, last: str, system: System) -> bool:
    """Whether two codes can be the ends of a range: two categories, two codes of one category, or
    two of HCPCS Level II with the same letter."""
    if first == last:
        return False
    if system == "hcpcs":
        return first[0] == last[0]
    return first[:3] == last[:3] or len(first) == len(last) == 3
