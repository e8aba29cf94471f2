"""How sure a hit is, and whether a question should be declined.

Two logistic models, both fitted by `bench/fit_confidence.py`: the chance that a hit is right, and
the chance that a question is one about codes. docs/EVALUATION.md has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from index.search.searcher import Found, Hit
from index.text.tokens import essential, read

#: An ICD-10-PCS code with this many points (Procedures.fit) has both the operation and the body
#: part that the question names.
_AXES_AGREE = 2.9

#: Bias and weights (log odds a unit) of the chance that a hit is right.
_RIGHT_BIAS = -3.21
_RIGHT = {
    "title": 0.20,
    "lexical": 0.42,
    "exact": -0.46,
    "question_coverage": 0.53,
    "title_coverage": 0.28,
    "inherited": 0.17,
    "unspecified": -0.71,
    "margin": 1.30,
    "score": 0.28,
    "entry": -0.54,
}
#: The least chance for "high" and for "medium".
_HIGH, _MEDIUM = 0.88, 0.5

#: Bias and weights (log odds a unit) of the chance that a question is one about codes.
_QUESTION_BIAS = -4.21
_QUESTION = {
    "near": 2.35,
    "off_topic": -1.35,
    "question_coverage": 1.75,
    "text_coverage": 0.74,
    "exact": 1.0,
    "known": 1.79,
    "ours": 0.75,
    "shorthand": 1.55,
    "phrase": 1.46,
}
#: The least chance for an answer, and the least where the question names a code system.
_LEAST_CHANCE, _LEAST_CHANCE_OF_A_SYSTEM = 0.16, 0.04
#: From this cosine to an off-topic example on, a question is that example in other words.
_SAME_AS_EXAMPLE = 0.9

#: The number of stems from which on a phrase cannot be in a question by chance.
_LONG_PHRASE = 3

Confidence = Literal["high", "medium", "low"]


def fits(found: Found, *, of_a_system: bool = False) -> bool:
    """Whether the hits should be shown: whether the question is one about codes. That is likelier
    where the question names a code system (`of_a_system`)."""
    if not found.hits:
        return False
    if found.hits[0].fit >= _AXES_AGREE:
        return True
    if found.off_topic >= _SAME_AS_EXAMPLE:
        return False
    evidence = question_evidence(found)
    if of_a_system:
        return _chance(evidence, _QUESTION_BIAS, _QUESTION) >= _LEAST_CHANCE_OF_A_SYSTEM
    if evidence["off_topic"] > evidence["near"] and not evidence["exact"]:
        return False  # it is nearer to small talk than to any text of the code sets
    return _chance(evidence, _QUESTION_BIAS, _QUESTION) >= _LEAST_CHANCE


def question_evidence(found: Found) -> dict[str, float]:
    """The evidence that a question is one about codes, by the names of `_QUESTION`: the cosine of
    the nearest text (`near`); the largest of some features among the first three hits; the rest
    are attributes of Found and Query."""
    first = found.hits[:3]

    def most(feature: str) -> float:
        return max((hit.features[feature] for hit in first), default=0.0)

    return {
        "near": max((hit.similarity for hit in found.hits), default=0.0),
        "off_topic": found.off_topic,
        "question_coverage": most("question_coverage"),
        "text_coverage": most("text_coverage"),
        "exact": most("exact"),
        "known": found.known,
        "ours": found.ours,
        "phrase": _phrase(found, first),
        "shorthand": found.query.shorthand,
    }


def _phrase(found: Found, first: Sequence[Hit]) -> float:
    """How many stems the longest text of these hits has that is wholly in the question, as a share
    of _LONG_PHRASE, 0 to 1. Small talk has a word of a title by chance, and seldom a whole name."""
    asked = frozenset().union(*(reading.affirmed for reading in found.query.readings))
    cores = (read(essential(text)).affirmed for hit in first for text in hit.matched)
    longest = max((len(core) for core in cores if core <= asked), default=0)
    return min(longest, _LONG_PHRASE) / _LONG_PHRASE


def chance(hits: Sequence[Hit], at: int) -> float:
    """The chance that the hit at place `at` is right, 0 to 1."""
    return _chance(hit_evidence(hits, at), _RIGHT_BIAS, _RIGHT)


def level(right: float) -> Confidence:
    """A chance, 0 to 1, as high, medium or low."""
    return "high" if right >= _HIGH else "medium" if right >= _MEDIUM else "low"


def confidence(hits: Sequence[Hit], at: int) -> Confidence:
    """The confidence of the hit at place `at`: a high, medium or low chance that it is right."""
    right = chance(hits, at)
    if right >= _HIGH and at == 0:  # only one of them can be right at rank 1
        return "high"
    return "medium" if right >= _MEDIUM else "low"


def hit_evidence(hits: Sequence[Hit], at: int) -> dict[str, float]:
    """The evidence that the hit at place `at` is right: its features, its score, and its margin
    over the best of the other hits (negative where that one is better)."""
    hit = hits[at]
    rival = max((h.score for n, h in enumerate(hits) if n != at), default=0.0)
    return hit.features | {"margin": hit.score - rival, "score": hit.score}


def _chance(evidence: Mapping[str, float], bias: float, weights: Mapping[str, float]) -> float:
    total = bias + sum(weight * evidence[name] for name, weight in weights.items())
    return 1 / (1 + math.exp(-total))
