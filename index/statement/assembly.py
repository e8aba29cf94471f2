"""Puts the report of a statement together.

The stages: what the finders propose; what the search finds for the rest, part by part and joined;
the choice of the codes that cover it; what notes ask for beside them; what rules on codes change;
and the order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from codesets.model import Code, Note
from index.search.confidence import level
from index.search.left_open import axis_left_open
from index.search.searcher import Found
from index.statement import grounds, obstetrics
from index.statement.books import Books
from index.statement.evidence import Weighed, weigh
from index.statement.finders import FINDERS
from index.statement.laterality import on_sides
from index.statement.listing import IsName, apart
from index.statement.model import (
    Assembled,
    Fact,
    Line,
    Proposal,
    Statement,
    Wording,
)
from index.statement.partners import asking, ground
from index.statement.parts import Part, parts_of, wordings
from index.statement.pool import Searched, options_of
from index.statement.revision import Chosen, revised
from index.statement.selection import Choice, best_of, choose
from index.statement.sequencing import NoteEdge, ordered, place
from index.text.attributes import SIDE
from index.text.encounter import read_encounter

Search = Callable[[Sequence[str]], Sequence[Found]]
#: The letters of external causes.
_CAUSES = "VWXY"
#: The least chance of a code that a note asks for, and of one found by other words.
_LEAST_KEPT, _LEAST_INSTEAD = 0.2, 0.2
#: The least chance of a code that shares words with another and that a note of this asks for.
_LEAST_ASKED = 0.25


def assemble(statement: Statement, books: Books, search: Search, is_name: IsName) -> Assembled:
    """The report of a statement. `search` finds the codes for several wordings at once; `is_name`
    says whether words are the name of a condition."""
    statement = apart(statement, is_name)
    proposals = [p for find in FINDERS for p in find(statement, books)]
    claimed = [span for p in proposals if p.settles for span in p.spans]
    parts = parts_of(statement, claimed)
    others = obstetrics.wordings(statement, books)
    proposed = _proposed(proposals, books)
    chosen = [*_searched(statement, parts, others, proposed, books, search, is_name), *proposed]
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


def _searched(
    statement: Statement,
    parts: Sequence[Part],
    others: Sequence[Wording],
    proposed: Sequence[Chosen],
    books: Books,
    search: Search,
    is_name: IsName,
) -> list[Chosen]:
    """The codes that the search finds for the parts of a statement. `others`: other words for some
    of the parts, which are searched instead of their own where they find something. `proposed`:
    what is in the report already."""
    if not parts:
        return []
    encounter = read_encounter(statement.text)
    groups = wordings(parts)
    found = search([*(wording.text for _, wording in groups), *(other.text for other in others)])
    searched = {
        group: options_of(wording, each, encounter, books)
        for (group, wording), each in zip(groups, found, strict=False)
    }
    plain = {n: searched[(n,)] for n in range(len(parts))}
    for other, each in zip(others, found[len(groups) :], strict=True):
        instead = options_of(other, each, encounter, books)
        if instead.best is None or instead.best.right < _LEAST_INSTEAD:
            continue
        for n, part in enumerate(parts):
            if any(span.overlaps(part.span) for span in other.spans):
                searched[(n,)] = instead
    sides = SIDE.said(searched[max(searched, key=len)].query.reading)
    chosen = []
    weighed = weigh(statement, parts, searched, books, is_name)
    if any(each.code.code[0] in _CAUSES for each in proposed):
        # What a finder of causes has read is not searched for again.
        weighed = [each for each in weighed if each.option.code.code[0] not in _CAUSES]
    choices = choose(weighed) or ([] if proposed else best_of(weighed))
    for choice in choices:
        spans = tuple(parts[n].span for n in choice.parts)
        own = searched[choice.parts]
        why = (grounds.found(choice.option),)
        for code in on_sides(choice.option, own, sides, encounter, books):
            ask = _left_open(choice, own, sides, books)
            chosen.append(Chosen(code, spans, choice.chance, why, ask=ask))
        chosen += _kept_beside(choice, parts, plain, books)
    chosen += _asked_for(choices, weighed, parts, books)
    return chosen


def _asked_for(
    choices: Sequence[Choice], weighed: Sequence[Weighed], parts: Sequence[Part], books: Books
) -> list[Chosen]:
    """The less likely codes that a note joins to a chosen one: that its notes ask for, where both
    share words (the ulcer of an ankle beside the atherosclerosis that is its cause), or whose own
    notes ask for it (HIV disease beside the pneumonia that it leads to)."""
    categories = {choice.option.code.code[:3] for choice in choices}
    found = []
    for each in sorted(weighed, key=lambda w: -w.chance):
        code = each.option.code
        if each.chance < _LEAST_ASKED or code.code[:3] in categories:
            continue
        note = _joining(each, choices, books)
        if note is not None:
            spans = tuple(parts[n].span for n in each.group)
            why = (ground(note, note.owner), grounds.found(each.option))
            found.append(Chosen(code, spans, each.chance, why))
            categories.add(code.code[:3])
    return found


def _joining(each: Weighed, choices: Sequence[Choice], books: Books) -> Note | None:
    """The note that joins a code to one of those that are chosen; None where none does."""
    shared = [choice for choice in choices if not set(choice.parts).isdisjoint(each.group)]
    for choice in shared:
        note = asking(books.notes(choice.option.code), each.option.code, told_together=True)
        if note is not None:
            return note
    for choice in () if shared else choices:
        note = asking(books.notes(each.option.code), choice.option.code, told_together=True)
        if note is not None:
            return note
    return None


def _left_open(choice: Choice, own: Searched, sides: frozenset[str], books: Books) -> str:
    hits = [option.hit for option in own.options]
    siblings = [code for stem in choice.option.hit.siblings for code in books.below(stem)[:1]]
    at = own.options.index(choice.option)
    axis = axis_left_open(own.query, hits, at, siblings) or ""
    return "" if axis == "ask.side" and sides else axis


def _kept_beside(
    choice: Choice, parts: Sequence[Part], plain: Mapping[int, Searched], books: Books
) -> list[Chosen]:
    """The codes of single parts that the notes of the code chosen for them ask for beside it.
    `plain`: what their own words find."""
    notes = books.notes(choice.option.code)
    kept = []
    for n in choice.parts:
        best = plain[n].best
        if best is None or best.code.code[:3] == choice.option.code.code[:3]:
            continue
        note = asking(notes, best.code, told_together=True)
        if note is not None and best.right >= _LEAST_KEPT:
            why = (ground(note, choice.option.code.code), grounds.found(best))
            kept.append(Chosen(best.code, (parts[n].span,), best.right, why))
    return kept


def _reported(statement: Statement, chosen: Sequence[Chosen], books: Books) -> Assembled:
    """The codes in order, each with its reasons."""
    codes = [each.code for each in chosen]
    order, followed = ordered(codes, {code.code: books.notes(code) for code in codes})
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
                "first-listed" if number == 0 else each.role,
                each.spans,
                tuple({(w.key, w.quote, w.section): w for w in why}.values()),
                level(each.right),
                each.ask,
            )
        )
    return Assembled(tuple(lines), statement.facts, _either_first(order, codes, followed))


def _either_first(
    order: Sequence[int], codes: Sequence[Code], followed: Sequence[NoteEdge]
) -> tuple[str, ...]:
    """The codes that may be first-listed: those of the place of the first that no note puts after
    another; () where it is the first alone."""
    if len(order) < 2:
        return ()
    after = {edge.second for edge in followed}
    first = place(codes[order[0]].code)
    each = [codes[at].code for at in order if at not in after and place(codes[at].code) == first]
    return tuple(each) if len(each) > 1 else ()


def _with_kinds(statement: Statement, proposals: Sequence[Proposal]) -> Statement:
    """The statement with the kind that the finders see in each fact."""
    facts: list[Fact] = []
    for fact in statement.facts:
        kinds = [p.kind for p in proposals if any(span.overlaps(fact.span) for span in p.spans)]
        facts.append(replace(fact, kind=kinds[0]) if kinds else fact)
    return replace(statement, facts=tuple(facts))
