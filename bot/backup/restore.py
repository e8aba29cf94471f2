"""Restores a backup into an empty place, and says in the log what that means.

The copy is prepared beside the place where it belongs, and gets its name when it is complete:
what was on its way when the backup was taken may have been sent since, so nothing of it is sent
again. The log then goes on: its next record says that it was restored, and which records were lost
as far as a checkpoint that was kept elsewhere shows.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from bot.backup import manifest, postgres_dump
from bot.backup.errors import BackupError
from bot.backup.manifest import Manifest
from bot.database import DatabaseError, name_of, open_database
from bot.messages import message
from bot.querylog import QueryLog, schema
from bot.querylog.checkpoints import (
    Checkpoint,
    CheckpointError,
    Checkpoints,
    private_key,
    public_key,
    read,
)
from bot.querylog.hash_chain import LogKey
from bot.querylog.opening import key_of
from bot.querylog.records import Surface
from bot.querylog.restored import KIND
from bot.querylog.snapshot import Where
from bot.querylog.verify import Verification, verify
from bot.querylog.vouching import vouch
from bot.settings import Settings
from bot.slack.state import State
from bot.system_user import system_user

#: What the state keeps of work that was under way, and of links that count once.
_UNDER_WAY = ("outbox", "work", "replicas", "leaders", "oauth_states")
_SURFACES: tuple[Surface, ...] = get_args(Surface)


@dataclass(slots=True)
class Restored:
    """What was restored. `lost`: the first and the last number of the records that are missing, as
    the checkpoints show; None when none is. `unknown`: how many answers may or may not have been
    sent. `record`: the number of the record of the restore. `left`: files that were there already
    and were left as they are. `only_own`: no checkpoints were at hand but those of the backup.
    `vouched`: whether a checkpoint was signed."""

    manifest: Manifest
    lost: tuple[int, int] | None = None
    unknown: int = 0
    record: int | None = None
    left: list[Path] = field(default_factory=list)
    only_own: bool = False
    vouched: bool = False
    verification: Verification | None = None


def restore(settings: Settings, folder: Path, by: str, checkpoints: Path | None = None) -> Restored:
    """`checkpoints`: a file of them that was kept elsewhere; by default that of the settings.
    Raises BackupError when there is something already, LogUnavailable, and CheckpointError."""
    made = manifest.checked(folder)
    _expect_fitting(settings, made)
    done = Restored(made)
    done.only_own = checkpoints is None and not settings.checkpoints.exists()
    try:
        _files(settings, folder, done)
        kept = _checkpoints(settings, checkpoints)
        if made.log is not None and made.log.sealed and key_of(settings) is None:
            raise BackupError(message("backup.no_log_key", path=settings.log_key))
        if made.database == "postgres":
            _into_postgres(settings, folder, kept, by, done)
        else:
            with _beside(settings.home) as part:
                for name in (manifest.LOG, manifest.STATE, manifest.CODES):
                    if (folder / name).exists():
                        shutil.copyfile(folder / name, part / name)
                        (part / name).chmod(0o600)
                _gone_on(settings, part / manifest.LOG, part / manifest.STATE, kept, by, done)
                _put(part, settings)
        if done.record is not None:
            _vouched(settings, kept, done)
    except OSError as error:
        raise BackupError(message("backup.not_put", folder=settings.home, error=error)) from error
    return done


def _into_postgres(
    settings: Settings, folder: Path, kept: Checkpoints | None, by: str, done: Restored
) -> None:
    url = settings.database_url or ""
    postgres_dump.restore(folder / manifest.DUMP, url)
    try:
        _gone_on(settings, url, url, kept, by, done)
    except BaseException:
        # A desk that found it so would send again what was on its way.
        postgres_dump.drop(url)
        raise


# What is there already


def _expect_fitting(settings: Settings, made: Manifest) -> None:
    kind = "postgres" if settings.database_url else "sqlite"
    if kind != made.database:
        raise BackupError(message(f"backup.other_{made.database}"))
    if made.log is not None and made.log.version > schema.VERSION:
        raise BackupError(message("backup.newer_log", version=made.versions.get("codedesk", "?")))
    if settings.database_url:
        _expect_no_schemas(settings.database_url)
        return
    names = [name for name in (manifest.LOG, manifest.STATE, manifest.CODES) if name in made.files]
    for path in (settings.home / name for name in names):
        if path.exists():
            raise BackupError(message("backup.not_empty", path=path))


def _expect_no_schemas(url: str) -> None:
    try:
        with closing(open_database(url, create=False)) as database, database.reading() as db:
            for name in postgres_dump.SCHEMAS:
                if db.execute("select 1 from pg_namespace where nspname = ?", [name]).fetchone():
                    raise BackupError(
                        message("backup.not_empty_there", name=name_of(url), schema=name)
                    )
    except DatabaseError as error:
        raise BackupError(message("backup.no_database", name=name_of(url), error=error)) from error


# Putting it there


@contextmanager
def _beside(home: Path) -> Iterator[Path]:
    part = home / "restoring"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _put(part: Path, settings: Settings) -> None:
    """The state first: a log without it would be of a desk that never had one."""
    for name in (manifest.CODES, manifest.STATE, manifest.LOG):
        if (part / name).exists():
            (part / name).rename(settings.home / name)


def _files(settings: Settings, folder: Path, done: Restored) -> None:
    """What somebody wrote by hand, keys and checkpoints, each where it is not there."""
    kept = settings.checkpoints
    places = {
        manifest.CHECKPOINTS: kept,
        f"{manifest.CHECKPOINTS}.confirmed": kept.with_name(f"{kept.name}.confirmed"),
        settings.checkpoint_public_key.name: settings.checkpoint_public_key,
        settings.sign_ins.name: settings.sign_ins,
        "clients.toml": settings.home / "clients.toml",
        manifest.SETTINGS: settings.home / manifest.SETTINGS,
    }
    places |= {
        f"{manifest.KEYS}/{path.name}": path
        for path in (settings.log_key, settings.checkpoint_key, settings.token_keys)
    }
    for name, place in places.items():
        source = folder / name
        if not source.exists():
            continue
        if place.exists():
            if manifest.described(place) != manifest.described(source):
                done.left.append(place)
            continue
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(source, place)
        place.chmod(0o644 if place.suffix == ".pub" else 0o600)


def _checkpoints(settings: Settings, named: Path | None) -> Checkpoints | None:
    """Those that were named, or are where the settings say. None where there are none, or nothing
    to verify them with."""
    file = named or settings.checkpoints
    try:
        key = public_key(settings.checkpoint_public_key)
    except CheckpointError:
        if named is not None:
            raise
        return None
    if named is None and not file.exists():
        return None
    return read(file, key)


# Going on


def _gone_on(
    settings: Settings,
    log: Where,
    state: Where,
    kept: Checkpoints | None,
    by: str,
    done: Restored,
) -> None:
    """Forget what was on its way, and put the restore on record."""
    if done.manifest.database == "postgres" or (isinstance(state, Path) and state.exists()):
        _forget_under_way(state)
    if (end := done.manifest.log) is None:
        return
    key = key_of(settings)
    found = verify(log, key=_of(key, end.log), checkpoints=_as_of(kept, end.log, end.last))
    if found.bad is not None:
        raise BackupError(message("backup.log_altered", found=found.sentences()[0]))
    newest = _newest(kept, end.log)
    lost_to = newest.sequence if newest and newest.sequence > end.last else None
    done.lost = (end.last + 1, lost_to) if lost_to else None
    with closing(QueryLog(log, key=_of(key, end.log), system_user=system_user())) as opened:
        done.record = opened.append(
            KIND,
            None,
            {
                "by": by,
                "backup_made_at": done.manifest.made_at,
                "last": end.last,
                "lost_to": lost_to,
                "lost_at": newest.at if newest and lost_to else None,
            },
        )
        open_ones = _open(opened)
        if open_ones:
            opened.delivered_many(open_ones, "unknown", message("backup.why_unknown"))
        done.unknown = len(open_ones)


def _of(key: LogKey | None, log: str) -> LogKey | None:
    return key if key is not None and key.log == log else None


def _open(log: QueryLog) -> list[str]:
    """Questions without an answer, and answers of which the log does not say that they arrived."""
    found = [one.id for one in log.unanswered(_SURFACES)]
    found += [one.id for one in log.waiting(_SURFACES)]
    return list(dict.fromkeys(found + log.undelivered(_SURFACES)))


def _newest(kept: Checkpoints | None, log: str) -> Checkpoint | None:
    """The checkpoint that vouches for most."""
    of_it = [one for one in (kept.good if kept else []) if one.log == log]
    return max(of_it, key=lambda one: one.sequence, default=None)


def _as_of(kept: Checkpoints | None, log: str, last: int) -> Checkpoints | None:
    """Those of the log up to a record."""
    if kept is None:
        return None
    good = [one for one in kept.good if one.log == log and one.sequence <= last]
    return Checkpoints(good, kept.forged, kept.torn)


def _forget_under_way(where: Where) -> None:
    with closing(State(where)) as state, state.writing() as db:
        for table in _UNDER_WAY:
            if state.has_table(db, table):
                db.execute(f"delete from {table}")


def _vouched(settings: Settings, kept: Checkpoints | None, done: Restored) -> None:
    """Sign a checkpoint over the restore, where the key is, and verify the log as it is now."""
    key = key_of(settings)
    assert done.record is not None
    try:
        signing = private_key(settings.checkpoint_key)
    except CheckpointError:
        signing = None
    if signing is not None:
        with closing(QueryLog(settings.log_database, key=key)) as log:
            vouch(log, signing, settings.checkpoints, accepting=(done.record,))
        done.vouched = True
        kept = read(settings.checkpoints, signing.public_key())
    done.verification = verify(settings.log_database, key=key, checkpoints=kept)
