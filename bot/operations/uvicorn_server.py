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

from bot.operations.service import Service, begun
from bot.settings import Settings


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: Service | None) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            os._exit(128 + sig)
        if self._service is not None:
            self._service.stop.set()  # not ready from now on
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._service is not None:
            self._service.turn()
        return await super().on_tick(counter)


def run(
    app: Any,
    settings: Settings,
    listening: socket.socket,
    service: Service | None = None,
    **options: Any,
) -> None:
    """Serve an ASGI app until a signal; `service` is told when it begins, turns and is to stop.
    `options` are those of uvicorn.Config. Paths may hold what people typed, so requests are not
    logged; what uvicorn itself says goes to `logs`."""
    # Neither another HTTP parser nor web sockets, whatever is installed.
    chosen = {"http": "h11", "ws": "none"} | options
    config = uvicorn.Config(
        app,
        **chosen,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.stop_seconds,
    )
    # Uvicorn raises the signal that stopped it again after it has stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        begun(service) if service is not None else contextlib.nullcontext(),
        contextlib.suppress(KeyboardInterrupt),
    ):
        _Server(config, service).run(sockets=[listening])
