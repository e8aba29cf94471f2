"""The buttons of a shortcut's modal under its answer: posting it in the thread of the message, and
the form once more. The buttons of the answer itself are those of messages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog import LogUnavailable
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.modals import update_view
from bot.slack.listeners.pressed import NoAnswer, answered
from bot.slack.views.answer import answer_message, shared_message
from bot.slack.views.answer_modal import answer_view, sentence_view
from bot.slack.views.ask_modal import (
    AGAIN,
    MOST_STATEMENT,
    POST,
    Asked,
    From,
    answer_frame,
    ask_modal,
)
from bot.slack.views.buttons import SHARE
from bot.slack.web_api import Posted, in_thread

logger = logging.getLogger("codedesk.slack")


def register(app: App, delivery: SlackDelivery) -> None:
    def acknowledge(ack: Ack, next_: Callable[[], None]) -> None:
        ack()
        next_()

    def post(body: dict[str, Any], action: dict[str, Any]) -> None:
        """Post the answer in the thread of the message, once however often it is pressed."""
        question_id, view, user = action["value"], body["view"], body["user"]["id"]
        opened = From.of(view)
        try:
            _, answer = answered(delivery, body, question_id)
        except NoAnswer as error:
            show(body, view, sentence_view(answer_frame(opened), str(error)))
            return
        try:
            if not delivery.log.claim(question_id, SHARE):
                note(body, view, answer, question_id, message("slack_surfaces.ask_posted_before"))
                return
        except LogUnavailable as error:
            logger.error("%s", error)
            note(body, view, answer, question_id, message("slack.not_logged_share"))
            return

        def then(posted: Posted) -> None:
            key = "ask_posted" if posted.outcome == "delivered" else "ask_not_posted"
            if posted.detail in ("not_in_channel", "channel_not_found"):
                key = "ask_not_there"
            note(body, view, answer, question_id, message(f"slack_surfaces.{key}"))

        way = in_thread(delivery.client_of(body), opened.channel or "", opened.thread)
        shared = shared_message(answer, question_id, user)
        delivery.post(way, shared, then, question=question_id, kind=SHARE)

    def again(body: dict[str, Any], action: dict[str, Any]) -> None:
        """The form once more, with the question as stored, or as it was read after another."""
        view = body["view"]
        opened = From.of(view)
        try:
            record, answer = answered(delivery, body, action["value"])
        except NoAnswer as error:
            show(body, view, sentence_view(answer_frame(opened), str(error)))
            return
        systems, setting = record.options.get("systems") or (), record.options.get("setting")
        text = (answer.read_as or record.text)[:MOST_STATEMENT]
        show(body, view, ask_modal(opened, Asked(text, None, tuple(systems), setting)))

    def note(
        body: dict[str, Any], view: dict[str, Any], answer: Answer, question_id: str, posted: str
    ) -> None:
        """Say under the answer what became of posting it."""
        drawn = answer_message(answer, question_id, private=True)
        frame = answer_frame(From.of(view), question_id, posted=posted)
        show(body, view, answer_view(frame, drawn.blocks))

    def show(body: dict[str, Any], view: dict[str, Any], new: dict[str, Any]) -> None:
        update_view(delivery.client_of(body), view["id"], new)

    app.action(POST, middleware=[acknowledge])(post)
    app.action(AGAIN, middleware=[acknowledge])(again)
