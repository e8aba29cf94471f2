"""For operators who chose to answer even when the log cannot be written (`answer_without_log`).

An answer that could not be logged says so. Each is reported on standard error and counted, and as
soon as the log can be written again, a record says how many there were.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bot.database import Connection
from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog.append import ChainAppender
from bot.querylog.hash_chain import LogUnavailable
from bot.querylog.log import QueryLog
from bot.querylog.records import Outcome, Pending, QuestionRecord, Surface

#: The id of a question that is not in the log.
UNLOGGED = "unlogged"


def _ids(question: QuestionRecord) -> set[str]:
    """The ids of the event and of the message."""
    return {name for name in (question.event_id, question.message_key) if name}


class FallbackLog(QueryLog):
    """A log that lets answers go out when it cannot be written, even when it cannot be opened."""

    def __init__(self, *given: Any, **options: Any) -> None:
        self._is_open = False
        #: When answers first went out unlogged, and how many did since that no record counts yet.
        self._since, self._count = "", 0
        #: Ids of events and messages that were answered unlogged, so that none is answered twice.
        self._seen: set[str] = set()
        #: Ids of questions in the log whose answers are not, and those of them that a record names.
        self._without_answer: set[str] = set()
        self._on_record: set[str] = set()
        super().__init__(*given, **options)

    def _open(self) -> None:
        try:
            super()._open()
            self._is_open = True
        except LogUnavailable as error:
            self._warn(error)

    def close(self) -> None:
        if self._is_open:
            super().close()

    @contextmanager
    def writing(
        self, ahead: Callable[[ChainAppender], None] | None = None
    ) -> Iterator[ChainAppender]:
        if not self._is_open:
            super()._open()  # raises LogUnavailable while it cannot be
            self._is_open = True
        with super().writing(ahead) as appender:
            count, self._count = self._count, 0
            questions = sorted(self._without_answer - self._on_record) if count else []
            try:
                if count:
                    body = {"count": count, "since": self._since, "questions": questions}
                    appender.append("unlogged", None, body)
                yield appender
                self._on_record.update(questions)
            except BaseException:
                self._count += count
                raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self._expect_open()
        with super().reading() as db:
            yield db

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        self._expect_open()
        with super().snapshot() as db:
            yield db

    def _expect_open(self) -> None:
        if not self._is_open:
            raise LogUnavailable(f"The query log at {self.name} could not be opened yet.")

    def ask_many(self, questions: Sequence[QuestionRecord]) -> list[str | None]:
        new = [question for question in questions if not _ids(question) & self._seen]
        try:
            ids = iter(super().ask_many(new) if new else [])
        except LogUnavailable as error:
            ids = iter([self._unlogged(question, error) for question in new])
        return [next(ids) if question in new else None for question in questions]

    def _unlogged(self, question: QuestionRecord, error: LogUnavailable) -> str | None:
        if _ids(question) & self._seen:
            return None
        self._seen |= _ids(question)
        self._count_unlogged(error)
        return UNLOGGED

    def answered_many(self, answers: Sequence[tuple[str, Answer, float]], **how: Any) -> None:
        logged = [answer for answer in answers if answer[0] != UNLOGGED]
        try:
            if logged:
                super().answered_many(logged, **how)
        except LogUnavailable as error:
            for question_id, _, _ in logged:
                self._without_answer.add(question_id)
                self._count_unlogged(error)

    def delivered_many(
        self, question_ids: Sequence[str], outcome: Outcome, detail: str = "", kind: str = "answer"
    ) -> None:
        logged = [question_id for question_id in question_ids if question_id != UNLOGGED]
        try:
            if logged:
                super().delivered_many(logged, outcome, detail, kind)
        except LogUnavailable as error:
            self._warn(error)

    def append(self, *what: Any, **how: Any) -> int:
        """0 when it cannot be written."""
        try:
            return super().append(*what, **how)
        except LogUnavailable as error:
            self._warn(error)
            return 0

    def configured(self, values: Mapping[str, Any]) -> None:
        try:
            super().configured(values)
        except LogUnavailable as error:
            self._warn(error)

    def unanswered(self, surfaces: Sequence[Surface]) -> list[Pending]:
        return super().unanswered(surfaces) if self._is_open else []

    def undelivered(self, surfaces: Sequence[Surface]) -> list[str]:
        return super().undelivered(surfaces) if self._is_open else []

    def waiting(self, surfaces: Sequence[Surface]) -> list[Pending]:
        return super().waiting(surfaces) if self._is_open else []

    def is_unlogged(self, question_id: str) -> bool:
        return question_id == UNLOGGED or question_id in self._without_answer

    def _count_unlogged(self, error: LogUnavailable) -> None:
        self._since = self._since if self._count else self._now()
        self._count += 1
        self._warn(error)

    def _warn(self, error: LogUnavailable) -> None:
        why = error.__cause__ or error
        print(message("log.answering_unlogged", count=self._count, error=why), file=sys.stderr)
