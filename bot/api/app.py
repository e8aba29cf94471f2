"""The plain JSON API: its routes. They say what `codedesk ask --json` says, by the same objects
(docs/ANSWER.md); docs/API.md is for who writes a client."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from importlib import metadata
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.api.answer_schema import REPORT
from bot.api.bodies import AskBody, CheckBody, ReportBody
from bot.api.calls import Calls
from bot.api.clients import Client, Scope
from bot.api.errors import Malformed
from bot.api.guard import Guard
from bot.api.openapi import described
from bot.api.problems import problem, problem_of
from bot.api.service import Service
from bot.api.turns import Turns
from bot.desk.answer import Answer
from bot.logged_desk import Done
from bot.messages import message
from bot.operations.endpoints import LIVE, READY
from bot.operations.process import Process, readiness

#: Verdicts that are worked on at once: several are written to the log together.
_CHECKS_AT_ONCE = 8
#: How many searches are read and logged ahead of those that are worked on.
_AHEAD = 2
_MOST_KEY = 200

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def application(service: Service, process: Process, more: Sequence[BaseRoute] = ()) -> FastAPI:
    """The ASGI application; with `more` routes, which look themselves who asks. `process` says how
    it is."""
    app = FastAPI(
        title="Code Desk",
        version=metadata.version("codedesk"),
        docs_url=None,  # These pages would load programs from elsewhere.
        redoc_url=None,
        exception_handlers={RequestValidationError: _told, HTTPException: _told},
    )
    app.include_router(_router(service))
    app.add_middleware(Guard)
    app.router.routes += [*_health(process), *more]
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    return app


async def _told(_: Request, error: Exception) -> Response:
    return problem_of(error)


def _admitting(service: Service) -> type[APIRoute]:
    """Routes that look who asks before they read anything else. Their scope is their tag."""

    class Admitting(APIRoute):
        def get_route_handler(self) -> _Handler:
            handler, scope = super().get_route_handler(), self.tags[0]

            async def handle(request: Request) -> Response:
                request.state.client = service.admitted(request, _scope(scope))
                request.state.on_behalf_of = service.on_behalf_of(request)
                return await handler(request)

            return handle

    return Admitting


def _scope(tag: Any) -> Scope:
    scope: Scope = tag
    return scope


def _router(service: Service) -> APIRouter:
    router = APIRouter(prefix="/v1", route_class=_admitting(service))
    searches = Turns(lambda: service.desk.searches_at_once + _AHEAD)
    checks = Turns(lambda: _CHECKS_AT_ONCE)

    async def asked(
        request: Request,
        turns: Turns,
        work: Callable[..., Answer],
        text_of: Callable[[Answer], str] = Answer.as_json,
    ) -> Response:
        """What a call asks, in a thread, when it is its client's turn. The log has the delivery
        once the response was sent."""
        client: Client = request.state.client
        how = {"on_behalf_of": request.state.on_behalf_of, "key": _key(request)}
        sent: list[Done] = []
        calls = service.calls.telling(sent.append)

        def worked() -> bytes:
            return text_of(work(calls, client, **how)).encode()

        async with turns.one(client.name):
            body = await run_in_threadpool(worked)
        headers = {"cache-control": "no-store"}
        after = BackgroundTask(sent[0], "delivered", "") if sent else None
        return Response(body, 200, headers, "application/json", after)

    @router.post("/ask", tags=["ask"], summary="Find codes in plain words, or ask about codes")
    async def ask(request: Request, body: AskBody) -> Response:
        def work(calls: Calls, client: Client, **how: Any) -> Answer:
            return calls.ask(
                client,
                body.text,
                day=body.date,
                systems=body.systems,
                limit=body.limit,
                after=body.after,
                **how,
            )

        return await asked(request, searches, work)

    @router.post("/report", tags=["ask"], summary="The lines to report for a statement, in order")
    async def report(request: Request, body: ReportBody) -> Response:
        def work(calls: Calls, client: Client, **how: Any) -> Answer:
            return calls.ask(client, body.text, day=body.date, **how)

        return await asked(request, searches, work, _report)

    @router.post("/check", tags=["check"], summary="Are codes valid, billable, and right together?")
    async def check(request: Request, body: CheckBody) -> Response:
        def work(calls: Calls, client: Client, **how: Any) -> Answer:
            return calls.check(
                client,
                body.codes,
                day=body.date,
                systems=body.systems,
                setting=body.setting,
                **how,
            )

        return await asked(request, checks, work)

    @router.get("/questions/{question_id}", tags=["ask"], summary="An answer that was given before")
    async def question(request: Request, question_id: str) -> Response:
        def work(calls: Calls, client: Client, **_: Any) -> Answer:
            record = calls.own(client, question_id)
            service.log.access("view", client.name, "its own question", record.id)
            return calls.stored(record)

        return await asked(request, checks, work)

    return router


def _key(request: Request) -> str | None:
    """What the client calls this call. https://datatracker.ietf.org/doc/
    draft-ietf-httpapi-idempotency-key-header. Raises Malformed."""
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= _MOST_KEY):
        raise Malformed(message("api.no_key", most=_MOST_KEY))
    return key


def _report(answer: Answer) -> str:
    whole = answer.as_dict()
    return json.dumps({name: whole[name] for name in REPORT}, ensure_ascii=False)


def _health(process: Process) -> list[BaseRoute]:
    """For load balancers and orchestrators; without a token."""

    async def live(_: Request) -> Response:
        is_live = process.is_live
        return PlainTextResponse("ok" if is_live else "", 200 if is_live else 503)

    async def ready(_: Request) -> Response:
        is_ready, reasons = readiness(process)
        return PlainTextResponse("ok") if is_ready else problem(503, " ".join(reasons))

    routes: dict[str, Callable[[Request], Awaitable[Response]]] = {
        LIVE: live, READY: ready, "/health": ready,
    }  # fmt: skip
    return [Route(path, endpoint) for path, endpoint in routes.items()]
