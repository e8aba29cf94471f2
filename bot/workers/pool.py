"""The workers of a desk: takes questions from the front's threads, and gives back the answers.

- A worker answers one question, or one batch, at a time.
- A worker that ended, or does not answer within `patience`, is replaced. Its question is tried once
  more, by a new worker; then it fails (`SearchLost`), and the next one goes on.
- A nursery that ended is started again.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bot.desk.answer import Answer
from bot.desk.question import Question
from bot.workers import memory
from bot.workers.children import NoWorkers, Nursery, Worker, WorkerLost
from bot.workers.wire import Ask, Failed

if TYPE_CHECKING:
    from bot.logged_desk import Answers

logger = logging.getLogger("codedesk.workers")

#: Seconds until a worker counts as hung. The longest list that is taken is answered in a tenth of
#: this on a slow machine.
PATIENCE = 120.0
_TRIES = 2


class SearchLost(Exception):
    """A question that ended, or stopped, each worker that tried it."""


def default_workers() -> int:
    """As many as there are cores that this process may use; 0, none, where processes are not known
    to be safe to fork once numeric libraries are loaded (macOS)."""
    if sys.platform != "linux":
        return 0
    return len(os.sched_getaffinity(0))


class Pool:
    """Safe to use from many threads."""

    def __init__(
        self, opening: Callable[[], Answers], workers: int, *, patience: float = PATIENCE
    ) -> None:
        """Starts the nursery, and does not wait for it: see `ready`. `opening`: as in Nursery."""
        self.size = workers
        self._opening = opening
        self._patience = patience
        self._nursery = Nursery(opening)
        self._build: str | None = None
        #: Workers that wait for a question; None: one that is to be forked first.
        self._idle: queue.LifoQueue[Worker | None] = queue.LifoQueue()
        self._lock = threading.Lock()  # guards the nursery and what follows
        self._all: set[Worker] = set()
        #: Why no worker can be had any more; "" while some can.
        self._ended = ""

    def ready(self, index_build: str | None) -> None:
        """Wait for the nursery, and fork the workers. `index_build`: the build from which they are
        to answer. Raises NoWorkers, or the error of opening the desk."""
        self._build = index_build
        self._nursery.wait_open()
        self._must_match()
        for _ in range(self.size):
            self._idle.put(self._forked())

    def ask_many(self, questions: Sequence[Question], limit: int) -> list[Answer]:
        """Have questions answered by one worker, together. Waits for an idle one. Raises the error
        of the desk, SearchLost or NoWorkers."""
        worker = self._idle.get()
        try:
            for _ in range(_TRIES):
                worker = worker or self._forked()
                try:
                    reply = worker.ask(Ask(tuple(questions), limit), self._patience)
                except WorkerLost as error:
                    # Not the question: it may be one that was not stored.
                    logger.error("a search worker is replaced: %s", error)
                    self._drop(worker, kill=True)
                    worker = None
                    continue
                if isinstance(reply, Failed):
                    raise reply.error
                if reply.is_full:
                    self._drop(worker)
                    worker = None
                return reply.answers
            raise SearchLost(f"{_TRIES} workers were lost")
        finally:
            self._idle.put(worker)

    def own_mb(self) -> dict[int, float]:
        """The memory that each worker shares with no other process, by process id."""
        with self._lock:
            pids = [worker.pid for worker in self._all]
        return {pid: memory.own_mb(pid) for pid in sorted(pids)}

    def close(self) -> None:
        """End the workers, each when it has answered, and the nursery."""
        for _ in range(self.size if self._all else 0):
            try:
                worker = self._idle.get(timeout=self._patience)
            except queue.Empty:
                break
            if worker is not None:
                self._drop(worker)
        for hung in list(self._all):
            self._drop(hung, kill=True)
        self._nursery.close()

    def _forked(self) -> Worker:
        with self._lock:
            if self._ended:
                raise NoWorkers(self._ended)
            if self._nursery.has_ended:
                logger.error("the process that starts search workers has ended; it is started anew")
                self._nursery.close()
                try:
                    self._nursery = Nursery(self._opening)
                    self._nursery.wait_open()
                    self._must_match()
                except Exception as error:
                    self._ended = str(error)
                    raise NoWorkers(self._ended) from error
            worker = self._nursery.fork()
            self._all.add(worker)
            return worker

    def _must_match(self) -> None:
        if self._nursery.index_build != self._build:
            raise NoWorkers("the index was replaced meanwhile")

    def _drop(self, worker: Worker, *, kill: bool = False) -> None:
        with self._lock:
            self._all.discard(worker)
            if kill:
                self._nursery.kill(worker)
            else:
                worker.close()
