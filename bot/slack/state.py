"""What Slack's surfaces keep besides the log, in `slack.db`: posts on their way, what people chose.

Nothing here is a record for auditors: that is the log. Each module that keeps something here makes
its own tables with `create table if not exists`, and is the only one that reads and writes them.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class State:
    """One connection to slack.db. Safe to use from many threads, and by many processes."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error when the file cannot be opened or is none of SQLite."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._db.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        for pragma in ("journal_mode = wal", "synchronous = normal", "secure_delete = on"):
            self._db.execute(f"pragma {pragma}")
        path.chmod(0o600)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is the only one that writes; it is undone when the block raises."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def close(self) -> None:
        with self._lock:
            self._db.close()
