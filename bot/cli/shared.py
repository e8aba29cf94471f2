"""What several commands share."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from bot.desk.service_dates import NoSuchDay, whole_date
from bot.messages import message
from bot.views.screen import Screen
from codesets.model import SYSTEM_NAMES


class _Date(click.ParamType):
    """A date as people write it, and as questions say it (bot/desk/service_dates.py)."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.date:
        if isinstance(value, dt.date):
            return value
        try:
            return whole_date(value)
        except NoSuchDay:
            self.fail(message("command_line.no_such_day", typed=value), param, ctx)
        except ValueError:
            self.fail(message("command_line.no_date", typed=value), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(n) for n in ("today", "yesterday") if n.startswith(incomplete)]


DATE = _Date()
#: The help of an option that takes a date of service.
DATE_FORMS = "3/5/2026, 2026-03-05, 'Mar 5 2026' or yesterday. Default: today."
SYSTEM = click.Choice(sorted(SYSTEM_NAMES))
#: Questions of a batch that are answered, and logged, together.
BATCH = 64

#: For a command that prints facts about one thing, and for one that prints a list.
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
JSON_LINES = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")

T = TypeVar("T")


class Sentence(click.ClickException):
    """Ends a command with one sentence on stderr and exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        say(f"codedesk: {self.message}", err=True)


def say(text: str, *, err: bool = False) -> None:
    """Print sentences. On a terminal they are broken between words, below their indent; a file has
    each line whole."""
    stream = sys.stderr if err else sys.stdout
    if stream.isatty():
        width = Screen.of(stream)
        text = "\n".join(
            width.hanging(line.lstrip(), line[: len(line) - len(line.lstrip())]).plain
            for line in text.split("\n")
        )
    click.echo(text, err=err)


def progress(line: str) -> None:
    """Print on stderr: standard output is for answers."""
    say(line, err=True)


def screen() -> Screen:
    """The screen of standard output, as `--no-color` and the terminal have it."""
    context = click.get_current_context(silent=True)
    plain = bool(context and context.find_root().params.get("no_color"))
    return Screen.of(sys.stdout, plain=plain)


def echo_json(*values: Any) -> None:
    """Print each value as JSON on a line of its own. Dates and paths are printed as text."""
    for value in values:
        click.echo(json.dumps(value, ensure_ascii=False, default=str))


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


def lines_of(file: Iterable[bytes]) -> Iterator[str]:
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
