"""The description of the API for programs (OpenAPI)."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from bot.api.answer_schema import schemas
from bot.api.problems import MEDIA_TYPE
from bot.messages import message

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "A fault (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Always about:blank: `status` tells the kind."},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "description": "The status of HTTP."},
        "detail": {"type": "string", "description": "What is wrong and what to do, in a sentence."},
        "errors": {
            "type": "array",
            "description": "With 422: each fault of the body, where it is and what it should be.",
            "items": {
                "type": "object",
                "required": ["at", "says"],
                "properties": {"at": {"type": "string"}, "says": {"type": "string"}},
            },
        },
    },
}
#: Path -> the schema of what it answers.
_ANSWERED = {
    "/v1/ask": "Answer",
    "/v1/report": "Report",
    "/v1/check": "Answer",
    "/v1/questions/{question_id}": "Answer",
}
_FAULTS = (400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 503)
_HEADERS: dict[int, dict[str, Any]] = {
    status: {name: {"schema": {"type": kind}, "description": says}}
    for status, name, kind, says in (
        (401, "WWW-Authenticate", "string", "Bearer, as RFC 6750 says."),
        (403, "WWW-Authenticate", "string", "The scope that is needed."),
        (429, "Retry-After", "integer", "When to call again, in seconds."),
        (503, "Retry-After", "integer", "When to call again, in seconds."),
    )
}


def described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def _made(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=message("api.description"),
        routes=app.routes,
    )
    parts = made["components"]
    for theirs in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(theirs, None)
    parts["schemas"] |= schemas() | {"Problem": _PROBLEM}
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    parts["parameters"] = {"Key": _KEY, "Person": _PERSON}
    parts["responses"] = {str(status): _fault(status) for status in _FAULTS}
    fault = partial("#/components/responses/{}".format)
    for path, schema in _ANSWERED.items():
        for operation in made["paths"][path].values():
            operation["security"] = [{"token": []}]
            operation.setdefault("parameters", []).append(_ref("parameters/Person"))
            if "requestBody" in operation:
                operation["parameters"].append(_ref("parameters/Key"))
            answered = {"schema": _ref(f"schemas/{schema}")}
            operation["responses"] = {
                "200": {
                    "description": "The answer.",
                    "content": {"application/json": answered},
                }
            } | {str(status): {"$ref": fault(status)} for status in _FAULTS}
    return made


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{name}"}


def _fault(status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    example = {
        "type": "about:blank",
        "title": phrase,
        "status": status,
        "detail": message(f"api.status_{status}"),
    }
    content = {MEDIA_TYPE: {"schema": _ref("schemas/Problem"), "example": example}}
    response = {"description": message(f"api.status_{status}"), "content": content}
    if status in _HEADERS:
        response["headers"] = _HEADERS[status]
    return response


_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name for this call, any text of 200 characters at most. A call with the same "
    "key is the same question: it has the answer that it had, and is not asked again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_PERSON = {
    "name": "On-Behalf-Of",
    "in": "header",
    "required": False,
    "description": "Who asks through your program: an id of yours, which the log keeps.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._@:|+-]{1,64}$"},
}
