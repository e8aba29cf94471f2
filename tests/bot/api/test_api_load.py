"""The API under load: whose turn it is, bodies that do not end, and a stop while it works."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from api_support import served
from click.testing import CliRunner
from paths import ROOT
from starlette.types import Message, Receive, Scope, Send

from bot.api.errors import TooMany
from bot.api.guard import Guard
from bot.api.turns import Turns
from bot.cli.main import main
from bot.querylog import QueryLog

#: A list that takes seconds.
_LONG = "\n".join(
    f"{number}. {said}"
    for number, said in enumerate(
        (
            "diabetic neuropathy", "copd exacerbation", "left femur shaft fx", "htn with ckd 3b",
            "gout right great toe", "persistent afib", "cellulitis left leg", "gerd", "psoriasis",
            "iron deficiency anemia", "acute bronchitis", "migraine with aura",
        ), 1,
    )
)  # fmt: skip


def test_long_questions_hold_up_no_verdict_and_are_finished_at_the_end(
    built: Path, tmp_path: Path
) -> None:
    done: list[tuple[str, int]] = []
    with served(built, tmp_path / "home", "--workers", "1") as api:
        asking, checking = api.client("asking"), api.client("checking", ("check",))

        def ask() -> None:
            answered = asking.post("/v1/ask", json={"text": _LONG})
            done.append(("ask", answered.status_code))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        _until(lambda: len(api.asked("asking")) >= 1)
        answered = checking.post("/v1/check", json={"codes": ["E11.9", "I10"]})
        done.append(("check", answered.status_code))
        _until(lambda: len(api.asked("asking")) == 3)
        api.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert api.process.wait(60) == 0
        assert "what was under way is finished" in api.told
        asking.close()
        checking.close()
    # The verdict came before the last of the lists, and each list was answered.
    assert sorted(done) == [("ask", 200)] * 3 + [("check", 200)]
    assert done.index(("check", 200)) < 3
    log = QueryLog(tmp_path / "home" / "log.db")
    assert {record.delivery for record in log.questions()} == {"delivered"}
    served_by = [one.body for one in log.records(0, ["start", "stop"])]
    log.close()
    assert served_by == [{"serves": "api"}] * 2


def _until(is_so: Any) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def test_clients_take_turns() -> None:
    order: list[str] = []

    async def call(turns: Turns, client: str) -> None:
        async with turns.one(client):
            order.append(client)
            await asyncio.sleep(0)

    async def all_of_them() -> None:
        turns = Turns(lambda: 1)
        await asyncio.gather(*(call(turns, client) for client in "aaaabc"))
        assert turns.waiting == 0

    asyncio.run(all_of_them())
    assert "".join(order) == "aabcaa" or "".join(order) == "abcaaa"


@pytest.mark.parametrize(("most_waiting", "patience"), [(0, 9.0), (9, 0.01)])
def test_who_would_wait_too_long_is_told(most_waiting: int, patience: float) -> None:
    async def two() -> None:
        turns = Turns(lambda: 1, most_waiting or 1, patience)
        async with turns.one("a"):
            waiting = [asyncio.ensure_future(_enter(turns)) for _ in range(2)]
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            (refused,) = {type(one.exception()) for one in done}
            assert refused is TooMany
            error = done.pop().exception()
            assert isinstance(error, TooMany)
            assert error.status == 503
            assert error.headers() == {"retry-after": "5"}
        await asyncio.wait(waiting)
        async with turns.one("a"):
            assert turns.waiting == 0

    asyncio.run(two())


async def _enter(turns: Turns) -> None:
    async with turns.one("b"):
        pass


def _called(app: Any, *messages: Message, guard: dict[str, Any]) -> tuple[int, bytes]:
    """What a call gets whose body arrives in these parts, and then does not go on."""
    parts, sent = list(messages), []

    async def receive() -> Message:
        if parts:
            return parts.pop(0)
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [], "method": "POST", "path": "John Doe"}
    asyncio.run(Guard(app, **guard)(scope, receive, send))
    return sent[0]["status"], sent[-1]["body"]


async def _reads(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def _fails(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError(scope["path"])


@pytest.mark.parametrize(
    ("parts", "status"), [([b"a", b"b"], 200), ([b"aa", b"bbb"], 413), ([b"a"], 408)]
)
def test_a_body_has_limits(parts: list[bytes], status: int) -> None:
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if status == 200:
        messages[-1]["more_body"] = False
    got, body = _called(_reads, *messages, guard={"most_body": 4, "within": 0.05})
    assert got == status
    assert status == 200 or json.loads(body)["status"] == status


def test_an_error_is_told_by_its_kind_alone(caplog: pytest.LogCaptureFixture) -> None:
    status, body = _called(_fails, guard={})
    assert status == 500
    assert b"ValueError" in body
    assert b"Doe" not in body
    assert "ValueError" in caplog.text
    assert "Doe" not in caplog.text


def test_a_port_that_is_taken_is_said(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["serve", "--port", str(port)])
    assert result.exit_code == 2
    assert f"cannot be served on 127.0.0.1, port {port}" in result.stderr


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    for module in ("bot.api.serving", "bot.operations.uvicorn_server"):
        monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.delattr(module, raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 2
    assert "pip install 'codedesk[api]'" in result.stderr


def test_the_command_line_does_not_load_the_server() -> None:
    loaded = "sorted({'fastapi', 'starlette', 'uvicorn'} & set(sys.modules))"
    code = f"import sys, bot.cli.main; print({loaded})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert ran.stdout == "[]\n"
