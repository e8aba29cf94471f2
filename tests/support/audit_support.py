"""For the tests of the auditors' pages: a log with one of everything, and its pages being
served."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from log_support import converse
from paths import ROOT
from slack_support import diabetes

from bot.audit.web import accounts
from bot.querylog import QueryLog, QuestionRecord, checkpoints, retention
from bot.querylog.vouching import vouch

PASSWORD = "correct horse battery"
AUDITOR = "R. Auditor"
#: A formula for a spreadsheet, with a quote, a comma and a newline for a CSV file.
FORMULA = '=HYPERLINK("http://x.example", "a")\nsecond line, of it'


def a_log(home: Path, where: Path | str | None = None) -> QueryLog:
    """A log of everything that auditors look for, sealed, with a checkpoint."""
    log = QueryLog(where or home / "log.db")
    log.start_sealing(home / "keys" / "log.key")
    log.configured({"version": "0.1.0", "answer_without_log": False})
    ids = converse(log, 3, "t2dm with ckd")
    log.feedback(ids[0], "right", by="U1")
    log.feedback(ids[1], "used", code="E11.21", note="nephropathy was documented", by="U1")

    unsure = log.ask(QuestionRecord("mass, breast?", "dm", "U2", "T1", "D7"))
    assert unsure is not None
    answer = diabetes("mass, breast?")
    first = replace(answer.candidates[0], code="N63.0", confidence="low")
    answer = replace(answer, candidates=[first], releases={"icd10cm/FY2026-April": "FY2026-April"})
    log.answered(unsure, answer, index_build="build-1", latency_ms=2345.6)
    log.feedback(unsure, "wrong", note="=1+1", by="U2")

    log.ask(QuestionRecord(FORMULA, "slash", "U3", "T1", "C2", removed=("NAME", "MRN")))
    gone = converse(log, 1, "a name that the scrubber missed")[0]
    redacted = retention.redact(log, gone, "a name", "R. Officer")
    retention.hold(log, "Roe v. Clinic", "R. Officer", ids[0])
    log.access("search", "cli-user", "person U1")
    key = home / "keys" / "checkpoint.key"
    checkpoints.make_keys(key, key.with_suffix(".pub"))
    kept = home / "checkpoints" / "checkpoints.jsonl"
    vouch(log, checkpoints.private_key(key), kept, accepting=[redacted.record])
    return log


@dataclass(frozen=True, slots=True)
class Pages:
    """The auditors' pages, served by `codedesk log audit`."""

    url: str
    home: Path
    log: QueryLog
    process: subprocess.Popen[str]

    def client(self, address: str = "127.0.0.1") -> httpx.Client:
        """From an address of this machine: refusals are counted by address."""
        return httpx.Client(
            base_url=self.url, timeout=60, transport=httpx.HTTPTransport(local_address=address)
        )

    def signed_in(self, password: str = PASSWORD) -> httpx.Client:
        client = self.client()
        assert self.sign_in(client, AUDITOR, password).status_code == 303
        return client

    def sign_in(self, client: httpx.Client, name: str, password: str) -> httpx.Response:
        page = client.get("/-/login").text
        token = page.split('name="csrftoken" value="')[1].split('"')[0]
        return client.post(
            "/-/login", data={"name": name, "password": password, "csrftoken": token}
        )

    def accesses(self, since: int = 0) -> list[tuple[str, str, str]]:
        """The access records: what, by whom, details."""
        return [
            (entry.body["what"], entry.body["by"], entry.texts.get("detail") or "")
            for entry in self.log.records(since, ["access"])
        ]


@contextmanager
def served(home: Path, *, under: Sequence[str] = (), **settings: str) -> Iterator[Pages]:
    """Over a log in `home`, as an operator starts it; what it says on standard error is in
    `home/stderr`. `under`: a command to start it by."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = a_log(home, settings.get("CODEDESK_DATABASE_URL"))
    accounts.add(home / "auditors.toml", AUDITOR, accounts.hashed(PASSWORD))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "CODEDESK_HOME": str(home), "CODEDESK_AUDIT_PORT": str(port), "PYTHONPATH": str(ROOT),
    } | settings  # fmt: skip
    with (home / "stderr").open("w") as told:
        process = subprocess.Popen(
            [*under, sys.executable, "-m", "bot", "log", "audit"], env=environment, cwd=home,
            stderr=told, stdout=told, text=True,
        )  # fmt: skip
    try:
        pages = Pages(f"http://127.0.0.1:{port}", home, log, process)
        _wait(pages)
        yield pages
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _wait(pages: Pages) -> None:
    for _ in range(1200):
        assert pages.process.poll() is None, (pages.home / "stderr").read_text()
        try:
            pages.client().get("/-/login")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the auditors' pages did not come up")
