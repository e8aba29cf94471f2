"""Sending a message to Slack, once, and telling what became of it.

Only a rate limit is tried again, after the time Slack asks for: a limited call did nothing. A call
whose outcome is not known (the connection broke, Slack erred) may have been carried out, so trying
again could post twice.
"""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient

from bot.querylog.records import Outcome
from bot.slack.blocks import Message

#: Slack says of these that "some aspect of the operation" may have succeeded:
#: https://docs.slack.dev/reference/methods/chat.postMessage#errors
_UNCERTAIN = {"fatal_error", "internal_error"}

#: What the SDK would say of a broken call is said here, in the log and by whoever called.
_sdk_log = logging.getLogger("codedesk.slack_sdk")
_sdk_log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a post; `detail` is Slack's error, or the timestamp that names the message."""

    outcome: Outcome
    detail: str = ""


def web_client(token: str, api_url: str) -> WebClient:
    """A client that tries again after a rate limit, and otherwise never."""
    return WebClient(
        token=token, base_url=api_url, retry_handlers=[_after_rate_limits()], logger=_sdk_log
    )


def _after_rate_limits() -> RateLimitErrorRetryHandler:
    """https://docs.slack.dev/apis/web-api/rate-limits"""
    return RateLimitErrorRetryHandler(max_retry_count=3)


def post_in_thread(client: WebClient, channel: str, thread: str | None, message: Message) -> Posted:
    """https://docs.slack.dev/reference/methods/chat.postMessage"""
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


def post_for_one(
    client: WebClient, channel: str, user: str, message: Message, thread: str | None = None
) -> Posted:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
    return _called(
        lambda: client.chat_postEphemeral(
            channel=channel,
            user=user,
            text=message.text,
            blocks=message.blocks,
            thread_ts=thread,
        ).get("message_ts")
    )


def respond(url: str, message: Message, **how: Any) -> Posted:
    """Use a response_url, which takes 5 uses within 30 minutes. `how` is response_type,
    replace_original, thread_ts:
    https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
    return _responded(url, {"text": message.text, "blocks": message.blocks, **how})


def delete_original(url: str) -> Posted:
    """Delete the message that a button was pressed on; this is a use of its own."""
    return _responded(url, {"delete_original": True})


def why_not_certain(error: SlackApiError) -> str | None:
    """The reason when a refusal does not mean that nothing was done, else None."""
    response = error.response
    code = str(response.get("error", ""))
    if response.status_code >= 500:
        return f"HTTP {response.status_code}"
    # What is not an error code is not Slack's answer: some proxy's page, perhaps.
    return code if code in _UNCERTAIN or not re.fullmatch("[a-z_]+", code) else None


def _called(call: Callable[[], Any]) -> Posted:
    try:
        return Posted("delivered", str(call() or ""))
    except SlackApiError as error:
        if doubt := why_not_certain(error):
            return Posted("unknown", doubt)
        needed = error.response.get("needed")
        code = error.response["error"]
        return Posted("failed", f"{code}: needs {needed}" if needed else code)
    except (OSError, HTTPException) as error:
        return _broken(error)


def _responded(url: str, body: dict[str, Any]) -> Posted:
    client = WebhookClient(url, retry_handlers=[_after_rate_limits()], logger=_sdk_log)
    try:
        response = client.send_dict(body)
    except (OSError, HTTPException) as error:
        return _broken(error)
    if response.status_code >= 500:
        return Posted("unknown", f"HTTP {response.status_code}")
    refusal = _error_in(response.body)
    if response.status_code >= 400 or refusal:
        return Posted("failed", refusal or f"HTTP {response.status_code}")
    return Posted("delivered")


def _error_in(body: str) -> str:
    """The error of an answer to a response_url: `ok`, or JSON, or an error code alone."""
    try:
        told = json.loads(body)
    except ValueError:
        return "" if body == "ok" else body[:100]
    return str(told.get("error", "")) if isinstance(told, dict) else ""


def _broken(error: Exception) -> Posted:
    """A connection that failed: before anything was sent, or who knows when."""
    cause = error.reason if isinstance(error, URLError) else error
    unsent = isinstance(cause, (ConnectionRefusedError, socket.gaierror))
    return Posted("failed" if unsent else "unknown", f"{type(cause).__name__}: {cause}"[:200])
