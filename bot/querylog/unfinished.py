"""What an earlier run left unfinished: one rule for every surface.

- A question with neither an answer nor a delivery was not answered.
- An answer with no delivery may have arrived, or not. It is not sent again, and marked `unknown`.
- An answer that is `waiting` was certainly not sent.
- What was asked MOST_MINUTES ago is of no use any more. If it was not answered or not sent, it is
  marked `abandoned`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.querylog.log import QueryLog
from bot.querylog.records import Pending, Surface

#: Nobody still waits for an answer to a question that is older.
MOST_MINUTES = 10


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The questions that were left, oldest first: still to be answered, still to be sent, and the
    ids of those whose answer may have arrived and of those that are too old."""

    to_answer: list[Pending]
    to_send: list[Pending]
    uncertain: list[str]
    too_old: list[str]

    def mark(self, log: QueryLog, *, abandoned: str, unknown: str) -> None:
        """Log what is final, each with its reason. Raises LogUnavailable."""
        if self.too_old:
            log.delivered_many(self.too_old, "abandoned", abandoned)
        if self.uncertain:
            log.delivered_many(self.uncertain, "unknown", unknown)


def unfinished(
    log: QueryLog, surfaces: Sequence[Surface], now: dt.datetime, *, shared: bool = False
) -> Unfinished:
    """What is left of these surfaces. `shared`: other processes answer on them, too, so an answer
    that is not old may be on its way just now, and is left out. Raises LogUnavailable."""

    def is_old(asked_at: dt.datetime) -> bool:
        return now - asked_at >= dt.timedelta(minutes=MOST_MINUTES)

    def was_asked_long_ago(question_id: str) -> bool:
        record = log.get(question_id)
        return record is not None and is_old(dt.datetime.fromisoformat(record.asked_at))

    unanswered, waiting = log.unanswered(surfaces), log.waiting(surfaces)
    uncertain = log.undelivered(surfaces)
    if shared:
        uncertain = [question_id for question_id in uncertain if was_asked_long_ago(question_id)]
    return Unfinished(
        [pending for pending in unanswered if not is_old(pending.asked_at)],
        [pending for pending in waiting if not is_old(pending.asked_at)],
        uncertain,
        [pending.id for pending in [*waiting, *unanswered] if is_old(pending.asked_at)],
    )
