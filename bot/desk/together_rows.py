"""The rows of prompts/statements/together.toml: what the Official Guidelines say of codes together,
beyond the notes of the Tabular List."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from codesets.model import CodeRange
from index.text.resources import read_text


@dataclass(frozen=True, slots=True)
class CodeSet:
    """Codes that a row names: beginnings, ranges, and patterns with "#" for any character.

    `ranges` are the beginnings and ranges, `patterns` the others.
    """

    ranges: tuple[CodeRange, ...]
    patterns: tuple[re.Pattern[str], ...]

    def has(self, code: str) -> bool:
        letter = code[:1]
        return any(
            each.first[0] <= letter <= each.last[0] and each.contains(code) for each in self.ranges
        ) or any(each.match(code) for each in self.patterns)


@cache
def code_set(text: str) -> CodeSet:
    """The codes of a row: "N18.1-N18.4 N18.9", "F1#.2"."""
    ranges, patterns = [], []
    for named in text.split():
        if "#" in named:
            patterns.append(re.compile(re.escape(named).replace("\\#", "[0-9A-Z]")))
        else:
            first, _, last = named.partition("-")
            ranges.append(CodeRange(first, last or first, named))
    return CodeSet(tuple(ranges), tuple(patterns))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. `fields` are its other fields, by name; `section` states the rule."""

    section: str
    fields: dict[str, Any]

    def codes(self, name: str) -> CodeSet:
        return code_set(self.fields[name])

    def text(self, name: str) -> str:
        return str(self.fields.get(name, ""))

    def holds(self, one: str, other: str, names: tuple[str, str]) -> bool:
        """Whether the first field names one code, and the second the other."""
        return self.codes(names[0]).has(one) and self.codes(names[1]).has(other)


@cache
def rows(table: str) -> tuple[Row, ...]:
    """The rows of a table, in their order."""
    tables = tomllib.loads(read_text("statements", "together.toml"))
    return tuple(
        Row(row.get("section", ""), {k: v for k, v in row.items() if k != "section"})
        for row in tables.get(table, ())
    )


def first(table: str, holds: Callable[[Row], bool]) -> Row | None:
    """The first row of a table for which something holds."""
    return next(filter(holds, rows(table)), None)


@dataclass(frozen=True, slots=True)
class Said:
    """Words that mean a code, if a partner may be there."""

    words: re.Pattern[str]
    codes: tuple[str, ...]


@cache
def _said() -> tuple[Said, ...]:
    return tuple(
        Said(
            re.compile(rf"(?<![\w]){'(?:' + row.text('words') + ')'}(?![\w])"),
            tuple(row.text("codes").split()),
        )
        for row in rows("said")
    )


def said_in(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The words of a folded text that mean a code, each with the code."""
    for row in _said():
        if found := row.words.search(text):
            for code in row.codes:
                yield found, code


@lru_cache(maxsize=256)
def when(text: str) -> re.Pattern[str]:
    """A pattern for the phrases of a row, separated by commas."""
    phrases = [re.escape(phrase.strip()) for phrase in text.split(",") if phrase.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)")
