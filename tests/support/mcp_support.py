"""The desk as an MCP server for tests: in this process, and as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
from mcp import Client as McpClient
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client

from bot.api.clients import SCOPES, Client
from bot.api.service import Service
from bot.mcp.server import Caller, McpDesk
from bot.settings import Settings

T = TypeVar("T")

EVERYTHING = Client("ehr", frozenset(SCOPES))
COMMAND = ["-m", "bot", "mcp"]


def environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {
        "CODEDESK_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }


def talk(server: Any, do: Callable[[McpClient], Awaitable[T]], mode: str = "auto") -> T:
    """What `do` returns, which talks to a server with the client of the SDK."""

    async def talking() -> T:
        async with McpClient(server, mode=mode) as client:
            return await do(client)

    return anyio.run(talking)


def in_process(service: Service, settings: Settings, client: Client = EVERYTHING) -> Any:
    """A server of the SDK that answers one client."""

    async def ready() -> Service:
        return service

    return McpDesk(settings, ready, lambda _: Caller(client)).server


def subprocess_server(home: Path) -> Any:
    return stdio_client(
        StdioServerParameters(command=sys.executable, args=COMMAND, env=environment(home))
    )


@contextmanager
def started(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of `codedesk mcp`; it is killed in the end, if it still runs."""
    process = subprocess.Popen(
        [sys.executable, *COMMAND, *arguments],
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def address_of(process: subprocess.Popen[str]) -> str:
    """Where a process serves over HTTP, once it says so."""
    assert process.stderr is not None
    told = []
    for line in process.stderr:
        told.append(line)
        if found := re.search(r"http://\S+/mcp", line):
            return found[0]
    raise AssertionError("it does not serve: " + "".join(told))
