"""The code below a stem that the words of a whole statement call for, shorthand spelled out."""

from __future__ import annotations

from functools import lru_cache

from codesets.model import Code
from index.statement.books import Books
from index.text.lexicon import Lexicon


def completed(stem: str, text: str, books: Books) -> Code | None:
    """The billable code below a stem that a text calls for ("L heel" is the left one); None when
    there is none. `text` is as typed: a capital "L" is a side."""
    return books.complete(stem, f"{text} . {_spelled(text)}")


@lru_cache(maxsize=256)
def _spelled(text: str) -> str:
    lexicon = Lexicon.shipped()
    return " ".join(part.means for part in lexicon.parts(lexicon.typed(text)))
