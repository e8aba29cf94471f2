"""Fractures around the implant of a joint (M97), beside the fracture of the bone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.statement.books import Books
from index.statement.injuries.injury_codes import best_title
from index.statement.model import Ground, Proposal, Span, Statement

_ARTHROPLASTY = re.compile(
    r"\b(?:around|peri-?prosthetic|periprosth\w*|about|near|below|above|at)\b.{0,40}?"
    r"\b(?P<joint>tha|thr|thas|hip|tka|tkr|knee|tsa|rtsa|shoulder|elbow|tea|ankle|taa|hemiarthroplasty)\b"
)
_JOINT = re.compile(r"\b(?P<joint>tha|thr|thas|tka|tkr|tsa|rtsa|tea|taa|hemiarthroplasty)\b")
_PERIPROSTHETIC = re.compile(
    r"\bperi-?prosth\w*|\b(?:around|about|near|below|above)\b.{0,24}\b(?:stem|implant|prosthesis|tha"
    r"|tka|thr|tkr|tsa|arthroplasty|hemiarthroplasty|replacement|component|hardware of)\b"
)
_JOINTS = {
    **dict.fromkeys(("tha", "thas", "thr", "hemiarthroplasty"), "hip"),
    **dict.fromkeys(("tka", "tkr"), "knee"),
    **dict.fromkeys(("tsa", "rtsa"), "shoulder"),
    "tea": "elbow",
    "taa": "ankle",
}


def around_implant(
    statement: Statement, found: dict[str, Proposal], books: Books
) -> Iterator[Proposal]:
    """M97 beside a fracture around the implant of a joint (I.C.19, M97)."""
    text = statement.folded
    match = _PERIPROSTHETIC.search(text)
    if match is None or not statement.is_affirmed(Span(*match.span())):
        return
    bones = [code for code in found if re.match(r"S\d2", code)]
    if not bones and not re.search(r"\bperi-?prosth\w* (?:fx|frac)", text):
        return
    where = _ARTHROPLASTY.search(text, max(0, match.start() - 1)) or _ARTHROPLASTY.search(text)
    where = where or _JOINT.search(text)
    joint = _JOINTS.get(where["joint"], where["joint"]) if where else ""
    if not joint:
        return
    side = _side_of(text, books, bones)
    best = best_title(frozenset(("periprosthetic", "fracture", "around", joint)), (frozenset(),),
                 frozenset(("internal", "prosthetic")), side, books)  # fmt: skip
    if best and (code := books.complete(best.stem, text)):
        span = Span(match.start(), max(match.end(), where.end() if where else 0))
        ground = Ground("guideline", "report_injuries.implant", section="I.C.13.c")
        yield Proposal(
            code.code, (span,), "additional", "condition", (ground,), excludes=("Z96.6",)
        )


def _side_of(text: str, books: Books, bones: list[str]) -> str:
    for bone in bones:
        if (code := books.code(bone)) and (found := re.search(r"\b(right|left)\b", code.title)):
            return found[0]
    found = re.search(r"\b(?:(r|rt|right)|(l|lt|left))\b", text)
    return "" if found is None else "right" if found[1] else "left"
