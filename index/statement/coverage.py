"""How much of what a part of a statement says a code says, too, in its official words."""

from __future__ import annotations

from collections.abc import Sequence

from codesets.model import Code
from index.statement.books import Books
from index.text.tokens import read


def said_by(code: Code, matched: Sequence[str], books: Books) -> frozenset[str]:
    """The stems of a code's title, of the texts by which it was found, and of the titles above."""
    above = books.store.ancestors(books.release, code)
    texts = [code.title, *matched, *(header.title for header in above)]
    return frozenset().union(*(read(text).stems for text in texts))


def share(of: frozenset[str], within: frozenset[str]) -> float:
    """The share of stems that are among others, 0 to 1; 1 where there are none."""
    return len(of & within) / len(of) if of else 1.0
