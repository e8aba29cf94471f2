"""Codes of a report that say nothing beside others: symptoms that are part of a disease, and codes
that say less than another one. The rows are in prompts/statements/integral.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from index.statement.rules.code_patterns import pattern
from index.text.resources import read_text

#: The unspecified code of a category. Obesity is not less than overweight.
_UNSPECIFIED = re.compile(r"(?!E66)[A-NR]..\.9(?:0|09|00)?$")
#: Codes of six characters whose last is a side or a site: 9 says that none is named.
_SIDED = re.compile(r"[GHILM]..\.\w{2}9$")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what is dropped, and beside what. `same`: how many characters the codes
    have in common, at least. `also`: whether it is about symptoms that are reported beside any
    disease. `section`: of the Official Guidelines."""

    name: str
    section: str
    dropped: re.Pattern[str]
    beside: re.Pattern[str]
    same: int = 0
    also: bool = False


@dataclass(frozen=True, slots=True)
class _Table:
    always: re.Pattern[str]
    symptoms: tuple[Row, ...]
    less: tuple[Row, ...]


@cache
def _table() -> _Table:
    data: dict[str, Any] = tomllib.loads(read_text("statements", "integral.toml"))
    return _Table(
        pattern(data["always"]),
        tuple(_row(row, "symptoms", "diseases") for row in data["disease"]),
        tuple(_row(row, "codes", "beside") for row in data["less"]),
    )


def _row(row: Mapping[str, Any], dropped: str, beside: str) -> Row:
    return Row(
        row["name"],
        row["section"],
        pattern(row[dropped]),
        pattern(row[beside]),
        row.get("same", 0),
        row.get("also", False),
    )


def integral_to(symptom: str, diseases: Sequence[str]) -> str | None:
    """The disease of a report that a symptom is part of (I.B.5); None when there is none, or when
    the symptom is reported beside any disease."""
    found = integral_by(symptom, diseases)
    return found[0] if found else None


def integral_by(symptom: str, diseases: Sequence[str]) -> tuple[str, Row] | None:
    """The disease that a symptom is part of, and the row that says so."""
    table = _table()
    always = table.always.match(symptom)
    for row in table.symptoms:
        if not row.dropped.match(symptom) or (always and not row.also):
            continue
        for disease in diseases:
            if disease != symptom and row.beside.match(disease):
                return disease, row
    return None


def less_specific(codes: Sequence[str]) -> dict[str, str]:
    """The codes of a report that say less than another one of it, each with that other."""
    drops: dict[str, str] = {}
    for code in codes:
        other = _said_better(code, [one for one in codes if one != code and one not in drops])
        if other:
            drops[code] = other
    return drops


def _said_better(code: str, others: Sequence[str]) -> str | None:
    for row in _table().less:
        if row.dropped.match(code):
            for other in others:
                if row.beside.match(other) and other[: row.same] == code[: row.same]:
                    return other
    if _UNSPECIFIED.match(code):
        for other in others:
            if other[:3] == code[:3] and not _UNSPECIFIED.match(other):
                return other
    if _SIDED.match(code):
        for other in others:
            if len(other) == len(code) and other[:-1] == code[:-1] and other[-1] in "12345678":
                return other
    return None
