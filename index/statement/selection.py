"""Chooses the codes for the parts of a statement together: one code for several parts where the
books have one that says them all, else one for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.statement.evidence import Group, Weighed
from index.statement.pool import Option

#: From this chance on, a code is reported for its parts.
_LEAST = 0.4
#: The least share of its chance for several parts that a code must have for one to be for this one.
_AS_LIKELY = 0.8


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
    alone = _alone(weighed)
    for each in sorted(weighed, key=lambda w: (-w.chance, len(w.group))):
        if each.chance < least:
            break
        code = each.option.code.code
        # A code that is as likely for fewer parts leaves the others to codes of their own.
        least_alone = _AS_LIKELY * each.chance
        if len(each.group) > 1 and any(alone.get((code, n), 0) >= least_alone for n in each.group):
            continue
        if covered.isdisjoint(each.group):
            chosen.append(Choice(each.option, each.group, each.chance))
            covered |= set(each.group)
    return chosen


def _alone(weighed: Sequence[Weighed]) -> dict[tuple[str, int], float]:
    """The chance of each code for each single part."""
    return {(w.option.code.code, w.group[0]): w.chance for w in weighed if len(w.group) == 1}


def best_of(weighed: Sequence[Weighed]) -> list[Choice]:
    """The likeliest code alone, where nothing else of a statement is coded; [] where none is."""
    best = max(weighed, key=lambda w: w.chance, default=None)
    return [Choice(best.option, best.group, best.chance)] if best else []
