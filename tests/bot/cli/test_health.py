"""`codedesk health`: what a container is told of what serves in it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import main

#: Part of Code Desk -> where it says whether it is ready, and the settings of its port.
PARTS = {
    "audit": ("/-/login", {"CODEDESK_AUDIT_HOST": "0.0.0.0"}, "CODEDESK_AUDIT_PORT"),
    "api": ("/ready", {"CODEDESK_API_HOST": "0.0.0.0"}, "CODEDESK_API_PORT"),
    "desk": ("/ready", {"CODEDESK_METRICS_HOST": "0.0.0.0"}, "CODEDESK_METRICS_PORT"),
    "desk in HTTP mode": ("/health", {"SLACK_MODE": "http"}, "CODEDESK_HTTP_PORT"),
}


@contextmanager
def served(status: int, body: bytes = b"ok") -> Iterator[tuple[int, list[str]]]:
    """A server on the loopback; gives its port, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()


def health(home: Path, part: str, **settings: str) -> Result:
    environment = {"CODEDESK_HOME": str(home), "http_proxy": "http://127.0.0.1:9", **settings}
    return CliRunner().invoke(main, ["health", part.split()[0]], env=environment)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_asked_where_it_answers(tmp_path: Path, part: str) -> None:
    path, settings, port_setting = PARTS[part]
    with served(200) as (port, asked):
        result = health(tmp_path, part, **settings, **{port_setting: str(port)})
    assert asked == [path]
    assert result.exit_code == 0
    assert result.stdout.startswith("ready: ")


def test_what_is_not_ready_says_why(tmp_path: Path) -> None:
    with served(503, b"the log cannot be read") as (port, _):
        result = health(tmp_path, "audit", CODEDESK_AUDIT_PORT=str(port))
    assert result.exit_code == 1
    assert "the log cannot be read" in result.stdout


def test_what_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        result = health(tmp_path, "audit", CODEDESK_AUDIT_PORT=str(free.getsockname()[1]))
    assert result.exit_code == 1
    assert result.stdout.startswith("not ready: audit, http://127.0.0.1:")


def test_something_else_that_answers_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example.org\r\n")

        threading.Thread(target=answer, daemon=True).start()
        result = health(tmp_path, "audit", CODEDESK_AUDIT_PORT=str(other.getsockname()[1]))
    assert result.exit_code == 1


def test_a_desk_without_a_port_says_which_settings_give_one(tmp_path: Path) -> None:
    result = health(tmp_path, "desk")
    assert result.exit_code == 2
    assert "CODEDESK_METRICS_PORT" in result.stderr
