"""The words by which modifiers are found: what prompts/intents/modifiers.toml says, read for
comparing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from index.text.resources import read_text
from index.text.tokens import fold, stem

#: Physical therapy, as against "pt" for a patient: capitals where the text has small letters too.
_CAPITALS = {
    "PT": "physicaltherapy", "OT": "occupationaltherapy", "ST": "speechtherapy",
    "PTA": "pta", "OTR": "occupationaltherapy", "ED": "er",
}  # fmt: skip
_WORD = re.compile(r"[a-z0-9]+(?:[&/'.-][a-z0-9]+)*%?|%")
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
).split()
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth".split()
#: Articles and the like stand between the words of a phrase without a meaning of their own.
_PAST = frozenset("a an the of".split())


@cache
def sections() -> dict[str, dict[str, str]]:
    """The sections of prompts/intents/modifiers.toml."""
    return tomllib.loads(read_text("intents", "modifiers.toml"))


def listed(section: str, name: str) -> list[str]:
    """The phrases of a list that is separated by commas."""
    phrases = (" ".join(one.split()) for one in sections()[section][name].split(","))
    return [phrase for phrase in phrases if phrase]


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is said of one modifier.

    - `code`: the modifier.
    - `words`: the words, each as the run of heads that must stand next to each other.
    - `absent`: heads that must not be in the text.
    - `alone`: whether it is enough where no modifier is asked for, whatever its modifier.
    - `leads`: whether its words are of billing, so that it goes before doubtful codes.
    """

    code: str
    words: tuple[tuple[str, ...], ...]
    absent: frozenset[str] = frozenset()
    alone: bool = False
    leads: bool = False


def number_of(word: str) -> float | None:
    """The number that a word writes: 5, 64.9, five, fifth, 5th; None for another word."""
    if re.fullmatch(r"\d+(?:\.\d+)?%?", word):
        return float(word.rstrip("%"))
    if match := re.fullmatch(r"(\d+)(?:st|nd|rd|th)", word):
        return float(match[1])
    for words in (_NUMBERS, _ORDINALS):
        if word in words:
            return float(words.index(word))
    return None


def heads(text: str) -> list[str]:
    """The words of a text, each as the word that stands for it and for those that mean the same; a
    stem where it has no such word.

    >>> heads("Pt renting a neb, PT eval")
    ['patient', 'rent', 'nebulizer', 'physicaltherapy', 'eval']
    """
    return _same_ones(_typed(text))


def _typed(text: str) -> list[str]:
    if not text.isupper():
        text = re.sub(r"(?<![\w/-])[A-Z]{2,3}(?![\w-])", lambda m: _CAPITALS.get(m[0], m[0]), text)
    words: list[str] = []
    for word in _WORD.findall(fold(text.replace("_", " "))):
        if (word,) in _same() or re.fullmatch(r"[\d.]+%?", word) or "'" in word:
            words.append(word)
        else:
            words += [part for part in re.split(r"[/&.-]", word) if part]
    return [word for word in words if word not in _PAST]


def _same_ones(words: Sequence[str]) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(words):
        for count in range(min(_longest(), len(words) - at), 0, -1):
            if head := _same().get(tuple(words[at : at + count])):
                found.append(head)
                at += count
                break
        else:
            word = words[at]
            number = number_of(word)
            found.append(f"{number:g}" if number is not None else stem(word.removesuffix("'s")))
            at += 1
    return found


@cache
def _same() -> dict[tuple[str, ...], str]:
    same: dict[tuple[str, ...], str] = {}
    for head, words in sections()["same"].items():
        same[(head,)] = head
        for word in words.split():
            parts = tuple(word.split("_"))
            same[parts] = head
    return same


@cache
def _longest() -> int:
    return max(map(len, _same()))


def phrases_of(section: str) -> Iterator[Phrase]:
    """The phrases of a section, those of each modifier in their order. A phrase with "|" is one for
    each of the words that it stands between."""
    leads = section == "billing"
    for code in sections()[section]:
        for text in listed(section, code):
            alone = leads or text.startswith("!")
            parts = [word.split("|") for word in text.removeprefix("!").split()]
            for choice in product(*parts):
                words: list[tuple[str, ...]] = []
                absent: list[tuple[str, ...]] = []
                for word in choice:
                    target = absent if word.startswith("-") else words
                    if run := (word,) if word == "#" else tuple(heads(word.removeprefix("-"))):
                        target.append(run)
                without = frozenset(head for run in absent for head in run)
                yield Phrase(code, tuple(words), without, alone, leads)
