"""The Home tab and its buttons. Each person sees what is theirs alone, and an answer that opens
here is in the log before it is shown.

A modal can be opened only within 3 seconds of the press (docs.slack.dev/surfaces/modals), so it is
opened in the thread that received the request, and filled in when the answer is there.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import time
import traceback
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse
from slack_sdk.errors import SlackApiError

from bot.desk.answer import Answer
from bot.logged_desk import Done, LoggedQuestion
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord
from bot.settings import Settings
from bot.slack.delivery import SlackDelivery
from bot.slack.home_facts import Facts
from bot.slack.home_publisher import HomePublisher, Person
from bot.slack.listeners.home_files import FileDrops
from bot.slack.people import (
    MOST_FAVOURITES,
    Favourite,
    defaults_for,
    said_of_defaults,
)
from bot.slack.views.home import ADD, CODE, DEFAULTS, HELP, OPEN, TRY, home_view
from bot.slack.views.home_modals import (
    KEEP,
    SEND_CODE,
    SEND_DEFAULTS,
    TYPED,
    Misfit,
    add_modal,
    answer_modal,
    defaults_modal,
    defaults_sent,
    favourite_of,
    help_modal,
    notice_modal,
    typed_in,
    with_keeps,
)

logger = logging.getLogger("codedesk.slack")

View = dict[str, Any]


def register(app: App, delivery: SlackDelivery, settings: Settings) -> None:
    people = delivery.people
    facts = Facts(settings, delivery.desk, delivery.log, people)
    drops = FileDrops(settings, delivery)
    publisher = HomePublisher(
        delivery.client,
        lambda person: home_view(facts.of(*person, drops.state)),
    )

    def changed(user: str) -> None:
        facts.forget_loaded()
        for person in drops.homes_of(user):
            publisher.publish(person)

    drops.register(app, changed)
    client = delivery.client

    # Opening

    def opened(body: dict[str, Any], event: dict[str, Any], ack: Ack) -> BoltResponse:
        """https://docs.slack.dev/reference/events/app_home_opened"""
        publisher.publish((body.get("team_id"), event["user"]))
        return ack()

    def is_home(event: dict[str, Any]) -> bool:
        return event.get("tab") == "home" and isinstance(event.get("user"), str)

    # Modals. Each of these is called in the thread that received the press, with what opens.

    def open_view(body: dict[str, Any], view: View) -> str:
        """Open a modal, and return its id; "" when Slack did not open it."""
        try:
            return str(client.views_open(trigger_id=body["trigger_id"], view=view)["view"]["id"])
        except (SlackApiError, OSError) as error:
            logger.warning("a modal was not opened: %s", why_not(error))
            return ""

    def kept_by(person: Person) -> list[Favourite]:
        try:
            return people.favourites_of(*person)
        except sqlite3.Error as error:
            logger.error("favourites cannot be read: %s", error)
            return []

    def of_late(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Open an answer of the person's own again. What was redacted meanwhile is gone."""
        response = ack()
        person = person_of(body)
        try:
            record = delivery.log.get(action["value"])
        except LogUnavailable as error:
            logger.error("%s", error)
            open_view(body, notice_modal(message("home.asked_unreadable")))
            return response
        if record is None or record.id != action["value"] or not record.text:
            open_view(body, notice_modal(message("home.gone")))
        elif (record.team or "", record.user) != (person[0] or "", person[1]):
            open_view(body, notice_modal(message("home.not_yours")))
        elif record.answer is None:
            open_view(body, notice_modal(message("home.gone")))
        else:
            answer = delivery.desk.retitled(Answer.from_dict(record.answer))
            view = answer_modal(answer, record.id, kept_by(person), words=record.text)
            open_view(body, view)
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
        reading, typed = chosen.reading(), ""
        asked = QuestionRecord(
            "", "button", user=person[1], team=person[0], event_id=body["trigger_id"]
        )
        if action["action_id"] == CODE:
            favourite = favourite_of(action["value"])
            typed = favourite.code
            reading |= {"systems": [favourite.system]}
            asked = QuestionRecord(
                "",
                "button",
                user=person[1],
                team=person[0],
                event_id=body["trigger_id"],
                options={"systems": [favourite.system]},
            )
        else:
            typed = message(f"home.try_{action['value']}")
        try:
            (question,) = delivery.logged.take(
                [typed], chosen.on(asked), came=time.monotonic(), **reading
            )
        except LogUnavailable as error:
            logger.error("%s", error)
            response = ack()
            open_view(body, notice_modal(message("home.not_logged")))
            return response
        response = ack()
        if question is None:
            return response
        view_id = open_view(body, notice_modal(message("home.looking")))
        context.update(question=question, view_id=view_id, person=person, typed=typed)
        next_()
        return None

    def answer(context: BoltContext) -> None:
        """Answer the question in the modal that is open."""
        question: LoggedQuestion = context["question"]
        view_id, person = context["view_id"], context["person"]

        def deliver(answers: list[Answer], done: Done) -> None:
            (found,) = answers
            view = answer_modal(
                found,
                question.id,
                kept_by(person),
                words=question.asked.text,
                said=said_of_defaults(question),
            )
            failed = update(view_id, view) if view_id else "the modal did not open"
            done("failed" if failed else "delivered", failed)
            publisher.publish(person)

        try:
            delivery.logged.answer([question], deliver)
        except LogUnavailable as error:
            logger.error("%s", error)
            update(view_id, notice_modal(message("home.not_logged")))
        except Exception as error:
            # The error's message is not logged: it may hold the question as it was typed.
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("question %s: %s at\n%s", question.id, type(error).__name__, where)
            update(view_id, notice_modal(message("home.went_wrong", question=question.id)))

    def update(view_id: str, view: View, hash_: str | None = None) -> str:
        """Update a modal. Returns why not; "" when it was updated."""
        try:
            client.views_update(view_id=view_id, view=view, hash=hash_)
        except (SlackApiError, OSError) as error:
            logger.warning("a modal was not updated: %s", why_not(error))
            return why_not(error)
        return ""

    def keep(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Keep a code of the answer, or let it go."""
        response = ack()
        person, favourite = person_of(body), favourite_of(action["value"])
        view = body["view"]
        try:
            if favourite in people.favourites_of(*person):
                people.let_go(*person, favourite)
            elif not people.keep(*person, favourite):
                full = message("home.full", most=MOST_FAVOURITES)
                push(body, notice_modal(full))
                return response
        except sqlite3.Error as error:
            logger.error("a favourite was not written: %s", error)
            push(body, notice_modal(message("home.not_saved")))
            return response
        # The hash keeps a press from undoing what a later one shows.
        update(view["id"], with_keeps(view, kept_by(person)), view.get("hash"))
        publisher.publish(person)
        return response

    def push(body: dict[str, Any], view: View) -> None:
        """Open a modal over the one that is open."""
        try:
            client.views_push(trigger_id=body["trigger_id"], view=view)
        except (SlackApiError, OSError) as error:
            logger.warning("a modal was not opened: %s", why_not(error))

    # What is chosen

    def opens(drawn: Callable[[Person], View]) -> Callable[..., BoltResponse]:
        def open_it(body: dict[str, Any], ack: Ack) -> BoltResponse:
            response = ack()
            open_view(body, drawn(person_of(body)))
            return response

        return open_it

    def save_defaults(body: dict[str, Any], view: View, ack: Ack) -> BoltResponse:
        person = person_of(body)
        try:
            people.set_defaults(*person, defaults_sent(view))
        except Misfit as misfit:
            return ack(response_action="errors", errors={misfit.name: misfit.why})
        except sqlite3.Error as error:
            logger.error("defaults were not written: %s", error)
            why = notice_modal(message("home.not_saved"), "home.defaults_title")
            return ack(response_action="update", view=why)
        publisher.publish(person)
        return ack()

    def save_code(body: dict[str, Any], view: View, ack: Ack) -> BoltResponse:
        """Keep the code that was typed, in the first system that has it."""
        person, typed = person_of(body), typed_in(view)
        found = delivery.desk.verdicts_on(typed) if typed else []
        known = [v for v in found if v.kind == "code" and v.status not in ("unknown", "not_loaded")]
        if not known:
            why = found[0].why if found else message("home.input_typed_hint")
            return ack(response_action="errors", errors={TYPED: why[:1000]})
        try:
            if not people.keep(*person, Favourite(known[0].system, known[0].code)):
                full = message("home.full", most=MOST_FAVOURITES)
                return ack(response_action="errors", errors={TYPED: full})
        except sqlite3.Error as error:
            logger.error("a favourite was not written: %s", error)
            why = message("home.not_saved")
            return ack(response_action="errors", errors={TYPED: why})
        publisher.publish(person)
        return ack()

    def nothing() -> None:
        """The middleware has done everything."""

    app.event("app_home_opened", matchers=[is_home], middleware=[opened])(nothing)
    app.action(OPEN, middleware=[of_late])(nothing)
    app.action(re.compile(f"^({TRY}_[0-9]+|{CODE})$"), middleware=[ask])(answer)
    app.action(re.compile(f"^{KEEP}_[0-9]+$"), middleware=[keep])(nothing)
    app.action(DEFAULTS, middleware=[opens(lambda p: defaults_modal(defaults_for(people, *p)))])(
        nothing
    )
    app.action(ADD, middleware=[opens(lambda _: add_modal())])(nothing)
    app.action(HELP, middleware=[opens(lambda _: help_modal(settings.contact or ""))])(nothing)
    app.view(SEND_DEFAULTS, middleware=[save_defaults])(nothing)
    app.view(SEND_CODE, middleware=[save_code])(nothing)


def person_of(body: dict[str, Any]) -> Person:
    """Who pressed: of an app that is installed for an organisation, `team` may be null, and the
    user has the team (https://docs.slack.dev/reference/interaction-payloads)."""
    user = body["user"]
    return ((body.get("team") or {}).get("id") or user.get("team_id"), user["id"])


def why_not(error: Exception) -> str:
    """Only the error code of Slack: the rest of its response may quote what was sent."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error", "")) or f"HTTP {error.response.status_code}"
    return type(error).__name__
