"""How sure an answer is, and when it is better to give none.

Chosen on the development half with `codedesk eval`; docs/EVALUATION.md has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from index.search import Found, Hit

_NEAR, _NEAR_ENOUGH_ALONE = 0.44, 0.58
#: How much nearer the code must be than the nearest example of small talk.
_NEARER = 0.05
#: Share of the question's telling words that must be found with the code.
_SAID = 0.3

#: What each piece of evidence says for being right, and where high and medium begin.
_BIAS = -8.8
_EVIDENCE = {
    "similarity": 3.9,
    "asked": 0.14,
    "told": -2.1,
    "margin": 1.64,
    "unasked": 0.78,
    "score": 2.14,
}
_HIGH, _MEDIUM = 0.85, 0.5

Confidence = Literal["high", "medium", "low"]


def fits(found: Found) -> bool:
    """Whether the best hit is near enough to the question to be shown at all."""
    if not found.hits:
        return False
    nearest = max(found.hits, key=lambda hit: hit.similarity)
    if nearest.similarity < _NEAR or found.off_topic > nearest.similarity - _NEARER:
        return False
    # A vector alone may find "how old is the universe" near old age; its words must bear it out.
    said = max(hit.features["asked"] for hit in found.hits[:3])
    return nearest.similarity >= _NEAR_ENOUGH_ALONE or said >= _SAID


def confidence(hits: Sequence[Hit], at: int) -> Confidence:
    """Of the hit at this place: high, medium or low chance that it is the right one."""
    chance = _chance(hits, at)
    if chance >= _HIGH and at == 0:  # only one of them can be right at rank 1
        return "high"
    return "medium" if chance >= _MEDIUM else "low"


def _chance(hits: Sequence[Hit], at: int) -> float:
    """A logistic model of being right at rank 1, fitted on the development half."""
    hit = hits[at]
    rival = max((h.score for n, h in enumerate(hits) if n != at), default=0.0)
    evidence = {
        "similarity": hit.similarity,
        "asked": hit.features["asked"],
        "told": hit.features["told"],
        "unasked": hit.features["unasked"],
        "margin": hit.score - rival,
        "score": hit.score,
    }
    total = _BIAS + sum(_EVIDENCE[name] * value for name, value in evidence.items())
    return 1 / (1 + math.exp(-total))
