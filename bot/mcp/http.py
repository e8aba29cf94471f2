"""Serves assistants over HTTP (streamable HTTP), each with the token of its client."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Sequence
from typing import cast

import uvicorn
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.api.clients import Client
from bot.api.guard import MOST_BODY, Guard
from bot.api.service import Service, opened
from bot.mcp.server import Caller, Context, McpDesk
from bot.messages import message
from bot.settings import Settings, SettingsError

PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_ANY = ("0.0.0.0", "::", "")
#: Seconds that calls under way have to finish when the server is stopped.
_TO_FINISH = 120
#: Connections and sessions at once, and seconds after which an unused session ends.
_CONNECTIONS, _SESSIONS, _IDLE = 500, 500, 30 * 60.0


def serve(
    settings: Settings,
    address: str,
    hosts: Sequence[str],
    workers: int,
    say: Callable[[str], None],
) -> None:
    """Serve until Ctrl-C or SIGTERM; calls under way are finished. `address`: HOST:PORT. `hosts`:
    the names by which clients reach it. Raises CodeDeskError."""
    host, port = read_address(address)
    allowed = allowed_hosts(host, hosts)
    with _listening(host, port) as listening:
        say(message("mcp.loading"))
        with opened(settings, workers=workers, say=say) as service:
            _serve(settings, service, listening, allowed, say)


def read_address(given: str) -> tuple[str, int]:
    """The host and the port of HOST:PORT. Raises SettingsError."""
    host, colon, port = given.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise SettingsError(message("mcp.no_address", given=given))
    return host.strip("[]"), int(port)


def allowed_hosts(host: str, names: Sequence[str]) -> list[str]:
    """The names that a request may be addressed to, so that no page of the web reaches the server
    by a name of its own (DNS rebinding). Raises SettingsError where none is known."""
    if host in _ANY and not names:
        raise SettingsError(message("mcp.no_hosts", host=host or "*"))
    own = [] if host in _ANY else [f"[{host}]" if ":" in host else host]
    loopback = _LOOPBACK if not own or own[0] in _LOOPBACK else ()
    return list(dict.fromkeys([*own, *names, *loopback]))


def application(settings: Settings, service: Service, hosts: Sequence[str]) -> ASGIApp:
    """The ASGI application. `hosts`: see `allowed_hosts`."""

    async def ready() -> Service:
        return service

    desk = McpDesk(settings, ready, _caller)
    named = [name for host in hosts for name in (host, f"{host}:*")]
    app = desk.server.streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=MOST_BODY,
        session_idle_timeout=_IDLE,
        max_sessions=_SESSIONS,
        transport_security=TransportSecuritySettings(
            allowed_hosts=named,
            allowed_origins=[
                f"{scheme}://{name}" for scheme in ("http", "https") for name in named
            ],
        ),
    )
    return Guard(_WithClient(app, service))


class _WithClient:
    """Lets only clients in, by their tokens. A session of the SDK is that of its client alone."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            client = self._service.client_of(Request(scope))
            token = AccessToken(token="", client_id=client.name, scopes=sorted(client.scopes))
            scope["user"] = AuthenticatedUser(token)
            scope["codedesk.client"] = client
        await self._app(scope, receive, send)


def _caller(ctx: Context) -> Caller:
    request: Request = cast(Request, ctx.request)
    client: Client = request.scope["codedesk.client"]
    return Caller(client, request.headers.get("mcp-session-id", ""))


def _serve(
    settings: Settings,
    service: Service,
    listening: socket.socket,
    hosts: Sequence[str],
    say: Callable[[str], None],
) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            application(settings, service, hosts),
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
    service.log.append("start", None, {"serves": "mcp"})
    say(
        message(
            "mcp.serving",
            where=f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}",
        )
    )
    if not service.tokens.all():
        say(message("clients.none"))
    # Uvicorn raises the signal that stopped it again after it has stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    service.log.append("stop", None, {"serves": "mcp"})
    say(message("mcp.stopped"))


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises SettingsError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise SettingsError(message("mcp.no_port", host=host, port=port, error=error)) from error
