"""Copies an SQLite file while others write to it, by SQLite's online backup.

https://www.sqlite.org/backup.html: all pages in one step are those of one moment. In WAL mode it
holds up no writer.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from bot.backup.errors import BackupError
from bot.messages import message


def copy(source: Path, target: Path) -> None:
    """`target` is a new file of its own, on the disk when this returns, without a -wal file beside
    it. Raises BackupError."""
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        old = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        new = sqlite3.connect(target)
        try:
            old.backup(new)
            new.execute("pragma journal_mode = delete")
        finally:
            new.close()
            old.close()
        with target.open("rb") as file:
            os.fsync(file.fileno())
    except (OSError, sqlite3.Error) as error:
        raise BackupError(message("backup.no_copy", name=source, error=error)) from error
