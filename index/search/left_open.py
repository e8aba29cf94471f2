"""What a question leaves open that would change the code, as the name of the message that asks for
it: "ask.side", "desk.ask_encounter"."""

from __future__ import annotations

from collections.abc import Sequence

from codesets.model import Code
from index.search.searcher import Hit, Query
from index.text.attributes import AXES, CIRCUMSTANCES
from index.text.encounter import read_encounter
from index.text.tokens import read

#: Codes whose scores differ by less than this are rivals; if they differ in side, it asks which.
_RIVAL = 0.5


def axis_left_open(
    query: Query, hits: Sequence[Hit], at: int, alternatives: Sequence[Code]
) -> str | None:
    """The first axis that a question does not mention and on which the alternatives or rivals of
    the same category differ; None when there is no such axis."""
    hit = hits[at]
    if hit.system != "icd10cm":
        return None  # AXES are read from titles of ICD-10-CM; in ICD-10-PCS "open" is an approach.
    rivals = [h for h in hits if h.code[:3] == hit.code[:3] and abs(h.score - hit.score) < _RIVAL]
    rival_titles = [r.title for r in rivals] + [code.title for code in alternatives]
    for axis in AXES:
        if axis.said(query.reading):
            continue
        if axis.usual and axis.said(read(hit.title)) == {axis.usual}:
            continue  # meant unless another is named
        if axis.name == "openness" and read_encounter(query.asked).openness:
            continue
        if len({axis.said(read(title)) for title in rival_titles}) > 1:
            return None if axis is CIRCUMSTANCES else f"ask.{axis.name}"
    return None
