"""A process that serves, as whoever runs it sees it: is it live, and is it ready for work?

Live: the process goes on, so a restart would not help. Ready: questions may be sent to it. It is
not ready before it has begun, without its database, without its lease, and once it is told to stop.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from bot.messages import message
from bot.querylog import LogUnavailable, QueryLog
from bot.settings import Settings

logger = logging.getLogger("codedesk.operations")

#: Seconds between looks at the database, and after the last good one until it counts as away. A
#: look may take 10 seconds to fail, which is why the age of the last good one decides.
_LOOK_EVERY, _AWAY = 1.0, 5.0
#: Seconds without a turn of its main loop, which turns every second, after which a process that
#: serves is not live.
_STUCK = 30.0


class Serves(Protocol):
    """What readiness is told of."""

    @property
    def began(self) -> bool: ...
    @property
    def stopping(self) -> bool: ...
    @property
    def database_is_up(self) -> bool: ...
    @property
    def lease_is_held(self) -> bool: ...


def readiness(process: Serves) -> tuple[bool, list[str]]:
    """Whether questions may be sent to it, and if not, why."""
    reasons = []
    if not process.began:
        reasons.append(message("operations.starting"))
    if process.stopping:
        reasons.append(message("operations.stopping"))
    if not process.database_is_up:
        reasons.append(message("operations.no_database"))
    if not process.lease_is_held:
        reasons.append(message("operations.no_lease"))
    return not reasons, reasons


class Process:
    """Use it as a context while the process serves. Safe to use from many threads."""

    def __init__(
        self,
        settings: Settings,
        desk: Any,
        log: QueryLog,
        *,
        stop: threading.Event | None = None,
    ) -> None:
        """`stop` is set when the process is told to stop."""
        self.settings = settings
        self.desk = desk
        self.log = log
        self.stop = stop or threading.Event()
        #: Of `run` in Slack: its SlackDelivery, for its lease, its queue and its outbox.
        self.delivery: Any = None
        self.began = False
        self._turned = self._seen = time.monotonic()
        self._ended = threading.Event()

    def __enter__(self) -> Process:
        threading.Thread(target=self._watch, name="database-watch", daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()

    def turn(self) -> None:
        """To be called at each turn of the main loop."""
        self._turned = time.monotonic()

    @property
    def stopping(self) -> bool:
        return self.stop.is_set()

    @property
    def database_is_up(self) -> bool:
        """Whether the log could be read lately; always, where answers are given without it."""
        return self.settings.answer_without_log or time.monotonic() - self._seen < _AWAY

    @property
    def lease_is_held(self) -> bool:
        """Whether this process has its lease among those that share the log; where it needs none,
        as good as held."""
        return self.delivery is None or self.delivery.replica.is_well()

    @property
    def is_ready(self) -> bool:
        return readiness(self)[0]

    @property
    def is_live(self) -> bool:
        """It takes as long as it takes to start and to stop; in between its loop must turn."""
        serving = self.began and not self.stopping
        return not serving or time.monotonic() - self._turned < _STUCK

    def _watch(self) -> None:
        """Look at the database every second, and log when it goes and comes."""
        was_up = True
        while not self._ended.wait(_LOOK_EVERY):
            is_up = self._look()
            if is_up:
                self._seen = time.monotonic()
            if is_up != was_up and not self._ended.is_set():
                logger.log(
                    logging.INFO if is_up else logging.ERROR,
                    "the database %s",
                    "can be read again" if is_up else "cannot be read",
                )
                was_up = is_up

    def _look(self) -> bool:
        try:
            with self.log.reading() as db:
                db.execute("select 1").fetchone()
        except LogUnavailable:
            return False
        except Exception as error:
            if not self._ended.is_set():  # else it was closed meanwhile
                logger.error("the database was not looked at: %s", type(error).__name__)
            return False
        return True


@contextmanager
def begun(process: Process) -> Iterator[Callable[[], None]]:
    """While it serves: gives `turn`."""
    process.turn()  # starting may have taken long
    process.began = True
    try:
        yield process.turn
    finally:
        process.stop.set()
