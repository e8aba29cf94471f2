"""`kill -9` at any moment loses no acknowledged record and breaks no chain.

Each kill ends a process that has eight threads asking, answering and delivering; two such processes
write to one log. The default is a short run: CODEDESK_LONG=1 makes 200 kills and prints the counts
(with -s).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from paths import ROOT

from bot.querylog import QueryLog
from bot.querylog.verify import verify

KILLS = 200 if os.environ.get("CODEDESK_LONG") else 12
_THREADS = 8

_WRITER = """
import os, sys, threading
from pathlib import Path
sys.path.insert(0, "tests/support")
from slack_support import diabetes
from bot.querylog import QueryLog, QuestionRecord

log = QueryLog(Path(sys.argv[1]))
acknowledged = os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY | os.O_APPEND)

def acknowledge(step, question):
    # only after the log returned: what is in this file must be in the log
    os.write(acknowledged, f"{step} {question}\\n".encode())

def write():
    while True:
        question = log.ask(QuestionRecord("t2dm with ckd", "cli"))
        acknowledge("question", question)
        log.answered(question, diabetes(), index_build="build-1", latency_ms=1.0)
        acknowledge("answer", question)
        log.delivered(question, "delivered")
        acknowledge("delivery", question)

for _ in range(int(sys.argv[3])):
    threading.Thread(target=write).start()
"""


@pytest.mark.slow
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    chance = random.Random(5)
    kills = 0
    while kills < KILLS:
        files = [tmp_path / f"acknowledged-{kills + n}" for n in range(2)]
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", _WRITER, str(path), str(file), str(_THREADS)], cwd=ROOT
            )
            for file in files
        ]
        for file in files:
            _wait_for(file)
        time.sleep(chance.uniform(0, 0.05))
        # The second process goes on for a while without the first.
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            kills += 1
            time.sleep(chance.uniform(0, 0.02))

    acknowledged = {
        tuple(line.split())
        for file in tmp_path.glob("acknowledged-*")
        for line in file.read_text().splitlines()
    }
    log = QueryLog(path)
    stored = {(entry.kind, entry.subject) for entry in log.records()}
    halves = len(log.unanswered(["cli"])), len(log.undelivered(["cli"]))
    log.close()
    found = verify(path)
    print(
        f"\n{kills} kills, {_THREADS} threads in each of 2 processes: "
        f"{len(acknowledged)} records acknowledged, {len(acknowledged - stored)} lost, "
        f"{found.last} in the chain, {halves[0]} left unanswered, {halves[1]} undelivered; "
        f"chain {'broken' if found.bad is not None else 'whole'}"
    )
    assert acknowledged <= stored
    assert len(acknowledged) > 5 * kills
    assert found.bad is None, found.why


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists() or not file.stat().st_size:
        assert time.monotonic() < deadline, "the writer acknowledged nothing"
        time.sleep(0.005)
