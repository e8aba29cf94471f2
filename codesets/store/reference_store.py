"""The references in codes.db: indexes, tables, guidelines, edits, crosswalks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from sqlite_utils import Database

from codesets.model import Reference, ReferenceData, ReferenceKind, Setting
from codesets.store import row_tables
from codesets.store.database import CodesDatabase

R = TypeVar("R")


class ReferenceStore:
    """Loads and reads references. Safe to share between threads."""

    def __init__(self, database: CodesDatabase) -> None:
        self._database = database
        # Cached, because every question reads them; loading clears the cache.
        self._loaded = lru_cache(maxsize=1)(self._read)
        self._of = lru_cache(maxsize=256)(self._choose)

    def load(self, content: ReferenceData) -> int:
        """Store a reference, replacing it if it was loaded before; return its number of rows."""
        with self._database.writing() as db:
            count = _store(db, content)
        self._forget()
        return count

    def replace(self, kind: ReferenceKind, contents: Iterable[ReferenceData]) -> None:
        """Replace all references of a kind by `contents`, in one transaction."""
        with self._database.writing() as db:
            for (key,) in db.execute("select key from books where kind = ?", [kind]).fetchall():
                _forget(db, key)
                db.execute("delete from books where key = ?", [key])
            for content in contents:
                _store(db, content)
        self._forget()

    def _forget(self) -> None:
        self._loaded.cache_clear()
        self._of.cache_clear()

    def _read(self) -> tuple[Reference, ...]:
        if not self._database.is_made:
            return ()
        files = row_tables.files(self._database.db)
        return tuple(
            msgspec.convert(row | {"files": files.get(row["key"], ())}, Reference)
            for row in self._database.db["books"].rows_where(order_by="effective_from, key")
        )

    def all(
        self, kind: str | None = None, system: str | None = None, setting: Setting | None = None
    ) -> list[Reference]:
        """The loaded references of a kind, system and setting (None: any), oldest edition first."""
        return list(self._of(kind, system, setting))

    def _choose(
        self, kind: str | None, system: str | None, setting: Setting | None
    ) -> tuple[Reference, ...]:
        return tuple(
            reference
            for reference in self._loaded()
            if kind in (None, reference.kind)
            and system in (None, reference.system)
            and setting in (None, reference.setting)
        )

    def get(self, key: str) -> Reference:
        """The loaded reference with this key. Raises StopIteration when there is none."""
        return next(reference for reference in self._loaded() if reference.key == key)

    def for_date(
        self, kind: str, system: str, day: dt.date, setting: Setting | None = None
    ) -> Reference | None:
        """The edition of a reference in force on `day`, the newest if there are several; else the
        nearest one; None when no edition is loaded."""
        loaded = self._of(kind, system, setting)
        if not loaded:
            return None
        return min(reversed(loaded), key=lambda reference: reference.days_away(day))

    def parts(self, reference: Reference) -> list[Reference]:
        """All loaded parts of the edition of `reference`, with itself."""
        same = (reference.kind, reference.system, reference.setting, reference.label)
        return [b for b in self._loaded() if (b.kind, b.system, b.setting, b.label) == same]

    def rows(self, kind: type[R], reference: Reference, /, **equal: Any) -> Iterator[R]:
        """The rows of one kind in a reference, in published order. `equal` are fields, and the
        value or list of values that they must have."""
        return row_tables.read(self._database.db, kind, reference.key, **equal)

    def having(self, *kinds: type) -> list[Reference]:
        """The loaded references that have rows of one of these kinds, oldest edition first."""
        return [
            reference
            for reference in self._loaded()
            if any(row_tables.has(self._database.db, kind, reference.key) for kind in kinds)
        ]

    def count(self, reference: Reference) -> int:
        """The number of rows in a reference."""
        return sum(row_tables.count(self._database.db, reference.key).values())

    def groups(self, reference: Reference) -> dict[str, int]:
        """The number of rows by the first character of their codes; "" for rows without a code."""
        return row_tables.groups(self._database.db, reference.key)


def _store(db: Database, content: ReferenceData) -> int:
    reference = content.reference
    _forget(db, reference.key)
    db.table("books").upsert(
        {
            "key": reference.key,
            "kind": reference.kind,
            "system": reference.system,
            "label": reference.label,
            "setting": reference.setting,
            "part": reference.part,
            "effective_from": reference.effective_from.isoformat(),
            "effective_through": reference.effective_through.isoformat(),
            "source": reference.source,
            "loaded_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        },
        pk="key",
    )
    db.table("files").insert_all(
        {"key": reference.key, "name": file.name, "sha256": file.sha256} for file in reference.files
    )
    return row_tables.save(db, reference.key, content.rows)


def _forget(db: Database, key: str) -> None:
    """Delete the rows of a reference and the record of its files."""
    row_tables.forget(db, key)
    db.execute("delete from files where key = ?", [key])
