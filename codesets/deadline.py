"""A hard limit on the time of an HTTP call, however its server spreads it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from typing import Any


class Deadline:
    """Shuts a connection down when its time is over.

    httpx limits the time of each step, but a server may cause any number of steps. So the socket is
    shut down from another thread. Pass `watch` as httpx's extension `trace`.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._over = threading.Event()
        self._socket: socket.socket | None = None

    def __enter__(self) -> None:
        self._over.clear()
        self._timer = threading.Timer(self._seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the socket of each new connection (called by httpx's `trace` extension)."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.is_over:
                self._shut()

    def _end(self) -> None:
        self._over.set()
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # The method of the plain socket: TLS need not be closed properly any more.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
