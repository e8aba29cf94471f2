"""Opens and verifies the log as the settings say, and marks what an earlier run did not finish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from bot.database import name_of
from bot.messages import message
from bot.phi import Scrubber
from bot.querylog import checkpoints, confirmations
from bot.querylog.checkpoints import Checkpoints
from bot.querylog.fallback import FallbackLog
from bot.querylog.hash_chain import LogKey, LogUnavailable
from bot.querylog.log import QueryLog
from bot.querylog.records import Surface
from bot.querylog.snapshot import Where, is_there
from bot.querylog.unfinished import unfinished
from bot.querylog.verify import Verification, log_id, verify
from bot.settings import Settings
from bot.system_user import system_user

_SURFACES: tuple[Surface, ...] = ("cli", "terminal")


def key_of(settings: Settings) -> LogKey | None:
    """The key that the settings name, or the one in the default place; None without one. Raises
    LogUnavailable."""
    if settings.log_key_file or settings.log_key.exists():
        return LogKey.load(settings.log_key)
    return None


def open_log(
    settings: Settings,
    scrubber: Scrubber | None = None,
    *,
    system_user: dict[str, Any] | None = None,
) -> QueryLog:
    """The log, open for writing; settings that matter to an auditor are put on record. Pass the
    `scrubber` of the desk, if there is one: a second takes its memory again. `system_user`: as of
    QueryLog. Raises LogUnavailable."""
    kind = FallbackLog if settings.answer_without_log else QueryLog
    scrubber = scrubber or Scrubber(settings.index)
    log = kind(
        settings.log_database,
        key=key_of(settings),
        scrubber=scrubber,
        system_user=system_user,
        checkpoints=settings.checkpoints,
    )
    try:
        log.configured(
            {
                "version": metadata.version("codedesk"),
                "answer_without_log": settings.answer_without_log,
                "log_retention_years": settings.log_retention_years,
                "checkpoint_channel": settings.checkpoint_channel or "",
                "auditors": sorted(settings.auditor_ids),
            }
            | _language_model(settings)
            | _confirmed_by(settings)
            | _reviewed(settings)
        )
    except LogUnavailable:
        log.close()
        raise
    return log


def _language_model(settings: Settings) -> dict[str, Any]:
    """Where scrubbed text may go; {} where it goes nowhere."""
    if not (settings.llm_url and settings.llm_model):
        return {}
    return {"language_model": settings.llm_model, "language_model_url": settings.llm_url}


def _confirmed_by(settings: Settings) -> dict[str, Any]:
    """Who confirms checkpoints; {} where nobody does."""
    named = {"timestamp_url": settings.timestamp_url, "witness_url": settings.witness_url}
    return {name: url for name, url in named.items() if url}


def _reviewed(settings: Settings) -> dict[str, Any]:
    """How often answers shall be reviewed; {} without a schedule."""
    days = settings.review_every_days
    return {"review_every_days": days} if days else {}


def expect_log(settings: Settings) -> None:
    """Raises LogUnavailable when there is no log."""
    if not is_there(settings.log_database):
        where = name_of(settings.log_database)
        raise LogUnavailable(f"There is no query log at {where} yet: nothing was asked.")


@contextmanager
def opened(settings: Settings) -> Iterator[QueryLog]:
    """The log, open for a command of this machine's user, if there is one. Raises
    LogUnavailable."""
    expect_log(settings)
    log = open_log(settings, system_user=system_user())
    try:
        yield log
    finally:
        log.close()


def verified(
    settings: Settings,
    where: Where | None = None,
    kept: Path | None = None,
    public: Path | None = None,
    against: Where | None = None,
    witnesses: Sequence[Path] = (),
    tsa_roots: Path | None = None,
) -> Verification:
    """Verify the log with the keys and checkpoints of the settings, unless others are named: `kept`
    is a file of checkpoints, `public` their public key. Each of `witnesses` (files of public keys)
    must have cosigned, and with `tsa_roots` there must be a time stamp. Raises LogUnavailable and
    CheckpointError."""
    keys = [confirmations.witness_key(one) for one in witnesses]
    key = key_of(settings)
    if where is not None and key is not None and key.log != log_id(where):
        key = None  # the log of another desk: its seals cannot be checked
    there = checkpoints_of(settings, kept, public)
    place = where or settings.log_database
    verification = verify(place, key=key, checkpoints=there, against=against)
    if keys or tsa_roots:
        confirmed = confirmations.Confirmations.beside(kept or settings.checkpoints)
        good = there.good if there else []
        confirmations.check(verification, good, confirmed, keys, tsa_roots)
    return verification


def checkpoints_of(
    settings: Settings, kept: Path | None = None, public: Path | None = None
) -> Checkpoints | None:
    """Those of the settings, or of the file `kept`. Raises CheckpointError."""
    if kept is None and not settings.checkpoints.exists():
        return None
    key = checkpoints.public_key(public or settings.checkpoint_public_key)
    return checkpoints.read(kept or settings.checkpoints, key)


def finish_what_was_left(
    log: QueryLog, surfaces: Sequence[Surface] = _SURFACES, by: str = "the command line"
) -> str:
    """Mark questions of these surfaces that were not finished long ago; a sentence on them, or ""
    when there are none. `by` names who stopped, for the reasons. Those of Slack are answered when
    Slack is served: bot.slack.recovery."""
    left = unfinished(log, surfaces, log.now(), shared=True)
    left.mark(
        log,
        abandoned=f"{by} stopped before it answered",
        unknown=f"{by} stopped while showing it",
    )
    if not left.too_old and not left.uncertain:
        return ""
    return message("log.left_behind", abandoned=len(left.too_old), unknown=len(left.uncertain))
