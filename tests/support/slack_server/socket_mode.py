"""Slack's end of Socket Mode. https://docs.slack.dev/apis/events-api/using-socket-mode"""

import json
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from . import envelopes
from .envelopes import Identity
from .websocket import WebSocket

#: Times that an event is sent again: https://docs.slack.dev/apis/events-api#retries
RETRIES = 3


@dataclass(frozen=True)
class Ack:
    """The app's acknowledgement of an envelope."""

    seconds: float  # from sending the envelope to receiving this
    payload: dict[str, Any] | None  # the response payload, where the app gave one


class Delivery:
    """An envelope that was sent to the app."""

    def __init__(self, envelope: dict[str, Any], changed: threading.Condition) -> None:
        self.envelope = envelope
        self.attempts = 1
        self.connection = -1  # the number of the connection it went to, counting from 0
        self.sent = time.monotonic()
        self.ack: Ack | None = None
        self._changed = changed

    @property
    def payload(self) -> dict[str, Any]:
        """What the envelope holds."""
        return cast(dict[str, Any], self.envelope["payload"])

    @property
    def event_id(self) -> str:
        """The event's id, for sending the same event again."""
        return str(self.payload["event_id"])

    def wait_ack(self, timeout: float = 3.0) -> Ack:
        """The acknowledgement; AssertionError when none came. Slack itself waits 3 seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.ack is not None, timeout)
            if self.ack is None:
                raise AssertionError(
                    f"no ack within {timeout} s of the {self.envelope['type']} envelope "
                    f"{self.payload!r:.300}"
                )
            return self.ack


@dataclass
class _Link:
    """One live connection."""

    number: int
    socket: WebSocket


class SocketMode:
    """The connections, and the envelopes sent over them."""

    def __init__(
        self,
        identity: Identity,
        changed: threading.Condition,
        answered: Callable[[dict[str, Any], dict[str, Any]], None],
    ) -> None:
        """`answered` takes a payload and the response payload in its acknowledgement."""
        self._answered = answered
        self._identity = identity
        self._changed = changed
        self._tickets: set[str] = set()
        self._links: list[_Link] = []  # the next envelope goes to the first
        self._opened = 0
        self._deliveries: dict[str, Delivery] = {}
        #: Set to say nothing on the next connection, not even hello.
        self.mute_next = False
        self.violations: list[str] = []

    def new_ticket(self) -> str:
        """The secret part of a URL from apps.connections.open; good for one connection."""
        ticket = str(uuid.uuid4())
        with self._changed:
            self._tickets.add(ticket)
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Whether a connection may be made with this ticket."""
        with self._changed:
            known = ticket in self._tickets
            self._tickets.discard(ticket)
            return known

    def serve(self, socket: WebSocket) -> None:
        """Greet a new connection, then take its acks until it ends."""
        with self._changed:
            link = _Link(self._opened, socket)
            self._opened += 1
            socket.silent, self.mute_next = self.mute_next, False
            count = len(self._links) + 1
        try:
            socket.send_text(json.dumps(envelopes.hello(self._identity, count)))
        except OSError:
            return
        with self._changed:
            if not socket.silent:
                self._links.append(link)
            self._changed.notify_all()
        try:
            for text in socket.messages():
                self._take(text)
        finally:
            self._forget(link)

    def send(self, envelope: dict[str, Any], timeout: float = 10.0) -> Delivery:
        """Send an envelope to one connection, each in turn, waiting for one if there is none."""
        delivery = Delivery(envelope, self._changed)
        with self._changed:
            self._deliveries[envelope["envelope_id"]] = delivery
        while True:
            self.wait_connected(timeout)
            with self._changed:
                if not self._links:
                    continue
                link = self._links.pop(0)
                self._links.append(link)
            delivery.connection, delivery.sent = link.number, time.monotonic()
            try:
                link.socket.send_text(json.dumps(envelope))
                return delivery
            except OSError:
                self._forget(link)

    def send_again_after(self, seconds: float, stop: threading.Event) -> None:
        """Until `stop`, send events that are not acknowledged in time again, each over another
        connection where there is one: https://docs.slack.dev/apis/events-api#retries"""
        while not stop.wait(min(seconds / 4, 0.25)):
            now = time.monotonic()
            with self._changed:
                late = {
                    delivery.event_id: delivery
                    for delivery in self._deliveries.values()
                    if delivery.ack is None
                    and delivery.envelope["type"] == "events_api"
                    and now - delivery.sent > seconds
                    and delivery.attempts <= RETRIES
                }
            for delivery in late.values():
                self._send_again(delivery)

    def _send_again(self, delivery: Delivery) -> None:
        again = {**delivery.envelope, "envelope_id": str(uuid.uuid4())}
        again |= {"retry_attempt": delivery.attempts, "retry_reason": "timeout"}
        with self._changed:
            others = [link for link in self._links if link.number != delivery.connection]
            link = next(iter(others or self._links), None)
            if link is None:
                return
            self._links = [other for other in self._links if other is not link] + [link]
            self._deliveries[again["envelope_id"]] = delivery
            delivery.connection, delivery.sent = link.number, time.monotonic()
            delivery.attempts += 1
        try:
            link.socket.send_text(json.dumps(again))
        except OSError:
            self._forget(link)

    def disconnect(self, reason: str, abrupt: bool) -> None:
        """End every connection; with a warning first unless `abrupt`."""
        with self._changed:
            links, self._links = self._links, []
            self._changed.notify_all()
        for link in links:
            if abrupt:
                link.socket.abort()
                continue
            with suppress(OSError):
                link.socket.send_text(json.dumps(envelopes.disconnect(reason)))
            link.socket.close()

    def fall_silent(self) -> None:
        """Say nothing any more on the live connections, which stay open."""
        with self._changed:
            links, self._links = self._links, []
        for link in links:
            link.socket.silent = True

    def wait_connected(self, timeout: float, count: int = 1) -> None:
        """Block until `count` connections are live."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._links) >= count, timeout):
                raise AssertionError(
                    f"{len(self._links)} Socket Mode connections after {timeout} s, "
                    f"{count} expected; {self._opened} were ever opened"
                )

    def _take(self, text: str) -> None:
        """Note an ack: https://docs.slack.dev/apis/events-api/using-socket-mode"""
        received = time.monotonic()
        try:
            message = json.loads(text)
            delivery = self._deliveries.get(message["envelope_id"])
        except (ValueError, TypeError, KeyError):
            self.violations.append(f"Socket Mode: not an acknowledgement: {text:.300}")
            return
        if delivery is None:
            self.violations.append(f"Socket Mode: ack of an unknown envelope: {text:.300}")
            return
        payload = message.get("payload")
        if payload and not delivery.envelope["accepts_response_payload"]:
            self.violations.append(f"Socket Mode: response payload not accepted: {text:.300}")
        with self._changed:
            if delivery.ack is None:
                delivery.ack = Ack(received - delivery.sent, payload)
                self._answered(delivery.payload, payload or {})
            self._changed.notify_all()

    def _forget(self, link: _Link) -> None:
        with self._changed:
            self._links = [other for other in self._links if other is not link]
            self._changed.notify_all()
