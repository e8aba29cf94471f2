"""What is so of a patient beside the diagnosis: what is carried, implanted, missing or needed,
and the circumstances of life (I.C.21.c.3, I.C.21.c.17)."""

from __future__ import annotations

import re

from index.statement.books import Books
from index.statement.encounters.chapter21 import codes_for, propose, table_matches
from index.statement.model import Proposal, Statement

#: What says the same less well as a status, by its beginning.
_EXCLUDES = {
    "Z59.01": ("Z59.00", "Z59.02"),
    "Z59.02": ("Z59.00",),
    "Z22.7": ("Z86.15",),
    "Z99.12": ("Z99.11",),
    "Z87.891": ("F17.2", "Z72.0"),
    "F17.2": ("Z72.0",),
    "Z28.310": ("Z28.39",),
    "Z95.3": ("Z95.2",),
    "Z95.5": ("Z98.61",),
}
_MONEY = re.compile(r"\b(?:cost|costs|afford\w*|money|financ\w*|expens\w*|copays?|price)\b")


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The status codes that the words of a statement name."""
    matches = table_matches(statement)
    encounters = {row["codes"] for name, row, _ in matches if name == "encounters"}
    proposals: dict[str, Proposal] = {}
    for name, row, span in matches:
        if name != "statuses":
            continue
        cell, _, for_money = row["codes"].partition("/")
        if for_money and _MONEY.search(statement.folded):
            cell = for_money
        for code in codes_for(cell, statement, span, books):
            excludes = next((x for stem, x in _EXCLUDES.items() if code.startswith(stem)), ())
            proposals.setdefault(
                code, propose(code, (span,), statement, row["section"], excludes=excludes)
            )
    if any(cell.startswith("Z45.02") for cell in encounters):
        proposals.pop("Z95.810", None)
    excluded = tuple(stem for each in proposals.values() for stem in each.excludes)
    return [p for p in proposals.values() if not (excluded and p.code.startswith(excluded))]
