"""Checks the codes of a claim against age and sex, where the claim gives them.

Limits are read from what is loaded: the notes of the Tabular List ("for use for persons 20 years of
age or older", "only on maternal records") and the words of titles (prompts/statements/
claim_patients.toml). The numbers behind the words are those of the Medicare Code Editor (CMS,
Definitions of Medicare Code Edits, "Age conflict": newborn 0, pediatric 0-17, maternity 9-64, adult
15-124).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from bot.desk.answer import Pair, Severity
from bot.desk.claims.case import Case, found
from bot.desk.reasons import reason
from bot.desk.together_rows import code_set
from codesets.lookups.inherited_notes import notes_of
from codesets.model import Code, Release
from codesets.store.code_store import CodeStore
from index.text.resources import read_text

_OLDEST = 124
_FROM = re.compile(
    r"(?:aged? )?\b(\d{1,3})\s*(?:years?(?: of age)?(?: old)?)?\s*(?:or|and)\s*(?:older|over)\b"
    r"|\b(?:aged?|ages?)\s+(\d{1,3})\+",
    re.I,
)
_RANGE = re.compile(
    r"\b(?:ages?|aged|persons?)\s+(\d{1,3})\s*(?:-|to|through)\s*(\d{1,3})\b"
    r"|\b(\d{1,3})\s*(?:-|to|through)\s*(\d{1,3})\s*years?(?: of age| old)",
    re.I,
)
_BELOW = re.compile(
    r"\b(?:under|younger than|less than)\s+(?:age\s+)?(\d{1,3})\s*(?:years?(?: of age| old))", re.I
)
_ADULT, _PEDIATRIC = re.compile(r"\badults?\b", re.I), re.compile(r"\bp(?:a)?ediatric\b", re.I)


@dataclass(frozen=True, slots=True)
class _Limit:
    """Ages from and through which a code is for, with the words that say so."""

    first: int
    last: int
    quote: str
    place: str
    release: str
    severity: Severity = "conflict"


def patient_checks(store: CodeStore, case: Case) -> Iterator[Pair]:
    claim = case.claim
    codes = [(one.code, one.release.label, one.release) for one in case.diagnoses]
    codes += [(line.code, line.code.release, None) for line in case.lines if line.code]  # type: ignore[misc]
    for code, label, release in codes:
        if claim.age is not None and (limit := _age_limit(store, code, label, release, claim.age)):
            key = "claims.age_from" if limit.last == _OLDEST else "claims.age"
            key = key if limit.last else "claims.age_newborn"
            why = reason(key, code=code.code, first=limit.first, last=limit.last, age=claim.age)
            yield found(
                [code.code], "age", limit.severity, why,
                quote=limit.quote, place=limit.place, release=limit.release,
            )  # fmt: skip
        if claim.sex and (said := _sex(store, code, label, release)) and said[0] != claim.sex:
            sex, quote, place, printed = said
            why = reason(
                "claims.sex",
                code=code.code,
                said=reason(f"claims.sex_{sex}"),
                sex=reason(f"claims.sex_{claim.sex}"),
            )
            yield found(
                [code.code], "sex", "conflict", why, quote=quote, place=place, release=printed
            )


def _age_limit(
    store: CodeStore, code: Code, label: str, release: Release | None, age: int
) -> _Limit | None:
    """The limit that an age is outside of; None where it is within all."""
    limits = [*_in_text(code.title, code.title, code.code, label)]
    for row in _rows("age"):
        if _applies(row, code) and re.search(row["words"], code.title, re.I):
            severity: Severity = "caution" if row.get("persists") else "conflict"
            limits.append(_Limit(row["first"], row["last"], code.title, code.code, label, severity))
    for note in notes_of(store, release, code) if release else ():
        if note.kind != "note" or not _is_about(note.text, code.title):
            continue
        limits += _in_text(note.text, note.text, note.owner, note.release)
        for row in _rows("note"):
            if re.search(row["words"], note.text, re.I):
                severity = "caution" if row.get("persists") else "conflict"
                limits.append(
                    _Limit(row["first"], row["last"], note.text, note.owner, note.release, severity)
                )
    outside = [one for one in limits if not one.first <= age <= one.last]
    return min(outside, key=lambda one: one.severity != "conflict", default=None)


def _is_about(note: str, title: str) -> bool:
    """Whether a note that tells adults from children is about a title of the same."""
    words = (_ADULT, _PEDIATRIC)
    return all(bool(word.search(title)) or not word.search(note) for word in words)


def _in_text(text: str, quote: str, place: str, label: str) -> Iterator[_Limit]:
    """The limits that a text gives in years."""
    for match in _FROM.finditer(text):
        yield _Limit(int(match[1] or match[2]), _OLDEST, quote, place, label)
    for match in _RANGE.finditer(text):
        first, last = (int(number) for number in match.groups() if number)
        yield _Limit(first, last, quote, place, label)
    for match in _BELOW.finditer(text):
        yield _Limit(0, int(match[1]) - 1, quote, place, label)


def _sex(
    store: CodeStore, code: Code, label: str, release: Release | None
) -> tuple[str, str, str, str] | None:
    """(F or M, the words that say so, where they are printed, edition); None where none do."""
    for row in _rows("sex"):
        if not _applies(row, code):
            continue
        if re.search(row.get("words", ""), code.title, re.I):
            return row["sex"], code.title, code.code, label
    for note in notes_of(store, release, code) if release else ():
        for row in _rows("note"):
            if row.get("sex") and note.kind == "note" and re.search(row["words"], note.text, re.I):
                return row["sex"], note.text, note.owner, note.release
    return None


def _applies(row: dict, code: Code) -> bool:
    if code.system != row.get("system", "icd10cm"):
        return False
    within = not row.get("codes") or code_set(row["codes"]).has(code.code)
    return within and not (row.get("not_codes") and code_set(row["not_codes"]).has(code.code))


@cache
def _rows(table: str) -> list[dict]:
    return tomllib.loads(read_text("statements", "claim_patients.toml"))[table]
