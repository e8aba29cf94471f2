"""How sure an answer is, and when it is better to give none.

Chosen on the development half with `codedesk eval`; docs/EVALUATION.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from index.search import Found, Hit

_NEAR, _NEAR_ENOUGH_ALONE = 0.44, 0.58
#: How much nearer the code must be than the nearest example of small talk.
_NEARER = 0.05
#: Share of the question's telling words that must be found with the code.
_SAID = 0.3

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
    """Of the hit at this place: how well it covers the question, and how far it stands out."""
    hit = hits[at]
    rival = max((h.score for n, h in enumerate(hits) if n != at), default=0.0)
    margin = hit.score - rival
    if hit.similarity >= 0.8 and hit.features["asked"] >= 0.9 and margin >= 0.3:
        return "high"
    if margin >= -0.3 and hit.features["asked"] >= 0.6:
        return "medium"
    return "low"
