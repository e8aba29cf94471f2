"""`kill -9` of a served process between an answer and its delivery: the next start sends what was
not sent, and nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT
from slack_server import SlackServer
from slack_support import ScriptedDesk, served, wait_until

from bot.querylog import QueryLog
from bot.slack import tries

QUESTION = "t2dm with ckd"

#: Serves until the moment that its argument names, and kills itself then.
_SERVER = """
import json, os, signal, sys
from pathlib import Path
from types import SimpleNamespace
sys.path.insert(0, "tests/support")
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient
from slack_support import ScriptedDesk, settings
from bot.querylog import QueryLog
from bot.slack.app import serve
from bot.slack import replicas
from bot.slack.outbox import Outbox
from bot.slack.outbox_store import OutboxStore

replicas.LEASE, replicas._BEAT = 2.0, 0.4
moment, home, slack = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])

def killing(owner, name, wanted, *, after):
    real = getattr(owner, name)
    def call(*given, **options):
        result = None if not after else real(*given, **options)
        if wanted(given):
            os.kill(os.getpid(), signal.SIGKILL)
        return result if after else real(*given, **options)
    setattr(owner, name, call)

def is_post(given):
    return given[1] == "chat.postMessage"

always = lambda given: True
moments = {
    "before it is in the outbox": (Outbox, "send", always, False),
    "before it is posted": (WebClient, "api_call", is_post, False),
    "after it is posted": (WebClient, "api_call", is_post, True),
    "before it is sent to the response_url": (WebhookClient, "send_dict", always, False),
    "when a limit is met": (OutboxStore, "again", always, True),
    "before it is logged": (Outbox, "_conclude", always, False),
    "before it leaves the outbox": (OutboxStore, "remove", always, False),
}
owner, name, wanted, after = moments[moment]
killing(owner, name, wanted, after=after)
given = settings(SimpleNamespace(**slack), home)
serve(given, ScriptedDesk(), QueryLog(home / "log.db"))
"""


def serve_until_killed(slack: SlackServer, home: Path, moment: str) -> subprocess.Popen[bytes]:
    names = ("bot_token", "app_token", "signing_secret", "api_url")
    told = json.dumps({name: getattr(slack, name) for name in names})
    script = [sys.executable, "-c", _SERVER, moment, str(home), told]
    process = subprocess.Popen(script, cwd=ROOT)
    slack.wait_connected(60)
    return process


_SENT = [("answer", "delivered")]
_COPY = [("answer", "unknown"), ("copy", "delivered")]


@pytest.mark.parametrize(
    ("surface", "moment", "deliveries", "answers"),
    [
        ("mention", "before it is in the outbox", _SENT, 1),
        ("mention", "before it is posted", _COPY, 0),
        ("mention", "after it is posted", _COPY, 1),
        ("mention", "when a limit is met", _SENT, 1),
        ("mention", "before it is logged", _SENT, 1),
        ("mention", "before it leaves the outbox", _SENT, 1),
        ("dm", "before it is in the outbox", _SENT, 1),
        ("dm", "before it is posted", _SENT, 1),
        ("dm", "after it is posted", _SENT, 1),
        ("dm", "before it is logged", _SENT, 1),
        ("slash", "before it is in the outbox", _SENT, 1),
        ("slash", "before it is sent to the response_url", _SENT, 1),
        ("slash", "when a limit is met", _SENT, 1),
    ],
)
def test_a_process_that_is_killed(
    slack,
    log,
    tmp_path,
    monkeypatch,
    surface: str,
    moment: str,
    deliveries: list[tuple[str, str]],
    answers: int,
) -> None:
    monkeypatch.setattr(tries, "FIRST_PAUSE", 0.05)
    if moment == "when a limit is met":
        limited = "response_url" if surface == "slash" else "chat.postMessage"
        slack.fail_next(limited, status=429, retry_after=2)
    # Slack has been served before, so the outbox is not new.
    with served(slack, tmp_path, ScriptedDesk(), log):
        pass
    process = serve_until_killed(slack, tmp_path, moment)
    if surface == "slash":
        slack.send_slash(text=QUESTION)
    else:
        make: Any = slack.app_mention if surface == "mention" else slack.direct_message
        slack.send_event(make(QUESTION))
    assert process.wait(60) == -9

    desk = ScriptedDesk()
    with served(slack, tmp_path, desk, log):
        wait_until(lambda: _deliveries(log) == deliveries, lambda: _deliveries(log))
    assert desk.asked == [], "it was answered before, and is not answered anew"
    way = "response_url" if surface == "slash" else "chat.postMessage"
    if surface == "slash" and moment == "before it is in the outbox":
        way = "chat.postEphemeral"  # Nothing has kept the response_url.
    sent = [call for call in slack.calls if call.method == way and call.took_effect]
    assert len(sent) == answers
    copies = [call for call in slack.messages() if "for you alone" in call.args["text"]]
    assert len(copies) == (deliveries == _COPY)


def _deliveries(log: QueryLog) -> list[tuple[str, str]]:
    (record,) = log.recent()
    return [(delivery["kind"], delivery["outcome"]) for delivery in record.deliveries]
