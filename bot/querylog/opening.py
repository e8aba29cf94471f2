"""Opening and verifying the log as the settings say, and what an earlier run left in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from bot.messages import message
from bot.phi import Scrubber
from bot.querylog import checkpoints
from bot.querylog.checkpoints import Checkpoints
from bot.querylog.fallback import FallbackLog
from bot.querylog.hash_chain import LogKey, LogUnavailable
from bot.querylog.log import QueryLog
from bot.querylog.records import Surface
from bot.querylog.unfinished import unfinished
from bot.querylog.verify import Verification, log_id, verify
from bot.settings import Settings

_SURFACES: tuple[Surface, ...] = ("cli", "terminal")


def key_of(settings: Settings) -> LogKey | None:
    """The key that the settings name, or the one in its usual place, if any. Raises
    LogUnavailable."""
    if settings.log_key_file or settings.log_key.exists():
        return LogKey.load(settings.log_key)
    return None


def open_log(settings: Settings, scrubber: Scrubber | None = None) -> QueryLog:
    """The log, to write to; the settings that matter to it are on record. `scrubber` is that of the
    desk, where there is one: two would take twice the memory. Raises LogUnavailable."""
    kind = FallbackLog if settings.answer_without_log else QueryLog
    scrubber = scrubber or Scrubber(settings.index)
    log = kind(settings.log_db, key=key_of(settings), scrubber=scrubber)
    try:
        log.configured(
            {
                "version": metadata.version("codedesk"),
                "answer_without_log": settings.answer_without_log,
                "log_retention_years": settings.log_retention_years,
                "checkpoint_channel": settings.checkpoint_channel or "",
                "auditors": sorted(settings.auditor_ids),
            }
        )
    except LogUnavailable:
        log.close()
        raise
    return log


@contextmanager
def opened(settings: Settings) -> Iterator[QueryLog]:
    """The log, if there is one. Raises LogUnavailable."""
    if not settings.log_db.exists():
        raise LogUnavailable(f"There is no query log at {settings.log_db} yet: nothing was asked.")
    found = open_log(settings)
    try:
        yield found
    finally:
        found.close()


def verified(
    settings: Settings,
    path: Path | None = None,
    kept: Path | None = None,
    public: Path | None = None,
    against: Path | None = None,
) -> Verification:
    """The log as it is verified by the settings' keys and checkpoints, where no others are named.
    Raises LogUnavailable and CheckpointError."""
    key = key_of(settings)
    if path is not None and key is not None and key.log != log_id(path):
        key = None  # another desk's log: its seals are left unchecked
    return verify(
        path or settings.log_db,
        key=key,
        checkpoints=_checkpoints(settings, kept, public),
        against=against,
    )


def _checkpoints(settings: Settings, kept: Path | None, public: Path | None) -> Checkpoints | None:
    if kept is None and not settings.checkpoints.exists():
        return None
    key = checkpoints.public_key(public or settings.checkpoint_public_key)
    return checkpoints.read(kept or settings.checkpoints, key)


def finish_what_was_left(log: QueryLog) -> str:
    """Mark what a command line left unfinished long ago, and say so; empty when nothing was. What
    Slack left is answered when Slack is served: see bot.slack.recovery."""
    left = unfinished(log, _SURFACES, log.now(), shared=True)
    left.mark(
        log,
        abandoned="the command line stopped before it answered",
        unknown="the command line stopped while showing it",
    )
    if not left.too_old and not left.uncertain:
        return ""
    return message("log.left_behind", abandoned=len(left.too_old), unknown=len(left.uncertain))
