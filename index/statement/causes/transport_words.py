"""The vehicles, persons and things on the road that a text names.

The words are in prompts/statements/transport.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from index.statement.causes.cause_words import any_of
from index.statement.model import Span
from index.text.resources import read_text

#: What makes the vehicle after it the other one.
_OTHER_BEFORE = re.compile(
    r"(?:\b(?:by|vs|versus|v|against|into|with|w/|hit|struck|met)\s+|/\s*|another"
    r"\s+|other\s+|oncoming\s+)"
    r"(?:(?:a|an|the|another|other|oncoming|parked|large|moving|passing|speeding|stopped|slow"
    r"|turning|big|small|fast)\s+)*$"
)
#: What makes the vehicle after it the person's own, whatever stands before it.
_OWN_BEFORE = re.compile(
    r"\b(?:driver|passenger|psgr|occupant|rider|operator|riding|driving|drove|rode|rides|fell off"
    r"|fell from|fall from|fall off|fell off of|thrown from|thrown off|ejected from|flipped|crashed"
    r"|wrecked|laid down|rolled|came off|getting (?:on|in|off|out|into)|stepping (?:off|out)"
    r"|climbing (?:in|out|into)|got out|exiting|boarding|alighting)\s+"
    r"(?:of\s+|in\s+|on\s+|from\s+|off\s+)?(?:(?:a|an|the|his|her|their|my|own|moving|restrained)"
    r"\s+)*$"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A vehicle, person or thing on the road: its name in the table, the words for it, and whether
    they make it what the injured person's vehicle met."""

    kind: str
    span: Span
    is_other: bool


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(read_text("statements", "transport.toml"))


@cache
def pattern(section: str, name: str) -> re.Pattern[str]:
    """The words of a section of the table as a pattern."""
    return any_of(_table()[section][name])


def vehicles() -> dict[str, dict[str, str]]:
    """The vehicles of the table, by name."""
    kinds: dict[str, dict[str, str]] = _table()["vehicles"]
    return kinds


@cache
def _vehicle_pattern() -> re.Pattern[str]:
    kinds = vehicles()
    each = {" ".join(w.split()): kind for kind in kinds for w in kinds[kind]["words"].splitlines()}
    words = "|".join(re.escape(w).replace(r"\ ", " ") for w in sorted(each, key=len, reverse=True))
    return re.compile(rf"(?<![\w'-])(?:{words})(?![\w'-])")


@cache
def _kind_of() -> dict[str, str]:
    kinds = vehicles()
    return {w: kind for kind in kinds for w in kinds[kind]["words"].splitlines()}


#: Words with a vehicle in them that are none.
_NOT_A_VEHICLE = re.compile(
    r"\b(?:car seat|carseat|car door|car window|exercise bike|stationary bike|car sick\w*"
    r"|bike rack|bike pump|auto ?immune|water ?cycle|wall ?cycle"
    r"|hit (?:a |the )?wall|punched|door|in car seat|(?:truck|pickup) bed|tailgate|flatbed"
    r"|back of (?:a |the |his |her )?(?:parked )?(?:truck|pickup|trailer)"
    r"|(?:fell|fall|falling|jumped) (?:off|from|out of) (?:a |the |his |her )?parked \w+)\b"
)


def mentions(text: str) -> Iterator[Mention]:
    """What a folded text names, in order."""
    for match in _vehicle_pattern().finditer(text):
        around = _NOT_A_VEHICLE.search(text, max(0, match.start() - 24), match.end() + 9)
        if around and around.start() <= match.start() < around.end():
            continue
        before = text[: match.start()]
        kind = _kind_of()[match[0]]
        own = _OWN_BEFORE.search(before)
        other = bool(_OTHER_BEFORE.search(before)) and not own
        if not other and not vehicles()[kind]["own"] and kind != "vehicle":
            continue  # a wall or a deer that nothing ran into
        yield Mention(kind, Span(match.start(), match.end()), other)


def merged(spans: list[Span], text: str) -> Iterator[Span]:
    """Spans in order, those that only blanks and small words part made one."""
    last: Span | None = None
    for span in sorted(set(spans)):
        if last is None:
            last = span
        elif span.start <= last.end or re.fullmatch(
            r"\W*(?:(?:a|an|the|by|of|in|on|his|her|their|was|got|and|with|w/|another|from|off|to"
            r"|other|into|vs|v|while|when|who)\b\W*)*",
            text[last.end : span.start],
        ):
            last = Span(last.start, max(last.end, span.end))
        else:
            yield last
            last = span
    if last:
        yield last
