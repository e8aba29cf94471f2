"""Scores answers against files of questions with their right codes.

A file is tab-separated and has a header line. Its columns are `query`; `codes` (or `sections`, for
guidelines), the right answers separated by `|`; and optionally `system`. Any of the right answers
counts, and so does any code under a right answer that is a header.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from codesets.code_format import undot
from index.errors import SearchError
from index.evaluation_files import rows_of
from index.search.confidence import Confidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEPTHS = (1, 3, 5, 10)
MEASURES = (*(f"hit@{depth}" for depth in DEPTHS), "mrr")
LEVELS: tuple[Confidence, ...] = get_args(Confidence)


@dataclass(frozen=True, slots=True)
class Case:
    """One question of an evaluation file, with its right answers and its system (None for any)."""

    query: str
    right: tuple[str, ...]
    system: str | None


@dataclass(frozen=True, slots=True)
class Level:
    """The result of one confidence level: the number of questions that were answered with it, their
    share of all questions, and the share of them that was right at rank 1 (None if there were
    none)."""

    questions: int
    coverage: float
    right: float | None


def read_cases(path: Path) -> tuple[list[Case], str]:
    """The questions of a file, and the kind of their answers: "codes" or "sections".

    Raises SearchError for a file that cannot be read or is not in the layout.
    """
    rows = rows_of(path)
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
    """Whether a code is one of the right ones, or is under one of them."""
    return any(_bare(code).startswith(_bare(header)) for header in right)


def is_right_category(code: str, right: Sequence[str]) -> bool:
    """Whether a code has the first three characters of a right one."""
    return code[:3] in {header[:3] for header in right}


def scores(
    answers: Sequence[Sequence[str]],
    cases: Sequence[Case],
    right: Callable[[str, Sequence[str]], bool] = is_right,
) -> dict[str, float]:
    """hit@1, @3, @5, @10 and the mean reciprocal rank of the first right code ("mrr"), 0 to 1.

    `answers`: the codes of each answer, the best first, in the order of `cases`.
    """
    ranks = [
        next((n for n, code in enumerate(codes, 1) if right(code, case.right)), 0)
        for codes, case in zip(answers, cases, strict=True)
    ]
    total = len(cases) or 1
    hits = {f"hit@{depth}": sum(0 < r <= depth for r in ranks) / total for depth in DEPTHS}
    return hits | {"mrr": sum(1 / r for r in ranks if r) / total}


def reliability(
    confidences: Sequence[Confidence | None],
    answers: Sequence[Sequence[str]],
    cases: Sequence[Case],
) -> dict[Confidence, Level]:
    """The result of each confidence level, the highest first.

    `confidences`: that of the first code of each answer; None for a question that was declined, or
    answered without a search. `answers`: the codes of each answer, the best first.
    """
    firsts: dict[Confidence, list[bool]] = {level: [] for level in LEVELS}
    for level, codes, case in zip(confidences, answers, cases, strict=True):
        if level is not None:
            firsts[level].append(is_right(codes[0], case.right))
    total = len(cases) or 1
    return {
        level: Level(len(hits), len(hits) / total, sum(hits) / len(hits) if hits else None)
        for level, hits in firsts.items()
    }


def likely_range(share: float, of: int) -> tuple[float, float]:
    """The 95% interval of a share that was measured in `of` trials: Wilson's of 1927, without
    continuity correction."""
    z = 1.959963984540054  # the 97.5% quantile of the normal distribution
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def canvas(width: float, height: float) -> Figure:
    """An empty figure; sizes are in inches. Raises SearchError if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SearchError(
            "Plots are drawn with matplotlib, which is not installed: "
            "run `pip install matplotlib`, or ask for no plot."
        ) from error
    return Figure(figsize=(width, height), layout="constrained")


def draw_reliability(levels: Mapping[Confidence, Level], path: Path) -> None:
    """Draw a PNG of the share that was right at rank 1 by confidence, with 95% intervals.

    Raises SearchError when matplotlib is not installed or the file cannot be written.
    """
    figure = canvas(5.2, 3.2)
    axes = figure.subplots()
    for place, level in enumerate(levels.values()):
        if level.right is None:
            continue
        low, high = likely_range(level.right, level.questions)
        axes.bar(place, level.right, width=0.6, color="#9cc0e7")
        axes.vlines(place, low, high, color="#222222")
        axes.text(place, 0.03, f"{level.right:.0%}", ha="center")
    axes.set_xticks(
        range(len(levels)),
        [f"{name}\n{level.coverage:.0%} of questions" for name, level in levels.items()],
    )
    axes.set_xlim(-0.6, len(levels) - 0.4)
    axes.set_ylim(0, 1)
    axes.set_ylabel("right at rank 1")
    axes.set_xlabel("confidence of the first answer")
    try:
        figure.savefig(path, dpi=100, format="png")
    except OSError as error:
        raise SearchError(f"The plot cannot be written to {path}: {error}.") from error


def _bare(code: str) -> str:
    return undot(code).upper()
