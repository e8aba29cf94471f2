"""Reads the numbers in the titles of modifiers, and tells which modifier has the number that is
asked for: "months four to fifteen" has month 5, "exceeds 4 liters" has 6 liters."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.desk.modifier_words import heads, number_of

_MEASURED = frozenset(
    ("month", "liter", "urr", "percent", "%", "patient", "wound", "level", "group", "cycl")
)
_N = r"(?P<low>\d+(?:\.\d+)?)"
#: How a title gives a range, in heads; the first form that fits counts.
_RANGES = (
    (re.compile(rf"{_N} percent but less than (?P<high>[\d.]+)"), "from_below"),
    (re.compile(rf"{_N} (?:to|-|through) (?P<high>[\d.]+)"), "both"),
    (re.compile(rf"{_N} or (?:greater|more)"), "from"),
    (re.compile(rf"(?:less than|below|under) {_N}"), "below"),
    (re.compile(rf"(?:exceed|exceeds|more than|greater than|over|above) {_N}"), "above"),
    (re.compile(rf"{_N}(?: or (?P<other>[\d.]+))+"), "either"),
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that a title is about. `low`, `high`: the range; `open_low`, `open_high`: whether
    its ends do not belong to it; `of`: the heads that are counted or measured."""

    low: float
    high: float
    open_low: bool
    open_high: bool
    of: frozenset[str]

    def has(self, number: float) -> bool:
        low = number > self.low if self.open_low else number >= self.low
        return low and (number < self.high if self.open_high else number <= self.high)


@lru_cache(maxsize=2048)
def numbers_of(title: str) -> tuple[Numbers, ...]:
    """The ranges of a title; () for one that has no number of what is counted."""
    words = heads(title)
    of = frozenset(_MEASURED.intersection(words))
    if not of:
        return ()
    text = " ".join(words)
    for pattern, kind in _RANGES:
        if match := pattern.search(text):
            low = float(match["low"])
            if kind in ("both", "from_below"):
                high = float(match["high"])
                return (Numbers(low, high, False, kind == "from_below", of),)
            if kind == "either":
                each = [float(n) for n in re.findall(r"[\d.]+", match[0])]
                return (Numbers(min(each), max(each), False, False, of),)
            if kind == "from":
                return (Numbers(low, math.inf, False, False, of),)
            if kind == "below":
                return (Numbers(-math.inf, low, False, True, of),)
            return (Numbers(low, math.inf, True, False, of),)
    single = re.search(rf"(?<![\d.]){_N}(?![\d.])", text)
    if single is None:
        return ()
    low = float(single["low"])
    return (Numbers(low, low, False, False, of),)


def counted(words: Sequence[str]) -> Iterator[tuple[float, str]]:
    """Each number in a text's heads with what it counts: the nearest such word within two."""
    for at, word in enumerate(words):
        number = number_of(word)
        if number is None:
            if word != "half":
                continue
            number = 0.5
        near = sorted(
            range(max(0, at - 2), min(len(words), at + 3)), key=lambda n: abs(n - at - 0.1)
        )
        for n in near:
            if words[n] in _MEASURED:
                yield number, words[n]
                break


def agrees(words: Sequence[str], title: str) -> int:
    """1 where a number of the text is in the range of a title, -1 where it is of the same thing and
    outside it, 0 where nothing is compared."""
    agreed = 0
    for numbers in numbers_of(title):
        for number, what in counted(words):
            if what in numbers.of:
                agreed = 1 if numbers.has(number) else min(agreed, -1)
                if agreed > 0:
                    return 1
    return agreed
