"""Sections of the Official Guidelines in short, for Slack and the terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.desk.answer import QuotedGuideline
from bot.messages import message
from bot.views.shared import guideline_source

_SENTENCE = re.compile(r"(?:(?<=[.!?])|(?<=[.!?]”))\s+(?=[A-Z“(])|\n\s*\n")
_WORDS = re.compile(r"[a-z0-9]{4,}")
#: Other sections that are named beside one.
_NEAR = 2


def decisive(text: str, asked: str) -> str:
    """The sentence of a section that has most of the words that were asked, and all that follows
    it; the first where several have as many.

    >>> decisive("Some text here. Do not code probable diagnoses. More.", "is probable coded")
    'Do not code probable diagnoses. More.'
    """
    sentences = [" ".join(one.split()) for one in _SENTENCE.split(text) if one and one.strip()]
    words = {word[:6] for word in _WORDS.findall(asked.lower())}
    shared = [len(words & {w[:6] for w in _WORDS.findall(s.lower())}) for s in sentences]
    start = shared.index(max(shared)) if shared else 0
    return " ".join(sentences[start:])


def where(
    guideline: QuotedGuideline, others: Sequence[QuotedGuideline], *, named: bool = False
) -> str:
    """Where a section stands, and which others are near. `named`: with its number."""
    source = message("short.source", source=guideline_source(guideline))
    near = ", ".join(other.section for other in others[:_NEAR])
    also = message("short.also", codes=near) if near else ""
    told = [guideline.section if named else "", source, also]
    return " · ".join(filter(None, told))
