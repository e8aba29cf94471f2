"""What the generator itself can do, so that it is known not to be what is measured: an app that
does nothing but acknowledge and post stands in for the desk."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.load.http_wire import Client, Response, served
from bench.load.phases import Load
from bench.load.questions import Mix, Texts
from bench.load.slack_side import SlackSide

#: About as long as an answer with its blocks.
_TEXT = "E11.22 Type 2 diabetes mellitus with diabetic chronic kidney disease " * 60


async def measured(seconds: float) -> dict[str, Any]:
    """Questions a second against an app that does nothing, and the generator's CPU for each."""
    mix = Mix(Texts(None))
    slack = SlackSide(paced=False, answered=mix.answered)
    await slack.start()
    app = await asyncio.create_subprocess_exec(
        sys.executable, __file__, str(slack.port), stdout=asyncio.subprocess.PIPE
    )
    assert app.stdout is not None
    slack.send_to([int(await app.stdout.readline())])
    load = Load(slack, mix, lambda: {"generator": [os.getpid()]})
    try:
        await load.closed(4, min(1.0, seconds))
        found = await load.closed(32, seconds)
    finally:
        app.terminate()
        await app.wait()
        await slack.stop()
    return {
        "questions_a_second": found.answered_a_second,
        "generator_cpu_ms": found.cpu_ms["generator"],
        "answered_ms": found.answered_ms["all"],
    }


async def _app(slack_port: int) -> None:
    """Acknowledges at once, and posts as the desk does: a connection for each call."""
    tasks: set[asyncio.Task[Any]] = set()

    def handle(path: str, headers: dict[str, str], body: bytes) -> Response:
        task = asyncio.get_running_loop().create_task(_post(slack_port, body))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return 200, {}, b""

    server, port = await served(handle)
    print(port, flush=True)
    await server.serve_forever()


async def _post(port: int, body: bytes) -> None:
    message: dict[str, Any] = {"text": _TEXT}
    if body.startswith(b"{"):
        event = json.loads(body)["event"]
        message |= {"channel": event["channel"], "thread_ts": event.get("thread_ts") or event["ts"]}
        path = "/api/chat.postMessage"
    else:
        path = urlsplit(parse_qs(body.decode())["response_url"][0]).path
    client = Client(port)
    headers = {"Content-Type": "application/json", "Connection": "close"}
    await client.post(path, json.dumps(message).encode(), headers, 10.0)


if __name__ == "__main__":
    asyncio.run(_app(int(sys.argv[1])))
