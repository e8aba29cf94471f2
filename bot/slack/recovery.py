"""Finishes what an earlier run left unfinished, as the log shows it."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord, Record
from bot.querylog.records import Pending, Surface
from bot.querylog.unfinished import MOST_MINUTES, unfinished
from bot.slack.delivery import SlackDelivery
from bot.slack.people import is_for_asker_alone
from bot.slack.web_api import Posted, Way, for_one, for_one_anywhere, in_thread
from bot.views.shared import removals_to_tell

logger = logging.getLogger("codedesk.slack")

#: Seconds to wait for these posts before serving begins; a rate limit may take longer.
_PATIENCE = 5.0

_SURFACES: tuple[Surface, ...] = ("mention", "dm", "slash")


def recover(
    delivery: SlackDelivery,
    say_line: Callable[[str], None],
    *,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> None:
    """Answer recent questions, and send recent answers that were certainly not sent. Older ones are
    marked `abandoned`, and answers that may or may not have been posted `unknown`.

    To be called before anything new is taken, and in one process only.
    """
    sent: list[Future[Posted]] = []
    left = unfinished(delivery.log, _SURFACES, now())
    try:
        left.mark(
            delivery.log,
            abandoned="the desk was not running",
            unknown="the desk stopped while posting",
        )
    except LogUnavailable as error:
        logger.error("%s", error)
    counts = Counter(abandoned=len(left.too_old), unknown=len(left.uncertain))
    for pending in left.to_send:
        sent += _sent_after_all(delivery, pending)
    for pending in left.to_answer:
        private = _is_private(pending.asked)
        way, tell = _ways_back(delivery, pending.asked)
        removed = removals_to_tell(pending.asked.text, pending.asked.removed)
        posted = delivery.answer(
            delivery.logged.left(pending, now()),
            way,
            tell=tell,
            private=private,
            removed=removed if private else (),
        )
        sent.append(posted)
        if removed and not private:
            posted.add_done_callback(partial(_tell_removed, delivery, pending))
    delivery.lanes.settle(_PATIENCE)
    for posted in sent:
        outcome = posted.result().outcome if posted.done() else "waiting"
        counts[{"delivered": "answered", "waiting": "waiting"}.get(outcome, "failed")] += 1
    if counts.total():
        kinds = ("answered", "failed", "abandoned", "unknown", "waiting")
        lines = {kind: counts[kind] for kind in kinds}
        say_line(message("slack.recovered", minutes=MOST_MINUTES, **lines))


def _sent_after_all(delivery: SlackDelivery, pending: Pending) -> list[Future[Posted]]:
    """Send a logged answer by a way that is still open; [] when the log no longer has it, or when
    it may not be sent again."""
    record = delivery.log.get(pending.id)
    if record is None or record.answer is None:
        delivery.record(pending.id, Posted("abandoned", "no longer in the log"))
        return []
    try:
        if not delivery.log.claim(pending.id):
            return []
    except LogUnavailable as error:
        # Without this record the next start would send it again, so it is not sent.
        logger.error("%s", error)
        return []
    answer = delivery.desk.retitled(Answer.from_dict(record.answer))
    asked, private = pending.asked, _is_private(pending.asked)
    removed = removals_to_tell(asked.text, asked.removed)
    way, tell = _ways_back(delivery, asked)
    posted = delivery.send_after_all(
        pending.id,
        answer,
        way,
        tell=tell,
        private=private,
        removed=removed if private else (),
    )
    if removed and not private and not _was_told(record):
        posted.add_done_callback(partial(_tell_removed, delivery, pending))
    return [posted]


def _tell_removed(delivery: SlackDelivery, pending: Pending, _: Future[Posted]) -> None:
    delivery.tell_removed(pending.id, pending.asked)


def _was_told(record: Record) -> bool:
    """Whether the asker was, or may have been, told which identifiers were removed."""
    outcomes = {d["outcome"] for d in record.deliveries if d["kind"] == "identifiers"}
    return bool({"delivered", "unknown"} & outcomes)


def _ways_back(delivery: SlackDelivery, asked: QuestionRecord) -> tuple[Way, Way]:
    """The way for the answer, and the way to the asker alone. A command is not answered by its
    response_url, which is not kept."""
    client, channel, user = delivery.client, asked.channel or "", asked.user or ""
    if asked.surface == "slash":
        way = for_one_anywhere(client, channel, user)
        return way, way
    tell = for_one(client, channel, user)
    return (tell if is_for_asker_alone(asked) else in_thread(client, channel, asked.thread)), tell


def _is_private(asked: QuestionRecord) -> bool:
    return asked.surface == "slash" or is_for_asker_alone(asked)
