"""/code QUESTION: only the asker sees the answer, and may share it.

https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.logged_desk import LoggedQuestion
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord
from bot.slack.delivery import SlackDelivery
from bot.slack.message_text import clean
from bot.slack.people import defaults_for
from bot.slack.web_api import for_one_anywhere, respond
from bot.views.shared import removals_to_tell

logger = logging.getLogger("codedesk.slack")

COMMAND = "/code"


def register(app: App, delivery: SlackDelivery) -> None:
    def take(
        command: dict[str, Any], context: BoltContext, ack: Ack, next_: Callable[[], None]
    ) -> BoltResponse | None:
        """Write the question to the log, then acknowledge."""
        asked = QuestionRecord(
            "",
            "slash",
            user=command["user_id"],
            team=command.get("team_id"),
            channel=command["channel_id"],
            event_id=command["trigger_id"],
        )
        typed = clean(command.get("text") or "")
        try:
            chosen = defaults_for(delivery.people, asked.team, asked.user)
            (question,) = delivery.logged.take(
                [typed], chosen.on(asked), came=time.monotonic(), **chosen.reading()
            )
        except LogUnavailable as error:
            # Slack does not send a command again, so the asker must be told.
            logger.error("%s", error)
            return ack(text=message("slack.not_logged"), response_type="ephemeral")
        response = ack()
        if question is None:
            return response
        context.update(question=question)
        next_()
        return None

    def answer(command: dict[str, Any], context: BoltContext) -> None:
        question: LoggedQuestion = context["question"]
        delivery.answer(
            question,
            respond(command["response_url"], response_type="ephemeral"),
            tell=for_one_anywhere(delivery.client, command["channel_id"], command["user_id"]),
            shareable=True,
            removed=removals_to_tell(question.asked.text, question.asked.removed),
        )

    app.command(COMMAND, middleware=[take])(answer)
