"""The place, the activity and the status that go with an external cause (Y92, Y93, Y99)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from index.statement.books import Books
from index.statement.causes.cause_objects import named
from index.statement.causes.cause_words import PhraseTable, whole_pattern
from index.statement.model import Span, Statement
from index.text.resources import parse_table, read_text

_SECTIONS = {"place": "I.C.20.b", "activity": "I.C.20.c", "status": "I.C.20.k"}


#: What makes the name of a game that of a thing or place.
_EQUIPMENT = re.compile(
    r"\W(?:pools?|balls?|bats?|pucks?|sticks?|helmets?|field|court|rink|coach|carts?)\b"
)


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A place, activity or status: its code and the words for it. `key`: which of them it is."""

    key: str
    stem: str
    spans: tuple[Span, ...]
    section: str


@cache
def _rows() -> PhraseTable[tuple[str, re.Pattern[str], str]]:
    table = parse_table(
        "prompts/statements/cause_places.tsv",
        read_text("statements", "cause_places.tsv"),
        lambda row: [(row["group"], row["words"])],
    )
    return PhraseTable.of(
        [(row["words"], (row["group"], whole_pattern(row["words"]), row["code"])) for row in table]
    )


def _is_idle(activity: Circumstance, statement: Statement) -> bool:
    """Whether an activity is walking or sleeping, which cause no injury by themselves. A hike is
    told for what it was."""
    if activity.stem not in ("Y93.01", "Y93.84"):
        return False
    return "hik" not in statement.folded[slice(*activity.spans[0])]


def circumstances(statement: Statement, caused: bool, books: Books) -> tuple[Circumstance, ...]:
    """The place, activity and status that a statement tells, at most one of each. Without a cause
    (`caused`) or an activity the place and the status are left out: where a patient is seen, or
    works, is no place of occurrence."""
    found: dict[str, Circumstance] = {}
    for group, pattern, code in _rows().candidates(statement.folded):
        if group in found:
            continue
        for match in pattern.finditer(statement.folded):
            span = Span(*match.span())
            if _EQUIPMENT.match(statement.folded, span.end):
                continue
            if statement.status_of(span) in ("affirmed", "past"):
                found[group] = Circumstance(group, code, (span,), _SECTIONS[group])
                break
    for one in named(books, statement.folded):
        if one.group in _SECTIONS and statement.is_affirmed(one.span):
            new = Circumstance(one.group, one.stem, (one.span,), _SECTIONS[one.group])
            found.setdefault(one.group, new)
    # "Pain while walking" tells no activity that caused it.
    if not caused and ("activity" not in found or _is_idle(found["activity"], statement)):
        return ()
    return tuple(found[group] for group in ("place", "activity", "status") if group in found)
