"""Who was greeted before, and which files were taken, so that nothing is done twice, by whichever
replica."""

from __future__ import annotations

from bot.slack.state import State


class Greeted:
    """Safe to use from many threads and processes. Raises DatabaseError."""

    def __init__(self, state: State) -> None:
        self._state = state
        with state.writing() as db:
            db.execute(
                "create table if not exists greeted "
                "(whom text primary key, at double precision not null)"
            )

    def first_time(self, whom: str) -> bool:
        """Whether this is the first call for a person or a place."""
        with self._state.writing() as db:
            done = db.execute(
                "insert into greeted values (?, ?) on conflict do nothing",
                [whom, self._state.now()],
            )
            return done.rowcount == 1
