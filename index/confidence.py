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

#: From here on, an ICD-10-PCS title agrees with the operation and the body part that are named.
_AXES_AGREE = 2.9

#: What each piece of evidence says for being right, and where high and medium begin.
_BIAS = -6.5
_EVIDENCE = {
    "dense": 1.23,
    "title": 1.12,
    "exact": -0.64,
    "asked": -0.07,
    "told": 0.33,
    "unasked": -0.1,
    "conflicts": -0.58,
    "margin": 1.49,
    "score": 0.89,
}
_HIGH, _MEDIUM = 0.88, 0.5

Confidence = Literal["high", "medium", "low"]


def fits(found: Found) -> bool:
    """Whether the best hit is near enough to the question to be shown at all."""
    if not found.hits:
        return False
    if found.hits[0].fit >= _AXES_AGREE:
        return True
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
    evidence = hit.features | {"margin": hit.score - rival, "score": hit.score}
    total = _BIAS + sum(weight * evidence[name] for name, weight in _EVIDENCE.items())
    return 1 / (1 + math.exp(-total))
