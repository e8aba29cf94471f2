"""Names that identify nobody: of states, which 45 CFR 164.514(b)(2)(i)(B) lets stand, and of the
contractors and payers that pay claims.

Many of them are given names or surnames, too (Georgia, Virginia). So the name of a state counts
only behind a word that makes it a place, and of payers only those are listed that are no surnames.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache

from bot.phi.spans import Span
from index.text.resources import read_text, read_words

_BEFORE_A_STATE = re.compile(r"\b(?:in|state of)\s+(?:the\s+)?$", re.I)


def is_public(text: str, span: Span) -> bool:
    """Whether what was taken for a name or a town is a state or a payer."""
    if span.kind not in ("NAME", "CITY"):
        return False
    words = " ".join(re.findall(r"[^\W_]+", text[span.start : span.end].casefold()))
    if words in _states():
        return _BEFORE_A_STATE.search(text[: span.start]) is not None
    return words in _payers()


@cache
def _states() -> frozenset[str]:
    return _phrases(read_words("states").values())


@cache
def _payers() -> frozenset[str]:
    sections = tomllib.loads(read_text("intents", "coverage.toml"))
    listed = [*sections["contractors"].values(), sections["payers"]["names"]]
    return _phrases(listed) | {"lcd", "lcds", "ncd", "ncds", "mac"}


def _phrases(lists: Iterable[str]) -> frozenset[str]:
    return frozenset(
        " ".join(re.findall(r"[^\W_]+", phrase.casefold()))
        for listed in lists
        for phrase in listed.split(",")
    )
