"""Measures the cost of the log's hash chain: appends and bare inserts per second, and verifying.

    python bench/log.py                       # 2,000 appends, and a log of a million records
    python bench/log.py --records 100000      # a smaller log
    python bench/log.py --processes 4 --writers 2 --postgres auto    # many who write

Appends and bare inserts of the same question take turns, on the same disk and with the same
durability (WAL, synchronous = full, one commit each), so that other work of the machine slows both
alike. Choose a --folder on the disk that the log will be on.

With --processes, that many processes of --writers threads each write at once; they do bare inserts
and appends by turns of two seconds. A bare insert is one autocommitted insert of the same body into
a table with a serial key, in the same server or on the same disk. --postgres is an address, or
"auto" for a server that pgserver starts in --folder.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crowd

from bot.desk.answer import Answer, Candidate, CodeTitle, ShownNote
from bot.querylog import QueryLog, QuestionRecord
from bot.querylog.records import answer_body, codes_of, delivery_body, question_body
from bot.querylog.verify import verify

_TURN = 50
_BATCH = 3_000

_NOTES = [ShownNote("excludes1", "gestational diabetes (O24.4-)", "E11", ["O24.4-"], "FY2026")] * 6
ANSWER = Answer(
    question="t2dm with ckd 3a, on insulin",
    as_of="2026-05-01",
    outcome="answered",
    candidates=[
        Candidate(
            rank, "icd10cm", f"E11.2{rank}",
            "Type 2 diabetes mellitus with diabetic chronic kidney disease", True, "FY2026", 3.2,
            "high", ["diabetes", "kidney"], completions=[CodeTitle("N18.31", "Stage 3a")],
            notes=_NOTES,
        )
        for rank in range(1, 11)
    ],
    releases={"icd10cm/FY2026": "FY2026"},
)  # fmt: skip
QUESTION = QuestionRecord(ANSWER.question, "mention", "U123", "T123", "C123", "1700000000.000100")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--appends", type=int, default=2_000)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--processes", type=int, help="measure many who write at once")
    parser.add_argument("--writers", type=int, default=2, help="threads of each process")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--postgres", metavar="URL", help='an address, or "auto"')
    options = parser.parse_args()
    if options.processes:
        crowd.main(options)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = {
            "machine": f"{platform.machine()}, Python {platform.python_version()}, "
            f"SQLite {sqlite3.sqlite_version}",
            **appended(Path(folder), options.appends),
            **verified(Path(folder) / "million.db", options.records),
        }
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<34} {value:,}" if isinstance(value, int | float)
              else f"{name.replace('_', ' '):<34} {value}")  # fmt: skip


def appended(folder: Path, count: int) -> dict[str, Any]:
    """Questions per second, one commit each: bare, chained, and chained and sealed with a key."""
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in ("journal_mode = wal", "synchronous = full"):
        bare.execute(f"pragma {pragma}")
    bare.execute("create table questions (id integer primary key, text text)")
    row = json.dumps(question_body(QUESTION)[0] | {"text": QUESTION.text})
    log, sealed = QueryLog(folder / "log.db"), QueryLog(folder / "sealed.db")
    sealed.start_sealing(folder / "log.key")
    ways: dict[str, Callable[[], object]] = {
        "bare insert": lambda: bare.execute("insert into questions (text) values (?)", [row]),
        "chained": lambda: log.ask(QUESTION),
        "chained and sealed": lambda: sealed.ask(QUESTION),
    }
    seconds = dict.fromkeys(ways, 0.0)
    for _ in range(count // _TURN):
        for name, write in ways.items():
            started = time.perf_counter()
            for _ in range(_TURN):
                write()
            seconds[name] += time.perf_counter() - started
    for opened in (bare, log, sealed):
        opened.close()
    done = count // _TURN * _TURN
    figures: dict[str, Any] = {f"{n} per second": round(done / s) for n, s in seconds.items()}
    for name in ("chained", "chained and sealed"):
        figures[f"{name}, beside bare"] = round(seconds["bare insert"] / seconds[name], 2)
    return figures


def verified(path: Path, count: int) -> dict[str, Any]:
    """The time to verify `count` records: questions, answers and deliveries, a third each."""
    started = time.perf_counter()
    fill(path, count)
    filled = time.perf_counter() - started
    started = time.perf_counter()
    found = verify(path)
    seconds = time.perf_counter() - started
    assert found.bad is None, found.why
    return {
        "records": found.last,
        "log, MB": round(path.stat().st_size / 1e6),
        "filled in, seconds": round(filled, 1),
        "verified in, seconds": round(seconds, 1),
        "verified per second": round(found.last / seconds),
        "most memory of this process, MB": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        ),
    }


def fill(path: Path, count: int) -> None:
    """Write `count` records in large transactions, which makes no difference to verifying."""
    log = QueryLog(path)
    codes = codes_of(ANSWER)
    written = 0
    while written < count:
        with log.writing() as appender:
            for _ in range(min(_BATCH, count - written)):
                question = f"{written // 3:012x}"
                if written % 3 == 0:
                    appender.append("question", question, *question_body(QUESTION))
                elif written % 3 == 1:
                    body, texts = answer_body(ANSWER, codes, ANSWER.releases, ANSWER.as_of)
                    appender.append("answer", question, body | {"latency_ms": 7.1}, texts)
                else:
                    sent = delivery_body("answer", "delivered", "1700000000.000200")
                    appender.append("delivery", question, *sent)
                written += 1
    log.close()


if __name__ == "__main__":
    main()
