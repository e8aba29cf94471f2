"""`codedesk log search`, `replay` and `export`: what auditors do with the log.

Each use is put on record before anything is shown. The words of a search are a text of that record,
beside the chain, so that they can be redacted.
"""

from __future__ import annotations

import functools
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from bot.audit import export
from bot.audit.replay import Replay, replay
from bot.cli.log import UTC, log, one_question, print_found
from bot.cli.log_receipts import receipts_of
from bot.cli.shared import (
    DATE,
    JSON,
    JSON_LINES,
    argument_text,
    echo_json,
    echo_text,
    progress,
)
from bot.cli.words import WordsCommand
from bot.desk.desk import Desk
from bot.messages import message
from bot.querylog import QueryLog, Record
from bot.querylog.checkpoints import CheckpointError
from bot.querylog.hash_chain import canonical
from bot.querylog.opening import opened, verified
from bot.querylog.records import summary
from bot.querylog.search import (
    CONFIDENCES,
    FEEDBACK,
    OUTCOMES,
    Filters,
    each,
    page,
    widened,
)  # fmt: skip
from bot.querylog.verify import EXIT_CODES, Verification
from bot.settings import Settings
from bot.system_user import name_said
from bot.views import log_list
from codesets.model import SYSTEM_NAMES

_FILE = click.Path(dir_okay=False, path_type=Path)
DAYS = (
    click.option(
        "--from",
        "first_day",
        type=DATE,
        help="Asked on this day (UTC) or later: 3/5/2026, 2026-03-05, yesterday.",
    ),
    click.option(
        "--to",
        "last_day",
        type=DATE,
        help="Asked on this day (UTC) or earlier.",
    ),
)
TEAM = click.option(
    "--team",
    "teams",
    multiple=True,
    metavar="ID",
    help="Asked in this workspace (T…), or in any of this organisation (E…). May be repeated.",
)
_FILTERS = (
    click.option("--text", metavar="WORDS", help='Words that were all typed; "…" for a phrase.'),
    click.option("--person", metavar="ID", help="Asked by."),
    click.option("--channel", metavar="ID", help="Asked in."),
    click.option("--code", metavar="CODE", help="A code begins so, in the answer or feedback."),
    *DAYS,
    click.option("--outcome", type=click.Choice(OUTCOMES), help="How it ended."),
    click.option("--confidence", type=click.Choice(CONFIDENCES), help="Of the first code."),
    click.option("--feedback", type=click.Choice(FEEDBACK), help="The feedback on the answer."),
    click.option("--system", type=click.Choice(sorted(SYSTEM_NAMES)), help="System of a code."),
    TEAM,
)  # fmt: skip
FORCE: Callable[..., Any] = click.option(
    "--force", is_flag=True, help="Overwrite an existing file."
)


def with_options(options: tuple[Any, ...]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command these options. Those of a search come as one argument, `filters`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def called(*arguments: Any, **named: Any) -> None:
            first, last = (named.pop(name) for name in ("first_day", "last_day"))
            if first and last and first > last:
                raise click.UsageError(
                    f"--from {first} is after --to {last}: no day is in between."
                )
            if options is _FILTERS:
                rest = {n: named.pop(n) for n in Filters.__slots__ if n in named}
                rest["teams"] = rest["teams"] or None
                named["filters"] = Filters(first_day=first, last_day=last, **rest)
            else:
                named |= {"first_day": first, "last_day": last}
            command(*arguments, **named)

        for option in reversed(options):
            called = option(called)
        return called

    return decorate


# Searching


@log.command("search", cls=WordsCommand)
@click.argument("words", nargs=-1)
@with_options(_FILTERS)
@click.option("-n", "limit", type=click.IntRange(1), default=20, help="The newest N. Default: 20.")
@JSON_LINES
@UTC
@click.pass_obj
def log_search(
    settings: Settings,
    words: tuple[str, ...],
    filters: Filters,
    limit: int,
    as_json: bool,
    utc: bool,
) -> None:
    """Find questions, newest first, by the WORDS that were typed and by the options.

    WORDS are searched in questions, notes on answers, corrections and details of deliveries, in any
    order, whatever their case and accents. The search goes on record.
    """
    text = argument_text(" ".join([*words, filters.text or ""]).strip())
    filters = replace(filters, text=text or None)
    with opened(settings) as query_log:
        query_log.access("search", name_said(), filters.description(query_log.scrubbed))
        count, found = page(query_log, filters, 0, limit)
        wider = {} if count or as_json else widened(query_log, filters)
    if found or as_json:
        print_found(found, count, as_json, utc, "log_page.found")
    else:
        progress(log_list.nothing(filters.given(), wider))


# Asking again


@log.command("replay")
@click.argument("question_id", metavar="ID")
@click.option("--today", is_flag=True, help="Ask on what is in use now, not on what was then.")
@JSON
@click.pass_obj
def log_replay(settings: Settings, question_id: str, today: bool, as_json: bool) -> None:
    """Ask a question of the log again, and show whether the answer is the same.

    It is asked on the index bundle that answered it, if that is still there, or with --today on the
    one in use. Anything else that changed since (editions, Code Desk itself) is listed.

    Exit code: 0 the same answer, 1 another answer, or it cannot be asked again as it was, 2 the
    request was wrong.
    """
    with opened(settings) as query_log:
        record = one_question(query_log, question_id)
        detail = "on today's bundle" if today else "on the same bundle"
        before = query_log.get(record.after) if record.after else None
        query_log.access("replay", name_said(), detail, record.id)
        desk = Desk(settings, build=None if today else record.index_build)
        try:
            replayed = replay(record, desk, before=before, today=today)
        finally:
            desk.close()
    if as_json:
        echo_json(replayed.as_dict())
    else:
        echo_text("\n".join(_replayed(record, replayed)))
    sys.exit(0 if replayed.status == "same" else 1)


def _replayed(record: Record, replayed: Replay) -> list[str]:
    editions = ", ".join(sorted(record.releases)) or "-"
    asked_at, build = record.asked_at, replayed.bundle
    lines = [
        message("replay.title", question=replayed.id, asked_at=asked_at, editions=editions),
        message("replay.bundle", bundle=build) if build else message("replay.no_bundle"),
        "",
    ]
    if replayed.impossible:
        lines += [message("replay.impossible", why=replayed.impossible)]
        lines += [] if replayed.today else [message("replay.try_today", question=replayed.id)]
    else:
        lines += [message(f"replay.{replayed.status}")]
    for kind in dict.fromkeys(one.kind for one in replayed.differences):
        lines += ["", message(f"replay_kinds.{kind}")]
        some = [one for one in replayed.differences if one.kind == kind]
        lines += [f"  {one.change:<7}  {one.name:<16}  {one.how}" for one in some]
    if replayed.conditions:
        lines += ["", message("replay.conditions")]
        for one in replayed.conditions:
            then, now = _short(one.then), _short(one.now)
            lines.append(message("replay.condition", what=one.name, then=then, now=now))
    elif record.made_with and not replayed.impossible:
        lines += ["", message("replay.as_before")]
    return lines + [f"\n{note}" for note in replayed.notes]


def _short(value: Any) -> str:
    """The value as text; of a hash only the beginning."""
    text = "none" if value is None else str(value)
    return text[:19] + "…" if text.startswith("sha256:") else text


# Taking away


@log.command("export")
@with_options(_FILTERS)
@click.option("--format", "kind", type=click.Choice(get_args(export.Format)), default="csv")
@click.option("--output", type=_FILE, metavar="FILE", help="Default: standard output.")
@FORCE
@click.pass_obj
def log_export(
    settings: Settings, filters: Filters, kind: export.Format, output: Path | None, force: bool
) -> None:
    """Export questions with their answers, deliveries and feedback, oldest first.

    CSV is a table for spreadsheets, in which no cell is a formula; JSON Lines have everything. The
    log is verified, too: the result goes into FILE.verification.json with the SHA-256 of FILE, or
    to standard error. That hash goes on record. FILE.receipts.jsonl has a receipt for each question
    that the newest checkpoint covers (see `codedesk log check-receipt`), where there is one. Only
    their owner can read the files.

    Exit code: 0, 2 the request was wrong, 3 the log was altered or damaged (it is exported all the
    same).
    """
    auditor = name_said()
    beside = output.with_name(output.name + ".verification.json") if output else None
    proven = output.with_name(output.name + ".receipts.jsonl") if output else None
    ids: list[str] = []
    with (
        opened(settings) as query_log,
        export.private_file(output, force=force) as file,
        export.private_file(beside, force=force) as verification_file,
    ):
        records = _noting(each(query_log, filters), ids)
        written = export.write(records, kind, _all_of, file)
        receipts = _receipts(settings, query_log, ids, proven, force) if proven else 0
        # After the export, so that the verification covers all that was read.
        verification = verified(settings)
        exported = {
            "file": output.name if output else None,
            "format": kind,
            "filters": filters.description(query_log.scrubbed),
            "questions": written.count,
            "sha256": written.sha256,
            "receipts": receipts,
            "at": query_log.now().isoformat(timespec="seconds"),
            "by": auditor,
        }
        query_log.access("export", auditor, json.dumps(exported, ensure_ascii=False))
        proof = {"export": exported, "verification": verification.as_dict()}
        verification_file.write(json.dumps(proof, indent=1).encode() + b"\n")
        if output is None:
            file.seek(0)
            shutil.copyfileobj(file, sys.stdout.buffer)
    tell(verification)
    if output:
        click.echo(
            f"{written.count:,} questions are in {output}, sha256 {written.sha256}. "
            + (f"{receipts:,} have a receipt in {proven}." if receipts else ""),
            err=True,
        )
    sys.exit(exit_code(verification))


def _noting(records: Iterable[Record], ids: list[str]) -> Iterator[Record]:
    for record in records:
        ids.append(record.id)
        yield record


def _receipts(
    settings: Settings, query_log: QueryLog, ids: list[str], path: Path, force: bool
) -> int:
    """Write the receipts of the questions that a checkpoint covers, and return how many they are.
    An export needs none, so what stands in the way is only told."""
    try:
        receipts = receipts_of(settings, query_log)
    except CheckpointError as error:
        click.echo(f"There are no receipts. {error}", err=True)
        return 0
    count = 0
    with export.private_file(path, force=force) as file:
        for receipt in receipts.each(ids):
            file.write(canonical(receipt).encode() + b"\n")
            count += 1
    return count


def _all_of(record: Record) -> dict[str, Any]:
    return summary(record) | {"seq": record.seq, "answer": record.answer}


def tell(verification: Verification) -> None:
    echo_text("\n".join(verification.sentences()), err=True)


def exit_code(verification: Verification) -> int:
    return EXIT_CODES["tampered"] if verification.result == "tampered" else 0
