"""Puts the report of a statement together.

The stages: what the finders propose; what the search finds for the rest, part by part and joined;
the choice of the codes that cover it; what notes ask for beside them; what rules on codes change;
and the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from codesets.model import Code
from index.search.confidence import level
from index.statement.books import Books
from index.statement.finders import FINDERS
from index.statement.listing import apart
from index.statement.model import Assembled, Fact, Line, Proposal, Role, Statement
from index.statement.obstetrics import obstetrics
from index.statement.part_search import PartSearch, Texts
from index.statement.parts import parts_of
from index.statement.rules import grounds
from index.statement.rules.conflicts import excluded
from index.statement.rules.revision import Chosen, revised
from index.statement.rules.sequencing import NoteEdge, is_never_first, ordered, place


def assemble(statement: Statement, books: Books, texts: Texts) -> Assembled:
    """The report of a statement."""
    statement = apart(statement, texts.is_name)
    proposals = [p for find in FINDERS for p in find(statement, books)]
    claimed = [span for p in proposals if p.settles for span in p.spans]
    parts = parts_of(statement, claimed)
    others = obstetrics.wordings(statement, books)
    proposed = _proposed(proposals, books)
    found = PartSearch(books, texts).chosen(statement, parts, others, proposed)
    chosen = [*found, *proposed]
    beside = tuple(beginning for p in proposals for beginning in p.excludes)
    chosen = [each for each in chosen if not (beside and each.code.code.startswith(beside))]
    chosen = revised(chosen, statement, books)
    return _reported(_with_kinds(statement, proposals), chosen, books)


def _proposed(proposals: Sequence[Proposal], books: Books) -> list[Chosen]:
    return [
        Chosen(code, p.spans, p.sure, p.grounds, p.role)
        for p in proposals
        if (code := books.code(p.code)) is not None
    ]


def _reported(statement: Statement, chosen: Sequence[Chosen], books: Books) -> Assembled:
    """The codes in order, each with its reasons."""
    codes = [each.code for each in chosen]
    notes = {code.code: books.notes(code) for code in codes}
    order, followed = ordered(codes, notes)
    lines = []
    for number, at in enumerate(order):
        each = chosen[at]
        why = (
            *grounds.of_notes(at, codes, followed),
            *each.grounds,
            *grounds.of_place(each.code, number, len(order)),
        )
        lines.append(
            Line(
                each.code.code,
                each.code.title,
                "icd10cm",
                _role(each, number),
                each.spans,
                tuple({(w.key, w.quote, w.section): w for w in why}.values()),
                level(each.right),
                each.ask,
            )
        )
    doubtful = {
        (codes[min(at, n)].code, codes[max(at, n)].code)
        for at, n, _ in excluded(codes, notes, may_stand=True)
    }
    either = _either_first(order, codes, followed)
    return Assembled(tuple(lines), statement.facts, either, tuple(sorted(doubtful)))


def _role(each: Chosen, number: int) -> Role:
    """What a code is in its line: first-listed is the first and no other."""
    if number == 0:
        return "first-listed"
    return "additional" if each.role == "first-listed" else each.role


def _either_first(
    order: Sequence[int], codes: Sequence[Code], followed: Sequence[NoteEdge]
) -> tuple[str, ...]:
    """The codes that may be first-listed: those of the place of the first that no note puts after
    another; () where it is the first alone."""
    if len(order) < 2:
        return ()
    after = {edge.second for edge in followed}
    first = place(codes[order[0]].code)
    each = [
        codes[at].code
        for at in order
        if at not in after and place(codes[at].code) == first and not is_never_first(codes[at])
    ]
    return tuple(each) if len(each) > 1 else ()


def _with_kinds(statement: Statement, proposals: Sequence[Proposal]) -> Statement:
    """The statement with the kind that the finders see in each fact."""
    facts: list[Fact] = []
    for fact in statement.facts:
        kinds = [p.kind for p in proposals if any(span.overlaps(fact.span) for span in p.spans)]
        facts.append(replace(fact, kind=kinds[0]) if kinds else fact)
    return replace(statement, facts=tuple(facts))
