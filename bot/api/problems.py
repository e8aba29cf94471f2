"""Faults as problem details (RFC 9457): what is wrong and what to do, in a sentence. What was asked
is neither in them nor in what this process prints."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.api.errors import CallRefused
from bot.messages import message
from bot.querylog import AlreadyAnswered, LogUnavailable, NoSuchQuestion
from bot.settings import SettingsError
from codesets.errors import CodeDeskError

logger = logging.getLogger("codedesk.api")

MEDIA_TYPE = "application/problem+json"
#: When to call again where the desk itself has a fault, in seconds.
_LATER = "10"


def problem(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """A fault as a response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return Response(
        json.dumps(body, ensure_ascii=False).encode(),
        status,
        {"cache-control": "no-store", **(headers or {})},
        MEDIA_TYPE,
    )


def problem_of(error: Exception) -> Response:
    """What a program is told of an error. Those of the desk itself are printed for its operator,
    without what was asked."""
    if isinstance(error, HTTPException) and isinstance(error.__cause__, CallRefused):
        error = error.__cause__  # FastAPI wraps what is raised while a body is read.
    if isinstance(error, CallRefused):
        return problem(error.status, str(error), error.headers())
    if isinstance(error, RequestValidationError):
        return _malformed(error)
    if isinstance(error, HTTPException):
        return problem(error.status_code, _sentence_on(error.status_code), error.headers)
    if isinstance(error, NoSuchQuestion):
        return problem(404, message("api.no_such_question"))
    if isinstance(error, AlreadyAnswered):
        return problem(409, message("api.no_answer"))
    if isinstance(error, LogUnavailable):
        logger.error("%s", error)
        return problem(503, message("api.log_unavailable"), {"retry-after": _LATER})
    if isinstance(error, SettingsError):
        logger.error("%s", error)
        return problem(503, message("api.operator"), {"retry-after": _LATER})
    where = "".join(traceback.format_tb(error.__traceback__))
    # The error's message is not printed: it may hold what was asked.
    logger.error("a call failed: %s at\n%s", type(error).__name__, where)
    if isinstance(error, CodeDeskError):
        return problem(503, message("api.operator"), {"retry-after": _LATER})
    return problem(500, message("api.failed", kind=type(error).__name__))


def _sentence_on(status: int) -> str:
    known = {404: "api.no_such_path", 405: "api.no_such_method"}
    return message(known.get(status, "api.not_understood"))


def _malformed(error: RequestValidationError) -> Response:
    """The faults of a body: where each is, and what it should be; never what it was."""
    faults = [
        {"at": ".".join(map(str, fault["loc"])), "says": fault["msg"].removeprefix("Value error, ")}
        for fault in error.errors()
    ]
    first = faults[0]
    detail = message("api.malformed", at=first["at"], says=first["says"], count=len(faults))
    return problem(422, detail, errors=faults)
