"""Replicas in processes of their own, which can be stopped, halted and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from paths import ROOT
from slack_server import SlackServer
from slack_support import wait_until

#: Seconds of a lease in these tests, and between its renewals.
LEASE, BEAT = 2.0, 0.4

#: Serves with a scripted desk. At the moment that is named, the process halts itself once, or kills
#: itself, if the file that is named is not there yet.
_SERVER = """
import json, os, signal, sys, time
from pathlib import Path
from types import SimpleNamespace
sys.path.insert(0, "tests/support")
from slack_support import ScriptedDesk, settings
from bot.logged_desk import LoggedDesk
from bot.querylog import QueryLog
from bot.slack import replicas, tries
from bot.slack.app import serve
from bot.slack.outbox_store import OutboxStore
from bot.slack.web_api import Way

given = json.loads(sys.argv[1])
replicas.LEASE, replicas._BEAT = given["lease"], given["beat"]
tries.FIRST_PAUSE = 0.2
home = Path(given["home"])

class Desk(ScriptedDesk):
    def ask(self, question, **options):
        time.sleep(given["seconds"])
        return super().ask(question, **options)

def ends(owner, name, how):
    real, mark = getattr(owner, name), Path(given["mark"])
    def call(*args, **options):
        if is_it(args, options) and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), how)
            time.sleep(0.2)  # Another thread may take the signal, a moment later.
        return real(*args, **options)
    setattr(owner, name, call)

moments = {
    "while it answers": (Desk, "ask", lambda args, options: True),
    "before it is in the outbox": (OutboxStore, "add", lambda args, options: True),
    "before it is sent": (Way, "send", lambda args, options: args[0].how == "chat.postMessage"),
    "before it is tried": (replicas.Replica, "holds", lambda args, options: True),
}
if given["moment"]:
    owner, name, is_it = moments[given["moment"]]
    ends(owner, name, signal.SIGSTOP if given["halts"] else signal.SIGKILL)

slack = SimpleNamespace(**given["slack"])
chosen = settings(slack, home, **given["changes"])
log = QueryLog(chosen.log_database)
serve(chosen, Desk(), log, lambda line: print(line, flush=True))
log.close()
"""


class Process:
    """A process that serves."""

    def __init__(
        self,
        slack: SlackServer,
        home: Path,
        url: str | None,
        *,
        moment: str = "",
        halts: bool = False,
        seconds: float = 0.0,
        **changes: object,
    ) -> None:
        names = ("bot_token", "app_token", "signing_secret", "api_url")
        self.output = home / f"{uuid.uuid4().hex}.txt"
        given = {
            "home": str(home),
            "lease": LEASE,
            "beat": BEAT,
            "seconds": seconds,
            "moment": moment,
            "halts": halts,
            "mark": str(self.output.with_suffix(".mark")),
            "slack": {name: getattr(slack, name) for name in names},
            "changes": {**changes, "database_url": url},
        }
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _SERVER, json.dumps(given)],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_serving(self) -> None:
        wait_until(lambda: "Press Ctrl-C" in self.said() or self.process.poll(), self.said)
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.output.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def is_dead(self) -> bool:
        return self.process.poll() is not None

    def is_halted(self) -> bool:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def go_on(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Stop it as `docker stop` does, and expect it to end well."""
        if self.process.poll() is None:
            self.go_on()
            self.process.terminate()
            assert self.process.wait(60) == 0, self.said()


@contextmanager
def own_database(url: str) -> Iterator[str]:
    """A database of its own on a server, as replicas have one: the schemas have fixed names."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f'create database "{name}" encoding utf8 template template0')
    base, mark, options = url.partition("?")
    yield base.rpartition("/")[0] + f"/{name}" + mark + options
