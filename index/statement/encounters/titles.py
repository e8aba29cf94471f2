"""Codes of chapter 21 whose official title is what a statement says after a cue: "carrier of
diphtheria", "exposure to arsenic", "hx of nephrotic syndrome".

The cues are in chapter21.toml, by how the titles begin. What the tables of words find goes first.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from index.statement.books import Books
from index.statement.encounters.chapter21 import propose, side_at, table_matches
from index.statement.encounters.conditions import conditions_in
from index.statement.encounters.operations import operations_in
from index.statement.encounters.word_tables import alternatives, is_so, words_of_chapter
from index.statement.model import Proposal, Span, Statement
from index.text.tokens import essential, read

#: Stems of a title that say nothing of what it is about.
_HOLLOW = read(
    "other specified unspecified right left bilateral certain disease diseases disorders conditions"
    " status encounter personal history presence device devices part parts acquired unilateral"
).stems
_CLAUSE_END = re.compile(r"[;,.](?=\s|$)|\b(?:d/t|due to|but|with|w/|on|s/p|and)\b|\+|$")


class Title(NamedTuple):
    """A code, the stems that its title is about, and its side."""

    code: str
    stems: frozenset[str]
    side: str


def _by_beginning(titles: list[tuple[str, str]]) -> dict[str, list[Title]]:
    """The titles of chapter 21 by how they begin, those that say more first."""
    found: dict[str, list[Title]] = {}
    beginnings = sorted(words_of_chapter()["titles"], key=len, reverse=True)
    for code, title in titles:
        beginning = next((each for each in beginnings if title.startswith(each)), "")
        rest = essential(title[len(beginning) :]) if beginning else ""
        stems = read(rest).affirmed - _HOLLOW
        if stems:
            words = rest.lower().split()
            side = next((s for s in ("bilateral", "right", "left") if s in words), "")
            found.setdefault(beginning, []).append(Title(code, stems, side))
    for each in found.values():
        each.sort(key=lambda title: -len(title.stems))
    return found


@cache
def _cues() -> list[tuple[str, re.Pattern[str]]]:
    """The cues, by how the titles begin."""
    return [
        (beginning, re.compile(rf"(?<![\w'])(?:{alternatives(words)})(?![\w'])\s*"))
        for beginning, words in words_of_chapter()["titles"].items()
    ]


@lru_cache(maxsize=4)
def _of_release(books: Books) -> dict[str, list[Title]]:
    """The titles of chapter 21 in force in a release."""
    codes = [code for number in range(100) for code in books.below(f"Z{number:02d}")]
    return _by_beginning([(code.code, code.title) for code in codes])


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The codes whose title stands after a cue, where no table of words has them."""
    folded = statement.folded
    found: dict[str, Proposal] = {}
    taken = [span for _, _, span in table_matches(statement)]
    taken += [span for _, span in operations_in(folded)]
    conditions = [each.span for each in conditions_in(folded)]
    for beginning, cue in _cues():
        for match in cue.finditer(folded):
            end = _CLAUSE_END.search(folded, match.end())
            span = Span(match.start(), end.start() if end else len(folded))
            others = taken if "screening" in beginning else taken + conditions
            if not is_so(statement, span) or any(span.overlaps(each) for each in others):
                continue
            if "absence" in beginning and "congenital" in folded:
                continue
            stems = read(folded[match.end() : span.end]).affirmed
            titles = _of_release(books.undated).get(beginning, [])
            if title := _best(titles, stems, statement, span):
                found.setdefault(
                    title.code, propose(title.code, (span,), statement, "I.C.21", sure=0.75)
                )
    return list(found.values())


def _best(
    titles: list[Title], stems: frozenset[str], statement: Statement, span: Span
) -> Title | None:
    """The title all of whose stems are said, that says most, with the side that is said."""
    fitting = [title for title in titles if title.stems <= stems]
    if not fitting:
        return None
    most = len(fitting[0].stems)
    if most * 2 < len(stems - _HOLLOW):
        return None  # more is said than the title has
    best = [title for title in fitting if len(title.stems) == most]
    side = side_at(statement, span)
    return next((title for title in best if title.side == side), None) or next(
        (title for title in best if not title.side), None
    )
