"""The words of a system index's texts as arrays, computed when the index is built. So a question is
compared with thousands of texts in a millisecond.

A text is a set of word stems; each stem has a number. The *core* of a text is the text without its
nonessential modifiers. The *parts* of a core are the core itself and, where it has an "and", the
words on each side, because "and" in a title means "and/or" (Official Guidelines, I.A.14). The
values that a title names on each axis (index/text/attributes.py) are bits.
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

#: The file of a system index.
FILE = "facts.npz"
#: Names of arrays in the file, where they are not those of the fields.
_ON_DISK = {"affirmed": "said"}


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a Ragged, to be looked into several times: their numbers in one array, the place
    of the row of each number, and how many rows they are."""

    values: np.ndarray
    place: np.ndarray
    count: int


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths in one array: row n is `values[starts[n]:starts[n + 1]]`.

    `values` and `starts` are int32; `starts` has one entry more than there are rows.
    """

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
        """The length of each of these rows."""
        return self.starts[rows + 1] - self.starts[rows]

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of these rows in one array, and for each the place in `rows` of its row."""
        starts = self.starts[rows]
        lengths = self.starts[rows + 1] - starts
        place = np.arange(len(rows)).repeat(lengths)
        ends = lengths.cumsum()
        return self.values[(starts - ends + lengths)[place] + np.arange(len(place))], place

    def rows(self, rows: np.ndarray) -> Rows:
        """These rows, to be looked into several times."""
        return Rows(*self.take(rows), len(rows))


class Words:
    """The stems of a question, to be looked up in rows of stems."""

    def __init__(self, numbers: Sequence[int], vocabulary: int) -> None:
        """`numbers`: the number of each stem, -1 for one that no text has; `vocabulary`: how many
        stems all texts have."""
        self.count = len(numbers)
        self._column = np.full(vocabulary, -1, dtype=np.int16)
        for column, number in enumerate(numbers):
            if number >= 0:
                self._column[number] = column

    def within(self, ragged: Ragged, rows: np.ndarray) -> np.ndarray:
        """Whether each row has each stem: bool, len(rows) x self.count."""
        return self.among(ragged.rows(rows))

    def among(self, rows: Rows) -> np.ndarray:
        """Whether each of these rows has each stem: bool, rows.count x self.count."""
        column = self._column[rows.values]
        known = (column >= 0).nonzero()[0]
        has = np.zeros(rows.count * self.count, dtype=bool)
        has[rows.place[known] * self.count + column[known]] = True
        return has.reshape(rows.count, self.count)


def among(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Whether each of `values` is one of `known`, which are sorted (bool). For few values and many
    that are known, this is many times as fast as numpy.isin."""
    if not len(known):
        return np.zeros(len(values), dtype=bool)
    at = known.searchsorted(values)
    at[at == len(known)] = 0
    return known[at] == values


@dataclass(frozen=True, slots=True)
class TitleFeatures:
    """The words of all texts of a system index, and the values of its families' titles.

    stems           the stems of all texts, by their numbers
    affirmed        Ragged, a row a text: the stems that it affirms
    core            Ragged, a row a text: the stems that its core affirms
    parts           Ragged, a row a text: the rows of `part_stems` that are its parts
    part_stems      Ragged, a row a part: its stems, without those that do not tell texts apart
    denied          Ragged, a row a family: the stems that its title's core denies
    axes            uint16, families x AXES: the values that the title names, as bits
    unspecified     bool, one a family: whether the title has a word such as "unspecified"
    other           bool, one a family: whether the title has a word such as "other"
    groups          int32, one a family: the number of its group; the members of a group differ in
                    side or trimester only
    """

    stems: list[str]
    affirmed: Ragged
    core: Ragged
    parts: Ragged
    part_stems: Ragged
    denied: Ragged
    axes: np.ndarray
    unspecified: np.ndarray
    other: np.ndarray
    groups: np.ndarray


def extract(
    texts: Sequence[str], titles: Sequence[int], parents: Sequence[str | None]
) -> TitleFeatures:
    """Compute the features of `texts`. `titles`: the number of the text that is the title, for each
    family; `parents`: the code above, for each family."""
    numbers: dict[str, int] = {}

    def row(stems: Iterable[str]) -> list[int]:
        return [numbers.setdefault(stem, len(numbers)) for stem in sorted(stems)]

    readings = [read(text) for text in texts]
    cores = [read(essential(text)) for text in texts]
    affirmed = Ragged.of(row(reading.affirmed) for reading in readings)
    core = Ragged.of(row(reading.affirmed) for reading in cores)
    part_rows: list[list[int]] = []
    parts = []
    for text, reading in zip(texts, cores, strict=True):
        own_parts = [row(part) for part in _parts(text, reading)]
        parts.append(range(len(part_rows), len(part_rows) + len(own_parts)))
        part_rows += own_parts
    title_cores = [cores[title] for title in titles]
    denied = Ragged.of(row(reading.denied) for reading in title_cores)
    return TitleFeatures(
        stems=list(numbers),
        affirmed=affirmed,
        core=core,
        parts=Ragged.of(parts),
        part_stems=Ragged.of(part_rows),
        denied=denied,
        axes=np.array(
            [[axis.bits(reading) for axis in AXES] for reading in title_cores], dtype=np.uint16
        ),
        unspecified=np.array([is_unspecified(r) for r in title_cores]),
        other=np.array([bool(OTHER & r.affirmed) for r in title_cores]),
        groups=_groups([texts[title] for title in titles], parents),
    )


_OTHERWISE = read("otherwise").affirmed


def is_unspecified(title: Reading) -> bool:
    """Whether a title is for what is not specified further: "unspecified", or "not otherwise
    specified" and "not otherwise classified", as HCPCS Level II says it."""
    return bool(UNSPECIFIED & title.affirmed or _OTHERWISE & title.denied)


#: Words by which the members of a group differ. "Eye" and "ear" are among them because titles have
#: "right eye" but only "bilateral".
_MEMBER_WORDS = re.compile(
    rf"\b(?:{'|'.join(laterality.WORDS)}|sides?|unspecified|first|second|third|trimester)\b"
    r"(?: (?:eye|ear)s?\b)?"
)


def _groups(titles: Sequence[str], parents: Sequence[str | None]) -> np.ndarray:
    """The number of each family's group: codes under one header that differ in side or trimester
    only, as "Primary osteoarthritis, right hand", "left hand" and "unspecified hand" do."""
    numbers: dict[tuple[str, frozenset[str], frozenset[str]], int] = {}
    groups = []
    for number, (title, parent) in enumerate(zip(titles, parents, strict=True)):
        rest = read(_MEMBER_WORDS.sub("", title.lower()))
        key = (parent or f"#{number}", rest.affirmed, rest.denied)
        groups.append(numbers.setdefault(key, len(numbers)))
    return np.array(groups, dtype=np.int32)


def _parts(text: str, core: Reading) -> list[frozenset[str]]:
    """The stems of each part of a text's core. A part without a stem that tells texts apart is left
    out."""
    sides = essential(text).split(" and ")
    readings = [core, *map(read, sides if sides[1:] else ())]
    return [part for reading in readings if (part := reading.affirmed - HOLLOW)]


def save(path: Path, title_features: TitleFeatures) -> None:
    """Write features into a file."""
    arrays: dict[str, Any] = {}
    for field in fields(title_features):
        value, name = getattr(title_features, field.name), _ON_DISK.get(field.name, field.name)
        if isinstance(value, Ragged):
            arrays |= {f"{name}.values": value.values, f"{name}.starts": value.starts}
        elif name != "stems":
            arrays[name] = value
    arrays["stems"] = np.array(title_features.stems, dtype=np.bytes_)
    np.savez(path, **arrays)


def load(path: Path) -> TitleFeatures:
    """Read the features that `save` wrote."""
    with np.load(path) as arrays:
        values: dict[str, Any] = {"stems": [stem.decode() for stem in arrays["stems"].tolist()]}
        for field in fields(TitleFeatures):
            name = _ON_DISK.get(field.name, field.name)
            if f"{name}.values" in arrays:
                values[field.name] = Ragged(arrays[f"{name}.values"], arrays[f"{name}.starts"])
            elif name != "stems":
                values[field.name] = arrays[name]
    return TitleFeatures(**values)
