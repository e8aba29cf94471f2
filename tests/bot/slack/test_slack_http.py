"""HTTP requests that Slack would not send are refused, limited in size, and never printed."""

import http.client
import json
import select
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from slack_server import signed_request
from slack_server.signed import sign
from slack_support import ScriptedDesk, Served, served

from bot.slack import http as desk_http
from bot.slack.replicas import Replica

QUESTION = "t2dm with ckd"


@pytest.fixture
def running(slack, log, tmp_path) -> Iterator[Served]:
    desk = ScriptedDesk()
    with served(slack, tmp_path, desk, log, slack_mode="http", slack_app_token=None) as running:
        yield running
    assert desk.asked == []
    assert log.recent() == []


def post(url: str, body: bytes, headers: dict[str, str], path: str | None = None) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("POST", path or parts.path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def signed(body: bytes, kind: str = "application/json", **changes: str) -> dict[str, str]:
    stamp = str(int(time.time()))
    named = {"x-slack-request-timestamp": stamp, "x-slack-signature": sign("secret", stamp, body)}
    return named | ({"content-type": kind} if kind else {}) | changes


EVENT = json.dumps({"type": "event_callback", "text": QUESTION}).encode()


@pytest.mark.parametrize(
    "stamp", ["", "now", "-1", "1.5", "1e9", " ", "9" * 12, "9" * 400, "\xb2", "NaN", "0x10"]
)
def test_a_timestamp_that_is_none_is_refused_as_a_forgery_is(running, caplog, stamp: str) -> None:
    headers = signed(EVENT)
    headers["x-slack-request-timestamp"] = stamp
    headers["x-slack-signature"] = sign("secret", stamp, EVENT)
    assert post(running.url, EVENT, headers) == 401
    assert QUESTION not in caplog.text


def test_a_load_balancer_is_told_whether_it_is_well(running, monkeypatch) -> None:
    def status(method: str = "GET") -> int:
        parts = urlsplit(running.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        connection.request(method, "/health")
        with connection.getresponse() as response:
            return response.status

    assert (status(), status("HEAD"), status("POST")) == (200, 200, 404)
    monkeypatch.setattr(Replica, "holds", lambda *_: False)
    assert status() == 503


@pytest.mark.parametrize("missing", ["x-slack-request-timestamp", "x-slack-signature"])
def test_a_request_without_timestamp_or_signature_is_refused(running, missing: str) -> None:
    headers = signed(EVENT)
    del headers[missing]
    assert post(running.url, EVENT, headers) == 401


def test_a_signature_of_other_letters_is_refused(running) -> None:
    assert post(running.url, EVENT, signed(EVENT) | {"x-slack-signature": "v0=\xe9"}) == 401


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"x"', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, ""),
        (b"payload=", ""),
        (b"payload={", "application/x-www-form-urlencoded"),
        (b"payload=[]", ""),
        (b"command=/code&text=" + QUESTION.encode(), ""),
        (b"command=/code", "application/json"),
        (EVENT, "application/json"),
        (EVENT, ""),
        (json.dumps({"type": "event_callback", "event_id": "E1", "event": "x"}).encode(), ""),
        (json.dumps({"type": "event_callback", "authorizations": [5]}).encode(), ""),
        (urlencode({"payload": json.dumps({"type": "block_actions"})}).encode(), ""),
        (urlencode({"payload": json.dumps({"type": "block_actions", "actions": []})}).encode(), ""),
        (urlencode({"payload": json.dumps({"type": "view_submission", "view": 5})}).encode(), ""),
        (b"", "application/json"),
        (b"x=y", ""),
    ],
)
def test_what_is_signed_and_not_understood_is_the_senders_fault(
    running, caplog, body: bytes, kind: str
) -> None:
    assert post(running.url, body, signed(body, kind)) in (400, 404)
    assert "Traceback" not in caplog.text
    assert QUESTION not in caplog.text


def test_an_event_that_is_misshapen_is_no_question(slack, running) -> None:
    for changes in ({"text": 5}, {"ts": None}, {"user": {"id": "U1"}}):
        body = slack.event_callback(slack.app_mention(QUESTION) | changes)
        assert signed_request(running.url, body, "secret")[0] == 200


@pytest.mark.parametrize("body", [b"\xff\xfe", b"payload=\xff"])
def test_a_body_that_is_not_utf8_is_refused(running, body: bytes) -> None:
    assert post(running.url, body, signed(body)) == 401


@pytest.mark.parametrize("path", ["/", "/slack", "/slack/events/", "/%ff%fe", "/slack/events%00"])
def test_there_is_nothing_at_other_paths(running, path: str) -> None:
    assert post(running.url, EVENT, signed(EVENT), path) == 404


# Sizes


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def test_a_body_that_is_too_large_is_not_read(running) -> None:
    """Refused by its announced length, before any of it is sent."""
    with connected(running.url) as sock:
        sock.sendall(
            b"POST /slack/events HTTP/1.1\r\nHost: x\r\n"
            + f"Content-Length: {desk_http._MOST_BODY + 1}\r\n\r\n".encode()
        )
        assert b" 413 " in sock.recv(1000).split(b"\r\n")[0]


def test_a_chunked_body_is_read_no_further_than_the_limit(running) -> None:
    chunk, answer, sent = b"10000\r\n" + b"x" * 65_536 + b"\r\n", b"", 0
    with connected(running.url) as sock:
        sock.sendall(
            b"POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        left = chunk
        while sent < 100_000_000 and not answer:
            readable, writable, _ = select.select([sock], [sock], [], 30)
            try:
                if readable:
                    answer = sock.recv(1000) or b"closed"
                elif writable:
                    count = sock.send(left)
                    left = left[count:] or chunk
                    sent += count
            except ConnectionError:
                answer = b"closed"
    # The rest waits in buffers of the system: the desk did not read it.
    assert sent < 20_000_000
    assert b" 413 " in answer or answer == b"closed"


def test_headers_that_are_too_large_are_refused(running) -> None:
    try:
        status = post(running.url, EVENT, signed(EVENT) | {"x-more": "x" * 20_000})
    except ConnectionError:
        return  # closed with a part unread, before the answer was
    assert status == 431


def test_a_long_message_of_slacks_fits(slack, running, log) -> None:
    """40,000 characters, the most that Slack takes, as text and as blocks."""
    text = "\U0001f600" * 40_000
    element = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    event = slack.app_mention(text) | {"blocks": [{"type": "rich_text", "elements": [element]}]}
    event |= {"bot_id": "B9"}  # so that it is acknowledged and dropped
    assert signed_request(running.url, slack.event_callback(event), "secret")[0] == 200
