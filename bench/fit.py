"""Fits the ranking's weights (index/search/ranking.py) to files of questions with their right
codes.

    python bench/fit.py --day 2026-05-01 coder.tsv:1 names.tsv:0.7

A file must have the layout that `codedesk eval` reads. The number after it is the weight of the
file. Prints the fitted weights, and hit@1 / hit@5 with the weights in use and with fitted ones,
cross-validated over the categories of the right codes. The loss of a question is that of a softmax
over the scores of the families that the search scored. A penalty keeps the weights near those in
use.
"""

from __future__ import annotations

import argparse
import datetime as dt
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from bot.settings import Settings
from codesets.store.code_store import CodeStore
from index import evaluate
from index.search.ranking import FEATURES, WEIGHTS
from index.search.searcher import Searcher

_FOLDS = 3
#: The scale of the weights matters in a softmax, but not in a ranking. They are fitted at twice the
#: scale of those in use, and halved afterwards.
_SIZE = 2.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A question: the features of its families (families x FEATURES), and which of these are right
    (bool). `counts` is the weight of its file."""

    file: str
    fold: int
    counts: float
    features: np.ndarray
    right: np.ndarray


def gather(searcher: Searcher, store: CodeStore, day: dt.date, file: str) -> list[Choice]:
    path, _, counts = file.partition(":")
    cases, _ = evaluate.read_cases(Path(path))
    cases = [case for case in cases if case.system in (None, "icd10cm")]
    release = store.for_date("icd10cm", day).release
    choices = []
    for case in cases:
        codes, features = searcher.judged(case.query, release)
        right = np.array([leads_to(code, case.right) for code in codes])
        fold = zlib.crc32(case.right[0][:3].encode()) % _FOLDS
        choices.append(Choice(Path(path).stem, fold, float(counts or 1), features, right))
    return choices


def leads_to(family: str, right: Sequence[str]) -> bool:
    """Whether a family is a right code, is under one, or has one among its codes with a seventh
    character."""
    stems = {code.replace(".", "")[:6].rstrip("X") for code in right if len(code) == 8}
    return evaluate.is_right(family, right) or family.replace(".", "") in stems


def fit(choices: Sequence[Choice], held: float) -> np.ndarray:
    """The weights that fit `choices` best, in the order of FEATURES. `held` is the weight of the
    penalty on their distance from those in use."""
    usable = [choice for choice in choices if choice.right.any()]
    features = np.concatenate([choice.features for choice in usable]).astype(np.float64)
    right = np.concatenate([choice.right for choice in usable])
    starts = np.cumsum([0] + [len(choice.right) for choice in usable])[:-1]
    of = np.repeat(np.arange(len(usable)), [len(choice.right) for choice in usable])
    files = [choice.file for choice in usable]
    # A file's weight grows with the square root of its questions, so that no file dominates.
    counts = np.array([c.counts / np.sqrt(files.count(c.file)) for c in usable])
    counts /= counts.sum()
    begin = _SIZE * np.array(list(WEIGHTS.values()))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = features @ weights
        scores -= np.maximum.reduceat(scores, starts)[of]
        share = np.exp(scores)
        among_all = share / np.add.reduceat(share, starts)[of]
        of_right = np.add.reduceat(share * right, starts)
        among_right = share * right / np.maximum(of_right, 1e-12)[of]
        value = -(counts * np.log(np.maximum(np.add.reduceat(among_all * right, starts), 1e-12)))
        slope = ((among_all - among_right) * counts[of]) @ features
        away = weights - begin
        return value.sum() + held * (away**2).sum(), slope + 2 * held * away

    return minimize(loss, begin, jac=True, method="L-BFGS-B").x / _SIZE


def hits(choices: Sequence[Choice], weights: np.ndarray) -> dict[str, list[int]]:
    """File -> rank of the first right family of each question, 0 for none."""
    ranks: dict[str, list[int]] = {}
    for choice in choices:
        order = np.argsort(-(choice.features @ weights), kind="stable")
        at = np.flatnonzero(choice.right[order])
        ranks.setdefault(choice.file, []).append(int(at[0]) + 1 if len(at) else 0)
    return ranks


def print_scores(name: str, ranks: dict[str, list[int]]) -> None:
    for file, each in ranks.items():
        first = sum(rank == 1 for rank in each) / len(each)
        in_five = sum(0 < rank <= 5 for rank in each) / len(each)
        print(f"{name:<18} {file:<20} {len(each):>5}  {first:.3f} / {in_five:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE[:COUNTS]")
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date.today())
    parser.add_argument(
        "--held", type=float, default=1e-3, help="penalty on the distance from the weights in use"
    )
    options = parser.parse_args()
    settings = Settings.load()
    store = CodeStore(settings.codes_db)
    searcher = Searcher(settings.index, store)
    choices = [c for file in options.files for c in gather(searcher, store, options.day, file)]
    print_scores("in use", hits(choices, np.array(list(WEIGHTS.values()))))
    crossed: dict[str, list[int]] = {}
    for fold in range(_FOLDS):
        weights = fit([c for c in choices if c.fold != fold], options.held)
        for file, each in hits([c for c in choices if c.fold == fold], weights).items():
            crossed.setdefault(file, []).extend(each)
    print_scores("cross-validated", crossed)
    weights = fit(choices, options.held)
    print_scores("fitted", hits(choices, weights))
    for name, weight in zip(FEATURES, weights, strict=True):
        print(f'    "{name}": {weight:.2f},')


if __name__ == "__main__":
    main()
