"""The outbox: messages on their way to Slack, kept in the state until it is known what became of
them. Another replica, or the next start, goes on with what is left.

Messages that count against one rate limit share a lane: they go one at a time and in order. Threads
are shared by all lanes. A lane that has to wait holds no thread, so other lanes go on.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import logging
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from slack_sdk import WebClient

from bot.database import DatabaseError
from bot.querylog.unfinished import MOST_MINUTES
from bot.slack.outbox_store import NotWanted, OutboxStore, Post, Row, TakenOver, Unless
from bot.slack.replicas import Replica
from bot.slack.state import State
from bot.slack.tries import Again, LeaseEnded, tried
from bot.slack.web_api import UNINSTALLED, NotTaken, Posted
from bot.slack.workspaces.clients import Clients, clients_of, installed_of

logger = logging.getLogger("codedesk.slack")

#: Seconds between the posts of a lane that has met its limit, until the lane is empty. Slack takes
#: one message a second a channel and allows short bursts, so a lane begins without this pause.
BETWEEN = 1.0
#: Posts under way at once.
_AT_ONCE = 16
#: Seconds for which a thread holds a row that it sends: longer than any call takes.
_HELD = 60.0
#: The longest sleep in seconds: clocks may be set.
_LONGEST_SLEEP = 15.0
#: Seconds between looks while a row waits behind one of another replica.
_BEHIND = 0.1
#: Seconds to wait after the state could not be read or written.
_BROKEN = 1.0

#: What becomes of a post that is not wanted any more.
WITHDRAWN = Posted("abandoned", "withdrawn")
#: What becomes here of a post that is the work of another replica now, which logs it.
TAKEN_OVER = Posted("abandoned", "another replica has it")
_LEFT = Posted("waiting", "the desk stopped before Slack took it; it was not sent")

Then = Callable[[Posted], None]


class Keeper(Protocol):
    """Who knows what a post is about."""

    def wanted(self, post: Post) -> bool:
        """Whether it is still to be sent."""

    def became(self, post: Post, posted: Posted) -> bool:
        """Log what became of a post. False when it cannot be logged now."""

    def knows(self, post: Post, posted: Posted) -> bool:
        """Whether what became of a post is logged already."""

    def follows(self, post: Post, posted: Posted) -> Post | None:
        """What is to be sent because of that; None for nothing."""


class Outbox:
    """Safe to use from many threads."""

    def __init__(
        self,
        state: State,
        clients: Clients | WebClient,
        keeper: Keeper,
        at_once: int = _AT_ONCE,
        replica: Replica | None = None,
    ) -> None:
        self._state = state
        self._replica = replica or Replica(state)
        self._clients = clients_of(clients)
        self.store = OutboxStore(state, self._clients, self._replica)
        self._keeper = keeper
        self._at_once = at_once
        self._threads: list[threading.Thread] = []
        self._closing = False
        #: What this process waits for, by the number of the row.
        self._awaited: dict[int, tuple[Future[Posted], Then | None]] = {}
        #: The numbers of the rows that a thread concludes at this moment.
        self._concluding: set[int] = set()
        self._lock = threading.RLock()  # guards all of the above
        self._due = threading.Condition(self._lock)
        self._settled = threading.Condition(self._lock)

    def send(
        self, post: Post, then: Then | None = None, *, unless: Unless | None = None
    ) -> Future[Posted]:
        """Keep a message and send it when its turn comes; then call `then`, unless another replica
        goes on with it. The future has what became of it, once that is logged; `waiting` when
        `rest` leaves it to others. `unless` says, as the message is kept, that it is not wanted."""
        done: Future[Posted] = Future()
        now = self._state.now()
        answers = post.kind == "answer" and post.question
        lease = self._replica.lease_of(post.question) if answers else self._replica.id
        with self._lock:
            try:
                number = self.store.add(
                    post, now, now + MOST_MINUTES * 60, lease=lease, unless=unless
                )
            except NotWanted:
                done.set_result(WITHDRAWN)
                return done
            except TakenOver:
                logger.info("the answer to %s is left to another replica", post.question)
                done.set_result(TAKEN_OVER)
                return done
            except DatabaseError as error:
                logger.error("%s cannot be written: %s", self._state.name, error)
            else:
                self._awaited[number] = done, then
                self._wake()
                return done
        # All that share a file are as unable to write it; a database may be there for others.
        if answers and not self._state.is_file and not self._replica.holds(lease):
            done.set_result(TAKEN_OVER)
            return done
        posted = _sent_at_once(post)
        self._keeper.became(post, posted)
        _tell(done, then, posted)
        return done

    def resume(self, now: float) -> list[tuple[Post, Future[Posted]]]:
        """Go on with what replicas left whose leases have ended; what is of no use any more is
        `abandoned`, or `unknown` if it may have been sent."""
        adopted = self.store.adopt()
        self._log_again()
        resumed = []
        for row in adopted:
            with self._lock:
                done, then = self._awaited.get(row.id, (Future[Posted](), None))
                self._awaited[row.id] = done, then
            resumed.append((row.post, done))
            if row.until <= now:
                abandoned = Posted("abandoned", "the desk was not running")
                unknown = Posted("unknown", "the desk stopped while posting")
                self._finish(row, unknown if row.tried else abandoned, of_use=False)
        with self._lock:
            for _ in resumed:
                self._wake()
        return resumed

    def look(self) -> None:
        """See to what is due, in case that nothing else has told of it."""
        due = self.store.next_due()
        if _is_now(due, self._state.now()):
            with self._lock:
                self._wake()

    def answers(self) -> set[str]:
        """The questions whose answers are in the outbox."""
        return self.store.answers()

    def hurry(self, installed: str) -> None:
        """Deal at once with what waits for a workspace or organisation: for one that uninstalled
        the app."""
        for row in self.store.left():
            if installed_of(row.post.sender) == installed:
                self.store.hurry(row, self._state.now())
        with self._lock:
            self._wake()

    def settle(self, timeout: float) -> None:
        """Wait until nothing is on its way, for at most `timeout` seconds."""
        with self._settled:
            self._settled.wait_for(lambda: not self._awaited, timeout)

    def rest(self) -> None:
        """Send what need not wait, and stop. The rest stays for others. What is sent later
        starts the threads again."""
        with self._lock:
            self._closing = True
            self._due.notify_all()
        for thread in self._threads:
            thread.join()
        with self._lock:
            self._threads.clear()
            self._closing = False
            awaited, self._awaited = self._awaited, {}
        left: dict[int, Row] = {}
        try:
            self._log_again()
            left = {row.id: row for row in self.store.left(mine=True)}
        except DatabaseError as error:
            logger.error("%s cannot be read: %s", self._state.name, error)
        for number, (done, _) in awaited.items():
            row = left.get(number)
            # Of what may have been sent, the log says nothing until it is known.
            if row is not None and not row.tried:
                self._keeper.became(row.post, _LEFT)
            done.set_result(_LEFT)

    # Threads

    def _wake(self) -> None:
        """See to it that a thread looks at what is due."""
        self._due.notify()
        if not self._closing and len(self._threads) < self._at_once:
            thread = threading.Thread(target=self._work, name="post", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (row := self._next()) is not None:
            try:
                now = self._state.now()
                result = self._tried(row, now)
                if isinstance(result, Again):
                    self.store.again(
                        row,
                        result.post,
                        self._state.now() + result.pause,
                        tried=result.tried,
                        limited=result.limited,
                    )
                    if self._clients.is_gone(row.post.sender):
                        # It was uninstalled during this try: see `hurry`.
                        self.store.hurry(row, self._state.now())
                else:
                    self._finish(row, result)
            except LeaseEnded:
                logger.info("a message is left to another replica")
            except Exception as error:
                # The state is broken, or the code is. The row is let go of, and taken again.
                where = "".join(traceback.format_tb(error.__traceback__))
                logger.error("a post: %s at\n%s", type(error).__name__, where)
            with self._lock:
                self._due.notify()

    def _tried(self, row: Row, now: float) -> Posted | Again:
        if self._clients.is_gone(row.post.sender):
            return UNINSTALLED
        if not self._keeper.wanted(row.post):
            return WITHDRAWN
        return tried(row, now, partial(self._replica.holds, row.replica))

    def _next(self) -> Row | None:
        """The row whose turn it is; None when this thread should end."""
        with self._lock:
            while True:
                now = self._state.now()
                try:
                    due = self.store.next_due()
                    # A holder of its own for each try: one that was let go of counts no more.
                    holder = uuid.uuid4().hex
                    row = self.store.take(holder, now, _HELD) if _is_now(due, now) else None
                    if row is None and self._is_first() and self.store.has_waiting():
                        due = min(due or now + _BEHIND, now + _BEHIND)
                except DatabaseError as error:
                    logger.error("%s cannot be read: %s", self._state.name, error)
                    row, due = None, now + _BROKEN
                if row is not None:
                    return row
                if self._closing:
                    return None
                sleep = _LONGEST_SLEEP if due is None else min(due - now, _LONGEST_SLEEP)
                self._due.wait(max(sleep, 0.0))

    def _is_first(self) -> bool:
        """One thread looks often where that is needed, and not all."""
        return self._threads[:1] == [threading.current_thread()]

    # When it is known what became of a post

    def _finish(self, row: Row, posted: Posted, *, of_use: bool = True) -> None:
        with self._concludes(row):
            if self.store.settle(row, posted, self._state.now() + BETWEEN):
                self._conclude(row, posted, of_use=of_use)

    def _log_again(self) -> None:
        """Log what could not be logged when it became known."""
        for row, posted in self.store.settled(mine=True):
            with self._concludes(row) as is_mine:
                # It may have been concluded since it was read.
                if is_mine and self.store.is_settled(row):
                    # Whoever had it may have logged it, and been gone before it was removed.
                    self._conclude(row, posted, logged=self._keeper.knows(row.post, posted))

    @contextmanager
    def _concludes(self, row: Row) -> Iterator[bool]:
        """Whether this thread is the one that concludes a row, for as long as it does."""
        with self._lock:
            is_mine = row.id not in self._concluding
            self._concluding.add(row.id)
        try:
            yield is_mine
        finally:
            if is_mine:
                with self._lock:
                    self._concluding.discard(row.id)

    def _conclude(
        self, row: Row, posted: Posted, *, of_use: bool = True, logged: bool = False
    ) -> None:
        """Log what became of a settled row unless that is `logged`, remove it, send what follows if
        it is `of_use`, and tell who waits for it."""
        if logged or self._keeper.became(row.post, posted):
            follow = self._keeper.follows(row.post, posted) if of_use else None
            now = self._state.now()
            with self._lock:
                number = self.store.remove(row, follow, now, now + MOST_MINUTES * 60)
                if number:
                    self._awaited[number] = Future(), None
        with self._lock:
            done, then = self._awaited.get(row.id, (None, None))
        _tell(done, then, posted)
        with self._lock:
            self._awaited.pop(row.id, None)
            self._settled.notify_all()


def _is_now(due: float | None, now: float) -> bool:
    return due is not None and due <= now


def _tell(done: Future[Posted] | None, then: Then | None, posted: Posted) -> None:
    try:
        if then:
            then(posted)
    except Exception as error:
        # The error's message is not logged: it may hold what was asked.
        where = "".join(traceback.format_tb(error.__traceback__))
        logger.error("after a post: %s at\n%s", type(error).__name__, where)
    if done:
        done.set_result(posted)


def _sent_at_once(post: Post) -> Posted:
    """Without the outbox, a message is tried once on each of its ways."""
    way, posted = post.way, Posted("failed")
    while True:
        try:
            posted = way.send(post.message)
        except NotTaken as error:
            posted = Posted("failed", error.why)
        if posted.outcome != "failed" or way.otherwise is None:
            return posted
        way = way.otherwise
