"""What the log proves: its keys, its checkpoints, and the clock by which it is dated."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.database import DatabaseError, open_database
from bot.operations.findings import Asked, Finding, broken, look, mode_of, ok, told
from bot.operations.metrics import last_checkpoint
from bot.querylog import LogUnavailable, checkpoints
from bot.querylog.checkpoints import CheckpointError
from bot.querylog.opening import key_of
from bot.querylog.sign_offs import schedule
from bot.querylog.snapshot import is_there, snapshot
from codesets.errors import CodeDeskError

#: Seconds by which clocks may differ before one should look.
_DIFFERENCE = 2.0
#: Seconds by which a record may be ahead of this clock: hosts differ a little.
_AHEAD = 60.0
#: After how long without a checkpoint one should look, if there are newer records.
_OLD = dt.timedelta(days=1)


def _newest(asked: Asked) -> tuple[int, str, str] | None:
    """The number and the time of the last record, and the id of the log; None without one. Raises
    LogUnavailable."""
    if not is_there(asked.settings.log_database):
        return None
    try:
        with snapshot(asked.settings.log_database) as db:
            row = db.execute("select seq, at from records order by seq desc limit 1").fetchone()
            (log,) = db.execute("select id from log").fetchone()
    except DatabaseError:
        return None  # That it is damaged, or of an older version, is told elsewhere.
    return (row[0], row[1], log) if row else None


def log(asked: Asked) -> Iterator[Finding]:
    try:
        newest = _newest(asked)
    except LogUnavailable as error:
        if asked.settings.database_url is None:  # else bot/operations/checks/storage.py tells
            yield told("broken", "log_unavailable", str(error))
        return
    if newest is None:
        yield ok("no_log")
        return
    at = dt.datetime.fromisoformat(newest[1])
    ahead = (at - dt.datetime.now(dt.UTC)).total_seconds()
    if ahead > _AHEAD:
        yield broken("future", number=newest[0], at=newest[1])
    else:
        yield ok("log", number=newest[0], at=newest[1])


def database_clock(asked: Asked) -> Iterator[Finding]:
    """Leases run by the clock of the database."""
    if asked.settings.database_url is None:
        return
    try:
        with (
            closing(open_database(asked.settings.database_url, create=False)) as database,
            database.reading() as db,
        ):
            before = time.time()
            (there,) = db.execute("select extract(epoch from clock_timestamp())").fetchone()
            here = (before + time.time()) / 2
    except DatabaseError:
        return  # bot/operations/checks/storage.py tells of it.
    difference = float(there) - here
    if abs(difference) > _DIFFERENCE:
        yield look("clock_differs", seconds=f"{difference:+.0f}")
    else:
        yield ok("clock", seconds=f"{abs(difference):.2f}")


def log_key(asked: Asked) -> Iterator[Finding]:
    try:
        key = key_of(asked.settings)
        newest = _newest(asked)
    except LogUnavailable as error:
        if asked.settings.log_key.exists():
            yield told("broken", "log_key", str(error))
        return
    if key is None:
        yield look("no_log_key")
        return
    yield from _private(asked.settings.log_key)
    if newest is not None and key.log != newest[2]:
        yield broken("key_of_another", path=asked.settings.log_key)
    else:
        yield ok("log_key", path=asked.settings.log_key)
    if _same_disk(asked.settings.log_key, asked.settings.home) and not asked.settings.database_url:
        yield look("key_beside_log", path=asked.settings.log_key)


def checkpoint_key(asked: Asked) -> Iterator[Finding]:
    private, public = asked.settings.checkpoint_key, asked.settings.checkpoint_public_key
    if not private.exists():
        yield look("no_checkpoint_key")
        return
    try:
        key, other = checkpoints.private_key(private), checkpoints.public_key(public)
    except CheckpointError as error:
        yield told("broken", "checkpoint_key", str(error))
        return
    yield from _private(private)
    if key.public_key().public_bytes_raw() != other.public_bytes_raw():
        yield broken("keys_differ", private=private, public=public)
    else:
        yield ok("checkpoint_key", path=private)


def token_keys(asked: Asked) -> Iterator[Finding]:
    if not asked.settings.many_workspaces:
        return
    from bot.slack.workspaces.token_keys import TokenKeys, TokenKeysError

    path = asked.settings.token_keys
    if not path.exists():
        return  # `run` makes it where nothing was encrypted yet.
    try:
        TokenKeys(path)
    except TokenKeysError as error:
        yield told("broken", "token_keys", str(error))
        return
    yield from _private(path)
    yield ok("token_keys", path=path)


def last(asked: Asked) -> Iterator[Finding]:
    """The last checkpoint: signed, true to the log, not too old, on another disk."""
    path, public = asked.settings.checkpoints, asked.settings.checkpoint_public_key
    if not path.exists():
        if asked.settings.checkpoint_key.exists():
            yield look("no_checkpoint")
        return
    try:
        newest = next(checkpoints.newest_first(path, checkpoints.public_key(public)), None)
        there = _newest(asked)
        if newest is None:
            yield broken("checkpoints_forged", path=path)
            return
        if there is not None and (newest.log, True) != (there[2], _is_true(asked, newest)):
            yield broken("checkpoint_false", number=newest.sequence, path=path)
            return
    except (CodeDeskError, DatabaseError) as error:
        yield told("broken", "checkpoints", str(error))
        return
    at = last_checkpoint(path)
    behind = there[0] - newest.sequence if there else 0
    if at and behind and dt.datetime.now(dt.UTC) - at > _OLD:
        yield look("checkpoint_old", at=newest.at, behind=behind)
    else:
        yield ok("checkpoint", at=newest.at, number=newest.sequence, behind=behind)
    if asked.settings.database_url is None and _same_disk(path, asked.settings.home):
        yield look("checkpoints_beside_log", path=path)


def _is_true(asked: Asked, one: checkpoints.Checkpoint) -> bool:
    """Whether the log has the record that a checkpoint vouches for, or had it before retention."""
    with snapshot(asked.settings.log_database) as db:
        row = db.execute("select hash from records where seq = ?", [one.sequence]).fetchone()
        (first,) = db.execute("select min(seq) from records").fetchone()
    return row[0] == one.head if row else one.sequence < first


def _private(path: Path) -> Iterator[Finding]:
    if path.stat().st_mode & 0o077:
        yield look("key_open", path=path, mode=mode_of(path))


def _same_disk(path: Path, home: Path) -> bool:
    return path.stat().st_dev == home.stat().st_dev


def review(asked: Asked) -> Iterator[Finding]:
    """Whether answers are reviewed as often as the setting says, if it is set."""
    every = asked.settings.review_every_days
    try:
        if every is None or not is_there(asked.settings.log_database):
            return
        with snapshot(asked.settings.log_database) as db:
            found = schedule(db, every, dt.datetime.now(dt.UTC))
    except (LogUnavailable, DatabaseError):
        return  # Told elsewhere.
    if found.days is None:
        return
    told = {"days": found.days, "every": every}
    if found.last:
        yield look("review_overdue", **told) if found.overdue else ok("review", **told)
    else:
        yield look("no_review", **told) if found.overdue else ok("first_review", **told)


CHECKS = (log, database_clock, log_key, checkpoint_key, token_keys, last, review)
