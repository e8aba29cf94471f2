"""Answers a question that is in the log, and sends the answer on its way."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from slack_sdk import WebClient

from bot.desk.answer import Answer, Verdict
from bot.desk.question import Question
from bot.querylog import Asked, LogUnavailable, QueryLog
from bot.slack.blocks import Message, answer_message, plain_message, removed_message, with_removed
from bot.slack.lanes import MOST_MINUTES, Lanes
from bot.slack.posting import Posted, Way, delete_original, for_one, respond
from bot.words import say

logger = logging.getLogger("codedesk.slack")


class Answers(Protocol):
    """What is needed of the desk. It is asked from several threads, one at a time."""

    @property
    def index_build(self) -> str | None:
        """The build of the index that answers come from."""

    def ask(
        self,
        question: Question | str,
        *,
        limit: int = 10,
        editions: Mapping[str, str] | None = None,
    ) -> Answer:
        """Answer one question."""

    def take(self, asked: str) -> Question:
        """Read a question; its scrubbed text may be stored."""

    def made_with(self, *answers: Answer) -> dict[str, Any]:
        """What these answers were made with, as the log keeps it."""

    def retitled(self, answer: Answer) -> Answer:
        """An answer out of the log with the words that the log does not keep."""

    def verdicts_on(self, typed: str) -> list[Verdict]:
        """On a code, in each loaded system that has it."""

    def scrub(self, text: str) -> str:
        """A text that people type beside a question, as it may be stored."""

    def ready(self) -> None:
        """Load what the first question would otherwise wait for."""


@dataclass(frozen=True, slots=True)
class Courier:
    """The desk, the log and the way to Slack. Safe to use from many threads."""

    desk: Answers
    log: QueryLog
    client: WebClient
    lanes: Lanes = field(default_factory=Lanes)
    #: Answers are worked out one at a time. Several at once take longer in all, and keep the
    #: interpreter from acknowledging what comes in meanwhile: of 40 questions sent together, the
    #: last acknowledgement left after 0.6 s, so it leaves after 0.15 s.
    _working: threading.Lock = field(default_factory=threading.Lock)

    def answer(
        self,
        question: str,
        read: Question | str,
        way: Way,
        *,
        asked: float,
        tell: Way,
        shareable: bool = False,
        private: bool = False,
        removed: Sequence[str] = (),
        editions: Mapping[str, str] | None = None,
    ) -> Future[Posted]:
        """Answer, log the answer, and send it on its way; what became of it, once it is logged.

        `question` is the id in the log, `read` the question (or, with the `editions` of its date,
        its text as it was stored), `asked` the time.monotonic() at which it came, `private` that
        only the asker sees the answer, as when it is `shareable`; `removed` are the kinds of
        identifiers of which such an answer must tell. `tell` is a way to the asker alone, should
        Slack not take the answer in time.
        """
        try:
            with self._working:
                answer = self.desk.ask(read, editions=editions) if editions else self.desk.ask(read)
            latency_ms = (time.monotonic() - asked) * 1000
            self.log.answered(
                question,
                answer,
                index_build=self.desk.index_build,
                latency_ms=latency_ms,
                made_with=self.desk.made_with(answer),
            )
        except LogUnavailable as error:
            # Without an answer in the log the question counts as unanswered; so it is.
            logger.error("%s", error)
            self.post(way, plain_message(say("slack.not_logged")))
            return _done(Posted("failed", "log unavailable"))
        except Exception as error:
            # Whatever it was, the one who asked is told, and the next question is answered.
            # The message of an error may hold the question as it was typed.
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("question %s: %s at\n%s", question, type(error).__name__, where)
            failed = Posted("failed", type(error).__name__)
            self._write(question, failed)
            self.post(way, plain_message(say("slack.went_wrong", question=question)))
            return _done(failed)
        if self.log.is_unlogged(question):
            answer = replace(answer, notices=[say("log.unlogged"), *answer.notices])
        message = answer_message(answer, question, shareable=shareable, private=private)
        return self.deliver(
            question, with_removed(message, removed) if removed else message, way, tell
        )

    def deliver(self, question: str, message: Message, way: Way, tell: Way) -> Future[Posted]:
        """Post an answer that is in the log, log what became of it, and say so when it is lost."""

        def then(posted: Posted) -> None:
            self.record(question, posted)
            if posted.limited:
                lost = say("slack.not_posted", question=question, minutes=MOST_MINUTES)
                self.post(
                    tell, plain_message(lost), lambda told: self.record(question, told, "notice")
                )

        return self.post(way, message, then)

    def tell_removed(
        self, question: str, asked: Asked, thread: str | None = None
    ) -> Future[Posted]:
        """Tell the asker privately, where the message stands, what was taken out of it."""
        way = for_one(self.client, asked.channel or "", asked.user or "", thread)
        message = removed_message(asked.removed)
        return self.post(way, message, lambda posted: self.record(question, posted, "identifiers"))

    def post(
        self, way: Way, message: Message, then: Callable[[Posted], None] | None = None
    ) -> Future[Posted]:
        """Post when the turn comes, and do `then` with what became of it; waits for nothing."""
        return self.lanes.send(way.lane, lambda: way.send(message), then or _warn)

    def delete_original(self, url: str) -> Future[Posted]:
        """Take away the message that a button was pressed on."""
        return self.lanes.send(respond(url).lane, lambda: delete_original(url), _warn)

    def record(self, question: str, posted: Posted, kind: str = "answer") -> None:
        """Log what became of a post. When that fails, the next start finds it unfinished."""
        if posted.outcome != "delivered":
            logger.warning("%s to %s: %s (%s)", kind, question, posted.outcome, posted.detail)
        if posted.outcome == "waiting" and kind != "answer":
            posted = replace(posted, outcome="failed")  # only answers are sent after all
        self._write(question, posted, kind)

    def _write(self, question: str, posted: Posted, kind: str = "answer") -> None:
        try:
            self.log.delivered(question, posted.outcome, posted.detail, kind)
        except LogUnavailable as error:
            logger.error("%s", error)


def _done(posted: Posted) -> Future[Posted]:
    future: Future[Posted] = Future()
    future.set_result(posted)
    return future


def _warn(posted: Posted) -> None:
    """What is on record of no question is at least told to whoever runs Code Desk."""
    if posted.outcome != "delivered":
        logger.warning("a message was not sent: %s (%s)", posted.outcome, posted.detail)
