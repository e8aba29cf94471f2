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

# log_feedback, log_move, log_receipts and log_review add their commands to `log` when they are
# imported.
from bot.cli import (
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
from codesets.store.database import StoreUnusable

#: Commands that begin to serve, for which the settings must fit together.
_SERVING = frozenset({"run", "serve", "mcp"})


class _Commands(click.Group):
    """Turns errors into one sentence on stderr and exit code 2."""

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
        except sqlite3.Error as error:
            # Errors of other databases have become sentences where they arose.
            raise Sentence(str(StoreUnusable.of(ctx.obj.codes_db, error))) from error
        except OSError as error:
            raise Sentence(_of_the_system(error)) from error
        except Exception as error:
            if os.environ.get("CODEDESK_DEBUG"):
                raise
            raise Sentence(
                f"Something went wrong inside Code Desk ({type(error).__name__}). Nothing stored "
                "is lost. Set CODEDESK_DEBUG=1 and try again to see where."
            ) from error


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


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="codedesk")
@click.option("--no-color", is_flag=True, help="Without colours and bold; so does NO_COLOR=1.")
@click.pass_context
def main(ctx: click.Context, no_color: bool) -> None:
    """Code Desk finds medical codes, checks them and cites the rules that govern them.

    \b
    codedesk run                                        set up if needed, then serve
    codedesk ask "b/l knee OA, failed PT"               find a code
    codedesk code statements.txt                        code each line of a file
    codedesk claim claims.837                           check claims before they go
    codedesk check E11.9 N18.31 --date 2026-03-05       is it valid, is it billable?
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
    home = ctx.obj.home
    if home.exists() and not home.is_dir():
        faults.append(message("bad_days.not_a_folder", where=f" ({home})"))
    # The doctor tells of them himself, beside all else.
    if faults and ctx.invoked_subcommand != "doctor":
        raise SettingsError("\n".join(faults))


codesets.codesets.add_command(inbox.inbox)
for _command in (
    serve.setup,
    serve.run,
    serve.serve,
    health.health,
    ask.ask,
    ask.check,
    code.code,
    drg.drg,
    claim.claim,
    claim.denial,
    evaluate.evaluate_file,
    codesets.codesets,
    inbox.inbox,
    index.index,
    scrub.scrub,
    log.log,
    slack.slack,
    mcp.mcp,
    clients.clients,
    doctor.doctor,
    backup.backup,
):
    main.add_command(_command)
