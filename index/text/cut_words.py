"""Reads words that people cut short: "lacrtn", "dsplcmnt", "endomet", "brkdwn".

Encounter forms and hurried notes drop vowels and endings. A cut word keeps its first letter and the
order of its letters. So the words that it may stand for are those of the code sets that have its
letters in the same order. Which of them is meant, the words beside it decide: the ones that occur
together in a text (index/search/word_choice.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache

from index.text.tokens import stem

#: A cut word has this many letters at least, and at most. Shorter ones are abbreviations, which the
#: lexicon has; longer ones are no words.
SHORTEST, LONGEST = 3, 24
#: The number of readings of a word that are considered.
_MOST = 16
_VOWELS = frozenset("aeiouy")
#: What a letter costs that is left out: a vowel, a consonant beside its double or an h, another
#: consonant before the last letter that is kept, one after it.
_VOWEL, _SILENT, _INSIDE, _ENDING = 0.08, 0.15, 0.9, 0.3
#: What it costs to keep some inner vowels and drop others: heads and skeletons are cut by a rule.
_UNEVEN = 0.12
#: What it costs to keep only the head of a word, and each letter that is left out then.
_HEAD, _OF_HEAD = 0.25, 0.04
#: The most that the letters left out may cost.
_MOST_COST = 3.2
#: Points for each e-fold of texts that have the word.
_FREQUENT = 0.12


class CutWords:
    """Words of the code sets, to be looked up by what is left of them when they are cut."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """`vocabulary`: each known word, with the number of texts that have it."""
        self._frequency = vocabulary
        by_initial: dict[str, list[str]] = {}
        for word in vocabulary:
            if len(word) > SHORTEST and word.isalpha():
                by_initial.setdefault(word[0], []).append(word)
        self._by_initial = {initial: "\n".join(words) for initial, words in by_initial.items()}
        self.readings = lru_cache(maxsize=4096)(self._readings)

    def _readings(self, cut: str) -> tuple[tuple[str, float], ...]:
        """The words that `cut` may stand for, the likeliest first, each with its likelihood: 1 for
        the likeliest, less for the others. () for none."""
        if not SHORTEST <= len(cut) <= LONGEST or not (cut.isascii() and cut.isalpha()):
            return ()
        words = self._by_initial.get(cut[0], "")
        pattern = cut[0] + "".join(f"[a-z]*?{letter}" for letter in cut[1:]) + "[a-z]*"
        scored = []
        for match in re.finditer(rf"^{pattern}$", words, re.M):
            word = match[0]
            cost = _cost(cut, word)
            if cost <= _MOST_COST:
                scored.append((_FREQUENT * math.log(self._frequency[word]) - cost, word))
        # Of words with one stem, the likeliest stands for all.
        of_stems: dict[str, tuple[float, str]] = {}
        for points, word in sorted(scored, reverse=True):
            of_stems.setdefault(stem(word), (points, word))
        likeliest = list(of_stems.values())[:_MOST]
        return tuple((word, math.exp(points - likeliest[0][0])) for points, word in likeliest)


def _cost(cut: str, word: str) -> float:
    """What the letters cost that are left out of `word`, which has those of `cut` in order."""
    if word.startswith(cut):
        # The head of a word: what matters is that enough is left of it.
        return _HEAD + _OF_HEAD * (len(word) - len(cut))
    cost, kept_vowels, dropped_vowels, at = 0.0, 0, 0, 1
    for letter in cut[1:]:
        found = word.index(letter, at)
        for skipped in range(at, found):
            if word[skipped] in _VOWELS:
                cost += _VOWEL
                dropped_vowels += 1
            elif word[skipped] in ("h", word[skipped - 1]):
                cost += _SILENT
            else:
                cost += _INSIDE
        kept_vowels += letter in _VOWELS
        at = found + 1
    for letter in word[at:]:
        cost += _VOWEL if letter in _VOWELS else _ENDING
    if kept_vowels and dropped_vowels:
        cost += _UNEVEN * kept_vowels
    return cost
