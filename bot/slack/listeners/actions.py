"""The menu under an answer: its codes as text to copy, sharing it, the code that was used. All draw
the answer again from the log.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.messages import message
from bot.querylog import LogUnavailable
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.feedback import open_used
from bot.slack.listeners.pressed import (
    NoAnswer,
    answered,
    not_shared,
    open_modal,
    place_of,
    publicly,
    say,
)
from bot.slack.views.answer import shared_message
from bot.slack.views.buttons import COPY, MENU, SHARE, USED
from bot.slack.views.chart_text import copy_modal
from bot.slack.web_api import Posted

logger = logging.getLogger("codedesk.slack")


def register(app: App, delivery: SlackDelivery) -> None:
    def acknowledge(ack: Ack, next_: Callable[[], None]) -> None:
        ack()
        next_()

    def share(body: dict[str, Any], action: dict[str, Any]) -> None:
        """Post the answer to the channel, once however often the button is pressed, and delete the
        private one. After a certain failure it may be pressed again."""
        question_id, place = action["value"], place_of(body)
        try:
            _, answer = answered(delivery, body, question_id)
            if not delivery.log.claim(question_id, SHARE):
                raise NoAnswer(message("slack.shared_before"))
        except NoAnswer as error:
            say(delivery, body, str(error))
            return
        except LogUnavailable as error:
            logger.error("%s", error)
            say(delivery, body, message("slack.not_logged_share"))
            return

        def then(posted: Posted) -> None:
            delivery.record(question_id, posted, SHARE)
            # A private message cannot be made public, so it is deleted once the public one is
            # there.
            if posted.outcome == "delivered":
                delivery.delete_original(place.url)
            else:
                say(delivery, body, not_shared(posted))

        shared = shared_message(answer, question_id, body["user"]["id"])
        way = publicly(delivery.client_of(body), replace(place, alone=True))
        delivery.post(way, shared, then)

    def choose(
        body: dict[str, Any],
        action: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """An entry of the menu. Modals are opened here, because they must be within 3 seconds."""
        response = ack()
        name, _, question_id = action["selected_option"]["value"].partition(" ")
        if name == USED:
            open_used(delivery, body, question_id)
        elif name == COPY:
            try:
                _, answer = answered(delivery, body, question_id)
            except NoAnswer as error:
                say(delivery, body, str(error))
            else:
                open_modal(delivery, body, copy_modal(answer))
        elif name == SHARE:
            context.update(question_id=question_id)
            next_()
            return None
        return response

    def share_chosen(body: dict[str, Any], context: BoltContext) -> None:
        share(body, {"value": context["question_id"]})

    app.action(SHARE, middleware=[acknowledge])(share)
    app.action(MENU, middleware=[choose])(share_chosen)
