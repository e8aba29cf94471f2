"""Mentions and direct messages: answered in the thread."""

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
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import for_one, for_one_anywhere, in_thread
from bot.views.shared import removals_to_tell

logger = logging.getLogger("codedesk.slack")

#: Subtypes of messages that people write: plain, with a file, a reply also sent to the channel.
_WRITTEN_BY_PEOPLE = (None, "file_share", "thread_broadcast")


def register(app: App, delivery: SlackDelivery) -> None:
    #: Keys of messages whose askers were told that the log cannot be written. Slack sends a message
    #: several times, and the asker is told once.
    told_of_failure: set[str | None] = set()

    def take(
        body: dict[str, Any],
        event: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """Write the question to the log. Bolt acknowledges only a request that is passed on."""
        if not is_question(event):
            return ack()
        asked = asked_by(body, event)
        typed = clean(event.get("text") or "")
        try:
            (question,) = delivery.logged.take([typed], asked, came=time.monotonic())
        except LogUnavailable as error:
            # It is not acknowledged, so Slack sends it again, the last time after 5 minutes:
            # https://docs.slack.dev/apis/events-api#retries
            logger.error("%s", error)
            if asked.message_key not in told_of_failure:
                told_of_failure.add(asked.message_key)
                way = for_one(delivery.client, asked.channel or "", asked.user or "")
                delivery.post(way, plain_message(message("slack.not_logged_yet")))
            return BoltResponse(status=503)
        told_of_failure.clear()
        if question is None:
            return ack()  # The log has it: it was sent again, or came as another event, too.
        context.update(question=question)
        next_()
        return None

    def answer(context: BoltContext, event: dict[str, Any]) -> None:
        question: LoggedQuestion = context["question"]
        asked = question.asked
        channel, user, thread = event["channel"], event["user"], event.get("thread_ts")
        posted = delivery.answer(
            question,
            in_thread(delivery.client, channel, asked.thread),
            tell=for_one_anywhere(delivery.client, channel, user, thread),
        )
        if removals_to_tell(asked.text, asked.removed):
            posted.add_done_callback(lambda _: delivery.tell_removed(question.id, asked, thread))

    for kind in ("app_mention", "message"):
        app.event(kind, middleware=[take])(answer)


def is_question(event: dict[str, Any]) -> bool:
    """Whether a person asks the bot: https://docs.slack.dev/reference/events/message

    False for edits, deletions and joins, for messages of bots, and for channel messages without a
    mention (Slack sends these only to apps with more scopes than the manifest asks for).
    """
    if event.get("subtype") not in _WRITTEN_BY_PEOPLE or event.get("bot_id"):
        return False
    if not all(isinstance(event.get(name), str) for name in ("user", "channel", "ts")):
        return False
    if event["user"] == "USLACKBOT" or not isinstance(event.get("text") or "", str):
        return False
    return event["type"] == "app_mention" or event.get("channel_type") == "im"


def asked_by(body: dict[str, Any], event: dict[str, Any]) -> QuestionRecord:
    """Who asks and where, for the log: https://docs.slack.dev/apis/events-api#event-payload"""
    channel, ts, team = event["channel"], event["ts"], body.get("team_id")
    return QuestionRecord(
        "",
        "dm" if channel.startswith("D") else "mention",
        user=event["user"],
        # Of a guest by Slack Connect it is their own:
        # https://docs.slack.dev/apis/slack-connect/using-slack-connect-via-web-api
        team=event.get("user_team") or event.get("team") or team,
        channel=channel,
        thread=event.get("thread_ts") or ts,
        event_id=body["event_id"],
        # A mention in a direct message arrives as two events with one timestamp.
        message_key=f"{team}/{channel}/{ts}",
    )
