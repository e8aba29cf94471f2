"""Questions of programs with their answers, many in one transaction.

A program is told nothing before it has its answer. So its question and the answer are committed
together, before the answer leaves, and what became of the delivery is committed with what comes
next. Each stays a record of its own, as of any other question. A commit and what belongs to it
(reading the end of the chain, waiting for the disk, reading back) cost as much as several records;
here, hundreds share them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.desk.answer import Answer
from bot.querylog.append import ChainAppender, New
from bot.querylog.hash_chain import LogUnavailable
from bot.querylog.log import QueryLog
from bot.querylog.records import (
    Outcome,
    QuestionRecord,
    answer_body,
    codes_of,
    delivery_body,
    question_body,
)


class Exchange:
    """A question and its answer, as the log keeps them. It can be logged again whenever the same is
    asked again on the same day, by the same or another client."""

    def __init__(
        self,
        question: QuestionRecord,
        answer: Answer,
        *,
        index_build: str | None,
        made_with: Mapping[str, Any] | None,
    ) -> None:
        """`question` is without its user."""
        self.question, self.answer = question, answer
        self.index_build, self.made_with = index_build, made_with
        today = dt.date.today().isoformat()
        self.asked, self.asked_texts = question_body(question)
        body, self.answer_texts = answer_body(answer, codes_of(answer), answer.releases, today)
        self.answered = body | {
            "index_build": index_build,
            "made_with": dict(made_with) if made_with else None,
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """An exchange with a client. `options`: what this one has besides those of the question, such
    as on whose behalf it was asked."""

    exchange: Exchange
    client: str
    latency_ms: float
    options: Mapping[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        asked = self.exchange.asked | {"user": self.client}
        return asked if not self.options else asked | {"options": asked["options"] | self.options}


#: A question and what became of its answer.
Delivered = tuple[str, Outcome]


def log_exchanges(
    log: QueryLog, asked: Sequence[Asked], delivered: Sequence[Delivered] = ()
) -> list[str]:
    """Commit questions with their answers, and what became of earlier answers; the ids of the
    questions. Raises LogUnavailable, unless the operator has chosen to answer without the log:
    `QueryLog.is_unlogged` then tells which are not in it."""

    def add(appender: ChainAppender) -> list[str]:
        new: list[New] = [
            ("delivery", question_id, *delivery_body("answer", outcome, ""))
            for question_id, outcome in delivered
        ]
        ids = []
        for one in asked:
            question_id = uuid.uuid4().hex[:12]
            latency = {"latency_ms": round(one.latency_ms, 2)}
            exchange = one.exchange
            new.append(("question", question_id, one.body(), exchange.asked_texts))
            answered = exchange.answered | latency
            new.append(("answer", question_id, answered, exchange.answer_texts))
            ids.append(question_id)
        appender.append_all(new)
        return ids

    try:
        return log.together(add)
    except LogUnavailable:
        if not asked:
            raise
        # Where the operator has chosen that answers may go out all the same, this does not raise.
        return [_log_one(log, one) for one in asked]


def _log_one(log: QueryLog, one: Asked) -> str:
    exchange = one.exchange
    body = one.body()
    record = QuestionRecord(
        exchange.question.text,
        exchange.question.surface,
        user=one.client,
        options=body["options"],
        removed=exchange.question.removed,
        releases=exchange.question.releases,
    )
    question_id = log.ask(record)
    assert question_id is not None  # It has no event that could be known.
    log.answered(
        question_id,
        exchange.answer,
        index_build=exchange.index_build,
        latency_ms=one.latency_ms,
        made_with=exchange.made_with,
    )
    return question_id
