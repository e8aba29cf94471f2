"""The titles of ICD-10-PCS, by the words of each axis."""

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
#: Where the operation ends in a title that says what it is done to ("Release Lumbar Nerve" says
#: it without).
_PART_BEGINS = re.compile(r",| (?:of|in|into|from|on|to|at|using|with)\b")
#: As an index keeps them.
SIDE_NUMBERS: dict[Side | None, int] = {None: 0, "right": 1, "left": 2, "both": 3}
_ARRAYS = "titles.npz"
#: As much of a title as tells which operation it begins with.
_BEGINNING = 64


@dataclass(frozen=True, slots=True)
class Titles:
    """The titles of one release read axis by axis; `save` and `load` keep them in an index.

    Codes stand in the order of their titles, so that those that begin with an operation stand
    together. `families` and `tails` say of each code which set of `in_core` (the body part, what
    all codes of its family share) and of `in_tail` (device and qualifier) is its own, `approaches`
    which of `approach_names`, and `sides` of each family: 1 right, 2 left, 3 both, 0 none.
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
        """`titles`: of each billable code."""
        by_title = sorted(titles.items(), key=lambda item: (item[1], item[0]))
        codes = [code for code, _ in by_title]
        approaches, rests = [], []
        frequency: dict[str, int] = defaultdict(int)
        for _, title in by_title:
            found = _APPROACH.search(title)
            approaches.append(found[1] if found else "")
            rests.append(_title_words(_APPROACH.sub("", title)))
            for word in title.split():
                frequency[word] += 1
        shared: dict[str, frozenset[str]] = {}
        operations: dict[str, frozenset[str]] = {}
        openings = [_PART_BEGINS.split(title, 1)[0] for _, title in by_title]
        read = {opening: _title_words(opening) for opening in set(openings)}
        for code, words, opening in zip(codes, rests, openings, strict=True):
            shared[code[:4]] = shared.get(code[:4], words) & words
            kind = code[0] + code[2]
            operations[kind] = operations.get(kind, words) & words & read[opening]
        families = {stem: number for number, stem in enumerate(shared)}
        cores = [words - operations[stem[0] + stem[2]] for stem, words in shared.items()]
        tails: dict[frozenset[str], int] = {}
        of_tails = [
            tails.setdefault(words - shared[code[:4]], len(tails))
            for code, words in zip(codes, rests, strict=True)
        ]
        names = sorted(set(approaches))
        return cls(
            codes=np.array(codes, dtype=np.bytes_),
            beginnings=np.array([title[:_BEGINNING].encode() for _, title in by_title]),
            families=np.array([families[code[:4]] for code in codes], dtype=np.int32),
            tails=np.array(of_tails, dtype=np.int32),
            approach_names=names,
            approaches=np.array([names.index(name) for name in approaches], dtype=np.int8),
            sides=np.array([SIDE_NUMBERS[_side(words)] for words in cores], dtype=np.int8),
            in_core=Inverted.of([words - SIDE_STEMS for words in cores]),
            in_tail=Inverted.of(list(tails)),
            frequency=_counted(frequency),
        )

    def save(self, folder: Path) -> None:
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
    """Which of many sets of words have a word."""

    def __init__(self, having: Mapping[str, np.ndarray], lengths: np.ndarray) -> None:
        """`having`: the numbers of the sets that have a word; `lengths`: of each set."""
        self._having, self.lengths, self._size = having, lengths, len(lengths)

    @classmethod
    def of(cls, sets: Sequence[frozenset[str]]) -> Inverted:
        found: dict[str, list[int]] = defaultdict(list)
        for number, words in enumerate(sets):
            for word in words:
                found[word].append(number)
        having = {word: np.array(numbers, dtype=np.int32) for word, numbers in found.items()}
        return cls(having, np.array([len(words) for words in sets], dtype=np.float32))

    def arrays(self) -> dict[str, np.ndarray]:
        """What `out_of` makes it of again."""
        return {
            "words": np.array(list(self._having)),
            "ends": np.cumsum([len(numbers) for numbers in self._having.values()]),
            "sets": np.concatenate([*self._having.values(), np.zeros(0, dtype=np.int32)]),
            "lengths": self.lengths,
        }

    @classmethod
    def out_of(cls, arrays: Mapping[str, np.ndarray], name: str) -> Inverted:
        rows = np.split(arrays[f"{name}.sets"], arrays[f"{name}.ends"][:-1])
        words = arrays[f"{name}.words"].tolist()
        return cls(dict(zip(words, rows, strict=False)), arrays[f"{name}.lengths"])

    def __contains__(self, word: str) -> bool:
        return word in self._having

    def rarity(self, word: str) -> float:
        return math.log(1 + self._size / max(1, len(self._having.get(word, ()))))

    def sums(self, weights: Mapping[str, float]) -> np.ndarray:
        """For each set, the weights of the words it has."""
        total = np.zeros(self._size, dtype=np.float32)
        for word, weight in weights.items():
            if word in self._having:
                total[self._having[word]] += weight
        return total

    def explained(self, said: Iterable[str]) -> np.ndarray:
        """For each set, the share of its words that are said."""
        return self.sums(dict.fromkeys(said, 1.0)) / np.maximum(self.lengths, 1)

    def unasked(self, said: Iterable[str]) -> np.ndarray:
        """For each set, the number of its words that are not said."""
        return self.lengths - self.sums(dict.fromkeys(said, 1.0))


@cache
def _stems(word: str) -> frozenset[str]:
    return frozenset(lexical_tokens(word))


def _title_words(title: str) -> frozenset[str]:
    """`lexical_tokens` of a title, whose few thousand words are read once each."""
    return frozenset().union(*map(_stems, title.split()))


def _counted(frequency: Mapping[str, int]) -> dict[str, int]:
    """The plain words of words as printed, with their counts."""
    counted: dict[str, int] = defaultdict(int)
    for printed, count in frequency.items():
        for word in plain_words(printed):
            counted[word] += count
    return counted


def _side(stems: frozenset[str]) -> Side | None:
    said = {SIDE_OF_STEM[stem] for stem in stems & SIDE_STEMS}
    return "both" if len(said) > 1 else next(iter(said), None)
