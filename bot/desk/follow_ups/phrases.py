"""The phrases of prompts/intents/follow_ups.toml."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from index.text.resources import read_words

_EDGE = r"(?![\w'/-])"


@cache
def _of(name: str) -> str:
    lines = {" ".join(line.split()) for line in read_words("follow_ups")[name].splitlines()} - {""}
    each = sorted(lines, key=len, reverse=True)
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in each)


@cache
def at_start(*names: str) -> re.Pattern[str]:
    """A phrase of these lists at the beginning of a text, with the signs that follow it."""
    each = "|".join(map(_of, names))
    return re.compile(rf"\s*(?:{each}){_EDGE}[\s,.:;!*-]*", re.I)


def longest_at_start(names: Sequence[str], text: str) -> tuple[str, re.Match[str] | None]:
    """The list of these with the longest phrase at the beginning of a text, and the match."""
    found = [(name, at_start(name).match(text)) for name in names]
    return max(found, key=lambda one: one[1].end() if one[1] else 0)


@cache
def anywhere(name: str) -> re.Pattern[str]:
    """A phrase of a list anywhere in a text."""
    return re.compile(rf"(?<![\w/'-])(?:{_of(name)}){_EDGE}", re.I)


@cache
def at_end(name: str) -> re.Pattern[str]:
    """A phrase of a list at the end of a text, after other words."""
    return re.compile(rf"(?<=\w)[\s,]+(?:{_of(name)})[\s.!?]*$", re.I)


@cache
def new_topic() -> re.Pattern[str]:
    """What says that a message is about something else, with the signs around it."""
    other, topic = ("|".join(read_words("follow_ups")[n].split()) for n in ("others", "topics"))
    before = "for|on|to|switching|moving|going|need|now|this is|and|an|a|the"
    # "NEW: gerd", "#2 gerd", "2) gerd" and "q2 gerd" have a heading.
    heading = (
        r"^\W*(?:ok\s+)?(?:next|new)(?:\s*[:,)]|\s+[\u2013\u2014-])"
        r"|^\W*(?:(?:q|case\s)[2-9]\b|#\s?[2-9]\b|[2-9]\))"
    )
    return re.compile(
        rf"(?:{heading})[\s,.:;!)-]*|"
        rf"(?<![\w'/-])[(\s]*(?:(?:{before})\s+)*"
        rf"(?:(?:{other})\s+(?:{topic})|(?:{topic})\s*(?:#\s*|no\.?\s*)?[2-9]|{_of('new_topic')})"
        rf"{_EDGE}[\s,.:;!)-]*",
        re.I,
    )


@cache
def whole(name: str) -> re.Pattern[str]:
    """A text that is nothing but a phrase of a list."""
    return re.compile(rf"\W*(?:{_of(name)})\W*", re.I)


@cache
def words(name: str) -> frozenset[str]:
    """The words of a list that is separated by blanks."""
    return frozenset(read_words("follow_ups")[name].split())
