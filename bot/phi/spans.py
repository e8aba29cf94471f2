"""Where an identifier stands in a text, and the text prepared for the rules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

#: The kinds of identifiers, each by the word in its placeholder: [NAME]. Together they are the
#: eighteen identifiers of the Safe Harbor method, 45 CFR 164.514(b)(2)(i)(A)-(R).
Kind = Literal[
    "NAME", "ADDRESS", "CITY", "COUNTY", "ZIP", "DATE", "AGE", "PHONE", "FAX", "EMAIL", "SSN",
    "MRN", "MEMBER ID", "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "URL", "IP", "BIOMETRIC",
    "FILE", "ID",
]  # fmt: skip


#: A placeholder, as a scrubbed text has it in place of an identifier.
PLACEHOLDER = re.compile(rf"\[({'|'.join(get_args(Kind))})\]")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    start: int
    end: int
    kind: Kind

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


#: Characters that the rules look at together. A question is never longer
#: (bot.phi.long_texts.MOST_CHARACTERS), so it is one piece. A longer text is cut into pieces, so
#: that the time grows only as its length does.
MOST_TOGETHER = 1000

#: Invisible characters that could hide an identifier: joiners, direction marks, soft hyphens.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\u20e3\ufeff]"
)
_PLAIN = {ord(c): "-" for c in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"}
_PLAIN |= {ord(c): "'" for c in "\u2018\u2019\u02bc\u0060\u00b4\u2032\uff07"}
_PLAIN |= {ord(c): '"' for c in "\u201c\u201d\u2033"}


def cleaned(text: str) -> str:
    """The text without invisible characters, accents composed."""
    seen, composed, start = _INVISIBLE.sub("", text), [], 0
    while start < len(seen):
        # Composing a run of marks takes as long as the square of its length.
        end = start + MOST_TOGETHER
        while end < min(len(seen), start + 2 * MOST_TOGETHER) and unicodedata.combining(seen[end]):
            end += 1  # no letter apart from its accent
        composed.append(unicodedata.normalize("NFC", seen[start:end]))
        start = end
    return "".join(composed)


def shadow(text: str) -> str:
    """The same text, character by character, in plain signs: digits of any script as 0-9, full
    width as ASCII, every dash as -, every blank as a space (line breaks stay). Same length."""
    return "".join(map(_plain, text.translate(_PLAIN)))


def _plain(char: str) -> str:
    if char.isascii():
        return " " if char in "\t\x0b\x0c" else char
    if char.isspace():
        return " "
    if char.isdigit() and (digit := unicodedata.digit(char, None)) is not None:
        return str(digit)
    folded = unicodedata.normalize("NFKC", char)
    return folded if len(folded) == 1 else char


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, from `start` to `end`. The rules see it with some text on both sides, from
    `left` to `right`, since the words around a name show that it is one."""

    left: int
    start: int
    end: int
    right: int


_AROUND = 200


def pieces(text: str) -> Iterator[Piece]:
    """The text in pieces, cut at a blank where there is one."""
    start = 0
    while start < len(text):
        end = min(start + MOST_TOGETHER, len(text))
        if end < len(text):
            end = _blank(text, start + MOST_TOGETHER // 2, end) or end
        left = max(0, start - _AROUND)
        right = min(len(text), end + _AROUND)
        if left:
            left = _blank(text, left, start - _AROUND // 2) or left
        if right < len(text):
            right = _blank(text, end + _AROUND // 2, right) or right
        yield Piece(left, start, end, right)
        start = end


def _blank(text: str, start: int, end: int) -> int:
    """The index of the last blank from start to end; 0 when there is none."""
    return max(text.rfind(" ", start, end), text.rfind("\n", start, end), 0)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, without overlap: overlapping spans become one, of the kind of the first."""
    done: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if done and span.start < done[-1].end:
            last = done[-1]
            done[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            done.append(span)
    return done


def apart(spans: Iterable[Span], others: list[Span]) -> list[Span]:
    """The spans that overlap none of the others."""
    return [span for span in spans if not any(span.overlaps(other) for other in others)]


def replaced(text: str, spans: Iterable[Span]) -> str:
    """The text with a placeholder for each span; the spans are `merged`."""
    parts, end = [], 0
    for span in spans:
        parts += [text[end : span.start], f"[{span.kind}]"]
        end = span.end
    return "".join([*parts, text[end:]])
