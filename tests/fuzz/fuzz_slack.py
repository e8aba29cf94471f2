"""Slack's payloads, changed and then signed as Slack signs them, against the app with all its
listeners, a loopback Slack and a desk with scripted answers.

Listeners run in the thread that dispatches, so that an error is that of the case at hand. What
escapes from the app is a finding. With events and commands, which anybody in a workspace can cause,
so is an error that a listener does not catch, and an answer of 500 or more. Buttons and windows
carry back what the app itself put there: there it is enough that an error is logged, and nothing of
what was asked with it.
"""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from fuzz_targets import Target
from slack_server import SlackServer
from slack_server import envelopes as e
from slack_server.signed import sign
from slack_support import ScriptedDesk, settings, slack_server, wait_until

from bot.querylog import QueryLog
from bot.slack.app import build_app, deliver_by
from bot.slack.http import PATH, wsgi
from bot.slack.listeners.shortcuts import ASK_ANYWHERE, LOOK_UP
from bot.slack.state import State
from bot.slack.views.ask_modal import ASK
from bot.slack.views.check_with import CHECK
from bot.slack.views.complete import COMPLETE
from bot.slack.views.feedback import USED
from bot.slack.views.home_modals import SEND_CODE, SEND_DEFAULTS, SEND_FILES

_SECRET = "secret"
_FORM = "application/x-www-form-urlencoded"
_VIEW_ID, _ASKED = "V1", "t2dm with ckd"


class _Inline(Executor):
    """Runs what is submitted at once."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(function(*args, **named))
        except Exception as error:
            done.set_exception(error)
        return done


class _Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


class Served:
    """The app, and a way to post to it."""

    def __init__(self, slack: SlackServer, folder: Path, held: ExitStack) -> None:
        given = settings(
            slack,
            folder,
            slack_mode="http",
            slack_app_token=None,
            slack_signing_secret=_SECRET,
            auditors="U1",
            admins="U1",
        )
        log = QueryLog(folder / "log.db")
        state = State(folder / "slack.db")
        desk = ScriptedDesk()
        held.callback(log.close)
        held.callback(state.close)
        self.delivery = deliver_by(given, desk, log, state, lambda line: None)
        held.callback(self.delivery.outbox.rest)
        self.app = build_app(given, self.delivery)
        self.app.listener_runner.listener_executor = _Inline()
        self._serve = wsgi(self.app, _SECRET)
        self._errors = _Errors()
        for name in ("codedesk", "slack_bolt", "slack_sdk"):
            logger = logging.getLogger(name)
            logger.addHandler(self._errors)
            held.callback(logger.removeHandler, self._errors)

    def post(self, body: bytes, kind: str, *, strict: bool = True) -> int:
        """The status of the answer. Raises AssertionError: see above."""
        self._errors.found.clear()
        stamp = str(int(time.time()))
        environ = {
            "PATH_INFO": PATH,
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_SLACK_REQUEST_TIMESTAMP": stamp,
            "HTTP_X_SLACK_SIGNATURE": sign(_SECRET, stamp, body),
            "wsgi.input": io.BytesIO(body),
        }
        said: list[str] = []
        self._serve(environ, lambda status, headers: said.append(status))
        self.delivery.outbox.settle(0.05)
        status = int(said[0][:3])
        if strict:
            assert not self._errors.found, self._errors.found[0]
            assert status < 500, f"it was answered with {said[0]}"
        assert not any(_ASKED in line for line in self._errors.found), "what was asked is logged"
        return status


def _events(slack: SlackServer) -> list[dict[str, Any]]:
    changed = e.message_changed(e.direct_message("t2dm"), "t2dm with ckd")
    file = e.shared_file("F1", "codes.txt", 20, slack.url + "/files/F1")
    events = [
        slack.app_mention("<@UBOT> t2dm with *ckd* &amp; <https://x.example|wrist>"),
        slack.app_mention("<@UBOT> no, the left", thread_ts="1712345678.000200"),
        slack.direct_message("dx\tside\nknee OA\tleft"),
        changed,
        e.message_deleted(e.direct_message("t2dm")),
        e.app_home_opened(),
        e.app_home_opened(tab="messages"),
        e.member_joined_channel("UBOT", "C1"),
        e.agent_session_stopped("D1", "1712345678.000200"),
        e.file_share([file]),
        e.app_uninstalled(),
        e.tokens_revoked("UBOT"),
    ]
    return [slack.event_callback(event) for event in events]


def _commands(slack: SlackServer) -> list[dict[str, Any]]:
    typed = [
        ("/code", "t2dm with ckd"), ("/code", "help"), ("/code", ""),
        ("/code-audit", "knee person:<@U1|ann> from:2026-05-01"), ("/code-audit", "verify"),
        ("/code-audit", "show 0123456789ab"), ("/code-audit", "people"),
    ]  # fmt: skip
    return [slack.slash_command(command, words) for command, words in typed]


def _interactions(slack: SlackServer, served: Served) -> list[dict[str, Any]]:
    """Presses of every button of an answer, and the windows that they open."""
    asked = slack.event_callback(slack.direct_message(_ASKED))
    served.post(json.dumps(asked).encode(), "application/json")
    wait_until(lambda: slack.messages("D1"))
    message = slack.message("D1") or {}
    found: list[dict[str, Any]] = [
        slack.shortcut(ASK_ANYWHERE),
        slack.shortcut(LOOK_UP, message={"ts": "1.2", "text": "knee OA", "user": "U2"}),
    ]
    for block in message.get("blocks", []):
        elements = [*block.get("elements", []), block.get("accessory")]
        for element in elements:
            if isinstance(element, dict) and "action_id" in element:
                choices = element.get("options") or [element.get("positive_button") or {}]
                found += [
                    slack.block_actions(element["action_id"], one.get("value"), channel="D1")
                    for one in choices
                ]
    for payload in found[1:]:
        served.post(_form(payload), _FORM, strict=False)
    home = slack.event_callback(e.app_home_opened())
    served.post(json.dumps(home).encode(), "application/json")
    for view in (slack.modal(), slack.home()):
        for block in (view or {}).get("blocks", []):
            for element in [*block.get("elements", []), block.get("accessory")]:
                if isinstance(element, dict) and element.get("action_id"):
                    found.append(slack.view_actions(view or {}, element["action_id"]))
    found += [_sent(slack, name) for name in _WINDOWS]
    return found


#: The windows that are sent, by their callback ids.
_WINDOWS = (ASK, CHECK, COMPLETE, SEND_CODE, SEND_DEFAULTS, SEND_FILES, USED)


def _sent(slack: SlackServer, name: str) -> dict[str, Any]:
    view = {
        "id": _VIEW_ID,
        "type": "modal",
        "callback_id": name,
        "private_metadata": json.dumps({"question": "0123456789ab", "id": "0123456789ab"}),
        "blocks": [],
        "hash": "1.2",
    }
    return slack.view_submission({}, view=view)


def _form(payload: Any) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def _target(kind: str) -> Target:
    held = ExitStack()
    folder = Path(held.enter_context(TemporaryDirectory(prefix="codedesk-fuzz-")))
    slack = held.enter_context(slack_server())
    served = Served(slack, folder, held)
    if kind == "events":
        payloads = _events(slack)
    elif kind == "commands":
        payloads = _commands(slack)
    else:
        payloads = _interactions(slack, served)

    def run(data: bytes) -> None:
        if kind == "events":
            served.post(data, "application/json")
            return
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            served.post(b"payload=" + data, _FORM, strict=False)
            return
        if kind == "commands" and isinstance(value, dict):
            served.post(urlencode(value, errors="replace").encode(), _FORM)
        else:
            served.post(_form(value), _FORM, strict=False)

    samples = [json.dumps(payload).encode() for payload in payloads]
    return Target(f"slack {kind}", samples, run, (), held)


TARGETS: dict[str, Callable[[], Target]] = {
    f"slack {kind}": partial(_target, kind) for kind in ("events", "commands", "interactions")
}
