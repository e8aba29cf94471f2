"""Where an identifier stands in a text, and the text made ready to be looked at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

#: What is removed, by the word in its placeholder: [NAME]. Together they are the eighteen
#: identifiers of the Safe Harbor method, 45 CFR 164.514(b)(2)(i)(A)-(R).
Kind = Literal[
    "NAME", "ADDRESS", "CITY", "COUNTY", "ZIP", "DATE", "AGE", "PHONE", "FAX", "EMAIL", "SSN",
    "MRN", "MEMBER ID", "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "URL", "IP", "BIOMETRIC",
    "FILE", "ID",
]  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Span:
    start: int
    end: int
    kind: Kind

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


#: What shows nothing and could hide an identifier: joiners, direction marks, soft hyphens.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\u20e3\ufeff]"
)
_PLAIN = {ord(c): "-" for c in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"}
_PLAIN |= {ord(c): "'" for c in "\u2018\u2019\u02bc\u0060\u00b4\u2032\uff07"}
_PLAIN |= {ord(c): '"' for c in "\u201c\u201d\u2033"}


def cleaned(text: str) -> str:
    """The text without invisible characters, accents composed."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


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


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, none over another: the first of the overlapping keeps its kind and grows."""
    done: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if done and span.start < done[-1].end:
            last = done[-1]
            done[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            done.append(span)
    return done
