"""The steps of a question, the same for every surface: take, log, answer, log, deliver, log.

- A question is logged before its receipt is acknowledged. Its answer is logged before it is
  delivered. What became of the delivery is logged as soon as it is known.
- An answer that cannot be logged is not shown. Operators may choose otherwise
  (`answer_without_log`); then the answer begins with a notice that says so.
- A text that could not be scrubbed is neither stored nor answered.
- One bad question does not end a batch: the questions are then answered one by one.
- Of several processes that answer one question, the one whose answer is logged first delivers it.
- As many searches are worked on at once as the desk says (`searches_at_once`), and one answer that
  needs none; the latter never waits for the former.
- A language model, if there is one, is asked while others are answered. What it said is logged, and
  without a reply of use the answer stands.

A surface says who asks and where (`QuestionRecord`), and gives a callback that shows or sends the
answers.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from bot.desk.answer import Answer, Verdict
from bot.desk.completing import Step
from bot.desk.follow_ups import Turn
from bot.desk.governing import Governing
from bot.desk.question import Question
from bot.desk.taken_apart import is_better
from bot.messages import message
from bot.operations import events
from bot.querylog import (
    AlreadyAnswered,
    LogUnavailable,
    Pending,
    QueryLog,
    QuestionRecord,
    hash_chain,
)
from bot.querylog.records import DATE_SAID, Outcome
from bot.querylog.turns import turn_of
from bot.workers.lanes import Lanes
from codesets.errors import CodeDeskError
from codesets.model import Setting, System

if TYPE_CHECKING:
    from bot.language_model.model import Asked, LanguageModel

logger = logging.getLogger("codedesk")

R = TypeVar("R")

#: To be called once with what became of a delivery, and a detail: at once, or later from any
#: thread.
Done = Callable[[Outcome, str], None]
#: Shows or sends answers, and calls its second argument when it knows what became of them.
Deliver = Callable[[list[Answer], Done], R]


class Answers(Protocol):
    """What LoggedDesk and the surfaces need of a desk. Several threads call it at once."""

    @property
    def index_build(self) -> str | None:
        """The build of the index that answers come from."""

    @property
    def searches_at_once(self) -> int:
        """How many questions that take a search are worked on at once."""

    def take(
        self,
        asked: str,
        *,
        day: dt.date | None = None,
        systems: Sequence[System] | None = None,
        usual: Sequence[System] = (),
        setting: Setting | None = None,
        editions: Mapping[str, str] | None = None,
        after: Turn | None = None,
    ) -> Question:
        """Read a question, which may refine the one that it comes `after`. Its scrubbed text may be
        stored."""

    def take_codes(
        self,
        codes: Sequence[str],
        *,
        day: dt.date | None = None,
        systems: Sequence[System] | None = None,
        setting: Setting | None = None,
        editions: Mapping[str, str] | None = None,
    ) -> Question:
        """Read codes that are to be checked."""

    def ask(self, question: Question, *, limit: int = 10) -> Answer:
        """Answer one question."""

    def ask_many(self, questions: Sequence[Question], *, limit: int = 10) -> list[Answer]:
        """Answer several questions together."""

    def made_with(self, *answers: Answer) -> dict[str, Any]:
        """What these answers were made with, as the log keeps it."""

    def retitled(self, answer: Answer) -> Answer:
        """An answer out of the log, with the descriptors of CPT that the log does not keep."""

    def governing(self, answer: Answer) -> Governing:
        """What governs the codes of an answer, beyond what the answer has."""

    def verdicts_on(self, typed: str) -> list[Verdict]:
        """Verdicts on a code, one for each loaded system that has it."""

    def completing(
        self,
        system: str,
        code: str,
        *,
        day: dt.date | None = None,
        editions: Mapping[str, str] | None = None,
    ) -> Step:
        """Where a code stands that is being completed, and how it goes on."""

    def scrub(self, text: str) -> str:
        """A text that people type besides a question, scrubbed, as it may be stored."""

    def ready(self) -> None:
        """Open the index and load the models, so that the first question does not wait for them."""


class Work(Protocol):
    """Is told which questions are worked on in this process."""

    def began(self, questions: Iterable[str]) -> None:
        """These are in the log, and worked on from now on."""

    def ended(self, questions: Iterable[str]) -> None:
        """The log has what became of these, or their delivery is on its way."""


@dataclass(frozen=True, slots=True)
class LoggedQuestion:
    """A question that is in the log.

    - `id`: its id there.
    - `asked`: what the log keeps of it.
    - `question`: as the desk read it; None when reading failed with `error`.
    - `error`: the error of reading; None when it was read.
    - `came`: the time.monotonic() at which it came, from which the logged latency counts; None: the
      latency is the time that the desk took.
    """

    id: str
    asked: QuestionRecord
    question: Question | None
    error: Exception | None = None
    came: float | None = None

    @property
    def searches(self) -> bool:
        """Whether its answer takes long: see `Question.searches`."""
        return self.question is not None and self.question.searches

    def latency_ms(self, answer: Answer) -> float:
        if self.came is None:
            return answer.elapsed_ms
        return (time.monotonic() - self.came) * 1000


#: A question as the desk read it, or the error with which that failed.
_Read = tuple[Question | None, Exception | None]


class LoggedDesk:
    """The desk and the log. Safe to use from many threads."""

    def __init__(
        self,
        desk: Answers,
        log: QueryLog,
        model: LanguageModel | None = None,
        work: Work | None = None,
    ) -> None:
        self.desk = desk
        self.log = log
        self.model = model
        self._work = work
        # In one process, several answers at once take longer in all, and delay the acknowledgement
        # of what comes in meanwhile: of 40 questions that Slack sent together, the last was
        # acknowledged after 0.6 s, and after 0.15 s with one answer at a time.
        self._searching = Lanes(lambda: desk.searches_at_once)
        # A verdict takes milliseconds. It does not wait until others' searches are done.
        self._looking_up = Lanes(lambda: 1)

    # Taking

    def take(
        self,
        texts: Sequence[str],
        asked: QuestionRecord,
        *,
        came: float | None = None,
        **reading: Any,
    ) -> list[LoggedQuestion | None]:
        """Read questions and log them, all or none; None for one that the log already has. `asked`
        says who asks and where, and with `after` which question it follows; its text is not used.
        `reading`: options of `Answers.take`. Raises LogUnavailable."""
        reading |= self._before(asked)
        return self._logged([self._read(text, **reading) for text in texts], asked, came)

    def _before(self, asked: QuestionRecord) -> dict[str, Turn]:
        """The question that this one follows, as an option of `Answers.take`; {} where the log has
        none, or its text was destroyed: the question is then asked alone."""
        if not asked.after:
            return {}
        try:
            record = self.log.get(asked.after)
        except LogUnavailable:
            return {}
        turn = turn_of(record) if record else None
        return {"after": turn} if turn else {}

    def take_codes(
        self,
        codes: Sequence[str],
        asked: QuestionRecord,
        *,
        came: float | None = None,
        **reading: Any,
    ) -> LoggedQuestion | None:
        """Read codes that are to be checked together, and log them as one question; None for one
        that the log already has. `reading`: options of `Answers.take_codes`. Raises LogUnavailable,
        and any error of reading."""
        read = self.desk.take_codes(codes, **reading)
        (question,) = self._logged([(read, None)], asked, came)
        return question

    def left(self, pending: Pending, now: dt.datetime) -> LoggedQuestion:
        """A question that an earlier run left unanswered, read from its stored text."""
        asked = pending.asked
        chosen = reading_of(asked.options) | self._before(asked)
        question, error = self._read(asked.text, editions=asked.releases, **chosen)
        came = time.monotonic() - (now - pending.asked_at).total_seconds()
        return LoggedQuestion(pending.id, asked, question, error, came)

    def _read(self, text: str, **reading: Any) -> _Read:
        try:
            return self.desk.take(text, **reading), None
        except Exception as error:
            return None, error

    def _logged(
        self, questions: Sequence[_Read], asked: QuestionRecord, came: float | None = None
    ) -> list[LoggedQuestion | None]:
        to_log = [_to_log(question, asked) for question, _ in questions]
        with _told_of_failure():
            ids = self.log.ask_many(to_log)
        if self._work is not None:
            self._work.began(i for i in ids if i is not None and not self.log.is_unlogged(i))
        logged = [
            None
            if question_id is None
            else LoggedQuestion(question_id, record, question, error, came)
            for question_id, record, (question, error) in zip(ids, to_log, questions, strict=True)
        ]
        for one in logged:
            if one is not None:
                events.tell_of("question.taken", one)
        return logged

    # Answering

    def answer(
        self,
        questions: Sequence[LoggedQuestion],
        deliver: Deliver[R],
        *,
        instead: Callable[[LoggedQuestion, Exception], Answer] | None = None,
        limit: int = 10,
    ) -> R:
        """Answer questions together, with at most `limit` candidates each, log the answers, deliver
        them, and log what became of that. Returns what `deliver` returns.

        `instead` gives an answer for a question that failed. Without it, and when no single
        question is the cause, the error is raised after the failure of the questions is logged. An
        answer that cannot be logged raises LogUnavailable, and its question stays unanswered. When
        another process has answered, AlreadyAnswered is raised.
        """
        question_ids = [question.id for question in questions]
        try:
            result = self._answer(questions, question_ids, deliver, instead, limit)
        except LogUnavailable:
            raise  # Nobody else can answer it, either: it stays the work of this process.
        except Exception:
            self._ended(question_ids)
            raise
        self._ended(question_ids)
        return result

    def _ended(self, question_ids: Sequence[str]) -> None:
        if self._work is not None:
            self._work.ended(question_ids)

    def _answer(
        self,
        questions: Sequence[LoggedQuestion],
        question_ids: Sequence[str],
        deliver: Deliver[R],
        instead: Callable[[LoggedQuestion, Exception], Answer] | None,
        limit: int,
    ) -> R:
        try:
            long = any(question.searches for question in questions)
            with (self._searching if long else self._looking_up).one():
                answers = self._answers(questions, instead, limit)
                # Read here, as a desk may be renewed between two answers.
                index_build, made_with = self.desk.index_build, self.desk.made_with(*answers)
            if self.model is not None:
                answers = [
                    self._helped(self.model, *each, limit)
                    for each in zip(questions, answers, strict=True)
                ]
            timed = [(q.id, a, q.latency_ms(a)) for q, a in zip(questions, answers, strict=True)]
            with _told_of_failure():
                self.log.answered_many(timed, index_build=index_build, made_with=made_with)
        except (LogUnavailable, AlreadyAnswered):
            raise
        except Exception as error:
            # The error's message is not logged: it may hold what was typed.
            for question in questions:
                events.tell_of("question.failed", question, outcome=type(error).__name__)
            self.record(question_ids, "failed", type(error).__name__)
            raise
        for question, (_, answer, latency_ms) in zip(questions, timed, strict=True):
            events.tell_of(
                "question.answered",
                question,
                outcome=answer.outcome,
                latency_ms=latency_ms,
                edition=events.editions(answer.releases),
            )
        return self.deliver(question_ids, answers, deliver)

    @contextmanager
    def between_answers(self) -> Iterator[None]:
        """While no answer is worked on: for what must not change while one is."""
        with self._searching.none(), self._looking_up.none():
            yield

    def _answers(
        self,
        questions: Sequence[LoggedQuestion],
        instead: Callable[[LoggedQuestion, Exception], Answer] | None,
        limit: int,
    ) -> list[Answer]:
        read = [logged.question for logged in questions if logged.question]
        if len(questions) > 1 and len(read) == len(questions):
            try:
                return self.desk.ask_many(read, limit=limit)
            except CodeDeskError:
                raise  # The cause is not a question, but something that a user can put right.
            except Exception:
                pass  # One of the questions is the cause.
        return [self._answer_alone(logged, instead, limit) for logged in questions]

    def _answer_alone(
        self,
        logged: LoggedQuestion,
        instead: Callable[[LoggedQuestion, Exception], Answer] | None,
        limit: int,
    ) -> Answer:
        try:
            if logged.question is None:
                raise logged.error or ValueError("a question that was not read")
            return self.desk.ask(logged.question, limit=limit)
        except CodeDeskError:
            raise
        except Exception as error:
            if instead is None:
                raise
            return instead(logged, error)

    # With a language model

    def _helped(
        self, model: LanguageModel, logged: LoggedQuestion, answer: Answer, limit: int
    ) -> Answer:
        """The answer to a note of which the desk is unsure, read by phrases that the model picked;
        the answer itself where the desk is sure, or no better one comes of it. Other questions are
        answered meanwhile."""
        if logged.question is None:
            return answer
        started = time.monotonic()
        asked = model.takes_apart(logged.question, answer)
        if asked is None:
            return answer
        better = None
        if asked.question is not None:
            better = self._better(asked.question, answer, limit)
            if better is None:
                asked = asked.not_used("the answer without it says more")
        self._log_asked(logged.id, asked)
        if better is None:
            return answer
        elapsed_ms = answer.elapsed_ms + (time.monotonic() - started) * 1000
        return replace(better, elapsed_ms=round(elapsed_ms, 2))

    def _better(self, question: Question, before: Answer, limit: int) -> Answer | None:
        try:
            with self._searching.one():
                again = self.desk.ask(question, limit=limit)
        except Exception as error:
            logger.error("a note taken apart: %s", type(error).__name__)
            return None
        return again if is_better(before, again) else None

    def explained(self, question_id: str, answer: Answer) -> Answer:
        """An answer that was given, with the explanation of the language model, once that is
        logged; the answer itself where there is none. It waits for the model for as long as a call
        may take, so call it after the answer has gone out. Raises nothing."""
        if self.model is None or self.log.is_unlogged(question_id):
            return answer
        asked = self.model.explains(answer)
        if asked is None:
            return answer
        try:
            self._log_asked(question_id, asked)
        except LogUnavailable as error:
            logger.error("%s", error)
            return answer
        return replace(answer, explanation=asked.explanation)

    def explain_later(
        self, question_id: str, answer: Answer, then: Callable[[Answer], None]
    ) -> None:
        """Have an answer that has gone out explained, on a thread of its own, and return at once.
        `then` is called with the answer and its explanation, once that is logged; not where there
        is none."""
        if self.model is None:
            return

        def explain() -> None:
            try:
                explained = self.explained(question_id, answer)
                if explained.explanation is not None:
                    then(explained)
            except Exception as error:
                # The error's message is not logged: it may hold what was asked.
                logger.error("explanation of %s: %s", question_id, type(error).__name__)

        threading.Thread(target=explain, name="explain", daemon=True).start()

    def _log_asked(self, question_id: str, asked: Asked) -> None:
        """Log what the model said. It saw scrubbed text alone, but may say names of its own."""
        texts = {"said": self.log.scrubbed(asked.said)} if asked.said else {}
        if asked.phrases:
            texts["phrases"] = hash_chain.canonical(asked.taken)
        if asked.explanation is not None:
            texts["explanation"] = asked.explanation.text
        if not self.log.is_unlogged(question_id):
            self.log.append("language_model", question_id, asked.body(), texts)

    # Delivering

    def deliver(
        self, question_ids: Sequence[str], answers: Sequence[Answer], deliver: Deliver[R]
    ) -> R:
        """Deliver answers to these questions, and log what became of that. Returns what `deliver`
        returns; an error that it raises is logged, and raised again."""

        def done(outcome: Outcome, detail: str) -> None:
            self.record(question_ids, outcome, detail)

        shown = [
            self._marked_if_unlogged(question_id, answer)
            for question_id, answer in zip(question_ids, answers, strict=True)
        ]
        try:
            return deliver(shown, done)
        except Exception as error:
            detail = str(error) if isinstance(error, OSError) else type(error).__name__
            self.record(question_ids, "failed", detail)
            raise

    def _marked_if_unlogged(self, question_id: str, answer: Answer) -> Answer:
        """The answer with the id of its question; one that is not in the log has none, and begins
        with a notice that says so."""
        if not self.log.is_unlogged(question_id):
            return replace(answer, id=question_id)
        return replace(answer, notices=[message("log.unlogged"), *answer.notices])

    def record(
        self,
        question_ids: Sequence[str],
        outcome: Outcome,
        detail: str = "",
        kind: str = "answer",
    ) -> None:
        """Log what became of a delivery. If that fails, the error is logged for the operator, and
        the next start finds the questions unfinished."""
        if outcome == "waiting" and kind != "answer":
            outcome = "failed"  # Only answers are sent by the next start.
        for question_id in question_ids:
            told = events.Event("question.delivered", question_id, outcome=outcome, kind=kind)
            events.tell(told)
        try:
            with _told_of_failure():
                self.log.delivered_many(question_ids, outcome, detail, kind)
            if kind == "answer":
                self._ended(question_ids)
        except LogUnavailable as error:
            logger.error("%s", error)


@contextmanager
def _told_of_failure() -> Iterator[None]:
    """Around what the log is to take: that it could not is told to whoever runs this."""
    try:
        yield
    except LogUnavailable:
        events.tell(events.Event("log.failed"))
        raise


def reading_of(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of the options that the log keeps of a question, those by which its text is read."""
    kept = {name: (options or {}).get(name) for name in ("systems", "usual", "setting")}
    return {name: value for name, value in kept.items() if value}


def _to_log(question: Question | None, asked: QuestionRecord) -> QuestionRecord:
    """A question as the log keeps it. `asked` says who asks and where. A text that could not be
    scrubbed is not stored."""
    if question is None:
        return replace(asked, text=message("terminal.unreadable"))
    options = asked.options
    if question.date_said:
        options = {**(options or {}), DATE_SAID: True}
    return replace(
        asked,
        text=question.scrubbed,
        removed=question.removed,
        releases=question.releases,
        options=options,
    )
