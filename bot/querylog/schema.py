"""The schema of the log, whichever database it is in: four tables, and views for people to read.

`log` says which log it is, `records` is the chain, `texts` what people typed, and `lifted` has a
row only inside a transaction that destroys something. `schema_sqlite` and `schema_postgres` make
and check them.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from bot.database import Connection
from bot.querylog import schema_sqlite
from bot.querylog.schema_sqlite import VERSION, VERSION_1_TABLES, VIEWS, printable

if TYPE_CHECKING:
    from bot.querylog.schema_postgres import Watched

__all__ = [
    "VERSION",
    "VERSION_1_TABLES",
    "VIEWS",
    "by_own_views",
    "create",
    "faults",
    "printable",
    "tables",
    "unsound",
    "version",
    "watched",
]


def version(db: Connection) -> int:
    """The version of the log that is there; 0 when there is none."""
    if db.kind == "sqlite":
        return int(db.execute("pragma user_version").fetchone()[0])
    from bot.querylog import schema_postgres

    return schema_postgres.version(db)


def watched(db: Connection) -> Watched:
    """In PostgreSQL, the objects of the log as they are now."""
    from bot.querylog.schema_postgres import Watched

    return Watched(db)


def create(db: Connection, log: str, now: str) -> None:
    """Make this version in the current transaction. `log`: the id of the new log."""
    if db.kind == "sqlite":
        schema_sqlite.create(db.raw, log, now)
        return
    from bot.querylog import schema_postgres

    schema_postgres.create(db, log, now)


def faults(db: Connection) -> str | None:
    """A sentence on what of the schema is missing, foreign or changed; None when nothing is."""
    if db.kind == "sqlite":
        return schema_sqlite.faults(db.raw)
    from bot.querylog import schema_postgres

    return schema_postgres.faults(db)


def tables(db: Connection) -> set[str]:
    """The names of the tables there."""
    if db.kind == "sqlite":
        rows = db.execute("select name from sqlite_master where type = 'table'")
    else:
        rows = db.execute("select tablename from pg_tables where schemaname = current_schema()")
    return {name for (name,) in rows}


def unsound(db: Connection) -> str | None:
    """What is wrong with the indexes, for the end of a sentence; None when nothing is."""
    if db.kind == "sqlite":
        (state,) = db.execute("pragma integrity_check(1)").fetchone()
        return None if state == "ok" else f"the file is not sound: {state}"
    from bot.querylog import schema_postgres

    return schema_postgres.unsound(db)


@cache
def by_own_views(sql: str) -> str:
    """A query that reads views, with definitions of them that come before it. The views in the
    database are for people with other tools, and whoever can write there can change them."""
    used = [name for name in VIEWS if re.search(rf"\b(?:from|join) {name}\b", sql)]
    definitions = ", ".join(f"{name} as ({VIEWS[name]})" for name in used)
    return f"with {definitions} {sql}" if used else sql
