"""What several threads add at one time is committed together.

A commit waits for the disk, and in PostgreSQL one process at a time holds the end of the chain. So
while one thread commits, the others put what they have to add in line; then one of them adds it all
in one transaction. Each is told when its part is on the disk, as if it had been alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, Protocol, TypeVar, cast

from bot.querylog.append import ChainAppender
from bot.querylog.hash_chain import LogUnavailable

R = TypeVar("R")

#: Parts of one transaction. More would only keep the first of them waiting.
_MOST = 32

Ahead = Callable[[ChainAppender], None]


class Writing(Protocol):
    """`QueryLog.writing`."""

    def __call__(self, ahead: Ahead | None = None) -> AbstractContextManager[ChainAppender]: ...


class _Part(Generic[R]):
    """What one thread has to add."""

    def __init__(self, ahead: Ahead | None, add: Callable[[ChainAppender], R]) -> None:
        self.ahead, self.add = ahead, add
        self.result: R | None = None
        self.error: BaseException | None = None
        self.is_done = False
        #: Released when it is done, or its thread is the next to commit.
        self.turn = threading.Lock()
        self.turn.acquire()


class GroupCommit:
    """Safe to use from many threads."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._lock = threading.Lock()  # guards the two below
        self._waiting: deque[_Part[Any]] = deque()
        self._is_busy = False

    def run(self, ahead: Ahead | None, add: Callable[[ChainAppender], R]) -> R:
        """Add something, and give what `add` gives once it is on the disk. `ahead` asks for what
        `add` will need: see `QueryLog.writing`. Raises what `add` raises, and LogUnavailable. If
        another part of the same transaction fails, `add` is called again for a new one."""
        part = _Part(ahead, add)
        with self._lock:
            self._waiting.append(part)
            must_wait, self._is_busy = self._is_busy, True
        if must_wait:
            self._wait(part)
        if not part.is_done:
            self._commit_next()
        if part.error is not None:
            raise part.error
        return cast(R, part.result)

    def _wait(self, part: _Part[Any]) -> None:
        try:
            part.turn.acquire()
        except BaseException:  # Interrupted: nobody else may wait for this thread.
            with self._lock:
                if part in self._waiting:
                    self._waiting.remove(part)
                    if part.turn.acquire(blocking=False):
                        self._next_turn()
            raise

    def _next_turn(self) -> None:
        """Under the lock: the thread of what waits first is the next to commit."""
        self._is_busy = bool(self._waiting)
        if self._waiting:
            self._waiting[0].turn.release()

    def _commit_next(self) -> None:
        """Commit what waits, which this thread's part begins; then it is the next one's turn."""
        with self._lock:
            parts = [self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))]
        try:
            self._commit(parts)
        finally:
            with self._lock:
                self._next_turn()
            for part in parts[1:]:
                if not part.is_done:  # This thread was interrupted.
                    part.error = LogUnavailable("The query log was closed; ask again.")
                    part.is_done = True
                part.turn.release()

    def _commit(self, parts: Sequence[_Part[Any]]) -> None:
        try:
            self._together(parts)
        except Exception as error:
            if len(parts) == 1:
                parts[0].error = error
            else:
                # Nothing of it is in the log. Which part was the cause shows when each is alone.
                for part in parts:
                    self._commit([part])
                return
        for part in parts:
            part.is_done = True

    def _together(self, parts: Sequence[_Part[Any]]) -> None:
        def ahead(appender: ChainAppender) -> None:
            for part in parts:
                if part.ahead is not None:
                    part.ahead(appender)

        with self._writing(ahead) as appender:
            for part in parts:
                before = appender.seq
                part.error = None
                try:
                    part.result = part.add(appender)
                except Exception as error:
                    if appender.seq != before or len(parts) == 1:
                        raise  # A half of it must not be committed.
                    part.error = error
