"""The HTTP side: reading requests, writing answers, handing a WebSocket over."""

import contextlib
import json
import socket
import socketserver
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import parse_qs, parse_qsl, urlsplit

from .judge import decode_structured
from .records import DROPPED, Call
from .websocket import WebSocket, accept_key
from .workspace import refused


class Application(Protocol):
    """What a listener serves: a SlackServer."""

    def serve_method(self, method: str, request: "Request") -> Call:
        """Answer a Web API call."""

    def serve_response_url(self, path: str, request: "Request") -> Call:
        """Answer a use of a response_url."""

    def redeem(self, ticket: str) -> bool:
        """Whether a Socket Mode connection may be made with this ticket."""

    def serve_connection(self, connection: WebSocket) -> None:
        """Serve a Socket Mode connection until it ends."""


class Request:
    """A POST request's token and arguments, form-encoded or JSON.

    https://docs.slack.dev/apis/web-api
    """

    def __init__(self, headers: Mapping[str, str], body: bytes) -> None:
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.answer_headers: dict[str, str] = {}
        self.args: dict[str, Any] = {}
        self.error: str | None = None
        authorization = self.headers.get("authorization", "")
        self.bearer = authorization.removeprefix("Bearer ").strip() or None
        self.is_json = self.headers.get("content-type", "").startswith("application/json")
        if self.is_json:
            self._read_json(body)
        else:
            fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
            self.args = decode_structured(dict(fields))

    def _read_json(self, body: bytes) -> None:
        try:
            args = json.loads(body or b"{}")
        except ValueError:
            self.error = "invalid_json"
            return
        if isinstance(args, dict):
            self.args = decode_structured(args)
        else:
            self.error = "json_not_object"


class Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """The listening socket, and every connection accepted on it."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, slack: Application, port: int = 0) -> None:
        self.slack = slack
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        """End the threads that wait for more on an open connection."""
        with self._open_lock:
            for request in self._open:
                with contextlib.suppress(OSError):  # it may have ended by itself
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that gave up waiting is part of many tests; anything else is a bug here.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave in one packet
    disable_nagle_algorithm = True

    @property
    def slack(self) -> Application:
        return cast(Listener, self.server).slack

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(dict(self.headers.items()), self.rfile.read(length))
        path = urlsplit(self.path).path
        if path.startswith("/api/"):
            call = self.slack.serve_method(path.removeprefix("/api/"), request)
        elif path.startswith("/respond/"):
            call = self.slack.serve_response_url(path, request)
        else:
            return self._answer(404, refused("not_found"), {})
        if call.status == DROPPED:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._answer(call.status, call.response, request.answer_headers)

    def do_GET(self) -> None:
        """A Socket Mode connection; nothing else here is fetched with GET."""
        url = urlsplit(self.path)
        ticket = parse_qs(url.query).get("ticket", [""])[0]
        key = self.headers.get("Sec-WebSocket-Key")
        if not url.path.startswith("/link") or key is None or not self.slack.redeem(ticket):
            return self._answer(404, refused("not_found"), {})
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept_key(key))
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True  # no HTTP request follows on this connection
        self.slack.serve_connection(WebSocket(self.connection, cast(BinaryIO, self.rfile)))

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the calls the server records are the log."""
