"""A copy in SQLite of a log in PostgreSQL, for Datasette, which reads SQLite only.

It is a private file that follows the log: before a page is served, new records and texts are
copied, and those that a redaction or retention destroyed are removed. What somebody altered in the
database is not carried over; the first page verifies the log itself.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import threading
from pathlib import Path
from types import TracebackType

from bot.database import Connection
from bot.querylog import LogUnavailable, QueryLog, schema_sqlite

_RECORDS = "seq, at, kind, subject, body, previous, hash, seal"
_TEXTS = "id, record, name, salt, text"
_NUMBERED = "records_follow"


class LogCopy:
    """The copy, in a folder of its own that is removed at the end."""

    def __init__(self, log: QueryLog) -> None:
        """Raises LogUnavailable."""
        self._log = log
        self._lock = threading.Lock()
        # For its owner only: mode 0700.
        self._folder = tempfile.TemporaryDirectory(prefix="codedesk-audit-")
        self.path = Path(self._folder.name) / "log.db"
        self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = wal", "synchronous = off", "secure_delete = on"):
            self._db.execute(f"pragma {pragma}")
        with log.reading() as db:
            identity, created = db.execute("select id, created from log").fetchone()
        schema_sqlite.create(self._db, identity, created)
        self.path.chmod(0o600)
        #: The number of the last record that was copied.
        self._copied = 0
        self.refresh()

    def __enter__(self) -> LogCopy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()
        self._folder.cleanup()

    def refresh(self) -> None:
        """Bring it up to date. Everything that happens to the log is a record, so while there is no
        new one nothing is done. Raises LogUnavailable."""
        with self._lock:
            if self._log.last_sequence() == self._copied:
                return
            with self._log.snapshot() as there:
                self._db.execute("begin immediate")
                try:
                    destroyed = self._follow(there)
                    self._db.execute("commit")
                except BaseException as error:
                    self._db.execute("rollback")
                    if isinstance(error, sqlite3.Error):
                        raise LogUnavailable(
                            f"The copy for the auditors' pages cannot be written ({error})."
                        ) from error
                    raise
            if destroyed:
                self._db.execute("pragma wal_checkpoint(truncate)")

    def _follow(self, there: Connection) -> bool:
        """Whether anything was removed."""
        (first, last) = there.execute("select min(seq), max(seq) from records").fetchone()
        first, last = first or 0, last or 0
        gap = first > self._copied + 1
        if gap:
            # Retention removed what was never copied.
            self._db.execute(f"drop trigger {_NUMBERED}")
        self._insert(there, "records", "seq", _RECORDS)
        if gap:
            self._db.execute(schema_sqlite.STATEMENTS[_NUMBERED])
        self._insert(there, "texts", "record", _TEXTS)
        self._db.execute("insert into lifted (reason) values ('retention')")
        removed = self._remove(first)
        self._db.execute("delete from lifted")
        self._copied = last
        return removed

    def _insert(self, there: Connection, table: str, by: str, columns: str) -> None:
        first = columns.split(",")[0]
        rows = there.stream(
            f"select {columns} from {table} where {by} > ? order by {first}", [self._copied]
        )
        marks = ", ".join("?" * len(columns.split(",")))
        self._db.executemany(f"insert into {table} ({columns}) values ({marks})", rows)

    def _remove(self, first: int) -> bool:
        before = self._db.total_changes
        for (body,) in self._db.execute(
            "select body from records where kind = 'redaction' and seq > ?", [self._copied]
        ).fetchall():
            self._db.executemany(
                "delete from texts where record = ? and name = ?", json.loads(body)["destroyed"]
            )
        self._db.execute("delete from texts where record < ?", [first])
        self._db.execute("delete from records where seq < ?", [first])
        return self._db.total_changes > before
