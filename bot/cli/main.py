"""The `codedesk` command."""

from __future__ import annotations

import io
import itertools
import os
import sys
from typing import Any

import click

# log_feedback, log_move, log_receipts and log_review add their commands to `log` when they are
# imported.
from bot.cli import (
    about,
    ask,
    backup,
    claim,
    clients,
    code,
    codesets,
    doctor,
    drg,
    evaluate,
    health,
    inbox,
    index,
    log,
    log_feedback,  # noqa: F401
    log_move,  # noqa: F401
    log_receipts,  # noqa: F401
    log_review,  # noqa: F401
    mcp,
    scrub,
    serve,
    slack,
)
from bot.cli.shared import Sentence
from bot.messages import message
from bot.operations import together
from bot.settings import Settings, SettingsError
from codesets.errors import CodeDeskError

#: Commands that begin to serve, for which the settings must fit together.
_SERVING = frozenset({"run", "serve", "mcp"})
#: Commands that work whatever the settings are; the doctor tells of their faults beside all else.
_WITH_FAULTS = frozenset({"doctor", "help", "version"})


class _Commands(click.Group):
    """Lists its commands under headings. Turns errors into one sentence on stderr and exit code
    2."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, self.commands))
        room = formatter.width - widest - 6
        for heading, commands in _COMMANDS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(str(c.name).ljust(widest), c.get_short_help_str(room)) for c in commands]
                )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            if error.possibilities:
                raise
            hint = message("command_line.ask_instead", typed=" ".join(args))
            raise click.UsageError(f"{error.format_message()} {hint}", ctx) from error

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CodeDeskError as error:
            raise Sentence(str(error)) from error
        except BrokenPipeError:
            # The reader of a pipe has closed it (`codedesk ask … | head`).
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt):
            raise
        except Exception as error:
            if os.environ.get("CODEDESK_DEBUG"):
                raise
            raise Sentence(
                f"Something went wrong inside Code Desk ({type(error).__name__}). Nothing stored "
                "is lost. Set CODEDESK_DEBUG=1 and try again to see where."
            ) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="codedesk")
@click.option("--no-color", is_flag=True, help="Without colours and bold; so does NO_COLOR=1.")
@click.pass_context
def main(ctx: click.Context, no_color: bool) -> None:
    """Code Desk finds medical codes, checks them and cites the rules that govern them.

    \b
    codedesk run                                        set up if needed, then serve
    codedesk ask b/l knee OA, failed PT                 find a code
    codedesk code statements.txt                        code each line of a file
    codedesk claim claims.837                           check claims before they go
    codedesk check E11.9 N18.31 --date 3/5/2026         is it valid, is it billable?
    codedesk serve                                      answer programs over HTTP
    codedesk log list                                   who asked what
    codedesk doctor                                     is everything as it should be?

    Data lives in one folder: set CODEDESK_HOME to choose it.
    """
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A character that cannot be shown or decoded is replaced, and ends no command.
            stream.reconfigure(errors="replace")
    ctx.obj, faults = Settings.read()
    if ctx.invoked_subcommand in _SERVING:
        faults += together.faults(ctx.obj, slack=ctx.invoked_subcommand == "run")
    if faults and ctx.invoked_subcommand not in _WITH_FAULTS:
        raise SettingsError("\n".join(faults))


codesets.codesets.add_command(inbox.inbox)
#: The commands under the headings of the help.
_COMMANDS: dict[str, tuple[click.Command, ...]] = {
    "Ask": (ask.ask, ask.check, code.code, drg.drg, claim.claim, claim.denial),
    "Code sets": (serve.setup, codesets.codesets, inbox.inbox, index.index),
    "The log": (log.log, scrub.scrub),
    "Serve": (serve.run, serve.serve, mcp.mcp, clients.clients, slack.slack),
    "Look after it": (
        doctor.doctor,
        health.health,
        backup.backup,
        evaluate.evaluate_file,
        about.version,
        about.help_command,
    ),
}
for _command in itertools.chain.from_iterable(_COMMANDS.values()):
    main.add_command(_command)
