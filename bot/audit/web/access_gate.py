"""The gate before Datasette: it shows nothing of the log without signing in and a record."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

from bot.audit import csv_safe
from bot.audit.web.sessions import Refusals, Sessions
from bot.audit.web.stored_queries import PREPARED
from bot.messages import message
from bot.querylog import LogUnavailable, QueryLog
from bot.querylog.records import Access
from bot.querylog.workspaces import is_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE, BROWSER = "codedesk_audit", "codedesk_audit_browser"
SIGN_IN, SIGN_OUT = "/-/login", "/-/logout"
#: The name on record of a person we do not know. What they typed as a name may be a password.
UNKNOWN = "unknown"

#: The pages that are shown: ours of questions, and Datasette's of the contents of the database. Its
#: pages about itself (plugins, settings, permissions …) and the file itself are not.
_PAGES = re.compile(
    r"/|/questions(\.csv)?|/questions/[^/]+|/changes|/samples(/[0-9]{1,10})?|"
    r"/log(\.(?!db$)\w+)?|/log/.+"
)
#: What reviewers send. All else is only looked at.
_FORMS = re.compile(r"/samples/draw|/samples/[0-9]{1,10}/sign-off|/questions/[0-9a-f]{1,32}/review")
_QUESTION, _ID = "/questions/", re.compile("[0-9a-f]{1,32}")
#: Datasette's own style sheets and scripts, which have nothing of the log.
_STATIC = re.compile(r"/-/static/[\w.-]+|/favicon\.ico")
#: A page with one sentence and a link.
_PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Code Desk</title>
<body style="font: 1em/1.5 sans-serif; margin: 3em auto; max-width: 40em">
<p>{}</p><p><a href="{}">{}</a></p></body></html>"""
#: Parameters, and columns of the views, with ids and days in place of words. The scrubber would
#: take some for identifiers of a patient.
_NO_WORDS = frozenset("person channel question_id by since until month day sample".split())
#: The longest form with a name and a password, in bytes, and the longest time to receive it, in
#: seconds.
_LONGEST_FORM, _SLOWEST_FORM = 5000, 10.0
#: The longest path, the longest query, and the most parameters that are accepted: each is scrubbed
#: before it goes on record. Of a refused path, the first _RECORDED_PATH characters go on record.
_LONGEST_PATH, _LONGEST_QUERY, _MOST_PARAMETERS, _RECORDED_PATH = 2000, 16_000, 200, 300
#: The content types of Datasette's CSV.
_CSV = (b"text/plain", b"text/csv")
_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'self'; script-src 'self' 'unsafe-inline'; "
    b"style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'",
    # Not "no-referrer", with which a browser does not say where a form comes from.
    b"referrer-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}


class Gate:
    """The whole of the auditors' pages as an ASGI application, around that of Datasette."""

    def __init__(
        self,
        datasette: App,
        log: QueryLog,
        sessions: Sessions,
        refusals: Refusals,
        limited: Mapping[str, tuple[Sequence[str], App]] | None = None,
    ) -> None:
        """`limited`: those who may see some workspaces only, by their names: the ids of these, and
        the pages."""
        self._datasette, self._log = datasette, log
        self._limited = dict(limited or {})
        self._sessions, self._refusals = sessions, refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._datasette(scope, receive, send)
        if scope["type"] != "http":
            return None  # Datasette has no web sockets
        send = _with_headers(send)
        path, method = scope["raw_path"].decode("latin-1"), scope["method"]
        if _STATIC.fullmatch(path) and method in ("GET", "HEAD"):
            return await self._datasette(scope, receive, send)
        auditor = self._sessions.auditor(cookie(scope, COOKIE))
        # Only our session says who the actor is, whatever the request claims.
        scope = dict(scope, actor={"id": auditor} if auditor else None)
        if path in (SIGN_IN, SIGN_OUT):
            if method != "POST":
                return await self._datasette(scope, receive, send)
            return await self._take(scope, receive, send, auditor)
        if auditor is None:
            if path == "/":
                return await _redirect(send, SIGN_IN)
            return await self._refuse(scope, send, UNKNOWN, 403, message("audit.signed_out"))
        if method == "POST" and _FORMS.fullmatch(path):
            return await self._take(scope, receive, send, auditor)
        if not _PAGES.fullmatch(path) or method not in ("GET", "HEAD"):
            return await self._refuse(scope, send, auditor, 404, message("audit.not_here"))
        if _is_too_long(scope):
            return await self._refuse(scope, send, auditor, 414, message("audit.too_long"))
        return await self._show(scope, receive, send, auditor)

    async def _take(self, scope: Scope, receive: Receive, send: Send, auditor: str | None) -> None:
        """Take a form: a sign-in or sign-out, or a review, which goes on record itself."""
        if _is_from_elsewhere(scope):
            by = auditor or UNKNOWN
            return await self._refuse(scope, send, by, 403, message("audit.other_site"))
        status, form = await _form(scope, receive)
        if form is None:
            return await _say(send, scope, status, message(f"audit.form_{status}"))
        _, pages = self._limited.get(auditor or "", (None, self._datasette))
        return await pages(scope, _again(form, receive), send)

    async def _refuse(self, scope: Scope, send: Send, by: str, status: int, sentence: str) -> None:
        address = address_of(scope)
        if self._refusals.are_over(address):
            return await _say(send, scope, 429, message("audit.too_often"))
        # Without the query: nobody signed in for it, and it may be long.
        path = _path(scope)
        if len(path) > _RECORDED_PATH:
            path = path[:_RECORDED_PATH] + "…"
        detail = f"{scope['method']} {path} from {address}{self._refusals.before()}"
        if not await record(self._log, "refusal", by, detail):
            return await _say(send, scope, 503, message("audit.unrecorded"))
        return await _say(send, scope, status, sentence)

    async def _show(self, scope: Scope, receive: Receive, send: Send, auditor: str) -> None:
        what, question_id = _kind(scope), _question_id(scope)
        detail = await asyncio.to_thread(_detail, scope, self._log.scrubbed)
        teams, pages = self._limited.get(auditor, (None, self._datasette))
        if not await record(self._log, what, auditor, detail, question_id, teams):
            return await _say(send, scope, 503, message("audit.unrecorded"))
        return await pages(scope, receive, _formula_safe(send))


async def record(
    log: QueryLog,
    what: Access,
    by: str,
    detail: str,
    question_id: str | None = None,
    teams: Sequence[str] | None = None,
) -> bool:
    """Put an access on record: one of a question, where there is one with exactly this id that
    somebody limited to `teams` may see. False when the log cannot be written; standard error says
    why."""

    def write() -> None:
        known = log.get(question_id) if question_id else None
        seen = known is not None and known.id == question_id and is_of(known, teams)
        log.access(what, by, detail, question_id if seen else None)

    try:
        await asyncio.to_thread(write)
    except LogUnavailable as error:
        print(error, file=sys.stderr, flush=True)
        return False
    return True


# Requests


def cookie(scope: Scope, name: str) -> str | None:
    """The value of a cookie; None without one."""
    try:
        found = SimpleCookie(header(scope, b"cookie")).get(name)
    except CookieError:
        return None
    return found.value if found else None


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else UNKNOWN


def header(scope: Scope, name: bytes) -> str:
    return next((v.decode("latin-1") for k, v in scope["headers"] if k.lower() == name), "")


def _is_from_elsewhere(scope: Scope) -> bool:
    """Whether a browser sends a form from another site, or from another port of this machine, which
    has the same cookies. The headers that show it are those that CrossOriginProtection of
    go.dev/blog/go1.25 reads. A program that is no browser sends neither, and has no cookies."""
    if site := header(scope, b"sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = header(scope, b"origin")
    return bool(origin) and origin.partition("://")[2] != header(scope, b"host")


async def _form(scope: Scope, receive: Receive) -> tuple[int, bytes | None]:
    """Status 200 and the body of a form; else the status that says why, and None. The length is
    counted while reading, whatever a header says."""
    form = bytearray()
    try:
        async with asyncio.timeout(_SLOWEST_FORM):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return 408, None
                form += message.get("body", b"")
                if len(form) > _LONGEST_FORM:
                    return 413, None
                if not message.get("more_body"):
                    break
        form.decode()
    except TimeoutError:
        return 408, None
    except UnicodeDecodeError:
        return 400, None
    if header(scope, b"content-type").split(";")[0].strip() != "application/x-www-form-urlencoded":
        return 415, None
    return 200, bytes(form)


def _again(form: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the form that was read, once more."""
    messages = [{"type": "http.request", "body": form, "more_body": False}]

    async def receiving() -> Message:
        return messages.pop() if messages else await receive()

    return receiving


def _is_too_long(scope: Scope) -> bool:
    path, query = scope["raw_path"], scope["query_string"]
    long = len(path) > _LONGEST_PATH or len(query) > _LONGEST_QUERY
    return long or query.count(b"&") >= _MOST_PARAMETERS


def _query(scope: Scope) -> str:
    return scope["query_string"].decode("latin-1")


def _path(scope: Scope) -> str:
    return unquote(scope["raw_path"].decode("latin-1"))


def _detail(scope: Scope, scrub: Callable[[str], str]) -> str:
    """The path and the query as a person reads them, for the record; words are scrubbed."""
    typed = [
        f"{name}={value if name.split('__')[0] in _NO_WORDS else scrub(value)}"
        for name, value in parse_qsl(_query(scope), keep_blank_values=True)
    ]
    path = _path(scope)
    if path.startswith(_QUESTION) and not _ID.fullmatch(path.removeprefix(_QUESTION)):
        path = _QUESTION + scrub(path.removeprefix(_QUESTION))
    return path + ("?" + "&".join(typed) if typed else "")


def _kind(scope: Scope) -> Access:
    path = _path(scope)
    if path.startswith(_QUESTION):
        return "view"
    if "." in path.rsplit("/", 1)[-1]:
        return "export"  # .json, .csv
    prepared = path.removeprefix("/log/") in PREPARED
    return "search" if prepared or parse_qs(_query(scope)) else "view"


def _question_id(scope: Scope) -> str | None:
    """The id of the question that the page is about, if it is about one."""
    if (path := _path(scope)).startswith(_QUESTION):
        return path.removeprefix(_QUESTION)
    return next(iter(parse_qs(_query(scope)).get("question_id", ())), None)


# Responses


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [h for h in message.get("headers", ()) if h[0].lower() not in _HEADERS]
            message = dict(message, headers=[*kept, *_HEADERS.items()])
        await send(message)

    return sending


def _formula_safe(send: Send) -> Send:
    """A `send` that makes every cell of a CSV file safe (see csv_safe). The file is collected whole
    first, since it is sent in pieces, and a piece may end inside a cell."""
    start: Message = {}
    body = bytearray()

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and _is_csv(message):
            start.update(message)
        elif not start:
            await send(message)
        else:
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                await finish(body.decode("utf-8", "replace"))

    async def finish(text: str) -> None:
        if not text.strip():
            # Datasette sends an empty file when a query fails; one without rows has its columns.
            return await _answer(send, 400, message("audit.no_csv"), *start["headers"])
        safe = await asyncio.to_thread(csv_safe.file, text)
        kept = [h for h in start["headers"] if h[0].lower() != b"content-length"]
        await send(dict(start, headers=kept))
        await send({"type": "http.response.body", "body": safe.encode()})

    return sending


def _is_csv(start: Message) -> bool:
    kinds = [v for k, v in start.get("headers", ()) if k.lower() == b"content-type"]
    return start["status"] == 200 and any(kind.startswith(_CSV) for kind in kinds)


async def _say(send: Send, scope: Scope, status: int, sentence: str) -> None:
    """Send a sentence in place of the page, as HTML or JSON."""
    if _path(scope).endswith((".json", ".csv")):
        kind, body = "application/json", json.dumps({"ok": False, "error": sentence})
    else:
        link = message("audit.to_sign_in")
        kind, body = "text/html", _PAGE.format(escape(sentence), SIGN_IN, escape(link))
    await _answer(send, status, body, (b"content-type", f"{kind}; charset=utf-8".encode()))


async def _redirect(send: Send, to: str) -> None:
    await _answer(send, 303, "", (b"location", to.encode()))


async def _answer(send: Send, status: int, body: str, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body.encode()})
