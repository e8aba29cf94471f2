"""Telling whoever pressed a button, and nobody else."""

from __future__ import annotations

from typing import Any

from bot.messages import message
from bot.slack.delivery import SlackDelivery
from bot.slack.views.block_kit import Message, plain_message
from bot.slack.web_api import respond


def tell(delivery: SlackDelivery, body: dict[str, Any], message: Message) -> None:
    """A message of its own beside the one that the button is on, which stays as it is."""
    way = respond(
        body["response_url"],
        response_type="ephemeral",
        replace_original=False,
        **thread_of(body),
    )
    delivery.post(way, message)


def tell_gone(delivery: SlackDelivery, body: dict[str, Any]) -> None:
    """An answer of another Code Desk's, or of a log since put away."""
    tell(delivery, body, plain_message(message("slack.gone")))


def thread_of(body: dict[str, Any]) -> dict[str, str]:
    """Stay in the thread of the message that the button is on."""
    thread = body["container"].get("thread_ts")
    return {"thread_ts": thread} if thread else {}
