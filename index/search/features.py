"""What the texts of a system index say, as arrays: read once when an index is built, so that a
question is compared with thousands of texts in a millisecond.

A text is a set of word stems, told by their numbers. Of its *core*, the text without nonessential
modifiers, each side of an "and" is an alternative to the whole, when it tells something: "and" in a
title means "and/or" (Official Guidelines, I.A.14). What a title says on each axis is kept as bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from codesets import laterality
from index.text.attributes import AXES, HOLLOW, OTHER, UNSPECIFIED
from index.text.tokens import Reading, essential, read

FILE = "facts.npz"


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of numbers of different lengths, one after another: row n is
    `values[starts[n]:starts[n + 1]]`."""

    values: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> Ragged:
        rows = list(rows)
        starts = np.zeros(len(rows) + 1, dtype=np.int32)
        np.cumsum([len(row) for row in rows], out=starts[1:])
        values = np.fromiter((n for row in rows for n in row), dtype=np.int32, count=starts[-1])
        return cls(values, starts)

    def lengths(self, rows: np.ndarray) -> np.ndarray:
        return self.starts[rows + 1] - self.starts[rows]

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of these rows one after another, and for each the place of its row."""
        lengths = self.lengths(rows)
        place = np.repeat(np.arange(len(rows)), lengths)
        before = np.cumsum(lengths) - lengths
        return self.values[np.arange(len(place)) - (before - self.starts[rows])[place]], place


class Words:
    """The stems of a question, to be looked for in rows of stems."""

    def __init__(self, numbers: Sequence[int], of: int) -> None:
        """`numbers`: of each stem, -1 for one that no text has; `of`: how many stems there are."""
        self.count = len(numbers)
        self._column = np.full(of, -1, dtype=np.int16)
        for column, number in enumerate(numbers):
            if number >= 0:
                self._column[number] = column

    def within(self, ragged: Ragged, rows: np.ndarray) -> np.ndarray:
        """rows x stems: whether a row has a stem."""
        values, place = ragged.take(rows)
        column = self._column[values]
        found = np.zeros((len(rows), self.count), dtype=bool)
        found[place[column >= 0], column[column >= 0]] = True
        return found


@dataclass(frozen=True, slots=True)
class TitleFeatures:
    """The facts of a system index's texts (`said`, `core`, `parts`) and of its families' titles
    (the rest).

    `parts`: of each text its alternatives, as rows of `part_stems`. `axes`: families x axes, the
    values said as bits. `denied`: the stems that a title denies. `groups`: of each family the
    number of its group, whose members differ in side or trimester alone.
    """

    stems: list[str]
    said: Ragged
    core: Ragged
    parts: Ragged
    part_stems: Ragged
    denied: Ragged
    axes: np.ndarray
    unspecified: np.ndarray
    other: np.ndarray
    groups: np.ndarray


def read_facts(
    texts: Sequence[str], titles: Sequence[int], parents: Sequence[str | None]
) -> TitleFeatures:
    """The facts of texts; `titles` are the texts that are titles of families, in their order, and
    `parents` the codes above these."""
    numbers: dict[str, int] = {}

    def row(stems: Iterable[str]) -> list[int]:
        return [numbers.setdefault(stem, len(numbers)) for stem in sorted(stems)]

    readings = [read(text) for text in texts]
    cores = [read(essential(text)) for text in texts]
    said = Ragged.of(row(reading.affirmed) for reading in readings)
    core = Ragged.of(row(reading.affirmed) for reading in cores)
    part_rows: list[list[int]] = []
    parts = []
    for text, reading in zip(texts, cores, strict=True):
        telling = [row(part) for part in _alternatives(text, reading)]
        parts.append(range(len(part_rows), len(part_rows) + len(telling)))
        part_rows += telling
    of_titles = [cores[title] for title in titles]
    denied = Ragged.of(row(reading.denied) for reading in of_titles)
    return TitleFeatures(
        stems=list(numbers),
        said=said,
        core=core,
        parts=Ragged.of(parts),
        part_stems=Ragged.of(part_rows),
        denied=denied,
        axes=np.array(
            [[axis.bits(reading) for axis in AXES] for reading in of_titles], dtype=np.uint16
        ),
        unspecified=np.array([bool(UNSPECIFIED & r.affirmed) for r in of_titles]),
        other=np.array([bool(OTHER & r.affirmed) for r in of_titles]),
        groups=_groups([texts[title] for title in titles], parents),
    )


#: Words that choose among the members of a group; a title says "right eye", and "bilateral" alone.
_CHOOSING = re.compile(
    rf"\b(?:{'|'.join(laterality.WORDS)}|sides?|unspecified|first|second|third|trimester)\b"
    r"(?: (?:eye|ear)s?\b)?"
)


def _groups(titles: Sequence[str], parents: Sequence[str | None]) -> np.ndarray:
    """A number for each group of codes under one header that differ in nothing but side or
    trimester: "Primary osteoarthritis, right hand", "left hand", "unspecified hand"."""
    numbers: dict[tuple[str, frozenset[str], frozenset[str]], int] = {}
    found = []
    for number, (title, parent) in enumerate(zip(titles, parents, strict=True)):
        rest = read(_CHOOSING.sub("", title.lower()))
        key = (parent or f"#{number}", rest.affirmed, rest.denied)
        found.append(numbers.setdefault(key, len(numbers)))
    return np.array(found, dtype=np.int32)


def _alternatives(text: str, core: Reading) -> list[frozenset[str]]:
    sides = essential(text).split(" and ")
    readings = [core, *map(read, sides if sides[1:] else ())]
    return [part for reading in readings if (part := reading.affirmed - HOLLOW)]


def save(path: Path, title_features: TitleFeatures) -> None:
    arrays: dict[str, Any] = {}
    for field in fields(title_features):
        value = getattr(title_features, field.name)
        if isinstance(value, Ragged):
            arrays[f"{field.name}.values"], arrays[f"{field.name}.starts"] = (
                value.values,
                value.starts,
            )
        elif field.name != "stems":
            arrays[field.name] = value
    arrays["stems"] = np.array(title_features.stems, dtype=np.bytes_)
    np.savez(path, **arrays)


def load(path: Path) -> TitleFeatures:
    with np.load(path) as arrays:
        found: dict[str, Any] = {"stems": [stem.decode() for stem in arrays["stems"].tolist()]}
        for field in fields(TitleFeatures):
            name = field.name
            if f"{name}.values" in arrays:
                found[name] = Ragged(arrays[f"{name}.values"], arrays[f"{name}.starts"])
            elif name != "stems":
                found[name] = arrays[name]
    return TitleFeatures(**found)
