"""Finds codes where they stand in a text, as typed, without compiling a pattern for each code: a
list of forty codes would compile hundreds."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Letters that a pattern that ignores case takes for letters of ASCII.
_AS_ASCII = frozenset("\u0130\u0131\u017f\u212a")
#: Nothing in particular, which is true everywhere.
ANYWHERE = re.compile("")


def put(
    text: str,
    typed: str,
    new: str,
    *,
    behind: re.Pattern[str] = ANYWHERE,
    ahead: re.Pattern[str] = ANYWHERE,
) -> str:
    """A text with `new` in each place of `typed`, in capitals or small letters. `behind` and
    `ahead` are assertions, such as `(?<!\\w)`, on what stands before and after it.

    >>> put("E11.9, and e11.9?", "E11.9", "§")
    '§, and §?'
    """
    parts: list[str] = []
    done = 0
    for start in _starts(text, typed):
        end = start + len(typed)
        if start >= done and behind.match(text, start) and ahead.match(text, end):
            parts += (text[done:start], new)
            done = end
    return "".join((*parts, text[done:])) if done else text


def _starts(text: str, typed: str) -> Iterator[int]:
    """Where `typed` begins, also within another place of it."""
    small = text.lower()
    if not typed:
        return
    if not typed.isascii() or len(small) != len(text) or not _AS_ASCII.isdisjoint(text):
        for match in re.finditer(f"(?={re.escape(typed)})", text, re.I):
            yield match.start()
        return
    sought = typed.lower()
    start = small.find(sought)
    while start >= 0:
        yield start
        start = small.find(sought, start + 1)
