"""One way to two databases: SQLite, which is embedded, and PostgreSQL, for more than one host.

The query log and what Slack's surfaces keep are written through it. SQL is written once, in what
both understand: `?` for a parameter, and `json_extract(body, '$.name')`, which is a function of
our own in PostgreSQL and gives text there. Where the two differ, a module asks `Connection.kind`.
"""

from bot.database.base import Connection, Cursor, Database, DatabaseError, DuplicateError, Kind
from bot.database.opening import name_of, open_database

__all__ = [
    "Connection",
    "Cursor",
    "Database",
    "DatabaseError",
    "DuplicateError",
    "Kind",
    "name_of",
    "open_database",
]
