"""Measures what Code Desk can take, by a load that speaks as Slack does:

    python bench/load/run.py                     # find the capacity, then twice of it
    python bench/load/run.py --workers 1 2 --naive --soak 10 --write docs/CAPACITY.md
    python bench/load/run.py --database auto --processes 2
    python bench/load/run.py --rate 20 --seconds 60
    python bench/load/run.py --quick             # a rehearsal, about a minute

`codedesk run` is started as by its users, over HTTP, with the code sets and the index of
CODEDESK_HOME and a log of its own. Askers who ask again when answered show how many questions a
second it can answer (its capacity); steady rates up to that show how long people wait; twice of it
shows whether anything gets lost, and how soon it recovers. At the end the log is verified and
compared with what was sent. With --naive the bot that most repositories build takes its turn in
each part. Settings of the environment reach the desk, but for those of its log, keys and Slack.

The exit code is 1 when something was lost, came twice, or the log is not whole. docs/CAPACITY.md
explains the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bench.load import ceiling, log_check, report, serving  # noqa: E402
from bench.load.phases import Figures, Load  # noqa: E402
from bench.load.processes import Sampler  # noqa: E402
from bench.load.questions import Mix, Texts  # noqa: E402
from bench.load.slack_side import RESEND_AFTER, SlackSide  # noqa: E402

#: Shares of the capacity at which waits are measured.
STEPS = (0.5, 0.8, 0.95)


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--rate", type=float, help="questions a second; without it, the capacity is found")
    add("--seconds", type=float, default=30.0, help="of each part (default: %(default)s)")
    add("--askers", type=int, default=24, help="at once, to find it (default: %(default)s)")
    add("--no-twice", action="store_true", help="leave out twice the capacity")
    add("--twice", action="store_true", help="with --rate: twice of it, too")
    add("--twice-seconds", type=float, default=60.0, help="of that part (default: %(default)s)")
    add("--soak", type=float, default=0.0, metavar="MINUTES", help="at 80%% of the capacity")
    add("--workers", type=int, nargs="+", metavar="N",
        help="codedesk run --workers N; several are measured in turns")  # fmt: skip
    add("--processes", type=int, default=1, help="of codedesk run; more need --database")
    add("--database", metavar="auto|URL", help="PostgreSQL; auto starts one (pgserver)")
    add("--naive", action="store_true", help="the naive bot in the same run, in turns")
    add("--naive-every", type=int, default=1, help="embed every n-th title only")
    add("--resend-after", default=",".join(f"{s:g}" for s in RESEND_AFTER), metavar="S,S,S",
        help="seconds before Slack sends again (default: as Slack, %(default)s)")  # fmt: skip
    add("--no-pace", action="store_true", help="without Slack's message a second in a channel")
    add("--patience", type=float, default=420.0, help="seconds to wait for answers, at most")
    add("--seed", type=int, default=1)
    add("--no-ceiling", action="store_true", help="do not measure the generator itself")
    add("--json", type=Path, metavar="FILE", help="write all figures there")
    add("--write", type=Path, metavar="PAGE", help="put the tables between the markers of a page")
    add("--quick", action="store_true", help="a rehearsal")
    given = parser.parse_args(arguments)
    if given.quick:
        given.seconds, given.twice_seconds, given.patience = 6.0, 8.0, 60.0
        given.soak, given.naive_every = min(given.soak, 0.2), max(given.naive_every, 60)
        given.resend_after = "0,1,3"
    if given.processes > 1 and not given.database:
        parser.error("--processes needs --database: processes share a log on PostgreSQL only.")
    return given


@dataclasses.dataclass
class System:
    """What is measured, the Slack that it serves, and what was found of it."""

    running: serving.Served
    slack: SlackSide
    load: Load
    sampler: Sampler
    phases: list[Figures] = dataclasses.field(default_factory=list)
    found: dict[str, Any] = dataclasses.field(default_factory=dict)
    capacity: float = 0.0


async def main(given: argparse.Namespace) -> int:
    started = time.monotonic()
    figures: dict[str, Any] = {"quick": given.quick, "options": _plain(given)}
    figures["circumstances"] = report.circumstances()
    if not given.no_ceiling:
        say("the generator itself")
        figures["ceiling"] = await ceiling.measured(2.0 if given.quick else 5.0)
    texts = Texts()
    figures["built_in_questions"] = texts.built_in
    with ExitStack() as stack:
        systems = []
        desks = [partial(_desk, workers=count) for count in given.workers or [None]]
        for open_one in (*desks, *((_naive,) if given.naive else ())):
            systems.append(await _opened(open_one, given, texts, stack))
        looking = [asyncio.create_task(system.sampler.run()) for system in systems]
        try:
            await measure(systems, given)
        finally:
            for task in looking:
                task.cancel()
        for system in systems:
            say(f"{system.running.name}: stopping, and reading its log")
            await ended(system)
    figures["systems"] = {s.running.name: as_dict(s) for s in systems}
    figures["seconds"] = round(time.monotonic() - started)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    if given.write:
        report.write(figures, given.write)
    print(report.markdown(figures))
    return 0 if all(s.found.get("right", True) for s in systems) else 1


async def measure(systems: list[System], given: argparse.Namespace) -> None:
    """All parts; in each, the systems take turns."""
    for system in systems:
        say(f"{system.running.name}: warming up")
        await system.load.closed(4, min(8.0, given.seconds / 3), "warm-up")
        system.found["memory_warm"] = memory_now(system)
    for system in systems:
        if given.rate:
            system.capacity = given.rate
            continue
        say(f"{system.running.name}: {given.askers} askers")
        closed = await system.load.closed(given.askers, given.seconds)
        system.phases.append(closed)
        system.capacity = closed.answered_a_second
    steps = (1.0,) if given.rate else (STEPS[1:2] if given.quick else STEPS)
    for share in steps:
        for system in systems:
            rate = max(0.5, share * system.capacity)
            say(f"{system.running.name}: {rate:.1f} questions a second")
            name = "steady" if given.rate else f"{share:.0%}"
            system.phases.append(await system.load.steady(rate, given.seconds, name))
    if given.twice if given.rate else not given.no_twice:
        for system in systems:
            say(f"{system.running.name}: {2 * system.capacity:.1f} questions a second")
            usual = system.phases[-1] if given.rate or given.quick else system.phases[1]
            seconds = given.twice_seconds
            system.phases.append(await system.load.twice(system.capacity, seconds, usual))
    if given.soak:
        # The one with the most workers.
        system = max(systems, key=lambda one: (one.running.name != "naive", one.capacity))
        rate = 0.8 * system.capacity
        say(f"{system.running.name}: a soak of {given.soak:g} minutes, {rate:.1f} a second")
        begun = time.monotonic() - system.sampler.started
        soak = await system.load.steady(rate, 60 * given.soak, "soak")
        until = time.monotonic() - system.sampler.started
        soak.more["memory"] = system.sampler.slopes(begun, until)
        system.phases.append(soak)


async def ended(system: System) -> None:
    """Stop it, and compare its log with what was sent."""
    system.found["memory"] = memory_now(system)
    system.found["stopped_s"] = round(await asyncio.to_thread(serving.stop, system.running), 1)
    system.found["calls"] = dict(system.slack.calls)
    # What was sent again and is on its way.
    await asyncio.sleep(0.5)
    await system.slack.stop()
    asked = system.slack.asked
    for phase in system.phases:
        phase.count_lost()
    if system.running.name == "naive":
        system.found["log"] = log_check.seen(asked)
        return
    environment = system.running.environment
    system.found["verified"] = await asyncio.to_thread(log_check.verified, environment)
    compared = await asyncio.to_thread(log_check.compared, environment, asked)
    seconds = compared.pop("seconds")
    system.found["log"] = compared
    for phase in system.phases:
        phase.more["log_ms"] = log_check.milliseconds_by_kind(phase.questions, seconds)
    system.found["log_bytes"] = report.log_bytes(environment)
    system.found["right"] = log_check.is_right(compared) and system.found["verified"][
        "exit_code"
    ] in (0, 1)


def memory_now(system: System) -> dict[str, Any]:
    system.sampler.look()
    return {
        role: {**dataclasses.asdict(points[-1][1]), "processes": points[-1][2]}
        for role, points in system.sampler.points.items()
    }


def as_dict(system: System) -> dict[str, Any]:
    return {
        "capacity": system.capacity,
        "workers": system.running.workers,
        "phases": [phase.as_dict() for phase in system.phases],
        **system.found,
    }


# What is measured


async def _opened(open_one, given: argparse.Namespace, texts: Texts, stack: ExitStack) -> System:
    mix = Mix(texts, given.seed)
    resend = tuple(float(part) for part in given.resend_after.split(",") if part)
    slack = SlackSide(resend_after=resend, paced=not given.no_pace, answered=mix.answered)
    await slack.start()
    # In a thread, as the process calls Slack while it starts.
    running = await asyncio.to_thread(stack.enter_context, open_one(slack.api_url, given))
    slack.send_to(running.ports)

    def roles() -> dict[str, list[int]]:
        return {**running.roles(), "generator": [os.getpid()]}

    load = Load(slack, mix, roles, given.seed, given.patience)
    return System(running, slack, load, Sampler(running.roles, 1.0 if given.quick else 5.0))


@contextmanager
def _desk(
    api_url: str, given: argparse.Namespace, *, workers: int | None
) -> Iterator[serving.Served]:
    name = "Code Desk"
    if len(given.workers or ()) > 1:
        name = f"Code Desk, {workers} worker{'' if workers == 1 else 's'}"
    say(f"starting {name}")
    with serving.desk(
        api_url,
        name=name,
        processes=given.processes,
        workers=workers,
        database=given.database,
    ) as running:
        yield running


@contextmanager
def _naive(api_url: str, given: argparse.Namespace) -> Iterator[serving.Served]:
    usual = given.naive_every == 1
    name = "naive" if usual else f"naive-{given.naive_every}"
    vectors = ROOT / ".cache" / "bench" / name
    serving.make_vectors(vectors, given.naive_every)
    say("starting the naive bot")
    with serving.naive(api_url, vectors) as running:
        yield running


def _plain(given: argparse.Namespace) -> dict[str, Any]:
    kept = {name: value for name, value in vars(given).items() if name not in ("json", "write")}
    if kept["database"] not in (None, "auto"):
        kept["database"] = "an address"  # It has a password.
    return kept


def say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        try:
            sys.exit(asyncio.run(main(options())))
        except serving.Failed as error:
            sys.exit(f"load: {error}")
