"""Loads files of codes that administrators send in Slack, by the same loader as the drop folder
(bot/loading).

One drop after the other, in a thread of its own, so that answers go on. Then the index is built,
and the desk is renewed. A bad file changes nothing: see codesets/loading/importer.py.
"""

from __future__ import annotations

import logging
import queue
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from slack_sdk import WebClient

from bot.loading import record
from bot.loading.child import Result
from bot.loading.loader import Loader
from bot.messages import message
from bot.settings import Settings
from bot.slack.files import LISTS, FileNotFetched, SlackFile, fetched

logger = logging.getLogger("codedesk.slack")

#: The most sentences of the loader that are told of one drop.
_MOST_TOLD = 15


class FileLoading:
    """Takes files, and tells whoever sent them what became of them."""

    def __init__(
        self,
        settings: Settings,
        client: WebClient,
        renew: Callable[[], None] | None,
        is_new: Callable[[str], bool],
        tell: Callable[[str, str], None],
        changed: Callable[[str], None],
    ) -> None:
        """`renew` makes the desk answer from what is loaded; None where only a restart does.
        `is_new` says whether a file was not taken before, by whichever replica: Slack sends an
        event again.
        `tell` sends a text to a user, `changed` is called with a user whose Home is out of date."""
        self._settings = settings
        self._client = client
        self._loader = Loader(settings, renew)
        self._is_new = is_new
        self._tell = tell
        self._changed = changed
        self._waiting: queue.SimpleQueue[tuple[str, list[SlackFile], str]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._now, self._last = "", ""

    @property
    def state(self) -> list[str]:
        """What is being done, and what was done last; [] for nothing yet."""
        return [line for line in (self._now, self._last) if line]

    def take(self, user: str, files: Sequence[SlackFile], edition: str = "") -> bool:
        """Load files soon. Returns at once; False when all of them were taken before. `edition`:
        its label, where the files do not tell it."""
        with self._lock:
            new = [file for file in files if self._is_new(file.id)]
            if not new:
                return False
            self._waiting.put((user, new, edition))
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="files", daemon=True)
                self._worker.start()
        return True

    def _work(self) -> None:
        to_index: set[str] = set()  # users whose files are loaded and not in the index
        while True:
            user, files, edition = self._waiting.get()
            if self._guarded(user, partial(self._load, user, files, edition)):
                to_index.add(user)
            # Files that came meanwhile are loaded first: one index is built of them all.
            if to_index and self._waiting.empty():
                told = self._guarded("", self._index) or message("home.index_failed", why="")
                for person in to_index:
                    self._tell(person, str(told))
                    self._changed(person)
                to_index.clear()

    def _guarded(self, user: str, step: Callable[[], Any]) -> Any:
        """What a step returns; None when it fails, which is told."""
        try:
            return step()
        except Exception as error:
            where = "".join(traceback.format_tb(error.__traceback__)[-4:])
            logger.error("files from Slack: %s at\n%s", type(error).__name__, where)
            if user:
                self._done(user, message("home.load_failed", why=type(error).__name__))
            return None
        finally:
            self._now = ""

    # Loading

    def _load(self, user: str, files: Sequence[SlackFile], edition: str) -> bool:
        """Whether anything was loaded."""
        names = ", ".join(file.name for file in files)
        self._now = message("home.loading", names=names)
        told: list[str] = []
        result = Result()
        with tempfile.TemporaryDirectory(prefix="codedesk-") as folder:
            paths = list(self._fetched(files, Path(folder), told))
            if paths:
                with self._loader.alone():
                    result = self._loader.load(paths, edition)
        told += result.said
        if result.later:
            told.append(message("home.load_failed", why=result.later))
        loaded = bool(result.loaded)
        if any("--release" in line for line in told):  # the loader names an option of its command
            told.append(message("home.which_edition"))
        if not loaded and all(file.extension in LISTS for file in files):
            told.append(message("home.if_statements"))
        told = [*told[:_MOST_TOLD], *(["…"] if len(told) > _MOST_TOLD else [])]
        self._record(files, result, told)
        outcome = "home.loaded" if loaded else "home.not_loaded"
        self._done(user, message(outcome, names=names, told="\n".join(told)))
        return loaded

    def _record(self, files: Sequence[SlackFile], result: Result, told: list[str]) -> None:
        names = [file.name for file in files]
        left_out = [name for name in names if name not in result.used]
        loaded = result.loaded
        load = record.Load("import", "slack", bool(loaded), told, names, loaded, left_out)
        record.add(self._settings, load)

    def _fetched(self, files: Sequence[SlackFile], folder: Path, told: list[str]) -> list[Path]:
        paths = []
        for number, file in enumerate(files):
            # A folder each, as two files may have one name.
            own = folder / str(number)
            own.mkdir()
            try:
                paths.append(fetched(self._client, file, own))
            except FileNotFetched as error:
                told.append(str(error))
        return paths

    def _done(self, user: str, told: str) -> None:
        self._now, self._last = "", told
        self._tell(user, told)
        self._changed(user)

    # The index

    def _index(self) -> str:
        """Build the index if it is not current, and renew the desk. Returns what became of it."""
        self._now = message("home.indexing")
        with self._loader.alone():
            why = self._loader.index()
        why = why or self._loader.renew()
        if why:
            self._last = message("home.index_failed", why=why)
        else:
            self._last = message("home.in_use" if self._loader.renews else "home.after_restart")
        record.add(self._settings, record.Load("index", "slack", not why, [self._last]))
        return self._last
