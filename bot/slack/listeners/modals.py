"""Opens and updates modals. A failure is logged and told to the caller: nobody waits for it.

https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.messages import message
from bot.slack.delivery import SlackDelivery
from bot.slack.home_publisher import Person
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import in_thread

logger = logging.getLogger("codedesk.slack")

View = dict[str, Any]


def open_view(client: WebClient, body: dict[str, Any], view: View) -> str:
    """Open a modal, within 3 seconds of a press; returns its id, "" when Slack did not open it."""
    opened: list[str] = []

    def call() -> None:
        response = client.views_open(trigger_id=body["trigger_id"], view=view)
        opened.append(str(response["view"]["id"]))

    _tried(call, "opened")
    return "".join(opened)


def open_or_tell(delivery: SlackDelivery, body: dict[str, Any], view: View) -> None:
    """Open a modal, or tell whoever pressed in a direct message that it did not open."""
    client = delivery.client_of(body)
    if not open_view(client, body, view):
        way = in_thread(client, body["user"]["id"], None)
        delivery.post(way, plain_message(message("home.try_again")))


def put_view(client: WebClient, body: dict[str, Any], view: View) -> str:
    """Open a modal, within 3 seconds of a press; over the one in which the button was pressed, if
    it was in one. Returns why not; "" when it did."""
    in_modal = (body.get("view") or {}).get("type") == "modal"
    call = client.views_push if in_modal else client.views_open
    return _tried(lambda: call(trigger_id=body["trigger_id"], view=view), "opened")


def update_view(client: WebClient, view_id: str, view: View, *, seen: str | None = None) -> str:
    """Put another view in the place of a modal; with `seen`, the hash of a view, only if that is
    the one that is open. Returns why not; "" when it did."""
    return _tried(lambda: client.views_update(view_id=view_id, view=view, hash=seen), "updated")


def _tried(call: Callable[[], Any], done: str) -> str:
    try:
        call()
    except (SlackApiError, OSError, HTTPException) as error:
        # Only the error code: the rest of Slack's response may quote what was sent.
        why = type(error).__name__
        if isinstance(error, SlackApiError):
            why = str(error.response.get("error", "")) or f"HTTP {error.response.status_code}"
        logger.warning("a modal was not %s: %s", done, why)
        return why
    return ""


def person_of(body: dict[str, Any]) -> Person:
    """Who pressed. The team is their own: of a guest by Slack Connect another one than that of the
    app. For an app that is installed for an organisation `team` may be null:
    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    user = body["user"]
    return (user.get("team_id") or (body.get("team") or {}).get("id"), user["id"])
