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

from codesets.disk import is_full
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

_TABLES = {"releases", "books", "files", "codes", "divisions", "notes", "note_codes"}

_FREE = "Free some disk space, then try again"
#: Errors of SQLite that leave the file whole: it cannot be read or written just now.
_NOT_NOW = {
    sqlite3.SQLITE_FULL: _FREE,
    sqlite3.SQLITE_IOERR: "Look whether the disk is full or failing, then try again",
    sqlite3.SQLITE_BUSY: "Another process writes to it: try again when that has ended",
    sqlite3.SQLITE_LOCKED: "Another process writes to it: try again when that has ended",
    sqlite3.SQLITE_CANTOPEN: "Mend the permissions of the file and its folder, then try again",
    sqlite3.SQLITE_PERM: "Mend the permissions of the file and its folder, then try again",
    sqlite3.SQLITE_READONLY: "Mend the permissions of the file and its folder, then try again",
}


class StoreUnusable(CodesetError):
    """codes.db cannot be read or written; the message says why, and what to do."""

    @classmethod
    def of(cls, path: Path, error: sqlite3.Error) -> StoreUnusable:
        """What an error of SQLite means for the code sets at `path`."""
        if path.is_dir():
            why, todo = "it is a folder", "Move it away, then run `codedesk setup`"
        elif todo := _NOT_NOW.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF, ""):
            why, todo = str(error), f"{todo}; what is stored is as it was"
            if is_full(path):
                why, todo = f"{why}: the disk is full", f"{_FREE}; what is stored is as it was"
        else:
            why = f"{error}: it is damaged, or another program's"
            todo = (
                "Move it away, run `codedesk setup`, and import your own files again; the log is "
                "another file, and as it was"
            )
        return cls(f"The code sets at {path} cannot be used ({why}). {todo}.")


class CodesDatabase:
    """Safe to share between threads: each has its own connection.

    Raises CodesetError when the file was written by another version, and StoreUnusable when it is
    damaged, another program's, or cannot be opened. Later on, damage shows as sqlite3.Error, which
    `StoreUnusable.of` puts into words.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            self._expect_ours()
        except sqlite3.Error as error:
            self.close()
            raise StoreUnusable.of(path, error) from error

    def _expect_ours(self) -> None:
        """Raises CodesetError unless the file is empty or of this version, and sqlite3.Error."""
        path = self.path
        version = self.db.execute("pragma user_version").fetchone()[0]
        tables = set(self.db.table_names())
        lacks = version == SCHEMA_VERSION and not tables >= _TABLES
        if tables and ("releases" not in tables or lacks):
            self.close()
            raise StoreUnusable(
                f"The file {path} is another program's, or damaged: it has no code sets. Move it "
                "away, or set CODEDESK_HOME to another folder; then run `codedesk setup`."
            )
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
