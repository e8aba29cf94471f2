"""Answers in modals that open from Home: one of late, one to a question that a button asks, and its
codes to keep. An answer is in the log before it is shown.

A modal can be opened only within 3 seconds of the press, so it is opened in the thread that
received the request, and filled in when the answer is there.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.database import DatabaseError
from bot.desk.answer import Answer
from bot.logged_desk import LoggedQuestion
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord, Record
from bot.slack.delivery import SlackDelivery
from bot.slack.home_publisher import Person
from bot.slack.listeners.modals import open_or_tell, open_view, person_of, put_view, update_view
from bot.slack.people import MOST_FAVOURITES, defaults_for, kept_by
from bot.slack.views.answer import answer_message
from bot.slack.views.answer_modal import answer_view, waiting_view
from bot.slack.views.home import CODE, OPEN, TRY
from bot.slack.views.home_modals import (
    KEEP,
    answer_frame,
    favourite_of,
    sentence_modal,
    with_keeps,
)
from bot.slack.web_api import Way, in_modal, in_thread
from bot.slack.workspaces.place import workspace_of

logger = logging.getLogger("codedesk.slack")


def register(
    app: App, delivery: SlackDelivery, publish: Callable[[Person, dict[str, Any]], None]
) -> None:
    people = delivery.people

    def own(question_id: str, person: Person, body: dict[str, Any]) -> tuple[Record | None, str]:
        """An answered question of the person's own; or None, and a sentence on why not. What was
        redacted is gone."""
        try:
            record = delivery.log.get(question_id)
        except LogUnavailable as error:
            logger.error("%s", error)
            return None, message("home.asked_unreadable")
        if record is None or record.id != question_id or not (record.text and record.answer):
            return None, message("home.gone")
        if not delivery.shows(record, body):
            return None, message("home.gone")
        if (record.team or "", record.user) != (person[0] or "", person[1]):
            return None, message("home.not_yours")
        return record, ""

    def open_again(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        response = ack()
        person = person_of(body)
        record, why = own(action["value"], person, body)
        if record is None:
            open_or_tell(delivery, body, sentence_modal(why))
        else:
            answer = delivery.desk.retitled(Answer.from_dict(record.answer or {}))
            drawn = answer_message(answer, record.id, private=True)
            frame = answer_frame(answer, record.id, kept_by(people, *person), words=record.text)
            open_or_tell(delivery, body, answer_view(frame, drawn.blocks))
        return response

    def ask(
        body: dict[str, Any],
        action: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """Log a question that a button asks, and open a modal for its answer."""
        person = person_of(body)
        chosen = defaults_for(people, *person)
        asked = QuestionRecord(
            "",
            "button",
            user=person[1],
            team=person[0],
            event_id=body["trigger_id"],
            options=_options(action),
            **workspace_of(body).as_logged(),
        )
        reading = chosen.reading() | _options(action)
        try:
            (question,) = delivery.logged.take(
                [_typed(action)], chosen.on(asked), came=time.monotonic(), **reading
            )
        except LogUnavailable as error:
            logger.error("%s", error)
            response = ack()
            open_or_tell(delivery, body, sentence_modal(message("home.not_logged")))
            return response
        response = ack()
        if question is None:
            return response
        view_id = open_view(
            delivery.client_of(body),
            body,
            waiting_view(answer_frame(None, question.id), question.id),
        )
        context.update(question=question, view_id=view_id, person=person)
        next_()
        return None

    def answer(body: dict[str, Any], context: BoltContext) -> None:
        """Answer the question in the modal that is open; where none is, in a direct message."""
        client = delivery.client_of(body)
        question: LoggedQuestion = context["question"]
        view_id, person = context["view_id"], context["person"]

        def into(answer: Answer | None) -> Way:
            kept = kept_by(people, *person)
            frame = answer_frame(answer, question.id, kept, words=question.asked.text)
            return in_modal(client, frame, view_id=view_id)

        alone = in_thread(client, person[1], None)
        posted = delivery.answer(question, into if view_id else alone, tell=alone, private=True)
        posted.add_done_callback(lambda _: publish(person, body))

    def keep(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Keep a code of the answer, or let it go."""
        response = ack()
        person, favourite, view = person_of(body), favourite_of(action["value"]), body["view"]
        client = delivery.client_of(body)
        try:
            if favourite in people.favourites_of(*person):
                people.let_go(*person, favourite)
            elif not people.keep(*person, favourite):
                full = message("home.full", most=MOST_FAVOURITES)
                put_view(client, body, sentence_modal(full))
                return response
        except DatabaseError as error:
            logger.error("a favourite was not written: %s", error)
            put_view(client, body, sentence_modal(message("home.not_saved")))
            return response
        shown = with_keeps(view, kept_by(people, *person))
        # The hash keeps a press from undoing what a later one shows.
        update_view(client, view["id"], shown, seen=view.get("hash"))
        publish(person, body)
        return response

    def nothing() -> None:
        """The middleware has done everything."""

    app.action(OPEN, middleware=[open_again])(nothing)
    app.action(re.compile(f"^({TRY}_[0-9]+|{CODE})$"), middleware=[ask])(answer)
    app.action(re.compile(f"^{KEEP}_[0-9]+$"), middleware=[keep])(nothing)


def _typed(action: dict[str, Any]) -> str:
    """The question that a button asks."""
    if action["action_id"] == CODE:
        return favourite_of(action["value"]).code
    return message(f"home.try_{action['value']}")


def _options(action: dict[str, Any]) -> dict[str, Any]:
    """A favourite is looked up in its own system."""
    is_code = action["action_id"] == CODE
    return {"systems": [favourite_of(action["value"]).system]} if is_code else {}
