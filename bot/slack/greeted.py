"""Who was greeted before, in slack.db, so that nobody is greeted twice."""

from __future__ import annotations

import time

from bot.slack.state import State


class Greeted:
    """Safe to use from many threads and processes. Raises sqlite3.Error."""

    def __init__(self, state: State) -> None:
        self._state = state
        with state.writing() as db:
            db.execute(
                "create table if not exists greeted "
                "(whom text primary key, at real not null) strict"
            )

    def first_time(self, whom: str) -> bool:
        """Whether this is the first call for a person or a place."""
        with self._state.writing() as db:
            done = db.execute("insert or ignore into greeted values (?, ?)", [whom, time.time()])
            return done.rowcount == 1
