"""Fits the weights of bot/desk/system_choice.py, by which the systems of an answer are ordered.

    python bench/fit_systems.py --day 2026-05-01 coder.tsv procedures.tsv supplies.tsv

The files are in the layout that `codedesk eval` reads, with the column `system`. What the words of
a question say (prompts/intents/systems.toml) is taken as it is; weighed against it is how well each
system's hits fit. Prints the weights, the share of questions whose system comes first, and the
questions where it does not.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from bot.desk.chatter import subject
from bot.desk.system_choice import evidence
from bot.desk.systems import said
from bot.settings import Settings
from codesets.model import System
from codesets.store.code_store import CodeStore
from index import evaluate
from index.search.searcher import Searcher

SYSTEMS: tuple[System, ...] = ("icd10cm", "hcpcs", "icd10pcs")
#: The share of questions that are about each system, as coders ask them.
_SHARES = (0.6, 0.2, 0.2)
#: The weight of the penalty on large weights.
_HELD = 1e-4
#: The log odds of a system that the words rule out.
_RULED_OUT = -50.0


def odds(weights: np.ndarray, points: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The log odds of each system, questions x SYSTEMS. `weights`: of score, coverage and fit, then
    the bias of each system but the first; `points`: questions x SYSTEMS; `found`: questions x
    SYSTEMS x 3."""
    return points + found @ weights[:3] + np.r_[0.0, weights[3:]]


def fitted(
    points: np.ndarray, found: np.ndarray, right: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    def loss(weights: np.ndarray) -> float:
        each = odds(weights, points, found)
        each -= each.max(axis=1, keepdims=True)
        chance = np.exp(each[np.arange(len(right)), right]) / np.exp(each).sum(axis=1)
        return float(-(counts * np.log(chance + 1e-9)).sum() + _HELD * (weights**2).sum())

    return minimize(loss, np.array([1.0, 1.0, 1.0, 0.0, 0.0]), method="L-BFGS-B").x


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date.today())
    options = parser.parse_args()
    settings = Settings.load()
    store = CodeStore(settings.codes_db)
    searcher = Searcher(settings.index, store)
    releases = {system: store.for_date(system, options.day).release for system in SYSTEMS}
    cases = [
        case
        for path in options.files
        for case in evaluate.read_cases(path)[0]
        if case.system in SYSTEMS and not said(case.query).named
    ]
    points = np.array([_points(case.query) for case in cases])
    found = np.zeros((len(cases), len(SYSTEMS), 3))
    queries = [subject(case.query) for case in cases]
    for at, system in enumerate(SYSTEMS):
        for n, result in enumerate(searcher.search_many(queries, [releases[system]])):
            for one in evidence(result.hits).values():
                found[n, at] = one.score, one.coverage, one.fit
    right = np.array([SYSTEMS.index(case.system) for case in cases])
    counts = np.array([_SHARES[at] / (right == at).sum() for at in right])
    weights = fitted(points, found, right, counts)
    names = ("score", "coverage", "fit", *SYSTEMS[1:])
    print(", ".join(f"{name} {weight:.2f}" for name, weight in zip(names, weights, strict=True)))
    first = odds(weights, points, found).argmax(axis=1)
    print(f"{(first == right).mean():.3f} of {len(cases)} questions have their system first")
    for case, at in zip(cases, first, strict=True):
        if SYSTEMS[at] != case.system:
            print(f"  {case.query}: {SYSTEMS[at]}, not {case.system}")


def _points(query: str) -> Sequence[float]:
    points = said(query).points
    return [points.get(system, _RULED_OUT) for system in SYSTEMS]


if __name__ == "__main__":
    main()
