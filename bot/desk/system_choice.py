"""Chooses the code systems that an answer shows, and in which order.

What the words of a question say (bot/desk/systems.py) and how well the best hits of each system fit
add up to the chance that the system is meant. Where a second system may be meant, its best codes
follow in a group of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.desk.systems import Said
from codesets.model import System
from index.search.searcher import Hit

#: The weights of Evidence in log odds, and the bias of each system, fitted by bench/fit_systems.py.
_SCORE, _COVERAGE, _FIT = 1.44, 1.13, 2.17
_MOST_FIT = 4.0
_BIAS: dict[System, float] = {"icd10cm": 0.0, "hcpcs": 0.83, "icd10pcs": -1.49, "cpt": -1.49}
#: The hits whose words count.
_FIRST = 3

#: The least chance of a system for a group of its own.
_SHOWN = 0.02
#: A system that has these points by the words is shown, however badly its hits fit.
_ASKED = 3.0
_MOST_SYSTEMS = 2
#: The least chance of a second system for doubt about the first one.
_DOUBT = 0.1
#: The number of codes of a second system; of the first one where there is doubt about it.
_OF_A_SECOND, _OF_A_DOUBTFUL = 3, 3
#: The score of the best diagnosis from which on no other system is searched for it.
_SETTLED = 10.0
#: A system with this chance is taken to be the one that is meant.
_SURE = 0.97


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one system. `is_meant`: whether the system is surely the one that is meant;
    `most`: how many of its codes are shown."""

    system: System
    hits: list[int]
    most: int
    is_meant: bool


def chances(points: Mapping[System, float], hits: Sequence[Hit]) -> dict[System, float]:
    """The chance of each system that it is meant, the likeliest first: their sum is 1. `points`:
    what the words say; `hits`: of all systems, the best first."""
    odds = {
        system: points.get(system, 0.0)
        + _BIAS.get(system, 0.0)
        + _SCORE * found.score
        + _COVERAGE * found.coverage
        + _FIT * found.fit
        for system, found in evidence(hits).items()
    }
    highest = max(odds.values(), default=0.0)
    shares = {system: math.exp(value - highest) for system, value in odds.items()}
    total = sum(shares.values())
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return {system: share / total for system, share in ordered}


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well a system's hits fit: the score of the best; the share of the question's words that
    the best of the first hits has (0 to 1); the fit of the best ICD-10-PCS code, 0 to _MOST_FIT."""

    score: float
    coverage: float
    fit: float


def evidence(hits: Sequence[Hit]) -> dict[System, Evidence]:
    """The evidence for each system that has hits. `hits`: of all systems, the best first."""
    by_system: dict[System, list[Hit]] = {}
    for hit in hits:
        by_system.setdefault(hit.system, []).append(hit)
    return {
        system: Evidence(
            own[0].score,
            max(hit.features["question_coverage"] for hit in own[:_FIRST]),
            # The descriptors of CPT do not name axes that a fit could be told by.
            _MOST_FIT if system == "cpt" else min(max(hit.fit for hit in own), _MOST_FIT),
        )
        for system, own in by_system.items()
    }


def is_settled(words: Said | None, hit: Hit) -> bool:
    """Whether `hit`, the best of ICD-10-CM, answers a question so well that no other system needs
    to be searched. Of 1,454 diagnoses, six in ten are settled; of 1,106 supplies and drugs, one in
    200 is lost."""
    return (
        words is not None
        and words.is_of_a_diagnosis
        and hit.system == "icd10cm"
        and hit.score >= _SETTLED
    )


def groups(points: Mapping[System, float], hits: Sequence[Hit], limit: int) -> list[Group]:
    """The groups to show of these hits, the likeliest system first, of at most `limit` codes."""
    likely = chances(points, hits)
    shown = [system for system, chance in likely.items() if chance >= _SHOWN][:_MOST_SYSTEMS]
    asked = [system for system in likely if points.get(system, 0.0) >= _ASKED]
    left_out = [system for system in asked if system not in shown][:1]
    shown = [*shown[: _MOST_SYSTEMS - len(left_out)], *left_out]
    if "icd10pcs" in shown and "cpt" in likely and "cpt" not in shown:
        shown.append("cpt")
    places = {system: [n for n, hit in enumerate(hits) if hit.system == system] for system in shown}
    left, made = limit, []
    for number, system in enumerate(shown):
        if number:
            most = _OF_A_SECOND
        elif len(shown) == 1:
            most = limit
        elif likely[shown[1]] >= _DOUBT or shown[1] in asked:
            most = _OF_A_DOUBTFUL
        else:
            most = max(_OF_A_DOUBTFUL, limit - _OF_A_SECOND)
        most = min(most, left, len(places[system]))
        left -= most
        is_meant = number == 0 and likely[system] >= _SURE
        if most:
            made.append(Group(system, places[system], most, is_meant))
    return made
