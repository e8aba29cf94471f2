"""The Home tab: its opening, and what a person chooses there. What they see is theirs alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.database import DatabaseError
from bot.messages import message
from bot.settings import Settings
from bot.slack.delivery import SlackDelivery
from bot.slack.home_facts import Facts
from bot.slack.home_publisher import HomePublisher, Person
from bot.slack.listeners import home_answers
from bot.slack.listeners.home_files import FileDrops
from bot.slack.listeners.modals import View, open_or_tell, person_of
from bot.slack.people import MOST_FAVOURITES, Favourite, defaults_for
from bot.slack.views.home import ADD, DEFAULTS, HELP, home_view
from bot.slack.views.home_modals import (
    SEND_CODE,
    SEND_DEFAULTS,
    TYPED,
    Misfit,
    add_modal,
    defaults_modal,
    defaults_sent,
    help_modal,
    sentence_modal,
    typed_in,
)
from bot.slack.workspaces.place import workspace_of

logger = logging.getLogger("codedesk.slack")

_NO_CODES = ("unknown", "not_loaded")


def register(app: App, delivery: SlackDelivery, settings: Settings) -> None:
    people = delivery.people
    facts = Facts(settings, delivery.desk, delivery.log, people, delivery.roles)
    drops = FileDrops(settings, delivery)
    publisher = HomePublisher(
        lambda person, place: home_view(
            facts.of(*person, drops.state, place if delivery.clients.many else None)
        )
    )

    def publish(person: Person, body: dict[str, Any]) -> None:
        publisher.publish(person, delivery.client_of(body), workspace_of(body))

    def loaded(person: Person, body: dict[str, Any]) -> None:
        facts.forget_loaded()
        publish(person, body)

    drops.register(app, loaded)
    home_answers.register(app, delivery, publish)

    def is_home(event: dict[str, Any]) -> bool:
        return event.get("tab") == "home" and isinstance(event.get("user"), str)

    def opened(body: dict[str, Any], event: dict[str, Any], ack: Ack) -> BoltResponse:
        """https://docs.slack.dev/reference/events/app_home_opened"""
        publish((body.get("team_id"), event["user"]), body)
        return ack()

    def opens(drawn: Callable[[Person], View]) -> Callable[..., BoltResponse]:
        """Opens a modal at once, as that can be done only within 3 seconds of the press."""

        def open_it(body: dict[str, Any], ack: Ack) -> BoltResponse:
            response = ack()
            open_or_tell(delivery, body, drawn(person_of(body)))
            return response

        return open_it

    def save_defaults(body: dict[str, Any], view: View, ack: Ack) -> BoltResponse:
        person = person_of(body)
        try:
            people.set_defaults(*person, defaults_sent(view))
        except Misfit as misfit:
            return ack(response_action="errors", errors={misfit.name: misfit.why})
        except DatabaseError as error:
            logger.error("defaults were not written: %s", error)
            told = sentence_modal(message("home.not_saved"), "home.defaults_title")
            return ack(response_action="update", view=told)
        publish(person, body)
        return ack()

    def save_code(body: dict[str, Any], view: View, ack: Ack) -> BoltResponse:
        """Keep the code that was typed, in the first system that has it."""
        person, why = person_of(body), _kept(person_of(body), typed_in(view))
        if why:
            return ack(response_action="errors", errors={TYPED: why[:1000]})
        publish(person, body)
        return ack()

    def _kept(person: Person, typed: str) -> str:
        """Why a code was not kept; "" when it was."""
        found = delivery.desk.verdicts_on(typed) if typed else []
        known = [v for v in found if v.kind == "code" and v.status not in _NO_CODES]
        if not known:
            return found[0].why if found else message("home.input_typed_hint")
        try:
            kept = people.keep(*person, Favourite(known[0].system, known[0].code))
        except DatabaseError as error:
            logger.error("a favourite was not written: %s", error)
            return message("home.not_saved")
        return "" if kept else message("home.full", most=MOST_FAVOURITES)

    def nothing() -> None:
        """The middleware has done everything."""

    app.event("app_home_opened", matchers=[is_home], middleware=[opened])(nothing)
    for name, drawn in (
        (DEFAULTS, lambda person: defaults_modal(defaults_for(people, *person))),
        (ADD, lambda _: add_modal()),
        (HELP, lambda _: help_modal(settings.contact or "")),
    ):
        app.action(name, middleware=[opens(drawn)])(nothing)
    app.view(SEND_DEFAULTS, middleware=[save_defaults])(nothing)
    app.view(SEND_CODE, middleware=[save_code])(nothing)
