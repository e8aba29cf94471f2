"""Finishes what an earlier run left unfinished: messages in the outbox, and questions that the log
shows to have no answer, or an answer that did not get into the outbox."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import cast

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord, Record
from bot.querylog.records import Pending, Surface
from bot.querylog.unfinished import MOST_MINUTES, Unfinished, unfinished
from bot.slack.conversation import to_update
from bot.slack.delivery import SlackDelivery
from bot.slack.people import is_for_asker_alone
from bot.slack.web_api import Posted, Way, for_one_anywhere, in_thread, update
from bot.views.shared import removals_to_tell

logger = logging.getLogger("codedesk.slack")

#: Seconds to wait for these posts before serving begins; a rate limit may take longer.
_PATIENCE = 5.0

_SURFACES: tuple[Surface, ...] = ("mention", "dm", "slash", "shortcut", "button")


def recover(
    delivery: SlackDelivery,
    say_line: Callable[[str], None],
    *,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> None:
    """Go on with the outbox, answer recent questions, and send recent answers that are not in the
    outbox. Older ones are marked `abandoned`, and answers that may or may not have been posted
    `unknown`.

    To be called before anything new is taken, and in one process only.
    """
    left = _without_kept(delivery, unfinished(delivery.log, _SURFACES, now()), now())
    sent = [
        done for post, done in delivery.outbox.resume(now().timestamp()) if post.kind == "answer"
    ]
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
            counted=False,
        )
        sent.append(posted)
        if removed and not private:
            posted.add_done_callback(partial(_tell_removed, delivery, pending))
    delivery.outbox.settle(_PATIENCE)
    for posted in sent:
        outcome = posted.result().outcome if posted.done() else "waiting"
        counts["answered" if outcome == "delivered" else outcome] += 1
    if counts.total():
        kinds = ("answered", "failed", "abandoned", "unknown", "waiting")
        lines = {kind: counts[kind] for kind in kinds}
        say_line(message("slack.recovered", minutes=MOST_MINUTES, **lines))


def _without_kept(delivery: SlackDelivery, left: Unfinished, now: dt.datetime) -> Unfinished:
    """What the outbox does not have. An answer without a delivery that is not there, either, was
    certainly not sent: the outbox keeps a message until the log has its delivery."""
    kept = delivery.outbox.answers()
    to_send = [pending for pending in left.to_send if pending.id not in kept]
    uncertain = [question for question in left.uncertain if question not in kept]
    too_old = [question for question in left.too_old if question not in kept]
    if not delivery.outbox.store.is_new:
        for pending in _pending(delivery, uncertain):
            if now - pending.asked_at < dt.timedelta(minutes=MOST_MINUTES):
                to_send.append(pending)
            else:
                too_old.append(pending.id)
        uncertain = []
    return Unfinished(left.to_answer, to_send, uncertain, too_old)


def _pending(delivery: SlackDelivery, question_ids: list[str]) -> Iterator[Pending]:
    for question_id in question_ids:
        if record := delivery.log.get(question_id):
            asked = QuestionRecord(
                record.text,
                cast(Surface, record.surface),
                user=record.user,
                team=record.team,
                channel=record.channel,
                thread=record.thread,
                removed=tuple(record.removed),
                releases=record.releases,
                options=record.options or None,
                after=record.after,
                workspace=record.workspace,
                enterprise=record.enterprise,
            )
            yield Pending(record.id, dt.datetime.fromisoformat(record.asked_at), asked)


def _sent_after_all(delivery: SlackDelivery, pending: Pending) -> list[Future[Posted]]:
    """Send a logged answer by a way that is still open; [] when the log no longer has it."""
    record = delivery.log.get(pending.id)
    if record is None or record.answer is None:
        delivery.record(pending.id, Posted("abandoned", "no longer in the log"))
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
    """The way for the answer, and the way to the asker alone. The log keeps no response_url, so
    what only the asker sees comes as a message to them."""
    client, channel, user = delivery.client_for(asked), asked.channel or "", asked.user or ""
    # Not in a thread: Slack shows such a message only in a thread that has replies.
    alone = for_one_anywhere(client, channel, user) if channel else in_thread(client, user, None)
    if _is_private(asked):
        return alone, alone
    way = in_thread(client, channel, asked.thread)
    if ts := to_update(delivery.log, asked):
        way = update(client, channel, ts).or_else(way)
    return way, alone


def _is_private(asked: QuestionRecord) -> bool:
    # Where a button was pressed, and whether all saw the answer there, is known no more.
    return asked.surface == "button" or is_for_asker_alone(asked)
