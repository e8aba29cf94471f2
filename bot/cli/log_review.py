"""`codedesk log search`, `replay`, `export` and `report`: what auditors do with the log.

Each is on record before anything is shown; what was searched for is a text of that record, beside
the chain, and can be redacted.
"""

from __future__ import annotations

import datetime as dt
import functools
import getpass
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from bot.audit import export
from bot.audit.replay import Replay, replay
from bot.cli.log import line, log, one_question
from bot.desk.desk import Desk
from bot.messages import message
from bot.querylog import Record
from bot.querylog.opening import opened, verified
from bot.querylog.records import summary
from bot.querylog.search import CONFIDENCES, FEEDBACK, OUTCOMES, Filters, each, search
from bot.querylog.verify import EXIT_CODES, Verification
from bot.settings import Settings
from codesets.model import SYSTEM_NAMES

_DATE = click.DateTime(formats=["%Y-%m-%d"])
_FILE = click.Path(dir_okay=False, path_type=Path)
_DAYS = (
    click.option(
        "--from",
        "first_day",
        type=_DATE,
        metavar="YYYY-MM-DD",
        help="Asked on this day (UTC) or later.",
    ),
    click.option(
        "--to",
        "last_day",
        type=_DATE,
        metavar="YYYY-MM-DD",
        help="Asked on this day (UTC) or earlier.",
    ),
)
_FILTERS = (
    click.option("--text", metavar="WORDS", help='All were typed; "…" keeps some together.'),
    click.option("--person", metavar="ID", help="Asked by."),
    click.option("--channel", metavar="ID", help="Asked in."),
    click.option("--code", metavar="CODE", help="An answer or feedback has a code that begins so."),
    *_DAYS,
    click.option("--outcome", type=click.Choice(OUTCOMES), help="What came of it."),
    click.option("--confidence", type=click.Choice(CONFIDENCES), help="Of the first code."),
    click.option("--feedback", type=click.Choice(FEEDBACK), help="What was said of the answer."),
    click.option("--system", type=click.Choice(sorted(SYSTEM_NAMES)), help="A code is of it."),
)  # fmt: skip
_FORCE: Callable[..., Any] = click.option(
    "--force", is_flag=True, help="Replace a file that is there."
)


def _with(options: tuple[Any, ...]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command these options; those of a search as one argument, `filters`."""

    def given(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def called(*arguments: Any, **named: Any) -> None:
            first, last = (_day(named.pop(name)) for name in ("first_day", "last_day"))
            if first and last and first > last:
                raise click.UsageError(
                    f"--from {first} is after --to {last}: no day is in between."
                )
            if options is _FILTERS:
                rest = {n: named.pop(n) for n in Filters.__slots__ if n in named}
                named["filters"] = Filters(first_day=first, last_day=last, **rest)
            else:
                named |= {"first_day": first, "last_day": last}
            command(*arguments, **named)

        for option in reversed(options):
            called = option(called)
        return called

    return given


def _day(value: dt.datetime | None) -> dt.date | None:
    return value.date() if value else None


# Searching


@log.command("search")
@click.argument("words", nargs=-1)
@_with(_FILTERS)
@click.option("-n", "limit", type=click.IntRange(1), default=20, help="The newest N. Default: 20.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def log_search(
    settings: Settings, words: tuple[str, ...], filters: Filters, limit: int, as_json: bool
) -> None:
    """Find questions, newest first, by the WORDS that were typed and by all else that is given.

    Words are looked for in questions, notes on answers, corrections and details of deliveries, in
    any order, whatever their case and accents.
    """
    text = " ".join([*words, filters.text or ""]).strip()
    filters = replace(filters, text=text or None)
    with opened(settings) as found:
        found.access("search", getpass.getuser(), filters.told(found.scrubbed))
        for record in search(found, filters, limit):
            click.echo(json.dumps(summary(record), ensure_ascii=False) if as_json else line(record))


# Asking again


@log.command("replay")
@click.argument("identity", metavar="ID")
@click.option("--today", is_flag=True, help="On what is in use now, in place of what was then.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def log_replay(settings: Settings, identity: str, today: bool, as_json: bool) -> None:
    """Ask a question of the log again, and say whether the answer is the same.

    It is asked of the index bundle that answered it, if that is still there, or with --today of the
    one in use. Either way, what else is not as it was (editions, Code Desk itself) is said.

    Exit code: 0 the same answer, 1 another one, or it cannot be asked again as it was, 2 the
    request was wrong.
    """
    with opened(settings) as found:
        record = one_question(found, identity)
        detail = "on today's bundle" if today else "on the same bundle"
        found.access("replay", getpass.getuser(), detail, record.id)
        desk = Desk(settings, build=None if today else record.index_build)
        try:
            done = replay(record, desk, today=today)
        finally:
            desk.close()
    if as_json:
        click.echo(json.dumps(done.as_dict(), ensure_ascii=False))
    else:
        click.echo("\n".join(_replayed(record, done)))
    sys.exit(0 if done.status == "same" else 1)


def _replayed(record: Record, done: Replay) -> list[str]:
    editions = ", ".join(sorted(record.releases)) or "-"
    told = message("replay.title", question=done.id, asked_at=record.asked_at, editions=editions)
    build = done.bundle
    lines = [
        told,
        message("replay.bundle", bundle=build) if build else message("replay.no_bundle"),
        "",
    ]
    if done.impossible:
        lines += [message("replay.impossible", why=done.impossible)]
        lines += [] if done.today else [message("replay.try_today", question=done.id)]
    else:
        lines += [message(f"replay.{done.status}")]
    for kind in dict.fromkeys(one.kind for one in done.differences):
        lines += ["", message(f"replay_kinds.{kind}")]
        some = [one for one in done.differences if one.kind == kind]
        lines += [f"  {one.change:<7}  {one.name:<16}  {one.how}" for one in some]
    if done.conditions:
        lines += ["", message("replay.conditions")]
        for one in done.conditions:
            then, now = _short(one.then), _short(one.now)
            lines.append(message("replay.condition", what=one.name, then=then, now=now))
    elif record.made_with and not done.impossible:
        lines += ["", message("replay.as_before")]
    return lines + [f"\n{note}" for note in done.notes]


def _short(value: Any) -> str:
    """Enough of a hash to tell it from another."""
    text = "none" if value is None else str(value)
    return text[:19] + "…" if text.startswith("sha256:") else text


# Taking away


@log.command("export")
@_with(_FILTERS)
@click.option("--format", "kind", type=click.Choice(get_args(export.Format)), default="csv")
@click.option("--output", type=_FILE, metavar="FILE", help="Default: standard output.")
@_FORCE
@click.pass_obj
def log_export(
    settings: Settings, filters: Filters, kind: export.Format, output: Path | None, force: bool
) -> None:
    """Export questions with all that became of them, oldest first, and what verifying the log says.

    CSV is a table for spreadsheets, in which no cell is a formula; JSON Lines have everything. The
    verification goes into FILE.verification.json with the SHA-256 of FILE, or to standard error;
    that hash is on record, too. Both files are readable by their owner only.

    Exit code: 0, 2 the request was wrong, 3 the log was altered or damaged (it is exported all the
    same).
    """
    who = getpass.getuser()
    beside = output.with_name(output.name + ".verification.json") if output else None
    with (
        opened(settings) as found,
        export.private_file(output, force=force) as file,
        export.private_file(beside, force=force) as beside_it,
    ):
        written = export.write(each(found, filters), kind, _all_of, file)
        # After reading, so that it speaks of everything that was read.
        verification = verified(settings)
        exported = {
            "file": output.name if output else None,
            "format": kind,
            "filters": filters.told(found.scrubbed),
            "questions": written.count,
            "sha256": written.sha256,
            "at": found.now().isoformat(timespec="seconds"),
            "by": who,
        }
        found.access("export", who, json.dumps(exported, ensure_ascii=False))
        told = json.dumps({"export": exported, "verification": verification.as_dict()}, indent=1)
        beside_it.write(told.encode() + b"\n")
        if output is None:
            file.seek(0)
            shutil.copyfileobj(file, sys.stdout.buffer)
    _tell(verification)
    if output:
        click.echo(
            f"{written.count:,} questions are in {output}, sha256 {written.sha256}.", err=True
        )
    sys.exit(_altered(verification))


def _all_of(record: Record) -> dict[str, Any]:
    return summary(record) | {"seq": record.seq, "answer": record.answer}


def _tell(verification: Verification) -> None:
    click.echo("\n".join(verification.sentences()), err=True)


def _altered(verification: Verification) -> int:
    return EXIT_CODES["tampered"] if verification.result == "tampered" else 0


@log.command("report")
@_with(_DAYS)
@click.option("--output", type=_FILE, metavar="FILE.html", help="A page with charts.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
@_FORCE
@click.pass_obj
def log_report(
    settings: Settings,
    first_day: dt.date | None,
    last_day: dt.date | None,
    output: Path | None,
    as_json: bool,
    force: bool,
) -> None:
    """How much was asked, by whom, and where answers fell short; with what verifying the log says.

    FILE.html needs nothing else and opens offline. With neither --output nor --json it is the
    totals.

    Exit code: 0, 2 the request was wrong, 3 the log was altered or damaged.
    """
    from bot.audit import report  # templates and charts are for this alone

    who = getpass.getuser()
    with opened(settings) as found:
        found.access("report", who, f"from {first_day or 'the start'} to {last_day or 'now'}")
        figures = report.figures(found, first_day, last_day)
    verification = verified(settings)
    if output:
        with export.private_file(output, force=force) as file:
            page = report.page(figures, verification.sentences(), verification.result)
            file.write(page.encode())
    if as_json:
        told = figures | {"verification": verification.as_dict()}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for name, value in figures["totals"].items():
            click.echo(f"{name.replace('_', ' '):<18} {'-' if value is None else value}")
        _tell(verification)
    sys.exit(_altered(verification))
