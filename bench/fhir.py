"""What a look-up over FHIR costs: the terminology by itself, the log by several designs, and HTTP.

    python bench/fhir.py [--home HOME] [--seconds 2] [--http]

HOME has codes.db (default: the home of the tests). Time is CPU time, since other work may share the
machine. Over HTTP a server runs in a process of its own, and requests come over loopback from this
one by 64 connections; requests a second a core are the requests divided by the CPU seconds of the
server, all of its threads. The baseline is a route of plain Starlette that answers "hello", in the
same server program, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bot.api.calls import Calls
from bot.api.clients import Client
from bot.api.service import Service
from bot.desk.desk import Desk
from bot.fhir.negotiation import encoded
from bot.fhir.operations import Operations
from bot.fhir.parameters import Inputs
from bot.fhir.systems import uri_of
from bot.logged_desk import LoggedDesk
from bot.querylog import QueryLog, QuestionRecord
from bot.querylog.exchanges import Asked, Exchange, log_exchanges
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
CM = uri_of("icd10cm")
CLIENT = Client("bench", frozenset({"terminology"}))
#: Connections at once, and codes that come again and again.
CONNECTIONS, OFTEN, ROUNDS = 64, 1000, 3


def settings_of(home: Path, folder: Path) -> Settings:
    """A home with the codes of another, and a log of its own."""
    for name in ("codes.db", "index"):
        if not (folder / name).exists():
            (folder / name).symlink_to(home / name)
    return Settings(home=folder)


def codes_of(desk: Desk, count: int) -> list[str]:
    store = desk.terminology.store
    release = store.for_date("icd10cm", dt.date.today()).release
    codes = [code.code for code in store.codes(release)]
    return random.Random(1).sample(codes, min(count, len(codes)))


# In process


def milliseconds(do: Callable[[Any], Any], each: Sequence[Any]) -> str:
    times = []
    for one in each:
        started = time.process_time()
        do(one)
        times.append((time.process_time() - started) * 1000)
    times.sort()
    p95 = times[int(len(times) * 0.95)]
    return f"median {statistics.median(times):6.3f} ms  95 % {p95:6.3f} ms"


def in_process(home: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(settings_of(home, Path(folder)))
        log = QueryLog(Path(folder) / "log.db")
        today = dt.date.today()
        operations = Operations(desk, lambda *_: None, today, "")  # type: ignore[arg-type]
        codes = codes_of(desk, 1500)

        def lookup(code: str) -> Any:
            return operations.run("CodeSystem/$lookup", Inputs([("system", CM), ("code", code)]))

        lookup(codes[0])
        print("$lookup, terminology and JSON alone, CPU time in process")
        print(
            "  each code for the first time  ",
            milliseconds(lambda c: encoded(lookup(c).resource), codes[:1000]),
        )
        print(
            "  each code again               ",
            milliseconds(lambda c: encoded(lookup(c).resource), codes[:1000]),
        )

        print("with its records in the log (SQLite, a commit waits for the disk)")
        calls = Calls(LoggedDesk(desk, log), "fhir")  # type: ignore[arg-type]
        print(
            "  A  Calls.check, each by itself          ",
            milliseconds(lambda c: calls.check(CLIENT, [c], systems=["icd10cm"]), codes[1000:1200]),
        )
        exchanges = [exchange(desk, lookup(code)) for code in codes[:512]]
        for name, many, size in (
            ("B  three transactions, one look-up      ", three, 1),
            ("B  three transactions, 64 look-ups      ", three, 64),
            ("C  one transaction, one look-up         ", one_transaction, 1),
            ("C  one transaction, 8 look-ups          ", one_transaction, 8),
            ("C  one transaction, 64 look-ups         ", one_transaction, 64),
        ):
            groups = [exchanges[at : at + size] for at in range(0, 512, size)]
            started = time.process_time()
            for group in groups:
                many(log, group)
            each = (time.process_time() - started) * 1000 / len(exchanges)
            print(f"  {name}{each:7.3f} ms each")
        size = (Path(folder) / "log.db").stat().st_size
        print(f"  size of a look-up in the log: {size / log.last_sequence() * 3 / 1000:.1f} kB")
        log.close()
        desk.close()


def exchange(desk: Desk, result: Any) -> Exchange:
    (asked,) = result.asked
    record = QuestionRecord(asked.text, "fhir", options=asked.options)
    return Exchange(record, asked.answer, index_build=None, made_with=desk.made_with(asked.answer))


def three(log: QueryLog, group: Sequence[Exchange]) -> None:
    """As for any question: question, answer, delivery, each in a transaction."""
    ids = log.ask_many([one.question for one in group])
    log.answered_many(
        [(i, one.answer, 1.0) for i, one in zip(ids, group, strict=True) if i],
        index_build=None,
        made_with=group[0].made_with,
    )
    log.delivered_many([i for i in ids if i], "delivered")


_sent: list[str] = []


def one_transaction(log: QueryLog, group: Sequence[Exchange]) -> None:
    """Questions and answers together, with what became of the answers before."""
    global _sent
    asked = [Asked(one, "bench", 1.0) for one in group]
    _sent = log_exchanges(log, asked, [(i, "delivered") for i in _sent])


# Over HTTP


def serve(home: Path, folder: Path, port: int) -> None:
    """The server of one run: /hello, /fhir, and /unlogged, which is /fhir without records."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    from bot.fhir import routes as fhir

    async def hello(_: Any) -> PlainTextResponse:
        return PlainTextResponse("hello")

    settings = settings_of(home, folder)
    desk, log = Desk(settings), QueryLog(folder / "log.db")
    service = Service(settings, desk, log)  # type: ignore[arg-type]
    token = service.tokens.add("bench", ["terminology"])
    (folder / "token").write_text(token)
    unlogged = fhir.routes(service)
    server = unlogged[0].endpoint._server  # type: ignore[attr-defined]

    async def unrecorded(asked: Sequence[Any]) -> list[str]:
        return ["0"] * len(asked)

    server.recorder.record = unrecorded
    server.recorder.delivered = lambda *_: None
    routes = [
        Route("/hello", hello),
        Mount("/fhir", routes=fhir.routes(service)),
        Mount("/unlogged", routes=unlogged),
    ]
    uvicorn.run(
        Starlette(routes=routes),
        port=port,
        http="httptools",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def load(
    port: int, paths: Iterator[str], token: str, seconds: float
) -> tuple[int, list[float]]:
    """How many requests were answered, and how long each took in ms."""
    until = time.monotonic() + seconds
    took: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < until and (path := next(paths, "")):
            started = time.monotonic()
            head = f"GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\r\n"
            writer.write(head.encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            took.append((time.monotonic() - started) * 1000)
        writer.close()

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return len(took), took


def over_http(home: Path, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), random.randint(20000, 60000)
        command = [sys.executable, __file__, "--home", str(home), "--serve", name, str(port)]
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
        try:
            measure(process.pid, port, folder, home, seconds)
        finally:
            process.terminate()
            process.wait(30)
        shutil.rmtree(folder / "index", ignore_errors=True)


def measure(pid: int, port: int, folder: Path, home: Path, seconds: float) -> None:
    for _ in range(600):
        with (
            contextlib.suppress(OSError),
            contextlib.closing(__import__("socket").create_connection(("127.0.0.1", port), 1)),
        ):
            break
        time.sleep(0.1)
    token = (folder / "token").read_text()
    desk = Desk(Settings(home=home))
    codes = codes_of(desk, 90_000)
    desk.close()
    often, seldom = codes[:OFTEN], iter(codes[OFTEN:])

    def lookups(base: str, codes: Iterator[str]) -> Iterator[str]:
        for code in codes:
            yield f"/{base}/CodeSystem/$lookup?" + urlencode({"system": CM, "code": code})

    def again() -> Iterator[str]:
        draw = random.Random(2)
        while True:
            yield draw.choice(often)

    def hello() -> Iterator[str]:
        while True:
            yield "/hello"

    for base in ("fhir", "unlogged"):  # what comes again is asked once before
        asyncio.run(load(port, lookups(base, iter(often)), token, 60))
    print(f"over HTTP, {CONNECTIONS} connections, one server process (uvicorn, httptools)")
    print("requests a second a core of the server: best round, median of rounds")
    rows: list[tuple[str, Iterator[str]]] = [
        ("hello, plain Starlette (baseline)", hello()),
        ("$lookup, codes that come again", lookups("fhir", again())),
        ("  the same without the log", lookups("unlogged", again())),
        ("$lookup, each code for the first time", lookups("fhir", seldom)),
        ("  the same without the log", lookups("unlogged", seldom)),
    ]
    rates: dict[int, list[float]] = {}
    for _ in range(ROUNDS):  # In turn, as other work on the machine comes and goes.
        for place, (_, paths) in enumerate(rows):
            before = cpu_seconds(pid)
            count, _ = asyncio.run(load(port, paths, token, seconds))
            if count:
                rates.setdefault(place, []).append(count / (cpu_seconds(pid) - before))
    for place, (name, _) in enumerate(rows):
        best, usual = max(rates[place]), statistics.median(rates[place])
        print(f"  {name:38} {best:7.0f} ({1e6 / best:5.0f} µs of CPU each) {usual:8.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / ".cache" / "tests")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--http", action="store_true", help="over HTTP only")
    parser.add_argument("--serve", nargs=2, metavar=("FOLDER", "PORT"))
    given = parser.parse_args()
    home = given.home.resolve()
    if given.serve:
        serve(home, Path(given.serve[0]), int(given.serve[1]))
        return
    print(json.dumps({"python": sys.version.split()[0], "cores": os.cpu_count()}))
    if not given.http:
        in_process(home)
    over_http(home, given.seconds)


if __name__ == "__main__":
    main()
