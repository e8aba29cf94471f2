"""Serves the real desk to a loopback Slack, for measures and pictures: `codedesk run` in a process
of its own, with the code sets and the index of CODEDESK_HOME and a log that is thrown away."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.settings import Settings

ROOT = Path(__file__).parents[1]
# The loopback Slack belongs to the tests.
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "support")]

from slack_server import Call, SlackServer  # noqa: E402
from slack_server import app_home_opened as app_home_opened  # noqa: E402

#: Seconds for a process to start or to answer.
PATIENCE = 180.0


@dataclass
class Awaited:
    """What reached one asker, in order."""

    calls: list[tuple[float, Call]] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)


class TimedSlack(SlackServer):
    """A loopback Slack that notes when a post for an asker arrives. Askers have channels of their
    own, so that Slack's pace in a channel does not count."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._awaited: dict[str, Awaited] = {}

    def expect(self, *places: str) -> Awaited:
        """What will reach one asker: at these channels, people and response_urls (their paths)."""
        awaited = Awaited()
        self._awaited |= dict.fromkeys(places, awaited)
        return awaited

    def serve_method(self, method: str, request: Any) -> Call:
        arrived = time.monotonic()
        call = super().serve_method(method, request)
        if method in ("chat.postMessage", "chat.postEphemeral"):
            self._note(call, arrived, str(call.args.get("channel")))
        return call

    def serve_response_url(self, path: str, request: Any) -> Call:
        arrived = time.monotonic()
        call = super().serve_response_url(path, request)
        self._note(call, arrived, path)
        return call

    def _note(self, call: Call, arrived: float, place: str) -> None:
        awaited = self._awaited.get(place)
        if call.took_effect and awaited is not None:
            awaited.calls.append((arrived, call))
            awaited.came.set()


@contextmanager
def home_of_its_own() -> Iterator[Path]:
    """A home with the code sets and the index of CODEDESK_HOME, and nothing else of it."""
    settings = Settings.load()
    if not settings.codes_db.exists():
        raise SystemExit(f"There are no code sets at {settings.home}: set CODEDESK_HOME.")
    with tempfile.TemporaryDirectory(prefix="codedesk-slack-") as folder:
        home = Path(folder)
        for path in (settings.codes_db, settings.index):
            (home / path.name).symlink_to(path.resolve())
        yield home


@contextmanager
def serving(slack: SlackServer, home: Path, **changes: str) -> Iterator[subprocess.Popen[bytes]]:
    """`codedesk run`, connected to this Slack; it is ended on leaving. `changes`: settings."""
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    kept = {name: value for name, value in os.environ.items() if name.lower() not in proxies}
    environment = kept | {
        "CODEDESK_HOME": str(home),
        "CODEDESK_FETCH": "no",
        "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "CODEDESK_SLACK_API_URL": slack.api_url,
        **changes,
    }
    process = subprocess.Popen([sys.executable, "-m", "bot", "run"], env=environment)
    try:
        slack.wait_connected(timeout=PATIENCE)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)
