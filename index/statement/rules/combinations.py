"""Codes that say together what two codes, or a code and a word of the statement, say apart.

The rows are in prompts/statements/combinations.toml; entries of the Index with "with" are read by
`with_entries`. Every code is looked up in the release, so that a row of another year does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codesets.model import Code
from index.statement.books import Books
from index.statement.model import Ground, RuleKind, Span, Statement
from index.statement.rules.code_patterns import fill
from index.statement.rules.combination_rules import Rule, rows_of, rules, unlinked
from index.statement.rules.completion import completed
from index.statement.rules.two_sides import both_sides
from index.statement.rules.with_entries import entry_of, joined


@dataclass(frozen=True, slots=True)
class Combination:
    """A code that says together what others say apart.

    - `code`: the billable code to report.
    - `first`, `second`: the codes that it was made of; `second` is "" where a word was.
    - `drops`: those of the report that are not reported beside it. `code` may be one of the
      report already; then the others are what changes.
    """

    code: str
    first: str
    second: str
    drops: tuple[str, ...]
    ground: Ground


def combine(codes: Sequence[str], statement: Statement, books: Books) -> list[Combination]:
    """The combinations that the codes of a report and the words of its statement allow, the most
    specific first. None drops or uses what an earlier one drops. The caller repeats this until
    nothing is found."""
    codes = tuple(dict.fromkeys(codes))
    if unlinked(statement.folded):
        found: list[_Found] = []
    else:
        found = [*_by_rows(codes, statement, books), *_by_entries(codes, statement, books)]
    found += _by_sides(codes, books)
    chosen: list[Combination] = []
    gone: set[str] = set()
    made: set[str] = set()
    for one in sorted(found, key=lambda one: one.weight, reverse=True):
        drops = set(one.drops)
        if {one.first, one.second, one.code} & gone or drops & made:
            continue
        if one.code in made and not drops:
            continue
        chosen.append(Combination(one.code, one.first, one.second, one.drops, _ground(one, books)))
        gone |= drops
        made.add(one.code)
    return chosen


@dataclass(frozen=True, slots=True)
class _Found:
    """A combination that is possible. `weight`: how many conditions its row has, and how many
    characters of the codes it names."""

    weight: tuple[int, int]
    code: str
    first: str
    second: str
    drops: tuple[str, ...]
    entry: str
    section: str


def _by_rows(codes: tuple[str, ...], statement: Statement, books: Books) -> Iterator[_Found]:
    rows: dict[int, list[tuple[str, int]]] = {}
    for code in codes:
        for at, length in rows_of(code):
            rows.setdefault(at, []).append((code, length))
    for at in sorted(rows):
        rule = rules()[at]
        if not _allowed(rule, codes, statement):
            continue
        for first, length in rows[at]:
            for second, more in _seconds(rule, first, codes):
                combined = _code(rule, first, second, statement, books)
                if combined is None:
                    continue
                drops = _drops(rule, first, second, combined.code)
                if combined.code in codes and not drops:
                    continue
                weight = (rule.weight, length + more)
                yield _Found(weight, combined.code, first, second, drops, rule.entry, rule.section)


def _by_entries(codes: tuple[str, ...], statement: Statement, books: Books) -> Iterator[_Found]:
    due = any(fact.join == "due to" for fact in statement.facts)
    for first, second, entry in joined(codes, books, due):
        combined = completed(entry.code, statement.text, books)
        if combined is None or combined.code in codes:
            continue
        asked = [
            named
            for note in books.notes(combined)
            if note.kind in ("use_additional_code", "code_first", "code_also")
            for named in note.codes
        ]
        said = (first, second) if entry.holds(second) else (first,)
        drops = tuple(code for code in said if not any(named.contains(code) for named in asked))
        yield _Found((0, 0), combined.code, first, second, drops, entry.text, "I.A.15")


def _by_sides(codes: tuple[str, ...], books: Books) -> Iterator[_Found]:
    for first, second, both in both_sides(codes, books):
        yield _Found((3, 12), both.code, first, second, (first, second), "", "I.B.13")


def _ground(found: _Found, books: Books) -> Ground:
    """Why: the entry of the Index as it is published, else the section of the guidelines."""
    known = found.code in (found.first, found.second)
    other = found.first if found.code == found.second else found.second
    key = "report.says_both" if known else "report.combination"
    if not known and not found.second:
        key = "report.combination_word"
    params = {"code": found.code, "first": found.first, "second": other}
    entry = entry_of(books, found.code, found.entry) if found.section != "I.B.13" else None
    if entry is None:
        return Ground("guideline", key, params, section=found.section)
    kind: RuleKind = "index with" if re.search(r"\b(?:with|in)\b", entry.text) else "index"
    return Ground(kind, key, params, entry.text, found.section, entry.release)


def _allowed(rule: Rule, codes: Sequence[str], statement: Statement) -> bool:
    """Whether the report and the statement have what a row asks for, but its two codes."""
    if rule.second and not any(map(rule.second.match, codes)):
        return False
    if rule.needs and not any(map(rule.needs.match, codes)):
        return False
    if rule.without and any(map(rule.without.match, codes)):
        return False
    if rule.unless and rule.unless.search(statement.folded):
        return False
    return rule.words is None or any(
        _is_so(statement, Span(*found.span()), rule.past)
        for found in rule.words.finditer(statement.folded)
    )


def _is_so(statement: Statement, span: Span, past: bool) -> bool:
    """Whether nothing of what stands there is denied, in doubt, or over."""
    fits = {"affirmed", "chatter"} | ({"past"} if past else set())
    fits |= {"uncertain"} if statement.inpatient else set()
    return all(fact.status in fits for fact in statement.facts if fact.span.overlaps(span))


def _seconds(rule: Rule, first: str, codes: Sequence[str]) -> list[tuple[str, int]]:
    """The second codes of a row, each with how many characters of it the row names."""
    if rule.second is None:
        return [("", 0)]
    return [
        (code, found.end())
        for code in codes
        if code != first
        and code[: rule.same] == first[: rule.same]
        and (found := rule.second.match(code))
    ]


def _code(rule: Rule, first: str, second: str, statement: Statement, books: Books) -> Code | None:
    stem = fill(rule.code, first, second)
    return books.code(stem) or completed(stem, statement.text, books)


def _drops(rule: Rule, first: str, second: str, code: str) -> tuple[str, ...]:
    kept = {"first": {first}, "second": {second}, "both": {first, second}, "none": set()}[
        rule.keeps
    ]
    return tuple(
        one
        for one in (first, second)
        if one and one not in kept and one != code and not rule.stays.match(one)
    )
