"""What every server for programs works with: the desk, its log, and the clients that may ask. The
plain JSON API, FHIR and MCP all ask through it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, cast

from bot.api.calls import SURFACES, Calls
from bot.api.clients import Client, Scope
from bot.api.errors import Forbidden, Malformed, TooMany, Unauthorized
from bot.api.rates import Rates
from bot.api.tokens import Tokens
from bot.desk.current import CurrentDesk
from bot.language_model import connect
from bot.logged_desk import Answers, LoggedDesk
from bot.messages import message
from bot.querylog import QueryLog
from bot.querylog.opening import finish_what_was_left, open_log
from bot.querylog.records import Surface
from bot.settings import Settings

#: Ids that clients give their people: opaque ones, not texts.
_PERSON = re.compile(r"[A-Za-z0-9._@:|+-]{1,64}")
#: Seconds until a thread that computes lets another go on, in place of Python's 0.005: a verdict
#: reads and writes often, and each time waits for the search that goes on beside it.
_SWITCH = 0.0005


class Request(Protocol):
    """What is needed of a request, such as one of Starlette."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers; names in any case."""


class Service:
    """Safe to use from many threads."""

    def __init__(self, settings: Settings, desk: Answers, log: QueryLog) -> None:
        self.settings = settings
        self.desk = desk
        self.log = log
        self.logged = LoggedDesk(desk, log, connect(settings))
        self.calls = self.calls_of("api")
        self.tokens = Tokens(settings.clients)
        self._rates = Rates()

    def calls_of(self, surface: Surface) -> Calls:
        """Calls that the log keeps as those of a surface."""
        return Calls(self.logged, surface)

    def client_of(self, request: Request) -> Client:
        """Who asks, by the bearer token of the request (RFC 6750). Raises Unauthorized, and
        SettingsError when the clients cannot be read."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized(message("api.no_token"))
        client = self.tokens.client(token.strip())
        if client is None:
            raise Unauthorized(message("api.wrong_token"), wrong=True)
        return client

    def allowed(self, client: Client, scope: Scope) -> None:
        """Raises Forbidden where the client has not that scope."""
        if scope not in client.scopes:
            raise Forbidden(message("api.no_scope", client=client.name, scope=scope), scope)

    def counted(self, client: Client) -> None:
        """Count a call. Raises TooMany where the client has made too many."""
        if seconds := self._rates.count(client):
            raise TooMany(message("api.too_many", most=client.per_minute, seconds=seconds), seconds)

    def admitted(self, request: Request, scope: Scope) -> Client:
        """Who asks, if they may do that now. Raises Unauthorized, Forbidden, TooMany and
        SettingsError."""
        client = self.client_of(request)
        self.allowed(client, scope)
        self.counted(client)
        return client

    def on_behalf_of(self, request: Request) -> str | None:
        """Who asks through the client, by the header On-Behalf-Of: an id that the log keeps beside
        the client's name. Raises Malformed."""
        person = request.headers.get("on-behalf-of")
        if person is not None and not _PERSON.fullmatch(person):
            raise Malformed(message("api.no_person"))
        return person


@contextmanager
def opened(
    settings: Settings,
    *,
    workers: int = 0,
    say: Callable[[str], None] = print,
    system_user: dict[str, Any] | None = None,
) -> Iterator[Service]:
    """The service of this process, ready to answer; `workers` as of CurrentDesk, `system_user` as
    of QueryLog. Raises CodeDeskError."""
    desk = CurrentDesk(settings, workers=workers)
    try:
        log = open_log(settings, desk.scrubber, system_user=system_user)
        try:
            if left := finish_what_was_left(log, SURFACES, message("api.server")):
                say(left)
            desk.ready()
            sys.setswitchinterval(_SWITCH)
            yield Service(settings, cast(Answers, desk), log)
        finally:
            log.close()
    finally:
        desk.close()
