"""Answers logged questions in Slack."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from slack_sdk import WebClient

from bot.desk.answer import Answer
from bot.logged_desk import Answers, Done, LoggedDesk, LoggedQuestion
from bot.messages import message
from bot.querylog import LogUnavailable, QueryLog, QuestionRecord
from bot.querylog.unfinished import MOST_MINUTES
from bot.slack.lanes import Lanes
from bot.slack.searches import Searches
from bot.slack.state import State
from bot.slack.views.answer import answer_message, removed_message, with_removed
from bot.slack.views.block_kit import Message, plain_message
from bot.slack.web_api import Posted, Way, delete_original, for_one, respond

logger = logging.getLogger("codedesk.slack")

#: Sends answers: see `bot.logged_desk.Deliver`.
_Sending = Callable[[list[Answer], Done], Future[Posted]]


class SlackDelivery:
    """Sends the answers of a desk to Slack and logs what became of them. Safe to use from many
    threads."""

    def __init__(
        self,
        desk: Answers,
        log: QueryLog,
        client: WebClient,
        state: State,
        lanes: Lanes | None = None,
        searches: Searches | None = None,
    ) -> None:
        """`searches`: where questions that take a search wait; None: in the calling thread."""
        self.desk = desk
        self.log = log
        self.client = client
        self.state = state
        self.lanes = lanes or Lanes()
        self.searches = searches
        self.logged = LoggedDesk(desk, log)

    def answer(
        self,
        question: LoggedQuestion,
        way: Way,
        *,
        tell: Way,
        shareable: bool = False,
        private: bool = False,
        removed: Sequence[str] = (),
    ) -> Future[Posted]:
        """Answer, log the answer, and send it by `way`. The future has what became of it, once that
        is logged. A question that takes a search waits for its turn, and this returns at once.

        `private`: only the asker sees the answer; so it is when it is `shareable`, too. `removed`:
        the kinds of identifiers that such an answer says were removed. `tell`: a way to the asker
        alone, to say that Slack did not take the answer in time.
        """
        sending = self._sending(
            question.id, way, tell, shareable=shareable, private=private, removed=removed
        )
        if self.searches and question.searches:
            return self.searches.run(lambda: self._answer(question, way, sending))
        return self._answer(question, way, sending)

    def _answer(self, question: LoggedQuestion, way: Way, sending: _Sending) -> Future[Posted]:
        try:
            return self.logged.answer([question], sending)
        except LogUnavailable as error:
            # The log has no answer, so the question counts as unanswered there. That is right.
            logger.error("%s", error)
            self.post(way, plain_message(message("slack.not_logged")))
            return _done(Posted("failed", "log unavailable"))
        except Exception as error:
            # Whatever the error is, the asker is told, and the next question is answered.
            # The error's message is not logged: it may hold the question as it was typed.
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("question %s: %s at\n%s", question.id, type(error).__name__, where)
            self.post(way, plain_message(message("slack.went_wrong", question=question.id)))
            return _done(Posted("failed", type(error).__name__))

    def send_after_all(
        self,
        question_id: str,
        answer: Answer,
        way: Way,
        *,
        tell: Way,
        private: bool,
        removed: Sequence[str],
    ) -> Future[Posted]:
        """Send an answer that is already in the log. The arguments are those of `answer`."""
        sending = self._sending(question_id, way, tell, private=private, removed=removed)
        return self.logged.deliver([question_id], [answer], sending)

    def _sending(
        self,
        question_id: str,
        way: Way,
        tell: Way,
        *,
        shareable: bool = False,
        private: bool,
        removed: Sequence[str],
    ) -> _Sending:
        def deliver(answers: list[Answer], done: Done) -> Future[Posted]:
            (answer,) = answers
            drawn = answer_message(answer, question_id, shareable=shareable, private=private)

            def then(posted: Posted) -> None:
                _warn(posted, f"answer to {question_id}")
                done(posted.outcome, posted.detail)
                if posted.limited:
                    self._tell_of_loss(question_id, tell)

            return self.post(way, with_removed(drawn, removed) if removed else drawn, then)

        return deliver

    def _tell_of_loss(self, question_id: str, tell: Way) -> None:
        text = message("slack.not_posted", question=question_id, minutes=MOST_MINUTES)
        self.post(
            tell, plain_message(text), lambda posted: self.record(question_id, posted, "notice")
        )

    def tell_removed(
        self, question_id: str, asked: QuestionRecord, thread: str | None = None
    ) -> Future[Posted]:
        """Tell the asker privately, in the channel of the message, which identifiers were
        removed."""
        way = for_one(self.client, asked.channel or "", asked.user or "", thread)
        return self.post(
            way,
            removed_message(asked.removed),
            lambda posted: self.record(question_id, posted, "identifiers"),
        )

    def post(
        self, way: Way, drawn: Message, then: Callable[[Posted], None] | None = None
    ) -> Future[Posted]:
        """Queue a message, and return at once. `then` is called with what became of it."""
        return self.lanes.send(way.lane, lambda: way.send(drawn), then or _warn)

    def delete_original(self, url: str) -> Future[Posted]:
        """Delete the message whose button was pressed."""
        return self.lanes.send(respond(url).lane, lambda: delete_original(url), _warn)

    def record(self, question_id: str, posted: Posted, kind: str = "answer") -> None:
        """Log what became of a post. If that fails, the next start finds the question
        unfinished."""
        _warn(posted, f"{kind} to {question_id}")
        self.logged.record([question_id], posted.outcome, posted.detail, kind)


def _done(posted: Posted) -> Future[Posted]:
    future: Future[Posted] = Future()
    future.set_result(posted)
    return future


def _warn(posted: Posted, what: str = "a message was not sent") -> None:
    """Warn the operator of a post that was not delivered."""
    if posted.outcome != "delivered":
        logger.warning("%s: %s (%s)", what, posted.outcome, posted.detail)
