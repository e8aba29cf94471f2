"""The replicas: processes that share the log and the state, on one host or on many.

Each has a lease, which it renews. What a replica works on is in the state under the id of its
lease: questions that it took (here), and messages that it sends (`outbox_store`). When a lease has
ended, any other replica may go on with that work (`recovery`). A lease that has ended never begins
again: a replica that was only slow gets a new one, with a new id, and what it had is no longer its
own. So whatever must not be done twice is done under the id by which it was begun, in a transaction
that looks whether that lease still runs.

Leases run by the clock of the database. A replica itself counts from before it asked for the
renewal, by a clock that nobody sets, so it stops earlier than others begin.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable

from bot.database import Connection, DatabaseError
from bot.slack.state import State

logger = logging.getLogger("codedesk.slack")

#: Seconds that a lease runs, and those between its renewals.
LEASE = 6.0
_BEAT = 1.5
#: Seconds after which what is left of a replica is forgotten: longer than any work is of use.
_FORGOTTEN = 3600.0

_TABLES = (
    """create table if not exists replicas (
        id text primary key,
        place text not null,              -- host and process, for people
        until double precision not null
    )""",
    # Questions that are not finished, and whose they are. A replica writes its own when it renews
    # its lease, so one that is answered at once is never here.
    "create table if not exists work (question text primary key, replica text not null)",
    # Tasks that one replica does for all.
    "create table if not exists leaders (task text primary key, replica text not null)",
)


def _seconds() -> float:
    """A clock that also counts the time in which the machine slept, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Replica:
    """This process among those that share the state. Until `start` it has no lease, and works as
    the only one. Safe to use from many threads."""

    def __init__(self, state: State) -> None:
        """Raises DatabaseError."""
        self._state = state
        self._lock = threading.RLock()  # guards what follows
        #: The id of the lease; "" while there is none.
        self._id = ""
        #: When the lease ends at the earliest, by `_seconds`.
        self._until = 0.0
        #: The questions that are worked on here, with the lease under which they were begun.
        self._open: dict[str, str] = {}
        self._written: set[str] = set()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        with state.writing() as db:
            for table in _TABLES:
                db.execute(table)

    @property
    def id(self) -> str:
        return self._id

    def __enter__(self) -> Replica:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Get a lease, and renew it in a thread of its own. Raises DatabaseError."""
        self._register()
        self._stop.clear()
        self._thread = threading.Thread(target=self._work, name="lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the lease, so that others go on at once with what is left. Raises nothing."""
        if self._thread is None:
            return
        self._stop.set()
        self._thread.join()
        self._thread = None
        try:
            with self._state.writing() as db:
                self._write_work(db)  # What is left is that of a replica that is gone.
                db.execute("delete from replicas where id = ?", [self._id])
        except DatabaseError as error:
            logger.error("the lease of this process was not ended: %s", error)
        with self._lock:
            self._id, self._until = "", 0.0
            self._open.clear()
            self._written.clear()

    # The lease

    def holds(self, lease: str) -> bool:
        """Whether a lease is the one of this process, and certainly runs."""
        with self._lock:
            return lease == self._id and (not lease or _seconds() < self._until)

    def is_well(self) -> bool:
        """Whether new work is to come here: the lease runs, so the database can be written."""
        return self.holds(self._id)

    def runs(self, db: Connection, lease: str) -> bool:
        """Whether a lease runs by the clock of the database."""
        return not lease or bool(db.execute(f"select 1 where ? in {self.live}", [lease]).fetchone())

    @property
    def live(self) -> str:
        """The ids of the leases that run, in SQL."""
        return f"(select id from replicas where until > {self._state.clock})"

    def _register(self) -> None:
        lease, began = uuid.uuid4().hex[:16], _seconds()
        place = f"{socket.gethostname()}/{os.getpid()}"
        clock = self._state.clock
        with self._state.writing() as db:
            self._state.set_clock(db)
            db.execute(f"delete from replicas where until < {clock} - {_FORGOTTEN}")
            db.execute("delete from work where replica not in (select id from replicas)")
            db.execute(f"insert into replicas values (?, ?, {clock} + {LEASE})", [lease, place])
        with self._lock:
            self._id, self._until = lease, began + LEASE
            self._written.clear()

    def _work(self) -> None:
        broken = False
        while not self._stop.wait(_BEAT):
            try:
                if not self._renewed():
                    logger.warning(
                        "this process was not heard of for %s seconds; others may have gone on "
                        "with its work",
                        LEASE,
                    )
                    self._register()
                broken = False
            except DatabaseError as error:
                if not broken:
                    logger.error("the lease of this process was not renewed: %s", error)
                broken = True

    def _renewed(self) -> bool:
        """Whether the lease was renewed. False when it has ended."""
        began, clock = _seconds(), self._state.clock
        with self._state.writing() as db:
            self._state.set_clock(db)
            renewed = db.execute(
                f"update replicas set until = {clock} + {LEASE} where id = ? and until > {clock}",
                [self._id],
            ).rowcount
            written = self._write_work(db) if renewed else set()
        with self._lock:
            if renewed:
                self._until, self._written = began + LEASE, written
        return bool(renewed)

    # Questions

    def began(self, questions: Iterable[str]) -> None:
        """Remember that these are worked on here."""
        with self._lock:
            self._open |= {question: self._id for question in questions if self._id}

    def ended(self, questions: Iterable[str]) -> None:
        """Remember that these are finished: the log or the outbox has what follows."""
        with self._lock:
            for question in questions:
                self._open.pop(question, None)

    def has(self, question: str) -> bool:
        """Whether a question is worked on in this process."""
        with self._lock:
            return question in self._open

    def lease_of(self, question: str) -> str:
        """The lease under which a question was begun."""
        with self._lock:
            return self._open.get(question, self._id)

    def _write_work(self, db: Connection) -> set[str]:
        """The questions that are then written down as those of this replica."""
        with self._lock:
            mine = {question for question, lease in self._open.items() if lease == self._id}
            new, done = mine - self._written, self._written - mine
        if new:
            # One that another replica has is theirs.
            db.executemany(
                "insert into work values (?, ?) on conflict do nothing",
                [[question, self._id] for question in sorted(new)],
            )
        if done:
            db.executemany(
                "delete from work where question = ? and replica = ?",
                [[question, self._id] for question in sorted(done)],
            )
        return mine

    def is_taken_over(self, db: Connection, question: str, lease: str) -> bool:
        """Whether a question that was begun under a lease is no longer its own."""
        if not lease:
            return False
        row = db.execute("select replica from work where question = ?", [question]).fetchone()
        return not self.runs(db, lease) or (row is not None and row[0] != lease)

    def standing(self, questions: Iterable[str]) -> tuple[dict[str, float], dict[str, str]]:
        """The other replicas whose leases run, with the times at which these end; and whose the
        questions are, of those that are written down."""
        with self._state.reading() as db:
            clock = self._state.clock
            others = db.execute(
                f"select id, until from replicas where until > {clock} and id <> ?", [self._id]
            ).fetchall()
            asked = list(questions)
            marks = ", ".join("?" * len(asked)) or "''"
            taken = db.execute(
                f"select question, replica from work where question in ({marks})", asked
            ).fetchall()
        return dict(others), dict(taken)

    def claim(
        self, questions: Iterable[str], unless: Callable[[Connection, str], bool]
    ) -> set[str]:
        """Take those questions that no replica works on whose lease runs. `unless` says of a
        question that there is no need. Of several replicas, one gets each."""
        lease, questions = self._id, list(questions)
        if not lease or not questions:
            return set(questions)
        with self._state.writing() as db:
            if not self.runs(db, lease):
                return set()
            wanted = [question for question in questions if not unless(db, question)]
            got = {
                question
                for question in wanted
                if db.execute(
                    "insert into work (question, replica) values (?, ?) "
                    "on conflict (question) do update set replica = excluded.replica "
                    f"where work.replica not in {self.live}",
                    [question, lease],
                ).rowcount
                == 1
            }
        with self._lock:
            if lease == self._id:
                self._open |= dict.fromkeys(got, lease)
                self._written |= got
        return got

    def leads(self, task: str) -> bool:
        """Whether this replica does a task that one does for all. It goes on until its lease ends.
        Raises DatabaseError."""
        lease = self._id
        if not lease:
            return True
        with self._state.writing() as db:
            if not self.runs(db, lease):
                return False
            db.execute(
                "insert into leaders (task, replica) values (?, ?) "
                "on conflict (task) do update set replica = excluded.replica "
                f"where leaders.replica not in {self.live}",
                [task, lease],
            )
            (leader,) = db.execute("select replica from leaders where task = ?", [task]).fetchone()
        return bool(leader == lease)
