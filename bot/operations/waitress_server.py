"""Runs a server of waitress in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def running(server: Any, name: str, port: int) -> Iterator[int]:
    """Run a server that is bound to its port, in a thread of that name, and close it at the end.
    Gives the port: with `port` 0 the system chose one."""
    ending = threading.Event()

    def run() -> None:
        try:
            server.run()
        except OSError:
            # server.close() closes the sockets that this loop waits on.
            if not ending.is_set():
                raise

    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        # A host of several addresses has a server for each, and no one port that was chosen.
        yield int(getattr(server, "effective_port", port))
    finally:
        ending.set()
        server.task_dispatcher.shutdown()
        server.close()
