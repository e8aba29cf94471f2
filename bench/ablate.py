"""Measures what each part of the search contributes, by leaving out one part at a time.

    python bench/ablate.py --day 2026-05-01 [--rebuild] coder.tsv names.tsv

Prints hit@1 / hit@5 of ICD-10-CM families (without the seventh character) for each file, which must
have the layout that `codedesk eval` reads. --rebuild also leaves out sources of the index, one at a
time. Each time it builds another index, which takes some minutes, and deletes it afterwards.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from fit import leads_to

from bot.settings import Settings
from codesets.store.code_store import CodeStore
from codesets.store.reference_store import ReferenceStore
from index import build, evaluate, families
from index.embedding.models import Model, Shipped
from index.search import features, ranking, system_index
from index.search import searcher as search
from index.search.searcher import Query, Searcher
from index.text.lexicon import Lexicon
from index.text.spelling import Spelling

Cases = dict[str, list[evaluate.Case]]


def scored(searcher: Searcher, store: CodeStore, day: dt.date, cases: Cases) -> list[str]:
    release = store.for_date("icd10cm", day).release
    cells = []
    for cases_of_file in cases.values():
        ranks = []
        for case in cases_of_file:
            hits = searcher.search(case.query, [release], 10).hits
            right = [n for n, hit in enumerate(hits, 1) if leads_to(hit.code, case.right)]
            ranks.append(right[0] if right else 0)
        first = sum(rank == 1 for rank in ranks) / len(ranks)
        cells.append(f"{first:.3f} / {sum(0 < rank <= 5 for rank in ranks) / len(ranks):.3f}")
    return cells


def _only(**weights: float) -> Any:
    kept = np.array([weights.get(name, 0.0) for name in ranking.FEATURES], dtype=np.float32)
    return mock.patch.object(ranking, "_WEIGHTS", kept)


def _without(*names: str) -> Any:
    return _only(**{name: w for name, w in ranking.WEIGHTS.items() if name not in names})


@contextmanager
def _one_wording() -> Iterator[None]:
    def wordings(query: Query) -> dict[str, float]:
        # The penalty is so large that no text is near this wording.
        return {query.typed: 9.0} | {query.spelled_out or query.typed: 0.0}

    with mock.patch.object(Query, "wordings", property(wordings)):
        yield


@contextmanager
def _no_words() -> Iterator[None]:
    retrieve = system_index.SystemIndex.retrieve

    def vectors_alone(self, wordings, most):
        return retrieve(self, replace(wordings, spelled_out=""), most)

    with mock.patch.object(system_index.SystemIndex, "retrieve", vectors_alone):
        yield


_load = features.load


def _ungrouped(path: Path) -> features.TitleFeatures:
    loaded = _load(path)
    return replace(loaded, groups=np.arange(len(loaded.groups)))


#: What is left out while searching.
PARTS: dict[str, Callable[[], Any]] = {
    "lexicon": lambda: mock.patch.object(Lexicon, "shipped", return_value=Lexicon([])),
    "cut words": lambda: mock.patch.object(search, "choose", return_value={}),
    "repair of typing": lambda: mock.patch.object(Spelling, "repair", lambda self, word: word),
    "question as typed and first clause": _one_wording,
    "words as typed": lambda: mock.patch.object(
        Query, "readings", property(lambda query: (query.reading,))
    ),
    "BM25": _no_words,
    "grouping by side": lambda: mock.patch.object(features, "load", _ungrouped),
    "axes (side, acuity, circumstances …)": lambda: _without(
        "agrees",
        "unasked_axes",
        "unasked_circumstances",
        "unspecified",
        "other",
        "other_number",
        "contradiction",
    ),
    "shares of words": lambda: _without(
        "question_coverage", "text_coverage", "title_coverage", "lexical", "exact"
    ),
    "ranking, but for the nearest text": lambda: _only(dense=1.0),
}


def _no_entries() -> Any:
    every = ReferenceStore.all

    def fewer(self, kind=None, system=None, setting=None):
        left_out = ("index", "external_causes", "neoplasms", "drugs")
        return [r for r in every(self, kind, system, setting) if r.kind not in left_out]

    return mock.patch.object(ReferenceStore, "all", fewer)


#: What is left out of an index, and the model that it is built with.
BUILDS: dict[str, tuple[Callable[[], Any], Callable[[], Model | Shipped]]] = {
    "our own names": (
        lambda: mock.patch.object(families, "read_synonyms", return_value=()),
        Shipped,
    ),
    "entries of the indexes and tables": (_no_entries, Shipped),
    "tuning (all-MiniLM-L6-v2 as it is)": (lambda: mock.patch.dict({}), Model),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date.today())
    parser.add_argument("--rebuild", action="store_true")
    options = parser.parse_args()
    settings = Settings.load()
    store = CodeStore(settings.codes_db)
    cases = {
        path.stem: [c for c in evaluate.read_cases(path)[0] if c.system in (None, "icd10cm")]
        for path in options.files
    }
    print("| without | " + " | ".join(f"{n} ({len(c)})" for n, c in cases.items()) + " |")
    print("| --- |" + " --- |" * len(cases))

    def row(name: str, searcher: Searcher) -> None:
        cells = scored(searcher, store, options.day, cases)
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)

    row("nothing (as shipped)", Searcher(settings.index, store))
    for name, part in PARTS.items():
        with part():
            row(name, Searcher(settings.index, store))
    for name, (part, model) in BUILDS.items() if options.rebuild else ():
        with tempfile.TemporaryDirectory(prefix="codedesk-ablate-") as folder, part():
            root = Path(folder) / "index"
            shutil.copytree(settings.index, root)  # its vectors are used again
            build.build(store, root, model(), progress=False)
            row(name, Searcher(root, store))


if __name__ == "__main__":
    main()
