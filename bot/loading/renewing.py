"""Has a serving desk answer from what is loaded now, whichever process loaded it: an administrator
in Slack, the drop folder, `codedesk codesets import`, `sync` or `index build` beside it.

Every few seconds it compares what the desk answers from with what is there: the build of the index,
and all editions in codes.db (`CodeStore.state`). Nothing has to be told to anybody, so any number
of processes and surfaces that read one home take up the same. A host with a home of its own looks
at that.

The state that answers come from changes as a whole. A desk read the list of editions when it was
opened, so editions that are loaded later are none of its own. Between an import and its index it
answers as before; once the index is of the editions that are loaded, a new desk is opened and
replaces the old one between two answers. What is said of an edition that was loaded *again* from
other files: docs/CODESETS.md.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import Any

from bot.messages import message
from bot.settings import Settings
from codesets.errors import CodeDeskError
from codesets.store.code_store import CodeStore
from index import bundle

logger = logging.getLogger("codedesk")

#: Seconds between looks, more or less by a quarter, so that not all processes renew at once.
LOOK_EVERY = 5.0
#: Seconds until a state that could not be taken up is tried again; doubled each time, up to the
#: last.
_AGAIN, _AGAIN_AT_MOST = 30.0, 3600.0
#: Seconds that editions wait for their index until that is said: a build takes minutes.
_PATIENCE = 900.0


@dataclass(frozen=True, slots=True)
class _State:
    """What a desk answers from: the name of the build of the index, None for none, and what is
    loaded (`CodeStore.state`)."""

    build: str | None
    loaded: str


class Renewing:
    """For a desk that has `renew` (see `bot.desk.current`). Safe to use from many threads."""

    def __init__(
        self,
        settings: Settings,
        desk: Any,
        between_answers: Callable[[], AbstractContextManager[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`between_answers`: that of the `LoggedDesk`."""
        self._settings = settings
        self._desk = desk
        self._between_answers = between_answers
        self._clock = clock
        self._lock = threading.Lock()  # One renewal at a time; guards what follows.
        #: What could not be taken up: when it is tried again, and the seconds from then to the next
        #: try.
        self._refused: tuple[_State, float, float] | None = None
        #: What waits for its index, since when, and whether that was said.
        self._waits: tuple[str, float, bool] | None = None
        self._unreadable = ""

    @property
    def can(self) -> bool:
        """Whether the desk can be renewed; else only a restart does that."""
        return hasattr(self._desk, "renew")

    def renew(self) -> None:
        """Answer from what is loaded now. Raises CodeDeskError when the index cannot be used; then
        the old desk goes on."""
        with self._lock:
            there, _ = self._there()
            if not self._has(there):
                self._desk.renew(self._between_answers)
            self._refused = self._waits = None

    @contextmanager
    def looking(self, every: float = LOOK_EVERY) -> Iterator[None]:
        """Renew when something was loaded, in a thread of its own."""
        if not self.can:
            yield
            return
        stop = threading.Event()
        thread = threading.Thread(
            target=self._work, args=(every, stop), name="renewing", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _work(self, every: float, stop: threading.Event) -> None:
        while not stop.wait(every * random.uniform(0.75, 1.25)):
            self.look()

    def look(self) -> bool:
        """Renew if something else is loaded than the desk answers from. Returns whether it was
        renewed. Raises nothing: what keeps it from that is said once to the operator."""
        with self._lock:
            try:
                there, fits = self._there()
                self._unreadable = ""
            except (CodeDeskError, OSError, sqlite3.Error) as error:
                self._say_unreadable(error)
                return False
            if self._has(there):
                self._refused = self._waits = None
                return False
            if not fits:
                self._wait(there)
                return False
            self._waits = None
            return self._try(there)

    def _has(self, there: _State) -> bool:
        """Whether the desk answers from this. One that has not opened its index yet will open the
        one that is there."""
        return there == _State(self._desk.index_build or there.build, self._desk.loaded)

    def _there(self) -> tuple[_State, bool]:
        """What is loaded, and whether the index is of it."""
        root = self._settings.index
        with closing(CodeStore(self._settings.codes_db)) as store:
            build = bundle.current(root)
            state = _State(build.name if build else None, store.state())
            return state, self._has(state) or bundle.fits(root, store)

    def _try(self, there: _State) -> bool:
        wait = _AGAIN
        if self._refused and self._refused[0] == there:
            _, due, wait = self._refused
            if self._clock() < due:
                return False
        try:
            self._desk.renew(self._between_answers)
        except Exception as error:
            why = str(error) if isinstance(error, CodeDeskError) else type(error).__name__
            if not self._refused or self._refused[0] != there:
                logger.error(message("renewing.failed", why=why))
            due = self._clock() + wait
            self._refused = there, due, min(wait * 2, _AGAIN_AT_MOST)
            return False
        self._refused = None
        logger.info(message("renewing.done"))
        return True

    def _wait(self, there: _State) -> None:
        """The index is not built yet: the old desk goes on. A build takes minutes."""
        now = self._clock()
        if self._waits is None or self._waits[0] != there.loaded:
            self._waits = there.loaded, now, False
        loaded, since, said = self._waits
        if not said and now - since > _PATIENCE:
            logger.warning(message("renewing.no_index"))
            self._waits = loaded, since, True

    def _say_unreadable(self, error: Exception) -> None:
        if str(error) != self._unreadable:
            self._unreadable = str(error)
            logger.error(message("renewing.unreadable", why=error))
