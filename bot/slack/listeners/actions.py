"""The button that shares an answer, which is drawn again from the log.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog import LogUnavailable
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.replies import tell, tell_gone, thread_of
from bot.slack.views.answer import shared_message
from bot.slack.views.block_kit import plain_message
from bot.slack.views.buttons import SHARE
from bot.slack.web_api import Posted, respond

logger = logging.getLogger("codedesk.slack")


def register(app: App, delivery: SlackDelivery) -> None:
    def acknowledge(ack: Ack, next_: Callable[[], None]) -> None:
        ack()
        next_()

    def stored(question_id: str) -> Answer | None:
        record = delivery.log.get(question_id)
        if record is None or record.id != question_id or record.answer is None:
            return None
        return delivery.desk.retitled(Answer.from_dict(record.answer))

    def share(body: dict[str, Any], action: dict[str, Any]) -> None:
        """Post the answer to the channel, once however often the button is pressed, and delete the
        private one. After a certain failure it may be pressed again."""
        question_id, url = action["value"], body["response_url"]
        answer = stored(question_id)
        if answer is None:
            tell_gone(delivery, body)
            return
        try:
            if not delivery.log.claim(question_id, SHARE):
                tell(delivery, body, plain_message(message("slack.shared_before")))
                return
        except LogUnavailable as error:
            logger.error("%s", error)
            tell(delivery, body, plain_message(message("slack.not_logged_share")))
            return

        def then(posted: Posted) -> None:
            delivery.record(question_id, posted, SHARE)
            # A private message cannot be made public, so it is deleted once the public one is
            # there.
            if posted.outcome == "delivered":
                delivery.delete_original(url)

        delivery.post(
            respond(url, response_type="in_channel", replace_original=False, **thread_of(body)),
            shared_message(answer, question_id, body["user"]["id"]),
            then,
        )

    app.action(SHARE, middleware=[acknowledge])(share)
