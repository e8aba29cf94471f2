"""Reads and scores files of threads: what is asked, what is said after it, and the code that should
stand first after the last turn.

A file is tab-separated and has a header line: `turn1`, `turn2`, `turn3` (may be empty), `codes`
(any of, `/` between; one that ends with a dash stands for all under it) and `kind`, what the last
turn does. `needs` may name an edition or a system without which a row cannot be answered rightly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import SearchError
from index.evaluate_statements import is_one_of
from index.evaluation_files import has_columns, rows_of

#: The columns by which a file is known to have threads.
COLUMNS = frozenset(("turn1", "turn2", "codes"))
_FIVE = 5


@dataclass(frozen=True, slots=True)
class ThreadCase:
    """A thread: its turns, the codes of which one should stand first, its kind, and the edition or
    system without which it cannot be answered ("" for none)."""

    turns: tuple[str, ...]
    codes: frozenset[str]
    kind: str
    needs: str = ""


@dataclass(slots=True)
class ThreadScores:
    """The figures of a number of threads; shares are 0 to 1.

    first: a right code stands first. in_five: one is among the first five. by_kind: `first` of the
    threads of each kind, with their number.
    """

    threads: int = 0
    first: float = 0.0
    in_five: float = 0.0
    by_kind: dict[str, tuple[int, float]] = field(default_factory=dict)


def is_thread_file(path: Path) -> bool:
    """Whether a file has the columns of threads. False for one that cannot be read."""
    return has_columns(path, COLUMNS)


def read_thread_cases(path: Path) -> list[ThreadCase]:
    """The threads of a file. Raises SearchError for a file that cannot be read, or has none."""
    rows = rows_of(path)
    if not rows:
        raise SearchError(f"{path} has no threads: it needs at least one row.")
    return [
        ThreadCase(
            tuple(filter(None, (row["turn1"], row["turn2"], row.get("turn3")))),
            frozenset((row["codes"] or "").replace("|", "/").split("/")),
            row.get("kind") or "",
            row.get("needs") or "",
        )
        for row in rows
    ]


def score_threads(answers: Sequence[Sequence[str]], cases: Sequence[ThreadCase]) -> ThreadScores:
    """The figures of threads. `answers`: the codes after the last turn of each, in their order."""
    pairs = list(zip(answers, cases, strict=True))
    right = [bool(codes) and is_one_of(codes[0], case.codes) for codes, case in pairs]
    five = [any(is_one_of(code, case.codes) for code in codes[:_FIVE]) for codes, case in pairs]
    scores = ThreadScores(len(cases), sum(right) / len(cases), sum(five) / len(cases))
    for kind in sorted({case.kind for case in cases}):
        own = [good for good, case in zip(right, cases, strict=True) if case.kind == kind]
        scores.by_kind[kind] = (len(own), sum(own) / len(own))
    return scores
