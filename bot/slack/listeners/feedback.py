"""Right, wrong, and the code that was used instead: on record before the person is thanked.

A modal can only be opened within 3 seconds of the press that asked for it, and must be answered as
quickly, so all of that is done where the request is received; only thanks wait their turn.
https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse
from slack_sdk.errors import SlackApiError

from bot.audit.corrections import Refused, named_by
from bot.desk.answer import Answer, CodeTitle
from bot.messages import say
from bot.querylog import LogUnavailable, NoSuchQuestion, Record
from bot.querylog.records import FeedbackVerdict
from bot.slack.delivery import Courier
from bot.slack.listeners.replies import tell, tell_gone
from bot.slack.views.answer import thanks_message
from bot.slack.views.block_kit import plain_message
from bot.slack.views.feedback import (
    OTHER,
    RIGHT,
    USED,
    VERDICT,
    WRONG,
    codes_of,
    submitted,
    thanks_modal,
    used_modal,
)

logger = logging.getLogger("codedesk.slack")

_VERDICTS: dict[str, FeedbackVerdict] = {RIGHT: "right", WRONG: "wrong"}


def register(app: App, courier: Courier) -> None:
    def judge(
        body: dict[str, Any],
        action: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """Write the verdict to the log, then acknowledge."""
        verdict, _, question = action["value"].partition(" ")
        try:
            written = courier.log.feedback(
                question, _VERDICTS[verdict], by=body["user"]["id"], event_id=body["trigger_id"]
            )
        except NoSuchQuestion:
            message = plain_message(say("slack.gone"))
        except LogUnavailable as error:
            logger.error("%s", error)
            message = plain_message(say("slack.not_logged_feedback"))
        else:
            if written is None:
                return ack()  # pressed twice, or told twice: thanked once
            message = thanks_message(verdict, question)
        ack()
        context.update(message=message)
        next_()
        return None

    def thank(body: dict[str, Any], context: BoltContext) -> None:
        tell(courier, body, context["message"])

    def ask_for_code(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Open the modal."""
        response = ack()
        question = action["value"]
        try:
            record = courier.log.get(question)
            if record is None or record.id != question:
                tell_gone(courier, body)
                return response
            view = used_modal(question, _codes(record))
            courier.client.views_open(trigger_id=body["trigger_id"], view=view)
        except LogUnavailable as error:
            logger.error("%s", error)
            tell(courier, body, plain_message(say("slack.not_logged_feedback")))
        except (SlackApiError, OSError) as error:
            # What Slack says beside its error code may quote the modal.
            why = error.response["error"] if isinstance(error, SlackApiError) else error
            logger.warning("a modal was not opened: %s", why)
            tell(courier, body, plain_message(say("slack.try_again")))
        return response

    def _codes(record: Record) -> list[CodeTitle]:
        if record.answer is None:
            return []
        return codes_of(courier.desk.retitled(Answer.from_dict(record.answer)))

    def take_code(body: dict[str, Any], view: dict[str, Any], ack: Ack) -> BoltResponse:
        """Write the code that was used to the log, and thank in place of the modal; or say in the
        modal what is wrong."""
        typed, note = submitted(view)
        try:
            record = courier.log.get(view["private_metadata"])
            if record is None:
                raise Refused(say("slack.gone"))
            verdict, *others = named_by(courier.desk, typed, record)
            courier.log.feedback(
                record.id, "used", verdict.code, note, body["user"]["id"], body["trigger_id"]
            )
        except Refused as error:
            return ack(response_action="errors", errors={OTHER: str(error)})
        except LogUnavailable as error:
            logger.error("%s", error)
            said = say("slack.not_logged_feedback")
            return ack(response_action="errors", errors={OTHER: said})
        scrubbed = courier.log.scrubbed(note) != note
        also = [CodeTitle(other.code, other.title) for other in others]
        thanks = thanks_modal(verdict.code, verdict.title, also, scrubbed=scrubbed)
        return ack(response_action="update", view=thanks)

    def nothing() -> None:
        """All is done before the acknowledgement."""

    app.action(re.compile(f"^({VERDICT}|{RIGHT}|{WRONG})$"), middleware=[judge])(thank)
    app.action(USED, middleware=[ask_for_code])(nothing)
    app.view(USED, middleware=[take_code])(nothing)
