"""Organisms as the cause of infections whose codes do not name them, and the drugs that they resist
(Guidelines I.C.1.b, I.C.1.c, I.C.1.e).

The words are in prompts/statements/organisms.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from index.statement.books import Books
from index.statement.model import Ground, Proposal, Span, Statement
from index.statement.obstetrics.phrases import NOTHING, pattern_of, says, spans_of, table, words_of

#: An organism further from the infection than this is likelier another's.
_NEAR = 60


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    words: re.Pattern[str]
    unless: re.Pattern[str]
    only: str


@cache
def _rows(section: str) -> tuple[_Row, ...]:
    return tuple(
        _Row(
            row["code"],
            pattern_of(row["words"]),
            pattern_of(row["unless"]) if "unless" in row else NOTHING,
            row.get("only", "site"),
        )
        for row in table("organisms")[section]
    )


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The organisms and the resistance of a statement."""
    found = [*_organisms(statement, books), *_resistance(statement, books)]
    return list({proposal.code: proposal for proposal in reversed(found)}.values())[::-1]


def _longest(statement: Statement, section: str) -> list[tuple[Span, _Row]]:
    """The rows whose words are affirmed, the longest where words overlap. "Vre" may be an organism
    and a resistance: sections do not compete."""
    matches = [
        (span, row)
        for row in _rows(section)
        if not row.unless.search(statement.folded)
        for span in spans_of(row.words, statement)
    ]
    kept: list[tuple[Span, _Row]] = []
    for span, row in sorted(matches, key=lambda match: match[0].start - match[0].end):
        if not any(span.overlaps(other) for other, _ in kept):
            kept.append((span, row))
    return sorted(kept, key=lambda match: match[0])


def _organisms(statement: Statement, books: Books) -> Iterator[Proposal]:
    if words_of("organisms", "infections", "carrier").search(statement.folded):
        return
    for span, row in _longest(statement, "organism"):
        sure = _sure(row.only, span, statement)
        code = books.code(row.code)
        if code is None or sure is None:
            continue
        ground = Ground("use additional code", "report.organism_of_infection", section="I.C.1.b")
        yield Proposal(code.code, (span,), "additional", "condition", (ground,), sure=sure)


def _sure(only: str, organism: Span, statement: Statement) -> float | None:
    """How sure an organism's code is; None where the infection names it itself, or none is said."""
    if only in ("upper", "hpv"):
        own = words_of("organisms", "infections", "own")
        if only == "upper" and says(own, statement):
            return None
        near = _distance(organism, words_of("organisms", only, "words"), statement)
        return None if near is None else 0.8 if only == "upper" else 0.6
    if only == "stomach":
        near = _distance(organism, words_of("organisms", "infections", "stomach"), statement)
        return None if near is None else 0.9
    near = _distance(organism, words_of("organisms", "infections", "site"), statement)
    if says(words_of("organisms", "infections", "meningitis"), statement):
        return 0.7
    named = [
        span
        for span in spans_of(words_of("organisms", "infections", "own"), statement)
        if not any(
            span.overlaps(other)
            for other in spans_of(words_of("organisms", "infections", "not_own"), statement)
        )
    ]
    if named:
        # Sepsis or pneumonia by an organism has its own code. Only where the organism stands right
        # beside another infection ("e coli uti", with sepsis elsewhere) may it be reported twice.
        words = (statement.folded[span.start : span.end] for span in named)
        if near is not None and near <= 12 and not any("sep" in word for word in words):
            return 0.5
        return None
    if near is None or near > _NEAR:
        return None
    return 0.9


def _distance(organism: Span, words: re.Pattern[str], statement: Statement) -> int | None:
    """Characters between an organism and the nearest infection that is affirmed."""
    gaps = [
        max(organism.start - span.end, span.start - organism.end, 0)
        for span in spans_of(words, statement, "affirmed", "chatter")
    ]
    return min(gaps, default=None)


def _resistance(statement: Statement, books: Books) -> Iterator[Proposal]:
    infected = words_of("organisms", "infected", "words").search(statement.folded)
    if infected is None or words_of("organisms", "infections", "carrier").search(statement.folded):
        return
    for span, row in _longest(statement, "resistance"):
        if code := books.code(row.code):
            ground = Ground("guideline", "report.drug_resisted", section="I.C.1.c")
            yield Proposal(code.code, (span,), "additional", "status", (ground,))
