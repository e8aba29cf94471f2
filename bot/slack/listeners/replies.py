"""Replies that only the person who pressed a button sees."""

from __future__ import annotations

from typing import Any

from bot.messages import message
from bot.slack.delivery import SlackDelivery
from bot.slack.views.block_kit import Message, plain_message
from bot.slack.web_api import respond


def tell(delivery: SlackDelivery, body: dict[str, Any], reply: Message) -> None:
    """Post a new message; the one with the button stays as it is."""
    way = respond(
        body["response_url"],
        response_type="ephemeral",
        replace_original=False,
        **thread_of(body),
    )
    delivery.post(way, reply)


def tell_gone(delivery: SlackDelivery, body: dict[str, Any]) -> None:
    """Say that the log does not have the answer: it is another Code Desk's, or from an older
    log."""
    tell(delivery, body, plain_message(message("slack.gone")))


def thread_of(body: dict[str, Any]) -> dict[str, str]:
    """The argument by which a reply stays in the thread of the button's message; {} for none."""
    thread = body["container"].get("thread_ts")
    return {"thread_ts": thread} if thread else {}
