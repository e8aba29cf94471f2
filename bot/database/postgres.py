"""PostgreSQL by psycopg: a pool of connections, in a schema of our own.

https://www.psycopg.org/psycopg3/docs/ · Needs `pip install codedesk[postgres]`.

One transaction at a time writes to a schema: each takes the same advisory lock first
(https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS). The lock is given
back before the disk is waited for, so that the next writer goes on meanwhile; then each waits until
all that it wrote is on the disk, together with the others. A later record is never on the disk
without those before it, as there is one write-ahead log. What was found there already may not be on
the disk either, so a transaction that wrote nothing waits, too.
"""

from __future__ import annotations

import itertools
import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from bot.database.address import without_password
from bot.database.base import Connection, Cursor, Database, DatabaseError, Params
from bot.database.postgres_batch import Batch, with_filled_lists
from bot.database.postgres_errors import own_errors

#: As in SQLite: `json_extract(body, '$.name')`. It gives text; null where there is none.
JSON_EXTRACT_BODY = " select body::jsonb #>> string_to_array(substr(path, 3), '.') "
_JSON_EXTRACT = f"""
create or replace function json_extract(body text, path text) returns text
immutable parallel safe language sql
as $${JSON_EXTRACT_BODY}$$
"""
#: Waits until all that was committed before is on the disk: a commit that has something to write.
_TO_DISK = "select pg_logical_emit_message(true, 'codedesk', '')"
#: A session that hangs in the middle of a transaction must not keep others from writing: it ends
#: before those who wait give up. `Connection.take_time` is for transactions that need longer.
_SESSION = """
set search_path = "{schema}";
set synchronous_commit = on;
set lock_timeout = '10s';
set idle_in_transaction_session_timeout = '3s';
set plan_cache_mode = force_generic_plan
"""
_LOCK = "select pg_advisory_xact_lock(hashtext(?))"
_MOST_CONNECTIONS = 8
_names = itertools.count()


@lru_cache(maxsize=1000)
def _translated(sql: str) -> str:
    """`?` as psycopg has it. Our SQL has no `?` in a literal."""
    return with_filled_lists(sql).replace("%", "%%").replace("?", "%s")


class _Rows:
    """A cursor whose errors are ours."""

    __slots__ = ("_raw",)

    def __init__(self, raw: psycopg.Cursor[Any]) -> None:
        self._raw = raw

    @property
    def rowcount(self) -> int:
        return self._raw.rowcount

    def fetchone(self) -> Any:
        with own_errors():
            return self._raw.fetchone()

    def fetchall(self) -> list[Any]:
        with own_errors():
            return self._raw.fetchall()

    def __iter__(self) -> Iterator[Any]:
        with own_errors():
            yield from self._raw


class PostgresConnection(Connection):
    kind = "postgres"

    def __init__(
        self, raw: psycopg.Connection[Any], schema: str, batch: Batch | None = None
    ) -> None:
        self.raw = raw
        self.schema = schema
        self._batch = batch

    def take_time(self) -> None:
        statement = "set local idle_in_transaction_session_timeout = 0"
        if self._batch is not None:
            self._batch.add_plain(statement)
        else:
            self.execute(statement)

    def execute(self, sql: str, params: Params = ()) -> Cursor:
        if self._batch is not None:
            return self._batch.add(sql, params)
        with own_errors():
            return _Rows(self.raw.execute(_translated(sql), params))

    def executemany(self, sql: str, many: Sequence[Params]) -> None:
        if self._batch is not None:
            for params in many:
                self._batch.add(sql, params)
        elif many:
            with own_errors():
                self.raw.cursor().executemany(_translated(sql), many)

    def query(self, sql: str, params: Params = ()) -> Iterator[dict[str, Any]]:
        if self._batch is not None:
            self._batch.send()
        with own_errors():
            yield from self.raw.cursor(row_factory=dict_row).execute(_translated(sql), params)

    def stream(self, sql: str, params: Params = ()) -> Iterator[Any]:
        with own_errors(), self.raw.cursor(f"stream_{next(_names)}") as cursor:
            cursor.itersize = 2000
            yield from cursor.execute(_translated(sql), params)


class PostgresDatabase(Database):
    kind = "postgres"

    def __init__(
        self, url: str, *, schema: str = "codedesk", create: bool = True, timeout: float = 10
    ) -> None:
        """`url`: postgresql://user@host/database, as libpq reads it. Without `create`, nothing is
        written to it. Raises DatabaseError."""
        self.url = url
        self.schema = schema
        self.name = without_password(url)
        options = {
            "autocommit": True,
            "application_name": "codedesk",
            "client_encoding": "utf8",
            "connect_timeout": max(2, round(timeout)),
            # Those of a batch are prepared by name; psycopg would forget all at each rollback.
            "prepare_threshold": None,
        }
        with own_errors(), psycopg.connect(url, **options) as raw:  # type: ignore[arg-type]
            self._prepare(raw, create)
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=_MOST_CONNECTIONS,
            timeout=timeout,
            open=False,
            kwargs=options,
            configure=self._configure,
            check=_check,
        )
        with own_errors():
            self._pool.open()

    def _prepare(self, raw: psycopg.Connection[Any], create: bool) -> None:
        """Expect what is needed of the database, and make the schema where it is not there."""
        encoding, schema, function = raw.execute(
            "select current_setting('server_encoding'), to_regnamespace(%s), to_regprocedure(%s)",
            [f'"{self.schema}"', f'"{self.schema}".json_extract(text, text)'],
        ).fetchone() or ("", None, None)
        if encoding != "UTF8":
            raise DatabaseError(
                f"the database is encoded in {encoding}, and must be in UTF8: make another with "
                "`createdb --encoding UTF8 --template template0 NAME`"
            )
        if not create or (schema and function):
            return
        with raw.transaction():
            raw.execute("select pg_advisory_xact_lock(hashtext(%s))", [self.schema])
            raw.execute(f'create schema if not exists "{self.schema}"')
            raw.execute(f'set local search_path = "{self.schema}"')
            raw.execute(_JSON_EXTRACT)

    def _configure(self, raw: psycopg.Connection[Any]) -> None:
        # With parameters, or prepared, only one statement could be sent at a time.
        raw.execute(_SESSION.format(schema=self.schema), prepare=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._lent() as raw:
            yield PostgresConnection(raw, self.schema)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        with self._lent() as raw:
            try:
                with own_errors():
                    raw.execute("begin isolation level repeatable read, read only")
                    raw.execute("set local idle_in_transaction_session_timeout = 0")
                yield PostgresConnection(raw, self.schema)
            finally:
                _undo(raw)

    @contextmanager
    def writing(
        self, *, batched: bool = False, first: Callable[[Connection], None] | None = None
    ) -> Iterator[Connection]:
        with self._lent() as raw:
            batch = Batch(raw)
            connection = PostgresConnection(raw, self.schema, batch)
            try:
                batch.add_plain("begin")
                batch.add_plain("set local synchronous_commit = off")
                # A plan made while a table is small must not read all of it later.
                batch.add_plain("set local enable_seqscan = off")
                if first is not None:
                    first(connection)
                batch.add(_LOCK, [self.schema])
                if not batched:
                    batch.send()
                with own_errors():
                    yield connection if batched else PostgresConnection(raw, self.schema)
                batch.add_plain("commit")
                batch.add(_TO_DISK)
                batch.send()
            except BaseException:
                _undo(raw)
                raise

    @contextmanager
    def _lent(self) -> Iterator[psycopg.Connection[Any]]:
        with own_errors():
            raw = self._pool.getconn()
        try:
            yield raw
        finally:
            # A connection that broke is replaced; one in a transaction is brought out of it.
            self._pool.putconn(raw)

    def close(self) -> None:
        self._pool.close()


def _undo(raw: psycopg.Connection[Any]) -> None:
    if not raw.closed and raw.info.transaction_status != TransactionStatus.IDLE:
        try:
            raw.rollback()
        except psycopg.Error:
            raw.close()


def _check(raw: psycopg.Connection[Any]) -> None:
    """Raises psycopg.Error when the server closed this connection. A server that stopped, and a
    connection that was cut, leave something to read; only then it is asked."""
    waiting = select.poll()
    waiting.register(raw.fileno(), select.POLLIN)
    if waiting.poll(0):
        ConnectionPool.check_connection(raw)


def is_address(text: str) -> bool:
    """Whether it is the address of a PostgreSQL database."""
    return urlsplit(text).scheme in ("postgresql", "postgres")
