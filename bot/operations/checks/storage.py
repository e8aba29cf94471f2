"""The data folder and the databases."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.database import DatabaseError, name_of
from bot.database.sqlite import SqliteConnection
from bot.operations.findings import Asked, Finding, broken, look, mb, mode_of, ok
from bot.querylog import schema
from codesets.store.database import SCHEMA_VERSION
from index import build_lock

#: Free bytes below which one should look, and below which the next build or month may fail.
_LITTLE, _TOO_LITTLE = 2 * 2**30, 200 * 2**20
#: What these files are called in sentences; the version of each file's schema, if it has one.
_FILES = {"log.db": schema.VERSION, "slack.db": None, "codes.db": SCHEMA_VERSION}
#: Seconds until a PostgreSQL that does not answer is given up.
_PATIENCE = 5.0


def home(asked: Asked) -> Iterator[Finding]:
    folder = asked.settings.home
    if not folder.exists():
        yield broken("no_home", folder=folder)
        return
    if not folder.is_dir():
        yield broken("home_is_a_file", folder=folder)
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield broken("home_not_writable", folder=folder, user=_user(os.geteuid()))
        return
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        yield look("home_of_another", folder=folder, owner=_user(owner), user=_user(os.geteuid()))
    if folder.stat().st_mode & 0o077:
        yield look("home_open", folder=folder, mode=mode_of(folder))
    else:
        yield ok("home", folder=folder)


def disk(asked: Asked) -> Iterator[Finding]:
    folder = next(
        one for one in (asked.settings.home, *asked.settings.home.parents) if one.exists()
    )
    free = shutil.disk_usage(folder).free
    if free < _TOO_LITTLE:
        yield broken("disk_full", free=mb(free), folder=folder)
    elif free < _LITTLE:
        yield look("disk_low", free=mb(free), folder=folder)
    else:
        yield ok("disk", free=mb(free), folder=folder)


def files(asked: Asked) -> Iterator[Finding]:
    """The SQLite files: whole, of this version, private."""
    for name, version in _FILES.items():
        if asked.settings.database_url and name != "codes.db":
            continue
        path = asked.settings.home / name
        if path.exists():
            yield from _file(path, name, version)
        elif name == "codes.db":
            yield broken("no_codes", path=path)


def _file(path: Path, name: str, version: int | None) -> Iterator[Finding]:
    try:
        address = path.absolute().as_uri() + "?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as db:
            (state,) = db.execute("pragma quick_check(1)").fetchone()
            (there,) = db.execute("pragma user_version").fetchone()
            (journal,) = db.execute("pragma journal_mode").fetchone()
            faults = schema.faults(SqliteConnection(db)) if name == "log.db" else None
    except sqlite3.Error as error:
        yield broken(f"{_key(name)}_unreadable", path=path, error=error)
        return
    if state != "ok":
        yield broken(f"{_key(name)}_damaged", path=path, state=str(state).splitlines()[0])
        return
    if version is not None and there > version:
        yield broken("file_newer", path=path)
    elif version is not None and 0 < there < version:
        yield broken("codes_older", path=path) if name == "codes.db" else look("log_older")
    elif faults and there:
        yield broken("log_foreign", path=path, why=faults)
    if journal != "wal":
        yield look("no_wal", path=path, journal=journal)
    if name != "codes.db" and path.stat().st_mode & 0o077:
        yield look("file_open", path=path, mode=mode_of(path))
    yield ok("file", name=name, size=mb(path.stat().st_size))


def _key(name: str) -> str:
    """Which words there are for a file."""
    return {"codes.db": "codes", "log.db": "log"}.get(name, "state")


def server(asked: Asked) -> Iterator[Finding]:
    """PostgreSQL: reached, of a version that is known, with a log of this version."""
    url = asked.settings.database_url
    if not url:
        return
    name = name_of(url)
    try:
        from bot.database.postgres import PostgresDatabase
    except ImportError:
        return  # bot/operations/together.py tells of it.
    try:
        with (
            closing(PostgresDatabase(url, create=False, timeout=_PATIENCE)) as database,
            database.reading() as db,
        ):
            (number,) = db.execute("show server_version").fetchone()
            there = schema.version(db)
            faults = schema.faults(db) if there else None
    except DatabaseError as error:
        yield broken("no_server", name=name, error=error)
        return
    yield ok("server", name=name, version=number)
    if not there:
        yield look("server_empty", name=name)
    elif faults:
        yield broken("log_foreign", path=name, why=faults)


def left(asked: Asked) -> Iterator[Finding]:
    """What an interrupted build of the index left."""
    root = asked.settings.index
    if not root.is_dir():
        return
    if not (begun := build_lock.left_over(root)) or build_lock.is_running(root):
        return
    size = sum(f.stat().st_size for one in begun for f in one.rglob("*") if f.is_file())
    names = ", ".join(one.name for one in begun)
    yield look("left_over", names=names, size=mb(size), folder=root)


def _user(number: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return str(number)


CHECKS = (home, disk, files, server, left)
