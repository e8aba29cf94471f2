"""The log as Datasette reads it: by connections that can only read, and never a salt.

With a salt one could try out guesses at a destroyed text against its hash. So nobody may see it:
- SQLite's authorizer allows reading what is named here, and nothing else: no writing, no attaching,
  no pragma that sets anything.
- SQLite does not ask it about the columns of `full join … using (…)` and `natural join` (seen with
SQLite 3.40), so the authorizer is not enough. No statement may name the table with the salts, nor
the table of the raw pages of the file; SQL has no other way to refer to a table. The views read the
table, and none of them has the salts.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from typing import Any
from weakref import WeakKeyDictionary

from datasette.database import Database

from bot.audit.web.log_copy import LogCopy
from bot.audit.web.sql_views import VIEWS
from bot.messages import message
from bot.querylog import LogUnavailable
from bot.querylog import schema_sqlite as schema

#: Tables that may be read: those of the log, all views, the schema, and JSON functions.
_READABLE = frozenset(
    {*schema.STATEMENTS, *VIEWS, "sqlite_master", "sqlite_schema", "sqlite_temp_master",
     "sqlite_temp_schema", "json_each", "json_tree"}
)  # fmt: skip
#: Pragmas that describe tables; Datasette uses them.
_PRAGMAS = frozenset(
    {"table_info", "table_xinfo", "foreign_key_list", "index_list", "index_info", "database_list",
     "schema_version"}
)  # fmt: skip
#: Names that no statement may have.
_NOT_NAMED = re.compile("texts|sqlite_dbpage", re.IGNORECASE)
#: Tables that are not listed.
_NOT_LISTED = ("texts", "lifted")
_OTHERWISE_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE})
#: Functions that load code, and those whose time grows with the square of the length of their
#: input: SQLite checks the time limit between steps, and a call of a function is one step.
_NO_FUNCTIONS = frozenset(
    {"load_extension", "fts3_tokenizer", "trim", "ltrim", "rtrim", "json_patch"}
)
#: The largest value or row, in bytes (for the same reason: `instr` takes seconds for it); the
#: longest pattern of LIKE or GLOB; the most memory of SQLite in this process; the largest answer in
#: all.
_LARGEST, _LONGEST_PATTERN, _MOST_MEMORY, LARGEST_ANSWER = 1_000_000, 1000, 300_000_000, 50_000_000


def may(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """The authorizer; sqlite.org/c3ref/set_authorizer.html explains its arguments and results."""
    allowed = action in _OTHERWISE_ALLOWED
    if action == sqlite3.SQLITE_READ:
        allowed = (first or "").lower() in _READABLE and (first, second) != ("texts", "salt")
    elif action == sqlite3.SQLITE_FUNCTION:
        allowed = second not in _NO_FUNCTIONS
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = first in _PRAGMAS and not (first == "schema_version" and second)
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


class Measured:
    """A row factory that raises an error when the rows of an answer are too large together."""

    def __init__(self) -> None:
        self._sizes: WeakKeyDictionary[sqlite3.Cursor, int] = WeakKeyDictionary()

    def __call__(self, cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
        size = sum(len(value) for value in values if isinstance(value, str | bytes))
        self._sizes[cursor] = total = self._sizes.get(cursor, 0) + size
        if total > LARGEST_ANSWER:
            raise sqlite3.OperationalError(message("audit.too_large"))
        return sqlite3.Row(cursor, values)


class LogDatabase(Database):
    """log.db with the auditors' views. They are temporary, so the file is not changed."""

    def __init__(self, served: Any, path: str, copy: LogCopy | None = None) -> None:
        """`copy`: the file is a copy that follows a log in PostgreSQL."""
        super().__init__(served, path)
        self._log_copy = copy

    def connect(self, write: bool = False) -> sqlite3.Connection:
        if write:
            raise sqlite3.OperationalError("the log is not written from here")
        db: sqlite3.Connection = super().connect()
        if why := schema.faults(db):
            raise sqlite3.OperationalError(why)
        db.execute("pragma temp_store = memory")
        schema.read_by_own_views(db)
        db.execute(f"pragma hard_heap_limit = {_MOST_MEMORY}")
        for name, statement in VIEWS.items():
            db.execute(f"create temp view {name} as {statement}")
        db.execute("pragma query_only = on")
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
        db.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _LONGEST_PATTERN)
        db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        db.set_authorizer(may)
        return db

    async def execute(self, sql: str, *what: Any, **how: Any) -> Any:
        if _NOT_NAMED.search(sql):
            raise sqlite3.OperationalError(message("audit.not_named"))
        if self._log_copy is not None:
            try:
                await asyncio.to_thread(self._log_copy.refresh)
            except LogUnavailable as error:
                raise sqlite3.OperationalError(str(error)) from error
        # Datasette must not print the SQL, and with it what was searched for.
        try:
            return await super().execute(sql, *what, **how | {"log_sql_errors": False})
        except MemoryError:
            raise sqlite3.OperationalError(message("audit.too_large")) from None

    async def table_names(self) -> list[str]:
        return [name for name in await super().table_names() if name not in _NOT_LISTED]

    async def attached_databases(self) -> list[Any]:
        return []  # our temporary views are listed by view_names

    async def view_names(self) -> list[str]:
        return [*VIEWS, *await super().view_names()]

    async def get_view_definition(self, view: str) -> str | None:
        return VIEWS.get(view) or await super().get_view_definition(view)
