"""Tries an image as a platform for containers would run it: with podman, as the user 10001, on a
read-only root, without capabilities. Prints what it took, and stops at the first thing that is wrong.

    python3 docker/try.py codedesk:0.1.0 [--storage FOLDER] [--runtime crun]

`docker/build.sh try` runs this. It needs Linux, root, podman with runc or crun, and this repository:
a Slack on the loopback, which tests bring, asks the desk. No port but those of this machine is used.
"""

from __future__ import annotations

import argparse
import contextlib
import http.cookiejar
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from slack_server import SlackServer  # noqa: E402

_MB = 1_000_000
#: The first start may build the index.
_LONG = 1800.0
_QUESTION = "left ankle sprain, first visit"
_PASSWORD = "only for this try 1"


class Image:
    """An image, and a home for its containers."""

    def __init__(self, name: str, home: Path, podman: list[str]) -> None:
        self.name, self._home, self._podman = name, home, podman

    def podman(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        command = [*self._podman, *arguments]
        return subprocess.run(command, text=True, check=True, stdout=subprocess.PIPE, **options)  # type: ignore[call-overload, no-any-return]

    def run(self, *command: str, options: tuple[str, ...] = (), **more: object) -> str:
        """Run a command of Code Desk; gives what it printed."""
        return self.podman(
            "run", "--rm", *self._hardened(), *options, self.name, *command, **more
        ).stdout

    def start(self, *command: str, **settings: str) -> str:
        """Start a container that serves; gives its id."""
        given = [f"--env={name}={value}" for name, value in settings.items()]
        arguments = ["--detach", "--init", *self._hardened(), *given, self.name, *command]
        return self.podman("run", *arguments).stdout.strip()

    def stop(self, container: str) -> float:
        """Stop it as platforms do, by SIGTERM; gives the seconds. It must end well."""
        began = time.monotonic()
        self.podman("stop", "--time", "45", container)
        seconds = time.monotonic() - began
        code = self.podman("inspect", "--format", "{{.State.ExitCode}}", container).stdout.strip()
        must(code == "0", f"ends with exit code 0, and not {code}")
        self.podman("rm", container)
        return seconds

    def _hardened(self) -> list[str]:
        most = subprocess.run(["sh", "-c", "ulimit -Hn"], text=True, capture_output=True).stdout
        return [
            "--user=10001:10001", "--read-only", "--cap-drop=all", "--network=host",
            "--security-opt=no-new-privileges", "--tmpfs=/tmp:size=1g,mode=1777,noexec,nosuid,nodev",
            "--memory=3g", "--pids-limit=512", f"--ulimit=nofile={most.strip()}", "--ulimit=nproc=4096",
            f"--volume={self._home}:/data", "--env=CODEDESK_FETCH=no", "--env=CODEDESK_WORKERS=1",
        ]  # fmt: skip


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


def try_content(image: Image) -> None:
    (about,) = json.loads(image.podman("image", "inspect", image.name).stdout)
    print(f"  size: {about['Size'] / _MB:.0f} MB")
    must(about["Size"] < 900 * _MB, "is smaller than 900 MB")
    must(about["Config"]["User"] == "10001:10001", "runs as the user 10001")
    must("org.opencontainers.image.version" in about["Labels"], "has labels")
    must(bool(about.get("HealthCheck") or about["Config"].get("Healthcheck")), "has a health check")
    program = (
        "import importlib.util as i, shutil, os; print(os.getuid(), [n for n in "
        "('torch', 'pip', 'pytest') if i.find_spec(n)], shutil.which('cc'), os.access('/app', os.W_OK))"
    )
    said = image.run("-c", program, options=("--entrypoint=python",)).strip()
    must(said == "10001 [] None False", f"has no PyTorch, pip, tests or compiler ({said})")


def try_first_start(image: Image, home: Path) -> None:
    began = time.monotonic()
    image.run("setup")
    print(f"  an empty home is set up in {time.monotonic() - began:.1f} s")
    size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    print(f"  it then has {size / _MB:.0f} MB")
    began = time.monotonic()
    image.run("setup")
    print(f"  once more, with nothing to do: {time.monotonic() - began:.1f} s")


def try_asking(image: Image) -> None:
    began = time.monotonic()
    answer = json.loads(image.run("ask", "--json", _QUESTION, "--date", "2026-05-01"))
    codes = [line["code"] for line in answer["report"]]
    must(
        codes == ["S93.402A"],
        f"{_QUESTION!r}: {codes}, {time.monotonic() - began:.1f} s with the start",
    )


def try_slack(image: Image) -> None:
    with SlackServer() as slack:
        port = free_port()
        began = time.monotonic()
        desk = image.start(
            "run",
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_APP_TOKEN=slack.app_token,
            CODEDESK_SLACK_API_URL=slack.api_url,
            CODEDESK_METRICS_PORT=port,
        )
        try:
            slack.wait_connected(timeout=_LONG)
            print(f"  the desk is connected after {time.monotonic() - began:.1f} s")
            if has_metrics():
                seconds = until(lambda: answers(f"http://127.0.0.1:{port}/ready"), 60, "is ready")
                image.podman("healthcheck", "run", desk)
                must(True, f"/ready and the health check say so {seconds:.1f} s later")
            began = time.monotonic()
            slack.send_event(slack.app_mention(_QUESTION)).wait_ack()
            slack.wait_for(lambda call: "S93.402A" in str(call), timeout=60)
            must(True, f"answers a mention, {time.monotonic() - began:.2f} s after it was made")
            (usage,) = json.loads(
                image.podman("stats", "--no-stream", "--format=json", desk).stdout
            )
            print(f"  memory: {usage.get('mem_usage', '')}")
        except BaseException:
            print(image.podman("logs", desk, stderr=subprocess.STDOUT).stdout[-4000:])
            raise
        print(f"  stopped by SIGTERM in {image.stop(desk):.1f} s, with exit code 0")


def has_metrics() -> bool:
    return "metrics_port" in (ROOT / "bot" / "settings.py").read_text(encoding="utf-8")


def try_audit(image: Image) -> None:
    image.run(
        "log", "audit-password", "auditor1", options=("--interactive",),
        input=f"{_PASSWORD}\n{_PASSWORD}\n", stderr=subprocess.DEVNULL,
    )  # fmt: skip
    port = free_port()
    began = time.monotonic()
    audit = image.start("log", "audit", CODEDESK_AUDIT_PORT=port)
    here = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(f"{here}/-/login"), 120, "serves the auditors' pages")
        print(f"  the auditors' pages are there after {time.monotonic() - began:.1f} s")
        image.podman("exec", audit, "codedesk", "health", "audit")
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        browser = urllib.request.build_opener(jar)
        page = browser.open(f"{here}/-/login").read().decode()
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
        form = urllib.parse.urlencode(hidden | {"name": "auditor1", "password": _PASSWORD})
        sign_in = urllib.request.Request(
            f"{here}/-/login", form.encode(), {"Origin": here, "Referer": f"{here}/-/login"}
        )
        browser.open(sign_in).read()
        home = browser.open(f"{here}/").read().decode()
        must("auditor1" in home, "an auditor signs in and sees the log")
    except BaseException:
        print(image.podman("logs", audit, stderr=subprocess.STDOUT).stdout[-4000:])
        raise
    print(f"  stopped by SIGTERM in {image.stop(audit):.1f} s, with exit code 0")


def try_api(image: Image) -> None:
    port = free_port()
    api = image.start("serve", CODEDESK_API_PORT=port)
    try:
        seconds = until(lambda: answers(f"http://127.0.0.1:{port}/ready"), 120, "the API is ready")
        print(f"  the API is ready after {seconds:.1f} s")
        image.podman("exec", api, "codedesk", "health", "api", "--help")
    except BaseException:
        print(image.podman("logs", api, stderr=subprocess.STDOUT).stdout[-4000:])
        raise
    print(f"  stopped by SIGTERM in {image.stop(api):.1f} s, with exit code 0")


def try_log(image: Image) -> None:
    rows = image.run("log", "list").splitlines()
    must(any("ankle" in row for row in rows), "the questions are in the log")
    verified = subprocess.run(
        [*image._podman, "run", "--rm", *image._hardened(), image.name, "log", "verify"],
        text=True, capture_output=True,
    )  # fmt: skip
    must(
        verified.returncode in (0, 1),
        f"nothing in it was altered: {verified.stdout.splitlines()[0]}",
    )


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
    given = parser.parse_args()
    podman = ["podman", f"--runtime={given.runtime}", "--log-level=error"]
    if given.storage:
        podman += [f"--root={given.storage}/storage", f"--runroot={given.storage}/run"]
        podman += ["--storage-driver=overlay", "--cgroup-manager=cgroupfs"]
    with tempfile.TemporaryDirectory(prefix="codedesk-try-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        subprocess.run(["chown", "10001:10001", str(home)], check=True)
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
