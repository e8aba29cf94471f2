"""The books of codes.db: indexes, tables, guidelines, edits, crosswalks, each by edition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from sqlite_utils import Database

from codesets.model import Book, BookKind, Setting, Volume
from codesets.store import row_tables
from codesets.store.database import CodesDatabase

R = TypeVar("R")


class Books:
    """Loads and finds books. Safe to share between threads."""

    def __init__(self, database: CodesDatabase) -> None:
        self._database = database
        # One reading per process: asked for on every question, and never altered.
        self._loaded = lru_cache(maxsize=1)(self._read)

    def load(self, volume: Volume) -> int:
        """Store a book, replacing the same one if it was loaded before; return how many rows."""
        with self._database.writing() as db:
            count = _store(db, volume)
        self._loaded.cache_clear()
        return count

    def replace(self, kind: BookKind, volumes: Iterable[Volume]) -> None:
        """Make these the only books of a kind, at once."""
        with self._database.writing() as db:
            for (key,) in db.execute("select key from books where kind = ?", [kind]).fetchall():
                _forget(db, key)
                db.execute("delete from books where key = ?", [key])
            for volume in volumes:
                _store(db, volume)
        self._loaded.cache_clear()

    def _read(self) -> tuple[Book, ...]:
        if not self._database.is_made:
            return ()
        files = row_tables.files(self._database.db)
        return tuple(
            msgspec.convert(row | {"files": files.get(row["key"], ())}, Book)
            for row in self._database.db["books"].rows_where(order_by="effective_from, key")
        )

    def all(
        self, kind: str | None = None, system: str | None = None, setting: Setting | None = None
    ) -> list[Book]:
        """Loaded books, oldest edition first."""
        return [
            book
            for book in self._loaded()
            if kind in (None, book.kind)
            and system in (None, book.system)
            and setting in (None, book.setting)
        ]

    def get(self, key: str) -> Book:
        """The loaded book with this key."""
        return next(book for book in self._loaded() if book.key == key)

    def for_date(
        self, kind: str, system: str, day: dt.date, setting: Setting | None = None
    ) -> Book | None:
        """The edition of a book in force on `day`, the newest if several are; else the nearest
        one; None when none is loaded."""
        loaded = self.all(kind, system, setting)
        if not loaded:
            return None
        return min(reversed(loaded), key=lambda book: book.days_away(day))

    def parts(self, book: Book) -> list[Book]:
        """All parts of an edition that is published in several, the book itself among them."""
        same = (book.kind, book.system, book.setting, book.label)
        return [b for b in self._loaded() if (b.kind, b.system, b.setting, b.label) == same]

    def rows(self, kind: type[R], book: Book, /, **equal: Any) -> Iterator[R]:
        """The rows of one kind in a book, in published order, whose fields equal those given, or
        one of a list."""
        return row_tables.read(self._database.db, kind, book.key, **equal)

    def count(self, book: Book) -> int:
        return sum(row_tables.count(self._database.db, book.key).values())

    def groups(self, book: Book) -> dict[str, int]:
        """How many rows are of codes that begin with each character; "" for rows of no code."""
        return row_tables.groups(self._database.db, book.key)


def _store(db: Database, volume: Volume) -> int:
    book = volume.book
    _forget(db, book.key)
    db.table("books").upsert(
        {
            "key": book.key,
            "kind": book.kind,
            "system": book.system,
            "label": book.label,
            "setting": book.setting,
            "part": book.part,
            "effective_from": book.effective_from.isoformat(),
            "effective_through": book.effective_through.isoformat(),
            "source": book.source,
            "loaded_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        },
        pk="key",
    )
    db.table("files").insert_all(
        {"key": book.key, "name": file.name, "sha256": file.sha256} for file in book.files
    )
    return row_tables.save(db, book.key, volume.rows)


def _forget(db: Database, key: str) -> None:
    """What a book holds, and the files it was read from."""
    row_tables.forget(db, key)
    db.execute("delete from files where key = ?", [key])
