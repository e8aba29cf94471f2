"""What stands before Datasette: nothing of the log passes that is not signed for, and recorded."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

from bot.audit.questions import PREPARED
from bot.audit.sessions import Sessions, Throttle
from bot.querylog import LogUnavailable, QueryLog
from bot.querylog.records import Access
from bot.words import say

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "codedesk_audit"
SIGN_IN, SIGN_OUT = "/-/login", "/-/logout"
#: Who is named where it is nobody that we know: what was typed as a name may be a password.
UNKNOWN = "unknown"

#: What of Datasette is shown: its home page, and what is in the database. Its pages about itself
#: (plugins, settings, permissions…) and the file itself are not.
_PAGES = re.compile(r"/|/log(\.(?!db$)\w+)?|/log/.+")
#: Datasette's own style sheets and scripts, which tell nothing of the log.
_STATIC = re.compile(r"/-/static/[\w.-]+|/favicon\.ico")
#: What says a sentence in place of a page.
_PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Code Desk</title>
<body style="font: 1em/1.5 sans-serif; margin: 3em auto; max-width: 40em">
<p>{}</p><p><a href="{}">{}</a></p></body></html>"""
#: Parameters, and columns of the views, that hold ids and days and no words of a person's. The
#: scrubber would take them for a patient's.
_NO_WORDS = frozenset("person channel question_id by since until day".split())
#: A name and a password are never longer, in bytes.
_LONGEST_FORM = 5000
_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'self'; script-src 'self' 'unsafe-inline'; "
    b"style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}


class Gate:
    """The whole of the audit as an ASGI application, around Datasette's."""

    def __init__(
        self, datasette: App, log: QueryLog, sessions: Sessions, throttle: Throttle
    ) -> None:
        self._datasette, self._log = datasette, log
        self._sessions, self._throttle = sessions, throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._datasette(scope, receive, send)
        if scope["type"] != "http":
            return None  # Datasette has no web sockets
        send = _with_headers(send)
        path, method = scope["raw_path"].decode("latin-1"), scope["method"]
        if _STATIC.fullmatch(path) and method in ("GET", "HEAD"):
            return await self._datasette(scope, receive, send)
        auditor = self._sessions.auditor(token(scope))
        # Nobody else says who someone is.
        scope = dict(scope, actor={"id": auditor} if auditor else None)
        if path in (SIGN_IN, SIGN_OUT):
            if method == "POST" and not _is_short(scope):
                return await _say(send, scope, 413, say("audit.too_long"))
            return await self._datasette(scope, receive, send)
        if auditor is None:
            if path == "/":
                return await _redirect(send, SIGN_IN)
            return await self._refuse(scope, send, UNKNOWN, 403, say("audit.signed_out"))
        if not _PAGES.fullmatch(path) or method not in ("GET", "HEAD"):
            return await self._refuse(scope, send, auditor, 404, say("audit.not_here"))
        return await self._show(scope, receive, send, auditor)

    async def _refuse(self, scope: Scope, send: Send, by: str, status: int, sentence: str) -> None:
        address = address_of(scope)
        if self._throttle.is_over(address):
            return await _say(send, scope, 429, say("audit.too_often"))
        more = self._throttle.refused(address)
        # Nothing of what was typed behind the path: nobody answers for it, and it may be long.
        detail = f"{scope['method']} {_path(scope)} from {address}{more}"
        if not await record(self._log, "refusal", by, detail):
            return await _say(send, scope, 503, say("audit.unrecorded"))
        return await _say(send, scope, status, sentence)

    async def _show(self, scope: Scope, receive: Receive, send: Send, auditor: str) -> None:
        what, question = _kind(scope), _question(scope)
        asked = await asyncio.to_thread(_asked, scope, self._log.scrubbed)
        if not await record(self._log, what, auditor, asked, question):
            return await _say(send, scope, 503, say("audit.unrecorded"))
        if _path(scope).endswith(".csv"):
            send = _formula_safe(send)
        return await self._datasette(scope, receive, send)


async def record(
    log: QueryLog, what: Access, by: str, detail: str, question: str | None = None
) -> bool:
    """Whether it is in the log now. If not, standard error says why."""

    def write() -> None:
        known = log.get(question) if question else None
        log.access(what, by, detail, known.id if known and known.id == question else None)

    try:
        await asyncio.to_thread(write)
    except LogUnavailable as error:
        print(error, file=sys.stderr, flush=True)
        return False
    return True


# What is asked


def token(scope: Scope) -> str | None:
    """The session that a request names."""
    header = _header(scope, b"cookie")
    try:
        cookie = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie else None


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else UNKNOWN


def _header(scope: Scope, name: bytes) -> str:
    return next((v.decode("latin-1") for k, v in scope["headers"] if k.lower() == name), "")


def _is_short(scope: Scope) -> bool:
    length = _header(scope, b"content-length")
    return length.isdigit() and int(length) <= _LONGEST_FORM


def _query(scope: Scope) -> str:
    return scope["query_string"].decode("latin-1")


def _path(scope: Scope) -> str:
    return unquote(scope["raw_path"].decode("latin-1"))


def _asked(scope: Scope, scrub: Callable[[str], str]) -> str:
    """The page, with what was typed, as a person reads it; words are scrubbed before they are
    stored."""
    typed = [
        f"{name}={value if name.split('__')[0] in _NO_WORDS else scrub(value)}"
        for name, value in parse_qsl(_query(scope), keep_blank_values=True)
    ]
    return _path(scope) + ("?" + "&".join(typed) if typed else "")


def _kind(scope: Scope) -> Access:
    path = _path(scope)
    if "." in path.rsplit("/", 1)[-1]:
        return "export"  # .json, .csv
    prepared = path.removeprefix("/log/") in PREPARED
    return "search" if prepared or parse_qs(_query(scope)) else "view"


def _question(scope: Scope) -> str | None:
    """The id of the one question that is looked at."""
    return next(iter(parse_qs(_query(scope)).get("question_id", ())), None)


# What is answered


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [h for h in message.get("headers", ()) if h[0].lower() not in _HEADERS]
            message = dict(message, headers=[*kept, *_HEADERS.items()])
        await send(message)

    return sending


def _formula_safe(send: Send) -> Send:
    """Lets no cell of a CSV file be a formula to the spreadsheet that opens it. The file is taken
    whole, since a cell may be cut in two by the pieces that it is sent in."""
    start: Message = {}
    body = bytearray()

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        text = body.decode("utf-8", "replace")
        if start["status"] == 200 and not text.strip():
            # Datasette sends nothing for a query that failed; a file of no rows has its columns.
            return await _answer(send, 400, say("audit.no_csv"), *start["headers"])
        kept = [h for h in start["headers"] if h[0].lower() != b"content-length"]
        await send(dict(start, headers=kept))
        await send({"type": "http.response.body", "body": safe_csv(text).encode()})

    return sending


def safe_csv(text: str) -> str:
    """
    >>> safe_csv('text\\r\\n"=1+1"\\r\\n')
    "text\\r\\n'=1+1\\r\\n"
    """
    safe = io.StringIO(newline="")
    writer = csv.writer(safe)
    for row in csv.reader(io.StringIO(text, newline="")):
        writer.writerow("'" + cell if cell[:1] in tuple("=+-@\t\r") else cell for cell in row)
    return safe.getvalue()


async def _say(send: Send, scope: Scope, status: int, sentence: str) -> None:
    """A sentence in place of what was asked for."""
    if _path(scope).endswith((".json", ".csv")):
        kind, body = "application/json", json.dumps({"ok": False, "error": sentence})
    else:
        link = say("audit.to_sign_in")
        kind, body = "text/html", _PAGE.format(escape(sentence), SIGN_IN, escape(link))
    await _answer(send, status, body, (b"content-type", f"{kind}; charset=utf-8".encode()))


async def _redirect(send: Send, to: str) -> None:
    await _answer(send, 303, "", (b"location", to.encode()))


async def _answer(send: Send, status: int, body: str, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body.encode()})
