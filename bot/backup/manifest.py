"""What is in a backup: its manifest, which is written last, and the check of its files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.backup.errors import BackupError
from bot.messages import message

MANIFEST = "manifest.json"
#: Increased when an older program could not restore the backup.
FORMAT = 1

#: The files of a backup. LOG and STATE are SQLite files; DUMP is that of PostgreSQL, with both.
LOG, STATE, DUMP = "log.db", "slack.db", "database.dump"
CODES, CHECKPOINTS, SETTINGS, KEYS = "codes.db", "checkpoints.jsonl", "codedesk.toml", "keys"


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where the log of a backup ends: its id, the schema's version, the numbers of its first and
    last record, the hash of the last, what verifying it said, and whether it is sealed with a
    key."""

    log: str
    version: int
    first: int
    last: int
    head: str
    result: str
    sealed: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """`files`: path in the backup -> size ("bytes") and SHA-256 ("sha256"). `database`: "sqlite" or
    "postgres". `log` is None where nothing was asked yet. `versions` of Code Desk and of what wrote
    the copy. `with_keys`: whether private keys are in it."""

    made_at: str
    database: str
    versions: dict[str, str]
    log: LogEnd | None
    with_keys: bool
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        """Raises OSError."""
        text = json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"
        (folder / MANIFEST).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Raises BackupError."""
        try:
            found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if found["format"] > FORMAT:
                raise BackupError(message("backup.newer", folder=folder))
            log = found.pop("log")
            return cls(**found, log=LogEnd(**log) if log else None)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise BackupError(message("backup.no_manifest", folder=folder)) from error


def described(path: Path) -> dict[str, Any]:
    """The size and SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def files_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Those of a folder but for the manifest, as in Manifest.files. Raises OSError."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): described(path)
        for path in paths
        if path.name != MANIFEST
    }


def checked(folder: Path) -> Manifest:
    """The manifest of a backup whose files are as they were written. Raises BackupError."""
    manifest = Manifest.read(folder)
    try:
        there = files_of(folder)
    except OSError as error:
        raise BackupError(message("backup.unreadable", folder=folder, error=error)) from error
    for name in sorted(manifest.files.keys() | there.keys()):
        if there.get(name) == manifest.files.get(name):
            continue
        key = "backup.missing"
        if name in there:
            key = "backup.altered" if name in manifest.files else "backup.foreign"
        raise BackupError(message(key, folder=folder, name=name))
    return manifest
