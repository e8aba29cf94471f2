"""What is typed after a command, or comes on standard input: the words of a question, or codes."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence

import click

from bot.cli.shared import argument_text, expect_text, lines_of
from bot.messages import message

#: Of standard input, in bytes. A question has some thousand; what is larger is another file.
_MOST_BYTES = 1_000_000
#: Each code is compared with all others: so many take some twenty seconds.
_MOST_CODES = 2_000
#: Between codes, as people list them.
_BETWEEN_CODES = re.compile(r"[\s,;]+")


class WordsCommand(click.Command):
    """A command that takes words: where one is taken for an option, it says what to type."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        typed = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.possibilities:
                raise
            first = next(n for n, one in enumerate(typed) if one.startswith(error.option_name))
            hint = message(
                "command_line.dash", command=ctx.command_path, typed=" ".join(typed[first:])
            )
            raise click.UsageError(f"{error.format_message()} {hint}", ctx) from error


def words_typed(words: Sequence[str], otherwise: str) -> str:
    """The words with blanks between, or what standard input has where there are none, or "-" alone.
    Raises UsageError: with the message `otherwise` where there is nothing, or a terminal waits; and
    where there is too much."""
    if words and tuple(words) != ("-",):
        return argument_text(" ".join(words))
    if not words and sys.stdin.isatty():
        raise click.UsageError(message(otherwise))
    data = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise click.UsageError(message("command_line.too_large", most=f"{_MOST_BYTES:,}"))
    expect_text(data)
    text = "\n".join(lines_of(io.BytesIO(data))).strip() if data else ""
    if not text:
        raise click.UsageError(message(otherwise))
    return text


def codes_typed(typed: Sequence[str], otherwise: str) -> list[str]:
    """Codes that stand apart by blanks, commas, semicolons or lines; else as `words_typed`."""
    codes = [code for code in _BETWEEN_CODES.split(words_typed(typed, otherwise)) if code]
    if not codes:
        raise click.UsageError(message(otherwise))
    if len(codes) > _MOST_CODES:
        told = {"count": f"{len(codes):,}", "most": f"{_MOST_CODES:,}"}
        raise click.UsageError(message("command_line.too_many_codes", **told))
    return codes
