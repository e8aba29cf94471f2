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

from bot.messages import message
from bot.operations.process import Process, begun
from bot.settings import Settings, SettingsError


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, process: Process | None) -> None:
        super().__init__(config)
        self._process = process

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            os._exit(128 + sig)
        if self._process is not None:
            self._process.stop.set()  # not ready from now on
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._process is not None:
            self._process.turn()
        return await super().on_tick(counter)


def run(
    app: Any,
    settings: Settings,
    listening: socket.socket,
    process: Process | None = None,
    **options: Any,
) -> None:
    """Serve an ASGI app until a signal; `process` is told when it begins, turns and is to stop.
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
        begun(process) if process is not None else contextlib.nullcontext(),
        contextlib.suppress(KeyboardInterrupt),
    ):
        _Server(config, process).run(sockets=[listening])


def listening(host: str, port: int, no_port: str) -> socket.socket:
    """A socket that listens; close it. Raises SettingsError with the message `no_port`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise SettingsError(message(no_port, host=host, port=port, error=error)) from error


def address_of(listening: socket.socket) -> str:
    """Where a socket listens, as `http://127.0.0.1:8002`."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
