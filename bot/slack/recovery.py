"""Goes on with what no replica works on any more: messages in the outbox, and questions that the
log shows to have no answer, or an answer that did not get into the outbox.

That is what a process left that was killed, and what is left of an earlier run. Every replica looks
for it at its start, and then every second. A question belongs to the replica that has it in the
state (see `replicas`). One that nobody has there was taken so lately that it is not written down
yet, or its replica has died before: that is certain once every other replica has renewed its lease
since, or lost it.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from bot.database import DatabaseError
from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord, Record
from bot.querylog.records import Outcome, Pending, Surface
from bot.querylog.unfinished import MOST_MINUTES
from bot.slack.conversation import key_of, to_update
from bot.slack.delivery import SlackDelivery
from bot.slack.open_questions import OpenQuestions
from bot.slack.outbox import TAKEN_OVER
from bot.slack.people import is_for_asker_alone
from bot.slack.web_api import Posted, Way, for_one_anywhere, in_thread, update
from bot.views.shared import removals_to_tell

logger = logging.getLogger("codedesk.slack")

#: Seconds to wait for these posts before serving begins; a rate limit may take longer.
_PATIENCE = 5.0
#: Seconds between looks, more or less by a quarter, so that replicas do not look together.
_LOOK_EVERY = 1.0
#: Questions that are taken over at one look: the rest is left for other replicas to share.
_AT_ONCE = 20

_Now = Callable[[], dt.datetime]


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def recover(delivery: SlackDelivery, say_line: Callable[[str], None], *, now: _Now = _utc) -> None:
    """Go on with what an earlier run left, and say what became of it. To be called before anything
    new is taken."""
    Recovery(delivery, now).at_start(say_line)


class Recovery:
    """Takes over what others left. Each method is for one thread at a time."""

    def __init__(self, delivery: SlackDelivery, now: _Now = _utc) -> None:
        self._delivery = delivery
        self._now = now
        self._questions = OpenQuestions(delivery.log)
        #: Of questions that nobody has: the replicas that may have taken them, with the time at
        #: which the lease of each was to end.
        self._watched: dict[str, dict[str, float]] = {}
        #: Before the outbox was there, an answer without a delivery may have been sent.
        self._uncertain = delivery.outbox.store.is_new

    def at_start(self, say_line: Callable[[str], None]) -> None:
        """Take over all that can be, and wait a moment for it."""
        try:
            counts, sent = self.look(most=None)
        except LogUnavailable as error:
            logger.error("%s", error)
            return
        self._uncertain = False
        self._delivery.outbox.settle(_PATIENCE)
        for posted in sent:
            outcome = posted.result().outcome if posted.done() else "waiting"
            counts["answered" if outcome == "delivered" else outcome] += 1
        if counts.total():
            kinds = ("answered", "failed", "abandoned", "unknown", "waiting")
            lines = {kind: counts[kind] for kind in kinds}
            say_line(message("slack.recovered", minutes=MOST_MINUTES, **lines))

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look every second, in a thread of its own."""
        stop = threading.Event()
        thread = threading.Thread(target=self._work, args=(stop,), name="recovery", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _work(self, stop: threading.Event) -> None:
        broken = ""
        while not stop.wait(_LOOK_EVERY * random.uniform(0.75, 1.25)):
            try:
                self._delivery.outbox.look()
                counts, sent = self.look()
                if total := counts.total() + len(sent):
                    logger.warning("took over the work of a process that is gone: %s", total)
                broken = ""
            except (DatabaseError, LogUnavailable) as error:
                if broken != str(error):
                    logger.error("%s", error)
                broken = str(error)
            except Exception as error:
                # The error's message is not logged: it may hold what was asked.
                where = "".join(traceback.format_tb(error.__traceback__))
                logger.error("taking over: %s at\n%s", type(error).__name__, where)

    def look(self, most: int | None = _AT_ONCE) -> tuple[Counter[str], list[Future[Posted]]]:
        """Take over what no replica works on: at most so many questions, and all messages. Gives
        how many were given up, by outcome, and what becomes of the others. Raises DatabaseError and
        LogUnavailable."""
        delivery = self._delivery
        sent: list[Future[Posted]] = []
        for post, done in delivery.outbox.resume(self._now().timestamp()):
            if post.kind == "answer" and post.question:
                sent.append(done)
                self._after(post.question, done)
        taken = self._claimed(self._questions.read(), most)
        given_up: dict[Outcome, list[str]] = {"abandoned": [], "unknown": []}
        for question in sorted(taken, key=taken.index):
            record = delivery.log.get(question)
            if record is None or record.id != question or (record.redactions and not record.text):
                self._drop([question])  # It was removed, or redacted.
            elif outcome := self._too_late(record):
                given_up[outcome].append(question)
            elif record.delivery == "unanswered":
                sent.append(self._answered(self._pending(record)))
            elif record.delivery not in ("waiting", "undelivered"):
                self._drop([question])  # It was finished meanwhile.
            elif record.answer is None:
                given_up["abandoned"].append(question)  # Its answer was redacted.
            else:
                sent.append(self._sent_after_all(record, record.answer))
        self._give_up(given_up)
        return Counter({outcome: len(ids) for outcome, ids in given_up.items()}), sent

    # Whose a question is

    def _claimed(self, found: list[str], most: int | None) -> list[str]:
        """Those of these questions that nobody works on, and that are now the work of this
        replica."""
        replica, outbox = self._delivery.replica, self._delivery.outbox
        if not found:
            self._watched.clear()
            return []
        kept = outbox.answers()
        found = [question for question in found if question not in kept]
        others, whose = replica.standing(found)
        orphans: list[str] = []
        watched: dict[str, dict[str, float]] = {}
        for question in found:
            if question in whose:
                if whose[question] not in others and whose[question] != (replica.id or None):
                    orphans.append(question)
            elif not replica.has(question):
                since = self._watched.get(question, others)
                still = {r: until for r, until in since.items() if others.get(r) == until}
                if still:
                    watched[question] = still
                else:
                    orphans.append(question)
        self._watched = watched
        got = replica.claim(orphans[:most], outbox.store.has_answer)
        return [question for question in orphans if question in got]

    def _drop(self, questions: Iterable[str]) -> None:
        questions = list(questions)
        self._questions.forget(questions)
        self._delivery.replica.ended(questions)

    # What is done

    def _too_late(self, record: Record) -> Outcome | None:
        """What becomes of a question about which nothing is done any more."""
        asked_at = dt.datetime.fromisoformat(record.asked_at)
        if record.delivery == "undelivered" and self._uncertain:
            return "unknown"
        # An answer without a delivery that is not in the outbox, either, was certainly not sent:
        # the outbox keeps a message until the log has its delivery.
        old = self._now() - asked_at >= dt.timedelta(minutes=MOST_MINUTES)
        return "abandoned" if old else None

    def _give_up(self, questions: dict[Outcome, list[str]]) -> None:
        why = {
            "abandoned": "the desk was not running",
            "unknown": "the desk stopped while posting",
        }
        for outcome, ids in questions.items():
            if ids:
                try:
                    self._delivery.log.delivered_many(ids, outcome, why[outcome])
                except LogUnavailable as error:
                    logger.error("%s", error)
                else:
                    self._delivery.replica.ended(ids)

    def _answered(self, pending: Pending) -> Future[Posted]:
        delivery, private = self._delivery, _is_private(pending.asked)
        way, tell = _ways_back(delivery, pending.asked)
        removed = removals_to_tell(pending.asked.text, pending.asked.removed)
        posted = delivery.answer(
            delivery.logged.left(pending, self._now()),
            way,
            tell=tell,
            private=private,
            removed=removed if private else (),
        )
        self._after(pending.id, posted)
        return posted

    def _sent_after_all(self, record: Record, logged: dict[str, Any]) -> Future[Posted]:
        """Send a logged answer by a way that is still open."""
        delivery, asked = self._delivery, self._pending(record).asked
        answer = delivery.desk.retitled(Answer.from_dict(logged))
        private = _is_private(asked)
        removed = removals_to_tell(asked.text, asked.removed)
        way, tell = _ways_back(delivery, asked)
        posted = delivery.send_after_all(
            record.id,
            answer,
            way,
            tell=tell,
            private=private,
            removed=removed if private else (),
        )
        self._after(record.id, posted)
        return posted

    def _pending(self, record: Record) -> Pending:
        asked = QuestionRecord(
            record.text,
            cast(Surface, record.surface),
            user=record.user,
            team=record.team,
            channel=record.channel,
            thread=record.thread,
            message_key=key_of(self._delivery.log, record.id),
            removed=tuple(record.removed),
            releases=record.releases,
            options=record.options or None,
            after=record.after,
        )
        return Pending(record.id, dt.datetime.fromisoformat(record.asked_at), asked)

    def _after(self, question: str, posted: Future[Posted]) -> None:
        posted.add_done_callback(partial(self._follow, question))

    def _follow(self, question: str, posted: Future[Posted]) -> None:
        """What follows an answer, as it does without an interruption: the asker is told what was
        removed, and what a later version of the question makes superfluous is deleted."""
        if posted.cancelled() or posted.result() == TAKEN_OVER:
            return
        if posted.result().outcome == "waiting":
            return
        try:
            record = self._delivery.log.get(question)
            if record is None or _is_private(asked := self._pending(record).asked):
                return
            if removals_to_tell(asked.text, asked.removed) and not _was_told(record):
                self._delivery.tell_removed(question, asked)
            self._delivery.tidy(asked)
        except LogUnavailable as error:
            logger.error("%s", error)


def _was_told(record: Record) -> bool:
    """Whether the asker was, or may have been, told which identifiers were removed."""
    outcomes = {d["outcome"] for d in record.deliveries if d["kind"] == "identifiers"}
    return bool({"delivered", "unknown"} & outcomes)


def _ways_back(delivery: SlackDelivery, asked: QuestionRecord) -> tuple[Way, Way]:
    """The way for the answer, and the way to the asker alone. The log keeps no response_url, so
    what only the asker sees comes as a message to them."""
    client, channel, user = delivery.client, asked.channel or "", asked.user or ""
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
