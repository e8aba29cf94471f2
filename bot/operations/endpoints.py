"""Where a process says how it is: /metrics, /live and /ready, on a port of their own.

Socket Mode has no port, so `codedesk run` needs one for this. HTTP mode answers /live and /ready
beside Slack's requests, too (bot/slack/http.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from waitress.server import create_server

from bot.messages import message
from bot.operations.metrics import CONTENT_TYPE, Metrics
from bot.operations.process import Process, readiness
from bot.operations.waitress_server import running
from bot.settings import SettingsError

METRICS, LIVE, READY = "/metrics", "/live", "/ready"
_JSON, _TEXT = "application/json", "text/plain; charset=utf-8"
#: A request here has no body, and few ask.
_MOST_BODY, _MOST_HEADERS, _MOST_CONNECTIONS, _THREADS = 1024, 16_384, 20, 2

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def wsgi(
    process: Process, metrics: Metrics
) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """The three pages, for a WSGI server."""

    def serve(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        status, kind, body = _answered(environ, process, metrics)
        headers = [("Content-Type", kind), ("Cache-Control", "no-store")]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    return serve


def _answered(
    environ: dict[str, Any], process: Process, metrics: Metrics
) -> tuple[HTTPStatus, str, bytes]:
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return HTTPStatus.METHOD_NOT_ALLOWED, _TEXT, b""
    match environ["PATH_INFO"]:
        case "/metrics":
            return HTTPStatus.OK, CONTENT_TYPE, metrics.text()
        case "/live":
            return (*_status(process.is_live), json.dumps({"live": process.is_live}).encode())
        case "/ready":
            ready, reasons = readiness(process)
            return (*_status(ready), json.dumps({"ready": ready, "reasons": reasons}).encode())
    return HTTPStatus.NOT_FOUND, _TEXT, b"Not Found"


def _status(good: bool) -> tuple[HTTPStatus, str]:
    return HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE, _JSON


@contextmanager
def telling(process: Process, say: Callable[[str], None]) -> Iterator[int | None]:
    """Serve these pages if the settings give a port; gives it. Raises SettingsError."""
    host, port = process.settings.metrics_host, process.settings.metrics_port
    if port is None:
        yield None
        return
    metrics = Metrics(process)
    try:
        server = create_server(
            wsgi(process, metrics),
            host=host,
            port=port,
            threads=_THREADS,
            ident=None,
            max_request_body_size=_MOST_BODY,
            max_request_header_size=_MOST_HEADERS,
            connection_limit=_MOST_CONNECTIONS,
        )
    except OSError as error:
        metrics.close()
        raise SettingsError(
            message("operations.no_port", host=host, port=port, error=error.strerror or error)
        ) from error
    try:
        with running(server, "metrics", port) as taken:
            pages = f"http://{host}:{taken}{METRICS}, {LIVE}, {READY}"
            say(message("operations.serving", url=pages))
            yield taken
    finally:
        metrics.close()
