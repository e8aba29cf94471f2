"""Misspelled words, and the nearest known ones."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein


class Spelling:
    """Repairs typing against the words of the code set; what holds a digit is left alone, and so
    are `everyday` words, which are spelled right ("hello" is no HELLP syndrome)."""

    def __init__(self, vocabulary: Mapping[str, int], everyday: frozenset[str]) -> None:
        self._everyday = everyday
        self._frequency = {word: n for word, n in vocabulary.items() if word.isalpha()}
        self._by_initial: dict[str, list[str]] = {}
        for word in self._frequency:
            if len(word) >= 5:
                self._by_initial.setdefault(word[0], []).append(word)

    def knows(self, word: str) -> bool:
        return word in self._frequency

    def repair(self, word: str) -> str:
        """The likeliest known word one slip away, or a few that leave the sound the same
        (defishency), else `word`: lymphopenia is no misspelled lymphogenic."""
        if len(word) < 5 or not word.isalpha() or word in self._frequency:
            return word
        if word in self._everyday:
            return word
        if word.endswith("s") and word[:-1] in self._frequency:
            return word
        found = [
            slip
            for slip in process.extract(
                word,
                self._by_initial.get(word[0], ()),
                scorer=DamerauLevenshtein.distance,
                score_cutoff=1 + len(word) // 5,
                limit=20,
            )
            if slip[1] == 1 or _sound(slip[0]) == _sound(word)
        ]
        found = [slip for slip in found if _ending(slip[0]) == _ending(word)]
        if not found:
            return word
        nearest = min(distance for _, distance, _ in found)
        return max(
            (near for near, distance, _ in found if distance == nearest),
            key=lambda near: self._frequency[near],
        )


#: How the generic names of drugs end, by the stems of the WHO's list of international
#: nonproprietary names.
_DRUG_ENDING = re.compile(
    r"(?:mab|nib|cept|cillin|mycin|micin|azole|sartan|statin|olol|setron|platin|taxel|rubicin|caine"
    r"|parin|tide|penem|floxacin|cycline|prazole|triptan|vir|grel|xaban|gliptin|dronate|lukast)$"
)


def _ending(word: str) -> str | None:
    """By what a word is known to name a drug; a drug's name is only repaired to one of its kind."""
    ending = _DRUG_ENDING.search(word)
    return ending[0] if ending else None


_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ph", "f"),
        (r"sh|sc(?=[eiy])|ti(?=o)|c(?=[eiy])|z|x", "s"),
        (r"ck|ch|c|q", "k"),
        (r"rh", "r"),
        (r"(?<=.)[aeiouyh]", ""),
        (r"(.)\1+", r"\1"),
    )
]


def _sound(word: str) -> str:
    """The consonants of a word as they sound, one for each run."""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word
