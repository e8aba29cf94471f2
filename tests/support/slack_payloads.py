"""Keeps what tests send to Slack, so that `make slack-check` can check it by Slack's own types.

It is at work when CODEDESK_SLACK_PAYLOADS names a folder. Each message and each view is kept once,
as a file of JSON: `test` (the first that made it), `surface` (message, modal, home) and `payload`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from slack_server import Call, SlackServer

from bot.slack.views.block_kit import Message

#: Tests that send on purpose what Slack does not take.
_ON_PURPOSE = ("test_slack_server.py",)


def folder() -> Path | None:
    named = os.environ.get("CODEDESK_SLACK_PAYLOADS")
    return Path(named) if named else None


@contextmanager
def kept(test: str, into: Path) -> Iterator[None]:
    """Keep what is drawn as a message inside, and what a loopback Slack took."""
    if any(name in test for name in _ON_PURPOSE):
        yield
        return
    into.mkdir(parents=True, exist_ok=True)

    def after_drawing(drawn: Message, *_: Any, **__: Any) -> None:
        _keep(into, test, "message", {"text": drawn.text, "blocks": list(drawn.blocks)})

    def before_stopping(slack: SlackServer) -> None:
        for call in slack.calls:
            _keep_call(into, test, call)

    drawing, stopping = Message.__init__, SlackServer.stop
    Message.__init__ = _both(drawing, after_drawing)  # type: ignore[method-assign]
    SlackServer.stop = _both(before_stopping, stopping)  # type: ignore[method-assign]
    try:
        yield
    finally:
        Message.__init__ = drawing  # type: ignore[method-assign]
        SlackServer.stop = stopping  # type: ignore[method-assign]


def _both(first: Callable[..., None], then: Callable[..., None]) -> Callable[..., None]:
    def run(*given: Any, **named: Any) -> None:
        first(*given, **named)
        then(*given, **named)

    return run


def _keep_call(into: Path, test: str, call: Call) -> None:
    if isinstance(view := call.args.get("view"), Mapping):
        _keep(into, test, str(view.get("type")), dict(view))
    elif call.args.get("blocks"):
        shown = {name: call.args[name] for name in ("text", "blocks") if name in call.args}
        _keep(into, test, "message", shown)


def _keep(into: Path, test: str, surface: str, payload: dict[str, Any]) -> None:
    if not payload.get("blocks"):
        return
    written = json.dumps(payload, sort_keys=True, default=str)
    path = into / f"{hashlib.sha256(written.encode()).hexdigest()[:16]}.json"
    if not path.exists():
        whole = {"test": test, "surface": surface, "payload": payload}
        path.write_text(json.dumps(whole, default=str), encoding="utf-8")
