"""Codes that the search finds for a statement and that a note joins to a chosen one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codesets.model import Note
from index.statement.books import Books
from index.statement.evidence import Group, Weighed
from index.statement.parts import Part
from index.statement.pool import Searched
from index.statement.rules import grounds
from index.statement.rules.partners import asking, ground
from index.statement.rules.revision import Chosen
from index.statement.selection import Choice

#: The least chance of a code that the words of a part find by themselves, and of any other code.
_LEAST_KEPT, _LEAST_ASKED = 0.2, 0.25


def kept_beside(
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
            why = (
                ground(note, choice.option.code.code),
                grounds.found(best, plain[n].query.spelled_out, books),
            )
            kept.append(Chosen(best.code, (parts[n].span,), best.right, why))
    return kept


def asked_for(
    choices: Sequence[Choice],
    weighed: Sequence[Weighed],
    parts: Sequence[Part],
    searched: Mapping[Group, Searched],
    books: Books,
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
            words = searched[each.group].query.spelled_out
            why = (ground(note, note.owner), grounds.found(each.option, words, books))
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
