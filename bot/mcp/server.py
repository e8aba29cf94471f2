"""The handlers of the protocol: lists of tools and resources, calls, and faults as one sentence."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as types
from mcp import MCPError
from mcp.server import Server, ServerRequestContext

from bot.api.clients import Client
from bot.api.errors import CallRefused
from bot.api.service import Service
from bot.mcp import shaping
from bot.mcp.resources import SCHEME, TEMPLATE, CodeSet, Library, Named
from bot.mcp.said_once import SaidOnce
from bot.mcp.tools import TOOLS, Asking, Tool
from bot.mcp.wording import as_text
from bot.messages import message
from bot.querylog.hash_chain import LogUnavailable
from bot.settings import Settings
from codesets.errors import CodeDeskError
from codesets.model import SYSTEM_NAMES

logger = logging.getLogger("codedesk.mcp")

_JSON = "application/json"
#: Calls that are worked on or wait for the desk at once.
_AT_ONCE = 16
#: What the log keeps of the name and of the version of the program that asks.
_MOST_NAME = 60

Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: the client, and the session of it."""

    client: Client
    session: str = ""


class McpDesk:
    """The desk as an MCP server. `service` waits until the desk is ready; it may raise
    CodeDeskError. `caller` says who sent a request."""

    def __init__(
        self,
        settings: Settings,
        service: Callable[[], Awaitable[Service]],
        caller: Callable[[Context], Caller],
    ) -> None:
        self._service = service
        self._caller = caller
        self._library = Library(settings)
        self._said = SaidOnce()
        self._threads = anyio.CapacityLimiter(_AT_ONCE)
        self.server: Server[Any] = Server(
            "codedesk",
            version=metadata.version("codedesk"),
            title=message("mcp.title"),
            instructions=message("mcp.instructions"),
            get_tool_input_schema=_input_schema,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
        )

    # Tools

    async def _list_tools(self, ctx: Context, _: object) -> types.ListToolsResult:
        """The tools that the client may use."""
        scopes = self._caller(ctx).client.scopes
        return types.ListToolsResult(
            tools=[_described(tool) for tool in TOOLS.values() if tool.scope in scopes]
        )

    async def _call_tool(
        self, ctx: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        try:
            tool = TOOLS.get(params.name)
            if tool is None:
                # A fault of the call and not of the tool: the protocol asks for an error.
                raise MCPError(types.INVALID_PARAMS, message("mcp.no_tool", name=params.name[:60]))
            given = tool.arguments(params.arguments)
            asking = await self._asking(ctx, tool)
            answer, result = await self._in_thread(partial(tool.run, asking, given))
        except MCPError:
            raise
        except Exception as error:
            return _text(_sentence(error), failed=True)
        caller = self._caller(ctx)
        session = caller.session or asking.noted.get("mcp_client", "")
        notices = self._said.notices(f"{caller.client.name}/{session}", answer)
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=as_text(result, notices))],
            structured_content=result.model_dump(mode="json"),
        )

    async def _asking(self, ctx: Context, tool: Tool) -> Asking:
        """Who asks, if they may do that now. Raises CallRefused and CodeDeskError."""
        service, client = await self._service(), self._caller(ctx).client
        service.allowed(client, tool.scope)
        service.counted(client)
        return Asking(service, self._library, client, {"tool": tool.name} | _program(ctx))

    async def _in_thread(self, run: Callable[[], Any]) -> Any:
        """In a thread, to its end: what is asked is answered in the log."""
        return await anyio.to_thread.run_sync(run, limiter=self._threads)

    # Resources

    async def _list_resources(self, ctx: Context, _: object) -> types.ListResourcesResult:
        systems = await self._in_thread(self._library.systems)
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=f"{SCHEME}://{system}",
                    name=system,
                    title=SYSTEM_NAMES[system],
                    description=message("mcp.system_resource", system=SYSTEM_NAMES[system]),
                    mime_type=_JSON,
                )
                for system in systems
            ]
        )

    async def _list_templates(self, ctx: Context, _: object) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            uri_template=TEMPLATE,
            name="code",
            description=message("mcp.code_resource"),
            mime_type=_JSON,
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def _read_resource(
        self, ctx: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        try:
            named = await self._in_thread(partial(self._library.named, uri))
            if named is None:
                raise MCPError(types.INVALID_PARAMS, message("mcp.no_resource", uri=uri[:100]))
            if named.code:
                text = await self._code(ctx, named)
            else:
                whole: CodeSet = await self._in_thread(
                    partial(self._library.code_set, named.system)
                )
                text = whole.model_dump_json()
        except MCPError:
            raise
        except Exception as error:
            raise MCPError(types.INTERNAL_ERROR, _sentence(error)) from None
        contents = types.TextResourceContents(uri=params.uri, mime_type=_JSON, text=text)
        return types.ReadResourceResult(contents=[contents])

    async def _code(self, ctx: Context, named: Named) -> str:
        """A code as the tool `lookup_code` gives it: a question in the log, too."""
        asking = await self._asking(ctx, TOOLS["lookup_code"])
        ask = partial(asking.check, [named.code], systems=[named.system])
        answer = await self._in_thread(ask)
        result = await self._in_thread(partial(shaping.looked_up, answer, self._library.loaded_in))
        return str(result.model_dump_json())


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes.model_json_schema(),
        output_schema=tool.gives.model_json_schema(),
        annotations=types.ToolAnnotations(
            title=tool.title,
            # A call leaves a record in the log, and changes nothing that a client can see.
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )


def _input_schema(name: str) -> dict[str, Any] | None:
    tool = TOOLS.get(name)
    return tool.takes.model_json_schema() if tool else None


def _program(ctx: Context) -> dict[str, str]:
    """The name and the version that the program gives itself; {} where it gives none."""
    params = ctx.session.client_params
    if params is None:
        return {}
    given = f"{params.client_info.name[:_MOST_NAME]} {params.client_info.version[:_MOST_NAME]}"
    return {"mcp_client": "".join(c if c.isprintable() else " " for c in given).strip()}


def _text(text: str, *, failed: bool = False) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], is_error=failed
    )


def _sentence(error: Exception) -> str:
    """A fault in one sentence. What went wrong inside is said by its kind alone: its message may
    hold what was asked."""
    if isinstance(error, LogUnavailable):
        logger.error("%s", error)
        return message("mcp.log_unavailable")
    if isinstance(error, CallRefused | CodeDeskError):
        return str(error)
    logger.error("a call failed: %s", type(error).__name__)
    return message("mcp.failed", kind=type(error).__name__)
