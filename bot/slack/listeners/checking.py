"""Check with …: a modal in which other codes are checked together with those of an answer. The
check is a question of its own in the log, and its answer takes the place of the form."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.messages import message
from bot.querylog import LogUnavailable
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.pressed import (
    NoAnswer,
    Place,
    answered,
    asked_by_press,
    dated,
    open_modal,
    place_of,
    say,
    shell_of,
    to_one,
)
from bot.slack.views.buttons import CHECK_WITH, shown_codes
from bot.slack.views.check_with import (
    CHECK,
    CODES,
    MOST,
    MOST_OF_ANSWER,
    check_modal,
    submitted,
    working_modal,
)
from bot.slack.web_api import in_view
from codesets.errors import CodeDeskError

logger = logging.getLogger("codedesk.slack")


def register(app: App, delivery: SlackDelivery) -> None:
    def press(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Open the modal."""
        response = ack()
        question_id = action["value"]
        try:
            _, answer = answered(delivery, question_id)
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
            record, answer = answered(delivery, question_id)
            of_answer = [code for code in shown_codes(answer) if code not in typed]
            codes = [*of_answer[:MOST_OF_ANSWER], *typed]
            if len(codes) > MOST:
                return _refused(ack, message("slack_buttons.check_many", most=MOST))
            asked = asked_by_press(body, record, place, checked=len(codes))
            question = delivery.logged.take_codes(
                codes, asked, came=time.monotonic(), **dated(record)
            )
        except NoAnswer as error:
            return _refused(ack, str(error))
        except (LogUnavailable, CodeDeskError) as error:
            logger.error("%s", error)
            return _refused(ack, message("slack_buttons.not_logged"))
        working = working_modal()
        response = ack(response_action="update", view=working)
        if question is None:
            return response
        context.update(question=question, place=place, shell=shell_of(working))
        next_()
        return None

    def answer(body: dict[str, Any], view: dict[str, Any], context: BoltContext) -> None:
        delivery.answer(
            context["question"],
            in_view(delivery.client, view["id"], context["shell"]),
            # A modal that was closed meanwhile cannot show it.
            tell=to_one(delivery, context["place"], body["user"]["id"]),
            private=True,
        )

    def nothing() -> None:
        """The middleware has done everything."""

    app.action(CHECK_WITH, middleware=[press])(nothing)
    app.view(CHECK, middleware=[take])(answer)


def _refused(ack: Ack, why: str) -> BoltResponse:
    return ack(response_action="errors", errors={CODES: why})
