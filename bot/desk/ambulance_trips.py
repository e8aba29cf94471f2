"""Reads where an ambulance took a patient from and to: the two letters of its modifier."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from bot.desk.modifier_words import listed
from codesets.ambulance_places import PLACES, places_of
from index.text.tokens import fold

#: What stands between the two places: "house to ER", "SNF -> hospital".
_TO = re.compile(r"\b(?:to|into|onto|towards|then|dropped|taken|delivered)\b|->|→|>")
_FROM = re.compile(
    r"\b(?:from|leaving|left|picked up (?:at|from))\s+(?:the|a|an|his|her|their|pts?)?\s*$"
)


@cache
def _places() -> re.Pattern[str]:
    names = [(phrase, letter) for letter in PLACES for phrase in listed("ambulance", letter)]
    each = sorted(names, key=lambda name: -len(name[0]))
    return re.compile(
        r"(?<![\w/])(?:"
        + "|".join(
            f"(?P<{letter}_{at}>{re.escape(phrase)})" for at, (phrase, letter) in enumerate(each)
        )
        + r")s?(?![\w/])"
    )


@cache
def _about() -> re.Pattern[str]:
    words = "|".join(map(re.escape, listed("ambulance", "about")))
    return re.compile(rf"(?<![\w/])(?:{words}|a04\d\d)(?![\w/])")


def is_about_ambulances(text: str) -> bool:
    """Whether a text is about a trip by ambulance."""
    return _about().search(fold(text)) is not None


def trip(text: str) -> str | None:
    """The modifier of the trip that a text tells of; None where it names no two places.

    >>> trip("ambulance from nursing home to dialysis center")
    'NJ'
    """
    folded = " ".join(fold(text).split())
    found = list(_places().finditer(folded))
    for one, other in pairwise(found):
        between = folded[one.end() : other.start()]
        letters = [str(match.lastgroup)[0] for match in (one, other)]
        if re.fullmatch(r"\W*(?:\w+\W+){0,2}?from\W+(?:\w+\W+)?", between):
            letters.reverse()
        elif not _TO.search(between) or len(between.split()) > 6:
            continue
        modifier = "".join(letters)
        if places_of(modifier):
            return modifier
    return None
