"""Titles of codes for readers of the log, where the answer has none: of codes that people used in
place of those shown."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path

from codesets.errors import CodeDeskError
from codesets.store.code_store import CodeStore


class CodeTitles:
    """Titles from the newest loaded edition that has a code. Where no code set is loaded there are
    none. CPT has none here: its licence does not let a page or a file keep them."""

    def __init__(self, codes_db: Path) -> None:
        self._store = _opened(codes_db)
        self.of = cache(self._of)

    def _of(self, code: str) -> str:
        """The title of a code, of the first system that has it; "" for none."""
        if self._store is None:
            return ""
        for release in reversed(self._store.releases()):
            if release.system != "cpt" and (found := self._store.get(release, code)):
                return found.title
        return ""

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


def _opened(codes_db: Path) -> CodeStore | None:
    if not codes_db.exists():
        return None
    try:
        store = CodeStore(codes_db)
        store.releases()
    except (CodeDeskError, sqlite3.Error):
        return None
    return store
