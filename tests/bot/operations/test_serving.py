"""Whether a process is live and ready, and how it stops."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from operations_support import base_of, fetched, ready, samples
from paths import ROOT
from slack_support import ScriptedDesk, served, wait_for_records, wait_until

from bot.audit.web.accounts import hashed
from bot.operations.process import Process, begun, readiness
from bot.querylog import QueryLog
from bot.settings import Settings

pytestmark = pytest.mark.slow


# Live and ready


def test_ready_once_it_has_begun_until_it_is_told_to_stop(log: QueryLog, tmp_path: Path) -> None:
    with Process(Settings(home=tmp_path), ScriptedDesk(), log) as service:
        assert readiness(service) == (False, ["it is starting"])
        assert service.is_live
        service.began = True
        assert readiness(service) == (True, [])
        service.stop.set()
        assert readiness(service) == (False, ["it was told to stop"])
        assert service.is_live


def test_a_loop_that_does_not_turn_is_not_live(
    log: QueryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operations.process._STUCK", 0.05)
    service = Process(Settings(home=tmp_path), ScriptedDesk(), log)
    time.sleep(0.1)
    with begun(service) as turn:
        assert service.is_live  # however long it took to start
        time.sleep(0.1)
        assert not service.is_live
        turn()
        assert service.is_live


def test_a_database_that_is_killed_and_comes_back(slack) -> None:
    """Not ready without it, and live all the while: a restart would not bring it back."""
    pgserver = pytest.importorskip("pgserver")
    if os.environ.get("CODEDESK_TEST_POSTGRES"):
        pytest.skip("the server that is named is not ours to kill")
    # Not below the folder of pytest: the server runs as a user of its own.
    with (
        tempfile.TemporaryDirectory(prefix="codedesk-pg-") as name,
        tempfile.TemporaryDirectory() as home,
    ):
        url = pgserver.get_server(name, cleanup_mode="stop").get_uri()
        log = QueryLog(url)
        changes = {"database_url": url, "metrics_port": 0}
        with served(slack, Path(home), ScriptedDesk(), log, **changes) as running:
            base = base_of(running.lines)
            wait_until(lambda: ready(base) == (200, []), lambda: ready(base))
            wait_for_records(log, "start")  # what dies before that ends the start
            os.kill(int((Path(name) / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            wait_until(lambda: ready(base)[0] == 503)
            assert fetched(f"{base}/live")[0] == 200
            assert samples(fetched(f"{base}/metrics")[1])["codedesk_ready"][()] == 0
            again = _started_again(pgserver, Path(name))
            wait_until(lambda: ready(base) == (200, []), lambda: ready(base))
            slack.send_event(slack.app_mention("<@UBOT> knee oa"))
            wait_for_records(log, "delivery")
        log.close()
        again.cleanup()


def _started_again(pgserver: Any, folder: Path) -> Any:
    (folder / "postmaster.pid").unlink(missing_ok=True)
    for left in range(50, 0, -1):
        time.sleep(0.2)  # until its other processes have noticed
        try:
            return pgserver.postgres_server.PostgresServer(folder, cleanup_mode="stop")
        except Exception:
            if left == 1:
                raise
    raise AssertionError


# Stopping

_SERVER = """
import json, sys, time
from pathlib import Path
from types import SimpleNamespace
sys.path.insert(0, "tests/support")
from slack_support import ScriptedDesk, settings
from bot.operations import logs
from bot.querylog import QueryLog
from bot.slack.app import serve

given = json.loads(sys.argv[1])

class Slow(ScriptedDesk):
    def ask(self, question, **options):
        print("asked", flush=True)
        time.sleep(given["seconds"])
        return super().ask(question, **options)

chosen = settings(SimpleNamespace(**given["slack"]), Path(given["home"]), **given["changes"])
logs.set_up(chosen)
log = QueryLog(chosen.log_database)
serve(chosen, Slow(), log, lambda line: print(line, flush=True))
log.close()
print("ended", flush=True)
"""


class Serving:
    """A process that serves, and takes `seconds` for each answer."""

    def __init__(self, slack: Any, home: Path, seconds: float, **changes: Any) -> None:
        names = ("bot_token", "app_token", "signing_secret", "api_url")
        given = {
            "slack": {name: getattr(slack, name) for name in names},
            "home": str(home),
            "seconds": seconds,
            "changes": {"metrics_port": 0} | changes,
        }
        self.output = home / "output.txt"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _SERVER, json.dumps(given)],
                cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.wait_said("Press Ctrl-C")

    def said(self) -> str:
        return self.output.read_text()

    def wait_said(self, words: str) -> None:
        wait_until(lambda: words in self.said() or self.process.poll() is not None, self.said)
        assert words in self.said(), self.said()

    @property
    def base(self) -> str:
        return base_of(self.said().splitlines())


@contextmanager
def serving(slack: Any, home: Path, seconds: float, **changes: Any) -> Iterator[Serving]:
    process = Serving(slack, home, seconds, **changes)
    try:
        yield process
    finally:
        process.process.kill()
        process.process.wait()


def test_what_is_under_way_ends_before_the_process_does(slack, tmp_path: Path) -> None:
    with serving(slack, tmp_path, seconds=3) as process:
        base = process.base
        slack.send_event(slack.app_mention("<@UBOT> knee oa"))
        process.wait_said("asked")
        process.process.terminate()
        wait_until(lambda: ready(base)[0] == 503)
        assert "it was told to stop" in ready(base)[1]
        assert fetched(f"{base}/live")[0] == 200
        assert process.process.wait(30) == 0, process.said()
        assert "ended" in process.said()
    assert len(slack.messages("C1")) == 1
    log = QueryLog(tmp_path / "log.db")
    (record,) = log.questions()
    log.close()
    assert record.delivery == "delivered"


def test_after_the_grace_period_it_ends_and_the_next_start_goes_on(slack, tmp_path: Path) -> None:
    with serving(slack, tmp_path, seconds=600, stop_seconds=1) as process:
        slack.send_event(slack.app_mention("<@UBOT> knee oa"))
        process.wait_said("asked")
        process.process.terminate()
        assert process.process.wait(30) == 0, process.said()
        assert "did not end within 1 seconds" in process.said()
    log = QueryLog(tmp_path / "log.db")
    with served(slack, tmp_path, ScriptedDesk(), log):
        wait_for_records(log, "delivery")
    log.close()


def test_a_second_signal_ends_it_at_once(slack, tmp_path: Path) -> None:
    with serving(slack, tmp_path, seconds=600) as process:
        slack.send_event(slack.app_mention("<@UBOT> knee oa"))
        process.wait_said("asked")
        base = process.base
        process.process.terminate()
        wait_until(lambda: ready(base)[0] == 503)
        process.process.terminate()
        assert process.process.wait(30) == 128 + signal.SIGTERM


# All of it, as it is run


@pytest.mark.index
def test_run_as_it_is_run(slack, home: Path, tmp_path: Path) -> None:
    """`codedesk run` with its workers at the finest level: no word of a question is printed."""
    word = "xylocarpal"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "CODEDESK_LOG_FORMAT": "json",
        "CODEDESK_LOG_LEVEL": "debug",
        "CODEDESK_METRICS_PORT": str(port),
        "CODEDESK_WORKERS": "1",
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
    }
    output = tmp_path / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        slack.wait_connected(120)
        wait_until(lambda: ready(f"http://127.0.0.1:{port}")[0] == 200)
        slack.send_event(slack.app_mention(f"<@UBOT> {word} of the knee, pt Jane Roe", user="U777"))
        slack.send_event(slack.app_mention("<@UBOT> is E11.9 billable", user="U777"))
        slack.wait_for("chat.postMessage", 2)
        found = samples(fetched(f"http://127.0.0.1:{port}/metrics")[1])
        assert found["codedesk_workers"][()] == 1
        assert found["codedesk_workers_own_bytes"][()] > 1e6
        assert sum(found["codedesk_answers_total"].values()) == 2
        process.terminate()
        assert process.wait(60) == 0, output.read_text()
    finally:
        process.kill()
        process.wait()
    printed = output.read_text()
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    answered = [line for line in lines if line.get("event") == "question.answered"]
    assert {line["lane"] for line in answered} == {"search", "verdict"}
    assert all(line["question"] and line["latency_ms"] for line in answered)
    assert all(line["edition"]["icd10cm"].startswith("FY2026-April") for line in answered)
    secrets = (word, "Jane", "Roe", "U777", slack.bot_token, slack.app_token)
    assert not [secret for secret in secrets if secret in printed]


def test_the_auditors_pages_stop_with_exit_code_0(tmp_path: Path) -> None:
    pytest.importorskip("datasette")
    QueryLog(tmp_path / "log.db").close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "CODEDESK_HOME": str(tmp_path),
        "CODEDESK_AUDIT_PORT": str(port),
        "CODEDESK_AUDIT_PASSWORD_HASH": hashed("correct horse battery"),
    }
    output = tmp_path / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "log", "audit"],
            cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_until(lambda: f":{port}/" in output.read_text() or process.poll() is not None)
        wait_until(lambda: _answers(port), output.read_text)
        process.terminate()
        assert process.wait(60) == 0, output.read_text()
    finally:
        process.kill()
        process.wait()
    log = QueryLog(tmp_path / "log.db")
    kinds = [entry.kind for entry in log.records(kinds=["start", "stop"])]
    log.close()
    assert kinds == ["start", "stop"]


def _answers(port: int) -> bool:
    try:
        return fetched(f"http://127.0.0.1:{port}/")[0] < 500
    except OSError:
        return False


_API = """
import socket, sys, time
from pathlib import Path
from bot.operations import uvicorn_server
from bot.operations.endpoints import telling
from bot.operations.process import Process
from bot.querylog import QueryLog
from bot.settings import Settings

async def app(scope, receive, send):
    if scope["type"] == "http":
        print("asked", flush=True)
        time.sleep(2)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"answered"})

settings = Settings(home=Path(sys.argv[1]), metrics_port=0)
log = QueryLog(settings.log_database)
listening = socket.create_server(("127.0.0.1", 0))
with (
    Process(settings, None, log) as service,
    telling(service, lambda line: print(line, flush=True)),
):
    print("at", listening.getsockname()[1], flush=True)
    uvicorn_server.run(app, settings, listening, service)
print("ended", flush=True)
"""


def test_a_server_for_programs_tells_and_stops_the_same_way(tmp_path: Path) -> None:
    output = tmp_path / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", _API, str(tmp_path)],
            cwd=ROOT, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_until(lambda: "at " in output.read_text(), output.read_text)
        base = base_of(output.read_text().splitlines())
        wait_until(lambda: ready(base) == (200, []))
        port = output.read_text().split("at ")[1].split()[0]
        answers: list[tuple[int, str]] = []
        asking = threading.Thread(
            target=lambda: answers.append(fetched(f"http://127.0.0.1:{port}/"))
        )
        asking.start()
        wait_until(lambda: "asked" in output.read_text())
        process.terminate()
        asking.join()
        assert answers == [(200, "answered")]
        assert process.wait(30) == 0, output.read_text()
    finally:
        process.kill()
        process.wait()
    assert "ended" in output.read_text()
