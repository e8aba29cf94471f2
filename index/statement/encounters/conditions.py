"""The conditions of prompts/statements/conditions.tsv where their words stand in a statement."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from index.statement.encounters.word_tables import (
    Phrases,
    alternatives,
    longest,
    numbered,
    rows,
    words_of_chapter,
)
from index.statement.model import Span
from index.text.resources import Row

_TABLE = "conditions.tsv"


class Condition(NamedTuple):
    """A row of conditions.tsv where its words stand in a statement."""

    row: Row
    span: Span


@cache
def _site_before_cancer() -> re.Pattern[str]:
    """The first site of "breast and ovarian ca": another site and its cancer follow."""
    cancer = alternatives(words_of_chapter()["names"]["CANCER"])
    return re.compile(
        rf"\s*(?:,|/|&|and\b)\s*(?:[a-z]+\s*(?:,|/|&|and\b)\s*)?[a-z]+\s+(?:{cancer})\b"
    )


@cache
def _sites() -> Phrases[int]:
    """The words of sites before CANCER, alone."""
    entries = []
    for at, row in enumerate(rows(_TABLE)):
        for phrase in row["words"].split(";"):
            head, _, tail = phrase.strip().partition(" ")
            if tail.startswith("CANCER"):
                entries.append((head, at))
    return Phrases(entries)


@lru_cache(maxsize=64)
def conditions_in(folded: str) -> tuple[Condition, ...]:
    """The conditions of the table that stand in a text, the longest words at each place."""
    found = numbered(_TABLE).find(folded)
    for at, span in _sites().find(folded):
        if _site_before_cancer().match(folded, span.end):
            found.append((at, span))
    return tuple(Condition(rows(_TABLE)[at], span) for at, span in longest(found))


def named_site(folded: str) -> str:
    """The history code of the one site that a text names apart from "ca": "ca gone, colon"."""
    cells = {rows(_TABLE)[at]["personal"] for at, _ in longest(_sites().find(folded))}
    return cells.pop() if len(cells) == 1 else ""
