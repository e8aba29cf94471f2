"""What was removed, in the words people read, and whether the asker is told of it at all."""

from __future__ import annotations

from collections.abc import Iterable

from bot.desk.service_dates import is_of_birth
from bot.phi.spans import PLACEHOLDER
from bot.words import say


def in_words(removed: Iterable[str]) -> str:
    """
    >>> in_words(("NAME", "MEMBER ID"))
    'a name, a health plan number'
    """
    return ", ".join(say(f"identifiers.{kind.replace(' ', '_')}") for kind in removed)


def to_tell(stored: str, removed: Iterable[str]) -> tuple[str, ...]:
    """The kinds to tell the asker of, who gave `stored` without them. The date of service is asked
    for, so whoever gave it alone did nothing wrong.

    >>> to_tell("gout seen [DATE]", ["DATE"]), to_tell("gout dob [DATE]", ["DATE"])
    ((), ('DATE',))
    """
    kinds = tuple(removed)
    places = list(PLACEHOLDER.finditer(stored))
    if kinds == ("DATE",) and len(places) == 1 and not is_of_birth(stored, places[0].start()):
        return ()
    return kinds
