"""Which encounter of an injury a message tells of: "2nd visit", "back for a recheck"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.desk.follow_ups import phrases
from index.text.encounter import read_encounter

_COUNT = r"(?:\d+|two|three|four|six|eight|few|couple)"
#: Care after active treatment (Official Guidelines I.C.19.a), beside the words of the list.
_LATER = re.compile(
    rf"(?i)\b(?:(?:2nd|3rd|4th|second|third|fourth|another|repeat|return|next|last)\s+"
    rf"(?:time|visit|appt|appointment|encounter|check|session)"
    rf"|visits?\s*#?\s*[2-9]|back\s+(?:\S+\s+)?{_COUNT}\s+(?:days?|wks?|weeks?|mos?|months?)"
    rf"|{_COUNT}[\s-](?:day|wk|week|mo|month|yr)s?\s+(?:later|post|check|visit|after|s/p))\b"
)
_PRONOUN = re.compile(r"(?i)\s+(?:from|after|because of|due to)\s+(?:it|this|that|the injury|then)$")


def is_injury(codes: Sequence[str]) -> bool:
    """Whether the first of these codes has a seventh character that names an encounter."""
    first = codes[0].replace(".", "") if codes else ""
    return first[:1] in ("S", "T", "M") and len(first) == 7 and first[-1].isalpha()


def tells_of_visit(text: str) -> bool:
    """Whether a text names a visit in the words of visits."""
    return any(
        pattern.search(text)
        for pattern in (_LATER, phrases.anywhere("later_visits"), phrases.anywhere("first_visits"))
    )


def in_terms(clause: str) -> str:
    """A clause about an injury with the term for the encounter it tells of."""
    if clause_is_left := _PRONOUN.sub("", clause):
        if clause_is_left != clause:
            return clause
    if phrases.anywhere("first_visits").search(clause):
        return _put("initial encounter", clause)
    if _LATER.search(clause) or phrases.anywhere("later_visits").search(clause):
        return _put("subsequent encounter", clause)
    return clause


def _put(term: str, clause: str) -> str:
    """The term in place of a clause, with how the bone heals; the clause itself where it says the
    encounter in words that are known."""
    said = read_encounter(clause)
    if said.says and said.healing:
        return f"{term} {clause}"
    return term


def left_by(clause: str) -> str:
    """What an injury left, where a clause says so: "scar" of "scar from it"; "" where it doesn't."""
    left = _PRONOUN.sub("", clause)
    return "" if left == clause else re.sub(r"(?i)^(?:has|have|with|now|having|a|an)\s+", "", left)
