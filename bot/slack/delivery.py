"""Answers logged questions in Slack."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from slack_sdk import WebClient

from bot.desk.answer import Answer
from bot.loading.renewing import Renewing
from bot.logged_desk import Answers, Done, LoggedDesk, LoggedQuestion
from bot.messages import message
from bot.querylog import AlreadyAnswered, LogUnavailable, QueryLog, QuestionRecord, Record
from bot.querylog.fallback import UNLOGGED
from bot.querylog.workspaces import of_workspace
from bot.settings import Settings
from bot.slack.conversation import NOT_OUT, original_key, strays, versions
from bot.slack.delivery_log import DeliveryLog, warn
from bot.slack.explaining import Explaining
from bot.slack.outbox import TAKEN_OVER, Outbox, Then
from bot.slack.outbox_store import Post, Unless
from bot.slack.people import People, said_of_defaults
from bot.slack.replicas import Replica
from bot.slack.searches import Searches, Wait
from bot.slack.state import State
from bot.slack.told import Told, conversation
from bot.slack.views.answer import answer_message, removed_message, with_removed
from bot.slack.views.block_kit import Message, plain_message
from bot.slack.views.notices import loaded_told
from bot.slack.views.said_defaults import with_said
from bot.slack.web_api import VIEW, Posted, Way, delete, delete_original, for_one_anywhere
from bot.slack.workspaces.clients import Clients, clients_of
from bot.slack.workspaces.limits import Limits, Over
from bot.slack.workspaces.place import Workspace, workspace_of
from bot.slack.workspaces.rights import Rights
from bot.slack.workspaces.roles import Roles

if TYPE_CHECKING:
    from bot.language_model.model import LanguageModel

logger = logging.getLogger("codedesk.slack")

#: Seconds from which on a wait is told. Up to there, Slack shows that an agent is at work.
_LONG = 5.0
#: The way for an answer; of None, for a sentence in its place.
Into = Callable[[Answer | None], Way]
#: Sends answers: see `bot.logged_desk.Deliver`.
_Sending = Callable[[list[Answer], Done], Future[Posted]]


class SlackDelivery:
    """Sends the answers of a desk to Slack and logs what became of them. Safe to use from many
    threads."""

    def __init__(
        self,
        desk: Answers,
        log: QueryLog,
        client: WebClient | Clients,
        state: State,
        model: LanguageModel | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.desk = desk
        self.log = log
        self.clients = clients_of(client)
        self.state = state
        #: This process among those that share the log and the state.
        self.replica = Replica(state)
        self.people = People(state)
        self.roles = Roles(state, settings)
        strangers = settings is None or settings.answers_strangers
        self.rights = Rights(state, self.roles, strangers)
        self.limits = Limits(state, *(settings.limits_per_minute if settings else (0, 0)))
        self.logged = LoggedDesk(desk, log, model, self.replica)
        self.told = Told(state)
        self.outbox = Outbox(state, self.clients, DeliveryLog(log), replica=self.replica)
        #: Where questions that take a search wait; None: in the calling thread.
        self.searches: Searches | None = None
        self._explaining = Explaining(self.logged, state, self._explain)
        between = self.logged.between_answers
        self.renewing = Renewing(settings, desk, between) if settings else None

    @property
    def client(self) -> WebClient:
        """The client of the bot token; for desks of one workspace."""
        assert self.clients.single is not None
        return self.clients.single

    def client_of(self, body: Mapping[str, Any]) -> WebClient:
        """The client for the workspace that a request is from."""
        return self.clients.of(body)

    def client_for(self, asked: QuestionRecord) -> WebClient:
        """The client for the workspace that a question was asked in."""
        place = Workspace(asked.workspace or asked.team or "", asked.enterprise or "")
        return self.clients.for_workspace(place)

    def shows(self, record: Record, body: Mapping[str, Any]) -> bool:
        """Whether a question of the log may be shown where a request is from: it was asked in the
        same workspace. With a bot token there is only one."""
        return not self.clients.many or of_workspace(record) == workspace_of(body).team

    def answer(
        self,
        question: LoggedQuestion,
        way: Way | Into,
        *,
        tell: Way,
        shareable: bool = False,
        private: bool = False,
        removed: Sequence[str] = (),
        redraw: Callable[[Message], Message] | None = None,
        counted: bool = True,
    ) -> Future[Posted]:
        """Answer, log the answer, and send it by `way`, unless it was withdrawn. The future has
        what became of it, once that is logged. A question that takes a search waits for its turn,
        and this returns at once.

        `private`: only the asker sees the answer; so it is when it is `shareable`, too. `removed`:
        the kinds of identifiers that such an answer says were removed. `tell`: a way to the asker
        alone. By it they get the answer if it cannot be delivered by `way`, or if Slack does not
        say whether it was. `redraw` changes the message that is drawn. With `counted` it counts
        against the limits of questions a minute.
        """
        into = _into(way, tell)
        if counted and (over := self._over(question)):
            return self._not_taken(question, over, into, tell, alone=shareable or private)
        sending = self._sending(
            question.id,
            into,
            tell,
            shareable=shareable,
            private=private,
            removed=removed,
            redraw=redraw,
            said=said_of_defaults(question),
            where=conversation(question.asked),
        )

        def trouble(told: str) -> None:
            alone = shareable or private
            self._post_anyhow(into(None), tell, plain_message(told), alone=alone)

        if self.searches and question.searches:
            asked = question.asked
            by = f"{asked.workspace or ''}/{asked.team}/{asked.user}"
            wait = self.searches.wait(by)
            if wait.is_full:
                return self._too_busy(question, wait, trouble)
            # In line at once, so that no later question of the same person comes before it.
            posted = self.searches.run(lambda: self._answer(question, sending, trouble), by)
            if wait.seconds >= _LONG:
                self._say_busy(wait, tell)
            return posted
        return self._answer(question, sending, trouble)

    def _over(self, question: LoggedQuestion) -> Over | None:
        asked = question.asked
        workspace, team = asked.workspace or asked.team or "", asked.team or ""
        return self.limits.ask(workspace, team, asked.user or "")

    def _not_taken(
        self, question: LoggedQuestion, over: Over, into: Into, tell: Way, *, alone: bool
    ) -> Future[Posted]:
        """Put on record that a question was over a limit, and tell the asker, once a minute. A
        modal waits for a sentence in any case."""
        logger.info("over the limit of a %s: question %s", over.of, question.id)
        self._not_answered(question, f"over the limit of the {over.of}")
        way = into(None)
        if over.first or way.how == VIEW:
            told = message(
                f"workspaces.over_{over.of}",
                most=over.most,
                seconds=over.seconds,
                question=question.id,
            )
            self.post(way.or_else(tell) if alone else tell, plain_message(told))
        return _done(Posted("abandoned", "over the limit"))

    def _too_busy(
        self, question: LoggedQuestion, wait: Wait, trouble: Callable[[str], None]
    ) -> Future[Posted]:
        """Say that too many wait. In the log the question was not answered, for this reason."""
        posted = self._not_answered(question, "too many questions were waiting")
        trouble(message("slack.too_busy", number=wait.before, question=question.id))
        return _done(posted)

    def _not_answered(self, question: LoggedQuestion, why: str) -> Posted:
        """Put on record that a question is not answered; then no replica takes it up."""
        posted = Posted("abandoned", why)
        self.record(question.id, posted)
        return posted

    def _say_busy(self, wait: Wait, tell: Way) -> None:
        """Tell the asker alone, at once, how long the answer takes; it comes by its own way. It is
        not logged as a delivery: a question with one counts as finished at the next start."""
        key = "slack.busy" if wait.before > 1 else "slack.busy_one"
        said = message(key, number=wait.before, time=_about(wait.seconds))
        self.post(tell, plain_message(said))

    def _answer(
        self, question: LoggedQuestion, sending: _Sending, trouble: Callable[[str], None]
    ) -> Future[Posted]:
        try:
            return self.logged.answer([question], sending)
        except AlreadyAnswered:
            logger.info("question %s was answered by another replica", question.id)
            return _done(TAKEN_OVER)
        except LogUnavailable as error:
            # The log has no answer, so the question counts as unanswered there. That is right.
            logger.error("%s", error)
            trouble(message("slack.not_logged"))
            return _done(Posted("failed", "log unavailable"))
        except Exception as error:
            # Whatever the error is, the asker is told, and the next question is answered.
            # The error's message is not logged: it may hold the question as it was typed.
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("question %s: %s at\n%s", question.id, type(error).__name__, where)
            trouble(message("slack.went_wrong", question=question.id))
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
        into = _into(way, tell)
        sending = self._sending(question_id, into, tell, private=private, removed=removed)
        try:
            return self.logged.deliver([question_id], [answer], sending)
        finally:
            self.replica.ended([question_id])

    def _sending(
        self,
        question_id: str,
        into: Into,
        tell: Way,
        *,
        shareable: bool = False,
        private: bool,
        removed: Sequence[str],
        redraw: Callable[[Message], Message] | None = None,
        said: str = "",
        where: str = "",
    ) -> _Sending:
        alone = shareable or private

        def deliver(answers: list[Answer], _: Done) -> Future[Posted]:
            (answer,) = answers
            way = into(answer)
            # What takes the place of an answer says what that one said.
            told = self.told.of(where) if where and not way.replaces else set()
            drawn = answer_message(
                answer, question_id, shareable=shareable, private=private, told=told
            )
            drawn = with_said(drawn, said) if said else drawn
            drawn = redraw(drawn) if redraw else drawn
            if removed:
                drawn = with_removed(drawn, removed)

            def then(posted: Posted) -> None:
                if where and way.how != VIEW and posted.outcome == "delivered":
                    self.told.add(where, loaded_told(answer))

            known = "" if question_id == UNLOGGED else question_id
            copy = None if alone else answer_message(answer, question_id, private=True)
            if copy is not None:
                copy = with_said(copy, said) if said else copy
                copy = redraw(copy) if redraw else copy
            posted = self._post_anyhow(way, tell, drawn, copy, known, "answer", then, alone=alone)
            if known:
                self._explaining.later(known, answer, way, drawn, posted)
            return posted

        return deliver

    def withdraw(self, question_id: str, why: str) -> bool:
        """Put on record that an answer is not to be posted any more. Whoever would post it looks
        that up: this process, another one, or the next start. False when it was posted, or may have
        been. Raises LogUnavailable."""
        record = self.log.get(question_id)
        if record is None or record.delivery not in NOT_OUT:
            return False
        self.log.delivered(question_id, "abandoned", why)
        return True

    def tidy(self, asked: QuestionRecord) -> None:
        """Delete what was on its way to Slack when the message of a question was edited or deleted,
        or the asker stopped it."""
        key, channel = original_key(asked), asked.channel or ""
        try:
            for question_id, ts in strays(versions(self.log, key)):
                way = delete(self.client_for(asked), channel, ts)
                self.post(way, None, question=question_id, kind="removed")
        except LogUnavailable as error:
            logger.error("%s", error)

    def _post_anyhow(
        self,
        way: Way,
        tell: Way,
        drawn: Message,
        copy: Message | None = None,
        question: str = "",
        kind: str = "",
        then: Then | None = None,
        *,
        alone: bool,
    ) -> Future[Posted]:
        """Post a message; if that fails, the asker alone gets it by `tell`: the same message if
        they `alone` were to see it, else a copy with the reason."""
        if alone:
            return self.post(way.or_else(tell), drawn, then, question=question, kind=kind)
        copy = copy or drawn
        return self.post(way, drawn, then, question=question, kind=kind, tell=tell, copy=copy)

    def tell_removed(
        self, question_id: str, asked: QuestionRecord, thread: str | None = None
    ) -> Future[Posted]:
        """Tell the asker privately, in the channel of the message if possible, which identifiers
        were removed."""
        client = self.client_for(asked)
        way = for_one_anywhere(client, asked.channel or "", asked.user or "", thread)
        drawn = removed_message(asked.removed)
        return self.post(way, drawn, question=question_id, kind="identifiers")

    def post(
        self,
        way: Way,
        drawn: Message | None,
        then: Then | None = None,
        *,
        question: str = "",
        kind: str = "",
        tell: Way | None = None,
        copy: Message | None = None,
    ) -> Future[Posted]:
        """Put a message (None for ways that have none) into the outbox, and return at once.

        With `question` and `kind`, what becomes of it is logged as a delivery, also by a later
        start. If it is not delivered, `copy` goes to the asker alone by `tell`. `then` is called
        with what became of the message, unless that is known only to a later start.
        """
        self._explaining.noticed(way)
        return self.outbox.send(Post(way, drawn, question, kind, tell, copy), then)

    def _explain(self, way: Way, drawn: Message, question: str, unless: Unless) -> None:
        post = Post(way, drawn, question, "explanation")
        self.outbox.send(post, unless=unless)

    def delete_original(self, url: str) -> Future[Posted]:
        """Delete the message whose button was pressed."""
        return self.post(delete_original(url), None)

    def record(self, question_id: str, posted: Posted, kind: str = "answer") -> None:
        """Log what became of a post. If that fails, the next start finds the question
        unfinished."""
        warn(posted, f"{kind} to {question_id}")
        self.logged.record([question_id], posted.outcome, posted.detail, kind)


def _into(way: Way | Into, tell: Way) -> Into:
    """A sentence that there is no answer does not take the place of one."""
    if not isinstance(way, Way):
        return way
    return lambda answer: tell if answer is None and way.replaces else way


def _about(seconds: float) -> str:
    """About so long, in words: seconds by fives, minutes from 90 seconds on."""
    if seconds < 90:
        return message("slack.about_seconds", number=5 * max(1, round(seconds / 5)))
    return message("slack.about_minutes", number=round(seconds / 60))


def _done(posted: Posted) -> Future[Posted]:
    future: Future[Posted] = Future()
    future.set_result(posted)
    return future
