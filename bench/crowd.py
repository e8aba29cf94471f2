"""Many processes that write to one log at once, beside as many that insert into a plain table."""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import multiprocessing.synchronize
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bot.querylog import QueryLog, QuestionRecord
from bot.querylog.records import question_body

_SECONDS = 2.0
QUESTION = QuestionRecord(
    "t2dm with ckd 3a, on insulin", "mention", "U123", "T123", "C123", "1700000000.000100"
)
_ROW = json.dumps(question_body(QUESTION)[0] | {"text": QUESTION.text})


def main(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        places: list[Path | str] = [Path(folder) / "log.db"]
        with _server(options.postgres, Path(folder) / "postgres") as url:
            if url:
                places.append(url)
            for where in places:
                print(json.dumps(measured(where, options)), flush=True)


@contextlib.contextmanager
def _server(named: str | None, folder: Path) -> Iterator[str | None]:
    if named != "auto":
        yield named
        return
    import pgserver

    running = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()


def measured(where: Path | str, options: argparse.Namespace) -> dict[str, Any]:
    """Bare inserts and appends per second, of all together."""
    QueryLog(where).close()
    _make_bare(where)
    context = multiprocessing.get_context("spawn")
    parties = options.processes + 1
    barrier = context.Barrier(parties)
    results: Any = context.Queue()
    started = [
        context.Process(
            target=_write, args=(where, options.writers, options.turns, barrier, results)
        )
        for _ in range(options.processes)
    ]
    for one in started:
        one.start()
    for _ in range(2 * options.turns):
        barrier.wait()
    counts = [results.get() for _ in started]
    for one in started:
        one.join()
    bare, appends, bare_cpu, append_cpu = (sum(count[at] for count in counts) for at in range(4))
    seconds = _SECONDS * options.turns
    return {
        "database": "sqlite" if isinstance(where, Path) else "postgres",
        "processes": options.processes,
        "writers": options.writers,
        "bare inserts per second": round(bare / seconds),
        "appends per second": round(appends / seconds),
        "appends beside bare inserts": round(appends / bare, 2),
        "microseconds of a client's CPU, bare": round(1e6 * bare_cpu / bare),
        "microseconds of a client's CPU, append": round(1e6 * append_cpu / appends),
    }


def _write(
    where: Path | str,
    writers: int,
    turns: int,
    barrier: multiprocessing.synchronize.Barrier,
    results: Any,
) -> None:
    log = QueryLog(where)
    inserts = [_bare(where) for _ in range(writers)]
    appends: list[Callable[[], object]] = [lambda: log.ask(QUESTION)] * writers
    for write in (*inserts, *appends):
        write()
    counts, cpu = [0, 0], [0.0, 0.0]
    for turn in range(2 * turns):
        barrier.wait()
        which = turn % 2
        began = time.process_time()
        counts[which] += _turn((inserts, appends)[which])
        cpu[which] += time.process_time() - began
    results.put((*counts, *cpu))
    log.close()


def _turn(writes: list[Callable[[], object]]) -> int:
    done = [0] * len(writes)
    end = time.monotonic() + _SECONDS

    def run(number: int) -> None:
        while time.monotonic() < end:
            writes[number]()
            done[number] += 1

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(writes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done)


def _make_bare(where: Path | str) -> None:
    if isinstance(where, Path):
        with contextlib.closing(sqlite3.connect(_beside(where))) as db:
            db.execute("pragma journal_mode = wal")
            db.execute("create table questions (id integer primary key, body text)")
        return
    import psycopg

    with psycopg.connect(where, autocommit=True) as raw:
        raw.execute("drop table if exists public.bare")
        raw.execute("create table public.bare (id bigserial primary key, body text)")


def _bare(where: Path | str) -> Callable[[], object]:
    """One connection that inserts."""
    if isinstance(where, Path):
        db = sqlite3.connect(
            _beside(where), isolation_level=None, check_same_thread=False, timeout=10
        )
        db.execute("pragma synchronous = full")
        return lambda: db.execute("insert into questions (body) values (?)", [_ROW])
    import psycopg

    raw = psycopg.connect(where, autocommit=True, prepare_threshold=0)
    return lambda: raw.execute("insert into public.bare (body) values (%s)", [_ROW])


def _beside(where: Path) -> Path:
    return where.with_name("bare.db")
