"""What several commands share."""

from __future__ import annotations

import codecs
import datetime as dt
import itertools
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

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
        echo_text(f"codedesk: {self.message}", err=True)


def echo_text(text: str, *, err: bool = False) -> None:
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


class Interrupted(Sentence):
    """Ends a command after Ctrl-C, with the exit code that shells give it."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__(message("bad_days.stopped"))


def progress(line: str) -> None:
    """Print on stderr: standard output is for answers."""
    echo_text(line, err=True)


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
    b"\x1f\x8b": "compressed",
    b"BZh": "compressed",
    b"\xfd7zXZ\0": "compressed",
    b"7z\xbc\xaf": "compressed",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"GIF8": "picture",
    b"II*\0": "picture",
    b"MM\0*": "picture",
    b"SQLite format 3\0": "binary",
}
#: Characters that text does not have; one in ten of random or compressed bytes is such.
_CONTROL = re.compile(rb"[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
#: Bytes of a file that are looked at.
_START = 8192


def expect_text(data: bytes, *, utf16: bool = False) -> None:
    """Raises Sentence where a file that begins so is no text. `utf16`: text in UTF-16 will do."""
    for mark, kind in _NO_TEXT.items():
        if data.startswith(mark):
            if not (utf16 and kind == "utf16"):
                raise Sentence(message(f"bad_days.file_{kind}"))
            return
    start = data[:_START]
    control = len(_CONTROL.findall(start))
    # A single stray NUL is replaced, as in any question.
    if control > 1 and control * 20 > len(start):
        # UTF-16 without its mark: every other byte of English is NUL.
        fewer, more = sorted(start[at::2].count(0) for at in (0, 1))
        wide = more * 4 > len(start) > fewer * 10
        raise Sentence(message(f"bad_days.file_{'utf16' if wide else 'binary'}"))


def expect_text_in(path: Path) -> None:
    """Raises Sentence where a file is no text."""
    with path.open("rb") as file:
        expect_text(file.read(_START))


class Decoder:
    """Text of bytes that people wrote: in UTF-8, or else in Windows-1252, as Windows programs write
    it. It is said once on standard error where the second was meant."""

    def __init__(self) -> None:
        self._is_said = False

    def __call__(self, data: bytes) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            # Five bytes are no character of Windows-1252.
            text = data.decode("cp1252", errors="replace")
        if not self._is_said:
            self._is_said = True
            # Without the words: standard error may be kept, and they may name a patient.
            progress(message("bad_days.windows_1252"))
        return text


def argument_text(text: str) -> str:
    """An argument that is not in the encoding of the system as text; see `Decoder`."""
    if text.isprintable():
        return text
    try:
        return Decoder()(os.fsencode(text))
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass").decode(errors="replace")


def lines_of(file: IO[bytes]) -> Iterator[str]:
    """The lines of a file of questions; see `Decoder` for those that are not UTF-8. Only a newline
    ends a line; a carriage return alone does not. Raises Sentence for a file that is no text."""
    decoded = Decoder()
    # A pipe has no more yet than what was written: it is not waited for.
    start = file.peek(_START) if hasattr(file, "peek") else b""
    number = -1
    for number, line in enumerate(file):
        if not number:
            expect_text(start or line)
            # Windows puts a byte order mark before the first line.
            line = line.removeprefix(codecs.BOM_UTF8)
        yield decoded(line.rstrip(b"\r\n"))
    if number < 0:
        progress(message("bad_days.file_empty"))


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    items = iter(items)
    while chunk := list(itertools.islice(items, size)):
        yield chunk
