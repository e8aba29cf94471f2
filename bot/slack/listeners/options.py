"""A press on an answer to what was asked back: a question of its own in the log, whose answer takes
the place of the one that asked."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.desk.answer import AskOption
from bot.logged_desk import LoggedQuestion, reading_of
from bot.messages import message
from bot.querylog import LogUnavailable, Record
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.pressed import (
    NoAnswer,
    Place,
    answered,
    asked_by_press,
    instead,
    place_of,
    say,
    to_one,
)
from bot.slack.views.buttons import OPTION, pressed_option

logger = logging.getLogger("codedesk.slack")


class _UnderWay:
    """Options that are being answered: a second tap on one, or a second person's, waits for the
    same answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()

    def begin(self, value: str) -> bool:
        with self._lock:
            if value in self._values:
                return False
            self._values.add(value)
            return True

    def end(self, value: str) -> None:
        with self._lock:
            self._values.discard(value)


def register(app: App, delivery: SlackDelivery) -> None:
    under_way = _UnderWay()

    def take(
        body: dict[str, Any],
        action: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """Write the question to the log, then acknowledge."""
        value = (action.get("selected_option") or action).get("value") or ""
        if not under_way.begin(value):
            return ack()
        question: LoggedQuestion | None = None
        try:
            record, option = _chosen(delivery, body, value)
            place = place_of(body)
            # What limited the question limits its answers, whoever presses.
            limits = reading_of(record.options)
            asked = asked_by_press(body, record, place, **limits)
            (question,) = delivery.logged.take(
                [option.words], asked, came=time.monotonic(), **limits
            )
        except NoAnswer as error:
            say(delivery, body, str(error))
        except LogUnavailable as error:
            logger.error("%s", error)
            say(delivery, body, message("slack_buttons.not_logged"))
        finally:
            if question is None:
                under_way.end(value)
        response = ack()
        if question is None:
            return response
        context.update(question=question, place=place, value=value)
        next_()
        return None

    def answer(body: dict[str, Any], context: BoltContext) -> None:
        place: Place = context["place"]
        value: str = context["value"]
        question: LoggedQuestion = context["question"]
        try:
            posted = delivery.answer(
                question,
                instead(delivery, body, place, question.id),
                tell=to_one(delivery.client_of(body), place, body["user"]["id"]),
                private=place.alone,
                shareable=place.alone and bool(place.url),
            )
        except BaseException:
            under_way.end(value)
            raise
        posted.add_done_callback(lambda _: under_way.end(value))

    app.action(re.compile(rf"^{OPTION}(:\d+)?$"), middleware=[take])(answer)


def _chosen(delivery: SlackDelivery, body: dict[str, Any], value: str) -> tuple[Record, AskOption]:
    """The question and the option of a press. The words come out of the log, not out of the button.
    Raises NoAnswer."""
    try:
        question_id, number = pressed_option(value)
    except ValueError as error:
        raise NoAnswer(message("slack_buttons.stale")) from error
    record, answer = answered(delivery, body, question_id)
    if not 0 <= number < len(answer.ask_options):
        raise NoAnswer(message("slack_buttons.stale"))
    return record, answer.ask_options[number]
