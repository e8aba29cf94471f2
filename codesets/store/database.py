"""The SQLite file codes.db: its tables, its version, and a connection for each thread.

Tables: `releases` (one row for each release), `books` (one row for each reference), `files` (the
official files that a release or reference was read from, with their SHA-256), `codes`, `divisions`
(chapters and sections), `notes`, `note_codes` (the codes that a note names), and one table for each
kind of row in codesets/store/row_tables.py.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from codesets.model import CodesetError
from codesets.store import row_tables

#: Increased when stored data would be read differently. An older codes.db is then loaded anew.
SCHEMA_VERSION = 2

_SCHEMA = """
create table releases (
    key text primary key, system text not null, label text not null,
    effective_from text not null, effective_through text not null, serves_from text,
    source text not null, has_notes integer not null, loaded_at text not null
);
create table books (
    key text primary key, kind text not null, system text not null, label text not null,
    setting text, part text, effective_from text not null, effective_through text not null,
    source text not null, loaded_at text not null
);
create table files (
    key text not null, name text not null, sha256 text not null,
    primary key (key, name)
);
create table codes (
    release text not null references releases(key), code text not null, title text not null,
    billable integer not null, parent text, section text, stem text not null,
    position integer not null, title_from text, effective_from text, effective_through text,
    primary key (release, code)
) without rowid;
create index codes_by_code on codes (code);
create table divisions (
    release text not null references releases(key), id text not null, kind text not null,
    title text not null, parent text,
    primary key (release, kind, id)
) without rowid;
create table notes (
    id integer primary key, release text not null references releases(key), kind text not null,
    owner_kind text not null, owner text not null, "group" integer not null, mark text,
    text text not null
);
create index notes_by_owner on notes (release, owner_kind, owner);
create table note_codes (
    note integer not null references notes(id), first text not null, last text not null,
    as_published text not null
);
create index note_codes_by_note on note_codes (note);
"""


class CodesDatabase:
    """Safe to share between threads: each has its own connection.

    Raises CodesetError when the file was written by another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        version = self.db.execute("pragma user_version").fetchone()[0]
        if version > SCHEMA_VERSION and self.is_made:
            self.close()
            raise CodesetError(
                f"{path} was written by a newer version of Code Desk. Update this one, or set "
                "CODEDESK_HOME to another folder."
            )
        if version != SCHEMA_VERSION and self.is_made:
            self.close()
            raise CodesetError(
                f"{path} was written by another version of Code Desk. "
                "Move it away and run `codedesk setup` to load the code sets again."
            )
        if self.is_made:
            self._add_tables()

    @property
    def db(self) -> Database:
        """The connection of the current thread."""
        database = getattr(self._local, "database", None)
        if database is None:
            connection = sqlite3.connect(self.path, timeout=30, check_same_thread=False)
            database = self._local.database = Database(connection)
            with self._lock:
                self._connections.append(connection)
        return database

    @property
    def is_made(self) -> bool:
        """Whether the file has its tables."""
        return self.db["releases"].exists()

    def _add_tables(self) -> None:
        """Add the tables of kinds of rows that came after the file was made."""
        made = set(self.db.table_names())
        if all(table in made for table, _ in row_tables.TABLES.values()):
            return
        try:
            self.db.executescript(row_tables.schema())
        except sqlite3.OperationalError as error:
            self.close()
            raise CodesetError(
                f"{self.path} is of an older version of Code Desk, and cannot be written here "
                f"({error}). Run `codedesk codesets list` once as a user who may write it."
            ) from error

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """A transaction, rolled back on an error. Creates the tables if there are none."""
        db = self.db
        if not self.is_made:
            db.executescript(_SCHEMA + row_tables.schema())
            db.execute(f"pragma user_version = {SCHEMA_VERSION}")
            db.enable_wal()
        with db.atomic():
            yield db

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()
