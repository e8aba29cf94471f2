"""Puts the auditors' pages together (Datasette, our messages, sign-in, gate) and serves them."""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import QueryInterrupted
from datasette.plugins import DEFAULT_PLUGINS, pm
from datasette.utils.asgi import Base400, Request, Response
from datasette.views.base import DatasetteError

from bot.audit.corrections import Refused
from bot.audit.web import accounts, cells, stored_queries
from bot.audit.web.access_gate import (
    BROWSER,
    COOKIE,
    SIGN_IN,
    SIGN_OUT,
    UNKNOWN,
    Gate,
    address_of,
    cookie,
    header,
    record,
)
from bot.audit.web.log_copy import LogCopy
from bot.audit.web.question_form import BadField
from bot.audit.web.question_pages import QuestionPages
from bot.audit.web.read_only_database import LogDatabase, Measured
from bot.audit.web.reader import TooSlow, opened_to_read
from bot.audit.web.review_forms import ReviewForms
from bot.audit.web.review_pages import ReviewPages
from bot.audit.web.sessions import Refusals, Sessions, Tries
from bot.audit.web.sql_views import FACETS, VIEWS
from bot.messages import message
from bot.operations import uvicorn_server
from bot.phi import Scrubber
from bot.querylog import LogUnavailable, NoSuchQuestion, QueryLog
from bot.querylog.checkpoints import CheckpointError
from bot.querylog.opening import key_of
from bot.querylog.sampling import ReviewRefused
from bot.querylog.verify import Verification
from bot.settings import Settings

#: Settings of Datasette that differ from its defaults.
_SETTINGS = {
    "allow_download": False,
    "suggest_facets": False,  # each would read the whole log
    "sql_time_limit_ms": 10_000,
    "facet_time_limit_ms": 5_000,
    "max_csv_mb": 50,
    "truncate_cells_html": 500,
    "default_page_size": 50,
}
#: How old the result on the home page may be, and how long a visitor waits for a new one, both in
#: seconds.
_FRESH, _PATIENCE = 300.0, 3.0
#: How long a browser keeps the cookie by which it is known, in seconds.
_KNOWN_FOR = 90 * 24 * 3600

Verify = Callable[[], Verification]


class LogState:
    """The result of verifying the log for the home page, renewed now and then in the background."""

    def __init__(self, verify: Verify) -> None:
        self._verify = verify
        self._task: asyncio.Task[dict[str, Any]] | None = None
        self._last: dict[str, Any] = {
            "result": "unknown",
            "sentences": [message("audit.verifying")],
        }
        self._at = 0.0

    async def now(self) -> dict[str, Any]:
        """`result`, `sentences`, and the time `at` of the verification; the number of the record
        that is `bad`, and of those where the clock went back (`clock_back`)."""
        if self._task is None and (not self._at or time.monotonic() - self._at > _FRESH):
            self._task = asyncio.create_task(asyncio.to_thread(self._derive))
        if self._task is not None:
            done, _ = await asyncio.wait({self._task}, timeout=_PATIENCE)
            for task in done:
                self._task, self._at = None, time.monotonic()
                self._last = task.result()
        return self._last

    def _derive(self) -> dict[str, Any]:
        at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        try:
            verification = self._verify()
        except (LogUnavailable, CheckpointError) as error:
            return {"result": "unknown", "sentences": [str(error)], "at": at}
        return {
            "result": verification.result,
            "sentences": verification.sentences(),
            "at": at,
            "bad": verification.bad,
            "clock_back": [step.record for step in verification.clock_back],
        }


class Hooks:
    """Our plugin in Datasette: signing in and out, and values for the templates."""

    __name__ = "codedesk_audit"

    def __init__(
        self,
        log: QueryLog,
        known: dict[str, accounts.Account],
        sessions: Sessions,
        refusals: Refusals,
        pages: list[QuestionPages | ReviewPages | ReviewForms],
    ) -> None:
        self._log, self._known = log, known
        self._sessions, self._refusals, self._pages = sessions, refusals, pages
        self._tries = Tries()
        #: One hash at a time, since each takes 64 MiB. Known browsers have a lock of their own, so
        #: that they do not wait for the tries of others.
        self._hashing, self._hashing_known = asyncio.Lock(), asyncio.Lock()
        #: A hash to check unknown names against, so that refusing them takes as long.
        self._nobody = accounts.hashed("")

    @hookimpl
    def register_routes(self) -> list[tuple[str, Any]]:
        ours = [(f"^{SIGN_IN}$", self._sign_in), (f"^{SIGN_OUT}$", self._sign_out)]
        return [*ours, *(route for pages in self._pages for route in pages.routes())]

    async def _sign_in(self, request: Request, datasette: Datasette) -> Response:
        if request.actor:
            return Response.redirect("/")
        status, problem = 200, ""
        if request.method == "POST":
            status, problem, name = await self._admit(request)
            if not problem:
                response = Response.redirect("/", status=303)
                # A proxy before us may speak TLS with the browser.
                secure = header(request.scope, b"origin").startswith("https:")
                flags = {"httponly": True, "samesite": "strict", "secure": secure}
                response.set_cookie(COOKIE, self._sessions.begin(name), **flags)
                browser = self._tries.remember(name)
                response.set_cookie(BROWSER, browser, path=SIGN_IN, max_age=_KNOWN_FOR, **flags)
                return response
        page = await datasette.render_template("sign_in.html", {"problem": problem}, request)
        return Response.html(page, status=status)

    async def _admit(self, request: Request) -> tuple[int, str, str]:
        """The status, a sentence on what is wrong ("" when they may sign in), and the name."""
        typed = await request.post_vars()
        name, password = typed.get("name", ""), typed.get("password", "")
        address, browser = address_of(request.scope), cookie(request.scope, BROWSER)
        begun = self._tries.begin(name, address, browser)
        if begun.wait:
            self._refusals.only_counted()
            return 429, message("audit.too_many_tries", minutes=math.ceil(begun.wait / 60)), ""
        known = self._tries.knows(browser, name)
        async with self._hashing_known if known else self._hashing:
            right = await asyncio.to_thread(accounts.is_right, password, self._hash_of(name))
        if right and name in self._known:
            begun.take_back()
            if await record(self._log, "sign-in", name, f"from {address}"):
                return 200, "", name
            return 503, message("audit.unrecorded"), ""
        by, why = (name, "wrong password") if name in self._known else (UNKNOWN, "no such auditor")
        detail = f"sign-in from {address}: {why}{self._refusals.before()}"
        if await record(self._log, "refusal", by, detail):
            return 403, message("audit.wrong"), ""
        return 503, message("audit.unrecorded"), ""

    def _hash_of(self, name: str) -> str:
        account = self._known.get(name)
        return account.password_hash if account else self._nobody

    async def _sign_out(self, request: Request) -> Response:
        if request.method == "POST" and (name := self._sessions.end(cookie(request.scope, COOKIE))):
            await record(self._log, "sign-out", name, f"from {address_of(request.scope)}")
        response = Response.redirect(SIGN_IN, status=303)
        response.set_cookie(COOKIE, "", max_age=0, httponly=True, samesite="strict")
        return response

    @hookimpl
    def extra_template_vars(
        self, template: str, request: Request | None, datasette: Datasette
    ) -> Any:
        async def variables() -> dict[str, Any]:
            values: dict[str, Any] = {
                "say": message,
                "when": cells.time_of,
                "head": cells.heading,
                "page_links": page_links(),
                # Nobody needs SQL here: the page of the database alone has it.
                "allow_execute_sql": False,
                "view_definition": None,
                "table_definition": None,
            }
            if template == "database-log.html":
                tables = datasette.metadata("databases")["log"]["tables"]
                values["columns"] = {
                    n: one["columns"]
                    for n, one in tables.items()
                    if n in FACETS and "columns" in one
                }
            if request and (one := stored_queries.PREPARED.get(request.path.removeprefix("/log/"))):
                values["narrower"] = one.narrower({n: request.args.get(n) for n in request.args})
            return values

        return variables

    @hookimpl
    def prepare_connection(self, conn: sqlite3.Connection) -> None:
        conn.row_factory = Measured()

    @hookimpl
    def render_cell(self, value: Any, column: str) -> str | None:
        return cells.shown(value, column)

    @hookimpl
    def handle_exception(self, datasette: Datasette, request: Request, exception: Exception) -> Any:
        """Replaces that of Datasette, which prints errors together with what was typed."""

        async def page_of_error() -> Response:
            status, sentence = _status_and_sentence(exception)
            if request.path.endswith((".json", ".csv")):
                return Response.json({"ok": False, "error": sentence}, status=status)
            page = {"title": message("audit.problem"), "error": sentence}
            return Response.html(
                await datasette.render_template("error.html", page, request), status=status
            )

        return page_of_error


def _status_and_sentence(exception: Exception) -> tuple[int, str]:
    if isinstance(exception, DatasetteError):
        # Its only message in HTML is that a query took too long.
        too_long = exception.message_is_html
        return 400, message("audit.too_slow") if too_long else str(exception.message)
    if isinstance(exception, QueryInterrupted):
        return 400, message("audit.too_slow")
    if isinstance(exception, BadField | TooSlow | ReviewRefused | Refused | NoSuchQuestion):
        return 400, str(exception)
    if isinstance(exception, LogUnavailable):
        return 503, str(exception)
    if isinstance(exception, Base400):
        return exception.status, str(exception)
    return 500, message("audit.failed", kind=type(exception).__name__)


def application(
    settings: Settings,
    log: QueryLog,
    read: QueryLog,
    verify: Verify,
    copy: LogCopy | None = None,
) -> Gate:
    """The ASGI application; over PostgreSQL with a `copy` of the log. Looks are recorded in `log`;
    `read` is the same log (`opened_to_read`). Raises SettingsError when nobody may sign in, or an
    account is wrong."""
    _only_ours()
    known = accounts.load(settings)
    sessions = Sessions(60.0 * settings.audit_session_minutes)
    refusals = Refusals()
    path = copy.path if copy else log.path
    pages: list[QuestionPages | ReviewPages | ReviewForms] = [
        QuestionPages(read, LogState(verify).now),
        ReviewPages(read, settings.review_every_days),
        ReviewForms(settings, log, read),
    ]
    pm.register(Hooks(log, known, sessions, refusals, pages))
    made: dict[tuple[str, ...] | None, Any] = {}
    # One for all, as a form of one is sent to another.
    secret = secrets.token_hex(32)
    for teams in (None, *(account.teams for account in known.values())):
        if teams not in made:
            made[teams] = _pages(path, copy, teams, secret)
    limited = {n: (a.teams, made[a.teams]) for n, a in known.items() if a.teams is not None}
    return Gate(made[None], log, sessions, refusals, limited)


def _pages(path: Path, copy: LogCopy | None, teams: tuple[str, ...] | None, secret: str) -> Any:
    """Datasette with the whole log, or with what is of some workspaces."""
    served = Datasette(
        metadata=_metadata(path, limited=teams is not None),
        settings=_SETTINGS,
        template_dir=str(Path(__file__).with_name("templates")),
        memory=False,
        secret=secret,
    )
    served.remove_database("_memory")
    served.add_database(LogDatabase(served, str(path), copy, teams=teams), name="log")
    return served.app()


def page_links() -> list[tuple[str, str]]:
    """The address and the name of what is linked on every page."""
    return [
        ("/", message("audit.home")),
        ("/questions", message("audit_found.title")),
        ("/changes", message("audit_changes.title")),
        ("/samples", message("audit_samples.title")),
        ("/log/looked", message("audit_titles.looked")),
    ]


def serve(settings: Settings, verify: Verify) -> None:
    """Serve the pages until stopped. Raises SettingsError and LogUnavailable."""
    # Never the FallbackLog, whatever the settings: what cannot be recorded is not shown.
    log = QueryLog(
        settings.log_database,
        key=key_of(settings),
        scrubber=Scrubber(settings.index),
        checkpoints=settings.checkpoints,
    )
    read = opened_to_read(settings.log_database)
    copied: Any = LogCopy(log) if isinstance(log.where, str) else contextlib.nullcontext()
    try:
        with copied as copy:
            _serve(settings, log, application(settings, log, read, verify, copy))
    finally:
        read.close()
        log.close()


def _serve(settings: Settings, log: QueryLog, app: Gate) -> None:
    names = sorted(accounts.load(settings))
    with uvicorn_server.listening(
        settings.audit_host, settings.audit_port, "audit.no_port"
    ) as listening:
        log.append("start", None, {"serves": "audit", "auditors": names})
        where = f"http://{settings.audit_host}:{settings.audit_port}/"
        serving = message("audit.serving", where=where, names=", ".join(names))
        print(serving, file=sys.stderr, flush=True)
        # The address on record is that of the connection, not one from a header. What auditors open
        # is in the log, and must not be on standard error.
        uvicorn_server.run(app, settings, listening, proxy_headers=False)
        log.append("stop", None, {"serves": "audit"})


def _only_ours() -> None:
    """Unregister plugins that happen to be installed beside Datasette."""
    ours = set(DEFAULT_PLUGINS) - {"datasette.handle_exception"}
    for plugin in pm.get_plugins():
        if getattr(plugin, "__name__", "") not in ours:
            pm.unregister(plugin)


def _metadata(log_db: Path, *, limited: bool = False) -> dict[str, Any]:
    signed_in = {"id": "*"}
    nobody = {"allow": False, "hidden": True}
    return {
        "title": message("audit.title"),
        "description": message("audit.phi"),
        # A second lock behind the gate: Datasette itself asks for a signed-in actor, too.
        "allow": signed_in,
        "allow_sql": signed_in,
        "databases": {
            "log": {
                "title": message("audit.database"),
                "description": message("audit.database_about"),
                "queries": stored_queries.as_metadata(),
                "tables": {name: _described(log_db, name) for name in (*VIEWS, "records")}
                | {name: nobody for name in ("texts", "lifted", *(["records"] * limited))},
            }
        },
    }


def _described(log_db: Path, name: str) -> dict[str, Any]:
    db = sqlite3.connect(log_db.absolute().as_uri() + "?mode=ro", uri=True)
    try:
        rows = db.execute(f"select * from ({VIEWS.get(name, f'select * from {name}')}) limit 0")
        columns = [column[0] for column in rows.description]
    finally:
        db.close()
    return {
        "title": message(f"audit_views.{name}_title"),
        "description": message(f"audit_views.{name}"),
        "columns": {column: message(f"audit_columns.{column}") for column in columns},
        "facets": FACETS[name],
        "sort_desc": columns[0],
    }
