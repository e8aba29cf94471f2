"""Feedback: right, wrong, or the code that was used instead. It is logged before the person is
thanked.

A modal can be opened only within 3 seconds of the press, and must be answered as quickly. So both
are done in the thread that received the request; only thanks wait for their turn.
https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.audit.corrections import Refused, named_by
from bot.desk.answer import Answer, CodeTitle
from bot.messages import message
from bot.querylog import LogUnavailable, NoSuchQuestion
from bot.querylog.records import Rating
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.pressed import found, open_modal, say
from bot.slack.views.answer import thanks_message
from bot.slack.views.block_kit import plain_message
from bot.slack.views.feedback import (
    OTHER,
    RATING,
    RIGHT,
    USED,
    WRONG,
    codes_of,
    submitted,
    thanks_modal,
    used_modal,
)

logger = logging.getLogger("codedesk.slack")

_RATINGS: dict[str, Rating] = {RIGHT: "right", WRONG: "wrong"}


def register(app: App, delivery: SlackDelivery) -> None:
    def judge(
        body: dict[str, Any],
        action: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """Log the rating, then acknowledge."""
        rating, _, question_id = action["value"].partition(" ")
        try:
            if delivery.clients.many and found(delivery, body, question_id) is None:
                raise NoSuchQuestion(question_id)
            written = delivery.log.feedback(
                question_id, _RATINGS[rating], by=body["user"]["id"], event_id=body["trigger_id"]
            )
        except NoSuchQuestion:
            reply = plain_message(message("slack.gone"))
        except LogUnavailable as error:
            logger.error("%s", error)
            reply = plain_message(message("slack.not_logged_feedback"))
        else:
            if written is None:
                return ack()  # Pressed or sent twice: the person is thanked once.
            reply = thanks_message(rating, question_id)
        ack()
        context.update(reply=reply)
        next_()
        return None

    def thank(body: dict[str, Any], context: BoltContext) -> None:
        say(delivery, body, context["reply"])

    def ask_for_code(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        response = ack()
        open_used(delivery, body, action["value"])
        return response

    def take_code(body: dict[str, Any], view: dict[str, Any], ack: Ack) -> BoltResponse:
        """Log the code that was used, and show thanks in place of the modal; or show in the modal
        what is wrong."""
        typed, note = submitted(view)
        try:
            record = found(delivery, body, view["private_metadata"])
            if record is None:
                raise Refused(message("slack.gone"))
            verdict, *others = named_by(delivery.desk, typed, record)
            delivery.log.feedback(
                record.id, "used", verdict.code, note, body["user"]["id"], body["trigger_id"]
            )
        except Refused as error:
            return ack(response_action="errors", errors={OTHER: str(error)})
        except LogUnavailable as error:
            logger.error("%s", error)
            why = message("slack.not_logged_feedback")
            return ack(response_action="errors", errors={OTHER: why})
        scrubbed = delivery.log.scrubbed(note) != note
        also = [CodeTitle(other.code, other.title) for other in others]
        thanks = thanks_modal(verdict.code, verdict.title, also, scrubbed=scrubbed)
        return ack(response_action="update", view=thanks)

    def nothing() -> None:
        """The middleware has done everything."""

    app.action(re.compile(f"^({RATING}|{RIGHT}|{WRONG})$"), middleware=[judge])(thank)
    app.action(USED, middleware=[ask_for_code])(nothing)
    app.view(USED, middleware=[take_code])(nothing)


def open_used(delivery: SlackDelivery, body: dict[str, Any], question_id: str) -> None:
    """Open the modal that asks for the code that was used."""
    try:
        record = found(delivery, body, question_id)
    except LogUnavailable as error:
        logger.error("%s", error)
        say(delivery, body, message("slack.not_logged_feedback"))
        return
    if record is None:
        say(delivery, body, message("slack.gone"))
        return
    answer = Answer.from_dict(record.answer) if record.answer else None
    codes = codes_of(delivery.desk.retitled(answer)) if answer else []
    open_modal(delivery, body, used_modal(question_id, codes))
