"""What several commands share."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, TypeVar

import click

from bot.messages import message
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


#: How files begin that are no plain text, and the message for each. Zip: spreadsheets, too.
_NO_TEXT = {
    b"%PDF-": "pdf",
    b"PK\x03\x04": "office",
    b"\xd0\xcf\x11\xe0": "office",
    b"\xff\xfe": "utf16",
    b"\xfe\xff": "utf16",
}


def expect_text(start: bytes, *, utf16: bool = False) -> None:
    """Raises Sentence where a file that begins so is no text in UTF-8. `utf16`: that will do."""
    for mark, kind in _NO_TEXT.items():
        if start.startswith(mark) and not (utf16 and kind == "utf16"):
            raise Sentence(message(f"bad_days.file_{kind}"))


def lines_of(file: BinaryIO) -> Iterator[str]:
    """The lines of a file of questions. Bytes that are not UTF-8 are replaced (U+FFFD). Only a
    newline ends a line; a carriage return alone does not. Raises Sentence for a file that is no
    text."""
    for number, line in enumerate(file):
        if not number:
            expect_text(line)
        # Windows puts a byte order mark before the first line.
        encoding = "utf-8" if number else "utf-8-sig"
        yield line.rstrip(b"\r\n").decode(encoding, errors="replace")


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    items = iter(items)
    while chunk := list(itertools.islice(items, size)):
        yield chunk
