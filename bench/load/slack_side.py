"""The Slack of the load: it sends events and commands to the app over HTTP, signed and sent again
as Slack does, answers the Web API, and keeps for each question what became of it.

The loopback Slack of the tests (`tests/support/slack_server`) judges every call and has a thread
for each connection: 0.7 ms of CPU for a post, where this one takes 0.24 ms of the cores that the
app is measured on. This one judges nothing, so the tests come first.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bench.load import busy
from bench.load.asked import Asked
from bench.load.http_wire import Client, NoAnswer, Response, served
from bench.load.pace import Pace
from bench.load.questions import Question

# The shapes of what Slack sends, and its signature, belong to the tests.
sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from slack_server import envelopes
from slack_server.signed import sign

PATH = "/slack/events"
BOT_TOKEN, SECRET = "xoxb-load", "secret-of-the-load"
#: Seconds in which Slack wants an event acknowledged: https://docs.slack.dev/apis/events-api#retries
ACKNOWLEDGED_WITHIN = 3.0
#: Seconds before each time that Slack sends an event again: "nearly immediately", 1 and 5 minutes.
RESEND_AFTER = (0.0, 60.0, 300.0)


class SlackSide:
    """Slack, with one workspace in which the app is installed."""

    def __init__(
        self,
        *,
        resend_after: tuple[float, ...] = RESEND_AFTER,
        paced: bool = True,
        answered: Callable[[Question, str], None] = lambda question, ts: None,
    ) -> None:
        self.identity = envelopes.Identity(team="TLOAD", domain="load")
        self.calls: Counter[str] = Counter()
        self.limited = 0
        self.asked: list[Asked] = []
        self._resend_after = resend_after
        self._pace = Pace() if paced else None
        self._answered = answered
        #: What is asked in a thread, by channel and ts, and by the path of a response_url.
        self._places: dict[tuple[str, str], list[Asked]] = {}
        self._commands: dict[str, list[Asked]] = {}
        self._messages: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._clients: list[Client] = []
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        self._server, self.port = await served(self._serve, self.port)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            self._server.close()
        for client in self._clients:
            client.close()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def send_to(self, ports: list[int]) -> None:
        """The ports at which processes of the app listen; each is given the next event in turn, as
        by a load balancer."""
        self._clients = [Client(port) for port in ports]

    # Asking

    def ask(self, question: Question, due: float | None = None) -> Asked:
        """Send a question; at once, whenever it was due."""
        number = next(self._numbers)
        asked = Asked(question, f"Ev{number:09d}", envelopes.next_ts(), due or time.monotonic())
        self.asked.append(asked)
        if question.surface == "slash":
            asked.event_id = f"{number}.{number}.load"
            place = ("response_url", f"/respond/{number}")
            self._commands[question.user] = [asked]
        else:
            place = (question.channel, question.thread or asked.ts)
        self._places.setdefault(place, []).append(asked)
        task = asyncio.get_running_loop().create_task(self._deliver(asked, place[1]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return asked

    def send_again(self, asked: Asked) -> None:
        """Send an event once more although it was acknowledged, as when Slack did not get that."""
        task = asyncio.get_running_loop().create_task(
            self._post(*self._event(asked), {**_again(1, "http_timeout")})
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, asked: Asked, place: str) -> None:
        """https://docs.slack.dev/apis/events-api#retries; a command is sent once."""
        command = asked.question.surface == "slash"
        body, kind = self._command(asked, place) if command else self._event(asked)
        asked.sent = time.monotonic()
        waits = () if command else self._resend_after
        headers: dict[str, str] = {}
        for number, wait in enumerate((*waits, None), 1):
            why = await self._post(body, kind, headers)
            if not why:
                asked.acknowledged = time.monotonic()
                return
            asked.refused.append(why)
            if wait is None:
                break
            await asyncio.sleep(wait)
            asked.again += 1
            headers = _again(number, why)
        asked.gone = True
        asked.posted.set()

    async def _post(self, body: bytes, kind: str, headers: dict[str, str]) -> str:
        """Post to the app; "" when it acknowledged, else why not."""
        stamp = int(time.time())
        headers = {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": str(stamp),
            "X-Slack-Signature": sign(SECRET, stamp, body),
            **headers,
        }
        client = self._clients.pop(0)
        self._clients.append(client)
        try:
            status, _ = await client.post(PATH, body, headers, ACKNOWLEDGED_WITHIN)
        except TimeoutError:
            return "http_timeout"
        except NoAnswer:
            return "connection_failed"
        return "" if status == 200 else "http_error"

    def _event(self, asked: Asked) -> tuple[bytes, str]:
        question = asked.question
        kind = envelopes.direct_message if question.surface == "dm" else envelopes.app_mention
        event = kind(
            question.text,
            question.user,
            question.channel,
            ts=asked.ts,
            thread_ts=question.thread or None,
            team=self.identity.team,
        )
        payload = envelopes.event_callback(event, self.identity, asked.event_id)
        return json.dumps(payload).encode(), "application/json"

    def _command(self, asked: Asked, path: str) -> tuple[bytes, str]:
        question = asked.question
        payload = envelopes.slash_command(
            self.identity,
            command="/code",
            text=question.text,
            user=question.user,
            channel=question.channel,
            response_url=f"http://127.0.0.1:{self.port}{path}",
            trigger_id=asked.event_id,
        )
        return urlencode(payload).encode(), "application/x-www-form-urlencoded"

    # Answering the app

    def _serve(self, path: str, headers: dict[str, str], body: bytes) -> Response:
        args = _arguments(headers, body)
        kind = {"Content-Type": "application/json"}
        if path.startswith("/respond/"):
            self.calls["response_url"] += 1
            self._arrived(("response_url", path), args)
            return 200, kind, b'{"ok":true}'
        method = path.rpartition("/")[2].partition("?")[0]
        self.calls[method] += 1
        if method == "chat.postMessage" and (wait := self._wait(args)):
            self.limited += 1
            kind["Retry-After"] = str(wait)
            return 429, kind, b'{"ok":false,"error":"ratelimited"}'
        return 200, kind, json.dumps({"ok": True, **self._answer(method, args)}).encode()

    def _answer(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        channel = str(args.get("channel", ""))
        thread = str(args.get("thread_ts") or "")
        if method == "chat.postMessage":
            ts = envelopes.next_ts()
            message = {"ts": ts, "bot_id": self.identity.bot_id, "metadata": args.get("metadata")}
            self._messages.setdefault((channel, thread), []).append(message)
            self._arrived((channel, thread), args)
            return {"channel": channel, "ts": ts, "message": {"ts": ts, "type": "message"}}
        if method == "chat.postEphemeral":
            self._arrived((channel, thread), args, private=True)
            return {"message_ts": envelopes.next_ts()}
        if method == "chat.update":
            return {"channel": channel, "ts": args.get("ts")}
        if method in ("conversations.replies", "conversations.history"):
            found = self._messages.get((channel, str(args.get("ts") or "")), [])
            return {"messages": found, "has_more": False}
        if method == "conversations.open":
            user = str(args.get("users", "U0"))
            return {"channel": {"id": envelopes.dm_channel(user)}}
        if method.startswith("views."):
            return {"view": {"id": f"V{next(self._numbers)}", "hash": "1", "blocks": []}}
        if method == "auth.test":
            mine = self.identity
            return {
                "url": f"https://{mine.domain}.slack.com/",
                "team": mine.domain,
                "user": "codedesk",
                "team_id": mine.team,
                "user_id": mine.bot_user,
                "bot_id": mine.bot_id,
                "is_enterprise_install": False,
            }
        return {}

    def _wait(self, args: dict[str, Any]) -> int:
        return self._pace.wait(str(args.get("channel")), time.monotonic()) if self._pace else 0

    def _arrived(
        self, place: tuple[str, str], args: dict[str, Any], *, private: bool = False
    ) -> None:
        """A message has reached a place. It belongs to the first question there that has none."""
        asked = self._places.get(place)
        if not asked and private:
            # A notice on a command comes to the channel: it is for what this person asked last.
            asked = self._commands.get(str(args.get("user")))
        if not asked:
            return
        open_ones = deque(one for one in asked if one.first_post is None)
        one = open_ones[0] if open_ones else asked[-1]
        text = str(args.get("text", ""))
        if busy.REFUSED.search(text):
            one.busy = True
            one.posted.set()
            return
        if busy.WAIT.search(text):
            one.told_to_wait = True
            return
        if private:
            one.notices += 1
            return
        payload = (args.get("metadata") or {}).get("event_payload") or {}
        if payload.get("question"):
            one.ids.add(str(payload["question"]))
        one.posts += 1
        if one.first_post is None:
            one.first_post = time.monotonic()
            one.posted.set()
            self._answered(one.question, one.ts)


def _again(number: int, why: str) -> dict[str, str]:
    return {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": why}


def _arguments(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    if headers.get("content-type", "").startswith("application/json"):
        return json.loads(body or b"{}")
    return dict(parse_qsl(body.decode()))
