"""What was removed, in the words people read."""

from __future__ import annotations

from collections.abc import Iterable

from bot.words import say


def in_words(removed: Iterable[str]) -> str:
    """
    >>> in_words(("NAME", "MEMBER ID"))
    'a name, a health plan number'
    """
    return ", ".join(say(f"identifiers.{kind.replace(' ', '_')}") for kind in removed)
