"""Serves assistants over HTTP (streamable HTTP), each with the token of its client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.api.clients import Client
from bot.api.guard import MOST_BODY, Guard
from bot.api.service import Service
from bot.api.serving import opened_to_serve, run
from bot.mcp.server import Caller, Context, McpDesk
from bot.messages import message
from bot.operations import uvicorn_server
from bot.settings import Settings, SettingsError

PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_ANY = ("0.0.0.0", "::", "")
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
    with uvicorn_server.listening(host, port, "mcp.no_port") as at:
        say(message("mcp.loading"))
        with opened_to_serve(settings, workers, say) as (service, process):
            app = application(settings, service, allowed)
            run(app, service, process, at, "mcp", say, limit_concurrency=_CONNECTIONS)


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
