"""The records of requests, made while others are answered: what arrives while one transaction is
committed goes into the next. For one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from bot.operations import events
from bot.operations.events import Event
from bot.querylog import LogUnavailable, QueryLog
from bot.querylog.exchanges import Asked, Delivered, log_exchanges
from bot.querylog.records import Outcome

logger = logging.getLogger("codedesk.fhir")

#: The most questions of one transaction: others may not write to the log meanwhile.
_MOST = 128
#: Seconds for which deliveries wait for questions to be committed with.
_WAIT = 0.2

#: How often the loop reads what has arrived before a transaction is begun.
_GATHERS = 2

_Waiting = tuple[Sequence[Asked], "asyncio.Future[list[str]]"]


class Recorder:
    def __init__(self, log: QueryLog) -> None:
        self._log = log
        # A thread of its own, so that no search or other work is waited for.
        self._thread = ThreadPoolExecutor(1, "fhir-log")
        self._waiting: list[_Waiting] = []
        self._delivered: list[Delivered] = []
        self._arrived: asyncio.Event | None = None
        self._work: asyncio.Task[None] | None = None

    async def record(self, asked: Sequence[Asked]) -> list[str]:
        """The ids of these questions, once they and their answers are in the log. Raises
        LogUnavailable."""
        future: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        self._wake()
        return await future

    def delivered(self, question_ids: Sequence[str], outcome: Outcome = "delivered") -> None:
        """What became of answers. It is in the log a moment later."""
        self._delivered += [(i, outcome) for i in question_ids if not self._log.is_unlogged(i)]
        self._wake()

    def _wake(self) -> None:
        if self._work is None or self._work.done():
            self._arrived = asyncio.Event()
            self._work = asyncio.get_running_loop().create_task(self._write_all())
        elif self._arrived is not None:
            self._arrived.set()

    async def _write_all(self) -> None:
        """Until nothing is left."""
        loop, arrived = asyncio.get_running_loop(), self._arrived
        assert arrived is not None
        try:
            while self._waiting or self._delivered:
                if not self._waiting:
                    arrived.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._questions(arrived), _WAIT)
                # What has arrived by now is read first, so that it goes into the same transaction.
                for _ in range(_GATHERS):
                    await asyncio.sleep(0)
                if not await self._write(loop, *self._next()) and not self._waiting:
                    return  # What is left is committed with the next questions.
        except asyncio.CancelledError:
            # The server stops. Nobody waits for an answer any more.
            delivered, self._delivered = self._delivered, []
            if delivered:
                with contextlib.suppress(LogUnavailable):
                    log_exchanges(self._log, [], delivered)
            raise

    async def _questions(self, arrived: asyncio.Event) -> None:
        while not self._waiting:
            await arrived.wait()
            arrived.clear()

    def _next(self) -> tuple[list[_Waiting], list[Delivered]]:
        parts, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        delivered, self._delivered = self._delivered, []
        return parts, delivered

    async def _write(
        self,
        loop: asyncio.AbstractEventLoop,
        parts: Sequence[_Waiting],
        delivered: Sequence[Delivered],
    ) -> bool:
        """Whether it is in the log."""
        asked = [one for of_one, _ in parts for one in of_one]
        try:
            ids = await loop.run_in_executor(
                self._thread, log_exchanges, self._log, asked, delivered
            )
        except Exception as error:
            logger.error("%s", error if isinstance(error, LogUnavailable) else type(error).__name__)
            self._delivered = [*delivered, *self._delivered]
            for _, future in parts:
                if not future.done():
                    future.set_exception(error)
            return False
        _tell(zip(ids, asked, strict=True), delivered)
        at = 0
        for of_one, future in parts:
            if not future.done():  # Who asked may have gone.
                future.set_result(ids[at : at + len(of_one)])
            at += len(of_one)
        return True


def _tell(recorded: Iterable[tuple[str, Asked]], delivered: Sequence[Delivered]) -> None:
    """Tell of questions and deliveries that are in the log, as `LoggedDesk` does of its own."""
    if not events.are_heard():
        return
    for question_id, one in recorded:
        surface, answer = one.exchange.question.surface, one.exchange.answer
        taken = Event("question.taken", question_id, surface, intent="codes", lane="verdict")
        edition = events.editions(answer.releases)
        events.tell(taken)
        events.tell(
            replace(
                taken,
                name="question.answered",
                outcome=answer.outcome,
                latency_ms=one.latency_ms,
                edition=edition,
            )
        )
    for question_id, outcome in delivered:
        events.tell(Event("question.delivered", question_id, outcome=outcome, kind="answer"))
