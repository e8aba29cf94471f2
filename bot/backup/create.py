"""Makes a backup while the desk runs.

The order matters. Checkpoints are copied first and the log last, so no checkpoint in the backup
vouches for a record that is not in it. The folder gets its name when it is complete.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from bot.backup import manifest, postgres_dump, sqlite_copy
from bot.backup.errors import BackupError
from bot.backup.manifest import LogEnd, Manifest
from bot.database import Connection, DatabaseError, name_of, open_database
from bot.messages import message
from bot.querylog import schema
from bot.querylog.checkpoints import CheckpointError
from bot.querylog.confirmations import Confirmations
from bot.querylog.hash_chain import LogUnavailable
from bot.querylog.opening import checkpoints_of, key_of, opened
from bot.querylog.snapshot import is_there
from bot.querylog.verify import Verification, verify
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, and what verifying the log said: that of the backup, or, in PostgreSQL, the
    one in the database at that time. None where there is no log yet."""

    manifest: Manifest
    verification: Verification | None


def create(settings: Settings, folder: Path, by: str, now: str, *, codes: bool, keys: bool) -> Made:
    """Make a backup in a new folder. `codes`: with codes.db, which can be imported again. `keys`:
    with the private keys. Raises BackupError and LogUnavailable."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise BackupError(message("backup.is_there", folder=folder))
    part = folder.with_name(f"{folder.name}.incomplete")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True, mode=0o700)
        if is_there(settings.log_database):
            with opened(settings) as log:
                log.access("backup", by, str(folder))
        _files(settings, part, codes=codes, keys=keys)
        copied = _postgres if settings.database_url else _sqlite
        made = copied(settings, part)
        whole = Manifest(
            made_at=now,
            database="postgres" if settings.database_url else "sqlite",
            versions={"codedesk": metadata.version("codedesk")} | made.manifest.versions,
            log=made.manifest.log,
            with_keys=keys,
            files=manifest.files_of(part),
        )
        whole.write(part)
        _to_disk(part)
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    except OSError as error:
        raise BackupError(message("backup.not_written", folder=folder, error=error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return replace(made, manifest=whole)


# Files


def _files(settings: Settings, part: Path, *, codes: bool, keys: bool) -> None:
    kept = settings.checkpoints
    confirmed = Confirmations.beside(kept).path
    _copy(kept, part / manifest.CHECKPOINTS)
    _copy(confirmed, part / f"{manifest.CHECKPOINTS}.confirmed")
    _copy(settings.checkpoint_public_key, part / settings.checkpoint_public_key.name)
    for path in (settings.sign_ins, settings.home / "clients.toml"):
        _copy(path, part / path.name)
    (part / manifest.SETTINGS).write_text(_settings(settings), encoding="utf-8")
    if codes and settings.codes_db.exists():
        sqlite_copy.copy(settings.codes_db, part / manifest.CODES)
    if keys:
        for path in (settings.log_key, settings.checkpoint_key, settings.token_keys):
            _copy(path, part / manifest.KEYS / path.name)


def _copy(path: Path, target: Path) -> None:
    if path.is_file():
        target.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(0o600)


def _settings(settings: Settings) -> str:
    """The settings in force, from the environment and the file, without tokens and passwords."""
    given = settings.without_secrets().model_dump(
        mode="json", exclude={"home"}, exclude_defaults=True
    )
    lines = [message("backup.settings_head")]
    # A text in TOML is written as one in JSON.
    lines += [
        f"{name} = {json.dumps(str(value), ensure_ascii=False)}" for name, value in given.items()
    ]
    return "\n".join(lines) + "\n"


# Databases


def _sqlite(settings: Settings, part: Path) -> Made:
    if settings.slack_db.exists():
        sqlite_copy.copy(settings.slack_db, part / manifest.STATE)
    empty = Manifest("", "sqlite", {"sqlite": sqlite3.sqlite_version}, None, False)
    if not settings.log_db.exists():
        return Made(empty, None)
    sqlite_copy.copy(settings.log_db, part / manifest.LOG)
    found = _verified(settings, part / manifest.LOG)
    with closing(sqlite3.connect(part / manifest.LOG)) as db:
        (version,) = db.execute("pragma user_version").fetchone()
    return Made(replace(empty, log=_end(found, version)), found)


def _verified(settings: Settings, where: Path | str) -> Verification:
    """With the key and the checkpoints of the settings. Those that were signed meanwhile may vouch
    for more than a copy has; they are left out."""
    try:
        checkpoints = checkpoints_of(settings)
    except CheckpointError:
        checkpoints = None  # without the public key
    if checkpoints is not None and isinstance(where, Path):
        with closing(sqlite3.connect(where)) as db:
            (last,) = db.execute("select coalesce(max(seq), 0) from records").fetchone()
        checkpoints = replace(
            checkpoints, good=[one for one in checkpoints.good if one.sequence <= last]
        )
    return verify(where, key=key_of(settings), checkpoints=checkpoints)


def _end(found: Verification, version: int) -> LogEnd:
    sealed = found.sealed_from is not None
    return LogEnd(found.log, version, found.first, found.last, found.head, found.result, sealed)


def _postgres(settings: Settings, part: Path) -> Made:
    assert settings.database_url is not None
    url = settings.database_url
    found = _verified(settings, url) if is_there(url) else None
    try:
        database = open_database(url, create=False)
    except DatabaseError as error:
        raise _unreachable(url, error) from error
    try:
        with database.snapshot() as db:
            (snapshot,) = db.execute("select pg_export_snapshot()").fetchone()
            program = postgres_dump.dump(url, part / manifest.DUMP, snapshot)
            (server,) = db.execute("show server_version").fetchone()
            end = _end_there(db, found) if found else None
    except DatabaseError as error:
        raise _unreachable(url, error) from error
    finally:
        database.close()
    versions = {"postgresql": server, "pg_dump": program, "python": platform.python_version()}
    return Made(Manifest("", "postgres", versions, end, False), found)


def _unreachable(url: str, error: DatabaseError) -> LogUnavailable:
    return LogUnavailable(message("backup.no_database", name=name_of(url), error=error))


def _end_there(db: Connection, found: Verification) -> LogEnd:
    """Where the log ends in the snapshot that is dumped."""
    last, head = db.execute("select seq, hash from records order by seq desc limit 1").fetchone()
    return replace(_end(found, schema.version(db)), last=last, head=head)


def _to_disk(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
