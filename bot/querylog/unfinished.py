"""Questions that an earlier run did not finish: one rule for every surface.

- A question with neither an answer nor a delivery was not answered.
- An answer with no delivery may or may not have arrived. It is marked `unknown` and not sent again,
  unless the surface knows better: Slack's has an outbox (`bot/slack/recovery.py`).
- An answer that is `waiting` was certainly not sent.
- After MOST_MINUTES an answer is of no use any more. A question that was not answered, or whose
  answer was not sent, is then marked `abandoned`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.querylog.log import QueryLog
from bot.querylog.records import Pending, Surface

#: Nobody waits longer for an answer.
MOST_MINUTES = 10


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Unfinished questions, oldest first: those to answer, those whose answer is to be sent, and
    the ids of those whose answer may have arrived and of those that are too old."""

    to_answer: list[Pending]
    to_send: list[Pending]
    uncertain: list[str]
    too_old: list[str]

    def mark(self, log: QueryLog, *, abandoned: str, unknown: str) -> None:
        """Log the too old as `abandoned` and the uncertain as `unknown`, each with its reason.
        Raises LogUnavailable."""
        if self.too_old:
            log.delivered_many(self.too_old, "abandoned", abandoned)
        if self.uncertain:
            log.delivered_many(self.uncertain, "unknown", unknown)


def unfinished(
    log: QueryLog, surfaces: Sequence[Surface], now: dt.datetime, *, shared: bool = False
) -> Unfinished:
    """The unfinished questions of these surfaces. `shared`: other processes answer there, too, so
    an answer that is not old may be on its way now, and is left out. Raises LogUnavailable."""

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
