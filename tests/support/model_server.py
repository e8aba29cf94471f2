"""A loopback server with the API of a language model, and the ways in which one may misbehave."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: What a server does with a request.
Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One request. `data`: what the model was told besides its prompt."""

    server: ModelServer

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.body: dict[str, Any] = json.loads(self.rfile.read(length))
        self.data: dict[str, Any] = json.loads(self.body["messages"][1]["content"])
        self.server.requests.append(self)
        with contextlib.suppress(OSError):  # the client may have gone
            self.server.behaviour(self)

    def answer(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


class ModelServer(ThreadingHTTPServer):
    """`requests`: those that came, in order. `gone`: set when the server is to end."""

    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = behaviour
        self.requests: list[Handler] = []
        self.gone = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextlib.contextmanager
def model_server(behaviour: Behaviour) -> Iterator[ModelServer]:
    server = ModelServer(behaviour)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.gone.set()
        server.shutdown()
        server.server_close()
        thread.join()


# Behaviours


def completion(said: object) -> bytes:
    """https://platform.openai.com/docs/api-reference/chat/object"""
    message = {"role": "assistant", "content": said}
    return json.dumps({"object": "chat.completion", "choices": [{"message": message}]}).encode()


def says(said: object) -> Behaviour:
    """A model that says this, whatever it is asked."""
    return lambda request: request.answer(completion(said), Content_Type="application/json")


def picks(*phrases: tuple[str, str]) -> Behaviour:
    """A model that picks these phrases, each with its status."""
    return says(json.dumps({"facts": [{"said": s, "status": status} for s, status in phrases]}))


def answers(content: bytes, status: int = 200, **headers: str) -> Behaviour:
    """A server that is no model."""
    return lambda request: request.answer(content, status, **headers)


def redirects_to(url: str) -> Behaviour:
    return answers(b"", 307, Location=url)


def stalls(request: Handler) -> None:
    request.server.gone.wait(120)


def drips_head(request: Handler) -> None:
    """One byte now and then, so that no single step takes long."""
    _drip(request, b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000)


def drips_body(request: Handler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "10000")
    request.end_headers()
    _drip(request, b" " * 10_000)


def _drip(request: Handler, content: bytes) -> None:
    for byte in content:
        if request.server.gone.wait(0.05):
            return
        request.wfile.write(bytes([byte]))
        request.wfile.flush()


def closes(request: Handler) -> None:
    request.connection.close()


def never_ends(request: Handler) -> None:
    """A body without an end."""
    request.send_response(200)
    request.end_headers()
    while not request.server.gone.is_set():
        request.wfile.write(b" " * 65536)
