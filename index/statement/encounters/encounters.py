"""Why the patient is here: examinations, screening, vaccines, contraception, care of devices and
openings, treatment sessions and the other encounters of chapter 21 (I.C.21.c)."""

from __future__ import annotations

from index.statement.books import Books
from index.statement.encounters.chapter21 import (
    codes_for,
    findings,
    is_beside,
    propose,
    table_matches,
    unsaying,
)
from index.statement.encounters.operations import planned_in
from index.statement.model import Proposal, Span, Statement

#: What says the same less well as an encounter, by its beginning.
_EXCLUDES = {
    "Z45.01": ("Z95.0",), "Z45.02": ("Z95.810",), "Z43.0": ("Z93.0",), "Z43.1": ("Z93.1",),
    "Z43.2": ("Z93.2",), "Z43.3": ("Z93.3",), "Z43.4": ("Z93.4",), "Z43.5": ("Z93.5",),
    "Z43.6": ("Z93.6",), "Z45.321": ("Z96.21",), "Z45.42": ("Z96.82",), "Z45.41": ("Z98.2",),
    "Z45.81": ("Z98.82",), "Z45.82": ("Z96.22",), "Z46.1": ("Z97.4",), "Z46.81": ("Z96.41",),
    "Z30.43": ("Z97.5",), "Z46.51": ("Z98.84",), "Z46.3": ("Z97.2",), "Z44.2": ("Z97.0",),
    "Z44.1": ("Z97.1",), "Z44.0": ("Z97.1",), "Z45.2": ("Z95.828",),
    "Z01.810": ("Z01.818",), "Z01.811": ("Z01.818",), "Z01.812": ("Z01.818",),
    "Z30.2": ("Z98.5",), "Z00.1": ("Z00.0",), "Z71.7": ("Z11.4",), "Z02.": ("Z00.0",),
    "Z30.8": ("Z98.52", "Z48.816"), "Z32.01": ("Z32.00",),
}  # fmt: skip


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The encounters that the words of a statement name."""
    matches = table_matches(statement)
    mine = [(row, span) for name, row, span in matches if name == "encounters"]
    if not mine:
        return []
    spans = [span for _, _, span in matches]
    level = findings(statement, spans)
    strong = any(not is_beside(row["codes"]) for row, _ in mine)
    proposals: dict[str, Proposal] = {}
    for row, span in mine:
        for code in _codes(row["codes"], level, statement, span, books):
            if code in proposals:
                continue
            excludes = next((x for stem, x in _EXCLUDES.items() if code.startswith(stem)), ())
            proposals[code] = propose(
                code,
                (span, *_beside(code, statement, spans)),
                statement,
                row["section"],
                alone=not level and not strong,
                excludes=excludes,
                settles=not code.startswith(("Z51.0", "Z51.1", "Z03", "Z04")),
            )
    return _settled(list(proposals.values()))


def _beside(code: str, statement: Statement, spans: list[Span]) -> list[Span]:
    """What else the encounter says: the operation that an examination goes before, and words such
    as "feels well" and "requested" that name nothing."""
    said = planned_in(statement) if code.startswith("Z01.81") else []
    return said + unsaying(statement, spans)


def _codes(cell: str, level: str, statement: Statement, span: Span, books: Books) -> list[str]:
    """The codes of a cell; of "A/B", the second where there is an abnormal finding."""
    without, _, with_ = cell.partition("/")
    chosen = with_ if with_ and level == "changed" else without
    return codes_for(chosen, statement, span, books)


def _settled(found: list[Proposal]) -> list[Proposal]:
    """The proposals without what another of them excludes."""
    excluded = tuple(stem for each in found for stem in each.excludes)
    return [each for each in found if not (excluded and each.code.startswith(excluded))]
