"""The button Rules: a modal with all that governs an answer, page by page.

A modal can be opened only within 3 seconds of the press, so it is opened in the thread that
received the request: https://docs.slack.dev/surfaces/modals. Buttons turn its pages in place:
https://docs.slack.dev/reference/methods/views.update
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from slack_bolt import Ack, App, BoltResponse
from slack_sdk.models.blocks import Block

from bot.messages import message
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.modals import put_view, update_view
from bot.slack.listeners.pressed import NoAnswer, answered, say
from bot.slack.views.buttons import RULES
from bot.slack.views.details import BACK, NEXT, detail_pages, details_modal, question_of
from bot.slack.web_api import Posted

#: The button of answers that were posted before Rules took its place.
_SEE_MORE = "more"


def register(app: App, delivery: SlackDelivery) -> None:
    def show(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        response = ack()
        question_id = action["value"]
        try:
            pages = pages_of(body, question_id)
        except NoAnswer as error:
            say(delivery, body, str(error))
            return response
        why = put_view(delivery.client_of(body), body, details_modal(question_id, pages, 0))
        delivery.record(question_id, Posted("failed" if why else "delivered", why), RULES)
        if why:
            say(delivery, body, message("slack_rules.expired"))
        return response

    def turn(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Show another page. A press on a view that was turned meanwhile is refused by its hash; it
        needs no answer, because a newer press shows its page."""
        response = ack()
        view = body["view"]
        question_id = question_of(view)
        try:
            pages = pages_of(body, question_id)
            page = details_modal(question_id, pages, int(action["value"]))
        except NoAnswer:
            return response  # The page that is open can be read on.
        update_view(delivery.client_of(body), view["id"], page, seen=view["hash"])
        return response

    def pages_of(body: dict[str, Any], question_id: str) -> Sequence[Sequence[Block]]:
        """The pages of an answer. Raises NoAnswer."""
        _, answer = answered(delivery, body, question_id)
        return detail_pages(answer, delivery.desk.governing(answer))

    def nothing() -> None:
        """The middleware has done everything."""

    app.action(re.compile(f"^({RULES}|{_SEE_MORE})$"), middleware=[show])(nothing)
    app.action(re.compile(f"^({NEXT}|{BACK})$"), middleware=[turn])(nothing)
