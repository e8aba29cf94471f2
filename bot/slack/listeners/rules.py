"""The button Rules: a modal with all that governs an answer, page by page.

A modal can be opened only within 3 seconds of the press, so it is opened in the thread that
received the request: https://docs.slack.dev/surfaces/modals. Buttons turn its pages in place:
https://docs.slack.dev/reference/methods/views.update
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from slack_bolt import Ack, App, BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog import LogUnavailable
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.replies import tell, tell_gone
from bot.slack.views.block_kit import plain_message
from bot.slack.views.buttons import RULES
from bot.slack.views.details import BACK, NEXT, detail_pages, details_modal, question_of
from bot.slack.web_api import Posted

logger = logging.getLogger("codedesk.slack")

#: The button of answers that were posted before Rules took its place.
_SEE_MORE = "more"


def register(app: App, delivery: SlackDelivery) -> None:
    def open_modal(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        response = ack()
        question_id = action["value"]
        try:
            pages = pages_of(question_id)
            if pages is None:
                tell_gone(delivery, body)
                return response
            view = details_modal(question_id, pages, 0)
            delivery.client.views_open(trigger_id=body["trigger_id"], view=view)
        except LogUnavailable as error:
            logger.error("%s", error)
            tell(delivery, body, plain_message(message("slack_rules.unreadable")))
        except (SlackApiError, OSError) as error:
            delivery.record(question_id, Posted("failed", _why(error)), RULES)
            tell(delivery, body, plain_message(message("slack_rules.expired")))
        else:
            delivery.record(question_id, Posted("delivered"), RULES)
        return response

    def turn(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        """Show another page. A press on a view that was turned meanwhile is refused by its hash; it
        needs no answer, because a newer press shows its page."""
        response = ack()
        view = body["view"]
        try:
            question_id = question_of(view)
            pages = pages_of(question_id)
            if pages is not None:
                delivery.client.views_update(
                    view_id=view["id"],
                    hash=view["hash"],
                    view=details_modal(question_id, pages, int(action["value"])),
                )
        except LogUnavailable as error:
            logger.error("%s", error)
        except (SlackApiError, OSError) as error:
            logger.warning("a page was not turned: %s", _why(error))
        return response

    def pages_of(question_id: str) -> Sequence[Sequence[Block]] | None:
        """The pages of an answer; None where the log does not have it."""
        record = delivery.log.get(question_id)
        if record is None or record.id != question_id or record.answer is None:
            return None
        answer = delivery.desk.retitled(Answer.from_dict(record.answer))
        return detail_pages(answer, delivery.desk.governing(answer))

    def nothing() -> None:
        """The middleware has done everything."""

    app.action(re.compile(f"^({RULES}|{_SEE_MORE})$"), middleware=[open_modal])(nothing)
    app.action(re.compile(f"^({NEXT}|{BACK})$"), middleware=[turn])(nothing)


def _why(error: Exception) -> str:
    """Slack's error code: the rest of its response may quote the modal."""
    return str(error.response["error"]) if isinstance(error, SlackApiError) else str(error)[:200]
