"""What a press on a button needs: where it was, the answer that it belongs to, and a modal.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import asdict, dataclass
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord, Record
from bot.slack.delivery import SlackDelivery
from bot.slack.people import PRIVATE
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import Way, for_one_anywhere, in_thread, in_view, respond, update

logger = logging.getLogger("codedesk.slack")


class NoAnswer(Exception):
    """The answer of a button cannot be had; the message says why, for the person who pressed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pressed button stands. A modal carries it, so that it can be answered there later.

    - `channel`, `ts`, `thread`: of the message; "" in a modal, and `thread` outside of threads.
    - `url`: the response_url of the press; "" in a modal.
    - `alone`: whether only one person sees the message.
    """

    channel: str = ""
    ts: str = ""
    thread: str = ""
    url: str = ""
    alone: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def place_of(body: dict[str, Any]) -> Place:
    container = body["container"]
    if container["type"] == "view":
        return Place(alone=True)
    return Place(
        container["channel_id"],
        container["message_ts"],
        container.get("thread_ts") or "",
        body.get("response_url") or "",
        bool(container.get("is_ephemeral")),
    )


def instead(delivery: SlackDelivery, body: dict[str, Any], place: Place) -> Way:
    """Puts an answer in the place of the one whose button was pressed: for all who see it."""
    if view := body.get("view"):
        return in_view(delivery.client, view["id"], shell_of(view))
    if place.alone:
        return respond(place.url, response_type="ephemeral", replace_original=True)
    return update(delivery.client, place.channel, place.ts)


def beside(delivery: SlackDelivery, place: Place, user: str) -> Way:
    """Puts an answer under the one whose button was pressed: for all who see that."""
    if place.alone or not place.channel:
        return to_one(delivery, place, user)
    return in_thread(delivery.client, place.channel, place.thread or place.ts)


def publicly(delivery: SlackDelivery, place: Place) -> Way:
    """To the channel of a pressed button: in the thread of a message that all see; of a private
    message by its response_url, because the bot need not be a member."""
    if not place.alone:
        return in_thread(delivery.client, place.channel, place.thread or place.ts)
    thread = {"thread_ts": place.thread} if place.thread else {}
    return respond(place.url, response_type="in_channel", replace_original=False, **thread)


def to_one(delivery: SlackDelivery, place: Place, user: str) -> Way:
    """To the person who pressed, alone."""
    if not place.channel:
        return in_thread(delivery.client, user, None)
    there = for_one_anywhere(delivery.client, place.channel, user, place.thread or None)
    if not place.url:
        return there
    thread = {"thread_ts": place.thread} if place.thread else {}
    how = {"response_type": "ephemeral", "replace_original": False, **thread}
    return respond(place.url, **how).or_else(there)


def say(delivery: SlackDelivery, body: dict[str, Any], text: str) -> None:
    """Say something to the person who pressed, alone."""
    way = to_one(delivery, place_of(body), body["user"]["id"])
    delivery.post(way, plain_message(text))


def asked_by_press(
    body: dict[str, Any], record: Record, place: Place, **options: Any
) -> QuestionRecord:
    """A press as a question of the log: who, where, and after which question. Slack sends a press
    again with the same trigger_id, and it is one question. `options` are kept with it, as a replay
    needs them."""
    kept = options | ({PRIVATE: True} if place.alone else {})
    return QuestionRecord(
        "",
        "button",
        user=body["user"]["id"],
        # Of a guest by Slack Connect it is their own; an org-wide install has none here.
        team=body["user"].get("team_id") or (body.get("team") or {}).get("id"),
        channel=place.channel or record.channel,
        thread=place.thread or None,
        event_id=body["trigger_id"],
        after=record.id,
        options=kept or None,
    )


def answered(delivery: SlackDelivery, question_id: str) -> tuple[Record, Answer]:
    """A question of the log and its answer. Raises NoAnswer."""
    try:
        record = delivery.log.get(question_id)
    except LogUnavailable as error:
        logger.error("%s", error)
        raise NoAnswer(message("slack_buttons.not_logged")) from error
    if record is None or record.id != question_id:
        raise NoAnswer(message("slack.gone"))
    if record.answer is None or (record.redactions and not record.text):
        raise NoAnswer(message("slack_buttons.redacted" if record.redactions else "slack.gone"))
    return record, delivery.desk.retitled(Answer.from_dict(record.answer))


def dated(record: Record) -> dict[str, Any]:
    """The date of service of a question, or the editions that it led to, as options of the desk."""
    if record.as_of:
        return {"day": dt.date.fromisoformat(record.as_of)}
    return {"editions": record.releases} if record.releases else {}


def open_modal(delivery: SlackDelivery, body: dict[str, Any], view: dict[str, Any]) -> None:
    """Open a modal, which can be done once and within 3 seconds of the press; from a modal, on top
    of it: https://docs.slack.dev/surfaces/modals"""
    client, trigger = delivery.client, body["trigger_id"]
    call = client.views_push if body.get("view") else client.views_open
    try:
        call(trigger_id=trigger, view=view)
    except (SlackApiError, OSError) as error:
        # Only the error code is logged: the rest of the response may quote the modal.
        why = error.response["error"] if isinstance(error, SlackApiError) else type(error).__name__
        logger.warning("a modal was not opened: %s", why)
        say(delivery, body, message("slack.try_again"))


def shell_of(view: dict[str, Any]) -> dict[str, Any]:
    """A view as it may be sent again, without its blocks."""
    kept = ("type", "title", "close", "callback_id", "private_metadata")
    return {name: view[name] for name in kept if view.get(name)}
