"""A group of commands whose help lists them under headings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

#: Over the commands that are under no heading.
_OTHERS = "Others"


class Headed(click.Group):
    """`headings`: each with the names of its commands, in their order."""

    def __init__(self, *args: Any, headings: Mapping[str, Sequence[str]], **named: Any) -> None:
        super().__init__(*args, **named)
        self._headings = headings

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        listed = {name for names in self._headings.values() for name in names}
        others = [name for name in self.list_commands(ctx) if name not in listed]
        widest = max(map(len, self.commands))
        room = 2 * (formatter.width - widest - 6)  # two lines
        for heading, names in {**self._headings, _OTHERS: others}.items():
            rows = [
                (name.ljust(widest), self.commands[name].get_short_help_str(room)) for name in names
            ]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)
