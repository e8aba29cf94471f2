"""Loads files, builds the index and renews the desk: the same for files that administrators send in
Slack and for the drop folder.

Files are read, and the index is built, in processes of their own (`child`, `codedesk index build`):
they take no time from answers that cores could give, and no file can end the desk. One import at a
time runs on a host, whichever process wants one: a lock in CODEDESK_HOME, which the operating
system releases when a process ends in any way. A host with a home of its own has code sets of its
own, and so a lock of its own.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

from bot.loading.child import Request, Result
from bot.messages import message
from bot.settings import Settings
from bot.setup import model_of
from codesets.errors import CodeDeskError
from codesets.store.code_store import CodeStore

logger = logging.getLogger("codedesk")

#: The most seconds that an import may take.
_PATIENCE = 2 * 3600.0
_LOOK = 0.1


class Stopped(Exception):
    """The desk stops; what was begun is undone."""


class Loader:
    """Safe to use from many threads: one of them loads at a time."""

    def __init__(
        self,
        settings: Settings,
        renew: Callable[[], None] | None = None,
        *,
        patience: float = _PATIENCE,
    ) -> None:
        """`renew` has the desk of this process answer from what is loaded; None where there is none
        that can."""
        self._settings = settings
        self._renew = renew
        self._patience = patience
        self._stop = threading.Event()

    def stop(self) -> None:
        """End what is going on. Calls under way raise Stopped, and so do later ones."""
        self._stop.set()

    @contextmanager
    def alone(self, *, wait: bool = True) -> Iterator[bool]:
        """While no other process of this host loads anything. Without `wait`, gives False at once
        where another one does. Raises Stopped."""
        from filelock import FileLock, Timeout  # not imported when a question is answered

        self._settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(self._settings.home / "loading.lock", mode=0o600)
        got = False
        while not got:
            try:
                lock.acquire(timeout=0)
                got = True
            except Timeout:
                if not wait:
                    break
                if self._stop.wait(_LOOK):
                    raise Stopped from None
        try:
            yield got
        finally:
            if got:
                lock.release()

    def load(self, paths: Sequence[Path], label: str = "") -> Result:
        """Import files. A file never raises anything: a process that ended is told in `said`. Call
        it `alone`. Raises Stopped."""
        request = Request(str(self._settings.codes_db), [str(path) for path in paths], label)
        status, lines = self._run(
            ["bot.loading.child"], _environment(), json.dumps(asdict(request))
        )
        try:
            return Result(**json.loads(lines[-1]))
        except (IndexError, ValueError, TypeError):
            logger.error("an import ended with status %s:\n%s", status, "\n".join(lines[-20:]))
            return Result(said=[message("inbox.ended", status=status)])

    def index(self) -> str:
        """Build the index unless it is current. Returns why it could not be built, "" when it was.
        Raises Stopped."""
        from index import build

        try:
            with closing(CodeStore(self._settings.codes_db)) as store:
                if build.is_current(store, self._settings.index, model_of(self._settings)):
                    return ""
        except (CodeDeskError, OSError) as error:
            return str(error)
        status, lines = self._run(["bot", "index", "build"], _environment() | self._of_the_index())
        if status == 0:
            return ""
        logger.error("the index was not built:\n%s", "\n".join(lines[-20:]))
        return lines[-1][:300] if lines else message("home.ended", status=status)

    @property
    def renews(self) -> bool:
        return self._renew is not None

    def renew(self) -> str:
        """Have the desk of this process answer from what is loaded. Returns why it does not, ""
        when it does."""
        if self._renew is None:
            return ""
        try:
            self._renew()
        except CodeDeskError as error:
            logger.error("the desk was not renewed: %s", error)
            return str(error)
        return ""

    def _run(
        self, module: Sequence[str], environment: dict[str, str], given: str = ""
    ) -> tuple[int, list[str]]:
        """Run a module as a process, and wait for it: its exit status, and the lines that it
        printed. Raises Stopped."""
        until = time.monotonic() + self._patience
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output,
            tempfile.TemporaryFile("w+", encoding="utf-8") as typed,
        ):
            typed.write(given)
            typed.seek(0)
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", *module],
                env=environment,
                stdin=typed,
                stdout=output,
                stderr=output,
            )
            try:
                while process.poll() is None and time.monotonic() < until:
                    if self._stop.wait(_LOOK):
                        raise Stopped
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
            output.seek(0)
            return process.returncode, [line for line in output.read().splitlines() if line.strip()]

    def _of_the_index(self) -> dict[str, str]:
        """What the build of the index needs besides: the settings of the model, and those of the
        log, whose corrections are part of it."""
        names = ("DATABASE_URL", "LOG_KEY_FILE", "CHECKPOINT_KEY_FILE", "CHECKPOINT_FILE")
        given = {name: getattr(self._settings, name.lower()) for name in names}
        chosen = {
            "HOME": self._settings.home,
            "MODEL": self._settings.model,
            "MODEL_DOWNLOAD": "yes" if self._settings.model_download else "",
        }
        return {f"CODEDESK_{name}": str(value) for name, value in (given | chosen).items() if value}


def _environment() -> dict[str, str]:
    """The environment of such a process: without settings, and so without tokens and passwords."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("CODEDESK_", "SLACK_"))}
    # The parent's path, so that the same modules are found however the parent was started.
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
