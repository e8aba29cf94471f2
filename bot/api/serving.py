"""Serves the API over HTTP until it is stopped."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable

import uvicorn

from bot.api.app import application
from bot.api.service import Service, opened
from bot.fhir import routes as fhir
from bot.messages import message
from bot.settings import Settings, SettingsError

#: Seconds that calls under way have to finish when the server is stopped.
_TO_FINISH = 120
#: Connections at once; what is above gets 503.
_CONNECTIONS = 1000


def serve(settings: Settings, workers: int, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; calls under way are finished. Raises CodeDeskError."""
    with _listening(settings.api_host, settings.api_port) as listening:
        say(message("api.loading"))
        with opened(settings, workers=workers, say=say) as service:
            _serve(service, listening, say)


def _serve(service: Service, listening: socket.socket, say: Callable[[str], None]) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            application(service, fhir.mounted(service)),
            http="httptools",
            ws="none",
            # What is asked is in the log, and must not be on standard error.
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_TO_FINISH,
        )
    )
    host, port = listening.getsockname()[:2]
    where = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    service.log.append("start", None, {"serves": "api"})
    say(message("api.serving", where=where))
    if not service.tokens.all():
        say(message("clients.none"))
    # Uvicorn raises the signal that stopped it again after it has stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    service.log.append("stop", None, {"serves": "api"})
    say(message("api.stopped"))


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises SettingsError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise SettingsError(message("api.no_port", host=host, port=port, error=error)) from error
