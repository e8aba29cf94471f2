"""Around every route: a body has limits of size and time; and no error passes, for the server would
print it together with what was asked."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.api.errors import Oversized, TooSlow
from bot.api.problems import problem_of
from bot.messages import message

#: The most bytes of a body, and the seconds in which it must arrive.
MOST_BODY, BODY_WITHIN = 256 * 1024, 10.0


class Guard:
    """ASGI middleware."""

    def __init__(
        self, app: ASGIApp, most_body: int = MOST_BODY, within: float = BODY_WITHIN
    ) -> None:
        self._app = app
        self._most_body = most_body
        self._within = within

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(sent: Message) -> None:
            nonlocal begun
            begun = True
            await send(sent)

        try:
            await self._app(scope, self._limited(scope, receive), sending)
        except Exception as error:
            response = problem_of(error)
            if begun:
                return  # Too late to say so: the connection ends.
            await response(scope, receive, send)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """`receive`, which raises Oversized and TooSlow while it gives the body."""
        until = asyncio.get_running_loop().time() + self._within
        announced = dict(scope["headers"]).get(b"content-length", b"")
        size = int(announced) if announced.isdigit() else 0
        arrived, whole = 0, False

        async def receiving() -> Message:
            nonlocal arrived, whole
            if whole:
                return await receive()
            if size > self._most_body:
                raise self._oversized()
            try:
                async with asyncio.timeout_at(until):
                    got = await receive()
            except TimeoutError as error:
                raise TooSlow(message("api.too_slow", seconds=int(self._within))) from error
            arrived += len(got.get("body", b""))
            whole = not got.get("more_body", False)
            if arrived > self._most_body:
                raise self._oversized()
            return got

        return receiving

    def _oversized(self) -> Oversized:
        return Oversized(message("api.too_large", most=self._most_body // 1024))
