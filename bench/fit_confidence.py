"""Fits the two logistic models of index/search/confidence.py.

    python bench/fit_confidence.py --day 2026-05-01 coder.tsv names.tsv --on ON.txt --off OFF.txt

*Being right at rank 1* is fitted to the files of questions, in the layout that `codedesk eval`
reads, by the evidence of the first hit. *Being a question about codes* is fitted to the questions
of these files and every second line of ON, against the shipped off-topic examples. Each example is
compared with other examples only. OFF and the other lines of ON are kept for a test. Prints the
weights of both models, and their results in cross-validation.
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

#: The weight of the penalty on large weights.
_HELD = 1e-3


def logistic(
    rows: np.ndarray, right: np.ndarray, counts: np.ndarray, held: float = _HELD
) -> np.ndarray:
    """The bias and the weights of a model. `rows`: evidence, one row a case; `right`: bool, one a
    case; `counts`: the weight of each case; `held`: that of the penalty on large weights."""
    rows = np.column_stack([np.ones(len(rows)), rows])
    counts = counts / counts.sum()

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        chance = 1 / (1 + np.exp(-(rows @ weights)))
        likely = np.where(right, chance, 1 - chance)
        value = -(counts * np.log(np.maximum(likely, 1e-12))).sum()
        slope = (counts * (chance - right)) @ rows
        return value + held * (weights[1:] ** 2).sum(), slope + 2 * held * np.r_[0, weights[1:]]

    start, until = np.zeros(rows.shape[1]), {"gtol": 1e-9, "ftol": 1e-14, "maxiter": 10_000}
    return minimize(loss, start, jac=True, method="L-BFGS-B", options=until).x


def chances(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The chance of each row, 0 to 1."""
    return 1 / (1 + np.exp(-(weights[0] + rows @ weights[1:])))


def crossed(rows: np.ndarray, right: np.ndarray, counts: np.ndarray, folds: int = 5) -> np.ndarray:
    """The chance of each row by a model that was fitted without its fold."""
    fold = np.arange(len(rows)) % folds
    result = np.zeros(len(rows))
    for n in range(folds):
        seen = fold != n
        result[~seen] = chances(rows[~seen], logistic(rows[seen], right[seen], counts[seen]))
    return result


def searched(searcher: Searcher, questions: Sequence[str], releases: list[Release]) -> list[Found]:
    return [searcher.search(question, releases, 10) for question in questions]


def lines(path: Path) -> list[str]:
    """The lines of a file, without blank lines and comments."""
    text = path.read_text(encoding="utf-8").splitlines()
    return [line for line in text if line.strip() and not line.startswith("#")]


def print_weights(names: Sequence[str], weights: np.ndarray) -> None:
    for name, weight in zip(["(bias)", *names], weights, strict=True):
        print(f'    "{name}": {weight:.2f},')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--on", type=Path, required=True)
    parser.add_argument("--off", type=Path, nargs="+", required=True)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date.today())
    options = parser.parse_args()
    settings = Settings.load()
    store = CodeStore(settings.codes_db)
    searcher = Searcher(settings.index, store)
    by_system = {name: store.for_date(name, options.day).release for name in store.systems}
    everything = list(by_system.values())

    questions, right, files, rows = [], [], [], []
    found_all = []
    for path in options.files:
        cases, _ = evaluate.read_cases(path)
        for case in cases:
            releases = [by_system[case.system]] if case.system in by_system else everything
            found = searcher.search(case.query, releases, 10)
            found_all.append(found)
            questions.append(case.query)
            files.append(path.stem)
            first = found.hits[0].code if found.hits else ""
            right.append(bool(first) and leads_to(first, case.right))
            rows.append(confidence.hit_evidence(found.hits, 0) if found.hits else None)
    usable = [n for n, row in enumerate(rows) if row]
    names = list(rows[usable[0]])
    table = np.array([[rows[n][name] for name in names] for n in usable])
    was_right = np.array([right[n] for n in usable])
    of = [files[n] for n in usable]
    counts = np.array([1 / np.sqrt(of.count(file)) for file in of])
    chance = crossed(table, was_right, counts)
    print("being right at rank 1")
    print_weights(names, logistic(table, was_right, counts))
    for edge in (0.5, 0.6, 0.7, 0.8, 0.85, 0.88, 0.9, 0.92, 0.95):
        cells = []
        for file in dict.fromkeys(of):
            at = np.array([f == file for f in of])
            sure = at & (chance >= edge)
            share = was_right[sure].mean() if sure.any() else float("nan")
            cells.append(f"{file} {share:.3f} of {sure.sum() / at.sum():.2f}")
        print(f"  {edge:.2f}  " + "; ".join(cells))

    on, off = lines(options.on), [line for path in options.off for line in lines(path)]
    examples = off_topic_examples()
    tuning, kept = on[::2], on[1::2]
    yes = found_all + searched(searcher, tuning, everything)
    no = searched(searcher, examples, everything)
    table = [confidence.question_evidence(found) for found in yes]
    # Each half of the examples is compared with the other half.
    vectors = searcher.off_topic.examples
    even = np.arange(len(no)) % 2 == 0
    questions_of_yes = np.stack([found.typed_vector for found in yes])
    by_half = {
        half: OffTopicModel.of(questions_of_yes, vectors[even != half]) for half in (True, False)
    }
    for found, vector, half in zip(no, vectors, even, strict=True):
        off_topic = by_half[bool(half)]
        own = {
            "off_topic": float(off_topic.nearness(vector[None])[0]),
            "ours": off_topic.ours(vector),
        }
        table.append(confidence.question_evidence(found) | own)
    names = list(table[0])
    values = np.array([[row[name] for name in names] for row in table])
    is_one = np.array([True] * len(yes) + [False] * len(no))
    kinds = [*files, *("on" for _ in tuning)]
    of_yes = np.array([1 / np.sqrt(kinds.count(kind)) for kind in kinds])
    counts = np.concatenate([of_yes, np.full(len(no), of_yes.sum() / len(no))])
    print("being a question at all")
    weights = logistic(values, is_one, counts)
    print_weights(names, weights)
    chance = crossed(values, is_one, counts)
    tests = {"off": searched(searcher, off, everything), "on": searched(searcher, kept, everything)}
    judged = {
        name: chances(
            np.array([[confidence.question_evidence(f)[n] for n in names] for f in found]), weights
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
