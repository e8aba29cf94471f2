"""How many questions a minute one person may ask, and one workspace.

They are counted in the database that all processes share, so that a limit holds however many
replicas there are; a count in each process would let through as many times more. The window slides
(`bot.sliding_window`). What was refused is not counted.

If the counts cannot be read or written, the question is answered: a limit keeps order, and protects
nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Literal

from bot import sliding_window
from bot.slack.state import State
from bot.slack.workspaces.errors import STATE_ERRORS

logger = logging.getLogger("codedesk.slack")

_TABLE = """
create table if not exists counted (
    whose text not null,
    minute bigint not null,
    count bigint not null,
    primary key (whose, minute)
)
"""


@dataclass(frozen=True, slots=True)
class Over:
    """Too much was asked. `of`: whose limit of `most` questions it is; `seconds`: when the next one
    is taken. `first`: they were not told within this minute."""

    of: Literal["user", "workspace"]
    most: int
    seconds: int
    first: bool


class Limits:
    """Safe to use from many threads, and by many processes."""

    def __init__(
        self,
        state: State,
        per_user: int = 0,
        per_workspace: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """The most questions a minute; 0 for no limit."""
        self._state = state
        self._per_user, self._per_workspace = per_user, per_workspace
        self._now = now
        with state.writing() as db:
            db.execute(_TABLE)

    def ask(self, workspace: str, team: str, user: str) -> Over | None:
        """Count a question of a person (a user of a team) in a workspace; None when it is within
        the limits."""
        person = f"{workspace}/{team}/{user}"
        limits: list[tuple[Literal["user", "workspace"], str, int]] = [
            ("user", f"user {person}", self._per_user),
            ("workspace", f"workspace {workspace}", self._per_workspace),
        ]
        limits = [one for one in limits if one[2]]
        if not limits:
            return None
        now = self._now()
        minute, into = divmod(now, sliding_window.MINUTE)
        try:
            with self._state.writing() as db:
                for of, whose, most in limits:
                    rows = db.execute(
                        "select minute, count from counted where whose = ? and minute >= ?",
                        [whose, int(minute) - 1],
                    ).fetchall()
                    counts = {int(one[0]): int(one[1]) for one in rows}
                    before, count = counts.get(int(minute) - 1, 0), counts.get(int(minute), 0)
                    if (wait := sliding_window.wait(before, count, into, most)) is not None:
                        first = _count(db, f"told {person}", int(minute)) == 1
                        return Over(of, most, max(1, ceil(wait)), first)
                for _, whose, _ in limits:
                    if _count(db, whose, int(minute)) == 1:
                        db.execute("delete from counted where minute < ?", [int(minute) - 1])
        except STATE_ERRORS as error:
            logger.error("questions are not counted: %s", error)
        return None


def _count(db: object, whose: str, minute: int) -> int:
    """Count one more; gives how many there are in this minute."""
    db.execute(  # type: ignore[attr-defined]
        "insert into counted (whose, minute, count) values (?, ?, 1) "
        "on conflict (whose, minute) do update set count = counted.count + 1",
        [whose, minute],
    )
    row = db.execute(  # type: ignore[attr-defined]
        "select count from counted where whose = ? and minute = ?", [whose, minute]
    ).fetchone()
    return int(row[0])
