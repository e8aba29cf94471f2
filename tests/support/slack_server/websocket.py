"""The server side of a WebSocket (RFC 6455), as much of it as Socket Mode needs."""

import base64
import contextlib
import hashlib
import socket
import struct
import threading
from collections.abc import Iterator
from typing import BinaryIO

CONTINUATION, TEXT, CLOSE, PING, PONG = 0x0, 0x1, 0x8, 0x9, 0xA
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key: str) -> str:
    """The Sec-WebSocket-Accept that answers a client's Sec-WebSocket-Key (section 4.2.2)."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()


class WebSocket:
    """One connection after its handshake. Any thread may send; one thread reads `messages`."""

    def __init__(self, sock: socket.socket, reader: BinaryIO) -> None:
        self._sock = sock
        self._reader = reader
        self._send_lock = threading.Lock()
        #: Set to say nothing any more, and leave the connection open.
        self.silent = False

    def send_text(self, text: str) -> None:
        """Send one text message; OSError when the connection is gone."""
        self._send(TEXT, text.encode())

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a close frame and end our side. What the client already sent can still be read."""
        with contextlib.suppress(OSError):
            self._send(CLOSE, struct.pack("!H", code) + reason.encode())
            self._sock.shutdown(socket.SHUT_WR)

    def abort(self) -> None:
        """Cut the connection without a close frame."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def messages(self) -> Iterator[str]:
        """The client's text messages, until it closes or the connection ends."""
        parts: list[bytes] = []
        while (frame := self._read_frame()) is not None:
            final, opcode, data = frame
            if opcode == PING:
                with contextlib.suppress(OSError):
                    self._send(PONG, data)
            elif opcode == CLOSE:
                self.close()
                return
            elif opcode in (TEXT, CONTINUATION):
                parts.append(data)
                if final:
                    yield b"".join(parts).decode()
                    parts = []

    def _send(self, opcode: int, data: bytes) -> None:
        head = bytes([0x80 | opcode])
        if len(data) < 126:
            head += bytes([len(data)])
        elif len(data) < 1 << 16:
            head += struct.pack("!BH", 126, len(data))
        else:
            head += struct.pack("!BQ", 127, len(data))
        if self.silent:
            return
        with self._send_lock:
            self._sock.sendall(head + data)

    def _read_frame(self) -> tuple[bool, int, bytes] | None:
        """(final, opcode, data) of the next frame, None at the end of the connection."""
        try:
            first, second = self._read(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", self._read(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self._read(8))
            mask = self._read(4) if second & 0x80 else bytes(4)
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self._read(length)))
        except (EOFError, OSError, ValueError):  # ValueError: the reader was closed under us
            return None
        return bool(first & 0x80), first & 0x0F, data

    def _read(self, size: int) -> bytes:
        data = self._reader.read(size)
        if len(data) < size:
            raise EOFError
        return data
