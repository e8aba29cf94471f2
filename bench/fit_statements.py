"""Fits the weights of the evidence for the parts of a statement (index/statement/evidence.py).

    python bench/fit_statements.py --day 2026-11-29 tests/data/statements/fit/*.tsv

The files have the layout of statements that `codedesk eval` reads. The cases are the codes that are
weighed for their statements. One is right if it is a line of the statement, or if rules on
combinations make a right line of it and others (I10 and N18.32 of I12.9, N18.32). Codes that the
report would leave out whatever their chance are no cases: optional ones, signs that are integral to
a line, and codes that say less than one.

Prints the weights beside those in use; how well they tell right codes from others, and the figures
of the reports that they lead to, both in cross-validation over the statements.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from unittest import mock

import numpy as np
from fit_confidence import chances, logistic
from scipy.stats import rankdata
from statement_runs import FIGURES, Runs, cells, weights

from bot.settings import Settings
from index.evaluate_statements import (
    StatementCase,
    is_one_of,
    read_statement_cases,
    score_statements,
)
from index.statement import evidence
from index.statement.books import Books
from index.statement.evidence import FEATURES, WEIGHTS, Weighed
from index.statement.model import Statement
from index.statement.part_search import PartSearch
from index.statement.rules.combinations import combine
from index.statement.rules.integral import integral_to, less_specific

_FOLDS = 5
#: The penalty of all cases together on the squares of the weights, each for one standard deviation
#: of its evidence.
_PENALTY = 5.0
#: How often combinations are looked for again, as in index/statement/rules/revision.py.
_MOST_ROUNDS = 4
#: The bounds of the chances whose share of right codes is printed.
_EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Cases:
    """Codes that were weighed. `rows`: their evidence (cases x FEATURES); `right`: bool, one a
    case; `statement`: the number of the statement of each."""

    rows: np.ndarray
    right: np.ndarray
    statement: np.ndarray


def gather(runs: Runs, statements: Sequence[StatementCase]) -> Cases:
    rows, right, numbers = [], [], []
    for number, case in enumerate(statements):
        for each, is_right in _judged(runs, case):
            rows.append(each.evidence)
            right.append(is_right)
            numbers.append(number)
    return Cases(np.array(rows, dtype=float), np.array(right), np.array(numbers))


def _judged(runs: Runs, case: StatementCase) -> list[tuple[Weighed, bool]]:
    """The codes that are weighed for a statement, each with whether it is right, without those that
    are no cases."""
    seen = []
    weighed_by = PartSearch.weighed

    def spy(self, statement, parts, searched, proposed):
        weighed = weighed_by(self, statement, parts, searched, proposed)
        seen.append((statement, weighed, [each.code.code for each in proposed]))
        return weighed

    with mock.patch.object(PartSearch, "weighed", spy):
        runs.report(case.query)
    lines = frozenset().union(*case.lines)
    told = [*lines, *case.optional]
    judged = []
    for statement, weighed, proposed in seen:
        first = [each.option.code.code for each in weighed if _is_first(each)]
        leading = _leading(lines, [*first, *proposed], statement, runs.books)
        for each in weighed:
            code = each.option.code.code
            leads = code in leading and len(each.group) == 1
            if is_one_of(code, lines) or leads:
                judged.append((each, True))
            elif not (
                is_one_of(code, case.optional)
                or integral_to(code, told)
                or code in less_specific([code, *told])
            ):
                judged.append((each, False))
    return judged


def _is_first(each: Weighed) -> bool:
    """Whether a code is the best that is found for a single part."""
    return len(each.group) == 1 and each.evidence[FEATURES.index("first")] == 1


def _leading(
    lines: frozenset[str], codes: Sequence[str], statement: Statement, books: Books
) -> set[str]:
    """The codes of which rules on combinations make right lines, over several steps."""
    left = list(dict.fromkeys(codes))
    made_of: dict[str, set[str]] = {}
    for _ in range(_MOST_ROUNDS):
        found = combine(left, statement, books)
        if not found:
            break
        for each in found:
            made_of.setdefault(each.code, set()).update({each.first, each.second} - {""})
            left = [*(code for code in left if code not in each.drops), each.code]
    leading: set[str] = set()
    waiting = [code for code in made_of if is_one_of(code, lines)]
    while waiting:
        new = made_of.get(waiting.pop(), set()) - leading
        leading |= new
        waiting += new
    return leading


def fitted(cases: Cases, seen: np.ndarray) -> np.ndarray:
    """The bias and the weights of FEATURES, of the cases that are `seen` (bool, one a case)."""
    rows = cases.rows[seen]
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0] = 1.0
    count = len(rows)
    scaled = logistic((rows - middle) / spread, cases.right[seen], np.ones(count), _PENALTY / count)
    own = scaled[1:] / spread
    return np.r_[scaled[0] - own @ middle, own]


def discrimination(right: np.ndarray, chance: np.ndarray) -> dict[str, float]:
    """Area under the curve, average precision and log loss."""
    ranks, yes = rankdata(chance), int(right.sum())
    area = (ranks[right].sum() - yes * (yes + 1) / 2) / (yes * (len(right) - yes))
    order = right[np.argsort(-chance, kind="stable")]
    precision = np.cumsum(order) / np.arange(1, len(order) + 1)
    likely = np.where(right, chance, 1 - chance)
    return {
        "AUC": float(area),
        "average precision": float(precision[order].mean()),
        "log loss": float(-np.log(np.maximum(likely, 1e-12)).mean()),
    }


def calibration(right: np.ndarray, chance: np.ndarray) -> str:
    """The share of right codes between two chances, with their number."""
    told = []
    for low, high in pairwise(_EDGES):
        there = (chance >= low) & (chance < high)
        share = f"{right[there].mean():.2f} of {there.sum()}" if there.any() else "none"
        told.append(f"{low}-{high} {share}")
    return "; ".join(told)


def print_weights(values: np.ndarray, cases: Cases) -> None:
    """Each weight beside the one in use, and for one standard deviation of its evidence."""
    print(f"{'':<16} {'fitted':>8} {'in use':>8} {'a deviation':>12}")
    print(f"{'(bias)':<16} {values[0]:8.2f} {evidence._BIAS:8.2f}")
    spread = cases.rows.std(axis=0)
    for at, name in enumerate(FEATURES):
        value = values[at + 1]
        print(f"{name:<16} {value:8.2f} {WEIGHTS[name]:8.2f} {value * spread[at]:12.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date.today())
    parser.add_argument("--kept", type=Path, help="Keep what was searched in this file.")
    options = parser.parse_args()
    runs = Runs(Settings.load(), options.day, options.kept)
    statements = [case for path in options.files for case in read_statement_cases(path)]
    cases = gather(runs, statements)
    runs.keep()
    everything = np.ones(len(cases.rows), dtype=bool)
    values = fitted(cases, everything)
    print(f"{len(statements)} statements, {len(cases.rows)} cases, {cases.right.sum()} right")
    print_weights(values, cases)

    chance = np.zeros(len(cases.rows))
    crossed: list[list[str]] = [[] for _ in statements]
    for fold in range(_FOLDS):
        kept = cases.statement % _FOLDS == fold
        of_others = fitted(cases, ~kept)
        chance[kept] = chances(cases.rows[kept], of_others)
        with weights(of_others):
            for number in range(fold, len(statements), _FOLDS):
                crossed[number] = runs.codes(statements[number].query)
    in_use = np.array([evidence._BIAS, *WEIGHTS.values()])
    ways = {"in cross-validation": chance, "in use": chances(cases.rows, in_use)}
    for name, own in ways.items():
        told = ", ".join(f"{k} {v:.3f}" for k, v in discrimination(cases.right, own).items())
        print(f"{name}: {told}")
        print(f"  share of right codes by chance: {calibration(cases.right, own)}")
    print("| reports by weights | " + " | ".join(FIGURES) + " | exact of 1 / 2 / 3+ lines |")
    print("| --- |" + " --- |" * (len(FIGURES) + 1))
    with weights(values):
        of_all = [runs.codes(case.query) for case in statements]
    reports = {
        "in cross-validation": crossed,
        "of all statements": of_all,
        "in use": [runs.codes(case.query) for case in statements],
    }
    for name, codes in reports.items():
        print(f"| {name} | " + " | ".join(cells(score_statements(codes, statements))) + " |")


if __name__ == "__main__":
    main()
