"""`codedesk mcp` as a process: on standard input and output, and over HTTP, each with the client of
the SDK and with whatever else may come."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from mcp.client.streamable_http import streamable_http_client
from mcp_support import address_of, environment, started, subprocess_server, talk

from bot.api.clients import SCOPES
from bot.api.tokens import Tokens
from bot.cli.main import main
from bot.mcp.http import allowed_hosts, read_address
from bot.querylog import QueryLog
from bot.settings import Settings, SettingsError

pytestmark = pytest.mark.slow

_HELLO = [
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "desktop", "version": "3.1"},
        },
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
]
_CHECK = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "check_codes", "arguments": {"codes": ["E11.9"]}},
}


def written(*messages: Any) -> str:
    return "".join(json.dumps(message) + "\n" for message in messages)


async def check(client: Any) -> str:
    assert (await client.list_tools()).tools
    return (await client.call_tool("check_codes", {"codes": ["E11.9"]})).content[0].text


def asked(home: Path) -> list[tuple[str | None, str, str]]:
    log = QueryLog(home / "log.db")
    records = log.select("surface = ?", ["mcp"])
    log.close()
    return [(r.user, r.options.get("mcp_client", ""), r.delivery) for r in records]


def test_stdio_with_the_client_of_the_sdk(home: Path) -> None:
    assert "E11.9" in talk(subprocess_server(home), check)
    ((_, program, delivery),) = asked(home)
    assert program.startswith("mcp ")
    assert delivery == "delivered"


def test_standard_output_has_the_protocol_alone(home: Path) -> None:
    """Whatever prints beside. What was asked before the end is answered, and what is no message
    ends nothing."""
    code = (
        "import bot.desk.desk as d; old = d.Desk.ask_many\n"
        "def loud(*a, **k):\n"
        "    print('LOUD', flush=True); return old(*a, **k)\n"
        "d.Desk.ask_many = loud\n"
        "import sys; sys.argv = ['codedesk', 'mcp']\n"
        "from bot.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(home),
        input=written(*_HELLO, _CHECK) + "no message\n",
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["result"]["serverInfo"]["name"] == "codedesk"
    assert (second["id"], second["result"].get("isError")) == (2, False)
    assert "E11.9" in second["result"]["content"][0]["text"]
    assert "LOUD" in done.stderr
    assert "Traceback" not in done.stderr
    assert [program for _, program, _ in asked(home)] == ["desktop 3.1"]


def test_a_signal_ends_it_after_what_is_under_way(home: Path) -> None:
    with started(home) as process:
        assert process.stdin
        assert process.stdout
        # The ping is answered at once, and the check when the desk is opened.
        process.stdin.write(written(*_HELLO, _CHECK, {"jsonrpc": "2.0", "id": 3, "method": "ping"}))
        process.stdin.flush()
        assert [json.loads(process.stdout.readline())["id"] for _ in range(2)] == [1, 3]
        process.send_signal(signal.SIGTERM)
        assert json.loads(process.stdout.readline())["id"] == 2
        assert process.wait(120) == 0
    assert [delivery for *_, delivery in asked(home)] == ["delivered"]


def test_without_code_sets_each_call_says_so(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        out, _ = process.communicate(written(*_HELLO, _CHECK), timeout=60)
    said = json.loads(out.splitlines()[1])["result"]
    assert said["isError"]
    assert "codedesk setup" in said["content"][0]["text"]


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    """And no other command loads the SDK."""
    code = (
        "import bot.cli.main, sys\n"
        "print([m for m in ('mcp', 'starlette', 'uvicorn') if m in sys.modules], flush=True)\n"
        "sys.modules['mcp'] = None; sys.argv = ['codedesk', 'mcp']; bot.cli.main.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 2
    assert "codedesk[mcp]" in done.stderr
    assert done.stdout.strip() == "[]"


def test_http(home: Path) -> None:
    token = Tokens(Settings.load().clients).add("ehr", SCOPES)

    def served(where: str, **headers: str) -> Any:
        given = {"authorization": f"Bearer {token}"} | headers
        return streamable_http_client(where, http_client=httpx2.AsyncClient(headers=given))

    with started(home, "--http", "127.0.0.1:0") as process:
        where = address_of(process)
        for mode in ("auto", "legacy"):
            assert "E11.9" in talk(served(where), check, mode)
        accepted = {
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
            "authorization": f"Bearer {token}",
        }
        for headers, body, status in [
            ({"authorization": ""}, "{}", 401),
            ({"authorization": "Bearer cd_wrong"}, "{}", 401),
            ({"host": "evil.example.com"}, written(_HELLO[0]), 421),
            ({"origin": "https://evil.example.com"}, written(_HELLO[0]), 403),
            ({"content-type": "text/plain"}, written(_HELLO[0]), 400),
            ({}, "x" * 300_000, 413),
            ({}, "{", 400),
            ({"mcp-session-id": "guessed"}, written(_CHECK), 404),
        ]:
            reply = httpx2.post(where, headers=accepted | headers, content=body)
            assert reply.status_code == status, (headers, reply.text)
            assert "Traceback" not in reply.text
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Traceback" not in err
    told = asked(home)
    assert [(user, delivery) for user, _, delivery in told] == [("ehr", "delivered")] * 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--http", "8765x"], "write HOST:PORT"),
        (["--http", "0.0.0.0:0"], "--allow-host"),
        (["--http", "203.0.113.7:1"], "cannot be served on"),
        (["--workers", "2"], "are for --http"),
    ],
)
def test_a_wrong_option_gets_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    done = CliRunner().invoke(main, ["mcp", *arguments])
    assert done.exit_code == 2
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_addresses_and_hosts() -> None:
    assert read_address("[::1]:80") == ("::1", 80)
    assert "localhost" in allowed_hosts("127.0.0.1", [])
    assert allowed_hosts("0.0.0.0", ["desk.example.com"])[0] == "desk.example.com"
    assert allowed_hosts("10.0.0.5", []) == ["10.0.0.5"]
    with pytest.raises(SettingsError):
        allowed_hosts("::", [])
