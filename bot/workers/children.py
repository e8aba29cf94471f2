"""The nursery and the workers, as the front sees them."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import TYPE_CHECKING, Any

from bot.workers import nursery
from bot.workers.wire import Answered, Ask, Failed, Fork, Forked, Kill, Opened

if TYPE_CHECKING:
    from bot.logged_desk import Answers

logger = logging.getLogger("codedesk.workers")

#: Seconds within which a nursery has opened its desk, and forked a worker.
_TO_OPEN, _TO_FORK = 300.0, 30.0
#: Seconds that a process has to end by itself.
_TO_END = 5.0


class NoWorkers(Exception):
    """No worker can be had. The message says why, for the operator."""


class WorkerLost(Exception):
    """The worker ended, or did not answer in time."""


class Worker:
    """One worker. To be used by one thread at a time."""

    def __init__(self, pid: int, connection: Connection) -> None:
        self.pid = pid
        self._connection = connection

    def ask(self, ask: Ask, patience: float) -> Answered | Failed:
        """Raises WorkerLost."""
        try:
            self._connection.send(ask)
            if not self._connection.poll(patience):
                raise WorkerLost(f"no answer within {patience:g} s")
            return self._connection.recv()
        except (EOFError, OSError) as error:
            raise WorkerLost("the process ended") from error

    def close(self) -> None:
        """Let it end; it does so when it has answered."""
        self._connection.close()


class Nursery:
    """A process that forks workers. Safe to use from many threads."""

    def __init__(self, opening: Callable[[], Answers]) -> None:
        """Starts the process, and does not wait until it has opened its desk. `opening`: a function
        of a module (or a partial of one) that returns a desk that is ready to search."""
        self._lock = threading.Lock()
        self.index_build: str | None = None
        self._control, theirs = Pipe()
        with theirs:
            paths = os.pathsep.join(filter(None, sys.path))
            self._process = subprocess.Popen(
                [sys.executable, "-m", nursery.__name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=nursery.environment(os.environ) | {"PYTHONPATH": paths},
                stdin=subprocess.DEVNULL,
                # Ctrl-C in a terminal is for the front alone, which finishes what was begun.
                start_new_session=True,
            )
        self._send(sys.path)
        self._send(opening)

    def wait_open(self) -> None:
        """Wait until the desk is open. Raises its error, or NoWorkers."""
        with self._lock:
            said = self._said(_TO_OPEN)
        if isinstance(said, Failed):
            raise said.error
        assert isinstance(said, Opened)
        self.index_build = said.index_build

    def fork(self) -> Worker:
        """A new worker. Raises NoWorkers."""
        ours, theirs = Pipe()
        with self._lock, theirs:
            try:
                self._send(Fork())
                with socket.socket(fileno=os.dup(self._control.fileno())) as control:
                    socket.send_fds(control, [b"w"], [theirs.fileno()])
                said = self._said(_TO_FORK)
            except BaseException:
                ours.close()
                raise
        assert isinstance(said, Forked)
        return Worker(said.pid, ours)

    def kill(self, worker: Worker) -> None:
        """End a worker at once, if it has not ended."""
        worker.close()
        with self._lock, contextlib.suppress(NoWorkers):
            self._send(Kill(worker.pid))

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def close(self) -> None:
        with self._lock:
            self._control.close()
        try:
            self._process.wait(_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, order: Any) -> None:
        try:
            self._control.send(order)
        except OSError as error:
            raise NoWorkers("the process that starts them has ended") from error

    def _said(self, patience: float) -> Any:
        try:
            if not self._control.poll(patience):
                raise NoWorkers(f"the process that starts them says nothing within {patience:g} s")
            return self._control.recv()
        except (EOFError, OSError) as error:
            raise NoWorkers("the process that starts them has ended") from error
