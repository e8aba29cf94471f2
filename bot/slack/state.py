"""What Slack's surfaces keep besides the log: posts on their way, who works on what, what people
chose. It is in `slack.db`, or in a schema of its own in PostgreSQL, where all replicas share it.

Nothing here is a record for auditors: that is the log. Each module that keeps something here makes
its own tables with `create table if not exists`, and is the only one that reads and writes them.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from pathlib import Path

from bot.database import Connection, DatabaseError, open_database

SCHEMA = "codedesk_slack"
#: Of the file slack.db; increased when an earlier program would read or write it wrongly. Files of
#: before there was a number have 0.
VERSION = 1
#: The seconds since 1970 by the clock of the database, in SQL: hosts' clocks differ.
_CLOCKS = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgres": "cast(extract(epoch from clock_timestamp()) as double precision)",
}
#: How a table numbers its rows.
_NUMBERS = {
    "sqlite": "integer primary key autoincrement",
    "postgres": "bigint generated always as identity primary key",
}
_TABLES = {
    "sqlite": "select 1 from sqlite_master where type = 'table' and name = ?",
    "postgres": "select 1 from pg_tables where schemaname = current_schema() and tablename = ?",
}


class State:
    """Safe to use from many threads and by many processes. Every method raises DatabaseError."""

    def __init__(self, where: Path | str) -> None:
        """`where`: the path of an SQLite file, or the address of a PostgreSQL database. Raises
        DatabaseError and OSError when it cannot be opened or is none."""
        self._database = open_database(where, schema=SCHEMA, synchronous="normal", timeout=30)
        self.name = self._database.name
        if isinstance(where, Path):
            self._expect_version()
        self.clock = _CLOCKS[self._database.kind]
        self.number = _NUMBERS[self._database.kind]
        #: Whether all that share it are on this host.
        self.is_file = self._database.kind == "sqlite"
        self._ahead = 0.0

    def _expect_version(self) -> None:
        with self._database.reading() as db:
            (version,) = db.execute("pragma user_version").fetchone()
            if version < VERSION:
                db.execute(f"pragma user_version = {VERSION}")
        if version > VERSION:
            self.close()
            raise DatabaseError("it was written by a newer Code Desk; update this one")

    def reading(self) -> AbstractContextManager[Connection]:
        return self._database.reading()

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that is the only one that writes; it is undone when the block raises."""
        return self._database.writing()

    def now(self) -> float:
        """The seconds since 1970 by the clock of the database, as `set_clock` found it last."""
        return time.time() + self._ahead

    def set_clock(self, db: Connection) -> None:
        """Look at the clock of the database."""
        if not self.is_file:
            before = time.time()
            (now,) = db.execute(f"select {self.clock}").fetchone()
            self._ahead = now - (before + time.time()) / 2

    def has_table(self, db: Connection, name: str) -> bool:
        found = db.execute(_TABLES[self._database.kind], [name])
        return found.fetchone() is not None

    def close(self) -> None:
        self._database.close()
