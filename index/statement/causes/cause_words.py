"""Reads the tables of words of how an injury happened: prompts/statements/external_causes.*.

The tables are written in phrases and not in regular expressions, so that a coding supervisor can
read them. This module makes patterns of the phrases.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from index.text.resources import parse_table, read_text

#: What may stand between two words of a phrase: blanks, a dash, a comma.
_GAP = r"[^\w;.]{1,3}"
#: Words that say nothing of the object after them: "off of his old 6 ft ladder".
_FILLER = (
    r"(?:(?:a|an|the|his|her|their|my|some|own|its|this|that|pts|pt's|moms?|mom's|dads?|dad's|big"
    r"|old|tall|small|little|new|hot|sharp|broken|dirty|rusty|wet|icy|metal|wooden|large|heavy"
    rf"|neighbors?|neighbor's|friends?|friend's){_GAP})*"
)
#: The same without a comma.
_BLANK = r"[^\w;.,]{1,3}"
#: Words between: at most one for ".", up to three for "..", and for "..." also across a comma.
_SOME = {
    ".": rf"(?:{_GAP}|{_BLANK}{_FILLER}(?:[\w'/#-]+{_BLANK})??)",
    "..": rf"(?:{_GAP}|{_BLANK}{_FILLER}(?:[\w'/#-]+{_BLANK}){{0,3}}?)",
    "...": rf"{_GAP}{_FILLER}(?:[\w'/#-]+{_GAP}){{0,3}}?",
}
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A row of external_causes.tsv.

    - `group`: what kind of event; of one group one row is used, the first in the table.
    - `pattern`: its words.
    - `code`: the code when it was an accident, or is unspecified.
    - `assault`, `self_harm`, `undetermined`: the code by intent; "" where there is none.
    - `tells_injury`: whether the words name the injury, too ("dog bite").
    """

    group: str
    pattern: re.Pattern[str]
    code: str
    assault: str
    self_harm: str
    undetermined: str
    tells_injury: bool


@cache
def tables() -> dict[str, Any]:
    """prompts/statements/external_causes.toml."""
    return tomllib.loads(read_text("statements", "external_causes.toml"))


def phrase_pattern(phrase: str) -> str:
    """The regular expression of a phrase of a table, without ends."""
    parts: list[str] = []
    joint = ""
    open_groups = 0
    for token in phrase.split():
        if token in _SOME:
            joint = _SOME[token] + _FILLER
            continue
        opens, closes = token.startswith("<"), token.endswith(">")
        token = token.strip("<>")
        optional, token = token.endswith("?"), token.removesuffix("?")
        words = "|".join(map(_alternative, _spelled_out(token)))
        if opens:
            joint += "(?P<cause>"
            open_groups += 1
        if optional:
            parts.append(rf"(?:{joint}(?:{words})(?![\w'/]))?")
        else:
            parts.append(rf"{joint}(?:{words})(?![\w'])")
        if closes:
            parts.append(")")
            open_groups -= 1
        joint = _GAP + _FILLER
    return "".join(parts) + ")" * open_groups


def _spelled_out(token: str) -> list[str]:
    """The alternatives of a token, with the words of the groups that it names."""
    groups: dict[str, str] = tables()["groups"]
    each = token.split("|")
    return [w for one in each for w in (groups[one[1:-1]].split("|") if one[0] == "{" else [one])]


def _alternative(words: str) -> str:
    return re.escape(words).replace("_", _GAP).replace(r"\*", r"[\w-]*")


def any_of(phrases: str) -> re.Pattern[str]:
    """A pattern that finds any of the phrases of a list, one a line; "*" is any ending."""
    each = {" ".join(line.split()) for line in phrases.splitlines()} - {""}
    words = "|".join(
        re.escape(one).replace(r"\*", r"[\w-]*").replace(r"\ ", " ")
        for one in sorted(each, key=len, reverse=True)
    )
    return re.compile(rf"(?<![\w/'-])(?:{words})(?![\w'])")


def _keys(phrase: str) -> frozenset[str]:
    """Words of which a text must have one to match, "*" at the end of a beginning: those of the
    last word that is not optional and names no group, for a group has the words of many rows."""
    for token in reversed(phrase.replace("<", "").replace(">", "").split()):
        if token in _SOME or "{" in token or token.endswith("?"):
            continue
        return frozenset(map(_key, token.split("|")))
    return frozenset()


def _key(words: str) -> str:
    if (found := _WORD.search(words)) is None:
        return ""
    return found[0] + ("*" if words[found.end() : found.end() + 1] == "*" else "")


R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class PhraseTable(Generic[R]):
    """Rows with patterns, found by the words that they need: most rows are never tried."""

    rows: tuple[R, ...]
    by_word: Mapping[str, tuple[int, ...]]
    always: tuple[int, ...]

    @classmethod
    def of(cls, rows: Sequence[tuple[str, R]]) -> PhraseTable[R]:
        """A table of (phrase, row) in order of precedence."""
        by_word: dict[str, list[int]] = {}
        always: list[int] = []
        for at, (phrase, _) in enumerate(rows):
            keys = _keys(phrase)
            for key in keys:
                by_word.setdefault(key, []).append(at)
            if not keys:
                always.append(at)
        index = {word: tuple(found) for word, found in by_word.items()}
        return cls(tuple(row for _, row in rows), index, tuple(always))

    def candidates(self, text: str) -> list[R]:
        """The rows that may match a folded text, in order."""
        found = set(self.always)
        for word in set(_WORD.findall(text)):
            found.update(self.by_word.get(word, ()))
            for end in range(2, len(word) + 1):
                found.update(self.by_word.get(word[:end] + "*", ()))
        return [self.rows[at] for at in sorted(found)]


@cache
def cause_rows() -> PhraseTable[CauseRow]:
    """The rows of external_causes.tsv, in order: the first of a group wins."""
    table = parse_table(
        "prompts/statements/external_causes.tsv",
        read_text("statements", "external_causes.tsv"),
        lambda row: [(row["group"], row["words"])],
    )
    return PhraseTable.of(
        [
            (
                row["words"],
                CauseRow(
                    row["group"],
                    whole_pattern(row["words"]),
                    row["code"],
                    row["assault"] or "",
                    row["self-harm"] or "",
                    row["undetermined"] or "",
                    (row["tells"] or "") == "injury",
                ),
            )
            for row in table
        ]
    )


def whole_pattern(phrase: str) -> re.Pattern[str]:
    """The pattern of a phrase that begins with a word."""
    return re.compile(rf"(?<![\w/'-]){phrase_pattern(phrase)}")
