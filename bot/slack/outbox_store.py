"""The rows of the outbox, in slack.db: messages until it is known what became of them.

A row is written before its message is sent, and removed when the log has what became of it. Rows
with one lane go in order, one at a time. Who sends a row holds a lease on it, so that two processes
on one file never send it both. Times are in seconds since 1970, for they outlive a process.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from slack_sdk import WebClient

from bot.slack.state import State
from bot.slack.views.block_kit import Message
from bot.slack.web_api import Posted, Way
from bot.slack.workspaces.clients import Clients, clients_of

logger = logging.getLogger("codedesk.slack")

_TABLE = """
create table if not exists outbox (
    id integer primary key autoincrement,
    question text not null,              -- its id in the log; '' for a message about none
    kind text not null,                  -- of the delivery in the log; '' for none
    lane text not null,
    post text not null,                  -- ways and messages, as JSON
    since real not null,
    until real not null,                 -- when it is of no use any more
    due real not null,                   -- when it may be tried next
    limited integer not null default 0,  -- 1: its lane has met a limit
    tries integer not null default 0,
    tried integer not null default 0,    -- 1: a try may have been carried out
    holder text not null default '',
    held_until real not null default 0,
    outcome text,                        -- what became of it, until the log has that, too
    detail text
)
"""
_INDEX = "create index if not exists outbox_lane on outbox (lane, id) where outcome is null"
#: The rows whose turn it is: of each lane the first.
_FIRST = (
    "outcome is null and id in (select min(id) from outbox where outcome is null group by lane)"
)


@dataclass(frozen=True, slots=True)
class Post:
    """A message to send.

    - `way`, `message`: how, and what; None for a way that has no message.
    - `question`, `kind`: the delivery of the log that it is; "" for a message that is not logged.
    - `tell`, `copy`: the way to the asker alone, and what they get, when it is not delivered.
    """

    way: Way
    message: Message | None
    question: str = ""
    kind: str = ""
    tell: Way | None = None
    copy: Message | None = None

    @property
    def sender(self) -> WebClient | None:
        """The client of the workspace that it goes to; None where that is not known."""
        return self.way.sender or (self.tell.sender if self.tell else None)


@dataclass(frozen=True, slots=True)
class Row:
    """A post in the outbox. `tried`: an earlier try may have been carried out. `holder`: who may
    send it now."""

    id: int
    post: Post
    since: float
    until: float
    due: float
    limited: bool
    tries: int
    tried: bool
    holder: str


class OutboxStore:
    """Safe to use from many threads and by many processes. Every method raises sqlite3.Error."""

    def __init__(self, state: State, clients: Clients | WebClient) -> None:
        self._state = state
        self._clients = clients_of(clients)
        with state.writing() as db:
            #: Whether no earlier run can have kept anything here.
            self.is_new = not db.execute(
                "select 1 from sqlite_master where name = 'outbox'"
            ).fetchone()
            db.execute(_TABLE)
            db.execute(_INDEX)

    def add(self, post: Post, now: float, until: float) -> int:
        """Gives the number of the new row."""
        with self._state.writing() as db:
            return _added(db, post, now, until)

    def take(self, holder: str, now: float, seconds: float) -> Row | None:
        """The row that is to be sent next, held for at most `seconds` by `holder`, which names this
        lease; None if there is nothing to do now. A row that cannot be tried in time is given at
        once. From now on a try of it may have been carried out, until `again` says otherwise."""
        with self._state.writing() as db:
            found = db.execute(
                f"select * from outbox where {_FIRST} and held_until <= ?1 "
                "and (due <= ?1 or due > until) order by due, id limit 1",
                [now],
            ).fetchone()
            if found is None:
                return None
            db.execute(
                "update outbox set holder = ?, held_until = ?, tries = tries + 1, tried = 1 "
                "where id = ?",
                [holder, now + seconds, found["id"]],
            )
            rows = self._rows(db, [found])
            return replace(rows[0], holder=holder) if rows else None

    def next_due(self) -> float | None:
        """When `take` has something to give; None while the outbox is empty."""
        with self._state.reading() as db:
            (due,) = db.execute(
                "select min(max(held_until, case when due > until then 0 else due end)) "
                f"from outbox where {_FIRST}"
            ).fetchone()
            return due if due is None else float(due)

    def again(
        self, row: Row, post: Post, due: float, *, tried: bool, limited: bool = False
    ) -> None:
        """Keep a row, to be tried again at `due`. `tried`: a try may have been carried out.
        `limited`: its whole lane has to wait."""
        lane = post.way.lane
        with self._state.writing() as db:
            db.execute(
                "update outbox set post = ?, lane = ?, due = ?, tried = ?, holder = '', "
                "held_until = 0 where id = ? and holder = ?",
                [_json(post), lane, due, tried, row.id, row.holder],
            )
            if limited:
                db.execute(
                    "update outbox set limited = 1, due = max(due, ?) "
                    "where lane = ? and outcome is null",
                    [due, lane],
                )

    def hurry(self, row: Row, now: float) -> None:
        """Let a row be dealt with now, whatever it waits for."""
        with self._state.writing() as db:
            db.execute(
                "update outbox set due = ? where id = ? and outcome is null and due > ?",
                [now, row.id, now],
            )

    def settle(self, row: Row, posted: Posted, next_at: float) -> bool:
        """Keep what became of a row, which is not tried again. If its lane has met a limit, the
        next row there waits until `next_at`. False, and nothing is kept, when the lease has ended
        and another holds the row."""
        with self._state.writing() as db:
            cursor = db.execute(
                "update outbox set outcome = ?, detail = ? where id = ? and holder = ?",
                [posted.outcome, posted.detail, row.id, row.holder],
            )
            if cursor.rowcount == 1:
                db.execute(
                    "update outbox set due = max(due, ?) "
                    "where lane = ? and limited = 1 and outcome is null",
                    [next_at, row.post.way.lane],
                )
            return cursor.rowcount == 1

    def remove(self, row: Row, follow: Post | None, now: float, until: float) -> int:
        """Remove a settled row, and put `follow` in its place if there is one; gives its number,
        else 0."""
        with self._state.writing() as db:
            db.execute("delete from outbox where id = ?", [row.id])
            return _added(db, follow, now, until) if follow else 0

    def left(self) -> list[Row]:
        """Every row that is still to be sent, in order."""
        with self._state.writing() as db:
            return self._rows(
                db, db.execute("select * from outbox where outcome is null order by id")
            )

    def settled(self) -> list[tuple[Row, Posted]]:
        """Rows of which it is known what became of them, and that are not removed."""
        with self._state.writing() as db:
            found = db.execute(
                "select * from outbox where outcome is not null order by id"
            ).fetchall()
            known = {row["id"]: Posted(row["outcome"], row["detail"]) for row in found}
            return [(row, known[row.id]) for row in self._rows(db, found)]

    def free(self) -> None:
        """End all leases: for the start of the only process that uses the file."""
        with self._state.writing() as db:
            db.execute("update outbox set holder = '', held_until = 0")

    def _rows(self, db: sqlite3.Connection, found: Iterable[sqlite3.Row]) -> list[Row]:
        """The rows, without those that cannot be read, as another version may have written them:
        they are removed. The log shows that their answers were not sent."""
        rows = []
        for row in found:
            try:
                post = self._post(row)
            except (ValueError, TypeError, LookupError) as error:
                logger.error("a message in slack.db cannot be read: %s", type(error).__name__)
                db.execute("delete from outbox where id = ?", [row["id"]])
                continue
            rows.append(
                Row(
                    row["id"],
                    post,
                    row["since"],
                    row["until"],
                    row["due"],
                    bool(row["limited"]),
                    row["tries"],
                    bool(row["tried"]),
                    row["holder"],
                )
            )
        return rows

    def _post(self, row: sqlite3.Row) -> Post:
        kept = json.loads(row["post"])

        def way(name: str) -> Way | None:
            return Way.from_dict(kept[name], self._clients) if kept[name] else None

        def drawn(name: str) -> Message | None:
            return Message(**kept[name]) if kept[name] else None

        return Post(
            Way.from_dict(kept["way"], self._clients),
            drawn("message"),
            row["question"],
            row["kind"],
            way("tell"),
            drawn("copy"),
        )


def _added(db: sqlite3.Connection, post: Post, now: float, until: float) -> int:
    lane = post.way.lane
    cursor = db.execute(
        "insert into outbox (question, kind, lane, post, since, until, due, limited) values "
        "(?, ?, ?, ?, ?, ?, ?, "
        "exists (select 1 from outbox where lane = ? and limited = 1 and outcome is null))",
        [post.question, post.kind, lane, _json(post), now, until, now, lane],
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _json(post: Post) -> str:
    kept = {
        "way": post.way.as_dict(),
        "message": asdict(post.message) if post.message else None,
        "tell": post.tell.as_dict() if post.tell else None,
        "copy": asdict(post.copy) if post.copy else None,
    }
    # In ASCII: a text may hold half of a character, which SQLite does not take.
    return json.dumps(kept, separators=(",", ":"))
