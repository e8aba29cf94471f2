"""`codedesk clients …`: the programs that may ask, and their tokens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from bot.api.clients import SCOPES, Client, Scope
from bot.cli.log import who
from bot.cli.shared import JSON_LINES, echo_json, progress
from bot.messages import message
from bot.querylog.opening import open_log
from bot.settings import Settings
from bot.system_user import system_user

if TYPE_CHECKING:
    from bot.api.tokens import Tokens


@click.group()
def clients() -> None:
    """Programs that may ask over HTTP, and their tokens."""


@contextmanager
def _on_record(settings: Settings) -> Any:
    """A function that says how a change goes on record, before it is made. Raises
    LogUnavailable."""
    log = open_log(settings, system_user=system_user())

    def record(what: str) -> Callable[[Client], object]:
        return lambda client: log.access("client", who(None), f"{what} {_described(client)}")

    try:
        yield record
    finally:
        log.close()


@clients.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    required=True,
    help="What it may do: ask (questions and reports), check (verdicts on codes), terminology "
    "(FHIR). May be repeated.",
)
@click.option(
    "--per-minute",
    type=click.IntRange(0),
    default=600,
    show_default=True,
    help="The most calls a minute; 0 for no limit.",
)
@click.pass_obj
def clients_add(settings: Settings, name: str, scopes: tuple[Scope, ...], per_minute: int) -> None:
    """Let a program ask, and print its token, once.

    Only a hash of the token is stored, in clients.toml or the file that CODEDESK_CLIENTS_FILE
    names. A server that is running takes the change up at once; it goes on record.
    """
    with _on_record(settings) as record:
        token = _tokens(settings).add(name, scopes, per_minute, record("add"))
    progress(message("clients.added", name=name))
    click.echo(token)


@clients.command("list")
@JSON_LINES
@click.pass_obj
def clients_list(settings: Settings, as_json: bool) -> None:
    """List the programs that may ask. Their tokens are not kept, so not shown."""
    known = _tokens(settings).all()
    if not known and not as_json:
        progress(message("clients.none"))
    for client in known:
        shown = {
            "name": client.name,
            "scopes": _scopes(client),
            "per_minute": client.per_minute,
        }
        if as_json:
            echo_json(shown)
        else:
            click.echo(_described(client))


@clients.command("remove")
@click.argument("name")
@click.pass_obj
def clients_remove(settings: Settings, name: str) -> None:
    """Let a program ask no more. Its token is refused from now on; this goes on record."""
    with _on_record(settings) as record:
        _tokens(settings).remove(name, record("remove"))
    progress(message("clients.removed", name=name))


@clients.command("rotate")
@click.argument("name")
@click.pass_obj
def clients_rotate(settings: Settings, name: str) -> None:
    """Give a program a new token, and print it, once. The old one is refused from now on; this goes
    on record."""
    with _on_record(settings) as record:
        token = _tokens(settings).rotate(name, record("rotate"))
    progress(message("clients.rotated", name=name))
    click.echo(token)


def _tokens(settings: Settings) -> Tokens:
    from bot.api.tokens import Tokens  # Not loaded to answer a question.

    return Tokens(settings.clients)


def _scopes(client: Client) -> list[Scope]:
    return [scope for scope in SCOPES if scope in client.scopes]


def _described(client: Client) -> str:
    most = message("clients.limit", most=client.per_minute) if client.per_minute else ""
    return f"{client.name}: {', '.join(_scopes(client))}{most}"
