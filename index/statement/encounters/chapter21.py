"""What the finders of chapter 21 share: codes with the side and the findings of a statement,
and the proposals for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from index.statement.books import Books
from index.statement.encounters.word_tables import (
    Phrases,
    is_so,
    longest,
    pattern,
    rows,
    said,
    words_of_chapter,
)
from index.statement.facts import is_detail
from index.statement.model import Ground, Kind, Proposal, Role, Span, Statement
from index.text.resources import Row
from index.text.tokens import STOPWORDS

_SIDES = (
    ("bilateral", r"bilateral(?:ly)?|bilat|bil|b/l|both|ou"),
    ("right", r"right|rt|r|od"),
    ("left", r"left|lt|l|os"),
)
_SIDE = re.compile(
    r"(?<![\w'/])(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _SIDES)
    + r")(?![\w'/])|(?<=[\s\d])(?<![\w'])(?P<joined>[rl])(?=(?:tka|tha|bka|aka|tkr|thr|tsa)\b)"
)
#: Codes that say why the patient is here (I.C.21.c.16 and the titles "Encounter for").
_ENCOUNTERS = re.compile(
    r"Z0[0-48-9]|Z1[1-3]|Z29|Z3[0-2]|Z4[0-9]|Z5[12]|Z69|Z7[01]|Z7[56]\.|Z23|Z99\.12"
)
#: Of these, codes that follow what else is found, and stand first only alone.
_BESIDE = re.compile(r"Z20|Z23|Z28|Z29|Z51\.5|Z51\.81|Z53|Z70|Z71|Z75|Z76|Z32")
_DENIED = re.compile(r"\b(?:no|not|denie[sd]|without|never|refus\w*|declin\w*)\b|w/o")
_HISTORY = re.compile(r"Z8[0-7]|Z91\.4|Z91\.5|Z91\.81|Z91\.8[25]|Z92|Z62\.81|Z98\.86|I25\.2")


def side_at(statement: Statement, span: Span) -> str:
    """The side that is said with the words of a span: in their own clause, else anywhere when the
    statement names one side."""
    clause = re.split(r"[;,.\n](?=\s|$)", statement.folded[: span.start])[-1]
    start = span.start - len(clause)
    after = re.split(r"[;,.\n](?=\s|$)", statement.folded[span.end :])[0]
    near = _sides_in(statement.folded[start : span.end + len(after)])
    if len(near) > 1:  # the side just before the words, or else just after them
        before = _sides_in(statement.folded[max(start, span.start - 12) : span.end])
        near = before or _sides_in(statement.folded[span.start : span.end + 12]) or near
    near = near or _sides_in(statement.folded)
    if "bilateral" in near or {"left", "right"} <= near:
        return "bilateral"
    return next(iter(near), "")


def _sides_in(text: str) -> set[str]:
    found = {match.lastgroup or "" for match in _SIDE.finditer(text)}
    if "joined" in found:
        found.discard("joined")
        found |= {{"r": "right", "l": "left"}[m[0]] for m in _SIDE.finditer(text) if m["joined"]}
    return found


def codes_for(cell: str, statement: Statement, span: Span, books: Books) -> list[str]:
    """The billable codes that a cell of a table names: "A+B" both, "A|B" the first in force, "A-"
    with the side, and a header completed by the words of the statement."""
    found: list[str] = []
    for each in filter(None, cell.split("+")):
        for stem in each.split("|"):
            if codes := _complete(stem, statement, span, books):
                found += codes
                break
    return found


def _complete(stem: str, statement: Statement, span: Span, books: Books) -> list[str]:
    if code := books.code(stem):
        return [code.code]
    sided = stem.endswith("-")
    stem = stem.rstrip("-")
    side = side_at(statement, span) if sided else ""
    if side != "bilateral":
        words = side or ("unspecified" if sided else statement.folded[span.start : span.end])
        code = books.complete(stem, words or "unspecified")
        return [code.code] if code else []
    both = books.complete(stem, "bilateral")
    if both and re.search(r"bilateral|both", both.title):
        return [both.code]
    pair = (books.complete(stem, "right"), books.complete(stem, "left"))
    return [code.code for code in pair if code]


def role_of(code: str, statement: Statement, *, alone: bool) -> tuple[Role, Kind]:
    """What a code of chapter 21 is in a report. `alone`: nothing else is found there."""
    if _HISTORY.match(code):
        return "history", "history"
    if code.startswith(("Z71.4", "Z71.5", "Z71.6")):
        return "additional", "encounter"
    if _BESIDE.match(code):
        return ("first-listed" if alone else "additional"), "encounter"
    if _ENCOUNTERS.match(code):
        return "first-listed", "encounter"
    return "status", "habit" if code.startswith("F17") else "status"


def is_beside(code: str) -> bool:
    """Whether an encounter follows what else is found, and stands first only alone."""
    return bool(_BESIDE.match(code))


@cache
def _neutral() -> frozenset[str]:
    return frozenset(words_of_chapter()["examinations"]["neutral"].split()) | STOPWORDS


def unsaying(statement: Statement, spans: Iterable[Span]) -> list[Span]:
    """The facts that, beside the words of some spans, have only words that name nothing."""
    taken, found = list(spans), []
    for fact in statement.facts:
        left = _left(statement, fact.span, taken)
        if left and all(word in _neutral() for word in re.findall(r"[a-z][a-z']+", left)):
            found.append(fact.span)
    return found


def _left(statement: Statement, span: Span, taken: Iterable[Span]) -> str:
    """The words of a span that do not stand in others."""
    text = list(statement.folded[span.start : span.end])
    for other in taken:
        for at in range(max(other.start, span.start), min(other.end, span.end)):
            text[at - span.start] = " "
    return "".join(text).strip()


def findings(statement: Statement, spans: Iterable[Span]) -> str:
    """What a statement affirms beside the words of some spans: "changed" for a new or worse
    finding, "known" for a condition that was there before, "" for nothing."""
    taken = sorted(spans)
    level = ""
    table = words_of_chapter()["examinations"]
    for fact in statement.facts:
        if fact.status not in ("affirmed", "uncertain"):
            continue
        rest = _left(statement, fact.span, taken)
        words = [w for w in re.findall(r"[a-z][a-z']+", rest) if w not in _neutral()]
        if not words or is_detail(" ".join(words)):
            continue
        if pattern(table["changed"]).search(rest):
            return "changed"
        chronic = pattern(table["chronic"]).search(rest)
        level = level if chronic and level else "known" if chronic else "found"
        if level == "found":
            return "changed"
    return level


def propose(
    code: str,
    spans: tuple[Span, ...],
    statement: Statement,
    section: str,
    *,
    alone: bool = False,
    excludes: tuple[str, ...] = (),
    settles: bool = True,
    sure: float = 0.9,
) -> Proposal:
    """The proposal of a code of chapter 21."""
    role, kind = role_of(code, statement, alone=alone)
    key = {"history": "report.chapter21_history", "status": "report.chapter21_status"}.get(
        kind, "report.chapter21_encounter"
    )
    if kind == "habit":
        key = "report.chapter21_status"
    grounds = (Ground("guideline", key, section=section),)
    return Proposal(code, spans, role, kind, grounds, settles, excludes, sure)


Found = tuple[tuple[str, Row, Span], ...]


@cache
def _tables() -> Phrases[tuple[str, int]]:
    entries = [
        (row["words"], (name, at))
        for name in ("encounters", "statuses")
        for at, row in enumerate(_rows(name))
    ]
    return Phrases(entries)


@cache
def _rows(name: str) -> list[Row]:
    return rows(f"{name}.tsv")


def _stands(statement: Statement, span: Span) -> bool:
    """Whether an encounter took place though its result is negative ("ppd read, neg") or what was
    looked for is uncertain ("possible ingestion, nothing found")."""
    fact = next((f for f in statement.facts if f.span.overlaps(span)), None)
    if fact is None or fact.status == "uncertain":
        return True
    return not _DENIED.search(statement.folded[fact.span.start : span.start])


@lru_cache(maxsize=64)
def table_matches(statement: Statement) -> Found:
    """The rows of encounters.tsv and statuses.tsv that a statement calls for, with the table's name
    and the place of the words."""
    found = []
    for (name, at), span in _tables().find(statement.folded):
        row = _rows(name)[at]
        if not is_so(statement, span) and not (name == "encounters" and _stands(statement, span)):
            continue
        if (needs := row.get("needs")) and not said(needs, statement):
            continue
        if (unless := row.get("unless")) and said(unless, statement):
            continue
        found.append(((name, row["codes"], at), span))
    return tuple((name, _rows(name)[at], span) for (name, _, at), span in longest(found))
