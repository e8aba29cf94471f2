"""Scoring answers against files of questions with their right codes.

A file is tab-separated with a header: `query`, then `codes` (or `sections`, for guidelines), any
of which is right, separated by `|`, and optionally `system`. Where a right answer is a header,
any code under it counts.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import SearchError

DEPTHS = (1, 3, 5, 10)
MEASURES = (*(f"hit@{depth}" for depth in DEPTHS), "mrr")


@dataclass(frozen=True, slots=True)
class Case:
    """One question of an evaluation file."""

    query: str
    right: tuple[str, ...]
    system: str | None


def read_cases(path: Path) -> tuple[list[Case], str]:
    """The questions of a file, and what they ask for: "codes" or "sections".

    Raises SearchError for a file that is not in the layout.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise SearchError(f"{path} cannot be read: {error}.") from error
    columns = set(rows[0]) if rows else set()
    kind = "sections" if "sections" in columns else "codes"
    if "query" not in columns or kind not in columns:
        raise SearchError(
            f"{path} is no evaluation file: it needs a header line with tab-separated columns "
            "query and codes (or sections), and at least one row."
        )
    return [
        Case(row["query"], tuple((row[kind] or "").split("|")), row.get("system") or None)
        for row in rows
    ], kind


def is_right(code: str, right: Sequence[str]) -> bool:
    """Whether a code is one of the right ones, or stands under one of them."""
    return any(_bare(code).startswith(_bare(header)) for header in right)


def is_right_category(code: str, right: Sequence[str]) -> bool:
    return code[:3] in {header[:3] for header in right}


def scores(
    found: Sequence[Sequence[str]],
    cases: Sequence[Case],
    right: Callable[[str, Sequence[str]], bool] = is_right,
) -> dict[str, float]:
    """hit@1, @3, @5, @10 and the mean reciprocal rank of the first right answer."""
    ranks = [
        next((n for n, code in enumerate(codes, 1) if right(code, case.right)), 0)
        for codes, case in zip(found, cases, strict=True)
    ]
    total = len(cases) or 1
    hits = {f"hit@{depth}": sum(0 < r <= depth for r in ranks) / total for depth in DEPTHS}
    return hits | {"mrr": sum(1 / r for r in ranks if r) / total}


def _bare(code: str) -> str:
    return code.replace(".", "").upper()
