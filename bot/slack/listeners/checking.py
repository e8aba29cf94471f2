"""Check with …: a modal in which other codes are checked together with those of an answer. The
check is a question of its own in the log, and its answer takes the place of the form."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog import LogUnavailable
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.modals import update_view
from bot.slack.listeners.pressed import (
    NoAnswer,
    Place,
    answered,
    asked_by_press,
    dated,
    not_shared,
    open_modal,
    place_of,
    publicly,
    say,
    to_one,
)
from bot.slack.views.answer import shared_message
from bot.slack.views.answer_modal import answer_view, waiting_view
from bot.slack.views.block_kit import plain_message
from bot.slack.views.buttons import CHECK_WITH, SHARE, shown_codes
from bot.slack.views.check_with import (
    CHECK,
    CODES,
    MOST,
    MOST_OF_ANSWER,
    SHARE_CHECK,
    answer_frame,
    check_modal,
    place_of_answer,
    submitted,
)
from bot.slack.web_api import Posted, Way, in_modal
from codesets.model import ReleaseUnavailable

logger = logging.getLogger("codedesk.slack")


def register(app: App, delivery: SlackDelivery) -> None:
    def press(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Open the modal."""
        response = ack()
        question_id = action["value"]
        try:
            _, answer = answered(delivery, body, question_id)
        except NoAnswer as error:
            say(delivery, body, str(error))
            return response
        place = place_of(body).as_dict()
        open_modal(delivery, body, check_modal(question_id, shown_codes(answer), place))
        return response

    def take(
        body: dict[str, Any],
        view: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """Write the question to the log, then show that it is worked on; or show in the form what
        is wrong."""
        question_id, kept, typed = submitted(view)
        place = Place(**kept)
        if not typed:
            return _refused(ack, message("slack_buttons.check_none"))
        try:
            record, answer = answered(delivery, body, question_id)
            of_answer = [code for code in shown_codes(answer) if code not in typed]
            codes = [*of_answer[:MOST_OF_ANSWER], *typed]
            if len(codes) > MOST:
                return _refused(ack, message("slack_buttons.check_many", most=MOST))
            asked = asked_by_press(body, record, replace(place, alone=True), checked=len(codes))
            question = delivery.logged.take_codes(
                codes, asked, came=time.monotonic(), **dated(record)
            )
        except NoAnswer as error:
            return _refused(ack, str(error))
        except LogUnavailable as error:
            logger.error("%s", error)
            return _refused(ack, message("slack_buttons.not_logged"))
        except ReleaseUnavailable:
            return _refused(ack, message("slack_buttons.edition_gone"))
        if question is None:
            return ack()  # It was sent again.
        shown = waiting_view(answer_frame(question.id, kept), question.id)
        ack(response_action="update", view=shown)
        context.update(question=question, place=place)
        next_()
        return None

    def answer(body: dict[str, Any], context: BoltContext) -> None:
        question, place = context["question"], context["place"]
        client = delivery.client_of(body)
        in_channel = bool(place.channel) and not place.channel.startswith("D")

        def into(answer: Answer | None) -> Way:
            shareable = in_channel and answer is not None
            frame = answer_frame(question.id, place.as_dict(), shareable=shareable)
            return in_modal(client, frame, external_id=question.id)

        delivery.answer(
            question,
            into,
            # A modal that was closed meanwhile cannot show it.
            tell=to_one(client, place, body["user"]["id"]),
            private=True,
        )

    def share(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Post the check under the answer beside which it was made, once; then say so in place of
        the button."""
        response = ack()
        question_id, view = action["value"], body["view"]
        place, user = Place(**place_of_answer(view)), body["user"]["id"]
        client = delivery.client_of(body)
        try:
            _, answer = answered(delivery, body, question_id)
            if not delivery.log.claim(question_id, SHARE):
                raise NoAnswer(message("slack.shared_before"))
        except NoAnswer as error:
            delivery.post(to_one(client, place, user), plain_message(str(error)))
            return response
        except LogUnavailable as error:
            logger.error("%s", error)
            why = plain_message(message("slack.not_logged_share"))
            delivery.post(to_one(client, place, user), why)
            return response

        def then(posted: Posted) -> None:
            delivery.record(question_id, posted, SHARE)
            there = posted.outcome == "delivered"
            told = message("slack_buttons.check_shared") if there else not_shared(posted)
            frame = answer_frame(question_id, place.as_dict())
            shown = answer_view(frame, [*view["blocks"], *plain_message(told).blocks])
            update_view(client, view["id"], shown)

        delivery.post(publicly(client, place), shared_message(answer, question_id, user), then)
        return response

    def nothing() -> None:
        """The middleware has done everything."""

    app.action(CHECK_WITH, middleware=[press])(nothing)
    app.action(SHARE_CHECK, middleware=[share])(nothing)
    app.view(CHECK, middleware=[take])(answer)


def _refused(ack: Ack, why: str) -> BoltResponse:
    return ack(response_action="errors", errors={CODES: why})
