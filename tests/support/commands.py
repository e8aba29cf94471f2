"""The commands of `codedesk`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from bot.cli.main import main


def every(
    group: click.Group = main, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Each command that does something, with its name after `codedesk`."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every(command, (*path, name))
        else:
            yield " ".join([*path, name]), command
