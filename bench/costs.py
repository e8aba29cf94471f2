"""What an answer costs: SQL statements, patterns compiled, CPU time and memory, in one process.

    BENCH_DATA=… CODEDESK_HOME=… python bench/costs.py [--questions 200] [--naive] [--json FILE]

Counts are the same on every machine. CPU time is that of this process with all its threads; the
clock tells something on a quiet machine alone. Each question is asked of every way in turn. With
`--naive` the naive pipeline is asked, too, whose vectors must have been made (`make bench`), and
the ratios are given.
Nothing is logged, and nothing in CODEDESK_HOME is changed.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import os
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from questions import spread

from bot.desk.desk import Desk
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("BENCH_DATA") or ROOT.parent / "shared" / "eval")
#: Questions that are asked before measuring starts: tables of words and patterns are read once.
_WARM_UP = 60
#: Codes to check: of each system, right and wrong, headers, and codes out of date.
_CODES = (
    "E11.9 J44.0 I10 Z47.2 T84.125A S52.501A O80 M54.5 E11.65 K35.80 F32.A U07.1 N18.4 E11 "
    "C50.911 H25.11 L89.152 I21.4 Z79.4 R07.9 J0587 J3301 A4253 J1885 G0402 A0428 E0601 "
    "0Y6P0Z0 0DTJ4ZZ 02HV33Z E0840 I1O 250.00"
).split()


@dataclass(slots=True)
class Counts:
    statements: int = 0
    patterns: int = 0


@contextmanager
def counting(desk: Desk) -> Iterator[Counts]:
    """Counts the SQL statements of this thread and the patterns that are compiled."""
    counts = Counts()
    connection = desk._store._db.conn
    compile_ = re._compiler.compile  # type: ignore[attr-defined]

    def on_statement(statement: str) -> None:
        counts.statements += 1

    def on_compile(pattern: Any, flags: int = 0) -> Any:
        counts.patterns += 1
        return compile_(pattern, flags)

    connection.set_trace_callback(on_statement)
    re._compiler.compile = on_compile  # type: ignore[attr-defined]
    try:
        yield counts
    finally:
        connection.set_trace_callback(None)
        re._compiler.compile = compile_  # type: ignore[attr-defined]


@dataclass(slots=True)
class Figures:
    """One figure of each question."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]

    @property
    def within_three(self) -> float:
        """The share of questions that take less than three medians."""
        return sum(value < 3 * self.median for value in self.values) / len(self.values)

    def row(self) -> dict[str, Any]:
        return {
            "median": round(self.median, 3),
            "p99": round(self.p99, 3),
            "most": round(max(self.values), 3),
            "within_three_medians": round(self.within_three, 4),
        }


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of CPU time and of time."""
    cpu, clock = time.process_time(), time.perf_counter()
    run()
    return (time.process_time() - cpu) * 1000, (time.perf_counter() - clock) * 1000


def memory_mb() -> float:
    """The resident memory of this process now; on systems without /proc, the most it has had."""
    status = Path("/proc/self/status")
    if status.exists():
        match = re.search(r"VmRSS:\s+(\d+)", status.read_text())
        assert match
        return int(match[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


def questions(folder: Path, number: int) -> list[str]:
    """Questions out of all files of a folder that have a column `query`, as many of each, spread
    evenly."""
    files = []
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8") as lines:
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            files.append([row["query"] for row in rows if row.get("query")])
    files = [file for file in files if file]
    if not files:
        raise SystemExit(f"{folder} has no evaluation files: name the folder with BENCH_DATA.")
    share = number // len(files) + 1
    asked = [query for file in files for query in spread(file, share)]
    return spread(list(dict.fromkeys(asked)), number)


def measured(asked: Sequence[str], warm_up: Sequence[str], day: dt.date, *, naive: bool) -> Any:
    pipeline = None
    if naive:
        from naive import Naive  # before the desk: PyTorch must be loaded before FAISS

        pipeline = Naive()
    desk = Desk(Settings.load())
    desk.ready()
    searcher, store = desk._search(), desk._store
    releases = [store.for_date(system, day).release for system in store.systems]
    for question in warm_up:
        desk.ask(question, day=day)
        if pipeline:
            pipeline.search(question)
    figures: dict[str, Figures] = {}

    def add(name: str, run: Callable[[], object]) -> None:
        for unit, value in zip(("cpu", "ms"), timed(run), strict=True):
            figures.setdefault(f"{name} {unit}", Figures()).values.append(value)

    for question in asked:
        with counting(desk) as counts:
            desk.ask(question, day=day)
        figures.setdefault("statements", Figures()).values.append(counts.statements)
        figures.setdefault("patterns", Figures()).values.append(counts.patterns)
    # Each question was asked once now: what is kept of codes is as it is in a desk that serves.
    for question in asked:
        add("take", partial(desk.take, question, day=day))
        add("answer", partial(desk.ask, question, day=day))
        add("search", partial(searcher.search, question, releases))
        if pipeline:
            add("naive", partial(pipeline.search, question))
    for name, beside in (("verdict", []), ("pair", ["I10"])):
        for code in _CODES:
            desk.check([code, *beside], day=day)
        for code in _CODES * 3:
            add(name, partial(desk.check, [code, *beside], day=day))
    rows = {name: one.row() for name, one in figures.items()}
    result: dict[str, Any] = {"questions": len(asked), "figures": rows}
    if pipeline:
        result["of_naive"] = {
            name: {
                unit: round(figures[f"{name} {unit}"].median / figures[f"naive {unit}"].median, 3)
                for unit in ("cpu", "ms")
            }
            for name in ("answer", "search")
        }
    else:
        result["memory_mb"] = round(memory_mb())
    desk.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--naive", action="store_true", help="ask the naive pipeline, too")
    parser.add_argument("--date", default="2026-05-01", help="date of service")
    parser.add_argument("--json", type=Path, help="write the figures into this file, too")
    options = parser.parse_args()
    asked = questions(DATA, options.questions + _WARM_UP)
    warm_up = asked[:: max(1, len(asked) // _WARM_UP)][:_WARM_UP]
    asked = [question for question in asked if question not in set(warm_up)]
    day = dt.date.fromisoformat(options.date)
    result = measured(asked, warm_up, day, naive=options.naive)
    print(f"{result['questions']} questions; times in milliseconds, of the CPU and of the clock")
    print(f"{'':12}{'median':>10}{'p99':>10}{'most':>10}  under 3 medians")
    for name, row in result["figures"].items():
        share = f"{row['within_three_medians']:.1%}"
        print(f"{name:12}{row['median']:>10}{row['p99']:>10}{row['most']:>10}  {share}")
    if "memory_mb" in result:
        print(f"memory of this process: {result['memory_mb']} MB")
    for name, of in result.get("of_naive", {}).items():
        print(f"{name}: {of['ms']} of the naive pipeline's time, {of['cpu']} of its CPU time")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
