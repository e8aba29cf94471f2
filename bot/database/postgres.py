"""PostgreSQL by psycopg: a pool of connections, in a schema of our own.

https://www.psycopg.org/psycopg3/docs/ · Needs `pip install codedesk[postgres]`.

One transaction at a time writes to a schema: each takes the same advisory lock first
(https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS). The lock is given
back before the disk is waited for, so that the next writer goes on meanwhile; then each waits until
all that it wrote is on the disk, together with the others. A later record is never on the disk
without those before it, as there is one write-ahead log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from bot.database.base import Connection, Cursor, Database, DatabaseError, DuplicateError, Params

#: As in SQLite: `json_extract(body, '$.name')`. It gives text; null where there is none.
JSON_EXTRACT = """
create or replace function json_extract(body text, path text) returns text
immutable parallel safe language sql
as $$ select body::jsonb #>> string_to_array(substr(path, 3), '.') $$
"""
#: Waits until all that was committed before is on the disk: a commit that has something to write.
_TO_DISK = "select pg_logical_emit_message(true, 'codedesk', '')"
_MOST_CONNECTIONS = 8
_PASSING = (psycopg.OperationalError, PoolTimeout)


@contextmanager
def _own_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.IntegrityError as error:
        raise DuplicateError(str(error)) from error
    except (psycopg.Error, PoolTimeout) as error:
        raise DatabaseError(str(error).strip(), passing=isinstance(error, _PASSING)) from error


def without_password(url: str) -> str:
    """The address as people may see it."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1@", url)


def _translated(sql: str) -> str:
    """`?` as psycopg has it. Our SQL has no `?` in a literal."""
    return sql.replace("%", "%%").replace("?", "%s")


class PostgresConnection(Connection):
    kind = "postgres"

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw

    def execute(self, sql: str, params: Params = ()) -> Cursor:
        with _own_errors():
            return self.raw.execute(_translated(sql), params)

    def executemany(self, sql: str, many: Sequence[Params]) -> None:
        with _own_errors():
            self.raw.cursor().executemany(_translated(sql), many)

    def query(self, sql: str, params: Params = ()) -> Iterator[dict[str, Any]]:
        with _own_errors():
            yield from self.raw.cursor(row_factory=dict_row).execute(_translated(sql), params)


class PostgresDatabase(Database):
    kind = "postgres"

    def __init__(self, url: str, *, schema: str = "codedesk", timeout: float = 10) -> None:
        """`url`: postgresql://user@host/database, as libpq reads it. Raises DatabaseError."""
        self.url = url
        self.schema = schema
        self.name = without_password(url)
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=_MOST_CONNECTIONS,
            timeout=timeout,
            open=False,
            kwargs={"autocommit": True, "application_name": "codedesk"},
            configure=self._configure,
            check=ConnectionPool.check_connection,
        )
        with _own_errors():
            self._pool.open()
            with self._pool.connection(timeout) as raw:
                raw.execute(f'create schema if not exists "{schema}"')
                raw.execute("select pg_advisory_lock(hashtext(%s))", [schema])
                raw.execute(JSON_EXTRACT)
                raw.execute("select pg_advisory_unlock(hashtext(%s))", [schema])

    def _configure(self, raw: psycopg.Connection[Any]) -> None:
        raw.execute(f'set search_path = "{self.schema}"')
        # A server may shorten the time zone or the style; times are text of ours.
        raw.execute("set synchronous_commit = on")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._lent() as raw:
            yield PostgresConnection(raw)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self._lent() as raw:
            with _own_errors_around(raw.transaction()):
                with _own_errors():
                    raw.execute("set local synchronous_commit = off")
                    raw.execute("select pg_advisory_xact_lock(hashtext(%s))", [self.schema])
                yield PostgresConnection(raw)
            with _own_errors():
                raw.execute(_TO_DISK)

    @contextmanager
    def _lent(self) -> Iterator[psycopg.Connection[Any]]:
        with _own_errors():
            raw = self._pool.getconn()
        try:
            yield raw
        finally:
            self._pool.putconn(raw)

    def close(self) -> None:
        self._pool.close()


@contextmanager
def _own_errors_around(block: Any) -> Iterator[None]:
    with _own_errors(), block:
        yield


def is_address(text: str) -> bool:
    """Whether it is the address of a PostgreSQL database."""
    return urlsplit(text).scheme in ("postgresql", "postgres")
