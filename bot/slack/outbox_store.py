"""The rows of the outbox, in the state: messages until it is known what became of them.

A row is written before its message is sent, and removed when the log has what became of it. Rows
with one lane go in order, one at a time, whichever replica has them. A row belongs to the replica
that wrote it, until its lease has ended: then another adopts the row (see `replicas`). Within a
replica, a thread that sends a row holds it. Times are in seconds since 1970 by the clock of the
database, for they outlive a process.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from slack_sdk import WebClient

from bot.database import Connection
from bot.slack.replicas import Replica
from bot.slack.state import State
from bot.slack.views.block_kit import Message
from bot.slack.web_api import Posted, Way
from bot.slack.workspaces.clients import Clients, clients_of

logger = logging.getLogger("codedesk.slack")

_TABLE = """
create table if not exists outbox (
    id {number},
    question text not null,              -- its id in the log; '' for a message about none
    kind text not null,                  -- of the delivery in the log; '' for none
    lane text not null,
    post text not null,                  -- ways and messages, as JSON
    since double precision not null,
    until double precision not null,     -- when it is of no use any more
    due double precision not null,       -- when it may be tried next
    limited integer not null default 0,  -- 1: its lane has met a limit
    tries integer not null default 0,
    tried integer not null default 0,    -- 1: a try may have been carried out
    holder text not null default '',
    held_until double precision not null default 0,
    outcome text,                        -- what became of it, until the log has that, too
    detail text,
    replica text not null default ''     -- the lease of the replica that it belongs to
)
"""
_COLUMN = "select 1 from pragma_table_info('outbox') where name = 'replica'"
_ADDED = "alter table outbox add column replica text not null default ''"
_INDEX = "create index if not exists outbox_lane on outbox (lane, id) where outcome is null"
#: The rows whose turn it is: of each lane the first.
_FIRST = (
    "outcome is null and id in (select min(id) from outbox where outcome is null group by lane)"
)
#: When a row may be tried: one that cannot be tried in time, at once.
_DUE = "case when due > until then 0.0 else due end"


class TakenOver(Exception):
    """A question is no longer this replica's: its lease has ended, or another has it."""


class NotWanted(Exception):
    """A message is not wanted any more, as `unless` says."""


#: Whether a message is not wanted, asked in the transaction that would keep it.
Unless = Callable[[Connection], bool]


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
    send it now. `replica`: the lease of the replica that it belongs to."""

    id: int
    post: Post
    since: float
    until: float
    due: float
    limited: bool
    tries: int
    tried: bool
    holder: str
    replica: str


class OutboxStore:
    """Safe to use from many threads and by many processes. Every method raises DatabaseError."""

    def __init__(
        self, state: State, clients: Clients | WebClient, replica: Replica | None = None
    ) -> None:
        self._state = state
        self._clients = clients_of(clients)
        self._replica = replica or Replica(state)
        with state.writing() as db:
            #: Whether no earlier run can have kept anything here.
            self.is_new = not state.has_table(db, "outbox")
            db.execute(_TABLE.format(number=state.number))
            if state.is_file and not db.execute(_COLUMN).fetchone():
                # Of a version with one process a file, which is gone: nobody holds a row.
                db.execute(_ADDED)
                db.execute("update outbox set holder = '', held_until = 0")
            db.execute(_INDEX)

    def add(
        self,
        post: Post,
        now: float,
        until: float,
        *,
        lease: str = "",
        unless: Unless | None = None,
    ) -> int:
        """Gives the number of the new row, which belongs to `lease`. Raises TakenOver for an answer
        to a question that is no longer the work of that lease, or whose answer is here already, and
        NotWanted."""
        with self._state.writing() as db:
            if unless and unless(db):
                raise NotWanted
            if lease and post.kind == "answer" and post.question:
                taken = self._replica.is_taken_over(db, post.question, lease)
                if taken or self.has_answer(db, post.question):
                    raise TakenOver(post.question)
            return _added(db, post, now, until, lease)

    def has_answer(self, db: Connection, question: str) -> bool:
        """Whether the answer to a question is here."""
        found = db.execute(
            "select 1 from outbox where question = ? and kind = 'answer'", [question]
        )
        return found.fetchone() is not None

    def take(self, holder: str, now: float, seconds: float) -> Row | None:
        """The row of this replica that is to be sent next, held for at most `seconds` by `holder`,
        which names this try; None if there is nothing to do now, or the lease has ended. A row that
        cannot be tried in time is given at once. From now on a try of it may have been carried out,
        until `again` says otherwise."""
        mine = self._replica.id
        with self._state.writing() as db:
            if not self._replica.runs(db, mine):
                return None
            found = db.query(
                f"select * from outbox where {_FIRST} and replica = ? and held_until <= ? "
                f"and {_DUE} <= ? order by due, id limit 1",
                [mine, now, now],
            )
            row = next(iter(list(found)), None)
            if row is None:
                return None
            db.execute(
                "update outbox set holder = ?, held_until = ?, tries = tries + 1, tried = 1 "
                "where id = ?",
                [holder, now + seconds, row["id"]],
            )
            rows = self._rows(db, [row])
            return replace(rows[0], holder=holder) if rows else None

    def next_due(self) -> float | None:
        """When `take` has something to give; None while it has nothing."""
        with self._state.reading() as db:
            (due,) = db.execute(
                "select min(case when held_until > at then held_until else at end) from "
                f"(select held_until, {_DUE} as at from outbox where {_FIRST} and replica = ?) f",
                [self._replica.id],
            ).fetchone()
            return due if due is None else float(due)

    def has_waiting(self) -> bool:
        """Whether rows of this replica wait for their turn behind those of another."""
        with self._state.reading() as db:
            found = db.execute(
                f"select 1 from outbox where {_FIRST} and replica <> ? and lane in "
                "(select lane from outbox where outcome is null and replica = ?) limit 1",
                [self._replica.id, self._replica.id],
            )
            return found.fetchone() is not None

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
                [_json(post), lane, due, int(tried), row.id, row.holder],
            )
            if limited:
                db.execute(
                    "update outbox set limited = 1, due = case when due > ? then due else ? end "
                    "where lane = ? and outcome is null",
                    [due, due, lane],
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
        next row there waits until `next_at`. False, and nothing is kept, when it is held no more
        and another holds the row."""
        with self._state.writing() as db:
            cursor = db.execute(
                "update outbox set outcome = ?, detail = ? where id = ? and holder = ?",
                [posted.outcome, posted.detail, row.id, row.holder],
            )
            kept = cursor.rowcount == 1
            if kept:
                db.execute(
                    "update outbox set due = case when due > ? then due else ? end "
                    "where lane = ? and limited = 1 and outcome is null",
                    [next_at, next_at, row.post.way.lane],
                )
            return kept

    def remove(self, row: Row, follow: Post | None, now: float, until: float) -> int:
        """Remove a settled row, and put `follow` in its place if there is one; gives its number,
        else 0. 0, too, when another has removed it."""
        with self._state.writing() as db:
            removed = db.execute("delete from outbox where id = ?", [row.id]).rowcount
            if not follow or not removed:
                return 0
            return _added(db, follow, now, until, self._replica.id)

    def left(self, *, mine: bool = False) -> list[Row]:
        """Every row that is still to be sent, in order; with `mine`, of this replica."""
        of = "and replica = ?" if mine else ""
        with self._state.writing() as db:
            found = db.query(
                f"select * from outbox where outcome is null {of} order by id",
                [self._replica.id] if mine else [],
            )
            return self._rows(db, list(found))

    def settled(self, *, mine: bool = False) -> list[tuple[Row, Posted]]:
        """Rows of which it is known what became of them, and that are not removed; with `mine`,
        of this replica."""
        wanted = "from outbox where outcome is not null" + (" and replica = ?" if mine else "")
        params = [self._replica.id] if mine else []
        with self._state.reading() as db:
            if not db.execute(f"select 1 {wanted} limit 1", params).fetchone():
                return []
        with self._state.writing() as db:
            found = list(db.query(f"select * {wanted} order by id", params))
            known = {row["id"]: Posted(row["outcome"], row["detail"]) for row in found}
            return [(row, known[row.id]) for row in self._rows(db, found)]

    def is_settled(self, row: Row) -> bool:
        """Whether a row is still there, and it is known what became of it."""
        with self._state.reading() as db:
            found = db.execute(
                "select 1 from outbox where id = ? and outcome is not null", [row.id]
            )
            return found.fetchone() is not None

    def adopt(self) -> list[Row]:
        """Take the rows of replicas whose leases have ended; gives those that are still to be sent,
        in order. Of several replicas, one gets them."""
        mine, orphans = self._replica.id, f"replica not in {self._replica.live}"
        with self._state.reading() as db:
            if not db.execute(f"select 1 from outbox where {orphans} limit 1").fetchone():
                return []
        with self._state.writing() as db:
            if not self._replica.runs(db, mine):
                return []
            found = list(db.query(f"select * from outbox where {orphans} order by id"))
            db.executemany(
                "update outbox set replica = ?, holder = '', held_until = 0 where id = ?",
                [[mine, row["id"]] for row in found],
            )
            rows = self._rows(db, [row for row in found if row["outcome"] is None])
            return [replace(row, holder="", replica=mine) for row in rows]

    def answers(self) -> set[str]:
        """The questions whose answers are here."""
        with self._state.reading() as db:
            found = db.execute("select distinct question from outbox where kind = 'answer'")
            return {question for (question,) in found.fetchall()}

    def _rows(self, db: Connection, found: Iterable[dict[str, Any]]) -> list[Row]:
        """The rows, without those that cannot be read, as another version may have written them:
        they are removed. The log shows that their answers were not sent."""
        rows = []
        for row in found:
            try:
                post = self._post(row)
            except (ValueError, TypeError, LookupError) as error:
                logger.error("a message in the outbox cannot be read: %s", type(error).__name__)
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
                    row["replica"],
                )
            )
        return rows

    def _post(self, row: dict[str, Any]) -> Post:
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


def _added(db: Connection, post: Post, now: float, until: float, replica: str) -> int:
    lane = post.way.lane
    (number,) = db.execute(
        "insert into outbox (question, kind, lane, post, since, until, due, replica, limited) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, case when exists (select 1 from outbox "
        "where lane = ? and limited = 1 and outcome is null) then 1 else 0 end) returning id",
        [post.question, post.kind, lane, _json(post), now, until, now, replica, lane],
    ).fetchone()
    return int(number)


def _json(post: Post) -> str:
    kept = {
        "way": post.way.as_dict(),
        "message": asdict(post.message) if post.message else None,
        "tell": post.tell.as_dict() if post.tell else None,
        "copy": asdict(post.copy) if post.copy else None,
    }
    # In ASCII: a text may hold half of a character, which SQLite does not take.
    return json.dumps(kept, separators=(",", ":"))
