"""A log opened only to be read, as it is at one moment: a file in SQLite, or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bot.database import Connection, DatabaseError, name_of, open_database
from bot.database.sqlite import SqliteConnection, is_passing, own_errors
from bot.querylog.hash_chain import LogUnavailable

#: A file, or the address of a PostgreSQL database.
Where = Path | str


class DamagedFile(LogUnavailable):
    """The log is there, but what is there is no database, or a damaged one."""


def short_name(where: Where) -> str:
    return where.name if isinstance(where, Path) else name_of(where)


@contextmanager
def snapshot(where: Where) -> Iterator[Connection]:
    """A connection that cannot write and sees one moment. Raises LogUnavailable when there is no
    log or it cannot be read now, and DamagedFile when its content cannot be read."""
    if isinstance(where, Path):
        raw = open_read_only(where)
        # So bytes that are no UTF-8 are noticed at their record, and not while reading ahead.
        raw.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        try:
            with own_errors():
                raw.execute("begin")
                yield SqliteConnection(raw)
        finally:
            raw.close()
        return
    try:
        database = open_database(where, create=False)
    except DatabaseError as error:
        raise LogUnavailable(
            f"The query log at {name_of(where)} cannot be read ({error})."
        ) from error
    try:
        with database.snapshot() as db:
            if not db.execute(
                "select 1 from pg_class where relnamespace = "
                "(select oid from pg_namespace where nspname = ?) and relkind = 'r' limit 1",
                ["codedesk"],
            ).fetchone():
                raise LogUnavailable(f"There is no query log at {name_of(where)}.")
            yield db
    finally:
        database.close()


def is_there(where: Where) -> bool:
    """Whether there is a log, whatever its state. Raises LogUnavailable when that cannot be told:
    the database cannot be reached."""
    if isinstance(where, Path):
        return where.exists()
    try:
        with snapshot(where):
            return True
    except LogUnavailable as error:
        if error.__cause__ is not None:
            raise
        return False


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection to a file that cannot write. Raises LogUnavailable when there is no file or it
    cannot be read now, and DamagedFile when its content cannot be read."""
    if not path.is_file():
        raise LogUnavailable(f"There is no query log at {path}.")
    address = path.absolute().as_uri() + "?mode=ro"
    try:
        db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=10)
        try:
            db.execute("select 1 from sqlite_master").fetchone()
        except sqlite3.OperationalError:
            # On a read-only medium there is no -wal file, and SQLite cannot make one.
            db.close()
            if Path(f"{path}-wal").exists():
                raise
            db = sqlite3.connect(address + "&immutable=1", uri=True, isolation_level=None)
            db.execute("select 1 from sqlite_master").fetchone()
    except sqlite3.Error as error:
        if is_passing(error):
            raise LogUnavailable(
                f"The query log at {path} cannot be read ({error}). Free the disk or mend the "
                "permissions, then try again."
            ) from error
        raise DamagedFile(
            f"It cannot be read as a database ({error}): the file is damaged, or is another."
        ) from error
    return db
