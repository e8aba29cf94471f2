"""Answers a question that is in the log, and delivers the answer."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from slack_sdk import WebClient

from bot.answer import Answer, Verdict
from bot.desk import Taken
from bot.querylog import Asked, LogUnavailable, QueryLog
from bot.slack.blocks import Message, answer_message, plain_message, removed_message, with_removed
from bot.slack.posting import Posted, post_for_one
from bot.words import say

logger = logging.getLogger("codedesk.slack")

Post = Callable[[Message], Posted]


class Answers(Protocol):
    """What is needed of the desk. It is asked from several threads, one at a time."""

    @property
    def index_build(self) -> str | None:
        """The build of the index that answers come from."""

    def ask(
        self,
        question: str,
        *,
        day: dt.date | None = None,
        systems: Sequence[str] | None = None,
        limit: int = 10,
        editions: Mapping[str, str] | None = None,
    ) -> Answer:
        """Answer one question."""

    def take(self, asked: str) -> Taken:
        """A question as it may be stored."""

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
    #: Answers are worked out one at a time. Several at once take longer in all, and keep the
    #: interpreter from acknowledging what comes in meanwhile: of 40 questions sent together, the
    #: last acknowledgement left after 0.6 s, so it leaves after 0.15 s.
    _working: threading.Lock = field(default_factory=threading.Lock)

    def answer(
        self,
        question: str,
        text: str,
        post: Post,
        *,
        asked: float,
        shareable: bool = False,
        private: bool = False,
        removed: Sequence[str] = (),
        editions: Mapping[str, str] | None = None,
    ) -> Posted:
        """Answer, log the answer, post it, log what became of the post.

        `question` is the id in the log, `text` the question as typed (or, with the `editions` of
        its date, as it was stored), `asked` the time.monotonic() at which it came, `private` that
        only the asker sees the answer, as when it is `shareable`; `removed` are the kinds of
        identifiers of which such an answer must tell.
        """
        try:
            with self._working:
                answer = self.desk.ask(text, editions=editions) if editions else self.desk.ask(text)
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
            post(plain_message(say("slack.not_logged")))
            return Posted("failed", "log unavailable")
        except Exception as error:
            # Whatever it was, the one who asked is told, and the next question is answered.
            # The message of an error may hold the question as it was typed.
            failed = Posted("failed", type(error).__name__)
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("question %s: %s at\n%s", question, type(error).__name__, where)
            self._write(question, failed)
            post(plain_message(say("slack.went_wrong", question=question)))
            return failed
        if self.log.is_unlogged(question):
            answer = replace(answer, notices=[say("log.unlogged"), *answer.notices])
        message = answer_message(answer, question, shareable=shareable, private=private)
        posted = post(with_removed(message, removed) if removed else message)
        self.record(question, posted)
        return posted

    def tell_removed(self, question: str, asked: Asked, thread: str | None) -> None:
        """Tell the asker privately, where the message stands, what was taken out of it."""
        message = removed_message(asked.removed)
        posted = post_for_one(self.client, asked.channel or "", asked.user or "", message, thread)
        self.record(question, posted, "identifiers")

    def record(self, question: str, posted: Posted, kind: str = "answer") -> None:
        """Log what became of a post. When that fails, the next start finds it unfinished."""
        if posted.outcome != "delivered":
            logger.warning("%s to %s: %s (%s)", kind, question, posted.outcome, posted.detail)
        self._write(question, posted, kind)

    def _write(self, question: str, posted: Posted, kind: str = "answer") -> None:
        try:
            self.log.delivered(question, posted.outcome, posted.detail, kind)
        except LogUnavailable as error:
            logger.error("%s", error)
