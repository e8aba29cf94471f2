"""`codedesk help` and `codedesk version`."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

import click
from click.shell_completion import CompletionItem

from bot.cli.shared import JSON, echo_json, echo_text
from bot.messages import message
from bot.settings import Settings
from codesets.model import SYSTEM_NAMES
from codesets.store.code_store import CodeStore
from index.bundle import current


class _Name(click.ParamType):
    """The name of a command, which a shell completes; each word goes on from those before it."""

    name = "command"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        group = ctx.find_root().command
        for name in ctx.params.get("names") or ():
            group = group.commands.get(name, group) if isinstance(group, click.Group) else group
        names = group.commands if isinstance(group, click.Group) else {}
        return [
            CompletionItem(name, help=command.get_short_help_str())
            for name, command in sorted(names.items())
            if name.startswith(incomplete)
        ]


@click.command("help")
@click.argument("names", nargs=-1, type=_Name(), metavar="[COMMAND]...")
@click.pass_context
def help_command(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Show what a command does: codedesk help log search. Without COMMAND, list all commands."""
    shown = ctx.find_root()
    for name in names:
        group = shown.command
        if not isinstance(group, click.Group):
            raise click.UsageError(
                message("command_line.no_commands", command=shown.command_path), shown
            )
        _, command, _ = group.resolve_command(shown, [name])
        assert command is not None  # an unknown one raises UsageError
        shown = click.Context(command, info_name=name, parent=shown)
    click.echo(shown.get_help())


@click.command()
@JSON
@click.pass_obj
def version(settings: Settings, as_json: bool) -> None:
    """Which Code Desk, which editions and which index are in use."""
    own, python = metadata.version("codedesk"), platform.python_version()
    if not as_json:
        # First, as a database that cannot be read ends the command.
        echo_text(message("command_line.version", own=own, python=python, home=settings.home))
    editions = _editions(settings)
    build = current(settings.index)
    index = build.name if build is not None else None
    if as_json:
        told: dict[str, Any] = {"version": own, "python": python, "home": settings.home}
        echo_json(told | {"editions": editions, "index": index})
        return
    for system, labels in editions.items():
        named = ", ".join(labels)
        echo_text(message("command_line.editions", system=SYSTEM_NAMES[system], editions=named))
    if not editions:
        echo_text(message("desk.nothing_loaded"))
    key = "command_line.index" if index else "command_line.no_index"
    echo_text(message(key, index=index))


def _editions(settings: Settings) -> dict[Any, list[str]]:
    """System -> the labels of its editions that are loaded."""
    editions: dict[Any, list[str]] = {}
    if settings.codes_db.exists():
        store = CodeStore(settings.codes_db)
        try:
            for release in store.releases():
                editions.setdefault(release.system, []).append(release.label)
        finally:
            store.close()
    return editions
