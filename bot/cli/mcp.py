"""`codedesk mcp`: answering assistants with tools."""

from __future__ import annotations

import click

from bot.cli.shared import progress
from bot.messages import message
from bot.settings import Settings, SettingsError


@click.command()
@click.option(
    "--http",
    "address",
    metavar="HOST:PORT",
    help="Serve over HTTP, at /mcp. Each client then needs a token: see `codedesk clients`.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name by which clients reach it over HTTP, where HOST is not the only one.",
)
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    default=0,
    help="Over HTTP: how many processes search; 0: this one searches.",
)
@click.pass_obj
def mcp(settings: Settings, address: str | None, hosts: tuple[str, ...], workers: int) -> None:
    """Serve the desk as tools of an assistant (MCP).

    It serves on standard input and output, or over HTTP. docs/MCP.md says how an assistant is
    connected. Run `codedesk setup` once before.
    """
    if address is None and (hosts or workers):
        raise click.UsageError("--allow-host and --workers are for --http.")
    from bot.operations import logs

    try:
        from bot.mcp import http, stdio
    except ModuleNotFoundError as error:
        raise SettingsError(message("mcp.no_extra")) from error
    logs.set_up(settings)
    if address is None:
        stdio.serve(settings, progress)
    else:
        http.serve(settings, address, hosts, workers, progress)
