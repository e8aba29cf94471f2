"""Opening the log as the settings say, and what an earlier run left in it."""

from __future__ import annotations

import datetime as dt
from importlib import metadata

from bot.phi import Scrubber
from bot.querylog.chain import LogKey, LogUnavailable
from bot.querylog.log import QueryLog
from bot.querylog.records import Surface
from bot.querylog.unlogged import LenientLog
from bot.settings import Settings
from bot.words import say

#: Nobody still waits in a terminal for an answer asked for so long ago.
_GIVEN_UP = dt.timedelta(minutes=10)
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
    kind = LenientLog if settings.answer_without_log else QueryLog
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


def finish_what_was_left(log: QueryLog) -> str:
    """Mark what a command line left unfinished long ago, and say so; empty when nothing was. What
    Slack left is answered when Slack is served: see bot.slack.recovery."""
    before = log.now() - _GIVEN_UP
    unanswered = [q.id for q in log.unanswered(_SURFACES) if q.asked_at < before]
    found = [log.get(identity) for identity in log.undelivered(_SURFACES)]
    undelivered = [
        record.id
        for record in found
        if record and dt.datetime.fromisoformat(record.asked_at) < before
    ]
    if not unanswered and not undelivered:
        return ""
    log.delivered_many(unanswered, "abandoned", "the command line stopped before it answered")
    log.delivered_many(undelivered, "unknown", "the command line stopped while showing it")
    return say("log.left_behind", abandoned=len(unanswered), unknown=len(undelivered))
