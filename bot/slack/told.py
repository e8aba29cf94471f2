"""Which notices about what is loaded were told in a conversation, so that each is told once, by
whichever replica. They are forgotten after a day.

A conversation is a thread, a direct message, or what one person asks privately in a channel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from bot.querylog import QuestionRecord
from bot.slack.state import State

_KEPT = 24 * 60 * 60

_TABLE = """
create table if not exists told (
    conversation text not null,
    notice text not null,
    at double precision not null,
    primary key (conversation, notice)
)
"""


class Told:
    """Safe to use from many threads."""

    def __init__(self, state: State, now: Callable[[], float] = time.time) -> None:
        self._state = state
        self._now = now
        with state.writing() as db:
            db.execute(_TABLE)

    def of(self, conversation: str) -> set[str]:
        """The keys of the notices that were told there within a day."""
        with self._state.reading() as db:
            rows = db.execute(
                "select notice from told where conversation = ? and at > ?",
                (conversation, self._now() - _KEPT),
            )
            return {notice for (notice,) in rows}

    def add(self, conversation: str, notices: Iterable[str]) -> None:
        """Remember that these were told now."""
        now = self._now()
        rows = [(conversation, notice, now) for notice in notices]
        if not rows:
            return
        with self._state.writing() as db:
            db.execute("delete from told where at <= ?", (now - _KEPT,))
            db.executemany(
                "insert into told values (?, ?, ?) "
                "on conflict (conversation, notice) do update set at = excluded.at",
                rows,
            )


def conversation(asked: QuestionRecord) -> str:
    """The conversation that a question belongs to."""
    channel = asked.channel or ""
    alone = channel.startswith("D") or not asked.thread
    who = asked.user if alone else asked.thread
    return "/".join([asked.workspace or asked.team or "", channel, who or ""])
