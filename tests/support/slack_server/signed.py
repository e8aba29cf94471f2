"""Requests as Slack sends them to an app's own HTTP endpoint, correctly signed."""

import hashlib
import hmac
import http.client
import json
import time
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit


def sign(secret: str, timestamp: int | str, body: bytes) -> str:
    """The x-slack-signature of a body.

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    base = f"v0:{timestamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def encode(body: dict[str, Any] | bytes, kind: Literal["event", "slash", "action"]) -> bytes:
    """The body on the wire: events are JSON, slash commands a form, actions a form's `payload`."""
    if isinstance(body, bytes):
        return body
    if kind == "event":
        return json.dumps(body).encode()
    return urlencode(body if kind == "slash" else {"payload": json.dumps(body)}).encode()


def signed_request(
    url: str,
    body: dict[str, Any] | bytes,
    secret: str,
    *,
    kind: Literal["event", "slash", "action"] = "event",
    timestamp: int | None = None,
    retry_num: int | None = None,
    retry_reason: str | None = None,
    signature: str | None = None,
    timeout: float = 10.0,
) -> tuple[int, str, float]:
    """POST one request to the app; return (status, body, seconds until the whole answer).

    Bodies come from `SlackServer.event_callback`, `.slash_command` and `.block_actions`; bytes
    are sent as they are. `timestamp` and `signature` are for requests the app must refuse.
    Retry headers: https://docs.slack.dev/apis/events-api-handling
    """
    data = encode(body, kind)
    stamp = int(time.time()) if timestamp is None else timestamp
    form = "application/x-www-form-urlencoded"
    headers = {
        "Content-Type": "application/json" if kind == "event" else form,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": str(stamp),
        "X-Slack-Signature": sign(secret, stamp, data) if signature is None else signature,
    }
    if retry_num is not None:
        headers["X-Slack-Retry-Num"] = str(retry_num)
    if retry_reason is not None:
        headers["X-Slack-Retry-Reason"] = retry_reason

    # http.client and not urllib: a proxy in the environment must not see loopback requests.
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    start = time.monotonic()
    try:
        connection.request("POST", path, data, headers)
        response = connection.getresponse()
        text = response.read().decode()
        return response.status, text, time.monotonic() - start
    finally:
        connection.close()
