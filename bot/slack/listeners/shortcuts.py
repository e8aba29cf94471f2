"""The shortcuts: "Look this up" on a message, and "Ask Code Desk" anywhere. Both open a modal, in
which the answer takes the place of the form. Only the person who asks sees it; the buttons under it
are in `shortcut_answers`.

A modal can be opened only within 3 seconds of the shortcut, so that is done in the thread that
received it: https://docs.slack.dev/interactivity/implementing-shortcuts
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.desk.answer import Answer
from bot.logged_desk import LoggedQuestion
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.modals import open_view, person_of
from bot.slack.people import defaults_for
from bot.slack.shortcut_text import text_of
from bot.slack.views.answer_modal import waiting_view
from bot.slack.views.ask_modal import (
    ASK,
    MOST_STATEMENT,
    STATEMENT,
    Asked,
    From,
    answer_frame,
    ask_modal,
    submitted,
)
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import Way, for_one_anywhere, in_modal, in_thread, respond
from bot.slack.workspaces.place import workspace_of
from bot.views.shared import removals_to_tell, removed_in_words

logger = logging.getLogger("codedesk.slack")

#: The callbacks of the two shortcuts in manifest.yaml.
LOOK_UP, ASK_ANYWHERE = "look_this_up", "ask_code_desk"


def register(app: App, delivery: SlackDelivery) -> None:
    # Opening

    def open_modal(shortcut: dict[str, Any], ack: Ack) -> BoltResponse:
        response = ack()
        opened, filled, notes = prefilled(shortcut)
        client = delivery.client_of(shortcut)
        if not open_view(client, shortcut, ask_modal(opened, filled, notes)):
            way: Way = in_thread(client, shortcut["user"]["id"], None)
            if url := shortcut.get("response_url"):
                way = respond(url, response_type="ephemeral", replace_original=False)
            delivery.post(way, plain_message(message("slack_surfaces.ask_expired")))
        return response

    def prefilled(shortcut: dict[str, Any]) -> tuple[From, Asked, list[str]]:
        """The words of the message, scrubbed; and what is to be said of them."""
        usual = defaults_for(delivery.people, *person_of(shortcut))
        empty = Asked("", usual.day, usual.systems, usual.setting)
        written = shortcut.get("message")
        if written is None:
            return From(), empty, []
        channel = (shortcut.get("channel") or {}).get("id")
        opened = From(channel, written.get("thread_ts") or shortcut.get("message_ts"))
        typed = text_of(written)
        if not typed:
            key = "ask_from_file" if written.get("files") else "ask_no_text"
            return opened, empty, [message(f"slack_surfaces.{key}")]
        notes = []
        if len(typed) > MOST_STATEMENT:
            notes.append(message("slack_surfaces.ask_cut"))
        if written.get("files"):
            notes.append(message("slack_surfaces.file_beside"))
        try:
            read = delivery.desk.take(typed[:MOST_STATEMENT])
        except Exception as error:
            # What cannot be scrubbed is not put anywhere.
            logger.error("a message was not read: %s", type(error).__name__)
            return opened, empty, [message("slack_surfaces.ask_no_text")]
        if kinds := removals_to_tell(read.scrubbed, read.removed):
            told = removed_in_words(kinds)
            notes.append(message("slack_surfaces.ask_scrubbed", kinds=told))
        # The date of service is filled in, as its place in the text says it no more.
        day = read.service_date or usual.day
        return opened, replace(empty, statement=read.scrubbed, day=day), notes

    # Asking

    def take(
        body: dict[str, Any],
        view: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """Write the question to the log, then put a sentence in place of the form."""
        came = time.monotonic()
        opened = From.of(view)
        try:
            filled = submitted(view)
        except ValueError:
            return _wrong(ack, "day", "ask_not_a_day")
        if not filled.statement:
            return _wrong(ack, STATEMENT, "ask_needed")
        try:
            question = taken(body, opened, filled, came)
        except LogUnavailable as error:
            logger.error("%s", error)
            errors = {STATEMENT: message("slack.not_logged")}
            return ack(response_action="errors", errors=errors)
        if question is None:
            return ack()  # It was sent again.
        response = ack(
            response_action="update", view=waiting_view(answer_frame(opened), question.id)
        )
        context.update(question=question, opened=opened)
        next_()
        return response

    def taken(
        body: dict[str, Any], opened: From, filled: Asked, came: float
    ) -> LoggedQuestion | None:
        team, user = person_of(body)
        chosen: dict[str, Any] = {"systems": list(filled.systems), "setting": filled.setting}
        options = {name: value for name, value in chosen.items() if value}
        asked = QuestionRecord(
            "",
            "shortcut",
            user=user,
            team=team,
            channel=opened.channel,
            thread=opened.thread,
            event_id=body["trigger_id"],
            options=options or None,
            **workspace_of(body).as_logged(),
        )
        reading = dict(options)
        if filled.day:
            reading |= {"day": filled.day, "fixed": True}
        (question,) = delivery.logged.take([filled.statement], asked, came=came, **reading)
        return question

    def answer(body: dict[str, Any], context: BoltContext) -> None:
        client = delivery.client_of(body)
        question: LoggedQuestion = context["question"]
        opened: From = context["opened"]

        def into(answer: Answer | None) -> Way:
            frame = answer_frame(opened, question.id if answer else "")
            return in_modal(client, frame, external_id=question.id)

        user, channel = question.asked.user or "", question.asked.channel
        alone = in_thread(client, user, None)
        delivery.answer(
            question,
            into,
            # A modal that was closed meanwhile cannot show it.
            tell=for_one_anywhere(client, channel, user) if channel else alone,
            private=True,
            removed=removals_to_tell(question.asked.text, question.asked.removed),
        )

    def nothing() -> None:
        """The middleware has done everything."""

    for name in (LOOK_UP, ASK_ANYWHERE):
        app.shortcut(name, middleware=[open_modal])(nothing)
    app.view(ASK, middleware=[take])(answer)


def _wrong(ack: Ack, field: str, key: str) -> BoltResponse:
    return ack(response_action="errors", errors={field: message(f"slack_surfaces.{key}")})
