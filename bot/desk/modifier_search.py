"""Finds the HCPCS Level II modifier that a question describes: "capped rental month 5, which
modifier"."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from bot.desk.known_codes import said
from index.text.tokens import fold, plain_words, stem

_ASKS = re.compile(
    r"\b(?:which|what|need|right|correct)\b.*\bmodifiers?\b|\bmodifiers?\b\W*(?:for\b|$)", re.I
)
_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
).split()
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_NUMBER = {
    **{word: number for number, word in enumerate(_NUMBERS, 1)},
    **{word: number for number, word in enumerate(_ORDINALS, 1)},
}
_WORDS_OF_QUESTION = frozenset(
    map(stem, "modifier modifiers which what need correct use claim append bill".split())
)
#: The least weight of the words that a modifier must share with the question, and how near to the
#: best one others must come to be shown, too.
_LEAST, _NEAR, _SHOWN = 6.0, 0.8, 3


def asks_for_modifier(text: str) -> bool:
    """Whether a text asks which modifier is right."""
    return _ASKS.search(text) is not None


def find_modifiers(text: str, modifiers: Sequence[tuple[str, str]]) -> list[str]:
    """The modifiers, at most three, whose titles fit a question best, best first; [] if none fits
    well. `modifiers` are pairs of code and title."""
    titles = {code: {stem(word) for word in plain_words(title)} for code, title in modifiers}
    frequency = Counter(word for words in titles.values() for word in words)
    stems = said(re.findall(r"[\w'-]+", text)) - _WORDS_OF_QUESTION
    wanted = _numbers(text)
    scores = {
        code: sum(math.log(len(titles) / frequency[word]) for word in stems & words)
        for code, words in titles.items()
    }
    for code, title in modifiers:
        told = _numbers(title)
        if wanted and told and scores[code]:
            scores[code] += 2.0 if wanted & told else -2.0
    best = max(scores.values(), default=0.0)
    if best < _LEAST:
        return []
    ranked = sorted(scores, key=lambda code: -scores[code])
    return [code for code in ranked if scores[code] >= _NEAR * best][:_SHOWN]


def _numbers(text: str) -> set[int]:
    """The numbers in a text, those between "four to fifteen" with them."""
    words = re.findall(r"\d+|[a-z]+", fold(text))
    numbers = [int(w) if w.isdigit() else _NUMBER.get(w) for w in words]
    found = {number for number in numbers if number is not None}
    for at, word in enumerate(words[1:-1], 1):
        first, last = numbers[at - 1], numbers[at + 1]
        if word in ("to", "through") and first is not None and last is not None:
            found |= set(range(first, last + 1))
    return found
