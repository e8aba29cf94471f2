"""The rows of prompts/statements/combinations.toml: which code says what two codes, or a code and a
word, say apart."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from index.statement.rules.code_patterns import pattern
from index.text.resources import read_text

Keeps = Literal["first", "second", "both", "none"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table.

    - `first`, `second`: the codes that it joins; `second` is None where `words` stand for it.
    - `words`: must be said, and affirmed; also of the past, where `past` is true. `unless`: must
      not be said at all.
    - `needs`: another code that must be in the report. `without`: one that must not.
    - `same`: how many characters the two codes have in common, at least.
    - `keeps`: which of the two is reported beside the code. `stays`: codes that are kept anyhow.
    """

    name: str
    first: re.Pattern[str]
    second: re.Pattern[str] | None
    words: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    needs: re.Pattern[str] | None
    without: re.Pattern[str] | None
    same: int
    past: bool
    code: str
    keeps: Keeps
    stays: re.Pattern[str]
    entry: str
    section: str

    @property
    def weight(self) -> int:
        """How many conditions it has: the more, the more specific is the row."""
        return sum(bool(one) for one in (self.words, self.needs, self.second))


@dataclass(frozen=True, slots=True)
class _Table:
    broken: re.Pattern[str]
    rules: tuple[Rule, ...]


@cache
def _table() -> _Table:
    data: dict[str, Any] = tomllib.loads(read_text("statements", "combinations.toml"))
    broken = "|".join(line.strip() for line in data["broken"].splitlines() if line.strip())
    rows = [_rule(family, row) for family in data["family"] for row in family["rows"]]
    return _Table(re.compile(rf"\b(?:{broken})\b"), tuple(rows))


def _rule(family: Mapping[str, Any], row: Mapping[str, Any]) -> Rule:
    """A row, with what its family says for all rows."""
    both = {**{k: v for k, v in family.items() if k != "rows"}, **row}

    def codes(key: str) -> re.Pattern[str] | None:
        return pattern(both[key]) if key in both else None

    def words(key: str) -> re.Pattern[str] | None:
        return re.compile(rf"(?<!\w)(?:{both[key]})(?!\w)") if key in both else None

    return Rule(
        both["name"],
        pattern(both["first"]),
        codes("second"),
        words("words"),
        words("unless"),
        codes("needs"),
        codes("without"),
        both.get("same", 0),
        both.get("past", False),
        both["code"],
        both.get("keeps", "none"),
        pattern(both.get("stays", ())),
        both.get("entry", "").replace("{what}", both.get("what", "")),
        both.get("section", ""),
    )


def rules() -> tuple[Rule, ...]:
    """The rows of the table, in their order."""
    return _table().rules


def unlinked(folded: str) -> bool:
    """Whether a statement says that its conditions are not related."""
    return bool(_table().broken.search(folded))


@lru_cache(maxsize=4096)
def rows_of(code: str) -> tuple[tuple[int, int], ...]:
    """The rows that have a code as their first, as places in the table, each with how many of its
    characters the row names."""
    return tuple(
        (at, begun.end()) for at, rule in enumerate(rules()) if (begun := rule.first.match(code))
    )
