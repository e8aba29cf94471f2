"""The figures of a run as Markdown, for docs/CAPACITY.md."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.load.figures import shown, table
from bench.machine import processor
from bot.settings import Settings

BEGIN, END = "<!-- load: begin -->", "<!-- load: end -->"


def write(figures: Mapping[str, Any], page: Path) -> None:
    """Put the tables between the markers of a page."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    text = f"{before}{BEGIN}\n\n{markdown(figures)}\n\n{END}{after}"
    page.write_text(text, encoding="utf-8")


def markdown(figures: Mapping[str, Any]) -> str:
    systems = figures["systems"]
    parts = [
        _circumstances(figures),
        _ceiling(figures.get("ceiling")),
        "#### Questions answered, and how long people wait\n\n" + _phases(systems),
        "#### CPU\n\n" + _cpu(systems),
        "#### Twice of it\n\n" + _twice(systems),
        "#### The soak\n\n" + _soak(systems) if _has(systems, "soak") else "",
        "#### Memory\n\n" + _memory(systems),
        "#### The log at the end\n\n" + _log(systems),
    ]
    return "\n\n".join(part for part in parts if part)


# What was measured


def circumstances() -> dict[str, Any]:
    return {
        "commit": _commit(),
        "day": dt.date.today().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def _circumstances(figures: Mapping[str, Any]) -> str:
    of, given = figures["circumstances"], figures["options"]
    database = "PostgreSQL" if given["database"] else "SQLite"
    counts = " and ".join(f"`--workers {count}`" for count in given["workers"] or ())
    workers = counts or "without `--workers`"
    lines = [
        f"Measured at commit {of['commit']} on {of['day']}, in {figures['seconds']} seconds, on "
        f"{of['processor']} ({of['cores']} cores, {of['system']}), Python {of['python']}. The "
        "generator, the app and the database share these cores.",
        f"`codedesk run`, {workers}; processes: {given['processes']}; log: {database}.",
    ]
    if figures.get("built_in_questions"):
        lines.append("The questions are the few that are built in: there was no BENCH_DATA.")
    if figures["quick"]:
        lines.insert(0, "**A rehearsal: no figure here means anything.**")
    return "\n".join(f"- {line}" for line in lines)


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty=, with changes", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    return done.stdout.strip() or "unknown"


def log_bytes(environment: Mapping[str, str]) -> int | None:
    """The size of the log: of the file, or of the schema in PostgreSQL with its indexes."""
    if url := environment.get("CODEDESK_DATABASE_URL"):
        import psycopg

        size = (
            "select sum(pg_total_relation_size(c.oid))::bigint from pg_class c "
            "join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = 'codedesk' and c.relkind = 'r'"
        )
        with psycopg.connect(url) as connection:
            row = connection.execute(size).fetchone()
        return int(row[0]) if row and row[0] else None
    path = Settings.load(environment, Path(environment["CODEDESK_HOME"])).log_db
    return sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*"))


# The tables


def _ceiling(found: Mapping[str, Any] | None) -> str:
    if not found:
        return ""
    return (
        "The generator alone, against an app that only acknowledges and posts: "
        f"{shown(found['questions_a_second'])} questions a second, "
        f"{shown(found['generator_cpu_ms'])} ms of CPU each."
    )


def _phases(systems: Mapping[str, Any]) -> str:
    rows = [
        [
            name,
            _part(phase),
            _three(phase["acknowledged_ms"]),
            _three(phase["answered_ms"].get("verdict")),
            _three(phase["answered_ms"].get("searches")),
            _three(phase["more"].get("log_ms", {}).get("verdict")),
            phase["answered_a_second"],
            phase["waiting"],
        ]
        for name, phase in _all_phases(systems)
    ]
    note = (
        "Milliseconds: median / 99th percentile / longest, from when a question was due until "
        "Slack has the acknowledgement, or the answer. *Verdict*: checks of one code; *by the "
        "log*: until the answer is ready, without the way to Slack. *Waiting*: "
        "questions without an answer when the last was sent.\n\n"
    )
    header = [
        "app", "part", "acknowledged", "verdict", "search", "verdict, by the log",
        "answers a second", "waiting",
    ]  # fmt: skip
    return note + table(header, rows) + _more_workers(systems)


def _more_workers(systems: Mapping[str, Any]) -> str:
    """The capacity with the most workers beside that with the fewest."""
    desks = sorted(
        (system["workers"], system["capacity"])
        for system in systems.values()
        if system["workers"] is not None
    )
    if len(desks) < 2 or not desks[0][1]:
        return ""
    (few, slow), (many, fast) = desks[0], desks[-1]
    return f"\n\nWith --workers {many} the capacity is {fast / slow:.2f} times that with {few}."


def _part(phase: Mapping[str, Any]) -> str:
    if phase["name"] == "closed":
        return "askers who ask again when answered"
    names = {"twice": "twice the capacity", "soak": "soak", "steady": "steady"}
    name = names.get(phase["name"], f"{phase['name']} of the capacity")
    return f"{name}, {phase['rate']:.1f} a second"


def _cpu(systems: Mapping[str, Any]) -> str:
    roles = sorted({role for _, phase in _all_phases(systems) for role in phase["cpu_ms"]})
    rows = []
    for name, phase in _all_phases(systems):
        cpu = phase["cpu_ms"]
        app = sum(ms for role, ms in cpu.items() if role != "generator")
        used = sum(phase["cpu_share"].values())
        core = 1000 / app if app else None
        rows.append([name, _part(phase), *(cpu.get(r) for r in roles), core, round(used, 2)])
    note = (
        "Milliseconds of CPU for each answered question, by process. *A core*: answers a second if "
        "one core did nothing but the app's share (front, workers, database).\n\n"
    )
    return note + table(["app", "part", *roles, "answers a core-second", "cores in use"], rows)


def _twice(systems: Mapping[str, Any]) -> str:
    rows = [
        [
            name,
            phase["rate"],
            phase["asked"],
            _three(phase["acknowledged_ms"]),
            phase["sent_again"],
            phase["told_to_wait"],
            phase["busy"],
            phase["failed"],
            phase["lost"] + phase["more"]["lost_after"],
            phase["waiting"],
            phase["drained_s"],
            phase["more"]["recovered_s"],
        ]
        for name, phase in _all_phases(systems)
        if phase["name"] == "twice"
    ]
    header = [
        "app", "a second", "asked", "acknowledged, ms", "sent again by Slack", "told how long",
        "told: too busy", "failed", "lost",
        "waiting at the end", "all answered after, s", "as quick as before after, s",
    ]  # fmt: skip
    note = (
        "*Failed*: commands that were not acknowledged in three seconds, of which Slack tells the "
        "asker. *Lost*: neither answered nor told.\n\n"
    )
    return note + table(header, rows) if rows else "Left out."


def _soak(systems: Mapping[str, Any]) -> str:
    tables = []
    for name, phase in _all_phases(systems):
        if phase["name"] != "soak":
            continue
        rows = [
            [
                role,
                of["first_mb"],
                of["last_mb"],
                of["most_mb"],
                f"{of['mb_an_hour']:.1f} ± {2 * of['error_mb_an_hour']:.1f}",
            ]
            for role, of in phase["more"]["memory"].items()
        ]
        told = (
            f"{name}: {phase['seconds'] / 60:.0f} minutes at {phase['rate']:.1f} a second, "
            f"{phase['asked']:,} questions, {phase['lost']} lost, "
            f"99% of answers within {shown(phase['answered_ms']['all'][1])} ms. Memory of the "
            "processes alone (USS); the slope is by least squares, without the first quarter.\n\n"
        )
        header = ["process", "first, MB", "last, MB", "most, MB", "slope, MB an hour"]
        tables.append(told + table(header, rows))
    return "\n\n".join(tables)


def _memory(systems: Mapping[str, Any]) -> str:
    sizes = ("processes", "rss", "pss", "uss")
    rows = [
        [name, role, *(of[size] for size in sizes), system["memory"][role]["uss"]]
        for name, system in systems.items()
        for role, of in system["memory_warm"].items()
        if role in system["memory"]
    ]
    header = ["app", "process", "how many", "RSS, MB", "PSS, MB", "USS, MB", "USS at the end, MB"]
    return "After the first questions; the last column at the end.\n\n" + table(header, rows)


def _log(systems: Mapping[str, Any]) -> str:
    texts = []
    for name, system in systems.items():
        log = system["log"]
        if "verified" not in system:
            texts.append(
                f"{name}: {log['asked']:,} questions; {log['posted_twice']} answered twice, "
                f"{log['not_posted']} not at all, {log['failed']} commands failed. What it has of "
                "them cannot be verified."
            )
            continue
        counted = {
            "asked": log["asked"],
            "in the log": log["questions"],
            "failed": log["failed"],
            "missing": log["missing"],
            "twice": log["twice"],
            "unanswered": log["unanswered"],
            "undelivered": log["undelivered"],
            "delivered twice": max(log["delivered_twice"], log["posted_twice"]),
        }
        size = system.get("log_bytes")
        each = f" {size / max(1, log['questions']):,.0f} bytes a question." if size else ""
        verified = system["verified"]
        texts.append(
            f"{name}: `codedesk log verify` says {verified['result']} "
            f"(exit code {verified['exit_code']}, {verified['seconds']} s).{each}\n\n"
            + table(list(counted), [list(counted.values())])
        )
    return "\n\n".join(texts)


def _all_phases(systems: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Part by part, and in each the systems."""
    names = dict.fromkeys(phase["name"] for s in systems.values() for phase in s["phases"])
    return [
        (name, phase)
        for part in names
        for name, system in systems.items()
        for phase in system["phases"]
        if phase["name"] == part
    ]


def _has(systems: Mapping[str, Any], part: str) -> bool:
    return any(phase["name"] == part for _, phase in _all_phases(systems))


def _three(times: Sequence[float | None] | None) -> str:
    return " / ".join(shown(one) for one in times) if times else "-"
