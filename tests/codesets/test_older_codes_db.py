"""A codes.db of an older version keeps what it holds, and gets the tables that came later."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

from codesets.model import MueEdit, Release, ReleaseData
from codesets.store.code_store import CodeStore
from codesets.store.row_tables import TABLES


def test_tables_of_later_kinds_are_added_to_a_file_that_is_made(tmp_path: Path) -> None:
    path = tmp_path / "codes.db"
    day = dt.date(2026, 1, 1)
    release = Release("hcpcs", "2026-January", day, day, "imported", ())
    store = CodeStore(path)
    store.load(ReleaseData.flat(release, [("J3301", "Injection, triamcinolone acetonide")]))
    store.close()
    table, _ = TABLES[MueEdit]
    with sqlite3.connect(path) as older:
        older.execute(f"drop table {table}")

    store = CodeStore(path)
    try:
        assert [code.code for code in store.codes(store.releases()[0])] == ["J3301"]
        assert list(store.rows(MueEdit, store.releases()[0])) == []
    finally:
        store.close()
