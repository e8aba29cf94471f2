"""Diagnoses that are said to be uncertain: "r/o PE", "probable pneumonia", "? MI".

For an outpatient they are not coded as if they were established, but the signs and symptoms are
(Official Guidelines, IV.H); at discharge from an inpatient stay they are coded as if they existed
(II.H, III.C). The words are those of prompts/vocabulary/uncertain.toml.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache

from index.text.resources import read_text
from index.text.tokens import fold


@dataclass(frozen=True, slots=True)
class Uncertain:
    """An uncertain diagnosis in a text.

    - `words`: the diagnosis as typed, with the term of uncertainty.
    - `rest`: the text without it.
    - `has_sign`: whether the rest names a sign or symptom.
    - `inpatient`: whether the text says that it is of an inpatient stay.
    """

    words: str
    rest: str
    has_sign: bool
    inpatient: bool


@dataclass(frozen=True, slots=True)
class _Terms:
    uncertain: re.Pattern[str]
    unless: re.Pattern[str]
    inpatient: re.Pattern[str]
    signs: re.Pattern[str]


def _any(words: str) -> str:
    return "|".join(re.escape(line.strip()) for line in words.splitlines() if line.strip())


@cache
def _terms() -> _Terms:
    words = tomllib.loads(read_text("vocabulary", "uncertain.toml"))
    # The diagnosis reaches to a sign of punctuation, or to what it is said beside.
    end = r"(?=\s*(?:[,;.()]|$|\b(?:vs|with|w/|but|c/o|given|because|in (?:a )?(?:pt|patient))))"
    terms = rf"(?:\?|(?:{_any(words['terms'])})(?![\w/]))"
    return _Terms(
        re.compile(rf"(?<![\w/]){terms}[\s:]*.+?{end}", re.DOTALL),
        re.compile(rf"\b(?:{_any(words['unless'])})"),
        re.compile(rf"\b(?:{_any(words['inpatient'])})\b"),
        re.compile(rf"\b(?:{_any(words['signs'])})"),
    )


@lru_cache(maxsize=1024)
def read_uncertain(text: str) -> Uncertain | None:
    """The first uncertain diagnosis of a text; None where there is none. A condition that titles
    themselves call suspected (abuse, exposure, a fetus) is none."""
    folded, terms = fold(text), _terms()
    if len(folded) != len(text) or terms.unless.search(folded):
        return None
    found = terms.uncertain.search(folded)
    if found is None:
        return None
    rest = f"{text[: found.start()].rstrip(' ,;:-(')}{text[found.end() :]}".strip(" ,;:.()")
    return Uncertain(
        text[found.start() : found.end()].strip(),
        rest,
        bool(terms.signs.search(fold(rest))),
        bool(terms.inpatient.search(folded)),
    )
