"""/code: a question, `check` codes, `diff` editions, `help`. Only the asker sees the answer, and
may share it.

https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.logged_desk import LoggedQuestion
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord
from bot.slack import verbs
from bot.slack.delivery import SlackDelivery
from bot.slack.message_text import clean
from bot.slack.people import defaults_for
from bot.slack.verbs import Typed
from bot.slack.views.welcome import help_message
from bot.slack.web_api import for_one_anywhere, respond
from bot.slack.workspaces.place import workspace_of
from bot.views.shared import removals_to_tell

logger = logging.getLogger("codedesk.slack")

COMMAND = "/code"


def register(app: App, delivery: SlackDelivery, contact: str | None) -> None:
    def take(
        command: dict[str, Any], context: BoltContext, ack: Ack, next_: Callable[[], None]
    ) -> BoltResponse | None:
        """Write the question to the log, then acknowledge."""
        came = time.monotonic()
        asked = QuestionRecord(
            "",
            "slash",
            user=command["user_id"],
            team=command.get("team_id") or command.get("enterprise_id"),
            channel=command["channel_id"],
            event_id=command["trigger_id"],
            **workspace_of(command).as_logged(),
        )
        typed = verbs.read(clean(command.get("text") or ""))
        if typed.verb == "help":
            told = help_message(contact)
            return ack(text=told.text, blocks=told.blocks, response_type="ephemeral")
        try:
            question = taken(typed, asked, came)
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

    def taken(typed: Typed, asked: QuestionRecord, came: float) -> LoggedQuestion | None:
        # What the asker chose counts where they do not say otherwise.
        chosen = defaults_for(delivery.people, asked.team, asked.user)
        if typed.verb == "check":
            # The number of codes is logged, so that a replay checks the text and does not ask it.
            options: dict[str, Any] = {"checked": len(typed.codes)}
            options |= {"systems": list(typed.systems)} if typed.systems else {}
            setting = typed.setting or chosen.setting
            options |= {"setting": setting} if setting else {}
            try:
                return delivery.logged.take_codes(
                    typed.codes,
                    replace(asked, options=options),
                    came=came,
                    day=typed.day or chosen.day,
                    systems=typed.systems or None,
                    setting=setting,
                )
            except LogUnavailable:
                raise
            except Exception as error:
                # It goes the way of a question that cannot be read, and is told so.
                logger.error("codes were not read: %s", type(error).__name__)
        (question,) = delivery.logged.take(
            [typed.text], chosen.on(asked), came=came, **chosen.reading()
        )
        return question

    def answer(command: dict[str, Any], context: BoltContext) -> None:
        question: LoggedQuestion = context["question"]
        client = delivery.client_of(command)
        delivery.answer(
            question,
            respond(command["response_url"], response_type="ephemeral"),
            tell=for_one_anywhere(client, command["channel_id"], command["user_id"]),
            shareable=True,
            removed=removals_to_tell(question.asked.text, question.asked.removed),
        )

    app.command(COMMAND, middleware=[take])(answer)
