"""Opens the database that a path or an address names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.database.address import without_password
from bot.database.base import Database, DatabaseError
from bot.database.sqlite import SqliteDatabase


def open_database(
    where: Path | str, *, schema: str = "codedesk", create: bool = True, **options: Any
) -> Database:
    """`where`: the path of an SQLite file, or postgresql://… `schema`: in PostgreSQL, the schema
    that the tables are in; it is made unless `create` is false. `options` are those of the
    SqliteDatabase. Raises DatabaseError and OSError."""
    if isinstance(where, Path):
        return SqliteDatabase(where, **options)
    try:
        from bot.database.postgres import PostgresDatabase
    except ImportError as error:
        raise DatabaseError(
            "PostgreSQL needs one more package: install it with `pip install codedesk[postgres]`"
        ) from error
    return PostgresDatabase(where, schema=schema, create=create)


def name_of(where: Path | str) -> str:
    """What people are told of it: the path, or the address without its password."""
    if isinstance(where, Path):
        return str(where)
    return without_password(where)
