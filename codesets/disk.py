"""Whether a disk has room."""

from __future__ import annotations

import shutil
from pathlib import Path

#: Bytes: with less, SQLite cannot grow a file and write those beside it.
_ROOM = 2**20


def is_full(path: Path) -> bool:
    """Whether the disk of a file has no room for a database to be written. SQLite calls that an I/O
    error, too."""
    try:
        return shutil.disk_usage(path.parent).free < _ROOM
    except OSError:
        return False
