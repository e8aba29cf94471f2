"""HTTP/1.1 on the loopback, as lean as a load generator needs it: a server for Slack's Web API, and
a client that keeps its connections to the app open.

The generator shares the cores of the machine with what it measures, so each request should cost it
little. It reads bodies with a Content-Length only, which is what both sides send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

#: Answers a request: path, headers (names in lower case), body -> status, headers, body.
Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, dict[str, str], bytes], Response]

#: Seconds after which a connection that nothing uses is closed; waitress closes them after ten.
IDLE = 6.0


class NoAnswer(Exception):
    """The app closed the connection, or there was none."""


class _Served(asyncio.Protocol):
    """One connection of the app to Slack."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
            headers = _headers(lines)
            length = int(headers.get("content-length") or 0)
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._answer(first.split(" ")[1], headers, body)

    def _answer(self, path: str, headers: dict[str, str], body: bytes) -> None:
        status, more, answer = self._handler(path, headers, body)
        closes = headers.get("connection", "").lower() == "close"
        more = {"Content-Length": str(len(answer)), **more}
        if closes:
            more["Connection"] = "close"
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        self._transport.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + answer)
        if closes:
            self._transport.close()


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines)
    return {name.lower(): value.strip() for name, _, value in pairs}


async def served(handler: Handler, port: int = 0) -> tuple[asyncio.Server, int]:
    """A server on 127.0.0.1, and its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Served(handler), "127.0.0.1", port, backlog=1024, reuse_address=True
    )
    return server, server.sockets[0].getsockname()[1]


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Client:
    """Requests to one port of 127.0.0.1, at most `most` at a time. An app that takes no more
    connections lets the next request wait, as it would one of Slack's."""

    def __init__(self, port: int, most: int = 90) -> None:
        self.port = port
        self._free = asyncio.Semaphore(most)
        self._idle: list[tuple[float, _Streams]] = []

    async def post(
        self, path: str, body: bytes, headers: dict[str, str], timeout: float
    ) -> tuple[int, bytes]:
        """The status and the body of the answer. Raises NoAnswer, and TimeoutError after `timeout`
        seconds."""
        async with asyncio.timeout(timeout), self._free:
            lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            lines.append(f"Content-Length: {len(body)}")
            request = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
            kept = self._kept()
            if kept is not None:
                try:
                    return await self._asked(kept, request)
                except NoAnswer:
                    pass  # The app had closed it; a new connection tells whether it is there.
            return await self._asked(await self._opened(), request)

    def close(self) -> None:
        for _, (_, writer) in self._idle:
            writer.close()
        self._idle.clear()

    def _kept(self) -> _Streams | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            since, streams = self._idle.pop()
            if now - since < IDLE and not streams[0].at_eof():
                return streams
            streams[1].close()
        return None

    async def _opened(self) -> _Streams:
        try:
            return await asyncio.open_connection("127.0.0.1", self.port)
        except OSError as error:
            raise NoAnswer(type(error).__name__) from error

    async def _asked(self, streams: _Streams, request: bytes) -> tuple[int, bytes]:
        reader, writer = streams
        kept = False
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            headers = _headers(lines)
            length = headers.get("content-length")
            body = await (reader.read() if length is None else reader.readexactly(int(length)))
            kept = length is not None and first.startswith("HTTP/1.1")
            kept = kept and headers.get("connection", "").lower() != "close"
            return int(first.split(" ")[1]), body
        except (OSError, asyncio.IncompleteReadError) as error:
            raise NoAnswer(type(error).__name__) from error
        finally:
            if kept:
                self._idle.append((asyncio.get_running_loop().time(), streams))
            else:
                writer.close()
