"""What a press on a button needs: where it was, the answer that it belongs to, and a modal.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import asdict, dataclass
from typing import Any

from slack_sdk import WebClient

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord, Record
from bot.slack.delivery import Into, SlackDelivery
from bot.slack.home_publisher import Person
from bot.slack.listeners.modals import person_of, put_view
from bot.slack.people import PRIVATE, kept_by
from bot.slack.views import ask_modal, home_modals
from bot.slack.views.answer_modal import Frame
from bot.slack.views.block_kit import Message, plain_message
from bot.slack.web_api import (
    Posted,
    Way,
    for_one_anywhere,
    in_modal,
    in_thread,
    respond,
    update,
)
from bot.slack.workspaces.place import workspace_of

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


def instead(
    delivery: SlackDelivery, body: dict[str, Any], place: Place, question_id: str
) -> Way | Into:
    """Puts the answer to a question in the place of the one whose button was pressed: for all who
    see it. A modal keeps what it has besides."""
    client = delivery.client_of(body)
    if view := body.get("view"):
        alone = to_one(client, place, body["user"]["id"])

        def into(answer: Answer | None) -> Way:
            if answer is None:
                return alone
            frame = frame_again(delivery, view, person_of(body), answer, question_id)
            return in_modal(client, frame, view_id=view["id"])

        return into
    if place.alone:
        return respond(place.url, response_type="ephemeral", replace_original=True)
    return update(client, place.channel, place.ts)


def frame_again(
    delivery: SlackDelivery,
    view: dict[str, Any],
    person: Person,
    answer: Answer,
    question_id: str,
) -> Frame:
    """The frame of a modal with an answer, for another answer."""
    if view.get("callback_id") == home_modals.ANSWER:
        return home_modals.answer_frame(answer, question_id, kept_by(delivery.people, *person))
    return ask_modal.answer_frame(ask_modal.From.of(view), question_id)


def beside(client: WebClient, place: Place, user: str) -> Way:
    """Puts an answer under the one whose button was pressed: for all who see that."""
    if place.alone or not place.channel:
        return to_one(client, place, user)
    return in_thread(client, place.channel, place.thread or place.ts)


def publicly(client: WebClient, place: Place) -> Way:
    """To the channel of a pressed button: in the thread of a message that all see; of a private
    message by its response_url, because the bot need not be a member."""
    if not place.alone:
        return in_thread(client, place.channel, place.thread or place.ts)
    thread = {"thread_ts": place.thread} if place.thread else {}
    return respond(place.url, response_type="in_channel", replace_original=False, **thread)


def to_one(client: WebClient, place: Place, user: str) -> Way:
    """To the person who pressed, alone."""
    if not place.channel:
        return in_thread(client, user, None)
    there = for_one_anywhere(client, place.channel, user, place.thread or None)
    if not place.url:
        return there
    thread = {"thread_ts": place.thread} if place.thread else {}
    how = {"response_type": "ephemeral", "replace_original": False, **thread}
    return respond(place.url, **how).or_else(there)


def say(delivery: SlackDelivery, body: dict[str, Any], said: str | Message) -> None:
    """Say something to the person who pressed, alone."""
    way = to_one(delivery.client_of(body), place_of(body), body["user"]["id"])
    delivery.post(way, plain_message(said) if isinstance(said, str) else said)


def not_shared(posted: Posted) -> str:
    """What is said to a person who shared an answer that Slack did not take, or may have taken."""
    return message("slack.share_unknown" if posted.outcome == "unknown" else "slack.share_failed")


def asked_by_press(
    body: dict[str, Any], record: Record, place: Place, **options: Any
) -> QuestionRecord:
    """A press as a question of the log: who, where, and after which question. Slack sends a press
    again with the same trigger_id, and it is one question. `options` are kept with it, as a replay
    needs them."""
    kept = options | ({PRIVATE: True} if place.alone else {})
    team, user = person_of(body)
    return QuestionRecord(
        "",
        "button",
        user=user,
        team=team,
        channel=place.channel or record.channel,
        thread=place.thread or None,
        event_id=body["trigger_id"],
        after=record.id,
        options=kept or None,
        **workspace_of(body).as_logged(),
    )


def found(delivery: SlackDelivery, body: dict[str, Any], question_id: str) -> Record | None:
    """The question with this id; None when the log has none that was asked in the workspace where
    the button was pressed. What a button carries can be made up. Raises LogUnavailable."""
    record = delivery.log.get(question_id) if question_id else None
    if record is None or record.id != question_id or not delivery.shows(record, body):
        return None
    return record


def answered(
    delivery: SlackDelivery, body: dict[str, Any], question_id: str
) -> tuple[Record, Answer]:
    """A question of the log and its answer. Raises NoAnswer."""
    try:
        record = found(delivery, body, question_id)
    except LogUnavailable as error:
        logger.error("%s", error)
        raise NoAnswer(message("slack_buttons.unreadable")) from error
    if record is None:
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
    """Open a modal, and say so if Slack does not take it."""
    if put_view(delivery.client_of(body), body, view):
        say(delivery, body, message("slack.try_again"))
