"""What the two databases have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

Kind = Literal["sqlite", "postgres"]
Params = Sequence[Any]


class DatabaseError(Exception):
    """The database cannot be read or written; the message is that of its own error, which is the
    cause. `passing`: it may go by itself (locked, full, not reachable, stopping)."""

    def __init__(self, text: str, *, passing: bool = False) -> None:
        super().__init__(text)
        self.passing = passing


class DuplicateError(DatabaseError):
    """A unique index or another constraint refused a row."""


class Cursor(Protocol):
    """The rows of a statement, as tuples. Reading them raises DatabaseError, too."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(ABC):
    """What runs statements, inside `reading` or `writing` of a Database. Its errors are
    DatabaseError."""

    kind: Kind
    #: The connection of the library, for what only one of the two can do.
    raw: Any

    def indexed_by(self, index: str) -> str:
        """What stands after a table so that SQLite reads it by an index; PostgreSQL decides."""
        return f"indexed by {index}" if self.kind == "sqlite" else ""

    @abstractmethod
    def take_time(self) -> None:
        """Let this transaction pause between its statements for more than a few seconds. Otherwise
        the database undoes it then: a process that hangs must not keep others from writing."""

    @abstractmethod
    def execute(self, sql: str, params: Params = ()) -> Cursor:
        """Run one statement."""

    @abstractmethod
    def executemany(self, sql: str, many: Sequence[Params]) -> None:
        """Run one statement for each row of parameters."""

    @abstractmethod
    def query(self, sql: str, params: Params = ()) -> Iterator[dict[str, Any]]:
        """The rows of a statement, each by the names of its columns."""

    @abstractmethod
    def stream(self, sql: str, params: Params = ()) -> Iterator[Any]:
        """The rows of a statement as tuples, without holding all in memory. In `snapshot` only."""


class Database(ABC):
    """A database that is open. Safe to use from many threads, and by many processes."""

    kind: Kind
    #: What people are told: the path of a file, or an address without its password.
    name: str

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """A connection to read with. Each statement sees what was committed when it began."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Connection]:
        """A connection that cannot write, and sees the database as it is at one moment."""

    @abstractmethod
    def writing(
        self, *, batched: bool = False, first: Callable[[Connection], None] | None = None
    ) -> AbstractContextManager[Connection]:
        """A transaction that is the only one that writes to this database. It is on the disk when
        the block has ended, and undone when the block raises.

        `batched`: statements may be sent only when a result is read, so that they travel together.
        The error of one may then be raised by a later one, or at the end of the block. `first` runs
        statements that need not wait for other writers."""

    @abstractmethod
    def close(self) -> None: ...
