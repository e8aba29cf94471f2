"""The titles of ICD-10-PCS, taken apart into the words of each axis."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from codesets.laterality import Side
from index.pcs.phrases import SIDE_OF_STEM, SIDE_STEMS
from index.text.tokens import lexical_tokens, plain_words

_APPROACH = re.compile(
    r",? (Open|Percutaneous(?: Endoscopic)?|External|Via Natural or Artificial Opening"
    r"(?: Endoscopic| With Percutaneous Endoscopic Assistance)?)(?: Approach)?(?=,|$)"
)
#: Where the operation ends and the body part begins. Some titles have no such word: "Release Lumbar
#: Nerve".
_PART_BEGINS = re.compile(r",| (?:of|in|into|from|on|to|at|using|with)\b")
#: The numbers of the sides on disk and in Titles.sides.
SIDE_NUMBERS: dict[Side | None, int] = {None: 0, "right": 1, "left": 2, "both": 3}
_ARRAYS = "titles.npz"
#: Characters of a title that are kept to compare with the name of an operation.
_BEGINNING = 64


@dataclass(frozen=True, slots=True)
class Titles:
    """The titles of one release, axis by axis, as arrays of an index.

    A family is all codes with the same first four characters. Codes are sorted by their titles, so
    that the codes of an operation follow one another. Arrays have one entry a code, except `sides`:

    codes           bytes (S7)
    beginnings      bytes: the first 64 characters of the title
    families        int32: the code's set in `in_core`, the stems that all titles of its family
                    share (the body part)
    tails           int32: the code's set in `in_tail`, the remaining stems (device and qualifier)
    approaches      int8: place in `approach_names`
    sides           int8, one a family: SIDE_NUMBERS
    frequency       word -> number of times that it is in a title
    """

    codes: np.ndarray
    beginnings: np.ndarray
    families: np.ndarray
    tails: np.ndarray
    approach_names: list[str]
    approaches: np.ndarray
    sides: np.ndarray
    in_core: Inverted
    in_tail: Inverted
    frequency: dict[str, int]

    @classmethod
    def read(cls, titles: Mapping[str, str]) -> Titles:
        """`titles`: code -> title, for each billable code."""
        by_title = sorted(titles.items(), key=lambda item: (item[1], item[0]))
        codes = [code for code, _ in by_title]
        approaches, rests = [], []
        frequency: dict[str, int] = defaultdict(int)
        for _, title in by_title:
            match = _APPROACH.search(title)
            approaches.append(match[1] if match else "")
            rests.append(_title_words(_APPROACH.sub("", title)))
            for word in title.split():
                frequency[word] += 1
        shared: dict[str, frozenset[str]] = {}
        operations: dict[str, frozenset[str]] = {}
        # Stems of the operation are no stems of the body part. They are those before the body part
        # that all titles of the section and root operation share.
        openings = [_PART_BEGINS.split(title, 1)[0] for _, title in by_title]
        read = {opening: _title_words(opening) for opening in set(openings)}
        for code, words, opening in zip(codes, rests, openings, strict=True):
            shared[code[:4]] = shared.get(code[:4], words) & words
            kind = code[0] + code[2]
            operations[kind] = operations.get(kind, words) & words & read[opening]
        families = {stem: number for number, stem in enumerate(shared)}
        cores = [words - operations[stem[0] + stem[2]] for stem, words in shared.items()]
        tails: dict[frozenset[str], int] = {}
        tail_of_code = [
            tails.setdefault(words - shared[code[:4]], len(tails))
            for code, words in zip(codes, rests, strict=True)
        ]
        names = sorted(set(approaches))
        return cls(
            codes=np.array(codes, dtype=np.bytes_),
            beginnings=np.array([title[:_BEGINNING].encode() for _, title in by_title]),
            families=np.array([families[code[:4]] for code in codes], dtype=np.int32),
            tails=np.array(tail_of_code, dtype=np.int32),
            approach_names=names,
            approaches=np.array([names.index(name) for name in approaches], dtype=np.int8),
            sides=np.array([SIDE_NUMBERS[_side(words)] for words in cores], dtype=np.int8),
            in_core=Inverted.of([words - SIDE_STEMS for words in cores]),
            in_tail=Inverted.of(list(tails)),
            frequency=_counted(frequency),
        )

    def save(self, folder: Path) -> None:
        """Write the titles into a new folder. Raises FileExistsError when there is one."""
        folder.mkdir(parents=True)
        arrays: dict[str, Any] = {}
        for field_ in fields(self):
            value = getattr(self, field_.name)
            if isinstance(value, Inverted):
                arrays |= {f"{field_.name}.{n}": a for n, a in value.arrays().items()}
            elif isinstance(value, np.ndarray):
                arrays[field_.name] = value
        arrays["approach_names"] = np.array(self.approach_names)
        arrays["words"] = np.array(list(self.frequency))
        arrays["counts"] = np.array(list(self.frequency.values()))
        np.savez(folder / _ARRAYS, **arrays)

    @classmethod
    def load(cls, folder: Path) -> Titles:
        """Read the titles from the folder that `save` wrote."""
        with np.load(folder / _ARRAYS) as arrays:
            return cls(
                **{n: arrays[n] for n in ("codes", "beginnings", "families", "tails")},
                approach_names=arrays["approach_names"].tolist(),
                **{n: arrays[n] for n in ("approaches", "sides")},
                in_core=Inverted.out_of(arrays, "in_core"),
                in_tail=Inverted.out_of(arrays, "in_tail"),
                frequency=dict(
                    zip(arrays["words"].tolist(), arrays["counts"].tolist(), strict=True)
                ),
            )


class Inverted:
    """An inverted index: for a word, the sets of words that have it."""

    def __init__(self, sets: Mapping[str, np.ndarray], lengths: np.ndarray) -> None:
        """`sets`: word -> numbers of the sets that have it (int32); `lengths`: number of words of
        each set (float32)."""
        self._sets, self.lengths, self._size = sets, lengths, len(lengths)

    @classmethod
    def of(cls, sets: Sequence[frozenset[str]]) -> Inverted:
        lists: dict[str, list[int]] = defaultdict(list)
        for number, words in enumerate(sets):
            for word in words:
                lists[word].append(number)
        arrays = {word: np.array(numbers, dtype=np.int32) for word, numbers in lists.items()}
        return cls(arrays, np.array([len(words) for words in sets], dtype=np.float32))

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays to save, by their names."""
        return {
            "words": np.array(list(self._sets)),
            "ends": np.cumsum([len(numbers) for numbers in self._sets.values()]),
            "sets": np.concatenate([*self._sets.values(), np.zeros(0, dtype=np.int32)]),
            "lengths": self.lengths,
        }

    @classmethod
    def out_of(cls, arrays: Mapping[str, np.ndarray], name: str) -> Inverted:
        """From saved `arrays`, whose names begin with `name` and a dot."""
        rows = np.split(arrays[f"{name}.sets"], arrays[f"{name}.ends"][:-1])
        words = arrays[f"{name}.words"].tolist()
        return cls(dict(zip(words, rows, strict=False)), arrays[f"{name}.lengths"])

    def __contains__(self, word: str) -> bool:
        return word in self._sets

    def rarity(self, word: str) -> float:
        """The logarithm of 1 + the number of sets for each set that has the word."""
        return math.log(1 + self._size / max(1, len(self._sets.get(word, ()))))

    def sums(self, weights: Mapping[str, float]) -> np.ndarray:
        """For each set, the sum of the weights of its words (float32)."""
        total = np.zeros(self._size, dtype=np.float32)
        for word, weight in weights.items():
            if word in self._sets:
                total[self._sets[word]] += weight
        return total

    def share_in(self, words: Iterable[str]) -> np.ndarray:
        """For each set, the share of it that is in `words` (float32, 0 to 1)."""
        return self.sums(dict.fromkeys(words, 1.0)) / np.maximum(self.lengths, 1)

    def count_outside(self, words: Iterable[str]) -> np.ndarray:
        """For each set, the number of its words that are not in `words` (float32)."""
        return self.lengths - self.sums(dict.fromkeys(words, 1.0))


@cache
def _stems(word: str) -> frozenset[str]:
    return frozenset(lexical_tokens(word))


def _title_words(title: str) -> frozenset[str]:
    """The stems of a title. Each of the few thousand words of titles is stemmed once."""
    return frozenset().union(*map(_stems, title.split()))


def _counted(frequency: Mapping[str, int]) -> dict[str, int]:
    """From counts of words as printed to counts of plain words."""
    counted: dict[str, int] = defaultdict(int)
    for printed, count in frequency.items():
        for word in plain_words(printed):
            counted[word] += count
    return counted


def _side(stems: frozenset[str]) -> Side | None:
    sides = {SIDE_OF_STEM[stem] for stem in stems & SIDE_STEMS}
    return "both" if len(sides) > 1 else next(iter(sides), None)
