"""The schema is checked before the log is used, and again whenever it may have changed."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.database import Connection, Cursor
from bot.querylog import schema
from bot.querylog.hash_chain import LogUnavailable

#: Seconds for which a check of a schema in PostgreSQL holds. It takes as long as a third of an
#: append, and who changes the schema can do so in the instant after a check, too.
HOLDS = 0.1


class SchemaCheck:
    """Expects that the database has no table, view, index or trigger of others. Those could hide,
    drop or alter a record."""

    def __init__(self, name: str) -> None:
        self._name = name
        #: SQLite's number of the schema that was checked last. It reads the schema again when the
        #: number changes, so while it is the same, no new check is needed.
        self._number: int | None = None
        #: In PostgreSQL, the objects that were checked.
        self._watched: schema.Watched | None = None
        self._until = 0.0

    def __call__(self, db: Connection) -> None:
        """Raises LogUnavailable."""
        self.begun(db)()

    def begun(self, db: Connection) -> Callable[[], None]:
        """Ask what is needed, and return what then checks it, so that other statements can travel
        in between."""
        if self._watched is not None and time.monotonic() < self._until:
            return lambda: None
        asked = self._watched.ask(db) if self._watched else None
        return lambda: self._finish(db, asked)

    def _finish(self, db: Connection, asked: Cursor | None) -> None:
        if db.kind == "sqlite":
            (number,) = db.execute("pragma schema_version").fetchone()
            if number != self._number:
                self._expect_no_fault(db)
                self._number = number
            return
        began = time.monotonic()
        if asked is None or self._watched is None or asked.fetchone() != self._watched.seen:
            self._watched = None
            watched = schema.watched(db)  # before the check: what changes meanwhile is noticed
            self._expect_no_fault(db)
            self._watched = watched
        self._until = began + HOLDS

    def _expect_no_fault(self, db: Connection) -> None:
        if why := schema.faults(db):
            raise LogUnavailable(
                f"{why} Nothing is written to the query log at {self._name}, nor read from it. Run "
                "`codedesk log verify`, and put back the right file."
            )
