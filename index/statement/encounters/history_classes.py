"""The history code of a condition by the code that it had, for conditions that conditions.tsv does
not name: "hx of gastroparesis" is found as K31.84, and reported as Z87.19 (I.C.21.c.4)."""

from __future__ import annotations

import re
from functools import cache

from index.statement.books import Books
from index.statement.encounters.word_tables import rows
from index.text.resources import Row

_FRACTURE = re.compile(r"S[0-9]2")


@cache
def _rows() -> list[Row]:
    return rows("history_classes.tsv")


def history_of(code: str, books: Books, *, family: bool = False) -> str:
    """The code of the personal history of a condition that had this code, or of its family
    history; "" when there is none, because the condition is for life."""
    if _FRACTURE.match(code) and not family:
        code = "S02"
    for row in _rows():
        if row["first"] <= code[: len(row["first"])] and code[: len(row["last"])] <= row["last"]:
            cell = row["family" if family else "personal"]
            found = (books.code(stem) for stem in cell.split("|") if stem != "-")
            return next((each.code for each in found if each), "")
    return ""
