"""Notes that name two diagnoses beside each other and let both be reported: the instruction that is
followed, or Excludes2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

from bot.desk.answer import Pair
from bot.desk.reasons import reason
from codesets.model import Code, Note
from index.statement.books import Books

#: Kinds of notes, those that say most of two codes first.
_KINDS = ("code_first", "use_additional_code", "code_also", "excludes2")


def followed(books: Books, codes: Sequence[Code]) -> list[Pair]:
    """The notes of these codes that name another of them, the most telling kind first. Of a block
    or chapter only Excludes2 counts: its instructions are about all its codes."""
    found = [
        (note, one.code, other.code)
        for one, other in permutations(codes, 2)
        for note in _naming(books, one, other)
    ]
    found.sort(key=lambda each: _KINDS.index(each[0].kind))
    return [
        Pair(
            codes=[one, other],
            rule=note.kind,
            quote=note.text,
            inherited_from=note.owner,
            release=note.release,
            severity="caution",
            reasons=[reason(f"pairs.{_key(note)}", one=one, other=other)],
        )
        for note, one, other in found
    ]


def _key(note: Note) -> str:
    return note.kind if note.kind == "excludes2" else f"{note.kind}_followed"


def _naming(books: Books, one: Code, other: Code) -> Iterator[Note]:
    for note in books.notes(one):
        if note.kind not in _KINDS or (note.owner_kind != "code" and note.kind != "excludes2"):
            continue
        if note.owner_kind == "chapter":
            continue
        if any(named.contains(other.code) for named in note.codes):
            yield note
