"""SQLite: one connection behind a lock, in WAL mode."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database as SqliteUtils

from bot.database.base import Connection, Cursor, Database, DatabaseError, DuplicateError, Params

#: Errors that may go by themselves, or once a disk or a permission is mended.
_PASSING = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
     sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_FULL,
     sqlite3.SQLITE_INTERRUPT}
)  # fmt: skip


#: Errors of reading that come of the file itself, unlike a full disk, on which SQLite cannot make
#: the files beside it.
_OF_THE_FILE = frozenset(
    {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}
)


def is_passing(error: sqlite3.Error) -> bool:
    """Whether the file may be whole, and only cannot be used now: locked, forbidden, full disk, no
    memory."""
    code = getattr(error, "sqlite_errorcode", None) or 0
    if code & 0xFF == sqlite3.SQLITE_IOERR:
        return code not in _OF_THE_FILE
    return code & 0xFF in _PASSING


def ours(error: sqlite3.Error) -> DatabaseError:
    """An error of SQLite as one of ours."""
    if isinstance(error, sqlite3.IntegrityError):
        return DuplicateError(str(error))
    return DatabaseError(str(error), passing=is_passing(error))


@contextmanager
def own_errors() -> Iterator[None]:
    """Errors of SQLite as ours. What runs for each record has its own `except`, which costs a tenth
    of this."""
    try:
        yield
    except sqlite3.Error as error:
        raise ours(error) from error


class _Rows:
    """A cursor whose errors are ours."""

    __slots__ = ("_raw",)

    def __init__(self, raw: sqlite3.Cursor) -> None:
        self._raw = raw

    @property
    def rowcount(self) -> int:
        return self._raw.rowcount

    def fetchone(self) -> Any:
        try:
            return self._raw.fetchone()
        except sqlite3.Error as error:
            raise ours(error) from error

    def fetchall(self) -> list[Any]:
        try:
            return self._raw.fetchall()
        except sqlite3.Error as error:
            raise ours(error) from error

    def __iter__(self) -> Iterator[Any]:
        with own_errors():
            yield from self._raw


class SqliteConnection(Connection):
    kind = "sqlite"

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self._utils = SqliteUtils(raw)

    def take_time(self) -> None:
        """SQLite undoes no transaction by itself."""

    def execute(self, sql: str, params: Params = ()) -> Cursor:
        try:
            return _Rows(self.raw.execute(sql, params))
        except sqlite3.Error as error:
            raise ours(error) from error

    def executemany(self, sql: str, many: Sequence[Params]) -> None:
        try:
            self.raw.executemany(sql, many)
        except sqlite3.Error as error:
            raise ours(error) from error

    def query(self, sql: str, params: Params = ()) -> Iterator[dict[str, Any]]:
        with own_errors():
            yield from self._utils.query(sql, list(params))

    def stream(self, sql: str, params: Params = ()) -> Iterator[Any]:
        return iter(self.execute(sql, params))


class SqliteDatabase(Database):
    """`synchronous`: "full" has a commit on the disk when it returns; "normal" may lose the last
    ones in a power cut, and never the order of them."""

    kind = "sqlite"

    def __init__(
        self, path: Path, *, synchronous: Literal["full", "normal"] = "full", timeout: float = 10
    ) -> None:
        """Raises DatabaseError, and OSError when the file cannot be made."""
        self.path = path
        self.name = str(path)
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with own_errors():
            raw = sqlite3.connect(
                path, timeout=timeout, check_same_thread=False, isolation_level=None
            )
            # secure_delete: what is deleted is overwritten.
            for pragma in (
                "journal_mode = wal",
                f"synchronous = {synchronous}",
                "secure_delete = on",
            ):
                raw.execute(f"pragma {pragma}")
        self._connection = SqliteConnection(raw)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._lock, own_errors():
            yield self._connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        with own_errors():
            address = self.path.absolute().as_uri() + "?mode=ro"
            raw = sqlite3.connect(address, uri=True, isolation_level=None, timeout=10)
            raw.execute("begin")
        try:
            with own_errors():
                yield SqliteConnection(raw)
        finally:
            raw.close()

    @contextmanager
    def writing(
        self, *, batched: bool = False, first: Callable[[Connection], None] | None = None
    ) -> Iterator[Connection]:
        raw = self._connection.raw
        with self._lock:
            # The right to write is held from the start, so that what was read does not change.
            self._connection.execute("begin immediate")
            try:
                if first is not None:
                    first(self._connection)
                yield self._connection
                self._connection.execute("commit")
            except BaseException as error:
                if raw.in_transaction:
                    raw.execute("rollback")
                if isinstance(error, sqlite3.Error):
                    raise ours(error) from error
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.raw.close()
