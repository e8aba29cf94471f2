"""Puts the report of a statement together.

The stages: what the finders propose; what the search finds for the rest, part by part and joined;
the choice of the codes that cover it; what rules on codes change; the partners that notes keep; and
the order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codesets.model import Code
from index.search.searcher import Found
from index.statement.books import Books
from index.statement.conflicts import excluded, loser
from index.statement.evidence import WEIGHTS, Group, weigh
from index.statement.laterality import on_sides
from index.statement.listing import IsName, apart
from index.statement.model import Assembled, Ground, Line, Proposal, Role, Span, Statement
from index.statement.partners import asking, ground
from index.statement.parts import Part, parts_of, wordings
from index.statement.pool import Searched, options_of
from index.statement.selection import Choice, choose
from index.statement.sequencing import ordered
from index.text.attributes import SIDE
from index.text.encounter import read_encounter

Search = Callable[[Sequence[str]], Sequence[Found]]
Finder = Callable[[Statement, Books], list[Proposal]]
FINDERS: tuple[Finder, ...] = ()
#: The least chance of a code that a note asks for.
_LEAST_KEPT = 0.2


@dataclass(frozen=True, slots=True)
class Chosen:
    """A code on its way into the report."""

    code: Code
    spans: tuple[Span, ...]
    right: float
    grounds: tuple[Ground, ...] = ()
    role: Role = "additional"


def assemble(statement: Statement, books: Books, search: Search, is_name: IsName) -> Assembled:
    """The report of a statement."""
    statement = apart(statement, is_name)
    proposals = [p for find in FINDERS for p in find(statement, books)]
    claimed = [span for p in proposals if p.settles for span in p.spans]
    parts = parts_of(statement, claimed)
    chosen = _searched(statement, parts, books, search)
    for proposal in proposals:
        code = books.code(proposal.code)
        if code is not None:
            chosen.append(
                Chosen(code, proposal.spans, proposal.sure, proposal.grounds, proposal.role)
            )
    chosen = _settled(_once(chosen), books)
    return _in_order(statement, chosen, books)


def _searched(
    statement: Statement, parts: Sequence[Part], books: Books, search: Search
) -> list[Chosen]:
    if not parts:
        return []
    encounter = read_encounter(statement.text)
    groups = wordings(parts)
    found = search([wording.text for _, wording in groups])
    searched = {
        group: options_of(wording, each, encounter, books)
        for (group, wording), each in zip(groups, found, strict=True)
    }
    sides = SIDE.said(searched[max(searched, key=len)].query.reading)
    weighed = weigh(statement, parts, searched, books, WEIGHTS)
    chosen = []
    for choice in choose(weighed):
        spans = tuple(parts[n].span for n in choice.parts)
        for code in on_sides(choice.option, searched[choice.parts], sides, encounter, books):
            chosen.append(Chosen(code, spans, choice.chance))
        chosen += _kept_beside(choice, parts, searched, books)
    return chosen


def _kept_beside(
    choice: Choice, parts: Sequence[Part], searched: Mapping[Group, Searched], books: Books
) -> list[Chosen]:
    """The codes of single parts that the notes of a code for several parts ask for beside it."""
    if len(choice.parts) == 1:
        return []
    notes = books.notes(choice.option.code)
    kept = []
    for n in choice.parts:
        best = searched[(n,)].best
        if best is None or best.code.code[:3] == choice.option.code.code[:3]:
            continue
        note = asking(notes, best.code, told_together=True)
        if note is not None and best.right >= _LEAST_KEPT:
            why = (ground(note, choice.option.code.code),)
            kept.append(Chosen(best.code, (parts[n].span,), best.right, why))
    return kept


def _once(chosen: Sequence[Chosen]) -> list[Chosen]:
    """Each code once, with all words that call for it."""
    merged: dict[str, Chosen] = {}
    for each in chosen:
        known = merged.get(each.code.code)
        if known is None:
            merged[each.code.code] = each
            continue
        merged[each.code.code] = Chosen(
            each.code,
            (*known.spans, *each.spans),
            max(known.right, each.right),
            (*known.grounds, *each.grounds),
            known.role,
        )
    return sorted(merged.values(), key=lambda each: min((s.start for s in each.spans), default=0))


def _settled(chosen: list[Chosen], books: Books) -> list[Chosen]:
    """The codes without those that an Excludes1 note keeps from standing beside another."""
    while True:
        codes = [each.code for each in chosen]
        pairs = excluded(codes, {code.code: books.notes(code) for code in codes})
        if not pairs:
            return chosen
        one, other, _ = pairs[0]
        goes = (one, other)[
            loser(codes[one], codes[other], (chosen[one].right, chosen[other].right))
        ]
        chosen = [each for n, each in enumerate(chosen) if n != goes]


def _in_order(statement: Statement, chosen: Sequence[Chosen], books: Books) -> Assembled:
    codes = [each.code for each in chosen]
    notes = {code.code: books.notes(code) for code in codes}
    order, _ = ordered(codes, notes)
    lines = []
    for number, at in enumerate(order):
        each = chosen[at]
        lines.append(
            Line(
                each.code.code,
                each.code.title,
                "icd10cm",
                "first-listed" if number == 0 else each.role,
                each.spans,
                each.grounds,
                "high" if each.right >= 0.88 else "medium" if each.right >= 0.5 else "low",
            )
        )
    return Assembled(tuple(lines), statement.facts)
