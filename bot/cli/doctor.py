"""`codedesk doctor`: is everything as it should be, and what to do where it is not."""

from __future__ import annotations

import sys

import click

from bot.cli.shared import JSON, echo_json, screen
from bot.settings import Settings


@click.command()
@JSON
@click.option("--brief", is_flag=True, help="Only what is not well.")
@click.option("--offline", is_flag=True, help="Ask nobody over the network.")
def doctor(as_json: bool, brief: bool, offline: bool) -> None:
    """Check that everything is as it should be.

    Settings, data, index, editions, log, keys, clock and whom Code Desk talks to are checked. This
    changes nothing, and prints no secret and no text of a question. Exit code: 0 all is well, 1
    something to look at, 2 something does not work.
    """
    from bot.operations.doctor import examine
    from bot.operations.findings import Asked
    from bot.views import examination

    settings, faults = Settings.read()
    found = examine(Asked(settings, tuple(faults), online=not offline))
    if as_json:
        echo_json(examination.as_dict(found))
    else:
        width = screen().width
        click.echo(examination.as_text(found, everything=not brief, width=width))
    sys.exit(found.exit_code)
