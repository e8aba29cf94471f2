"""Which encounter of an injury a message tells of: "2nd visit", "back for a recheck"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.desk.follow_ups import phrases
from bot.desk.follow_ups.message import Message
from index.text.encounter import read_encounter

_COUNT = r"(?:\d+|two|three|four|six|eight|few|couple)"
#: Care after active treatment (Official Guidelines I.C.19.a), beside the words of the list.
_LATER = re.compile(
    rf"(?i)\b(?:(?:2nd|3rd|4th|second|third|fourth|another|repeat|return|next|last)\s+"
    rf"(?:time|visit|appt|appointment|encounter|check|session)"
    rf"|visits?\s*#?\s*[2-9]|back\s+(?:\S+\s+)?{_COUNT}\s+(?:days?|wks?|weeks?|mos?|months?)"
    rf"|{_COUNT}[\s-](?:day|wk|week|mo|month|yr)s?\s+(?:later|post|check|visit|after|s/p))\b"
)
_PRONOUN = re.compile(
    r"(?i)\s+(?:from|after|because of|due to)\s+(?:it|this|that|the injury|then)$"
)


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


def of_visit(message: Message) -> Message:
    """A message after a statement of an injury, with the terms for the encounter it tells of."""
    clauses: list[str] = []
    over = message.over
    for clause in message.clauses:
        if left := left_by(clause):
            clauses, over = [*clauses, left], True
        elif _is_first(clause):
            clauses.append("initial encounter")
        elif tells_of_visit(clause) and not _is_known(clause):
            clauses.append(_later(clause))
        else:
            clauses.append(clause)
    return replace(message, clauses=tuple(dict.fromkeys(clauses)), over=over)


def _is_first(clause: str) -> bool:
    is_past = re.search(r"(?i)\b(?:last|ago|already|yesterday|later)\b", clause)
    first = phrases.anywhere("first_visits").search(clause)
    return first is not None and not is_past and not read_encounter(clause).says


def _is_known(clause: str) -> bool:
    """Whether a clause says a phase in words of an encounter form."""
    said = read_encounter(clause)
    return said.phase is not None and said.phase != "subsequent"


def _later(clause: str) -> str:
    """The term for care after active treatment, with how the bone heals where a clause says it."""
    healing = read_encounter(clause).healing
    healed = {None: "", "routine": ", routine healing", "delayed": ", delayed healing"}
    return "subsequent encounter" + healed.get(healing, f" with {healing}")


def left_by(clause: str) -> str:
    """What an injury left: "scar" of "scar from it"; "" where a clause names nothing so."""
    left = _PRONOUN.sub("", clause)
    return "" if left == clause else re.sub(r"(?i)^(?:has|have|with|now|having|a|an)\s+", "", left)
