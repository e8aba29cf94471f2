"""How much of what a part of a statement says a code says, too, in its official words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from codesets.model import Code
from index.statement.books import Books
from index.text.attributes import AXES, HOLLOW
from index.text.tokens import read

#: Stems of attributes: a code may leave them out, or its title may have them without their being
#: said.
ATTRIBUTES = HOLLOW | frozenset().union(*(s for axis in AXES for s in axis.values.values()))


@lru_cache(maxsize=8192)
def telling(text: str) -> frozenset[str]:
    """The stems of a text that tell what it is about: those that it affirms, without attributes;
    all of them where it has no others."""
    affirmed = read(text).affirmed
    return affirmed - ATTRIBUTES or affirmed


def said_by(code: Code, matched: Sequence[str], books: Books) -> frozenset[str]:
    """The stems of a code's title, of the texts by which it was found, and of the titles above."""
    above = books.store.ancestors(books.release, code)
    texts = [code.title, *matched, *(header.title for header in above)]
    return frozenset().union(*(read(text).stems for text in texts))


def share(of: frozenset[str], within: frozenset[str]) -> float:
    """The share of stems that are among others, 0 to 1; 1 where there are none."""
    return len(of & within) / len(of) if of else 1.0
