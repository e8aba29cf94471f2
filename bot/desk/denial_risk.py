"""The one thing about an answer that most likely gets a claim denied, chosen from what the answer
has: nothing is looked up, so an answer out of the log has the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from bot.desk.answer import Answer, Pair, ReportLine, ShownNote
from codesets.model import CodeRange
from index.text.attributes import SIDE
from index.text.tokens import read

RiskKind = Literal["conflict", "incomplete", "code_first", "use_additional_code", "side"]

#: What a note asks for only where the record has it.
_CONDITIONAL = re.compile(
    r"\bif (?:applicable|known|present|any|desired)\b|, if\b|\bany\b|\bto identify control\b", re.I
)
#: Notes that ask for another code; the gravest first.
_NAMES_ONE = ("code_first", "use_additional_code")
_MOST_CODES = 3


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
    """Partners that a note of a code, of its subcategory or of its category requires. Those of a
    section or chapter are about all its codes, and say "if applicable" in one way or another."""
    given = [line.code for line in answer.report] + [v.code for v in answer.verdicts]
    found = [*_governed(answer)]
    for kind in _NAMES_ONE:
        for code, notes in found:
            for group in _groups(notes, kind):
                if told is not None and told.inherited_from == group[0].inherited_from:
                    continue
                named = [name for note in group for name in note.codes]
                text = " ".join(note.text for note in group)
                optional = _CONDITIONAL.search(text)
                if not named or optional or _names_any(named, given):
                    continue
                first = group[0]
                yield Risk(
                    first.kind,  # type: ignore[arg-type]
                    code,
                    tuple(named[:_MOST_CODES]),
                    first.kind,
                    first.inherited_from,
                )


def _governed(answer: Answer) -> Iterator[tuple[str, Sequence[ShownNote]]]:
    """The codes of an answer with their notes, as far as it has them."""
    known = {(c.system, c.code): c for c in answer.candidates}
    for line in answer.report:
        if candidate := known.get((line.system, line.code)):
            yield line.code, candidate.notes
    for verdict in answer.verdicts:
        if verdict.status == "billable":
            yield verdict.code, verdict.notes


def _groups(notes: Iterable[ShownNote], kind: str) -> Iterator[list[ShownNote]]:
    """The notes of a kind by the place where they are printed, nearest first; none of a section or
    a chapter."""
    of_codes = (
        note
        for note in notes
        if note.kind == kind
        and not note.inherited_from.isdigit()
        and "-" not in note.inherited_from
    )
    for _, group in groupby(of_codes, key=lambda note: note.inherited_from):
        yield list(group)


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
