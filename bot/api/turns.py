"""Who is next. Calls wait here and not in threads, so that a verdict finds a free thread however
many searches wait. Clients take turns: one that asks a hundred does not hold up the others."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.api.errors import TooMany
from bot.messages import message

#: The most calls of all clients that wait, and how long one waits, in seconds.
MOST_WAITING, PATIENCE = 200, 30.0
#: When to call again, in seconds.
_LATER = 5


class Turns:
    """Lets as many in as `at_once` says, which is asked each time. For one event loop."""

    def __init__(
        self,
        at_once: Callable[[], int],
        most_waiting: int = MOST_WAITING,
        patience: float = PATIENCE,
    ) -> None:
        self._at_once = at_once
        self._most_waiting = most_waiting
        self._patience = patience
        self._inside = 0
        #: What waits, by client. The client whose turn is next stands first.
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def one(self, client: str) -> AsyncIterator[None]:
        """One of those at work. Raises TooMany (503) when too many wait, or it waited too long:
        then nothing was asked."""
        await self._enter(client)
        try:
            yield
        finally:
            self._inside -= 1
            self._let_in()

    async def _enter(self, client: str) -> None:
        if self.waiting >= self._most_waiting:
            raise TooMany(message("api.busy", seconds=_LATER), _LATER, status=503)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        self._let_in()
        try:
            await asyncio.wait_for(asyncio.shield(turn), self._patience)
        except BaseException as error:
            if turn.done():  # It was let in at the same moment.
                self._inside -= 1
                self._let_in()
            else:
                self._leave(client, turn)
            if isinstance(error, TimeoutError):
                raise TooMany(message("api.busy", seconds=_LATER), _LATER, status=503) from error
            raise

    def _leave(self, client: str, turn: asyncio.Future[None]) -> None:
        turns = self._waiting[client]
        turns.remove(turn)
        if not turns:
            del self._waiting[client]

    def _let_in(self) -> None:
        while self._waiting and self._inside < max(1, self._at_once()):
            client, turns = self._waiting.popitem(last=False)
            turns.popleft().set_result(None)
            self._inside += 1
            if turns:
                self._waiting[client] = turns
