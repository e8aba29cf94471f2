"""Tries an image as a platform for containers would run it: with podman, as the user 10001, on a
read-only root, without capabilities. Prints what it took, and stops at the first thing that is
wrong.

    python3 docker/try.py codedesk:0.1.0 [--storage FOLDER] [--runtime crun]

`docker/build.sh try` runs this. It needs Linux, root, podman with runc or crun, and this
repository: a Slack on the loopback, which tests bring, asks the desk.
"""

from __future__ import annotations

import argparse
import contextlib
import http.cookiejar
import json
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from slack_server import SlackServer  # noqa: E402

_MB = 1_000_000
#: Seconds until something serves: a machine may be busy with other work.
_LONG = 600.0
_QUESTION = "left ankle sprain, first visit"
_PASSWORD = "only for this try 1"


class Image:
    """An image, and a home for its containers."""

    def __init__(self, name: str, home: Path, podman: list[str]) -> None:
        self.name, self._home, self._podman = name, home, podman

    def podman(
        self, *arguments: str, check: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        command = [*self._podman, *arguments]
        return subprocess.run(command, text=True, check=check, stdout=subprocess.PIPE, **options)

    def tried(self, *command: str, options: tuple[str, ...] = (), **more: Any) -> tuple[int, str]:
        """Run a command of Code Desk; gives its exit code, and what it printed."""
        arguments = ["run", "--rm", *_hardened(self._home), *options, self.name, *command]
        done = self.podman(*arguments, check=False, **more)
        return done.returncode, done.stdout

    def run(self, *command: str, **more: Any) -> str:
        """The same, where it must end well."""
        code, said = self.tried(*command, **more)
        if code:
            must(False, f"{' '.join(command)} ends with 0, and not {code}: {said}")
        return said

    def start(self, *command: str, **settings: str) -> str:
        """Start a container that serves; gives its id."""
        given = [f"--env={name}={value}" for name, value in settings.items()]
        arguments = ["--detach", *_hardened(self._home), *given, self.name, *command]
        return self.podman("run", *arguments).stdout.strip()

    def stop(self, container: str) -> None:
        """Stop it as platforms do, by SIGTERM. It must end well."""
        began = time.monotonic()
        self.podman("stop", "--time", "45", container)
        seconds = time.monotonic() - began
        code = self.podman("inspect", "--format", "{{.State.ExitCode}}", container).stdout.strip()
        must(code == "0", f"stopped by SIGTERM in {seconds:.1f} s, with exit code {code}")
        self.podman("rm", container)

    def has_ended(self, container: str) -> bool:
        said = self.podman("inspect", "--format", "{{.State.Running}}", container).stdout
        return said.strip() != "true"

    def log_of(self, container: str) -> str:
        return self.podman("logs", container, stderr=subprocess.STDOUT).stdout


def _hardened(home: Path) -> list[str]:
    """As compose.yaml has it. The limits of files are those of this host: not every host lets
    podman set its own."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return [
        "--user=10001:10001", "--read-only", "--cap-drop=all", "--network=host",
        "--security-opt=no-new-privileges", "--tmpfs=/tmp:size=1g,mode=1777,noexec,nosuid,nodev",
        "--memory=3g", "--pids-limit=512", f"--ulimit=nofile={most}", "--ulimit=nproc=4096",
        f"--volume={home}:/data", "--env=CODEDESK_FETCH=no", "--env=CODEDESK_WORKERS=1",
    ]  # fmt: skip


@contextlib.contextmanager
def serving(image: Image, *command: str, **settings: str) -> Iterator[str]:
    """A container that serves, which is stopped at the end; gives its id."""
    container = image.start(*command, **settings)
    try:
        yield container
    except BaseException:
        print(image.log_of(container)[-4000:])
        image.podman("rm", "--force", container)
        raise
    image.stop(container)


def must(is_so: bool, what: str) -> None:
    print(("  yes: " if is_so else "  NO: ") + what, flush=True)
    if not is_so:
        sys.exit(1)


def free_port() -> str:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return str(listening.getsockname()[1])


def until(is_so: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait; gives how long it took."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            must(False, what)
        time.sleep(0.2)
    return time.monotonic() - began


def answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as response:
        return bool(response.status == 200)
    return False


def is_connected(slack: SlackServer) -> bool:
    with contextlib.suppress(AssertionError):
        slack.wait_connected(timeout=1)
        return True
    return False


def try_content(image: Image) -> None:
    (about,) = json.loads(image.podman("image", "inspect", image.name).stdout)
    must(about["Size"] < 900 * _MB, f"{about['Size'] / _MB:.0f} MB, which is less than 900")
    must(about["Config"]["User"] == "10001:10001", "runs as the user 10001")
    must("org.opencontainers.image.version" in about["Config"]["Labels"], "has labels")
    must("HEALTHCHECK" in str(about["History"]).upper(), "has a health check")
    program = """
import importlib.util, os, shutil
unwanted = [name for name in ("torch", "pip", "pytest") if importlib.util.find_spec(name)]
print(os.getuid(), unwanted, shutil.which("cc"), os.access("/app", os.W_OK))
"""
    said = image.run("-c", program, options=("--entrypoint=python",)).strip()
    must(said == "10001 [] None False", f"has no PyTorch, pip, tests or compiler ({said})")


def try_first_start(image: Image, home: Path) -> None:
    began = time.monotonic()
    image.run("setup")
    size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    seconds = time.monotonic() - began
    must(True, f"a new home is set up in {seconds:.1f} s; it then has {size / _MB:.0f} MB")
    began = time.monotonic()
    image.run("setup")
    must(True, f"once more, with nothing to do: {time.monotonic() - began:.1f} s")


def try_asking(image: Image) -> None:
    began = time.monotonic()
    answer = json.loads(image.run("ask", "--json", _QUESTION, "--date", "2026-05-01"))
    codes = [line["code"] for line in answer["report"]]
    seconds = time.monotonic() - began
    must(codes == ["S93.402A"], f"{_QUESTION!r}: {codes}, in {seconds:.1f} s with the start")


def try_slack(image: Image) -> None:
    port = free_port()
    began = time.monotonic()
    with (
        SlackServer() as slack,
        serving(
            image,
            "run",
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_APP_TOKEN=slack.app_token,
            CODEDESK_SLACK_API_URL=slack.api_url,
            CODEDESK_METRICS_PORT=port,
        ) as desk,
    ):
        until(lambda: image.has_ended(desk) or is_connected(slack), _LONG, "connects")
        must(not image.has_ended(desk), "the desk has not ended")
        must(True, f"the desk is connected to Slack after {time.monotonic() - began:.1f} s")
        if "metrics_port" in (ROOT / "bot" / "settings.py").read_text(encoding="utf-8"):
            until(lambda: answers(f"http://127.0.0.1:{port}/ready"), 60, "/ready says so")
            image.podman("healthcheck", "run", desk)
            must(True, "/ready and the health check say so, too")
        began = time.monotonic()
        slack.send_event(slack.app_mention(_QUESTION)).wait_ack()
        slack.wait_for(lambda call: "S93.402A" in str(call), timeout=60)
        must(True, f"a mention is answered {time.monotonic() - began:.2f} s after it was made")
        (usage,) = json.loads(image.podman("stats", "--no-stream", "--format=json", desk).stdout)
        must(True, f"memory: {usage['mem_usage']}")


def try_audit(image: Image) -> None:
    image.run(
        "log", "audit-password", "auditor1", options=("--interactive",),
        input=f"{_PASSWORD}\n{_PASSWORD}\n", stderr=subprocess.DEVNULL,
    )  # fmt: skip
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    with serving(image, "log", "audit", CODEDESK_AUDIT_PORT=port) as audit:
        seconds = until(lambda: answers(f"{here}/-/login"), _LONG, "the auditors' pages are there")
        must(True, f"the auditors' pages are there after {seconds:.1f} s")
        image.podman("exec", audit, "codedesk", "health", "audit")
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        browser = urllib.request.build_opener(cookies)
        page = browser.open(f"{here}/-/login").read().decode()
        (token,) = re.findall(r'name="csrftoken" value="([^"]+)"', page)
        form = {"name": "auditor1", "password": _PASSWORD, "csrftoken": token}
        headers = {"Origin": here, "Referer": f"{here}/-/login"}
        sent = urllib.parse.urlencode(form).encode()
        browser.open(urllib.request.Request(f"{here}/-/login", sent, headers)).read()
        home = browser.open(f"{here}/").read().decode()
        must("auditor1" in home, "an auditor signs in and sees the log")


def try_api(image: Image) -> None:
    port = free_port()
    with serving(image, "serve", CODEDESK_API_PORT=port) as api:
        seconds = until(
            lambda: answers(f"http://127.0.0.1:{port}/ready"), _LONG, "the API is ready"
        )
        must(True, f"the API is ready after {seconds:.1f} s")
        image.podman("exec", api, "codedesk", "health", "api")


def try_log(image: Image) -> None:
    rows = image.run("log", "list").splitlines()
    must(any("ankle" in row for row in rows), "the questions are in the log")
    # 1: there is no checkpoint yet.
    code, said = image.tried("log", "verify")
    must(code in (0, 1), f"it is verified: {said.splitlines()[0]}")


def extras() -> str:
    stated = re.search(r'ARG EXTRAS="([^"]*)"', (ROOT / "docker" / "Dockerfile").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert stated
    assert set(stated[1].split(",")) <= set(project["optional-dependencies"])
    return stated[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("image")
    parser.add_argument("--storage", help="the folder with podman's images, as build.sh has it")
    parser.add_argument("--runtime", default="runc")
    parser.add_argument(
        "--home", type=Path, help="begin with a copy of this home, not an empty one"
    )
    given = parser.parse_args()
    podman = ["podman", f"--runtime={given.runtime}", "--log-level=fatal"]
    if given.storage:
        podman += [f"--root={given.storage}/storage", f"--runroot={given.storage}/run"]
        podman += ["--storage-driver=overlay", "--cgroup-manager=cgroupfs"]
    with tempfile.TemporaryDirectory(prefix="codedesk-try-") as folder:
        home = Path(folder) / "home"
        if given.home:
            shutil.copytree(given.home, home)
        else:
            home.mkdir(mode=0o700)
        subprocess.run(["chown", "--recursive", "10001:10001", str(home)], check=True)
        image = Image(given.image, home, podman)
        print("content:")
        try_content(image)
        print("first start:")
        try_first_start(image, home)
        print("a question:")
        try_asking(image)
        print("Slack:")
        try_slack(image)
        print("audit:")
        try_audit(image)
        if "api" in extras().split(","):
            print("API:")
            try_api(image)
        print("log:")
        try_log(image)


if __name__ == "__main__":
    main()
