"""First contact in a channel, and the buttons under a welcome that ask an example.

https://docs.slack.dev/reference/events/member_joined_channel
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.database import DatabaseError
from bot.logged_desk import LoggedQuestion
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord
from bot.slack.delivery import SlackDelivery
from bot.slack.greeted import Greeted
from bot.slack.listeners.modals import person_of
from bot.slack.listeners.pressed import say
from bot.slack.people import defaults_for
from bot.slack.views.welcome import TRY, added_message
from bot.slack.web_api import Way, for_one, for_one_anywhere, in_thread, respond
from bot.slack.workspaces.place import workspace_of

logger = logging.getLogger("codedesk.slack")


def register(app: App, delivery: SlackDelivery, contact: str | None) -> None:
    greeted = Greeted(delivery.state)

    def joined(body: dict[str, Any], event: dict[str, Any], context: BoltContext) -> None:
        """Say who was added, to whoever did it; to the channel, once, where Slack does not say who
        it was."""
        channel, inviter = event.get("channel") or "", event.get("inviter")
        if event.get("user") != context.bot_user_id or not channel:
            return
        whom = f"{channel}/{event.get('event_ts')}" if inviter else channel
        try:
            if not greeted.first_time(f"{workspace_of(body).team}/{whom}"):
                return
        except DatabaseError as error:
            logger.error("nobody is greeted: %s", error)
            return
        client = delivery.client_of(body)
        way = for_one(client, channel, inviter) if inviter else in_thread(client, channel, None)
        delivery.post(way, added_message(contact))

    def take(
        body: dict[str, Any],
        action: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """Log the example as the question of whoever pressed."""
        container, (team, user) = body["container"], person_of(body)
        asked = QuestionRecord(
            "",
            "button",
            user=user,
            team=team,
            channel=container["channel_id"],
            thread=container.get("thread_ts") or container["message_ts"],
            event_id=body["trigger_id"],
            **workspace_of(body).as_logged(),
        )
        try:
            chosen = defaults_for(delivery.people, asked.team, asked.user)
            (question,) = delivery.logged.take(
                [action["value"]], chosen.on(asked), came=time.monotonic(), **chosen.reading()
            )
        except LogUnavailable as error:
            logger.error("%s", error)
            say(delivery, body, message("slack.not_logged"))
            return ack()
        ack()
        if question is not None:
            context.update(question=question)
            next_()
        return None

    def answer(body: dict[str, Any], context: BoltContext) -> None:
        question: LoggedQuestion = context["question"]
        asked, private = question.asked, bool(body["container"].get("is_ephemeral"))
        channel, user = asked.channel or "", asked.user or ""
        client = delivery.client_of(body)
        way: Way = in_thread(client, channel, asked.thread)
        if private:
            # Nothing can be posted in the thread of a message that one person sees.
            way = respond(body["response_url"], response_type="ephemeral", replace_original=False)
        told = for_one_anywhere(client, channel, user)
        delivery.answer(question, way, tell=told, private=private)

    app.event("member_joined_channel")(joined)
    app.action(re.compile(rf"^{TRY}_\d$"), middleware=[take])(answer)
