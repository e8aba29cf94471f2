"""What several commands share."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, TypeVar

import click

from bot.views.screen import Screen
from codesets.model import SYSTEM_NAMES

DATE = click.DateTime(formats=["%Y-%m-%d"])
SYSTEM = click.Choice(sorted(SYSTEM_NAMES))
#: Questions of a batch that are answered, and logged, together.
BATCH = 64

T = TypeVar("T")


class Sentence(click.ClickException):
    """Ends a command with one sentence on stderr and exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"codedesk: {self.message}", err=True)


def progress(line: str) -> None:
    """Print on stderr: standard output is for answers."""
    click.echo(line, err=True)


def screen() -> Screen:
    """The screen of standard output, as `--no-color` and the terminal have it."""
    context = click.get_current_context(silent=True)
    plain = bool(context and context.find_root().params.get("no_color"))
    return Screen.of(sys.stdout, plain=plain)


def as_day(value: dt.datetime | None) -> dt.date | None:
    return value.date() if value else None


def lines_of(file: BinaryIO) -> Iterator[str]:
    """The lines of a file of questions. Bytes that are not UTF-8 are replaced (U+FFFD). Only a
    newline ends a line; a carriage return alone does not."""
    for number, line in enumerate(file):
        # Windows puts a byte order mark before the first line.
        encoding = "utf-8" if number else "utf-8-sig"
        yield line.rstrip(b"\r\n").decode(encoding, errors="replace")


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    items = iter(items)
    while chunk := list(itertools.islice(items, size)):
        yield chunk
