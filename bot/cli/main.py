"""The `codedesk` command."""

from __future__ import annotations

import errno
import io
import os
import re
import sqlite3
import sys
from typing import Any

import click

from bot.cli.headings import Headed
from bot.cli.imported import Imported
from bot.cli.shared import Interrupted, Sentence
from bot.messages import message
from bot.operations import together
from bot.settings import Settings, SettingsError
from codesets.errors import CodeDeskError
from codesets.store.database import StoreUnusable

#: Commands that begin to serve, for which the settings must fit together.
_SERVING = frozenset({"run", "serve", "mcp"})
#: Commands that work whatever the settings are; the doctor tells of their faults beside all else.
_WITH_FAULTS = frozenset({"doctor", "help", "version"})
_HEADINGS = {
    "Ask": ("ask", "check", "code", "drg", "claim", "denial"),
    "Code sets": ("setup", "codesets", "inbox", "index"),
    "The log": ("log", "scrub"),
    "Serve": ("run", "serve", "mcp", "clients", "slack"),
    "Look after it": ("doctor", "health", "backup", "eval", "version", "help"),
}
#: Each command, as its module and its name there.
_COMMANDS = {
    "ask": "bot.cli.ask:ask",
    "backup": "bot.cli.backup:backup",
    "check": "bot.cli.ask:check",
    "claim": "bot.cli.claim:claim",
    "clients": "bot.cli.clients:clients",
    "code": "bot.cli.code:code",
    "codesets": "bot.cli.codesets:codesets",
    "denial": "bot.cli.claim:denial",
    "doctor": "bot.cli.doctor:doctor",
    "drg": "bot.cli.drg:drg",
    "eval": "bot.cli.evaluate:evaluate_file",
    "health": "bot.cli.health:health",
    "help": "bot.cli.about:help_command",
    "inbox": "bot.cli.inbox:inbox",
    "index": "bot.cli.index:index",
    "log": "bot.cli.log_commands:log",
    "mcp": "bot.cli.mcp:mcp",
    "run": "bot.cli.serve:run",
    "scrub": "bot.cli.scrub:scrub",
    "serve": "bot.cli.serve:serve",
    "setup": "bot.cli.serve:setup",
    "slack": "bot.cli.slack:slack",
    "version": "bot.cli.about:version",
}


class _Commands(Headed):
    """Turns errors into one sentence on stderr and exit code 2."""

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
        except (click.ClickException, click.exceptions.Exit):
            raise
        except KeyboardInterrupt as error:
            raise Interrupted from error
        except click.Abort as error:
            # Of a prompt: by Ctrl-C, or because it was answered no.
            if _is_of_ctrl_c(error):
                raise Interrupted from error
            raise
        except UnicodeEncodeError as error:
            # An argument that is not UTF-8 and names something, such as the id of a question.
            raise Sentence(message("bad_days.argument")) from error
        except sqlite3.Error as error:
            # Errors of other databases have become sentences where they arose.
            raise Sentence(str(StoreUnusable.of(ctx.obj.codes_db, error))) from error
        except OSError as error:
            raise Sentence(_of_the_system(error)) from error
        except Exception as error:
            if _is_of_ctrl_c(error):
                raise Interrupted from error
            if os.environ.get("CODEDESK_DEBUG"):
                raise
            raise Sentence(
                f"Something went wrong inside Code Desk ({type(error).__name__}). Nothing stored "
                "is lost. Set CODEDESK_DEBUG=1 and try again to see where."
            ) from error


def _is_of_ctrl_c(error: BaseException | None) -> bool:
    """Whether an error came of Ctrl-C: it ends an import of compiled code with an ImportError."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _of_the_system(error: OSError) -> str:
    """What an error of the operating system means, in one sentence."""
    number, why = error.errno or 0, error.strerror or str(error)
    # Where several files of a folder could not be copied, the reasons are in the text only.
    if not error.errno and (found := re.search(r"\[Errno (\d+)\]", str(error))):
        number = int(found[1])
        why = os.strerror(number)
    todo = {
        errno.ENOSPC: "full",
        errno.EDQUOT: "full",
        errno.EFBIG: "full",
        errno.EROFS: "read_only",
        errno.EACCES: "forbidden",
        errno.EPERM: "forbidden",
        errno.ENOTDIR: "not_a_folder",
        errno.EEXIST: "not_a_folder",
        errno.EISDIR: "a_folder",
        errno.EMFILE: "too_many",
    }.get(number, "other")
    where = error.filename2 or error.filename
    named = f" ({os.fsdecode(where)})" if isinstance(where, str | bytes) else ""
    return message(f"bad_days.{todo}", where=named, why=why)


@click.group(
    cls=_Commands,
    commands=Imported(_COMMANDS),
    headings=_HEADINGS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="codedesk")
@click.option("--no-color", is_flag=True, help="Without colours and bold; so does NO_COLOR=1.")
@click.pass_context
def main(ctx: click.Context, no_color: bool) -> None:
    """Code Desk finds medical codes, checks them and cites the rules that govern them.

    \b
    codedesk run                              set up if needed, then serve
    codedesk ask b/l knee OA, failed PT       find a code
    codedesk check E11.9, N18.31              is it valid, is it billable?
    codedesk log list                         who asked what
    codedesk help ask                         what a command does

    Data lives in one folder: set CODEDESK_HOME to choose it.
    """
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A character that cannot be shown or decoded is replaced, and ends no command.
            stream.reconfigure(errors="replace")
    ctx.obj, faults = Settings.read()
    if ctx.invoked_subcommand in _SERVING:
        faults += together.faults(ctx.obj, slack=ctx.invoked_subcommand == "run")
    home = ctx.obj.home
    if home.exists() and not home.is_dir():
        faults.append(message("bad_days.not_a_folder", where=f" ({home})"))
    if faults and ctx.invoked_subcommand not in _WITH_FAULTS:
        raise SettingsError("\n".join(faults))
