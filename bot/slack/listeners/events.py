"""Mentions and direct messages: answered in the thread. An edited question has its answer updated,
and a deleted one has it removed; the records stay."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse
from slack_sdk import WebClient

from bot.logged_desk import LoggedQuestion
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord
from bot.slack.conversation import (
    DELETED,
    edited_key,
    follows,
    is_late,
    message_key,
    posted_at,
    team_of,
    to_update,
    versions,
)
from bot.slack.delivery import SlackDelivery
from bot.slack.files import Pasted, text_of
from bot.slack.message_text import clean
from bot.slack.messages import Said, deleted, said_in
from bot.slack.outbox import TAKEN_OVER
from bot.slack.people import defaults_for, is_for_asker_alone
from bot.slack.sessions import Place, Sessions
from bot.slack.tables import as_list
from bot.slack.views.block_kit import Message, plain_message
from bot.slack.views.welcome import welcome_blocks, with_note
from bot.slack.web_api import Posted, delete, for_one, for_one_anywhere, in_thread, update
from bot.slack.workspaces.place import workspace_of
from bot.views.shared import removals_to_tell

logger = logging.getLogger("codedesk.slack")

#: What is answered with who it is and what to try.
_FIRST_CONTACT = ("greeting", "help", "empty")


def register(app: App, delivery: SlackDelivery, sessions: Sessions, contact: str | None) -> None:
    log = delivery.log
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
        if gone := deleted(event):
            context.update(gone=message_key(body, *gone), sender=delivery.client_of(body))
            next_()
            return None
        said = said_in(event)
        if said is None:
            return ack()
        asked, client = asked_by(body, event, said), delivery.client_of(body)
        try:
            question, told = taken(said, asked, client)
        except LogUnavailable as error:
            # It is not acknowledged, so Slack sends it again, the last time after 5 minutes:
            # https://docs.slack.dev/apis/events-api#retries
            logger.error("%s", error)
            if asked.message_key not in told_of_failure:
                told_of_failure.add(asked.message_key)
                way = for_one(client, said.channel, said.user)
                delivery.post(way, plain_message(message("slack.not_logged_yet")))
            return BoltResponse(status=503)
        told_of_failure.clear()
        if question is None:
            return ack()  # The log has it: it was sent again, or came as another event, too.
        sessions.began(_place(client, question), question.id, said.user, question.asked.text)
        context.update(question=question, said=said, told=told, sender=client)
        next_()
        return None

    def taken(
        said: Said, asked: QuestionRecord, client: WebClient
    ) -> tuple[LoggedQuestion | None, tuple[str, ...]]:
        """The question, None if the log has it; and what is to be said of its files."""
        came = time.monotonic()
        pasted = text_of({"files": list(said.files)}, client) if said.files else Pasted()
        text = "\n".join(part for part in (clean(said.text), as_list(pasted.text)) if part)
        # What the asker chose counts where they do not say otherwise.
        chosen = defaults_for(delivery.people, asked.team, asked.user)
        asked, key = chosen.on(asked), asked.message_key or ""
        if is_late(log, key, said.edited_at):
            return None, ()  # The message was edited since.
        earlier = versions(log, key) if said.edited_at else []
        if earlier and delivery.desk.scrub(text) == earlier[-1].text:
            return None, ()  # Nothing was edited that is stored.
        if said.edited_at:
            asked = replace(asked, message_key=edited_key(key, said.edited_at))
        if earlier:
            # It follows what the first version followed: it replaces that and does not refine it.
            asked = replace(asked, after=earlier[0].after)
        else:
            asked = replace(asked, after=follows(log, asked, said.thread, now=log.now()))
        (question,) = delivery.logged.take([text], asked, came=came, **chosen.reading())
        if question and earlier:
            delivery.withdraw(earlier[-1].id, "the question was edited")
        if said.files and not (pasted.text or pasted.told):
            return question, (message("slack_surfaces.file_beside"),)
        return question, pasted.told

    def answer(context: BoltContext) -> None:
        if "gone" in context:
            remove(context["gone"], context["sender"])
            return
        client: WebClient = context["sender"]
        question: LoggedQuestion = context["question"]
        said: Said = context["said"]
        asked, place = question.asked, _place(client, question)
        way = in_thread(client, said.channel, asked.thread)
        alone = for_one_anywhere(client, said.channel, said.user, said.thread)
        private = is_for_asker_alone(asked)
        if private:
            way = alone
        elif ts := earlier_answer(asked):
            way = update(client, said.channel, ts).or_else(way)
        posted = delivery.answer(
            question,
            way,
            tell=alone,
            private=private,
            redraw=partial(redrawn, question, context["told"], said.has_file),
        )
        posted.add_done_callback(lambda _: sessions.ended(place, question.id))

        def follow(done: Future[Posted]) -> None:
            if not done.cancelled() and done.result() == TAKEN_OVER:
                return  # Another replica does it.
            if not private:
                delivery.tidy(asked)
            if removals_to_tell(asked.text, asked.removed):
                delivery.tell_removed(question.id, asked, said.thread)

        posted.add_done_callback(follow)

    def earlier_answer(asked: QuestionRecord) -> str | None:
        try:
            return to_update(log, asked)
        except LogUnavailable as error:
            logger.error("%s", error)
            return None

    def redrawn(
        question: LoggedQuestion, told: tuple[str, ...], has_file: bool, drawn: Message
    ) -> Message:
        """The answer with what is `told` of its files; or, at first contact, who answers."""
        read = question.question
        if read and read.intent in _FIRST_CONTACT and not read.removed:
            if has_file:
                return plain_message(" ".join([*told, message("slack_surfaces.file_unread")]))
            return Message(drawn.text, welcome_blocks(contact))
        return with_note(drawn, " ".join(told)) if told else drawn

    def remove(key: str, client: WebClient) -> None:
        """Delete the answers to a message that was deleted, or see to it that none is posted."""
        try:
            for record in versions(log, key):
                delivery.withdraw(record.id, DELETED)
            # Read again, as an answer may have arrived meanwhile.
            records = versions(log, key)
            ts = posted_at(records)
        except LogUnavailable as error:
            logger.error("%s", error)
            return
        if ts:
            latest, channel = records[-1], key.split("/")[1]
            way = delete(client, channel, ts)
            delivery.post(way, None, question=latest.id, kind="removed")

    for kind in ("app_mention", "message"):
        app.event(kind, middleware=[take])(answer)


def asked_by(body: dict[str, Any], event: dict[str, Any], said: Said) -> QuestionRecord:
    """Who asks and where, for the log: https://docs.slack.dev/apis/events-api#event-payload"""
    return QuestionRecord(
        "",
        "dm" if said.channel.startswith("D") else "mention",
        user=said.user,
        team=team_of(body, event.get("message") or event),
        channel=said.channel,
        thread=said.thread or said.ts,
        event_id=body["event_id"],
        message_key=message_key(body, said.channel, said.ts),
        **workspace_of(body).as_logged(),
    )


def _place(client: WebClient, question: LoggedQuestion) -> Place:
    return client, question.asked.channel or "", question.asked.thread or ""
