"""The one life of a question, for every surface: take, log, answer, log, deliver, log.

- A question is in the log before anyone is told that it was received. Its answer is in the log
  before it leaves. What became of the delivery is logged as soon as it is known.
- An answer that cannot be logged is not shown. Operators may choose otherwise
  (`answer_without_log`); then the answer begins with a notice that says so.
- A text that could not be scrubbed is not stored, and the desk is not asked about it.
- One bad question ends no batch: the questions are then answered one by one.
- Answers are worked out one at a time.

A surface says who asks and where (`Asked`), and gives a callback that shows or sends the answers.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from bot.answer import Answer, Verdict
from bot.desk import Taken
from bot.querylog import Asked, LogUnavailable, Pending, QueryLog
from bot.querylog.records import Outcome
from bot.settings import SettingsError
from bot.words import say
from codesets.model import CodesetError, Setting
from index.errors import SearchError

logger = logging.getLogger("codedesk")

#: What whoever runs Code Desk can put right: no question is to blame for it, so it ends a batch.
_USER_ERRORS = (CodesetError, SearchError, SettingsError, LogUnavailable)

R = TypeVar("R")

#: Called once with what became of a delivery, and a detail: at once, or later from any thread.
Done = Callable[[Outcome, str], None]
#: Shows or sends answers, and calls what it is given when it knows what became of them.
Deliver = Callable[[list[Answer], Done], R]


class Answers(Protocol):
    """What is needed of the desk. It is asked from several threads, one at a time."""

    @property
    def index_build(self) -> str | None:
        """The build of the index that answers come from."""

    def take(self, asked: str, *, day: dt.date | None = None) -> Taken:
        """A question as it may be stored."""

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

    def ask_many(
        self,
        questions: Sequence[str],
        *,
        day: dt.date | None = None,
        systems: Sequence[str] | None = None,
        limit: int = 10,
    ) -> list[Answer]:
        """Answer several questions together."""

    def check(
        self,
        codes: Sequence[str],
        *,
        day: dt.date | None = None,
        systems: Sequence[str] | None = None,
        setting: Setting | None = None,
    ) -> Answer:
        """Verdicts on codes, and what the rules say of them together."""

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
class TakenQuestion:
    """A question as it was typed, and what the desk took it for: None when it failed with `error`.
    Then nothing of the text is stored."""

    typed: str
    taken: Taken | None
    error: Exception | None = None

    def to_log(self, asked: Asked) -> Asked:
        """The question as the log keeps it: `asked` says who asked it, and where."""
        if self.taken is None:
            return replace(asked, text=say("terminal.unreadable"))
        taken = self.taken
        return replace(asked, text=taken.text, removed=taken.removed, releases=taken.releases)


@dataclass(frozen=True, slots=True)
class LoggedQuestion:
    """A question that is in the log, by its id there; `asked` is what the log keeps of it.

    `came` is the time.monotonic() at which it came, when the latency on record is to count from
    there; else it is the desk's own time. `editions` (release key -> label) are in place of the
    date of service, which the log does not keep.
    """

    id: str
    asked: Asked
    question: TakenQuestion
    came: float | None = None
    editions: Mapping[str, str] | None = None

    def latency_ms(self, answer: Answer) -> float:
        if self.came is None:
            return answer.elapsed_ms
        return (time.monotonic() - self.came) * 1000


class LoggedDesk:
    """The desk and the log. Safe to use from many threads."""

    def __init__(self, desk: Answers, log: QueryLog) -> None:
        self.desk = desk
        self.log = log
        # Several answers at once take longer in all, and keep the interpreter from acknowledging
        # what comes in meanwhile: of 40 questions that Slack sent together, the last was
        # acknowledged after 0.6 s, and is after 0.15 s when they are worked out one at a time.
        self._working = threading.Lock()

    # Taking

    def take(
        self,
        texts: Sequence[str],
        asked: Asked,
        *,
        came: float | None = None,
        **options: Any,
    ) -> list[LoggedQuestion | None]:
        """Scrub questions and log them, all or none; None for one that the log has already. `asked`
        says who asks, and where; its text is not used. `options` are those of `Answers.take`.
        Raises LogUnavailable."""
        questions = [self._taken(text, options) for text in texts]
        return self._logged(questions, asked, came)

    def take_codes(self, codes: Sequence[str], asked: Asked, **options: Any) -> LoggedQuestion:
        """Scrub codes that are to be checked together, and log them as one question. Raises
        LogUnavailable, and whatever keeps the desk from taking them."""
        each = [self.desk.take(code, **options) for code in codes]
        removed = tuple(dict.fromkeys(kind for one in each for kind in one.removed))
        taken = Taken(" ".join(one.text for one in each), removed, each[0].releases)
        (question,) = self._logged([TakenQuestion(" ".join(codes), taken)], asked)
        assert question is not None  # only an event of Slack's can be there already
        return question

    def left(self, pending: Pending, now: dt.datetime) -> LoggedQuestion:
        """A question that an earlier run left unanswered. It is asked as it was stored."""
        asked = pending.asked
        question = TakenQuestion(asked.text, Taken(asked.text, asked.removed, asked.releases))
        came = time.monotonic() - (now - pending.asked_at).total_seconds()
        return LoggedQuestion(pending.id, asked, question, came, asked.releases)

    def _taken(self, text: str, options: Mapping[str, Any]) -> TakenQuestion:
        try:
            return TakenQuestion(text, self.desk.take(text, **options))
        except Exception as error:
            return TakenQuestion(text, None, error)

    def _logged(
        self, questions: Sequence[TakenQuestion], asked: Asked, came: float | None = None
    ) -> list[LoggedQuestion | None]:
        to_log = [question.to_log(asked) for question in questions]
        return [
            None if identity is None else LoggedQuestion(identity, one, question, came)
            for identity, one, question in zip(
                self.log.ask_many(to_log), to_log, questions, strict=True
            )
        ]

    # Answering

    def answer(
        self,
        questions: Sequence[LoggedQuestion],
        deliver: Deliver[R],
        *,
        instead: Callable[[LoggedQuestion, Exception], Answer] | None = None,
        **options: Any,
    ) -> R:
        """Answer questions together, log the answers, deliver them, and log what became of that;
        what `deliver` returns.

        `instead` gives the answer in place of one that failed. Without it, and where no question is
        to blame, the error is raised once the log says that the questions failed. An answer that
        cannot be logged raises LogUnavailable, and its question stays unanswered. `options` are
        those of `Answers.ask`.
        """
        return self._answered(
            questions, lambda: self._answers(questions, instead, options), deliver
        )

    def check(
        self,
        question: LoggedQuestion,
        codes: Sequence[str],
        deliver: Deliver[R],
        **options: Any,
    ) -> R:
        """As `answer`, for codes to be checked; `options` are those of `Answers.check`."""
        return self._answered([question], lambda: [self.desk.check(codes, **options)], deliver)

    def _answered(
        self,
        questions: Sequence[LoggedQuestion],
        work: Callable[[], list[Answer]],
        deliver: Deliver[R],
    ) -> R:
        ids = [question.id for question in questions]
        try:
            with self._working:
                answers = work()
            self.log.answered_many(
                [(q.id, a, q.latency_ms(a)) for q, a in zip(questions, answers, strict=True)],
                index_build=self.desk.index_build,
                made_with=self.desk.made_with(*answers),
            )
        except LogUnavailable:
            raise
        except Exception as error:
            # The message of an error may hold what was typed.
            self.record(ids, "failed", type(error).__name__)
            raise
        return self.deliver(ids, answers, deliver)

    def _answers(
        self,
        questions: Sequence[LoggedQuestion],
        instead: Callable[[LoggedQuestion, Exception], Answer] | None,
        options: Mapping[str, Any],
    ) -> list[Answer]:
        if len(questions) > 1 and all(one.question.taken for one in questions):
            try:
                return self.desk.ask_many([one.question.typed for one in questions], **options)
            except _USER_ERRORS:
                raise
            except Exception:
                pass  # one of them is to blame
        return [self._answer_alone(one, instead, options) for one in questions]

    def _answer_alone(
        self,
        logged: LoggedQuestion,
        instead: Callable[[LoggedQuestion, Exception], Answer] | None,
        options: Mapping[str, Any],
    ) -> Answer:
        try:
            if logged.question.error:
                raise logged.question.error
            if logged.editions:
                options = {**options, "editions": logged.editions}
            return self.desk.ask(logged.question.typed, **options)
        except _USER_ERRORS:
            raise
        except Exception as error:
            if instead is None:
                raise
            return instead(logged, error)

    # Delivering

    def deliver(self, ids: Sequence[str], answers: Sequence[Answer], deliver: Deliver[R]) -> R:
        """Deliver answers to the questions with these ids, and log what became of that; what
        `deliver` returns. An error of its own is raised once it is logged."""

        def done(outcome: Outcome, detail: str) -> None:
            self.record(ids, outcome, detail)

        shown = [self._said_to_be_unlogged(*one) for one in zip(ids, answers, strict=True)]
        try:
            return deliver(shown, done)
        except Exception as error:
            detail = str(error) if isinstance(error, OSError) else type(error).__name__
            self.record(ids, "failed", detail)
            raise

    def _said_to_be_unlogged(self, question: str, answer: Answer) -> Answer:
        if not self.log.is_unlogged(question):
            return answer
        return replace(answer, notices=[say("log.unlogged"), *answer.notices])

    def record(
        self, ids: Sequence[str], outcome: Outcome, detail: str = "", kind: str = "answer"
    ) -> None:
        """Log what became of a delivery. When that fails, whoever runs Code Desk is told so, and
        the next start finds the questions unfinished."""
        if outcome == "waiting" and kind != "answer":
            outcome = "failed"  # only answers are sent after all
        try:
            self.log.delivered_many(ids, outcome, detail, kind)
        except LogUnavailable as error:
            logger.error("%s", error)
