"""How sure an answer is, and when it is better to give none.

Two logistic models, fitted by `bench/fit_confidence.py`; docs/EVALUATION.md has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from index.search.searcher import Found, Hit

#: From here on, an ICD-10-PCS title agrees with the operation and the body part that are named.
_AXES_AGREE = 2.9

#: What each piece of evidence says for being right, and where high and medium begin.
_RIGHT_BIAS = -6.19
_RIGHT = {
    "title": 0.29,
    "lexical": 0.61,
    "category": 0.14,
    "exact": -0.77,
    "asked": 0.29,
    "titled": -0.25,
    "inherited": 0.58,
    "unasked": -0.11,
    "unspecified": -0.22,
    "other": -0.18,
    "number": 0.31,
    "denial": 0.07,
    "margin": 1.07,
    "score": 0.64,
}
_HIGH, _MEDIUM = 0.88, 0.5

#: What says that a question is one that codes can answer, and how sure that must be.
_QUESTION_BIAS = -6.01
_QUESTION = {
    "near": 3.34,
    "off_topic": -0.34,
    "asked": 3.69,
    "told": 1.55,
    "exact": 1.11,
    "known": 0.8,
    "ours": 0.41,
    "shorthand": 1.85,
}
_A_QUESTION, _A_QUESTION_OF_A_SYSTEM = 0.3, 0.05
#: From this cosine on, it is one of the examples of small talk in other words.
_SMALL_TALK = 0.9

Confidence = Literal["high", "medium", "low"]


def fits(found: Found, *, of_a_system: bool = False) -> bool:
    """Whether the question is one that its hits can answer, and they should be shown at all. It is
    likelier to be one where whoever asks names the code system (`of_a_system`)."""
    if not found.hits:
        return False
    if found.hits[0].fit >= _AXES_AGREE:
        return True
    if found.off_topic >= _SMALL_TALK:
        return False
    needed = _A_QUESTION_OF_A_SYSTEM if of_a_system else _A_QUESTION
    return _chance(standing(found), _QUESTION_BIAS, _QUESTION) >= needed


def standing(found: Found) -> dict[str, float]:
    """What speaks for and against a question's being one of codes: how near the nearest text is,
    and the nearest example of small talk, and which kind it is more like; what the first three
    hits have of its words, and it of theirs; the share of its words that any text has."""
    first = found.hits[:3]

    def most(feature: str) -> float:
        return max((hit.features[feature] for hit in first), default=0.0)

    return {
        "near": max((hit.similarity for hit in found.hits), default=0.0),
        "off_topic": found.off_topic,
        "asked": most("asked"),
        "told": most("told"),
        "exact": most("exact"),
        "known": found.known,
        "ours": found.ours,
        "shorthand": found.query.shorthand,
    }


def confidence(hits: Sequence[Hit], at: int) -> Confidence:
    """Of the hit at this place: high, medium or low chance that it is the right one."""
    chance = _chance(evidence(hits, at), _RIGHT_BIAS, _RIGHT)
    if chance >= _HIGH and at == 0:  # only one of them can be right at rank 1
        return "high"
    return "medium" if chance >= _MEDIUM else "low"


def evidence(hits: Sequence[Hit], at: int) -> dict[str, float]:
    """What speaks for the hit at this place: its features, its score, and by how much the best of
    the others is behind."""
    hit = hits[at]
    rival = max((h.score for n, h in enumerate(hits) if n != at), default=0.0)
    return hit.features | {"margin": hit.score - rival, "score": hit.score}


def _chance(evidence: Mapping[str, float], bias: float, weights: Mapping[str, float]) -> float:
    total = bias + sum(weight * evidence[name] for name, weight in weights.items())
    return 1 / (1 + math.exp(-total))
