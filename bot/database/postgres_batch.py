"""Statements that travel together: a batch is one message to the server, and one back.

Each statement is prepared once a connection (https://www.postgresql.org/docs/current/sql-prepare.html)
and then run by its name, so that the server parses and plans it once. The pipeline mode of libpq
would send each statement by itself, and wake the server for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import sql as literals
from psycopg.pq import Escaping

from bot.database.base import Params
from bot.database.postgres_errors import own_errors

#: The names of the statements that are prepared in each connection.
_prepared: WeakKeyDictionary[psycopg.Connection[Any], dict[str, str]] = WeakKeyDictionary()


class BatchedRows:
    """The rows of a statement of a batch. The batch is sent when they are read."""

    __slots__ = ("_batch", "_rows", "_said")

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._rows: Iterator[Any] | None = None
        self._said = -1

    def answer(self, rows: list[Any], rowcount: int) -> None:
        self._rows, self._said = iter(rows), rowcount

    def _answered(self) -> Iterator[Any]:
        if self._rows is None:
            self._batch.send()
        assert self._rows is not None
        return self._rows

    @property
    def rowcount(self) -> int:
        self._answered()
        return self._said

    def fetchone(self) -> Any:
        return next(self._answered(), None)

    def fetchall(self) -> list[Any]:
        return list(self._answered())

    def __iter__(self) -> Iterator[Any]:
        return self._answered()


class Batch:
    """What waits to be sent over one connection."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw
        self._escaping = Escaping(raw.pgconn)
        self._names = _prepared.setdefault(raw, {})
        self._waiting: list[tuple[str, BatchedRows | None]] = []
        #: Names of statements that the next message prepares.
        self._new: dict[str, str] = {}

    def add(self, sql: str, params: Params = ()) -> BatchedRows:
        """A statement with parameters, by its name."""
        name = self._names.get(sql) or self._new.get(sql)
        if name is None:
            name = f"codedesk_{len(self._names) + len(self._new)}"
            self._waiting.append((f"prepare {name} as {_numbered(sql)}", None))
            self._new[sql] = name
        values = ", ".join(map(self._literal, params))
        rows = BatchedRows(self)
        self._waiting.append((f"execute {name}({values})" if values else f"execute {name}", rows))
        return rows

    def add_plain(self, sql: str) -> None:
        """A statement without parameters, as it is: one that cannot be prepared."""
        self._waiting.append((sql, None))

    def send(self) -> None:
        """Raises DatabaseError for the first statement that fails; those after it are not run."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        with own_errors():
            # Without parameters: then it may be many statements.
            cursor = self._raw.execute(
                "; ".join(statement for statement, _ in waiting), prepare=False
            )
            self._names |= self._new
            self._new = {}
            for _, rows in waiting:
                if rows is not None:
                    found = cursor.fetchall() if cursor.description else []
                    rows.answer(found, cursor.rowcount)
                cursor.nextset()

    def _literal(self, value: Any) -> str:
        if value is None:
            return "null"
        if type(value) is str:
            return self._escaping.escape_literal(value.encode()).decode()
        if type(value) is int:
            return str(value)
        if type(value) is bytes:
            return f"'\\x{value.hex()}'"
        return literals.Literal(value).as_string(self._raw)


def with_filled_lists(sql: str) -> str:
    """Unlike SQLite, PostgreSQL takes no empty list. Nothing is in one that has null alone."""
    return sql.replace(" in ()", " in (null)")


@lru_cache(maxsize=1000)
def _numbered(sql: str) -> str:
    """`?` as PREPARE has it: $1, $2 … Our SQL has no `?` in a literal."""
    parts = re.split(r"\?", with_filled_lists(sql))
    return parts[0] + "".join(f"${number}{part}" for number, part in enumerate(parts[1:], 1))
