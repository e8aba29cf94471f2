"""Sends a message to Slack once, and returns what became of it.

A rate limit is raised: a limited call did nothing, and `lanes` tries it again after the time that
Slack asks for. A call whose outcome is not known (the connection broke, Slack had an error) is not
tried again: it may have been carried out, and would post twice.
"""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient

from bot.querylog.records import Outcome
from bot.slack.views.block_kit import Message

#: Slack says of these that "some aspect of the operation" may have succeeded:
#: https://docs.slack.dev/reference/methods/chat.postMessage#errors
_UNCERTAIN = {"fatal_error", "internal_error"}

#: The SDK does not log failed calls: they are in the log of questions, and callers log them.
_sdk_log = logging.getLogger("codedesk.slack_sdk")
_sdk_log.setLevel(logging.CRITICAL)


#: /code can be used where the bot is not a member:
#: https://docs.slack.dev/reference/methods/chat.postEphemeral#errors
_NOT_THERE = {"not_in_channel", "channel_not_found", "user_not_in_channel"}
#: https://docs.slack.dev/apis/web-api/rate-limits, and the error that chat.postMessage has instead.
_LIMITED = {"ratelimited", "rate_limited"}


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a post. `detail` is Slack's error, or the timestamp that identifies the
    message. `limited`: it failed because the rate limit lasted too long."""

    outcome: Outcome
    detail: str = ""
    limited: bool = False


class RateLimited(Exception):
    """Slack did nothing, and asks to wait `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Way:
    """How a message reaches someone. Ways with one `lane` count against one rate limit. `send`
    raises RateLimited."""

    lane: str
    send: Callable[[Message], Posted]


def web_client(token: str, api_url: str, *, patient: bool = False) -> WebClient:
    """A client that does not try again. A `patient` one blocks until a rate limit has passed: for
    start-up only, when nothing else needs the thread."""
    handlers: list[Any] = [RateLimitErrorRetryHandler(max_retry_count=3)] if patient else []
    return WebClient(token=token, base_url=api_url, retry_handlers=handlers, logger=_sdk_log)


def in_thread(client: WebClient, channel: str, thread: str | None) -> Way:
    """https://docs.slack.dev/reference/methods/chat.postMessage"""

    def send(message: Message) -> Posted:
        return _called(
            lambda: client.chat_postMessage(
                channel=channel,
                thread_ts=thread,
                text=message.text,
                blocks=message.blocks,
                unfurl_links=False,
                unfurl_media=False,
            ).get("ts")
        )

    return Way(f"chat.postMessage {channel}", send)


def for_one(client: WebClient, channel: str, user: str, thread: str | None = None) -> Way:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral"""

    def send(message: Message) -> Posted:
        return _called(
            lambda: client.chat_postEphemeral(
                channel=channel,
                user=user,
                text=message.text,
                blocks=message.blocks,
                thread_ts=thread,
            ).get("message_ts")
        )

    return Way(f"chat.postEphemeral {channel}", send)


def for_one_anywhere(client: WebClient, channel: str, user: str) -> Way:
    """To one person: in the channel, or in a direct message where the bot is not a member."""
    there = for_one(client, channel, user)

    def send(message: Message) -> Posted:
        posted = there.send(message)
        if posted.outcome == "failed" and posted.detail in _NOT_THERE:
            # Posting to a user's id posts to the direct message with them:
            # https://docs.slack.dev/reference/methods/chat.postMessage#channels
            return in_thread(client, user, None).send(message)
        return posted

    return Way(there.lane, send)


def respond(url: str, **how: Any) -> Way:
    """By a response_url, which may be used 5 times within 30 minutes. `how`: response_type,
    replace_original, thread_ts:
    https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""

    def send(message: Message) -> Posted:
        return _responded(url, {"text": message.text, "blocks": message.blocks, **how})

    return Way(f"response_url {url}", send)


def delete_original(url: str) -> Posted:
    """Delete the message whose button was pressed. This counts as a use of the URL. Raises
    RateLimited."""
    return _responded(url, {"delete_original": True})


def why_not_certain(error: SlackApiError) -> str | None:
    """Why Slack may have carried out a call although it returned an error; None when it did not."""
    response = error.response
    code = str(response.get("error", ""))
    if response.status_code >= 500:
        return f"HTTP {response.status_code}"
    # Anything else than an error code is not from Slack's API: perhaps a proxy's page.
    return code if code in _UNCERTAIN or not re.fullmatch("[a-z_]+", code) else None


def _called(call: Callable[[], Any]) -> Posted:
    try:
        return Posted("delivered", str(call() or ""))
    except SlackApiError as error:
        if error.response.status_code == 429 or error.response.get("error") in _LIMITED:
            raise RateLimited(_retry_after(error.response.headers)) from error
        if doubt := why_not_certain(error):
            return Posted("unknown", doubt)
        needed = error.response.get("needed")
        code = error.response["error"]
        return Posted("failed", f"{code}: needs {needed}" if needed else code)
    except (OSError, HTTPException) as error:
        return _broken(error)


def _responded(url: str, body: dict[str, Any]) -> Posted:
    client = WebhookClient(url, retry_handlers=[], logger=_sdk_log)
    try:
        response = client.send_dict(body)
    except (OSError, HTTPException) as error:
        return _broken(error)
    if response.status_code >= 500:
        return Posted("unknown", f"HTTP {response.status_code}")
    refusal = _error_in(response.body)
    if response.status_code == 429 or refusal in _LIMITED:
        raise RateLimited(_retry_after(response.headers))
    if response.status_code >= 400 or refusal:
        return Posted("failed", refusal or f"HTTP {response.status_code}")
    return Posted("delivered")


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds to wait; 1 when Slack does not say, as most of its limits are by the second."""
    value = next((v for name, v in headers.items() if name.lower() == "retry-after"), "")
    return float(value) if re.fullmatch(r"[0-9]{1,6}", value) else 1.0


def _error_in(body: str) -> str:
    """The error in the response of a response_url, which is `ok`, JSON or an error code; "" if
    none."""
    try:
        fields = json.loads(body)
    except ValueError:
        return "" if body == "ok" else body[:100]
    return str(fields.get("error", "")) if isinstance(fields, dict) else ""


def _broken(error: Exception) -> Posted:
    """A connection that failed: `failed` if nothing was sent, `unknown` if something may have
    been."""
    cause = error.reason if isinstance(error, URLError) else error
    unsent = isinstance(cause, (ConnectionRefusedError, socket.gaierror))
    return Posted("failed" if unsent else "unknown", f"{type(cause).__name__}: {cause}"[:200])
