"""For the tests of the API: a server as an operator starts it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from paths import ROOT

from bot.api.clients import SCOPES, Scope
from bot.api.tokens import Tokens
from bot.querylog import QueryLog, Record


@dataclass(frozen=True, slots=True)
class Api:
    """The API, served by `codedesk serve`."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]

    @property
    def tokens(self) -> Tokens:
        return Tokens(self.home / "clients.toml")

    @property
    def told(self) -> str:
        """What it says on standard error."""
        return (self.home / "stderr").read_text()

    def client(
        self, name: str, scopes: tuple[Scope, ...] = SCOPES, per_minute: int = 0
    ) -> httpx.Client:
        """A client with a token of its own."""
        token = self.tokens.add(name, scopes, per_minute)
        return self.with_token(token)

    def with_token(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def asked(self, name: str) -> list[Record]:
        """What the log has of a client, oldest first."""
        log = QueryLog(self.home / "log.db")
        try:
            return [record for record in log.questions() if record.user == name]
        finally:
            log.close()


@contextmanager
def served(built: Path, home: Path, *options: str, **settings: str) -> Iterator[Api]:
    """Over what is loaded and built, with a log of its own in `home`; until it is stopped."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("codes.db", "index"):
        (home / name).symlink_to(built / name)
    environment = os.environ | {
        "CODEDESK_HOME": str(home), "CODEDESK_FETCH": "no", "PYTHONPATH": str(ROOT),
    } | settings  # fmt: skip
    with (home / "stderr").open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", "0", *options],
            env=environment, cwd=home, stderr=told, stdout=told,
        )  # fmt: skip
    try:
        yield Api(_address(process, home / "stderr"), home, process)
    finally:
        process.terminate()
        process.wait(60)


def _address(process: subprocess.Popen[bytes], told: Path) -> str:
    for _ in range(1200):
        if found := re.search(r"listens on (http://[\d.:]+\d)", told.read_text()):
            return found[1]
        assert process.poll() is None, told.read_text()
        time.sleep(0.1)
    raise AssertionError("the API did not come up")
