"""Measures what search workers bring: `python bench/workers.py [--workers 1 2] [--json FILE]`.

The desk, the workers, the queue of searches and a real log in a folder that is thrown away serve
the code sets and the index of CODEDESK_HOME, without Slack. Askers put the questions of the
evaluation files in BENCH_DATA (every .tsv with a column `query`), one file after another in turn.

- **Questions a second**: askers ask again as soon as they are answered. The ways of serving take
  turns of a few seconds each, so that other work of the machine slows all alike. "0" is one process
  that searches itself.
- **Wait at 80%**: questions come at random times (Poisson), as often as 80% of what the most
  workers answered.
- **A verdict**: a code is checked: until it is decided, and until it is asked, answered and
  delivered on record (three commits),
  one check at a time, while askers keep all workers busy.
- **The front's processor time** for a question is what the front takes of the cores: reading,
  logging, giving to a worker. With 0 workers it includes the search.
- **Memory**: what each worker has of its own (Private_Clean and Private_Dirty of smaps_rollup).
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

from slack_latency import CODES

from bot.desk.answer import Answer
from bot.desk.current import CurrentDesk
from bot.desk.desk import Desk
from bot.logged_desk import Answers, Done, LoggedDesk
from bot.querylog import QueryLog, QuestionRecord
from bot.settings import Settings
from bot.slack.searches import Searches
from bot.slack.web_api import Posted
from bot.workers.memory import own_mb
from bot.workers.pool import default_workers

#: As bot/slack/app.py sets it.
_SWITCH = 0.0005
#: Seconds between two verdicts.
_PAUSE = 0.02


def questions(folder: Path) -> list[str]:
    """The questions of all files, one of each file in turn."""
    sets = []
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            if "query" in (rows.fieldnames or ()):
                sets.append([row["query"] for row in rows])
    return [text for texts in itertools.zip_longest(*sets) for text in texts if text]


class Served:
    """One way of serving: a number of workers, its queue and its log."""

    def __init__(self, settings: Settings, desk: Desk, workers: int, log: QueryLog) -> None:
        self.workers = workers
        self.desk = CurrentDesk(settings, workers=workers, opens=lambda _: desk)
        self.desk.ready()
        self.logged = LoggedDesk(cast(Answers, self.desk), log)
        self.searches = Searches(lambda: self.desk.searches_at_once)

    def ask(self, text: str, user: str) -> Future[Posted]:
        (question,) = self.logged.take([text], QuestionRecord("", "dm", user=user))
        assert question is not None

        def deliver(answers: list[Answer], done: Done) -> Future[Posted]:
            done("delivered", "")
            return _done()

        def work() -> Future[Posted]:
            try:
                return self.logged.answer([question], deliver)
            except Exception as error:
                print(f"{text}: {error!r}", file=sys.stderr)
                return _done()

        return self.searches.run(work, user) if question.searches else work()

    def check(self, code: str) -> None:
        question = self.logged.take_codes([code], QuestionRecord("", "slash", user="UV"))
        assert question is not None
        self.logged.answer([question], lambda _, done: done("delivered", ""))

    def close(self) -> None:
        self.searches.close()
        if self.desk._pool:
            self.desk._pool.close()


def _done() -> Future[Posted]:
    future: Future[Posted] = Future()
    future.set_result(Posted("delivered"))
    return future


class Load:
    """Askers who ask again as soon as they are answered, until `stop` is set."""

    def __init__(self, served: Served, texts: Iterator[str], askers: int) -> None:
        self.stop = threading.Event()
        self.answered = 0
        self._lock = threading.Lock()
        self._served, self._texts = served, texts
        self._threads = [threading.Thread(target=self._ask, args=[f"U{n}"]) for n in range(askers)]
        for thread in self._threads:
            thread.start()

    def _ask(self, user: str) -> None:
        while not self.stop.is_set():
            with self._lock:
                text = next(self._texts)
            self._served.ask(text, user).result()
            with self._lock:
                self.answered += not self.stop.is_set()

    def end(self) -> int:
        self.stop.set()
        for thread in self._threads:
            thread.join()
        return self.answered


def rates(
    ways: Sequence[Served], texts: list[str], askers: int, seconds: float, turn: float
) -> tuple[dict[int, float], dict[int, float]]:
    """Questions a second, and the milliseconds of processor time that the front took for each, by
    the number of workers. Each way is asked the same questions."""
    each = {served.workers: itertools.cycle(texts) for served in ways}
    answered = dict.fromkeys(each, 0)
    took, used = dict.fromkeys(each, 0.0), dict.fromkeys(each, 0.0)
    for _ in range(max(1, round(seconds / turn))):
        for served in ways:
            began, cpu = time.monotonic(), time.process_time()
            load = Load(served, each[served.workers], askers)
            time.sleep(turn)
            count, ended = load.answered, time.monotonic()
            used[served.workers] += time.process_time() - cpu
            load.end()
            answered[served.workers] += count
            took[served.workers] += ended - began
    return (
        {workers: answered[workers] / took[workers] for workers in answered},
        {workers: 1000 * used[workers] / max(1, answered[workers]) for workers in answered},
    )


def waits(served: Served, texts: list[str], rate: float, seconds: float) -> list[float]:
    """The seconds that each question waited for its answer, if `rate` come a second."""
    chance, found = random.Random(17), []
    lock = threading.Lock()

    def ask(text: str, user: str, came: float) -> None:
        def answered(_: Future[Posted]) -> None:
            with lock:
                found.append(time.monotonic() - came)

        served.ask(text, user).add_done_callback(answered)

    with ThreadPoolExecutor(8) as listeners:  # as many as Slack's listeners
        began = due = time.monotonic()
        for number, text in enumerate(itertools.cycle(texts)):
            due += chance.expovariate(rate)
            if due - began > seconds:
                break
            time.sleep(max(0.0, due - time.monotonic()))
            listeners.submit(ask, text, f"U{number % 50}", due)
    served.searches.close()
    served.searches = Searches(lambda: served.desk.searches_at_once)
    return found


def verdicts(
    served: Served, texts: list[str], askers: int, seconds: float
) -> tuple[list[float], list[float]]:
    """The seconds that the verdict on a code took, and those until it was asked, answered and
    delivered on record, while others keep the searches busy."""
    load, decided, recorded = Load(served, itertools.cycle(texts), askers), [], []
    end = time.monotonic() + seconds
    for code in itertools.cycle(CODES):
        began = time.perf_counter()
        served.desk.ask(served.desk.take_codes([code]))
        decided.append(time.perf_counter() - began)
        time.sleep(_PAUSE)
        began = time.perf_counter()
        served.check(code)
        recorded.append(time.perf_counter() - began)
        if time.monotonic() > end:
            break
        time.sleep(_PAUSE)
    load.end()
    return decided, recorded


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds."""
    ms = sorted(1000 * one for one in seconds)
    p99 = statistics.quantiles(ms, n=100, method="inclusive")[98]
    median = statistics.median(ms)
    return {"count": len(ms), "median_ms": median, "p99_ms": p99, "ratio": p99 / median}


@contextmanager
def ways_of_serving(counts: Sequence[int]) -> Iterator[list[Served]]:
    settings = Settings.load()
    if not settings.codes_db.exists():
        raise SystemExit(f"There are no code sets at {settings.home}: set CODEDESK_HOME.")
    desk = Desk(settings)
    desk.ready()
    with tempfile.TemporaryDirectory(prefix="codedesk-workers-") as folder, ExitStack() as opened:
        ways = []
        for count in counts:
            log = QueryLog(Path(folder) / f"log-{count}.db", scrubber=desk.scrubber)
            opened.callback(log.close)
            served = Served(settings, desk, count, log)
            opened.callback(served.close)
            ways.append(served)
        yield ways
    desk.close()


def measured(given: argparse.Namespace, texts: list[str]) -> dict[str, Any]:
    with ways_of_serving([0, *given.workers]) as ways:
        most = ways[-1]
        for served in ways:  # The first questions of a process take longer.
            rates([served], texts[-50:], given.askers, given.turn, given.turn)
        rate, front_ms = rates(ways, texts, given.askers, given.seconds, given.turn)
        figures: dict[str, Any] = {
            "cores": default_workers() or os.cpu_count(),
            "questions_a_second": rate,
            "front_ms": front_ms,
            "wait_at_80": spread(waits(most, texts, 0.8 * rate[most.workers], given.seconds)),
        }
        for served in (ways[0], most):
            decided, recorded = verdicts(served, texts, given.askers, given.seconds)
            figures[f"verdict_{served.workers}"] = spread(decided)
            figures[f"verdict_{served.workers}_on_record"] = spread(recorded)
        _until(most, texts, given.questions)
        figures["worker_mb"] = list(most.desk.own_mb().values())
        figures["front_mb"] = own_mb()
        return figures


def _until(served: Served, texts: list[str], each: int) -> None:
    """Have every worker answer so many questions."""
    load = Load(served, itertools.cycle(texts), 2 * served.workers)
    while load.answered < each * served.workers:
        time.sleep(0.1)
    load.end()


def table(figures: dict[str, Any]) -> Iterator[str]:
    rate = figures["questions_a_second"]
    yield f"{figures['cores']} cores\n"
    yield "| workers | questions a second | beside 0 | beside 1 | front's time for one, ms |"
    yield "| --- | --- | --- | --- | --- |"
    for workers, one in rate.items():
        beside_1 = f"{one / rate[1]:.2f}" if 1 in rate else ""
        yield (
            f"| {workers} | {one:.1f} | {one / rate[0]:.2f} | {beside_1} | "
            f"{figures['front_ms'][workers]:.1f} |"
        )
    yield "\n| | count | median, ms | 99th percentile, ms | ratio |"
    yield "| --- | --- | --- | --- | --- |"
    rows = {"wait at 80% of the most": figures["wait_at_80"]}
    rows |= {name.replace("_", " "): row for name, row in figures.items() if "verdict" in name}
    for name, row in rows.items():
        yield (
            f"| {name} | {row['count']} | {row['median_ms']:.1f} | {row['p99_ms']:.1f} | "
            f"{row['ratio']:.1f} |"
        )
    own = ", ".join(f"{mb:.0f}" for mb in figures["worker_mb"])
    yield f"\nOwn memory of each worker: {own} MB; of the front: {figures['front_mb']:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="rising")
    parser.add_argument("--askers", type=int, default=8, help="how many ask at once")
    parser.add_argument("--seconds", type=float, default=60, help="for each figure")
    parser.add_argument("--turn", type=float, default=5, help="seconds of a turn")
    parser.add_argument("--questions", type=int, default=500, help="per worker, before its memory")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    given = parser.parse_args()
    folder = os.environ.get("BENCH_DATA")
    if not folder:
        raise SystemExit("Set BENCH_DATA to a folder of evaluation files.")
    sys.setswitchinterval(_SWITCH)
    figures = measured(given, questions(Path(folder)))
    print("\n".join(table(figures)))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
