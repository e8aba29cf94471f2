"""Slack's requests over HTTP, for those who have an address of their own.

https://docs.slack.dev/apis/events-api/using-http-request-urls

A request that does not come from Slack is refused before its payload is parsed, and nothing of it
is printed. waitress stops reading a body that is too large. A wrong signature gets 401, whatever
else is wrong with the request.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Protocol

from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk.signature import SignatureVerifier
from waitress.server import create_server

from bot.slack.payload_shape import is_well_formed
from bot.slack.workspaces import oauth
from bot.slack.workspaces.oauth import INSTALL, REDIRECT

logger = logging.getLogger("codedesk.slack")

#: What a load balancer asks for: whether requests may come here. /ready is the same by the name
#: that Kubernetes has for it.
HEALTH, READY = "/health", "/ready"
#: Whether the process goes on, so that a restart would not help.
LIVE = "/live"
#: Where Slack posts to; the manifest's request URLs end in it.
PATH = "/slack/events"

#: The largest payload that Slack documents is a message of 40,000 characters
#: (https://docs.slack.dev/reference/methods/chat.postMessage#truncating), sent twice, as text and
#: as blocks: 1 MB when each is escaped as twelve ASCII characters, as JSON does with an emoji.
_MOST_BODY = 2_000_000
_MOST_HEADERS = 16_384
#: Bytes of a body that are kept in memory; a longer one goes to a temporary file.
_IN_MEMORY = 65_536
#: Connections at once, and the seconds of silence after which one is closed.
_MOST_CONNECTIONS = 100
_SILENCE = 10
_THREADS = 8

#: For each kind of payload, the paths of the strings that listeners read.
#: https://docs.slack.dev/interactivity/implementing-slash-commands,
#: https://docs.slack.dev/apis/events-api and
#: https://docs.slack.dev/reference/interaction-payloads
_NEEDED = {
    "command": ("user_id", "channel_id", "trigger_id", "response_url"),
    "event_callback": ("event_id", "event.type"),
    # A select has no `value`; what is pressed in a modal or on the Home tab has no `response_url`.
    "block_actions": ("user.id", "trigger_id", "actions.0.action_id", "container.type"),
    "view_submission": ("user.id", "trigger_id", "view.callback_id", "view.private_metadata"),
}
_NOT_UNDERSTOOD = BoltResponse(status=400, body={"error": "invalid payload"})


class Health(Protocol):
    """What a load balancer is told."""

    @property
    def is_ready(self) -> bool: ...
    @property
    def is_live(self) -> bool: ...


class _Well:
    is_ready = is_live = True


#: Of a server that has no more to say than that it answers.
WELL: Health = _Well()

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def server(
    app: App,
    secret: str | None,
    host: str,
    port: int,
    health: Health = WELL,
) -> Any:
    """A server that is bound to its port and not yet running. Without a `secret` it has the pages
    for installing only. Raises OSError."""
    return create_server(
        wsgi(app, secret, health),
        host=host,
        port=port,
        threads=_THREADS,
        ident=None,
        max_request_body_size=_MOST_BODY,
        max_request_header_size=_MOST_HEADERS,
        inbuf_overflow=_IN_MEMORY,
        connection_limit=_MOST_CONNECTIONS,
        channel_timeout=_SILENCE,
        cleanup_interval=_SILENCE,
    )


def wsgi(
    app: App, secret: str | None, health: Health = WELL
) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """The app for a WSGI server, which must limit the size of a body and join a chunked one."""
    verifier = None if secret is None else SignatureVerifier(secret)

    def serve(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        response = _health(environ, health) or _answered(app, verifier, environ)
        status = HTTPStatus(response.status)
        headers = [(name, value) for name, values in response.headers.items() for value in values]
        start_response(f"{status.value} {status.phrase}", headers)
        return [response.body.encode()]

    return serve


def _health(environ: dict[str, Any], health: Health) -> BoltResponse | None:
    """The answer to a load balancer; None for any other request."""
    path = environ["PATH_INFO"]
    if path not in (HEALTH, READY, LIVE) or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    good = health.is_live if path == LIVE else health.is_ready
    return BoltResponse(status=200, body="ok") if good else BoltResponse(status=503, body="")


def _answered(
    app: App, verifier: SignatureVerifier | None, environ: dict[str, Any]
) -> BoltResponse:
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if app.oauth_flow and path in (INSTALL, REDIRECT) and method in ("GET", "HEAD"):
        query = environ.get("QUERY_STRING", "")
        return oauth.answered(app.oauth_flow, path, query, _headers(environ))
    if path != PATH or method != "POST" or verifier is None:
        return BoltResponse(status=404, body="Not Found")
    headers = _headers(environ)
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if not _is_from_slack(verifier, headers, body):
        return BoltResponse(status=401, body={"error": "invalid request"})
    try:
        request = BoltRequest(body=body.decode(), headers=headers)
        if not _is_whole(request.body):
            return _NOT_UNDERSTOOD
        if not is_well_formed(request.body):
            logger.warning("a payload from Slack has another shape than it is documented to have")
            # An event is acknowledged: sent again, it would have the same shape.
            is_event = request.body.get("type") == "event_callback"
            return BoltResponse(status=200, body="") if is_event else _NOT_UNDERSTOOD
        return app.dispatch(request)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        # Bolt handles errors of listeners itself, so this is a payload that it could not read. The
        # error's message may hold a part of it.
        logger.warning("a payload from Slack was not understood: %s", type(error).__name__)
        return _NOT_UNDERSTOOD


def _headers(environ: dict[str, Any]) -> dict[str, Any]:
    named = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
    named["CONTENT_TYPE"] = environ.get("CONTENT_TYPE", "")
    return {name.lower().replace("_", "-"): value for name, value in named.items()}


def _is_from_slack(verifier: SignatureVerifier, headers: dict[str, Any], body: bytes) -> bool:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    timestamp = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    # The verifier raises on these.
    if not re.fullmatch("[0-9]{1,12}", timestamp) or not signature.isascii():
        return False
    try:
        return verifier.is_valid(body, timestamp, signature)
    except UnicodeDecodeError:
        return False


def _is_whole(payload: Any) -> bool:
    """Whether a payload has all strings that listeners read of its kind."""
    if not isinstance(payload, dict):
        return False
    kind = "command" if "command" in payload else payload.get("type")
    if not isinstance(kind, str):
        return "ssl_check" in payload
    needed = _NEEDED.get(kind, ())
    return all(isinstance(_at(payload, path), str) for path in needed)


def _at(payload: Any, path: str) -> Any:
    for name in path.split("."):
        payload = payload[int(name) if isinstance(payload, list) else name]
    return payload
