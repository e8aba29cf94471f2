"""Scores the reports of whole statements against files of statements with the lines to report.

A file is tab-separated and has a header line: `query`; `codes`, the lines in order, `|` between
them and `/` between alternatives of one line; and optionally `first`, the codes that may be
first-listed (`/`), `optional`, codes that may be reported besides, and `not`, codes that must not
(`|`). A code that ends with a dash stands for all under it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codesets.code_format import undot
from index.errors import SearchError
from index.evaluation_files import has_columns, rows_of

#: The columns by which a file is known to have statements.
COLUMNS = frozenset(("query", "codes", "first"))
#: The groups of statements by their number of lines.
SIZES = ("1", "2", "3+")


@dataclass(frozen=True, slots=True)
class StatementCase:
    """A statement with its lines, each as its alternatives; what may be first; what may be
    besides; and what must not be there."""

    query: str
    lines: tuple[frozenset[str], ...]
    first: frozenset[str]
    optional: frozenset[str]
    forbidden: frozenset[str]

    @property
    def size(self) -> str:
        return SIZES[min(len(self.lines), len(SIZES)) - 1]


@dataclass(slots=True)
class StatementScores:
    """The figures of a number of statements; shares are 0 to 1.

    first: the first line is a right one. recall: of the right lines, those that are reported.
    precision: of the reported lines, those that are right or optional. f1: of each statement, on
    average. exact: every right line, and nothing that is not optional. forbidden: a line that must
    not be there. none: no report.
    """

    statements: int = 0
    first: float = 0.0
    recall: float = 0.0
    precision: float = 0.0
    f1: float = 0.0
    exact: float = 0.0
    forbidden: float = 0.0
    none: float = 0.0
    by_size: dict[str, StatementScores] = field(default_factory=dict)


def is_statement_file(path: Path) -> bool:
    """Whether a file has the columns of statements. False for one that cannot be read."""
    return has_columns(path, COLUMNS)


def read_statement_cases(path: Path) -> list[StatementCase]:
    """The statements of a file. Raises SearchError for a file that cannot be read, or has none."""
    rows = rows_of(path)
    if not rows:
        raise SearchError(f"{path} has no statements: it needs at least one row.")
    return [_case(row) for row in rows]


def _case(row: Mapping[str, str | None]) -> StatementCase:
    lines = tuple(frozenset(line.split("/")) for line in (row["codes"] or "").split("|"))
    return StatementCase(
        row["query"] or "",
        lines,
        _codes(row.get("first"), "/") or lines[0],
        _codes((row.get("optional") or "").replace("/", "|"), "|"),
        _codes(row.get("not"), "|"),
    )


def _codes(cell: str | None, separator: str) -> frozenset[str]:
    return frozenset(filter(None, (cell or "").split(separator)))


def is_one_of(code: str, codes: frozenset[str]) -> bool:
    """Whether a code is one of `codes`, or under one that ends with a dash. They may be written
    without the dot and in lower case."""
    own = _bare(code)
    return any(own == c or (c[-1:] == "-" and own.startswith(c[:-1])) for c in map(_bare, codes))


def _bare(code: str) -> str:
    return undot(code.strip()).upper()


def score_statements(
    reports: Sequence[Sequence[str]], cases: Sequence[StatementCase]
) -> StatementScores:
    """The figures of all statements, and of those of each size. `reports`: the codes of each
    report, in their order."""
    total = _scored(list(zip(reports, cases, strict=True)))
    for size in SIZES:
        own = [(r, c) for r, c in zip(reports, cases, strict=True) if c.size == size]
        if own:
            total.by_size[size] = _scored(own)
    return total


def _scored(pairs: Sequence[tuple[Sequence[str], StatementCase]]) -> StatementScores:
    scores = StatementScores(len(pairs))
    found = lines = right = told = 0
    for codes, case in pairs:
        got = sum(any(is_one_of(code, line) for code in codes) for line in case.lines)
        good = sum(
            is_one_of(code, case.optional) or any(is_one_of(code, line) for line in case.lines)
            for code in codes
        )
        found, lines, right, told = (
            found + got, lines + len(case.lines), right + good, told + len(codes)
        )  # fmt: skip
        scores.first += bool(codes) and is_one_of(codes[0], case.first)
        precision, recall = good / (len(codes) or 1), got / len(case.lines)
        scores.f1 += 2 * precision * recall / ((precision + recall) or 1)
        scores.exact += got == len(case.lines) and good == len(codes)
        scores.forbidden += any(is_one_of(code, case.forbidden) for code in codes)
        scores.none += not codes
    count = len(pairs) or 1
    for name in ("first", "f1", "exact", "forbidden", "none"):
        setattr(scores, name, getattr(scores, name) / count)
    scores.recall, scores.precision = found / (lines or 1), right / (told or 1)
    return scores
