"""What happened lately: the questions of one person, and a few figures for auditors.

Records are in the order of time, and have no index by person or time. So both read the end of the
log only, in steps: each step holds the log for milliseconds, and questions are logged in between.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.querylog.log import QueryLog
from bot.querylog.records import Record

#: Records that are read in one step, and steps: the last 200,000 records at most.
_STEP, _STEPS = 10_000, 20


def asked_by(log: QueryLog, user: str, team: str | None, limit: int) -> list[Record]:
    """The last questions of one person of a team, newest first, without redacted ones. Raises
    LogUnavailable."""
    before = log.last_sequence() + 1
    found: list[Record] = []
    for _ in range(_STEPS):
        after = max(before - _STEP, 0)
        found += log.select(
            "seq >= ? and seq < ? and \"user\" = ? and coalesce(team, '') = ? and text <> '' "
            "order by seq desc limit ?",
            [after, before, user, team or "", limit - len(found)],
        )
        if len(found) >= limit or after == 0:
            break
        before = after
    return found


@dataclass(frozen=True, slots=True)
class Week:
    """Figures on questions: of today, and of the last seven days with today (days are in UTC).
    `without_answer`: of the week, those with no answer or none that fits. `wrong`: of the answers
    rated in the week, those that were rated wrong last by someone."""

    today: int
    week: int
    without_answer: int
    wrong: int


def week(log: QueryLog) -> Week:
    """Raises LogUnavailable."""
    today = log.now().astimezone(dt.UTC).date()
    first = _first_since(log, today - dt.timedelta(days=6))
    of_today = _first_since(log, today)
    with log.reading() as db:
        counted = db.execute(
            """
            with asked as (select seq, subject from records where seq >= ? and kind = 'question')
            select count(*), coalesce(sum(case when seq >= ? then 1 end), 0),
            coalesce(sum(case when not exists (
                select 1 from records a where a.subject = asked.subject and a.kind = 'answer'
                and json_extract(a.body, '$.outcome') <> 'abstained'
            ) then 1 end), 0) from asked
            """,
            [first, of_today],
        ).fetchone()
        (wrong,) = db.execute(
            """
            select count(distinct subject) from records
            where seq >= ? and kind = 'feedback' and json_extract(body, '$.verdict') <> 'right'
            """,
            [first],
        ).fetchone()
    return Week(counted[1], counted[0], counted[2], wrong)


def _first_since(log: QueryLog, day: dt.date) -> int:
    """The number of the first record of a day or later, found by halving."""
    low, high = 1, log.last_sequence() + 1
    with log.reading() as db:
        while low < high:
            middle = (low + high) // 2
            # Retention may have removed the records up to one.
            row = db.execute(
                "select seq, at from records where seq >= ? order by seq limit 1", [middle]
            ).fetchone()
            if row is None or row[1] >= day.isoformat():
                high = middle
            else:
                low = row[0] + 1
    return low
