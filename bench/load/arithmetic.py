"""From what was measured to what many people need: the second table of docs/CAPACITY.md.

    python bench/load/arithmetic.py FIGURES.json [--appends N] [--write docs/CAPACITY.md]

FIGURES.json is what `run.py --json` wrote. `--appends`: how many records a second the database
appends to the chain, from `python bench/log.py`. Formulas stand in the table, so that anyone can
put in other numbers.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.load.figures import shown, table

BEGIN, END = "<!-- arithmetic: begin -->", "<!-- arithmetic: end -->"

#: Assumptions of ours; docs/CAPACITY.md says why.
QUESTIONS_A_DAY, HOURS, DAYS, PEAK, BUSY_HOUR, USED = 20, 8, 250, 3.0, 1.5, 0.6
#: The share of questions that come as events; the others are slash commands.
AS_EVENTS = 0.7
#: https://docs.slack.dev/apis/web-api/rate-limits
EVENTS_AN_HOUR = 30_000
CORES_OF_A_MACHINE = 8
YEARS = 6


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU milliseconds of the app (without the database, and of the database) for a question,
    records and bytes of the log for one, memory in megabytes of a front and of each worker, and
    records a second that the database appends; None: not measured."""

    app_ms: float
    database_ms: float
    records: float
    log_bytes: float
    front_mb: float
    worker_mb: float
    appends: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """`workspaces` as Slack counts them, all alike."""

    name: str
    coders: int
    workspaces: int


CASES = (
    Case("50,000 coders, one workspace", 50_000, 1),
    Case("50,000 coders, 50 workspaces", 50_000, 50),
    Case("100,000 workspaces of 2", 200_000, 100_000),
)


def measured(figures: Mapping[str, Any], appends: float | None = None) -> Measured:
    """What a run found of the desk: of the steady part with the most questions a second that were
    all answered, else of the last one."""
    desks = [desk for name, desk in figures["systems"].items() if name != "naive"]
    desk = max(desks, key=lambda one: one["workers"] or 0)
    steady = [p for p in desk["phases"] if p["name"] not in ("closed", "twice", "soak")]
    cpu = max(steady, key=lambda phase: phase["rate"])["cpu_ms"]
    memory = desk["memory"]
    workers = memory.get("workers", {"uss": 0.0, "processes": 1})
    log = desk["log"]
    questions = max(1, log["questions"])
    return Measured(
        app_ms=cpu.get("front", 0.0) + cpu.get("workers", 0.0),
        database_ms=cpu.get("database", 0.0),
        records=log["records"] / questions,
        log_bytes=(desk.get("log_bytes") or 0) / questions,
        front_mb=memory["front"]["rss"] / memory["front"]["processes"],
        worker_mb=workers["uss"] / workers["processes"],
        appends=appends,
    )


def needed(case: Case, of: Measured) -> dict[str, float | None]:
    """What a case needs, by the name of each row."""
    a_day = case.coders * QUESTIONS_A_DAY
    mean = a_day / (HOURS * 3600)
    peak = mean * PEAK
    a_year = a_day * DAYS
    cores = peak * of.app_ms / 1000 / USED
    machines = math.ceil(cores / CORES_OF_A_MACHINE)
    records = peak * of.records
    return {
        "a_day": float(a_day),
        "mean": mean,
        "peak": peak,
        "cores": cores,
        "machines": float(machines),
        "memory": (of.front_mb + CORES_OF_A_MACHINE * of.worker_mb) / 1000,
        "database_cores": peak * of.database_ms / 1000 / USED,
        "records": records,
        "of_appends": records / of.appends if of.appends else None,
        "log_a_year": a_year * of.log_bytes / 1e9,
        "log_kept": a_year * of.log_bytes / 1e9 * YEARS,
        "events": mean * BUSY_HOUR * 3600 * AS_EVENTS / case.workspaces / EVENTS_AN_HOUR,
        "posts": peak * 60 * AS_EVENTS / case.workspaces,
        "core_hours": cores * 8760,
    }


def markdown(of: Measured) -> str:
    given = (
        f"Put in: {shown(of.app_ms)} ms of CPU in the app and {shown(of.database_ms)} ms in the "
        f"database for a question, {shown(of.records)} records and {shown(of.log_bytes)} bytes of "
        f"the log, {shown(of.front_mb)} MB for a front and {shown(of.worker_mb)} MB for each "
        "worker"
    )
    given += f", {shown(of.appends)} appends a second.\n\n" if of.appends else ".\n\n"
    found = {case.name: needed(case, of) for case in CASES}
    rows = [
        [name, formula, *(cells[key] for cells in found.values())]
        for key, name, formula in _ROWS
        if any(cells[key] is not None for cells in found.values())
    ]
    return given + table(["what", "formula", *found], rows)


#: The sign of multiplication.
_X = "\u00d7"
_ROWS = (
    ("a_day", "questions a day", f"coders {_X} {QUESTIONS_A_DAY}"),
    ("mean", "a second, mean", f"a day ÷ {HOURS} h"),
    ("peak", "a second, busiest", f"mean {_X} {PEAK:g}"),
    ("cores", "cores for the app", f"busiest {_X} CPU ÷ {USED:g}"),
    ("machines", f"machines of {CORES_OF_A_MACHINE} cores", f"cores ÷ {CORES_OF_A_MACHINE}"),
    ("memory", "GB for each of them", f"front + {CORES_OF_A_MACHINE} workers"),
    ("database_cores", "cores for PostgreSQL", f"busiest {_X} CPU ÷ {USED:g}"),
    ("records", "records a second, busiest", f"busiest {_X} records"),
    ("of_appends", "of what one chain appends", "records ÷ appends"),
    ("log_a_year", "GB of log a year", f"a day {_X} {DAYS} {_X} bytes"),
    ("log_kept", f"GB of log, {YEARS} years", f"a year {_X} {YEARS}"),
    (
        "events",
        "of Slack's events in the busiest hour, a workspace",
        f"mean {_X} {BUSY_HOUR:g} {_X} 3600 {_X} {AS_EVENTS:g} ÷ workspaces ÷ {EVENTS_AN_HOUR:,}",
    ),
    (
        "posts",
        "posts in the busiest minute, a workspace",
        f"busiest {_X} 60 {_X} {AS_EVENTS:g} ÷ workspaces",
    ),
    ("core_hours", "core-hours a year, never turned down", f"cores {_X} 8,760"),
)


def write(of: Measured, page: Path) -> None:
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    text = f"{before}{BEGIN}\n\n{markdown(of)}\n\n{END}{rest.split(END)[1]}"
    page.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figures", type=Path)
    parser.add_argument("--appends", type=float, help="records a second, from bench/log.py")
    parser.add_argument("--write", type=Path, metavar="PAGE")
    given = parser.parse_args()
    of = measured(json.loads(given.figures.read_text(encoding="utf-8")), given.appends)
    if given.write:
        write(of, given.write)
    print(markdown(of))


if __name__ == "__main__":
    main()
