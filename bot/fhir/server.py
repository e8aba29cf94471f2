"""Answers requests: the same request has the same answer as long as the same is loaded and it is
the same day, so ready answers are kept. Each time one is given, it goes on record."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.api.clients import Client
from bot.api.errors import CallRefused, TooMany
from bot.api.service import Service
from bot.api.turns import Turns
from bot.desk.answer import Answer
from bot.fhir.negotiation import encoded
from bot.fhir.operations import Desk, Operations, Result
from bot.fhir.outcome import FhirFault, IssueType, issue_of, outcome
from bot.fhir.parameters import Inputs
from bot.fhir.recording import Recorder
from bot.messages import message
from bot.querylog import LogUnavailable, QuestionRecord
from bot.querylog.exchanges import Asked, Exchange
from codesets.errors import CodeDeskError
from codesets.model import System
from codesets.store.code_store import CodeStore

logger = logging.getLogger("codedesk.fhir")

#: Ready answers that are kept. A looked-up code takes some 5 kB with what the log has of it.
_MOST_KEPT = 8192
#: Requests of more bytes are not kept.
_MOST_KEY = 4096
#: Requests that are worked on at once, besides searches: each reads codes.db and shares a core.
_AT_ONCE = 2
#: Searches that are read and logged ahead of those that are worked on.
_AHEAD = 2
#: When to ask again while the log cannot be written, in seconds.
_LATER = "10"


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer as it leaves, and what of it goes on record each time."""

    status: int
    body: bytes
    exchanges: tuple[Exchange, ...]
    lasting: bool
    on_record: tuple[str, ...] = ()
    unlogged: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What leaves the server. `question_ids` are those of the log; `unlogged` says that the
    operator lets it leave without."""

    status: int
    body: bytes
    question_ids: tuple[str, ...] = ()
    unlogged: bool = False
    headers: tuple[tuple[str, str], ...] = ()


class Server:
    """For one event loop."""

    def __init__(self, service: Service) -> None:
        self._service = service
        # The recorder logs the delivery of a search, too, once it is sent.
        self._calls = service.calls_of("fhir").telling(lambda _: None)
        self._turns = Turns(lambda: service.desk.searches_at_once + _AHEAD)
        self.recorder = Recorder(service.log)
        self._threads = ThreadPoolExecutor(_AT_ONCE, "fhir")
        self._searching = ThreadPoolExecutor(64, "fhir-search")
        self._kept: dict[Any, Ready] = {}
        #: Of which terminology, and of which day, answers are kept.
        self._kept_of: tuple[Any, dt.date] | None = None
        self._made_with: dict[tuple[str, ...], dict[str, Any]] = {}

    @property
    def store(self) -> CodeStore:
        return self._desk().terminology.store

    async def reply(
        self,
        client: Client,
        path: str,
        key: tuple[Any, ...],
        inputs: Callable[[], Inputs],
        base: Callable[[], str],
        options: dict[str, Any] | None = None,
    ) -> Reply:
        """The answer to a request, once it is on record. `key` tells this request from others;
        `inputs` gives its parameters and `base` the address of the server; they are called where no
        answer is kept. Raises FhirFault,
        CallRefused, LogUnavailable."""
        came = time.monotonic()
        kept_of = (self._desk().terminology, dt.date.today())
        if kept_of != self._kept_of:
            self._kept, self._made_with, self._kept_of = {}, {}, kept_of
        ready = self._kept.get(key)
        if ready is None:
            ready = await self._made(client, path, inputs(), base(), kept_of[1], options)
            self._keep(key, ready)
        if not ready.exchanges:
            return Reply(ready.status, ready.body, ready.on_record, ready.unlogged)
        latency = (time.monotonic() - came) * 1000
        asked = [Asked(one, client.name, latency, options) for one in ready.exchanges]
        ids = tuple(await self.recorder.record(asked))
        unlogged = any(self._service.log.is_unlogged(one) for one in ids)
        return Reply(ready.status, ready.body, ids, unlogged)

    def _desk(self) -> Desk:
        return self._service.desk  # type: ignore[return-value]  # a Desk, or what stands for it

    def _keep(self, key: tuple[Any, ...], ready: Ready) -> None:
        if not ready.lasting or sum(len(one) for one in key if one) > _MOST_KEY:
            return
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = ready

    async def _made(
        self,
        client: Client,
        path: str,
        inputs: Inputs,
        base: str,
        today: dt.date,
        options: dict[str, Any] | None,
    ) -> Ready:
        desk = self._desk()
        search = partial(self._search, client, options)
        operations = Operations(desk, search, today, base)
        is_search = path.endswith("$expand") and inputs.has("filter")
        loop = asyncio.get_running_loop()
        if not is_search:
            return await loop.run_in_executor(self._threads, self._ready, operations, path, inputs)
        async with self._turns.one(client.name):
            return await loop.run_in_executor(
                self._searching, self._ready, operations, path, inputs
            )

    def _ready(self, operations: Operations, path: str, inputs: Inputs) -> Ready:
        result = operations.run(path, inputs)
        exchanges = tuple(self._exchange(one) for one in self._each(result))
        body = encoded(result.resource)
        # A search that is not in the log, where the operator allows that, has no id.
        ids = tuple(filter(None, result.on_record))
        unlogged = len(ids) < len(result.on_record)
        return Ready(result.status, body, exchanges, result.lasting, ids, unlogged)

    def _each(self, result: Result) -> Sequence[tuple[QuestionRecord, Answer]]:
        return [
            (
                QuestionRecord(
                    one.text,
                    "fhir",
                    options=one.options,
                    removed=one.removed,
                    releases=dict(one.answer.releases),
                ),
                one.answer,
            )
            for one in result.asked
        ]

    def _exchange(self, one: tuple[QuestionRecord, Answer]) -> Exchange:
        question, answer = one
        editions = tuple(answer.releases)
        made_with = self._made_with.get(editions)
        if made_with is None:
            made_with = self._made_with[editions] = self._service.desk.made_with(answer)
        return Exchange(
            question,
            answer,
            index_build=self._service.desk.index_build,
            made_with=made_with,
        )

    def _search(
        self,
        client: Client,
        options: dict[str, Any] | None,
        words: str,
        limit: int,
        systems: Sequence[System],
        day: dt.date,
    ) -> Answer:
        return self._calls.ask(
            client, words, limit=limit, systems=list(systems), day=day, **(options or {})
        )


def refusal(error: Exception) -> Reply:
    """What a client is told of an error. Those of the desk itself are printed for its operator,
    without what was asked."""
    if isinstance(error, FhirFault):
        return Reply(error.status, encoded(error.outcome()))
    if isinstance(error, CallRefused):
        issues: dict[int, IssueType] = {401: "login", 403: "forbidden", 413: "too-long"}
        throttled: IssueType = "throttled" if isinstance(error, TooMany) else "invalid"
        issue = issue_of("error", issues.get(error.status, throttled), str(error))
        headers = tuple(error.headers().items())
        return Reply(error.status, encoded(outcome(issue)), headers=headers)
    if isinstance(error, LogUnavailable):
        logger.error("%s", error)
        text = message("api.log_unavailable")
    elif isinstance(error, CodeDeskError):
        logger.error("%s", error)
        text = message("api.operator")
    else:
        where = "".join(traceback.format_tb(error.__traceback__))
        # The error's message is not printed: it may hold what was asked.
        logger.error("a call failed: %s at\n%s", type(error).__name__, where)
        return Reply(500, encoded(outcome(issue_of("error", "exception", message("fhir.failed")))))
    issue = issue_of("error", "transient", text)
    return Reply(503, encoded(outcome(issue)), headers=(("retry-after", _LATER),))
