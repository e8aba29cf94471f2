"""The nursery: a process with one thread that opens a desk, and forks workers that share it.

Run by `pool` as `python -m bot.workers.nursery FD`, with a socket as file FD. What may not be used
on both sides of a fork is not open when a worker is forked: connections to codes.db are closed
before, and each worker opens its own. ONNX Runtime, FAISS and the BLAS of NumPy have one thread
here (`environment`, and `threads=1` of the desk), so none of theirs is lost by a fork.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from bot.workers.wire import Failed, Fork, Forked, Kill, Opened, failed
from bot.workers.worker import work

if TYPE_CHECKING:
    from bot.logged_desk import Answers

#: Variables by which libraries choose the number of their threads.
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a nursery: the libraries have one thread, and there are no settings, which
    come with the desk. So tokens and passwords are not there, either."""
    kept = {
        name: value for name, value in given.items() if not name.startswith(("CODEDESK_", "SLACK_"))
    }
    return kept | dict.fromkeys(_ONE_THREAD, "1")


def main(control: socket.socket) -> None:
    # A service manager's SIGTERM goes to all processes of a service. The front then finishes what
    # was begun, for which it needs the workers.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    connection = Connection(control.detach())
    try:
        sys.path[:] = connection.recv()
        desk = _open(connection.recv())
        said: Opened | Failed = Opened(desk.index_build)
    except EOFError:
        return
    except Exception as error:
        said = failed(error)
    try:
        connection.send(said)
    except OSError:
        return  # The front has ended meanwhile.
    if isinstance(said, Opened):
        _fork_workers(connection, desk)


def _open(opening: Callable[[], Answers]) -> Answers:
    desk = opening()
    # The next use opens a connection anew, in the worker.
    close: Callable[[], None] | None = getattr(desk, "close", None)
    if close is not None:
        close()
    # What was read stays as long as the process. Collecting garbage in a worker would write to each
    # of these objects, and so copy the pages that they share.
    gc.collect()
    gc.freeze()
    return desk


def _fork_workers(connection: Connection, desk: Answers) -> None:
    workers: set[int] = set()
    while True:
        try:
            order: Any = connection.recv()
        except (EOFError, OSError):
            return  # The workers end when the front closes their sockets, as it did this one.
        _bury(workers)
        if isinstance(order, Kill) and order.pid in workers:
            os.kill(order.pid, signal.SIGKILL)
        elif isinstance(order, Fork):
            (end,) = _received(connection)
            pid = os.fork()
            if pid == 0:
                _be_a_worker(connection, end, desk)
            os.close(end)
            workers.add(pid)
            connection.send(Forked(pid))


def _received(connection: Connection) -> list[int]:
    control = socket.socket(fileno=os.dup(connection.fileno()))
    with control:
        _, ends, _, _ = socket.recv_fds(control, 1, 1)
    return ends


def _be_a_worker(connection: Connection, end: int, desk: Answers) -> None:
    status = 1
    try:
        connection.close()
        work(Connection(end), desk)
        status = 0
    finally:
        # Not sys.exit: what the nursery would do at its end is not for a worker to do.
        os._exit(status)


def _bury(workers: set[int]) -> None:
    """Forget those that ended. Until then their ids are not given to other processes."""
    for pid in list(workers):
        ended, _ = os.waitpid(pid, os.WNOHANG)
        if ended:
            workers.discard(pid)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
