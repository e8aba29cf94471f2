"""The buttons that show more of an answer, or show it to others. Both draw it anew as the log has
it.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App

from bot.desk.answer import Answer
from bot.messages import say
from bot.querylog import LogUnavailable
from bot.slack.delivery import Courier
from bot.slack.listeners.replies import tell, tell_gone, thread_of
from bot.slack.views.answer import SEE_MORE, SHARE, answer_message, shared_message
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import Posted, respond

logger = logging.getLogger("codedesk.slack")


def register(app: App, courier: Courier) -> None:
    def acknowledge(ack: Ack, next_: Callable[[], None]) -> None:
        ack()
        next_()

    def stored(question: str) -> Answer | None:
        record = courier.log.get(question)
        if record is None or record.id != question or record.answer is None:
            return None
        return courier.desk.retitled(Answer.from_dict(record.answer))

    def more(body: dict[str, Any], action: dict[str, Any]) -> None:
        """Show all of it, to the one who pressed: in place of an answer that only they see,
        below one that others see too."""
        question, private = action["value"], bool(body["container"].get("is_ephemeral"))
        answer = stored(question)
        if answer is None:
            tell_gone(courier, body)
            return
        courier.post(
            respond(
                body["response_url"],
                response_type="ephemeral",
                replace_original=private,
                **thread_of(body),
            ),
            answer_message(answer, question, expanded=True, shareable=private, private=True),
            lambda posted: courier.record(question, posted, SEE_MORE),
        )

    def share(body: dict[str, Any], action: dict[str, Any]) -> None:
        """Show the answer to the channel, once however often it is pressed, and take away the
        private one. What failed for certain may be pressed again."""
        question, url = action["value"], body["response_url"]
        answer = stored(question)
        if answer is None:
            tell_gone(courier, body)
            return
        try:
            if not courier.log.claim(question, SHARE):
                tell(courier, body, plain_message(say("slack.shared_before")))
                return
        except LogUnavailable as error:
            logger.error("%s", error)
            tell(courier, body, plain_message(say("slack.not_logged_share")))
            return

        def then(posted: Posted) -> None:
            courier.record(question, posted, SHARE)
            # A private message cannot become a public one: it stays until the public one is there.
            if posted.outcome == "delivered":
                courier.delete_original(url)

        courier.post(
            respond(url, response_type="in_channel", replace_original=False, **thread_of(body)),
            shared_message(answer, question, body["user"]["id"]),
            then,
        )

    app.action(SEE_MORE, middleware=[acknowledge])(more)
    app.action(SHARE, middleware=[acknowledge])(share)
