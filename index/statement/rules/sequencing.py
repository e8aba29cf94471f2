"""The order in which codes are reported: by notes, and by the rows of
prompts/statements/sequencing.toml, each with its section of the Official Guidelines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from codesets.model import Code, Note
from index.statement.rules.named_codes import names
from index.text.resources import read_text

#: The place of a condition that no row places.
CONDITION = 50
#: Manifestations: "in diseases classified elsewhere" is never first (I.A.13). An organism "as the
#: cause of diseases classified elsewhere" has a row of its own.
_MANIFESTATION = re.compile(r"(?<!not )\bclassified elsewhere", re.I)
#: Notes that put another code before or after the one that they govern.
_ORDERED = ("code_first", "use_additional_code")


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table. `place`: the lower comes first; `never_first`: whether it may not be
    first-listed while another code can be."""

    name: str
    section: str
    place: int
    never_first: bool
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class NoteEdge:
    """A note that puts `first` before `second`, as places in the list of codes."""

    first: int
    second: int
    note: Note


@cache
def rules() -> tuple[Rule, ...]:
    """The rows of the table, in their order."""
    rows = tomllib.loads(read_text("statements", "sequencing.toml"))["rule"]
    return tuple(
        Rule(
            row["name"],
            row["section"],
            row["place"],
            row.get("never_first", False),
            re.compile("|".join(map(_pattern, row["codes"]))),
        )
        for row in rows
    )


def _pattern(codes: str) -> str:
    """A pattern for the beginnings of codes that a row names."""
    if found := re.fullmatch(r"([A-Z]\d\d(?:\.\d+)?)-([A-Z]\d\d(?:\.\d+)?)", codes):
        first, last = found.groups()
        digits = [code[1:].replace(".", "") for code in (first, last)]
        numbers = [f"{n:0{len(digits[0])}}" for n in range(int(digits[0]), int(digits[1]) + 1)]
        return "|".join(rf"{first[0]}{n[:2]}\.{n[2:]}".removesuffix(r"\.") for n in numbers)
    return codes.replace(".", r"\.").replace("#", "[0-9A-Z]")


@lru_cache(maxsize=4096)
def rule_for(code: str) -> Rule | None:
    """The row that places a code: the one with the longest beginning; None if no row does."""
    best, length = None, 0
    for rule in rules():
        found = rule.pattern.match(code)
        if found and found.end() > length:
            best, length = rule, found.end()
    return best


def place(code: str) -> int:
    """Where a code stands among others: the lower comes first."""
    found = rule_for(code)
    return found.place if found else CONDITION


def edges(codes: Sequence[Code], notes: Mapping[str, Sequence[Note]]) -> list[NoteEdge]:
    """What the notes of these codes say of their order. `notes`: those that govern each code."""
    found = []
    for at, code in enumerate(codes):
        for note in notes[code.code]:
            if note.kind not in _ORDERED:
                continue
            for n, other in enumerate(codes):
                if n == at or not names(note, other):
                    continue
                pair = (n, at) if note.kind == "code_first" else (at, n)
                found.append(NoteEdge(*pair, note))
    # A note of the code itself counts more than one that it inherits from a block or chapter.
    return sorted(found, key=lambda edge: edge.note.owner_kind != "code")


def ordered(
    codes: Sequence[Code], notes: Mapping[str, Sequence[Note]]
) -> tuple[list[int], list[NoteEdge]]:
    """The places of the codes in the order in which they are reported, and the notes that were
    followed. A note that would close a circle is left out."""
    after: dict[int, set[int]] = {at: set() for at in range(len(codes))}
    followed = []
    for edge in edges(codes, notes):
        if _leads(after, edge.second, edge.first):
            continue
        after[edge.first].add(edge.second)
        followed.append(edge)
    waiting = {at: 0 for at in after}
    for seconds in after.values():
        for second in seconds:
            waiting[second] += 1
    order: list[int] = []
    while waiting:
        ready = [at for at, count in waiting.items() if not count]
        # A code that is never first may come before others that are, but not be first-listed.
        at = min(
            ready, key=lambda at: (not order and is_never_first(codes[at]), place(codes[at].code))
        )
        order.append(at)
        del waiting[at]
        for second in after[at]:
            waiting[second] -= 1
    return order, followed


def is_never_first(code: Code) -> bool:
    """Whether a code may not be first-listed while another can be."""
    rule = rule_for(code.code)
    return (rule is not None and rule.never_first) or bool(_MANIFESTATION.search(code.title))


def _leads(after: Mapping[int, set[int]], start: int, end: int) -> bool:
    """Whether one code already stands before another."""
    seen, left = {start}, [start]
    while left:
        at = left.pop()
        if at == end:
            return True
        left += after[at] - seen
        seen |= after[at]
    return False
