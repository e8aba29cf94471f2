"""What an ICD-10-PCS code says, axis by axis, and which codes stand next to it.

Everything here comes from the rows of the code's own table and from nothing else: a code takes
its seven values from one row, or it is no code.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from codesets import laterality
from codesets.model import TableRow

_LENGTH = 7
_BODY_PART = 4

#: The approaches of ICD-10-PCS. One that a table lacks must not be taken for a shorter one that it
#: has: "percutaneous endoscopic" is not "percutaneous".
_APPROACHES = (
    "Open",
    "Percutaneous",
    "Percutaneous Endoscopic",
    "Via Natural or Artificial Opening",
    "Via Natural or Artificial Opening Endoscopic",
    "Via Natural or Artificial Opening With Percutaneous Endoscopic Assistance",
    "External",
)

_SIDES = frozenset(laterality.TITLE_WORDS)

#: What may be said around a side without saying more: "and what about the left one instead?"
_PLAIN = frozenset(
    "a about also and but code for how if in instead is it its now of on one only or other same "
    "side sided that the then this to was what with would be".split()
)

_PLURAL = re.compile(r"(?:ies|es|is|s|e|y)$")


@dataclass(frozen=True, slots=True)
class Axis:
    """One character of a code: the third is "Operation", value "T", "Resection"."""

    position: int
    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The code that differs in one axis as was asked, None where the table has no such code.

    `choices` are the meanings that the axis can take, the other six characters unchanged.
    """

    code: str | None
    choices: tuple[str, ...]


def explain(rows: Sequence[TableRow], code: str) -> tuple[Axis, ...]:
    """The seven axes of a code; empty when no row of its table holds all its values."""
    return next(filter(None, (_fit(row, code) for row in _rows(rows))), ())


def neighbour(
    rows: Sequence[TableRow], code: str, position: int, meaning_or_value: str
) -> Neighbour:
    """The code with another value at `position` (1 to 7), named by its meaning or character."""
    before, after = code[: position - 1], code[position:]
    choices = [
        (before + value + after, value, meaning)
        for row in _rows(rows)
        for value, meaning in row[position - 1].values
        if _fit(row, before + value + after)
    ]
    said = meaning_or_value.lower()
    meant = (other for other, value, meaning in choices if said in (value.lower(), meaning.lower()))
    return Neighbour(next(meant, None), tuple(dict.fromkeys(meaning for *_, meaning in choices)))


def axis_meant(rows: Sequence[TableRow], code: str, words: str) -> tuple[int, str] | None:
    """The position and the meaning that a phrase such as "same, but open" names; None for none.

    It is the longest meaning whose words are all said, among those of all rows and the official
    approaches, so `neighbour` may have no code for it; of "open instead of percutaneous", the one
    that the code does not have. A side alone names the code's body part on that side. Two
    meanings equally long are not decided between.
    """
    said = _words(words)
    present = {axis.position: axis.meaning for axis in explain(rows, code)}
    named = _named(rows, said)
    others = {
        (position, meaning): length
        for (position, meaning), length in named.items()
        if present.get(position) != meaning
    }
    if others:
        return _longest(others)
    part = _on_side(rows, present.get(_BODY_PART, ""), said)
    return (_BODY_PART, part) if part else _longest(named)


def _rows(rows: Sequence[TableRow]) -> Iterator[Sequence[TableRow]]:
    """The seven axes of each row of a table, in order."""
    numbered: dict[int, list[TableRow]] = defaultdict(list)
    for axis in rows:
        numbered[axis.row].append(axis)
    head = numbered.pop(0, [])
    for _, rest in sorted(numbered.items()):
        yield sorted((*head, *rest), key=lambda axis: axis.position)


def _fit(row: Sequence[TableRow], code: str) -> tuple[Axis, ...]:
    """The axes of a code that takes all its values from this row; else nothing."""
    if len(code) != _LENGTH:
        return ()
    axes = tuple(
        Axis(axis.position, axis.axis, value, meaning)
        for axis, character in zip(row, code, strict=True)
        for value, meaning in axis.values
        if value == character
    )
    return axes if len(axes) == _LENGTH else ()


def _named(rows: Sequence[TableRow], said: frozenset[str]) -> Mapping[tuple[int, str], int]:
    """The meanings whose words are all said, with their number of words; none that is only part
    of another."""
    meanings = {
        (axis.position, meaning): words
        for axis in rows
        if axis.row
        for meaning in (
            *(meaning for _, meaning in axis.values),
            *(_APPROACHES if axis.axis == "Approach" else ()),
        )
        if (words := _words(meaning)) <= said
    }
    return {
        place: len(words)
        for place, words in meanings.items()
        if not any(words < longer for longer in meanings.values())
    }


def _longest(named: Mapping[tuple[int, str], int]) -> tuple[int, str] | None:
    most = max(named.values(), default=0)
    longest = [place for place, length in named.items() if length == most]
    return longest[0] if len(longest) == 1 else None


def _on_side(rows: Sequence[TableRow], part: str, said: frozenset[str]) -> str | None:
    """The body part of the same name on the one side that is said, and nothing but said."""
    side = said & _SIDES
    if len(side) != 1 or said - side - _words(part) - _PLAIN:
        return None
    parts = {
        meaning
        for axis in rows
        if axis.position == _BODY_PART
        for _, meaning in axis.values
        if _words(meaning) & _SIDES == side and _unsided(meaning) == _unsided(part)
    }
    return parts.pop() if len(parts) == 1 else None


def _unsided(part: str) -> list[str]:
    """A body part's name without its side, one or many: "Ovary, Left" and "Ovaries, Bilateral"."""
    words = re.findall(r"\w+", part.lower())
    return [_PLURAL.sub("", word) for word in words if word not in _SIDES]


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))
