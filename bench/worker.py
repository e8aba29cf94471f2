"""Runs one task of the benchmark in its own process, so that the threads and memory of one pipeline
do not affect another.

`run.py` starts it as `worker.py TASK`. The job is JSON on standard input, and the figures are JSON
in the last line of the output.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from naive import FOLDER, Naive, Title, make, titles_a_second
from rivals import Bm25, Icd10Coder

from bot.desk.desk import Desk
from bot.settings import Settings
from codesets.store.code_store import CodeStore

#: Questions that are asked before timing starts.
_WARM_UP = 10
#: Questions that are asked at the same time.
_AT_ONCE = 20

Job = dict[str, Any]


class Pipeline(Protocol):
    def search(self, question: str, system: str | None = None) -> list[str]: ...


class WholeDesk:
    """The whole way from a question to its answer, without the log."""

    def __init__(self, settings: Settings, day: dt.date) -> None:
        self._desk, self._day = Desk(settings), day
        self._desk.ready()

    def search(self, question: str, system: str | None = None) -> list[str]:
        answer = self._desk.ask(question, day=self._day, systems=[system] if system else None)
        return [candidate.code for candidate in answer.candidates]


class OnlySearch:
    """The search of the desk alone, to compare its time with a naive search."""

    def __init__(self, settings: Settings, day: dt.date) -> None:
        from index.search.searcher import Searcher

        store = CodeStore(settings.codes_db)
        self._searcher = Searcher(settings.index, store)
        self._releases = [store.for_date(name, day).release for name in store.systems]

    def search(self, question: str, system: str | None = None) -> list[str]:
        releases = [r for r in self._releases if system in (None, r.system)]
        return [hit.code for hit in self._searcher.search(question, releases).hits]


def titles(settings: Settings, day: dt.date, every: int) -> list[Title]:
    """Every n-th billable title of the releases in force, one system after another."""
    store = CodeStore(settings.codes_db)
    sample: list[Title] = []
    for system in store.systems:
        codes = store.codes(store.for_date(system, day).release)
        of_system = [(system, code.code, code.title) for code in codes if code.billable]
        sample += of_system[::every]
    store.close()
    return sample


def _opened(name: str, job: Job) -> Pipeline:
    settings, day = Settings.load(), dt.date.fromisoformat(job["day"])
    if name == "desk":
        return WholeDesk(settings, day)
    if name == "search":
        return OnlySearch(settings, day)
    if name == "naive":
        return Naive()
    if name == "bm25":
        return Bm25(titles(settings, day, job["every"]))
    return Icd10Coder()


def serve(job: Job) -> dict[str, Any]:
    """The time, memory and answers of a pipeline.

    Keys of the job: `time`, questions that are timed one by one; `answer`, pairs [question, system]
    whose codes are returned; `together`, whether to ask some questions at the same time as well.
    """
    started = time.perf_counter()
    pipeline = _opened(job["pipeline"], job)
    opened = time.perf_counter() - started
    for question in job["time"][:_WARM_UP]:
        pipeline.search(question)
    figures: dict[str, Any] = {
        "opened_s": opened,
        "ms": [1000 * _seconds(pipeline.search, question) for question in job["time"]],
        "peak_mb": _peak_mb(),
        "torch": "torch" in sys.modules,
    }
    if job.get("together"):
        figures |= _together(pipeline, job["time"][:_AT_ONCE])
    figures["found"] = [pipeline.search(question, system) for question, system in job["answer"]]
    return figures


def _seconds(search: Callable[[str], object], question: str) -> float:
    started = time.perf_counter()
    search(question)
    return time.perf_counter() - started


def _together(pipeline: Pipeline, questions: Sequence[str]) -> dict[str, float]:
    started = time.perf_counter()
    for question in questions:
        pipeline.search(question)
    apart = time.perf_counter() - started
    with ThreadPoolExecutor(len(questions)) as pool:
        started = time.perf_counter()
        list(pool.map(pipeline.search, questions))
        together = time.perf_counter() - started
    return {"apart_s": apart, "together_s": together}


def _peak_mb() -> float:
    # On Linux a new process inherits this figure from its parent, so run.py must stay small.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 / (1024 if sys.platform == "darwin" else 1)


def make_naive(job: Job) -> dict[str, Any]:
    """Make and keep the vectors of the naive pipeline."""
    sample = titles(Settings.load(), dt.date.fromisoformat(job["day"]), job["every"])
    make(FOLDER, sample, job["of"])
    return {"titles": len(sample)}


def naive_rate(job: Job) -> dict[str, Any]:
    """The number of titles, and how many the naive pipeline embeds per second, from a sample."""
    every = titles(Settings.load(), dt.date.fromisoformat(job["day"]), 1)
    sample = every[:: len(every) // job["few"] or 1]
    return {"titles": len(every), "rate": titles_a_second(sample)}


def build(job: Job) -> dict[str, Any]:
    """The time of a full build of the product's index, in a temporary folder."""
    from index import build as index_build
    from index.embedding.models import chosen

    settings = Settings.load()
    store = CodeStore(settings.codes_db)
    with tempfile.TemporaryDirectory(prefix="codedesk-bench-") as folder:
        started = time.perf_counter()
        model = chosen(settings.model, may_download=settings.model_download)
        manifest = index_build.build(store, Path(folder), model).manifest
        seconds = time.perf_counter() - started
    store.close()
    return {"texts": manifest.texts, "seconds": seconds}


def grow(job: Job) -> dict[str, Any]:
    from growth import measured

    return {"sizes": measured(job["sizes"])}


TASKS = {task.__name__: task for task in (serve, make_naive, naive_rate, build, grow)}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](json.load(sys.stdin))))
