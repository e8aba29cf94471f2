"""Completing a code step by step, along what is loaded: the codes under a header of ICD-10-CM, the
next characters of the codes of an ICD-10-PCS table. Nothing is built from parts without a code that
has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

from bot.desk.answer import Answer
from bot.desk.procedure_axes import ProcedureAxes
from codesets.lookups import pcs_axes
from codesets.model import Code, Release
from codesets.store.code_store import CodeStore

_PCS_LENGTH, _PCS_TABLE = 7, 3
#: Statuses of verdicts on codes that others complete, in the edition of the day or the nearest.
_BEGUN = ("header", "not_covered")

Why = Literal["", "unknown", "no_parts"]


@dataclass(frozen=True, slots=True)
class Begun:
    """A code that is not complete: its system, the code as published, its title ("" for none)."""

    system: str
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Next:
    """One way to go on from a code that is not complete.

    - `code`: the code, or the beginning of one, that it leads to.
    - `title`: its title; of a character of ICD-10-PCS, what it means.
    - `billable`: whether it is complete and in force.
    """

    code: str
    title: str
    billable: bool


@dataclass(frozen=True, slots=True)
class Step:
    """Where completing stands.

    - `begun`: the code so far.
    - `release`: label of the edition.
    - `choices`: the ways to go on; [] where it is complete, or nothing is under it.
    - `position`, `axis`: the character of ICD-10-PCS that is chosen next; 0 and "" for others.
    - `billable`: whether the code is complete and in force.
    - `why`: why it cannot be completed: unknown: the edition does not have it. no_parts: codes of
      its system have none.
    """

    begun: Begun
    release: str
    choices: list[Next] = field(default_factory=list)
    position: int = 0
    axis: str = ""
    billable: bool = False
    why: Why = ""


def incomplete(answer: Answer) -> list[Begun]:
    """The codes of an answer that others complete, in its order."""
    found = [
        Begun(verdict.system, verdict.code, verdict.title)
        for verdict in answer.verdicts
        if verdict.status in _BEGUN and verdict.completions
    ]
    reports = [one.report for one in answer.statements] or [answer.report]
    found += [
        Begun(line.system, line.code, line.title)
        for report in reports
        for line in report
        if not line.billable
    ]
    return list({(one.system, one.code): one for one in found}.values())


def step(store: CodeStore, day: dt.date, system: str, code: str) -> Step:
    """Where a code stands, and how it goes on; where there is but one way, it is gone. Raises
    ReleaseUnavailable where its system is not loaded."""
    stands = _step(store, day, system, code)
    while len(stands.choices) == 1:
        stands = _step(store, day, system, stands.choices[0].code)
    return stands


def _step(store: CodeStore, day: dt.date, system: str, code: str) -> Step:
    release = store.for_date(system, day).release
    if system == "icd10pcs":
        return _of_procedure(store, day, release, code)
    if system != "icd10cm":
        return Step(Begun(system, code, ""), release.label, why="no_parts")
    if "-" in code:
        return _of_range(store, day, release, code)
    found = store.get(release, code)
    if found is None:
        return Step(Begun(system, code, ""), release.label, why="unknown")
    begun = Begun(system, found.code, found.title)
    if found.billable and found.in_force(day):
        return Step(begun, release.label, billable=True)
    return Step(begun, release.label, _titled(store.children(release, found.code), day))


def _of_range(store: CodeStore, day: dt.date, release: Release, code: str) -> Step:
    first, _, last = code.partition("-")
    categories = store.at_level(release, first, last)
    begun = Begun(release.system, code, "")
    return Step(begun, release.label, _titled(categories, day), why="" if categories else "unknown")


def _titled(codes: Sequence[Code], day: dt.date) -> list[Next]:
    return [Next(one.code, one.title, one.billable and one.in_force(day)) for one in codes]


def _of_procedure(store: CodeStore, day: dt.date, release: Release, code: str) -> Step:
    """A code of ICD-10-PCS, complete or begun with the three characters of its table or more. The
    characters are those of the codes in force; the tables say what each means and, where they do
    not have it, the titles."""
    found = store.get(release, code)
    if found is not None and found.billable:
        begun = Begun(release.system, code, found.title)
        return Step(begun, release.label, billable=found.in_force(day))
    codes = [one for one in store.completions(release, code) if one.in_force(day)]
    if not codes or not _PCS_TABLE <= len(code) < _PCS_LENGTH:
        return Step(Begun(release.system, code, ""), release.label, why="unknown")
    position = len(code) + 1
    meanings: dict[str, str] = {}
    name = ""
    for axis, value, meaning in _values(store, day, code):
        name = axis
        meanings.setdefault(value, meaning)
    choices = []
    for value in dict.fromkeys(one.code[len(code)] for one in codes):
        longer = code + value
        below = [one for one in codes if one.code.startswith(longer)]
        title = meanings.get(value) or _shared_title(below)
        choices.append(Next(longer, title, len(longer) == _PCS_LENGTH))
    so_far = ", ".join(_said(store, day, code)) or _shared_title(codes)
    begun = Begun(release.system, code, so_far)
    return Step(begun, release.label, choices, position, name)


def _values(store: CodeStore, day: dt.date, code: str) -> Iterator[tuple[str, str, str]]:
    """(axis, value, meaning) of what may follow the beginning of a code in a row of its table."""
    rows = ProcedureAxes(store, day).table(code)
    yield from pcs_axes.following(rows, code)


def _said(store: CodeStore, day: dt.date, code: str) -> list[str]:
    """What the characters of the beginning of a code mean, from the third on: the operation."""
    rows = ProcedureAxes(store, day).table(code)
    return [axis.meaning for axis in pcs_axes.begun(rows, code)[_PCS_TABLE - 1 :]]


def _shared_title(codes: Sequence[Code]) -> str:
    """The words that the titles of some codes begin with together."""
    titles = [one.title.split() for one in codes]
    same = takewhile(lambda words: len(set(words)) == 1, zip(*titles, strict=False))
    return " ".join(words[0] for words in same).rstrip(",")
