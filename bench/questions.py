"""The evaluation files, divided into sets of one code system each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from codesets.store.code_store import CodeStore
from index.evaluate import Case, read_cases

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions of one file about one code system. `system` is None where the right answers are
    sections of the guidelines. `of` is the number of questions from which `cases` were sampled."""

    name: str
    system: str | None
    cases: list[Case]
    of: int

    def as_file(self) -> str:
        """The set in the layout that `codedesk eval` reads."""
        kind = "codes" if self.system else "sections"
        rows = [
            "\t".join((case.query, "|".join(case.right), case.system or "")) for case in self.cases
        ]
        return "\n".join([f"query\t{kind}\tsystem", *rows]) + "\n"


def read_sets(folder: Path, store: CodeStore, rows: int) -> list[QuestionSet]:
    """The sets of all files in a folder, each with at most `rows` questions, spread evenly."""
    sets = []
    for path in sorted(folder.glob("*.tsv")):
        cases, kind = read_cases(path)
        if kind == "sections":
            sets.append(QuestionSet(path.stem, None, spread(cases, rows), len(cases)))
            continue
        usual = _system_of(cases, store)
        cases = [replace(case, system=case.system or usual) for case in cases]
        for system in sorted({case.system for case in cases if case.system}):
            of_system = [case for case in cases if case.system == system]
            sets.append(QuestionSet(path.stem, system, spread(of_system, rows), len(of_system)))
    return sets


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most `most` items, spread evenly."""
    if len(items) <= most:
        return list(items)
    return [items[n * len(items) // most] for n in range(most)]


def _system_of(cases: Sequence[Case], store: CodeStore) -> str | None:
    """The system that has the right codes, for a file that does not name one."""
    for case in cases:
        for system in store.systems:
            if any(store.releases_with(system, code) for code in case.right):
                return system
    return None
