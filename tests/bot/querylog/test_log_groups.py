"""What several threads add at one time is committed together, and each is told only of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from log_support import check, rows
from slack_support import diabetes

from bot.querylog import AlreadyAnswered, LogUnavailable, NoSuchQuestion, QueryLog, QuestionRecord
from bot.querylog.append import ChainAppender

ON_BOTH = True


def question(event: str | None = None) -> QuestionRecord:
    return QuestionRecord("t2dm with ckd", "mention", "U1", "T1", "C1", "1.2", event_id=event)


def at_once(
    log: QueryLog,
    calls: Sequence[Callable[[], Any]],
    meanwhile: Callable[[], None] = lambda: None,
) -> list[Any]:
    """Call all in threads of their own, which come while another thread commits. Gives what each
    returned or raised."""
    results: list[Any] = [None] * len(calls)
    inside, go = threading.Event(), threading.Event()

    def hold(appender: ChainAppender) -> None:
        inside.set()
        go.wait(30)

    def call(number: int) -> None:
        try:
            results[number] = calls[number]()
        except Exception as error:
            results[number] = error

    holder = threading.Thread(target=lambda: log._group.run(None, hold))
    holder.start()
    assert inside.wait(30)
    threads = [threading.Thread(target=call, args=[number]) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    while len(log._group._waiting) < len(calls):
        threading.Event().wait(0.01)
    meanwhile()
    go.set()
    for thread in [*threads, holder]:
        thread.join(60)
    return results


def test_they_share_a_transaction_and_make_one_chain(log: QueryLog) -> None:
    begun = []
    writing = log.writing
    log.writing = lambda ahead=None: (begun.append(1), writing(ahead))[1]  # type: ignore[method-assign]
    ids = at_once(log, [lambda: log.ask(question()) for _ in range(20)])
    assert len(set(ids)) == 20
    assert len(begun) == 2, "the one that came first, and all others together"
    assert rows(log, "select count(*), max(seq) from records") == [(20, 20)]
    assert check(log.where).bad is None


def test_of_one_event_that_comes_twice_at_once_one_is_taken(log: QueryLog) -> None:
    ids = at_once(log, [lambda: log.ask(question("Ev1")) for _ in range(4)])
    assert ids.count(None) == 3
    assert rows(log, "select count(*) from records") == [(1,)]


def test_one_that_fails_fails_alone(log: QueryLog) -> None:
    first, second = log.ask(question()), log.ask(question())
    assert first
    assert second
    log.answered(first, diabetes("htn"), index_build="b", latency_ms=1.0)

    def answer(*ids: str) -> None:
        log.answered_many([(i, diabetes("htn"), 1.0) for i in ids], index_build="b")

    results = at_once(
        log,
        [
            lambda: log.ask(question()),
            lambda: log.delivered("nobody", "delivered"),
            lambda: answer(first),
            # The first of these two can be added, the second not: neither is.
            lambda: answer(second, "nobody"),
            lambda: log.delivered(first, "delivered"),
        ],
    )
    kinds = [type(result) for result in results]
    assert kinds == [str, NoSuchQuestion, AlreadyAnswered, NoSuchQuestion, type(None)]
    record = log.get(second)
    assert record is not None
    assert record.answered_at is None
    assert rows(log, "select kind, count(*) from records group by kind order by kind") == [
        ("answer", 1), ("delivery", 1), ("question", 3),
    ]  # fmt: skip
    assert check(log.where).bad is None


def test_all_are_told_when_the_log_cannot_be_written(log: QueryLog) -> None:
    def broken(ahead: object = None) -> ChainAppender:
        raise LogUnavailable("The disk is full.")

    def breaks() -> None:
        log.writing = broken  # type: ignore[assignment,method-assign]

    results = at_once(log, [lambda: log.ask(question()) for _ in range(3)], meanwhile=breaks)
    assert [type(result) for result in results] == [LogUnavailable] * 3
