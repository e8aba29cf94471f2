"""The name of a condition in a question that adds a side or a part of the body to it: "plantar
fasciitis right foot", "lymphedema right arm".

Where no title has both, titles with the side and the part of anything else are near to such a
question: "Pain in right arm". The question is searched by the bare name too, then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from index.text.attributes import HOLLOW, SIDE
from index.text.sides import PAIRED
from index.text.tokens import STOPWORDS, read

if TYPE_CHECKING:
    from index.search.searcher import Hit

_PART = re.compile(rf"(?:{PAIRED}|sides?|extremity|limbs?|big|great)")
_SIDES = frozenset().union(*SIDE.values.values())
#: The best hit knows the question from this share of its words on.
_KNOWN = 0.7


def bare_name(spelled_out: str, is_name: Callable[[str], bool]) -> str:
    """The name of a condition that is left without sides and parts of the body; "" where nothing
    is taken away, or what is left is no name."""
    words = spelled_out.split()
    kept = [word for word in words if not _is_place(word)]
    if not kept or len(kept) == len(words):
        return ""
    while kept and kept[-1] in STOPWORDS:
        kept.pop()
    name = " ".join(kept)
    return name if name and is_name(name) else ""


def _is_place(word: str) -> bool:
    return bool(_PART.fullmatch(word) or read(word).affirmed & _SIDES)


def misses(name: str, hits: Sequence[Hit]) -> bool:
    """Whether the best hit has not all words of a name."""
    if not hits or hits[0].features["question_coverage"] >= _KNOWN:
        return False
    best = hits[0]
    said = read(" ".join((best.title, *best.matched))).stems
    return bool(read(name).affirmed - HOLLOW - said)


def tells_more(hits: Sequence[Hit]) -> bool:
    """Whether the best hit by a bare name may take the place of one with the side: no symptom, and
    no unspecified code but one of which the side chooses a sibling."""
    best = next((hit for hit in hits if hit.system == "icd10cm"), None)
    if best is None or best.code[0] == "R":
        return False
    return bool(best.siblings) or not best.features["unspecified"]
