"""`codedesk code`."""

from __future__ import annotations

import datetime as dt
from typing import Any, BinaryIO

import click

from bot.cli.conversation import Conversation
from bot.cli.shared import BATCH, DATE, DATE_FORMS, chunks, lines_of, progress
from bot.settings import Settings


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--date", type=DATE, help=f"Date of service: {DATE_FORMS}")
@click.option("-n", "limit", type=click.IntRange(1, 50), default=10, help="At most N candidates.")
@click.pass_obj
def code(settings: Settings, file: BinaryIO, date: dt.date | None, limit: int) -> None:
    """Code a file of statements, one a line, each with its report.

    One JSON object a line is printed. FILE may be - for standard input. Blank lines and those
    that fail have an answer, too, which says so. A line that is not UTF-8 is read as Windows-1252.
    How far it is goes to standard error.
    Exit code: 0 when every line has an answer, 2 when the request was wrong.
    """
    lines = list(lines_of(file))
    done = 0
    options: dict[str, Any] = {"day": date, "limit": limit}
    with Conversation(settings) as conversation:
        for some in chunks(lines, BATCH):
            conversation.ask(
                some,
                show=lambda a: click.echo(a.as_json()),
                **options,
            )
            done += len(some)
            progress(f"{done} of {len(lines)} statements")
