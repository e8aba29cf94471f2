"""Complete: a modal that goes from a code that is not complete to one that is. Each step is read
from the loaded edition, and the code that is used in the end is a question of its own in the log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.desk.completing import Step, incomplete
from bot.logged_desk import LoggedQuestion
from bot.messages import message
from bot.querylog import LogUnavailable, Record
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.modals import update_view
from bot.slack.listeners.pressed import (
    NoAnswer,
    Place,
    answered,
    asked_by_press,
    beside,
    dated,
    open_modal,
    place_of,
    say,
    to_one,
)
from bot.slack.views.answer_modal import waiting_view
from bot.slack.views.complete import (
    BACK,
    CHOOSE,
    COMPLETE,
    Trail,
    answer_frame,
    done_modal,
    sentence_modal,
    step_modal,
    which_modal,
)
from bot.slack.web_api import in_modal
from codesets.model import ReleaseUnavailable

logger = logging.getLogger("codedesk.slack")


def register(app: App, delivery: SlackDelivery) -> None:
    def press(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Open the modal."""
        response = ack()
        trail = Trail(action["value"], "", (), place_of(body).as_dict())
        try:
            view = _view(delivery, body, trail)
        except NoAnswer as error:
            say(delivery, body, str(error))
            return response
        open_modal(delivery, body, view)
        return response

    def choose(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Show the next step in place of this one, or the one before."""
        response = ack()
        trail = Trail.from_text(body["view"]["private_metadata"])
        try:
            if action["action_id"] == BACK:
                view = _view(delivery, body, trail.back())
            else:
                view = _view(delivery, body, _chosen(trail, action["selected_option"]["value"]))
        except NoAnswer as error:
            view = sentence_modal(str(error))
        # Where that fails the modal stays as it is, and the person can choose again.
        update_view(delivery.client_of(body), body["view"]["id"], view)
        return response

    def use(
        body: dict[str, Any],
        view: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """Log the question, then show that it is answered."""
        trail = Trail.from_text(view["private_metadata"])
        place = Place(**trail.place)
        try:
            record, _ = answered(delivery, body, trail.question)
            code = _step(delivery, record, trail).begun.code
            systems = [trail.system]
            asked = asked_by_press(body, record, place, checked=1, systems=systems)
            question = delivery.logged.take_codes(
                [code], asked, came=time.monotonic(), systems=systems, **dated(record)
            )
        except NoAnswer as error:
            return ack(response_action="update", view=sentence_modal(str(error)))
        except LogUnavailable as error:
            logger.error("%s", error)
            why = message("slack_buttons.not_logged")
            return ack(response_action="update", view=sentence_modal(why))
        if question is None:
            return ack()  # It was sent again.
        # Over an answer in a modal there is no message to put this one under: it takes this place.
        shown = done_modal(code) if place.channel else waiting_view(answer_frame(), question.id)
        ack(response_action="update", view=shown)
        context.update(question=question, place=place)
        next_()
        return None

    def answer(body: dict[str, Any], context: BoltContext) -> None:
        place, user = context["place"], body["user"]["id"]
        question: LoggedQuestion = context["question"]
        client = delivery.client_of(body)
        way = in_modal(client, answer_frame(), external_id=question.id)
        delivery.answer(
            question,
            beside(client, place, user) if place.channel else lambda _: way,
            tell=to_one(client, place, user),
            private=place.alone,
        )

    def nothing() -> None:
        """The middleware has done everything."""

    app.action(COMPLETE, middleware=[press])(nothing)
    for name in (CHOOSE, BACK):
        app.action(name, middleware=[choose])(nothing)
    app.view(COMPLETE, middleware=[use])(answer)


def _chosen(trail: Trail, value: str) -> Trail:
    """A choice taken: of the first step a system and a code, else a code."""
    if trail.system:
        return trail.to(value)
    system, _, code = value.partition(" ")
    return Trail(trail.question, system, (code,), trail.place)


def _view(delivery: SlackDelivery, body: dict[str, Any], trail: Trail) -> dict[str, Any]:
    """The modal for what was chosen so far. The only incomplete code of an answer needs no choice.
    Raises NoAnswer."""
    record, answer = answered(delivery, body, trail.question)
    begun = incomplete(answer)
    if not begun:
        raise NoAnswer(message("slack_buttons.stale"))
    if not trail.system and len(begun) > 1:
        return which_modal(trail, begun)
    if not trail.system:
        (one,) = begun
        trail = Trail(trail.question, one.system, (one.code,), trail.place)
    first = len(trail.codes) == 1 and len(begun) == 1
    return step_modal(trail, _step(delivery, record, trail), first=first)


def _step(delivery: SlackDelivery, record: Record, trail: Trail) -> Step:
    try:
        return delivery.desk.completing(trail.system, trail.codes[-1], **dated(record))
    except ReleaseUnavailable as error:
        raise NoAnswer(message("slack_buttons.edition_gone")) from error
