"""The one thing about an answer that most likely gets a claim denied, chosen from what the answer
has: nothing is looked up, so an answer out of the log has the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.desk.answer import Answer, Pair, ReportLine, ShownNote
from codesets.code_format import undot
from codesets.model import CodeRange
from index.text.attributes import SIDE
from index.text.tokens import read

RiskKind = Literal["conflict", "incomplete", "code_first", "use_additional_code", "side"]

#: A note that asks only for what the record has: which organism, which manifestation.
_CONDITIONAL = re.compile(
    r"\b(?:if|when) (?:applicable|known|present|any|desired|specified)\b|, if\b|\bany\b|"
    r"\bassociated\b|\bto identify (?:control|(?:\w+ )?infecti\w+|organism)\b",
    re.I,
)
#: A list that is not complete: other codes may do as well.
_OPEN = re.compile(r"\bsuch as\b", re.I)
_UNDERLYING = re.compile(r"\bunderlying\b", re.I)
#: Notes that ask for another code; the gravest first.
_NAMES_ONE: tuple[RiskKind, ...] = ("code_first", "use_additional_code")
_MOST_CODES = 3
#: Characters of a category.
_CATEGORY = 3


@dataclass(frozen=True, slots=True)
class Risk:
    """- `kind`: conflict: two codes are not reported together. incomplete: a code that is not
      billable. code_first, use_additional_code: a note asks for a code that is not given. side: the
      code leaves the side open.
    - `code`: the code that it is about.
    - `others`: the codes that it is about besides, as published; at most three.
    - `rule`: which rule (`Pair.rule`); `place`: where it is printed; "" for none.
    """

    kind: RiskKind
    code: str
    others: tuple[str, ...] = ()
    rule: str = ""
    place: str = ""


def denial_risk(answer: Answer, told: Pair | None = None) -> Risk | None:
    """The gravest; None where nothing stands out. `told`: a rule that the answer shows already."""
    risks = _conflicts(answer, told), _incomplete(answer), _missing(answer, told), _sides(answer)
    return next((risk for found in risks for risk in found), None)


def _conflicts(answer: Answer, told: Pair | None) -> Iterator[Risk]:
    if told is not None and told.severity == "conflict":
        return  # it is the answer
    for pair in answer.pairs:
        if pair.severity == "conflict":
            code, *others = pair.codes
            yield Risk("conflict", code, tuple(others), pair.rule, pair.inherited_from)


def _incomplete(answer: Answer) -> Iterator[Risk]:
    for line in answer.report:
        if not line.billable:
            yield Risk("incomplete", line.code)


def _missing(answer: Answer, told: Pair | None) -> Iterator[Risk]:
    """Partners that a note requires and that are not given."""
    given = [line.code for line in answer.report] + [v.code for v in answer.verdicts]
    found = [*_governed(answer)]
    for kind in _NAMES_ONE:
        for code, notes in found:
            for group in _groups(code, notes, kind):
                place = group[0].inherited_from
                if told is not None and told.inherited_from == place:
                    continue
                named = [name for note in group for name in note.codes]
                if _requires(group, first=code == given[0]) and not _names_any(named, given):
                    others = tuple(named[:_MOST_CODES])
                    yield Risk(kind, code, others, kind, place)


def _requires(group: Sequence[ShownNote], *, first: bool) -> bool:
    """Whether a note asks for one of the codes that it names, whatever else the record says. Where
    its list is open, a code that stands before may be what it asks for."""
    text = " ".join(note.text for note in group)
    if _CONDITIONAL.search(text) or not any(note.codes for note in group):
        return False
    return not _OPEN.search(text) or (first and bool(_UNDERLYING.search(text)))


def _governed(answer: Answer) -> Iterator[tuple[str, Sequence[ShownNote]]]:
    """The codes of an answer with their notes, as far as it has them."""
    known = {(c.system, c.code): c for c in answer.candidates}
    for line in answer.report:
        if candidate := known.get((line.system, line.code)):
            yield line.code, candidate.notes
    for verdict in answer.verdicts:
        if verdict.status == "billable":
            yield verdict.code, verdict.notes


def _groups(code: str, notes: Iterable[ShownNote], kind: str) -> Iterator[list[ShownNote]]:
    """The notes of a kind, nearest first: those that are printed under the code itself or a
    subcategory. Those of a category, section or chapter are about all its codes, and hold only
    where they apply. A line that begins with "code" begins another note."""
    group: list[ShownNote] = []
    for note in notes:
        near = note.inherited_from == code or len(undot(note.inherited_from)) > _CATEGORY
        if note.kind != kind or not near or "-" in note.inherited_from:
            continue
        begins = note.text.startswith("code") or (
            group and group[-1].inherited_from != note.inherited_from
        )
        if group and begins:
            yield group
            group = []
        group.append(note)
    if group:
        yield group


def _names_any(named: Iterable[str], codes: Collection[str]) -> bool:
    ranges = [_range(name) for name in named]
    return any(one.contains(code) for one in ranges for code in codes)


def _range(published: str) -> CodeRange:
    """The codes that a note names: O24.4-, N18.1-N18.6."""
    first, _, last = published.rstrip("-").partition("-")
    return CodeRange(first, last or first, published)


def _sides(answer: Answer) -> Iterator[Risk]:
    """Codes of an unspecified side where others say left or right. A side that is asked for is no
    risk yet."""
    for line in answer.report:
        if line.ask_back is None and _leaves_side_open(line):
            sided = [other.code for other in line.alternatives if _side(other.title)]
            yield Risk("side", line.code, tuple(sided[:2]))


def _leaves_side_open(line: ReportLine) -> bool:
    return not _side(line.title) and any(_side(other.title) for other in line.alternatives)


def _side(title: str) -> bool:
    return bool(SIDE.said(read(title)))
