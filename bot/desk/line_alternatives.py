"""The codes that differ from a line of a report in side or trimester alone."""

from __future__ import annotations

from bot.desk.answer import CodeTitle
from codesets.code_format import undot
from index.statement.books import Books
from index.text.attributes import SIDE, TRIMESTER, UNSPECIFIED
from index.text.tokens import read

_AXES = (SIDE, TRIMESTER)
_ASIDE = UNSPECIFIED.union(*(stems for axis in _AXES for stems in axis.values.values()))


def alternatives(code: str, title: str, books: Books) -> list[CodeTitle]:
    """The codes of the same subcategory and seventh character with the same title but for its side
    or trimester; [] where its title has neither."""
    own = read(title).stems
    if own.isdisjoint(_ASIDE):
        return []
    whole = undot(code)
    seventh = whole[6:]
    # The side is in the last place before the seventh character, or in the one before that.
    ends = {code[: len(code) - len(seventh) - places] for places in (1, 2)}
    found = {
        other.code: CodeTitle(other.code, other.title)
        for beginning in sorted(ends, key=len)
        if len(undot(beginning)) > 3
        for other in books.below(beginning)
        if undot(other.code)[6:] == seventh and other.code != code
        if read(other.title).stems - _ASIDE == own - _ASIDE
    }
    return list(found.values())
