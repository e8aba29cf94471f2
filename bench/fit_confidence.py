"""Fits how sure an answer is, and when none is given (index/search/confidence.py).

    python bench/fit_confidence.py --day 2026-05-01 coder.tsv names.tsv --on ON.txt --off OFF.txt

Two logistic models. *Being right at rank 1*: on the files of questions, in the layout that
`codedesk eval` reads, by what the search knows of its first hits. *Being a question at all*: on the
questions of these files and the lines of ON, against the shipped examples of small talk, each of
which is looked at without itself. OFF and the second half of ON are kept back to judge it by.
Prints both, with what comes of them by cross-validation.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from fit import leads_to
from scipy.optimize import minimize

from bot.settings import Settings
from codesets.model import Release
from codesets.store.code_store import CodeStore
from index import evaluate
from index.search import confidence
from index.search.off_topic import OffTopicModel, off_topic_examples
from index.search.searcher import Found, Searcher

_HELD = 1e-3


def logistic(rows: np.ndarray, right: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Bias and weights."""
    rows = np.column_stack([np.ones(len(rows)), rows])
    counts = counts / counts.sum()

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        chance = 1 / (1 + np.exp(-(rows @ weights)))
        likely = np.where(right, chance, 1 - chance)
        value = -(counts * np.log(np.maximum(likely, 1e-12))).sum()
        slope = (counts * (chance - right)) @ rows
        return value + _HELD * (weights[1:] ** 2).sum(), slope + 2 * _HELD * np.r_[0, weights[1:]]

    return minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x


def chances(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(weights[0] + rows @ weights[1:])))


def crossed(rows: np.ndarray, right: np.ndarray, counts: np.ndarray, folds: int = 5) -> np.ndarray:
    """The chance of each row by a model that has not seen its fold."""
    fold = np.arange(len(rows)) % folds
    found = np.zeros(len(rows))
    for n in range(folds):
        seen = fold != n
        found[~seen] = chances(rows[~seen], logistic(rows[seen], right[seen], counts[seen]))
    return found


def searched(searcher: Searcher, questions: Sequence[str], releases: list[Release]) -> list[Found]:
    return [searcher.search(question, releases, 10) for question in questions]


def lines(path: Path) -> list[str]:
    found = path.read_text(encoding="utf-8").splitlines()
    return [line for line in found if line.strip() and not line.startswith("#")]


def told(names: Sequence[str], weights: np.ndarray) -> None:
    for name, weight in zip(["(bias)", *names], weights, strict=True):
        print(f'    "{name}": {weight:.2f},')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--on", type=Path, required=True)
    parser.add_argument("--off", type=Path, nargs="+", required=True)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date.today())
    given = parser.parse_args()
    settings = Settings.load()
    store = CodeStore(settings.codes_db)
    searcher = Searcher(settings.index, store)
    by_system = {name: store.for_date(name, given.day).release for name in store.systems}
    everything = list(by_system.values())

    questions, right, files, rows = [], [], [], []
    found_all = []
    for path in given.files:
        cases, _ = evaluate.read_cases(path)
        for case in cases:
            releases = [by_system[case.system]] if case.system in by_system else everything
            found = searcher.search(case.query, releases, 10)
            found_all.append(found)
            questions.append(case.query)
            files.append(path.stem)
            first = found.hits[0].code if found.hits else ""
            right.append(bool(first) and leads_to(first, case.right))
            rows.append(confidence.evidence(found.hits, 0) if found.hits else None)
    usable = [n for n, row in enumerate(rows) if row]
    names = list(rows[usable[0]])
    table = np.array([[rows[n][name] for name in names] for n in usable])
    was_right = np.array([right[n] for n in usable])
    of = [files[n] for n in usable]
    counts = np.array([1 / np.sqrt(of.count(file)) for file in of])
    chance = crossed(table, was_right, counts)
    print("being right at rank 1")
    told(names, logistic(table, was_right, counts))
    for edge in (0.5, 0.6, 0.7, 0.8, 0.85, 0.88, 0.9, 0.92, 0.95):
        cells = []
        for file in dict.fromkeys(of):
            at = np.array([f == file for f in of])
            sure = at & (chance >= edge)
            share = was_right[sure].mean() if sure.any() else float("nan")
            cells.append(f"{file} {share:.3f} of {sure.sum() / at.sum():.2f}")
        print(f"  {edge:.2f}  " + "; ".join(cells))

    on, off = lines(given.on), [line for path in given.off for line in lines(path)]
    examples = off_topic_examples()
    tuning, kept = on[::2], on[1::2]
    yes = found_all + searched(searcher, tuning, everything)
    no = searched(searcher, examples, everything)
    table = [confidence.standing(found) for found in yes]
    # An example is judged by an index that has not seen it: in two halves.
    vectors = searcher.off_topic.examples
    even = np.arange(len(no)) % 2 == 0
    asked = np.stack([found.asked for found in yes])
    by_half = {half: OffTopicModel.of(asked, vectors[even != half]) for half in (True, False)}
    for found, vector, half in zip(no, vectors, even, strict=True):
        off_topic = by_half[bool(half)]
        own = {"off_topic": off_topic.nearness(vector), "ours": off_topic.ours(vector)}
        table.append(confidence.standing(found) | own)
    names = list(table[0])
    values = np.array([[row[name] for name in names] for row in table])
    is_one = np.array([True] * len(yes) + [False] * len(no))
    kinds = [*files, *("on" for _ in tuning)]
    of_yes = np.array([1 / np.sqrt(kinds.count(kind)) for kind in kinds])
    counts = np.concatenate([of_yes, np.full(len(no), of_yes.sum() / len(no))])
    print("being a question at all")
    weights = logistic(values, is_one, counts)
    told(names, weights)
    chance = crossed(values, is_one, counts)
    tests = {"off": searched(searcher, off, everything), "on": searched(searcher, kept, everything)}
    judged = {
        name: chances(
            np.array([[confidence.standing(f)[n] for n in names] for f in found]), weights
        )
        for name, found in tests.items()
    }
    for edge in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5):
        print(
            f"  {edge:.2f}  questions declined {np.mean(chance[is_one] < edge):.4f}, "
            f"small talk declined {np.mean(chance[~is_one] < edge):.4f}; kept back: "
            f"questions {np.mean(judged['on'] < edge):.4f}, small talk "
            f"{np.mean(judged['off'] < edge):.4f}"
        )


if __name__ == "__main__":
    main()
