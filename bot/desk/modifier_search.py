"""Finds modifiers of HCPCS Level II by what they mean: "capped rental month 5, which modifier"."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

from codesets.model import Modifier
from index.text.tokens import plain_words, read

_ASKS = re.compile(
    r"\b(?:which|what|whats|what's|needs?|correct|proper|any)\s+(?:\w+\s+){0,2}?mod(?:ifier)?s?\b"
    r"|\bmod(?:ifier)?s?\s+(?:for|to use|do i|do we|should|would|goes)\b",
    re.I,
)
_NUMBERS = {
    word: number
    for number, words in enumerate(
        """one/first two/second three/third four/fourth five/fifth six/sixth seven/seventh
        eight/eighth nine/ninth ten/tenth eleven/eleventh twelve/twelfth thirteen/thirteenth
        fourteen/fourteenth fifteen/fifteenth""".split(),
        start=1,
    )
    for word in words.split("/")
}
#: The most modifiers that are shown, and the least share of the question's words that one has.
_MOST, _LEAST = 3, 0.6
#: The weight of a word that no title has.
_STRANGE = 1.5
#: What a modifier with the question's number is ahead of one with another number, as a share.
_RIGHT_NUMBER, _WRONG_NUMBER = 0.5, -0.5


def asks_for_a_modifier(text: str) -> bool:
    """Whether a question asks which modifier to use."""
    return _ASKS.search(text) is not None


def modifiers_for(text: str, modifiers: Iterable[Modifier]) -> list[str]:
    """The codes of the modifiers whose titles have most of the words of a text, best first; []
    where none has enough of them. A word counts by its rarity in titles. A number agrees with a
    title that has it, or a range around it ("months four to fifteen")."""
    rows = list(modifiers)
    stems = [read(row.title).stems for row in rows]
    frequency = Counter(stem for each in stems for stem in each)
    wanted = {
        stem: math.log(1 + len(rows) / frequency[stem])
        for stem in read(text).stems
        if frequency[stem] and not stem.isdigit()
    }
    strange = sum(not frequency[stem] and not stem.isdigit() for stem in read(text).stems)
    whole, numbers = sum(wanted.values()) + _STRANGE * strange, _numbers(text)
    scored = []
    for row, own in zip(rows, stems, strict=True):
        share = sum(weight for stem, weight in wanted.items() if stem in own) / (whole or 1.0)
        if share >= _LEAST:
            scored.append((share + _agreement(numbers, _numbers(row.title)), row.code))
    best = max(scored, default=(0.0, ""))[0]
    close = [item for item in scored if item[0] > best - _RIGHT_NUMBER]
    return [code for _, code in sorted(close, key=lambda item: (-item[0], item[1]))[:_MOST]]


def _numbers(text: str) -> set[int]:
    """The numbers in a text, in digits or in words, and those between the ends of a range."""
    numbers: set[int] = set()
    words = plain_words(text)
    for at, word in enumerate(words):
        number = int(word) if word.isdigit() and len(word) < 3 else _NUMBERS.get(word)
        if number is None:
            digits = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", word)
            number = int(digits[1]) if digits else None
        if number is None:
            continue
        numbers.add(number)
        if at + 2 < len(words) and words[at + 1] == "to":
            end = _NUMBERS.get(words[at + 2])
            numbers |= set(range(number, end + 1)) if end else set()
    return numbers


def _agreement(asked: set[int], own: set[int]) -> float:
    if not asked or not own:
        return 0.0
    return _RIGHT_NUMBER if asked & own else _WRONG_NUMBER
