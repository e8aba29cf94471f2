"""Serves programs over HTTP until it is stopped: the plain JSON API with FHIR, and MCP."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.api.app import application
from bot.api.service import Service, opened
from bot.fhir import routes as fhir
from bot.loading.beside import kept_current
from bot.loading.renewing import Renewing
from bot.messages import message
from bot.operations import uvicorn_server
from bot.operations.endpoints import telling
from bot.operations.process import Process
from bot.settings import Settings

#: Connections at once; what is above gets 503.
_CONNECTIONS = 1000

Say = Callable[[str], None]


def serve(settings: Settings, workers: int, say: Say) -> None:
    """Serve the API until Ctrl-C or SIGTERM; calls under way are finished. Raises CodeDeskError."""
    host, port = settings.api_host, settings.api_port
    with uvicorn_server.listening(host, port, "api.no_port") as at:
        say(message("api.loading"))
        with opened_to_serve(settings, workers, say) as (service, process):
            app = application(service, process, fhir.mounted(service))
            run(app, service, process, at, "api", say, http="httptools")


@contextmanager
def opened_to_serve(
    settings: Settings, workers: int, say: Say
) -> Iterator[tuple[Service, Process]]:
    """The service of a process that serves programs, kept current, and the process, which tells how
    it is on a port of its own if the settings name one. Raises CodeDeskError."""
    with (
        opened(settings, workers=workers, say=say) as service,
        Process(settings, service.desk, service.log) as process,
        telling(process, say),
        kept_current(
            settings, Renewing(settings, service.desk, service.logged.between_answers), say
        ),
    ):
        yield service, process


def run(
    app: Any,
    service: Service,
    process: Process,
    at: socket.socket,
    serves: str,
    say: Say,
    **options: Any,
) -> None:
    """Serve an ASGI app at a socket until a signal. `serves` is its name in the log, and the
    section of its messages; `options` are those of uvicorn.Config."""
    service.log.append("start", None, {"serves": serves})
    say(message(f"{serves}.serving", where=uvicorn_server.address_of(at)))
    if not service.tokens.all():
        say(message("clients.none"))
    options = {"proxy_headers": False, "limit_concurrency": _CONNECTIONS} | options
    uvicorn_server.run(app, service.settings, at, process, **options)
    service.log.append("stop", None, {"serves": serves})
    say(message(f"{serves}.stopped"))
