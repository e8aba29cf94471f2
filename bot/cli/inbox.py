"""`codedesk inbox`, also `codedesk codesets inbox`: loads what lies in the drop folder."""

from __future__ import annotations

import signal
import sys
import threading
import time

import click

from bot.cli.shared import progress
from bot.messages import message
from bot.settings import Settings, SettingsError

#: Seconds for which files that are still being copied are waited for.
_PATIENCE = 600.0


@click.command()
@click.option("--watch", is_flag=True, help="Go on until interrupted.")
@click.pass_obj
def inbox(settings: Settings, watch: bool) -> None:
    """Load the official files that lie in the inbox.

    Then the index is built. The inbox is the folder CODEDESK_HOME/inbox, or the one that
    CODEDESK_INBOX names. Put official files there as they were published (`codedesk codesets import
    --help` lists them), or folders of them. `codedesk run` looks at it by itself; this command is
    for when nothing is running.

    What was loaded moves to done/DATE, what was not to not-loaded, with a text beside it that says
    why and what to do. Files that do not tell their edition: put them into a folder of its name,
    such as inbox/2026-January. Nothing is deleted.

    Exit code: 0, or 1 when a file was not loaded.
    """
    from bot.loading.loader import Loader
    from bot.loading.taking import Taking, taking

    if settings.inbox_folder is None:
        raise SettingsError(message("inbox.off"))
    if watch:
        progress(message("inbox.watching", folder=settings.inbox_folder))
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        with taking(settings, None, progress):
            while not stop.wait(1.0):  # one without a timeout is not interrupted by a signal
                pass
        return
    work = Taking(settings, Loader(settings), progress)
    until = time.monotonic() + _PATIENCE
    while copying := work.once():
        if time.monotonic() > until:
            progress(message("inbox.copying", names=", ".join(copying)))
            break
        time.sleep(1.0)
    if not work.did_anything:
        key = "inbox.busy" if work.was_busy else "inbox.nothing"
        progress(message(key, folder=settings.inbox_folder))
    if work.left_out or work.was_busy or copying:
        sys.exit(1)
