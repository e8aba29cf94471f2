"""Repairs misspelled words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

#: Endings of an everyday word in another form: "cars", "scoped", "trucking".
_ENDING = re.compile(r"(?<=...)(?:e?s|e?d|ing|er)$")
#: A word that so many texts have is no slip in one of them.
_ESTABLISHED = 3


class Spelling:
    """Repairs typing by the words of the code sets. Words with a digit are left alone."""

    def __init__(self, vocabulary: Mapping[str, int], everyday: frozenset[str]) -> None:
        """`vocabulary`: each known word, with the number of texts that have it; `everyday`: words
        that are right though no code set has them ("hello" is no HELLP syndrome)."""
        self._everyday = everyday
        self._frequency = {word: n for word, n in vocabulary.items() if word.isalpha()}
        self._by_initial: dict[str, list[str]] = {}
        for word in self._frequency:
            if len(word) >= 5:
                self._by_initial.setdefault(word[0], []).append(word)

    def knows(self, word: str) -> bool:
        return word in self._frequency

    def is_whole(self, word: str) -> bool:
        """Whether a word is a known or an everyday one or a form of it, so that it is not cut
        short."""
        if self._frequency.get(word, 0) >= _ESTABLISHED or word in self._everyday:
            return True
        ending = _ENDING.search(word)
        return ending is not None and word[: ending.start()] in self._everyday

    def repair(self, word: str) -> str:
        """The nearest known word, the most frequent of several; `word` itself where none is near.

        Near is a Damerau-Levenshtein distance of 1, or of 1 + a fifth of the letters where the
        word still sounds the same ("defishency"). Other words stay: "lymphopenia" is no misspelled
        "lymphogenic".
        """
        if len(word) < 5 or not word.isalpha() or word in self._frequency:
            return word
        if word in self._everyday:
            return word
        if word.endswith("s") and word[:-1] in self._frequency:
            return word
        matches = [
            match
            for match in process.extract(
                word,
                self._by_initial.get(word[0], ()),
                scorer=DamerauLevenshtein.distance,
                score_cutoff=1 + len(word) // 5,
                limit=20,
            )
            if match[1] == 1 or _sound(match[0]) == _sound(word)
        ]
        matches = [match for match in matches if _drug_ending(match[0]) == _drug_ending(word)]
        if not matches:
            return word
        least = min(distance for _, distance, _ in matches)
        return max(
            (known for known, distance, _ in matches if distance == least),
            key=lambda known: self._frequency[known],
        )


#: How the generic names of drugs end, by the stems of the WHO's list of international
#: nonproprietary names.
_DRUG_ENDING = re.compile(
    r"(?:mab|nib|cept|cillin|mycin|micin|azole|sartan|statin|olol|setron|platin|taxel|rubicin|caine"
    r"|parin|tide|penem|floxacin|cycline|prazole|triptan|vir|grel|xaban|gliptin|dronate|lukast)$"
)


def _drug_ending(word: str) -> str | None:
    """The ending that marks a word as a drug's name, None for other words. A drug's name is only
    repaired to one with the same ending."""
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
