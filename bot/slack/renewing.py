"""Has every replica answer from what was loaded: a file that one replica loads, or an index that
`codedesk index build` builds, is taken up by all that read the same home.

A desk is renewed when another build of the index is in use, or when a replica tells the others that
it loaded something. Telling is a number in the state, which grows. A replica with a home of its own
renews its desk for nothing then: that takes seconds, and changes no answer.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from bot.database import DatabaseError
from bot.slack.state import State
from codesets.errors import CodeDeskError
from index.bundle import current

logger = logging.getLogger("codedesk.slack")

#: Seconds between looks, more or less by a quarter, so that not all renew at once.
_LOOK_EVERY = 15.0
_TABLE = "create table if not exists renewals (what text primary key, number integer not null)"


class Renewing:
    """For a desk that has `renew` (see `bot.desk.current`). Safe to use from many threads."""

    def __init__(
        self, state: State, desk: Any, between_answers: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Raises DatabaseError."""
        self._state = state
        self._desk = desk
        self._between_answers = between_answers
        self._lock = threading.Lock()  # One renewal at a time; guards what follows.
        with state.writing() as db:
            db.execute(_TABLE)
        self._known = self._number()

    @property
    def can(self) -> bool:
        """Whether the desk can be renewed; else only a restart does that."""
        return hasattr(self._desk, "renew")

    def renew(self) -> None:
        """Answer from what is loaded now, and tell the other replicas. Raises CodeDeskError when
        the index cannot be used; then the old desk goes on."""
        with self._lock:
            self._desk.renew(self._between_answers)
            try:
                with self._state.writing() as db:
                    db.execute(
                        "insert into renewals (what, number) values ('desk', 1) "
                        "on conflict (what) do update set number = renewals.number + 1"
                    )
                self._known = self._number()
            except DatabaseError as error:
                logger.error("other processes were not told what was loaded: %s", error)

    @contextmanager
    def looking(self, index: Path, every: float = _LOOK_EVERY) -> Iterator[None]:
        """Renew when others loaded something, in a thread of its own. `index`: its folder."""
        if not self.can:
            yield
            return
        stop = threading.Event()
        thread = threading.Thread(
            target=self._work, args=(index, every, stop), name="renewing", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _work(self, index: Path, every: float, stop: threading.Event) -> None:
        refused: Path | None = None  # a build that could not be used is not tried again
        while not stop.wait(every * random.uniform(0.75, 1.25)):
            try:
                with self._lock:
                    build, told = current(index), self._number()
                    other = build is not None and build.name != self._desk.index_build
                    if (other and build != refused) or told > self._known:
                        refused, self._known = build, told
                        self._desk.renew(self._between_answers)
                        logger.info("the desk answers from what another process loaded")
            except (CodeDeskError, DatabaseError, OSError) as error:
                logger.error("the desk was not renewed: %s", error)

    def _number(self) -> int:
        with self._state.reading() as db:
            found = db.execute("select number from renewals where what = 'desk'").fetchone()
        return int(found[0]) if found else 0
