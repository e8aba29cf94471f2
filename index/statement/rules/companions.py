"""Codes that a code of a report calls for beside it, where the words of the statement, or the rule
alone, support them: sepsis beside severe sepsis, the ulcer beside a diabetic foot ulcer.

The rows are in prompts/statements/companions.toml. A code that the release does not have is left
out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from codesets.model import Code
from index.statement.books import Books
from index.statement.model import Ground, Span, Statement
from index.statement.rules.code_patterns import fill, pattern
from index.statement.rules.completion import completed
from index.statement.rules.partners import asking, ground
from index.statement.rules.with_entries import entry_of
from index.text.resources import read_text

#: How sure a code is whose row says nothing else.
_SURE = 0.8


@dataclass(frozen=True, slots=True)
class Companion:
    """A code to report.

    - `beside`: the code of the report that calls for it.
    - `spans`: the words of the row in the statement; the words of `beside` belong to it as well.
    - `drops`: codes of the report that it takes the place of.
    """

    code: str
    beside: str
    spans: tuple[Span, ...]
    drops: tuple[str, ...]
    sure: float
    ground: Ground


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the table. `facts`: how many facts the statement must have, at least. `drops`: codes
    that are not reported beside the added one."""

    has: re.Pattern[str]
    needs: re.Pattern[str] | None
    lacks: re.Pattern[str] | None
    words: re.Pattern[str] | None
    past: bool
    told: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    facts: int
    add: str
    said: str
    drops: re.Pattern[str]
    sure: float
    entry: str
    section: str


@cache
def _rows() -> tuple[_Row, ...]:
    data: dict[str, Any] = tomllib.loads(read_text("statements", "companions.toml"))
    words: dict[str, str] = data["words"]
    return tuple(_row(family, row, words) for family in data["family"] for row in family["rows"])


def _row(family: Mapping[str, Any], row: Mapping[str, Any], names: Mapping[str, str]) -> _Row:
    """A row, with what its family says for all rows. `names`: words that rows write as {NAME}."""
    both = {**{k: v for k, v in family.items() if k != "rows"}, **row}

    def words(key: str) -> re.Pattern[str] | None:
        if key not in both:
            return None
        spelled = re.sub(r"\{([A-Z_]+)\}", lambda found: f"(?:{names[found[1]]})", both[key])
        return re.compile(rf"(?<!\w)(?:{spelled})(?!\w)")

    return _Row(
        pattern(both["has"]),
        pattern(both["needs"]) if "needs" in both else None,
        pattern(both["lacks"]) if "lacks" in both else None,
        words("words"),
        both.get("past", False),
        words("told"),
        words("unless"),
        both.get("facts", 1),
        both["add"],
        both.get("said", ""),
        pattern(both.get("drops", ())),
        both.get("sure", _SURE),
        both.get("entry", ""),
        both.get("section", ""),
    )


def companions(codes: Sequence[str], statement: Statement, books: Books) -> list[Companion]:
    """The codes that those of a report call for, in the order of the rows. Later rows see what
    earlier rows have added."""
    reported = list(dict.fromkeys(codes))
    found = []
    for row in _rows():
        for companion in _by(row, reported, statement, books):
            found.append(companion)
            reported = [code for code in reported if code not in companion.drops]
            reported.append(companion.code)
    return found


def _by(row: _Row, codes: Sequence[str], statement: Statement, books: Books) -> Iterator[Companion]:
    beside = next((code for code in codes if row.has.match(code)), None)
    if beside is None or len(statement.facts) < row.facts:
        return
    if row.needs and not any(map(row.needs.match, codes)):
        return
    if row.lacks and any(map(row.lacks.match, codes)):
        return
    if row.unless and row.unless.search(statement.folded):
        return
    if row.told and not row.told.search(statement.folded):
        return
    spans = tuple(_affirmed(row, statement))
    if row.words and not spans:
        return
    stem = fill(row.add, beside, "")
    code = books.code(stem) or completed(stem, f"{statement.text} {row.said}", books)
    if code is None or code.code in codes:
        return
    drops = tuple(one for one in codes if row.drops.match(one))
    yield Companion(
        code.code, beside, spans, drops, row.sure, _ground(row, code, beside, bool(drops), books)
    )


def _affirmed(row: _Row, statement: Statement) -> Iterator[Span]:
    """Where the words of a row stand and are so."""
    if row.words is None:
        return
    fits = {"affirmed", "chatter"} | ({"past"} if row.past else set())
    fits |= {"uncertain"} if statement.inpatient else set()
    for found in row.words.finditer(statement.folded):
        span = Span(*found.span())
        if all(fact.status in fits for fact in statement.facts if fact.span.overlaps(span)):
            yield span


def _ground(row: _Row, code: Code, beside: str, instead: bool, books: Books) -> Ground:
    """Why: the note of the other code that asks for this one, else the entry of the Index, else the
    section of the guidelines."""
    owner = books.code(beside)
    note = asking(books.notes(owner), code) if owner and not instead else None
    if note is not None:
        return ground(note, beside)
    key = "report.instead" if instead else "report.companion"
    params = {"code": code.code, "owner": beside}
    entry = entry_of(books, code.code, row.entry) if row.entry else None
    if entry is None:
        return Ground("guideline", key, params, section=row.section)
    return Ground("index", key, params, entry.text, row.section, entry.release)
