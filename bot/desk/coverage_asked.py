"""Reads what a question says of coverage: whether it asks about it, in which state, and which
contractor it names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from index.text.resources import read_text, read_words


@dataclass(frozen=True, slots=True)
class CoverageAsked:
    """
    - `asks`: whether the question asks about coverage in as many words.
    - `state`: the code of the state that it names; "" for none.
    - `contractor`: the contractor that it names, in short; "" for none.
    """

    asks: bool
    state: str = ""
    contractor: str = ""


def read_coverage(text: str) -> CoverageAsked:
    """
    >>> read_coverage("does M17.11 support J7325 in Florida")
    CoverageAsked(asks=True, state='FL', contractor='')
    """
    words = " ".join(text.split())
    asks = _asks().search(words) is not None
    return CoverageAsked(asks, state_in(words), contractor_in(words))


def state_in(text: str) -> str:
    """The code of the state that a text names; "" for none, and for more than one. A code in two
    letters counts behind "in" and the like, behind a comma, or in capitals at the end."""
    named: dict[str, None] = {}
    rest = text
    for code, pattern in _state_names() if _any_state().search(text) else ():
        if pattern.search(rest):
            named[code] = None
            rest = pattern.sub(" ", rest)
    known, ambiguous = _states(), _listed("is_a_word")
    before = _listed("before_state")
    tokens = list(re.finditer(r"[^\W_]+", rest))
    for at, token in enumerate(tokens):
        code = token[0].upper()
        if code not in known:
            continue
        behind = tokens[at - 1][0].lower() in before if at else False
        after_comma = at > 0 and "," in rest[tokens[at - 1].end() : token.start()]
        is_last = at == len(tokens) - 1
        clear = code not in ambiguous
        if (behind and (token[0].isupper() or clear)) or (
            token[0].isupper() and clear and (after_comma or is_last)
        ):
            named[code] = None
    return next(iter(named)) if len(named) == 1 else ""


def contractor_in(text: str) -> str:
    """The contractor that a text names, in short; "" for none, and for more than one."""
    named = [short for short, pattern in _contractors() if pattern.search(text)]
    return named[0] if len(named) == 1 else ""


def short_name(published: str) -> str:
    """A contractor's name as it is shown in short: "First Coast"."""
    return contractor_in(published) or published


def usps_code(abbreviation: str, name: str) -> str:
    """The code of a state of the Medicare Coverage Database, which has rows for parts of states:
    ("DN", "New York - Downstate") is NY."""
    whole = re.split(r"\s+-\s+|\s*\(", name)[0].strip().casefold()
    return _by_name().get(whole) or abbreviation


def _phrase(listed: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, _split(listed)))})(?!\w)", re.I)


def _split(listed: str) -> list[str]:
    """The phrases of a list, longest first."""
    phrases = {" ".join(phrase.split()) for phrase in listed.split(",")} - {""}
    return sorted(phrases, key=lambda phrase: (-len(phrase), phrase))


@cache
def _asks() -> re.Pattern[str]:
    return _phrase(read_words("coverage")["asks"])


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(_split(read_words("coverage")[name]))


@cache
def _states() -> Mapping[str, str]:
    return read_words("states")


@cache
def _state_names() -> list[tuple[str, re.Pattern[str]]]:
    """Longest names first: West Virginia before Virginia."""
    named = [(name, code) for code, names in _states().items() for name in _split(names)]
    return [(code, _phrase(name)) for name, code in sorted(named, key=lambda one: -len(one[0]))]


@cache
def _any_state() -> re.Pattern[str]:
    return _phrase(",".join(_states().values()))


@cache
def _by_name() -> dict[str, str]:
    return {name: code for code, names in _states().items() for name in _split(names)}


@cache
def _section(name: str) -> Mapping[str, str]:
    sections: dict[str, dict[str, str]] = tomllib.loads(read_text("intents", "coverage.toml"))
    return sections[name]


@cache
def _contractors() -> list[tuple[str, re.Pattern[str]]]:
    return [(short, _phrase(names)) for short, names in _section("contractors").items()]


def has_conditions(paragraph: str) -> bool:
    """Whether the paragraph over a group of diagnoses has words by which they count only with
    something else."""
    return _phrase(_section("paragraphs")["conditions"]).search(paragraph) is not None


def is_against(paragraph: str) -> bool:
    """Whether the paragraph over a group of services says that they are not covered."""
    return _phrase(_section("paragraphs")["against"]).search(paragraph) is not None
