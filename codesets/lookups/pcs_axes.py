"""What each character of an ICD-10-PCS code means, and which codes differ from it in one.

All of it comes from the rows of the code's own table. A code takes its seven values from one row;
otherwise it is not valid (ICD-10-PCS Official Guidelines A1-A9).
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

#: The approaches of ICD-10-PCS. They are compared even where a table lacks them, so that
#: "percutaneous endoscopic" is not read as the "percutaneous" that the table has.
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

#: Words that may surround a side and add nothing: "and what about the left one instead?"
_FILLER = frozenset(
    "a about also and but code for how if in instead is it its now of on one only or other same "
    "side sided that the then this to was what with would be".split()
)

_PLURAL = re.compile(r"(?:ies|es|is|s|e|y)$")


@dataclass(frozen=True, slots=True)
class Axis:
    """One character of a code: position 3, name "Operation", value "T", meaning "Resection"."""

    position: int
    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The code that differs from another in one axis; None where the table has no such code.

    `choices` are the meanings that the axis can take while the other six characters stay the same.
    """

    code: str | None
    choices: tuple[str, ...]


def explain(rows: Sequence[TableRow], code: str) -> tuple[Axis, ...]:
    """The seven axes of a code; () when no row of its table has all its values."""
    return next(filter(None, (_fit(row, code) for row in _rows(rows))), ())


def begun(rows: Sequence[TableRow], code: str) -> tuple[Axis, ...]:
    """The axes of the beginning of a code; () when no row of its table has all its values."""
    return next(filter(None, (_begun(row, code) for row in _rows(rows))), ())


def following(rows: Sequence[TableRow], code: str) -> list[tuple[str, str, str]]:
    """The name of the axis after the beginning of a code, and each value and its meaning that a row
    with that beginning allows there, in the order of the rows, once."""
    found = [
        (row[len(code)].axis, value, meaning)
        for row in _rows(rows)
        if len(code) < len(row) and _begun(row, code)
        for value, meaning in row[len(code)].values
    ]
    return list(dict.fromkeys(found))


def neighbour(
    rows: Sequence[TableRow], code: str, position: int, meaning_or_value: str
) -> Neighbour:
    """The code with another value at `position` (1 to 7). `meaning_or_value` is that value, or its
    meaning in any case."""
    before, after = code[: position - 1], code[position:]
    choices = [
        (before + value + after, value, meaning)
        for row in _rows(rows)
        for value, meaning in row[position - 1].values
        if _fit(row, before + value + after)
    ]
    name = meaning_or_value.lower()
    codes = (other for other, value, meaning in choices if name in (value.lower(), meaning.lower()))
    return Neighbour(next(codes, None), tuple(dict.fromkeys(meaning for *_, meaning in choices)))


def axis_meant(rows: Sequence[TableRow], code: str, words: str) -> tuple[int, str] | None:
    """The position and the meaning that a phrase such as "same, but open" names; None for none.

    It is the longest meaning whose words are all in the phrase, among the meanings of all rows and
    the official approaches; so `neighbour` may have no code for it. Meanings that the code does not
    have come first: "open instead of percutaneous" means the other one. A side alone names the
    code's body part on that side. Two meanings of the same length give None.
    """
    phrase = _words(words)
    present = {axis.position: axis.meaning for axis in explain(rows, code)}
    named = _named(rows, phrase)
    others = {
        (position, meaning): length
        for (position, meaning), length in named.items()
        if present.get(position) != meaning
    }
    if others:
        return _longest(others)
    part = _on_side(rows, present.get(_BODY_PART, ""), phrase)
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
    """The axes of a code, if it takes all its values from this row; else ()."""
    return _begun(row, code) if len(code) == _LENGTH else ()


def _begun(row: Sequence[TableRow], code: str) -> tuple[Axis, ...]:
    """The axes of the beginning of a code, if it takes all its values from this row; else ()."""
    axes = tuple(
        Axis(axis.position, axis.axis, value, meaning)
        for axis, character in zip(row, code, strict=False)
        for value, meaning in axis.values
        if value == character
    )
    return axes if len(axes) == len(code) else ()


def _named(rows: Sequence[TableRow], phrase: frozenset[str]) -> Mapping[tuple[int, str], int]:
    """The number of words of each (position, meaning) whose words are all in the phrase. A meaning
    that is only part of another one there is left out."""
    meanings = {
        (axis.position, meaning): words
        for axis in rows
        if axis.row
        for meaning in (
            *(meaning for _, meaning in axis.values),
            *(_APPROACHES if axis.axis == "Approach" else ()),
        )
        if (words := _words(meaning)) <= phrase
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


def _on_side(rows: Sequence[TableRow], part: str, phrase: frozenset[str]) -> str | None:
    """The same body part on the side that the phrase names; None where the phrase says more."""
    side = phrase & _SIDES
    if len(side) != 1 or phrase - side - _words(part) - _FILLER:
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
    """A body part's name without side and plural: the same for "Ovary, Left" and "Ovaries,
    Bilateral"."""
    words = re.findall(r"\w+", part.lower())
    return [_PLURAL.sub("", word) for word in words if word not in _SIDES]


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))
