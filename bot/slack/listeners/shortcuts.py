"""The shortcuts: "Look this up" on a message, and "Ask Code Desk" anywhere. Both open a modal, in
which the answer takes the place of the form. Only the person who asks sees it.

A modal can be opened only within 3 seconds of the shortcut, so that is done in the thread that
received it: https://docs.slack.dev/interactivity/implementing-shortcuts
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPException
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse
from slack_sdk.errors import SlackApiError

from bot.desk.answer import Answer
from bot.logged_desk import Done, LoggedQuestion
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord
from bot.slack.delivery import SlackDelivery
from bot.slack.people import defaults_for
from bot.slack.shortcut_text import text_of
from bot.slack.views.answer import answer_message, shared_message, with_removed
from bot.slack.views.ask_modal import (
    AGAIN,
    ASK,
    MOST_STATEMENT,
    POST,
    STATEMENT,
    Asked,
    From,
    answer_modal,
    ask_modal,
    submitted,
    told_modal,
    waiting_modal,
)
from bot.slack.views.block_kit import Message, plain_message
from bot.slack.web_api import Posted, Way, for_one_anywhere, in_thread, respond
from bot.views.shared import removals_to_tell, removed_in_words

logger = logging.getLogger("codedesk.slack")

#: The callbacks of the two shortcuts in manifest.yaml.
LOOK_UP, ASK_ANYWHERE = "look_this_up", "ask_code_desk"
#: Seconds between tries to put the answer in the modal, while Slack does not have it yet.
_PAUSES = (0.3, 0.7, 1.5)
_SHARE = "share"


def register(app: App, delivery: SlackDelivery) -> None:
    client = delivery.client

    # Opening

    def open_modal(shortcut: dict[str, Any], ack: Ack) -> BoltResponse:
        response = ack()
        opened, filled, notes = prefilled(shortcut)
        try:
            view = ask_modal(opened, filled, notes)
            client.views_open(trigger_id=shortcut["trigger_id"], view=view)
        except (SlackApiError, OSError, HTTPException) as error:
            _warn("a modal was not opened", error)
            way: Way = in_thread(client, shortcut["user"]["id"], None)
            if url := shortcut.get("response_url"):
                way = respond(url, response_type="ephemeral", replace_original=False)
            delivery.post(way, plain_message(message("slack_surfaces.ask_expired")))
        return response

    def prefilled(shortcut: dict[str, Any]) -> tuple[From, Asked, list[str]]:
        """The words of the message, scrubbed; and what is to be said of them."""
        user = shortcut["user"]
        team = user.get("team_id") or (shortcut.get("team") or {}).get("id")
        usual = defaults_for(delivery.people, team, user["id"])
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
        response = ack(response_action="update", view=waiting_modal(opened, question.id))
        context.update(question=question, opened=opened)
        next_()
        return response

    def taken(
        body: dict[str, Any], opened: From, filled: Asked, came: float
    ) -> LoggedQuestion | None:
        user = body["user"]
        chosen: dict[str, Any] = {"systems": list(filled.systems), "setting": filled.setting}
        options = {name: value for name, value in chosen.items() if value}
        asked = QuestionRecord(
            "",
            "shortcut",
            user=user["id"],
            team=user.get("team_id") or (body.get("team") or {}).get("id"),
            channel=opened.channel,
            thread=opened.thread,
            event_id=body["trigger_id"],
            options=options or None,
        )
        reading = dict(options)
        if filled.day:
            reading |= {"day": filled.day, "fixed": True}
        (question,) = delivery.logged.take([filled.statement], asked, came=came, **reading)
        return question

    def answer(context: BoltContext) -> None:
        question: LoggedQuestion = context["question"]
        opened: From = context["opened"]
        removed = removals_to_tell(question.asked.text, question.asked.removed)

        def deliver(answers: list[Answer], done: Done) -> None:
            drawn = answer_message(answers[0], question.id, private=True)
            drawn = with_removed(drawn, removed) if removed else drawn
            why = put(question.id, answer_modal(opened, drawn, question.id))
            if why is None:
                done("delivered", "")
                return
            # The modal was closed, or Slack does not take it: the answer goes another way.
            delivery.post(another_way(question), drawn, question=question.id, kind="answer")

        try:
            delivery.logged.answer([question], deliver)
        except LogUnavailable as error:
            logger.error("%s", error)
            tell(question, opened, message("slack.not_logged"))
        except Exception as error:
            # The error's message is not logged: it may hold the question as it was typed.
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("question %s: %s at\n%s", question.id, type(error).__name__, where)
            tell(question, opened, message("slack.went_wrong", question=question.id))

    def tell(question: LoggedQuestion, opened: From, text: str) -> None:
        if put(question.id, told_modal(opened, text)) is not None:
            delivery.post(another_way(question), plain_message(text))

    def another_way(question: LoggedQuestion) -> Way:
        user, channel = question.asked.user or "", question.asked.channel
        return for_one_anywhere(client, channel, user) if channel else in_thread(client, user, None)

    def put(external_id: str, view: dict[str, Any]) -> str | None:
        """Put a view in place of the waiting modal. Why it could not be; None when it was. Slack
        may not have that modal yet, as it is in the acknowledgement."""
        why = ""
        for pause in (0.0, *_PAUSES):
            time.sleep(pause)
            try:
                client.views_update(external_id=external_id, view=view)
                return None
            except SlackApiError as error:
                why = str(error.response.get("error", ""))
                if why not in ("not_found", "ratelimited"):
                    break
            except (OSError, HTTPException) as error:
                why = type(error).__name__
                break
        logger.warning("the answer to %s is not shown in its modal: %s", external_id, why)
        return why

    # The buttons in the answer

    def acknowledge(ack: Ack, next_: Callable[[], None]) -> None:
        ack()
        next_()

    def post(body: dict[str, Any], action: dict[str, Any]) -> None:
        """Post the answer in the thread of the message, once however often it is pressed."""
        question_id, view = action["value"], body["view"]
        opened = From.of(view)
        drawn = stored(question_id)
        if drawn is None or not opened.channel:
            show(view, told_modal(opened, message("slack_surfaces.ask_gone")))
            return
        private, shared = drawn
        user = body["user"]["id"]
        try:
            if not delivery.log.claim(question_id, _SHARE):
                note = message("slack_surfaces.ask_posted_before")
                show(view, answer_modal(opened, private, question_id, posted=note))
                return
        except LogUnavailable as error:
            logger.error("%s", error)
            note = message("slack.not_logged_share")
            show(view, answer_modal(opened, private, question_id, posted=note))
            return

        def then(posted: Posted) -> None:
            key = "ask_posted" if posted.outcome == "delivered" else "ask_not_posted"
            if posted.detail in ("not_in_channel", "channel_not_found"):
                key = "ask_not_there"
            note = message(f"slack_surfaces.{key}")
            show(view, answer_modal(opened, private, question_id, posted=note))

        way = in_thread(client, opened.channel, opened.thread)
        drawn_for_all = shared_message(shared, question_id, user)
        delivery.post(way, drawn_for_all, then, question=question_id, kind=_SHARE)

    def again(body: dict[str, Any], action: dict[str, Any]) -> None:
        """The form once more, with the question as it is stored."""
        view = body["view"]
        opened = From.of(view)
        try:
            record = delivery.log.get(action["value"])
        except LogUnavailable as error:
            logger.error("%s", error)
            record = None
        if record is None or not record.text:
            show(view, told_modal(opened, message("slack_surfaces.ask_gone")))
            return
        systems, setting = record.options.get("systems") or (), record.options.get("setting")
        filled = Asked(record.text[:MOST_STATEMENT], None, tuple(systems), setting)
        show(view, ask_modal(opened, filled))

    def stored(question_id: str) -> tuple[Message, Answer] | None:
        """An answer as it is drawn for one person, and the answer itself."""
        try:
            record = delivery.log.get(question_id)
        except LogUnavailable as error:
            logger.error("%s", error)
            return None
        if record is None or record.id != question_id or record.answer is None:
            return None
        found = delivery.desk.retitled(Answer.from_dict(record.answer))
        return answer_message(found, question_id, private=True), found

    def show(view: dict[str, Any], new: dict[str, Any]) -> None:
        try:
            client.views_update(view_id=view["id"], view=new)
        except (SlackApiError, OSError, HTTPException) as error:
            _warn("a modal was not changed", error)

    def nothing() -> None:
        """The middleware has done everything."""

    for name in (LOOK_UP, ASK_ANYWHERE):
        app.shortcut(name, middleware=[open_modal])(nothing)
    app.view(ASK, middleware=[take])(answer)
    app.action(POST, middleware=[acknowledge])(post)
    app.action(AGAIN, middleware=[acknowledge])(again)


def _wrong(ack: Ack, field: str, key: str) -> BoltResponse:
    return ack(response_action="errors", errors={field: message(f"slack_surfaces.{key}")})


def _warn(what: str, error: Exception) -> None:
    # Only the error code is logged: the rest of the response may quote the modal.
    why = error.response["error"] if isinstance(error, SlackApiError) else error
    logger.warning("%s: %s", what, why)
