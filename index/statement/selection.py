"""Chooses the codes for the parts of a statement together: one code for several parts where the
books have one that says them all, else one for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.statement.evidence import Group, Weighed
from index.statement.pool import Option

#: From this chance on, a code is reported for its parts.
_LEAST = 0.35


@dataclass(frozen=True, slots=True)
class Choice:
    """A code for these parts, by number."""

    option: Option
    parts: Group
    chance: float


def choose(weighed: Sequence[Weighed], least: float = _LEAST) -> list[Choice]:
    """The codes that cover the parts, the likeliest first. A part is covered once; a code that
    covers several parts is not beside others for them."""
    chosen: list[Choice] = []
    covered: set[int] = set()
    for each in sorted(weighed, key=lambda w: (-w.chance, len(w.group))):
        if each.chance < least:
            break
        if covered.isdisjoint(each.group):
            chosen.append(Choice(each.option, each.group, each.chance))
            covered |= set(each.group)
    return chosen


def best_of(weighed: Sequence[Weighed]) -> list[Choice]:
    """The likeliest code alone, where nothing else of a statement is coded; [] where none is."""
    best = max(weighed, key=lambda w: w.chance, default=None)
    return [Choice(best.option, best.group, best.chance)] if best else []
