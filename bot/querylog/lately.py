"""What happened lately: the questions of one person, and a few figures for auditors.

Records are in the order of time, and have no index by person or time. So both read the end of the
log only, in steps: each step holds the log for milliseconds, and questions are logged in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.querylog.log import QueryLog
from bot.querylog.records import Record
from bot.querylog.workspaces import asked_in, of_any

#: Records that are read in one step, and steps: the last 200,000 records at most.
_STEP, _STEPS = 10_000, 20


def asked_by(
    log: QueryLog, user: str, team: str | None, limit: int, teams: Sequence[str] | None = None
) -> list[Record]:
    """The last questions of one person of a team, newest first, without redacted ones. `teams`: the
    workspaces that they were asked in; None for any. Raises LogUnavailable."""
    query, of_teams = asked_in(teams) if teams is not None else ("", [])
    where = f"and id in ({query}) " if query else ""
    before = log.last_sequence() + 1
    found: list[Record] = []
    for _ in range(_STEPS):
        after = max(before - _STEP, 0)
        found += log.select(
            "seq >= ? and seq < ? and \"user\" = ? and coalesce(team, '') = ? and text <> '' "
            f"{where}order by seq desc limit ?",
            [after, before, user, team or "", *of_teams, limit - len(found)],
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


def week(log: QueryLog, teams: Sequence[str] | None = None) -> Week:
    """`teams`: of the questions of these workspaces; None for all. Raises LogUnavailable."""
    condition, of_teams = of_any(teams) if teams is not None else ("true", [])
    query, subjects = asked_in(teams) if teams is not None else ("", [])
    of_subjects = f"and subject in ({query})" if query else ""
    today = log.now().astimezone(dt.UTC).date()
    first = _first_since(log, today - dt.timedelta(days=6))
    of_today = _first_since(log, today)
    with log.reading() as db:
        counted = db.execute(
            f"""
            with asked as (
                select seq, subject from records where seq >= ? and kind = 'question'
                and {condition}
            )
            select count(*), coalesce(sum(case when seq >= ? then 1 end), 0),
            coalesce(sum(case when not exists (
                select 1 from records a where a.subject = asked.subject and a.kind = 'answer'
                and json_extract(a.body, '$.outcome') <> 'abstained'
            ) then 1 end), 0) from asked
            """,
            [first, *of_teams, of_today],
        ).fetchone()
        (wrong,) = db.execute(
            f"""
            select count(distinct subject) from records
            where seq >= ? and kind = 'feedback' and json_extract(body, '$.verdict') <> 'right'
            {of_subjects}
            """,
            [first, *subjects],
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
