"""Measures accuracy and speed of Code Desk and of other pipelines, on one machine in one run.

`make bench` runs it and writes docs/BENCHMARK.md. `make bench ARGS=--quick` is a rehearsal and
writes into .cache/bench/quick. It uses the code sets and the index in CODEDESK_HOME, and the
questions in the folder BENCH_DATA (default: shared/eval beside the repository). Nothing is logged,
and nothing in CODEDESK_HOME is changed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import report
from questions import QuestionSet, read_sets, spread

from bot.settings import Settings
from codesets.store.code_store import CodeStore
from index import bundle
from index.errors import SearchError
from index.evaluate import is_right_category, scores

HERE = Path(__file__).parent
ROOT = HERE.parent
CACHE = ROOT / ".cache" / "bench"
DATA = Path(os.environ.get("BENCH_DATA") or ROOT.parent / "shared" / "eval")

#: Pipelines that are timed, and those that are scored here. The desk is scored by `codedesk eval`.
TIMED = ("desk", "search", "naive", "bm25", "icd10-coder")
SCORED = ("naive", "bm25", "icd10-coder")
#: The systems of a pipeline that does not have all of them.
ONLY = {"icd10-coder": ("icd10cm",)}
COLD_QUESTION = "left knee osteoarthritis, failed physical therapy"


class Failed(Exception):
    """A part could not be measured. The message says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: at most `rows` questions of a set, `timed` questions for latency, and
    searches over indexes of these `sizes`."""

    rows: int
    timed: int
    #: The naive pipeline embeds every n-th title; n is 1 except in a rehearsal.
    every: int
    sizes: tuple[int, ...]
    build: bool
    day: str


def plan() -> tuple[Plan, bool]:
    """The plan that the command line asks for, and whether it is a rehearsal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="rehearse on samples")
    parser.add_argument("--no-build", action="store_true", help="leave out the build of the index")
    parser.add_argument(
        "--rows", type=int, default=300, help="questions of a set at most (default: 300)"
    )
    parser.add_argument(
        "--date", default="2026-05-01", help="date of service (default: %(default)s)"
    )
    options = parser.parse_args()
    if options.quick:
        return Plan(60, 60, 60, (1_000, 3_000, 10_000), False, options.date), True
    sizes = (10_000, 30_000, 100_000, 300_000)
    return Plan(options.rows, 300, 1, sizes, not options.no_build, options.date), False


def main() -> None:
    started = time.monotonic()
    planned, quick = plan()
    settings = Settings.load()
    if not settings.codes_db.exists():
        sys.exit("bench: No code set is loaded. Run `codedesk setup` first.")
    try:
        store = CodeStore(settings.codes_db)
        _, manifest = bundle.opened(settings.index, store)
    except SearchError as error:
        sys.exit(f"bench: {error}")
    releases = releases_in_force(store, planned.day)
    sets, notes = question_sets(store, planned.rows)
    figures: dict[str, Any] = {
        "quick": quick,
        "plan": planned,
        "manifest": manifest,
        "releases": releases,
        "notes": notes,
        "loads_drug_names": bool(store.references.all("asp")),
    }
    store.close()
    os.environ["BENCH_NAIVE"] = str(CACHE / ("naive-quick" if quick else "naive"))
    with a_home(settings):
        make_naive(planned, releases)
        measure(figures, planned, sets, notes)
    figures["seconds"] = time.monotonic() - started
    target = CACHE / "quick" / "BENCHMARK.md" if quick else ROOT / "docs" / "BENCHMARK.md"
    report.write(figures, ROOT / "docs" / "BENCHMARK.md", target)
    print(f"Written to {target.relative_to(ROOT)} after {figures['seconds']:.0f} s.")


def measure(
    figures: dict[str, Any], planned: Plan, sets: Sequence[QuestionSet], notes: list[str]
) -> None:
    """Measure all parts. A part that fails is left out, with a line in `notes`."""
    with left_out(notes, "The accuracy of the desk"):
        figures["accuracy"] = [accuracy_of_desk(questions, planned.day) for questions in sets]
    with left_out(notes, "Cold starts"):
        say("cold starts")
        figures["cold"] = cold_starts()
    figures["served"] = {}
    for name in TIMED:
        with left_out(notes, name):
            say(f"{name}: latency, memory, answers")
            served = serve(name, planned, sets)
            figures["served"][name] = served
            if name in SCORED and "accuracy" in figures:
                add_scores(figures["accuracy"], name, sets, served["found"])
    with left_out(notes, "Cost as codes grow"):
        say("cost as codes grow")
        figures["growth"] = worker("grow", {"sizes": planned.sizes})["sizes"]
    if planned.build:
        with left_out(notes, "The time of a build"):
            say("the build of the index, and of naive vectors")
            job = {"day": planned.day, "few": 3000}
            figures["build"] = {"product": worker("build", {}), "naive": worker("naive_rate", job)}


def say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


@contextmanager
def left_out(notes: list[str], what: str) -> Iterator[None]:
    """Turn a failure inside into a line of `notes`."""
    try:
        yield
    except Failed as error:
        notes.append(f"{what}: left out, because {error}.")
        say(notes[-1])


def worker(task: str, job: dict[str, Any]) -> dict[str, Any]:
    """The figures of a task of worker.py, run in its own process. Raises Failed when it fails."""
    done = subprocess.run(
        [sys.executable, str(HERE / "worker.py"), task],
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        stderr=None if task == "make_naive" else subprocess.PIPE,
    )
    if done.returncode:
        raise Failed(last_line(done.stderr) or f"its process ended with {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def last_line(text: str | None) -> str:
    return ((text or "").strip().splitlines() or [""])[-1].rstrip(".")


@contextmanager
def a_home(settings: Settings) -> Iterator[None]:
    """A temporary CODEDESK_HOME with the same code sets and index and a log of its own. The
    questions of a benchmark do not belong in the log that auditors read."""
    with tempfile.TemporaryDirectory(prefix="codedesk-bench-") as folder:
        for path in (settings.codes_db, settings.index):
            (Path(folder) / path.name).symlink_to(path.resolve())
        os.environ["CODEDESK_HOME"] = folder
        # For processes that run a script of this folder and import the product.
        paths = (str(ROOT), os.environ.get("PYTHONPATH"))
        os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        yield


def releases_in_force(store: CodeStore, day: str) -> dict[str, str]:
    date = dt.date.fromisoformat(day)
    return {system: store.for_date(system, date).release.key for system in store.systems}


def question_sets(store: CodeStore, rows: int) -> tuple[list[QuestionSet], list[str]]:
    if not DATA.is_dir():
        return [], ["There is no folder of evaluation files (BENCH_DATA): accuracy is left out."]
    return read_sets(DATA, store, rows), []


def make_naive(planned: Plan, releases: dict[str, str]) -> None:
    import naive

    description = {"releases": releases, "every": planned.every}
    if not naive.is_made(Path(os.environ["BENCH_NAIVE"]), description):
        say("the vectors of the naive pipeline: about ten minutes the first time, then kept")
        worker("make_naive", {"day": planned.day, "every": planned.every, "of": description})


# Accuracy


def accuracy_of_desk(questions: QuestionSet, day: str) -> dict[str, Any]:
    """The scores of a set by `codedesk eval`."""
    say(f"accuracy: {questions.name} {questions.system or ''}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{questions.name}.tsv"
        path.write_text(questions.as_file(), encoding="utf-8")
        done = codedesk("eval", str(path), "--json", "--date", day)
    return {
        "name": questions.name,
        "system": questions.system,
        "questions": len(questions.cases),
        "of": questions.of,
        "by": {"Code Desk": json.loads(done)},
    }


def codedesk(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments], capture_output=True, text=True, cwd=ROOT
    )
    if done.returncode:
        raise Failed(last_line(done.stderr))
    return done.stdout


def add_scores(
    rows: Sequence[dict[str, Any]],
    name: str,
    sets: Sequence[QuestionSet],
    answers: Sequence[Sequence[str]],
) -> None:
    """Add the scores of a pipeline to `rows`. `answers` has the codes of each answer, to all
    questions of those sets that the pipeline answers, in order."""
    remaining = iter(answers)
    for row, questions in zip(rows, sets, strict=True):
        if not covers(name, questions):
            continue
        own = [next(remaining) for _ in questions.cases]
        category = scores(own, questions.cases, is_right_category)
        row["by"][name] = scores(own, questions.cases) | {"category": category}


def covers(name: str, questions: QuestionSet) -> bool:
    """Whether a pipeline has the code system of a set."""
    system = questions.system
    return system is not None and system in ONLY.get(name, (system,))


# Speed


def serve(name: str, planned: Plan, sets: Sequence[QuestionSet]) -> dict[str, Any]:
    answer = (
        [
            (case.query, questions.system)
            for questions in sets
            if covers(name, questions)
            for case in questions.cases
        ]
        if name in SCORED
        else []
    )
    return worker(
        "serve",
        {
            "pipeline": name,
            "day": planned.day,
            "every": planned.every,
            "time": timed_questions(sets, planned.timed),
            "answer": answer,
            "together": name in ("desk", "naive"),
        },
    )


def timed_questions(sets: Sequence[QuestionSet], count: int) -> list[str]:
    """Questions of the evaluation files, or of the tests if there are no files."""
    queries = [case.query for questions in sets for case in questions.cases]
    if not queries:
        lines = (ROOT / "tests" / "data" / "on_topic.txt").read_text(encoding="utf-8").splitlines()
        queries = [line for line in lines if line and not line.startswith("#")]
    return spread(queries, count)


def cold_starts() -> dict[str, float]:
    """Seconds from the start of a process to its end with an answer, the best of three."""
    commands = {
        "codedesk ask": [sys.executable, "-m", "bot", "ask", "--json", COLD_QUESTION],
        "naive.py": [sys.executable, str(HERE / "naive.py"), COLD_QUESTION],
    }
    best: dict[str, float] = {}
    for _ in range(3):
        for name, command in commands.items():
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
            seconds = time.perf_counter() - started
            if done.returncode:
                raise Failed(last_line(done.stderr))
            best[name] = min(seconds, best.get(name, seconds))
    return best


if __name__ == "__main__":
    main()
