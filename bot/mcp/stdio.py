"""Serves one assistant on standard input and output. Only the protocol is written to standard
output; all else goes to standard error."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack

import anyio
import anyio.to_thread
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCRequest, JSONRPCResponse

from bot.api.clients import SCOPES, Client
from bot.api.service import Service, opened
from bot.mcp.server import Caller, McpDesk
from bot.messages import message
from bot.settings import Settings
from bot.system_user import name_said, system_user
from codesets.errors import CodeDeskError

#: Seconds that calls under way have to finish; the first ones wait until the desk is opened.
_TO_FINISH = 300

Say = Callable[[str], None]


def serve(settings: Settings, say: Say) -> None:
    """Serve until standard input ends, or until Ctrl-C or SIGTERM. What was asked before is
    answered. Ends the process with 2 where the desk could not be opened."""
    served = _Stdio(settings, say)
    anyio.run(served.serve)
    if served.failed:
        sys.exit(2)


class _Stdio:
    def __init__(self, settings: Settings, say: Say) -> None:
        self._settings = settings
        self._say = say
        self._client = Client(name_said(), frozenset(SCOPES))
        self._open = ExitStack()
        self._service: Service | CodeDeskError | None = None
        self._ready = anyio.Event()
        self._desk = McpDesk(settings, self._when_ready, lambda _: Caller(self._client))
        #: Ids of requests whose response has not left this process yet.
        self._pending: set[str | int] = set()
        #: Of each message on its way out, the id of the request that it answers.
        self._leaving: deque[str | int | None] = deque()

    @property
    def failed(self) -> bool:
        """Whether the desk could not be opened. Whoever asked was told, and so was `say`."""
        return isinstance(self._service, CodeDeskError)

    async def serve(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._until_signal)
            # Assistants wait a short time only for the first messages, so the desk is opened
            # beside them.
            group.start_soon(self._load)
            self._say(message("mcp.serving_stdio", user=self._client.name))
            async with stdio_server(stdout=_StandardOutput(self._left)) as (read, write):
                await self._exchange(read, write)
            group.cancel_scope.cancel()
        self._close()

    async def _exchange(self, read, write) -> None:
        """Pass on messages, and keep the server going until all requests have their responses."""
        into_server, server_reads = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        server_writes, from_server = anyio.create_memory_object_stream[SessionMessage](0)

        async def incoming() -> None:
            async with into_server:
                async for item in read:
                    if isinstance(item, SessionMessage) and isinstance(
                        item.message, JSONRPCRequest
                    ):
                        self._pending.add(item.message.id)
                    await into_server.send(item)
                await self._answered()

        async def outgoing() -> None:
            async with write:
                async for item in from_server:
                    told = item.message
                    self._leaving.append(
                        told.id if isinstance(told, JSONRPCResponse | JSONRPCError) else None
                    )
                    await write.send(item)

        async with anyio.create_task_group() as group:
            group.start_soon(incoming)
            group.start_soon(outgoing)
            server = self._desk.server
            await server.run(server_reads, server_writes, server.create_initialization_options())
            await server_writes.aclose()

    def _left(self) -> None:
        """The oldest message on its way out has left."""
        self._pending.discard(self._leaving.popleft())

    async def _answered(self) -> None:
        """Wait until the answers to all that was asked have left."""
        with anyio.move_on_after(_TO_FINISH):
            while self._pending:
                await anyio.sleep(0.02)

    async def _load(self) -> None:
        try:
            self._service = await anyio.to_thread.run_sync(
                lambda: self._open.enter_context(
                    opened(self._settings, say=self._say, system_user=system_user())
                )
            )
        except CodeDeskError as error:
            self._say(message("mcp.not_ready", why=error))
            self._service = error
        self._ready.set()

    async def _when_ready(self) -> Service:
        await self._ready.wait()
        if isinstance(self._service, CodeDeskError):
            raise self._service
        assert self._service is not None
        return self._service

    async def _until_signal(self) -> None:
        """End the process on a signal: the thread that reads standard input cannot be woken."""
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for _ in signals:
                await self._answered()
                self._close()
                self._say(message("mcp.stopped"))
                sys.stderr.flush()
                os._exit(0)

    def _close(self) -> None:
        self._open.close()


class _StandardOutput(anyio.AsyncFile[str]):
    """Standard output for the protocol alone: what else is printed goes to standard error. The SDK
    flushes after each message; `left` is then called."""

    def __init__(self, left: Callable[[], None]) -> None:
        super().__init__(os.fdopen(os.dup(1), "w", encoding="utf-8"))
        self._left = left
        os.dup2(2, 1)

    async def flush(self) -> None:
        await super().flush()
        self._left()
