"""Looks at the SQLite file of a log before it is opened for writing, because opening writes.

A new log is begun where there is no file, or an empty one: the first start makes the file, and may
be interrupted then. Where something tells that there was a log, an empty file is a lost log.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from bot.messages import message
from bot.querylog.hash_chain import LogKey, LogUnavailable
from bot.querylog.schema import VERSION, VERSION_1_TABLES

#: Seconds for which another process may have the file of a new log empty.
_BEING_MADE = 1.0


def expect_usable(path: Path, key: LogKey | None, checkpoints: Path | None) -> None:
    """`checkpoints`: the file in which those of this log are kept. Raises LogUnavailable for a
    folder, another program's file, and nothing where there was a log. A damaged file is told when
    it is opened."""
    if path.is_dir():
        raise LogUnavailable(message("log_file.folder", path=path))
    size = _size(path)
    if not size:
        _expect_never_written(path, size, key, checkpoints)
    elif _is_foreign(path):
        raise LogUnavailable(message("log_file.foreign", path=path))


def _expect_never_written(
    path: Path, size: int | None, key: LogKey | None, checkpoints: Path | None
) -> None:
    wal = Path(f"{path}-wal")
    trace = (
        "key" if key is not None else
        # SQLite removes this file when the log is empty or missing, with what it holds.
        wal if _size(wal) else
        checkpoints if checkpoints is not None and size == 0 and _size(checkpoints) else None
    )  # fmt: skip
    if trace is None:
        return
    until = time.monotonic() + _BEING_MADE
    while trace != "key" and time.monotonic() < until:
        time.sleep(0.05)
        if _size(path):
            return  # another process has made it meanwhile
    kind = "missing" if size is None else "empty"
    named = message("log_file.key") if trace == "key" else trace
    raise LogUnavailable(message(f"log_file.{kind}", path=path, trace=named))


def _size(path: Path) -> int | None:
    """Bytes of a file; None where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _is_foreign(path: Path) -> bool:
    """Whether it is a database in which no log was ever."""
    address = path.absolute().as_uri() + "?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as db:
            # Both in one statement, so as they are at one moment.
            rows = db.execute(
                "select user_version, name from pragma_user_version "
                "left join sqlite_master on type = 'table'"
            ).fetchall()
    except sqlite3.Error:
        return False
    version, tables = rows[0][0], {name for _, name in rows} - {None}
    ours = {"log", "records", "texts", *VERSION_1_TABLES}
    # A newer log may have other tables.
    return version <= VERSION and not tables & ours and bool(tables or version)
