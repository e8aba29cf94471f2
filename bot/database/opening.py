"""Opens the database that a path or an address names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.database.base import Database, DatabaseError
from bot.database.sqlite import SqliteDatabase


def open_database(where: Path | str, *, schema: str = "codedesk", **options: Any) -> Database:
    """`where`: the path of an SQLite file, or postgresql://…; `schema` is that of PostgreSQL, and
    `options` are those of SqliteDatabase. Raises DatabaseError and OSError."""
    if isinstance(where, Path):
        return SqliteDatabase(where, **options)
    try:
        from bot.database.postgres import PostgresDatabase
    except ImportError as error:
        raise DatabaseError(
            "PostgreSQL needs one more package: install it with `pip install codedesk[postgres]`"
        ) from error
    return PostgresDatabase(where, schema=schema)
