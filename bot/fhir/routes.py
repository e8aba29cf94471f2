"""The FHIR terminology server as a route of Starlette. It meets ASGI directly: a look-up that is
ready takes less time than the request and response objects of a framework."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from bot.api.clients import Client
from bot.api.service import Service
from bot.fhir import batch
from bot.fhir.capability import capability_statement, terminology_capabilities
from bot.fhir.negotiation import MEDIA_TYPE, decoded, encoded, expect_json_wanted
from bot.fhir.outcome import FhirFault
from bot.fhir.parameters import Inputs
from bot.fhir.server import Reply, Server, refusal
from bot.messages import message

#: What may be read without a token, as every FHIR server lets it be.
_OPEN = "metadata"
_CONTENT_TYPE = (b"content-type", f"{MEDIA_TYPE}; charset=utf-8".encode())
_NO_STORE = (b"cache-control", b"no-store")
_TYPES = ("CodeSystem", "ValueSet", "ConceptMap")


def routes(service: Service) -> list[Route]:
    """Everything below the base, to be mounted at /fhir."""
    return [Route("/{path:path}", _Face(service), methods=None)]


def mounted(service: Service, at: str = "/fhir") -> list[BaseRoute]:
    """All of it, also at the base itself without a slash, to which batches are posted."""
    below = routes(service)
    return [Route(at, below[0].endpoint, methods=None), Mount(at, routes=below)]


class _Face:
    """An ASGI application."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._server = Server(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            reply = await self._replied(request)
        except Exception as error:
            reply = refusal(error)
        headers = [
            _CONTENT_TYPE,
            _NO_STORE,
            (b"content-length", str(len(reply.body)).encode()),
            *((name.encode(), value.encode()) for name, value in reply.headers),
        ]
        if reply.unlogged:
            headers.append((b"warning", f'199 - "{message("fhir.unlogged")}"'.encode()))
        elif reply.question_ids:
            headers.append((b"x-question-id", ", ".join(reply.question_ids).encode()))
        try:
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            body = b"" if scope["method"] == "HEAD" else reply.body
            await send({"type": "http.response.body", "body": body})
        except BaseException:
            self._server.recorder.delivered(reply.question_ids, "failed")
            raise
        self._server.recorder.delivered(reply.question_ids)

    async def _replied(self, request: Request) -> Reply:
        path = request.path_params.get("path", "").strip("/")
        query = request.scope["query_string"].decode("latin-1")
        client = None
        if path != _OPEN:
            client = self._service.admitted(request, "terminology")
        headers = request.headers
        format_given = dict(parse_qsl(query)).get("_format", "") if "_format" in query else ""
        expect_json_wanted(headers.get("accept", ""), format_given)
        method = request.method
        self._expect_method(method, path)
        body = await request.body() if method == "POST" else b""
        if client is None:
            base = _base(request)
            return Reply(200, encoded(self._metadata(Inputs(parse_qsl(query)), base)))
        on_behalf_of = self._on_behalf_of(request)
        options = {"on_behalf_of": on_behalf_of} if on_behalf_of else None
        content_type = headers.get("content-type", "")
        if not path:
            bundle = decoded(body, content_type)
            return await self._batch(client, bundle, _base(request), options)
        # Resources that are read have the address of the server in them.
        key = (headers.get("host", ""), method, path, query, body)
        inputs = partial(_inputs, method, path, query, body, content_type)
        return await self._server.reply(client, path, key, inputs, partial(_base, request), options)

    def _metadata(self, inputs: Inputs, base: str) -> dict[str, Any]:
        """What this server can do. It asks nothing, so it is not on record."""
        if inputs.text("mode") == "terminology":
            return terminology_capabilities(self._server.store, base)
        return capability_statement(base)

    def _on_behalf_of(self, request: Request) -> str | None:
        named = getattr(self._service, "on_behalf_of", None)
        return named(request) if named else None

    def _expect_method(self, method: str, path: str) -> None:
        """Raises FhirFault."""
        parts = path.split("/")
        is_operation = parts[-1].startswith("$")
        allowed: tuple[str, ...] = ("GET", "HEAD")
        if not path:
            allowed = ("POST",)
        elif is_operation or parts[-1] == "_search":
            allowed = ("GET", "HEAD", "POST")
        if method not in allowed:
            text = message("fhir.wrong_method", method=method)
            raise FhirFault("not-supported", text, status=405)

    async def _batch(
        self, client: Client, bundle: Any, base: str, options: dict[str, Any] | None
    ) -> Reply:
        """The answers to the entries of a batch, each of which counts as a call and is a question
        of its own."""

        async def one(entry: batch.Entry | FhirFault, is_first: bool) -> Reply:
            try:
                if isinstance(entry, FhirFault):
                    raise entry
                if not is_first:
                    self._service.counted(client)
                self._expect_method(entry.method, entry.path)
                return await self._server.reply(
                    client, entry.path, (base, *entry.key()), entry.inputs, lambda: base, options
                )
            except Exception as error:
                return refusal(error)

        given = batch.entries(bundle)
        replies: Sequence[Reply] = await asyncio.gather(
            *(one(entry, not place) for place, entry in enumerate(given))
        )
        body = batch.response([(reply.status, reply.body) for reply in replies])
        ids = tuple(question_id for reply in replies for question_id in reply.question_ids)
        return Reply(200, body, ids, any(reply.unlogged for reply in replies))


def _base(request: Request) -> str:
    """The address of this server, as the client calls it."""
    url = request.base_url
    return f"{url.scheme}://{url.netloc}{request.scope.get('root_path', '')}"


def _inputs(method: str, path: str, query: str, body: bytes, content_type: str) -> Inputs:
    """Raises FhirFault."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if method != "POST":
        return Inputs(pairs)
    if path.endswith("_search"):
        return Inputs([*pairs, *parse_qsl(body.decode("latin-1"))])
    return Inputs.of_resource(decoded(body, content_type), pairs)
