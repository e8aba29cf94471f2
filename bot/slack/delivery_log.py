"""What the outbox asks the log of questions, and tells it: see `bot.slack.outbox.Keeper`."""

from __future__ import annotations

import logging

from bot.messages import message
from bot.operations import events
from bot.querylog import LogUnavailable, NoSuchQuestion, QueryLog
from bot.slack.outbox import WITHDRAWN
from bot.slack.outbox_store import Post
from bot.slack.views.block_kit import below, plain_message
from bot.slack.web_api import Posted

logger = logging.getLogger("codedesk.slack")


class DeliveryLog:
    """Safe to use from many threads."""

    def __init__(self, log: QueryLog) -> None:
        self._log = log

    def wanted(self, post: Post) -> bool:
        """Whether a post is still to be sent: an answer that was withdrawn is not."""
        if post.kind != "answer" or not post.question:
            return True
        try:
            record = self._log.get(post.question)
        except LogUnavailable:
            return True
        return record is None or record.delivery != "abandoned"

    def became(self, post: Post, posted: Posted) -> bool:
        """Log what became of a post. False when the log cannot be written."""
        what = f"{post.kind} to {post.question}" if post.kind else "a message was not sent"
        if posted != WITHDRAWN:
            warn(posted, what)
        if not post.question or posted == WITHDRAWN:
            return True  # That it was withdrawn is on record.
        if posted.outcome == "waiting" and post.kind != "answer":
            return True  # Only answers are asked for in the log: it is in the outbox.
        try:
            self._log.delivered(post.question, posted.outcome, posted.detail, post.kind)
        except LogUnavailable as error:
            events.tell(events.Event("log.failed"))
            logger.error("%s", error)
            return False
        except NoSuchQuestion:
            pass  # It was removed from the log meanwhile.
        events.tell(
            events.Event(
                "question.delivered", post.question, outcome=posted.outcome, kind=post.kind
            )
        )
        return True

    def knows(self, post: Post, posted: Posted) -> bool:
        """Whether what became of a post is logged already."""
        try:
            record = self._log.get(post.question) if post.question else None
        except LogUnavailable:
            return False
        same = {"kind": post.kind, "outcome": posted.outcome, "detail": posted.detail}
        return record is not None and any(same.items() <= d.items() for d in record.deliveries)

    def follows(self, post: Post, posted: Posted) -> Post | None:
        """The copy for the asker alone, with the reason why they get it."""
        if not (post.tell and post.copy) or posted.outcome not in ("failed", "unknown"):
            return None
        why = plain_message(message(f"slack.copy_{posted.outcome}"))
        return Post(post.tell, below(why, post.copy), post.question, "copy")


def warn(posted: Posted, what: str = "a message was not sent") -> None:
    """Warn the operator of a post that was not delivered."""
    if posted.outcome != "delivered":
        logger.warning("%s: %s (%s)", what, posted.outcome, posted.detail)
