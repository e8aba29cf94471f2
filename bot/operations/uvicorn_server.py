"""Runs a uvicorn server as all processes of Code Desk run: the first signal lets requests end, for
as long as the settings say, and the process then ends with exit code 0; the second ends it at
once."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from types import FrameType
from typing import Any

import uvicorn

from bot.settings import Settings


class _Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            os._exit(128 + sig)
        super().handle_exit(sig, frame)


def run(app: Any, settings: Settings, listening: socket.socket, **options: Any) -> None:
    """Serve an ASGI app until a signal. `options` are those of uvicorn.Config. Paths may hold what
    people typed, so requests are not logged; what uvicorn itself says goes to `logs`."""
    config = uvicorn.Config(
        app,
        # Neither another HTTP parser nor web sockets, whatever is installed.
        **{"http": "h11", "ws": "none"} | options,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.stop_seconds,
    )
    # Uvicorn raises the signal that stopped it again after it has stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config).run(sockets=[listening])
