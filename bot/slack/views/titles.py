"""Titles of codes on a line of a phone."""

from __future__ import annotations

import re
from functools import cache

from bot.messages import shorthand
from bot.slack.views.phone_lines import cut_to_width, fits, width

#: Words that turn the meaning of those after them: what follows is not shown without them.
_TURNS = re.compile(r"(?:w/o|not|no|non\S*|other|except|excluding|without|unrelated)", re.I)
#: Words that tell a side, which is shown before others.
_SIDES = {"R", "L", "right", "left", "bilat", "bilateral", "both"}
#: Characters of a title that are looked at: published ones have fewer.
_MOST_TITLE = 400
#: The share of the room that the end of a title gets, which has the side and the encounter.
_END = 0.6


def fit_title(title: str, room: float) -> str:
    """A title that is at most `room` em wide. As many words as needed are written in shorthand
    (prompts/messages/title_shorthand.toml). What is still too wide loses words in the middle,
    because titles that begin alike end differently.

    >>> fit_title("Type 2 diabetes mellitus with diabetic chronic kidney disease", 13)
    'T2DM with diabetic CKD'
    """
    if fits(title, room):
        return title
    title = title[:_MOST_TITLE]
    for pattern, short in _patterns():
        title = pattern.sub(short, title)
        title = title[:1].upper() + title[1:]
        if fits(title, room):
            return title
    return _without_middle(title, room)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(rf"(?<!\w){re.escape(long)}(?!\w)", re.I), short.replace("\\", r"\\"))
        for long, short in shorthand("title_shorthand")
    )


def _without_middle(title: str, room: float) -> str:
    """As many words as there is room for, some of them from the end, and the side."""
    words = title.split()
    best = cut_to_width(title, room)
    shown = (False, 0.0)
    for end in range(1, len(words)):
        tail = " ".join(words[-end:])
        if width(tail) > room * _END:
            break
        begin = 0
        while begin < len(words) - end and fits(_joined(words[: begin + 1], tail), room):
            begin += 1
        left_out = {word.strip(",;()[]") for word in words[begin : len(words) - end]}
        if not begin or any(map(_TURNS.fullmatch, left_out)):
            continue
        kept = _joined(words[:begin], tail)
        value = (not _SIDES & left_out, width(kept))
        if value > shown:
            best, shown = kept, value
    return best


def _joined(begin: list[str], tail: str) -> str:
    return f"{' '.join(begin).rstrip(' ,;:')} … {tail}"
