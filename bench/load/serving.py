"""Starts what is measured: the desk by `codedesk run`, as its users do, and the naive bot. Each has
a folder of its own for what it writes, which is thrown away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.load.processes import Roles, descendants
from bench.load.slack_side import BOT_TOKEN, SECRET
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
#: Seconds for a process to start.
PATIENCE = 240.0


#: The beginnings of settings that the load must not take over.
_OF_A_DESK_IN_USE = ("SLACK_", "DATABASE_", "LOG_KEY_", "CHECKPOINT_", "LLM_")


class Failed(Exception):
    """Something could not be started. The message says what and why."""


@dataclass
class Served:
    """What is being served: `ports`, one a process; `home`, the folder of the first; `environment`
    of the processes, with which the log can be read; `database`, the id of PostgreSQL's first
    process; `naive`, whether it is the naive bot."""

    name: str
    workers: int | None
    processes: list[subprocess.Popen[bytes]]
    ports: list[int]
    home: Path
    environment: Mapping[str, str]
    database: int | None = None
    output: list[Path] = field(default_factory=list)

    def roles(self) -> Roles:
        front = [process.pid for process in self.processes]
        roles = {"front": front}
        children = [child for pid in front for child in descendants(pid)]
        if workers := [child for child in children if not _is_helper(child)]:
            roles["workers"] = workers
        if self.database is not None:
            roles["database"] = [self.database, *descendants(self.database)]
        return roles

    def said(self) -> str:
        """The last lines that the processes printed."""
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in self.output]
        return "\n".join(text[-2_000:] for text in texts)


def environment(api_url: str, home: Path, port: int, **changes: str) -> dict[str, str]:
    """Of the desk, or of the naive bot: that of this process, without proxies and without what
    leads to the log, the keys and the Slack of a desk in use."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
        and not name.removeprefix("CODEDESK_").startswith(_OF_A_DESK_IN_USE)
    }
    return kept | {
        "CODEDESK_HOME": str(home),
        "CODEDESK_FETCH": "no",
        "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_MODE": "http",
        "CODEDESK_SLACK_API_URL": api_url,
        "CODEDESK_HTTP_HOST": "127.0.0.1",
        "CODEDESK_HTTP_PORT": str(port),
        **changes,
    }


def codedesk(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of the desk, to its end."""
    command = [sys.executable, "-m", "bot", *arguments]
    # In its home, since a codedesk.toml of the working directory would count.
    folder = environment["CODEDESK_HOME"]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)


@contextmanager
def desk(
    api_url: str,
    *,
    name: str = "Code Desk",
    processes: int = 1,
    workers: int | None = None,
    database: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Served]:
    """`codedesk run`, so many processes of it, each in a home as on a host of its own. `database`:
    "auto" starts a PostgreSQL, another text is its address. `settings` are more of the environment.
    Raises Failed."""
    arguments = ["run", *([] if workers is None else ["--workers", str(workers)])]
    given = Settings.load()
    if not given.codes_db.exists():
        raise Failed(f"There are no code sets at {given.home}: set CODEDESK_HOME.")
    with tempfile.TemporaryDirectory(prefix="codedesk-load-") as folder, _postgres(database) as db:
        more = dict(settings or {})
        if db.url:
            more["CODEDESK_DATABASE_URL"] = db.url
        homes = [_home(Path(folder) / f"home{n}", given) for n in range(processes)]
        ports = [_free_port() for _ in homes]
        each = [
            environment(api_url, home, port, **more)
            for home, port in zip(homes, ports, strict=True)
        ]
        # With keys, as in use: records are sealed, and checkpoints vouch for them.
        made = codedesk("log", "keys", **each[0])
        if made.returncode:
            raise Failed(f"codedesk log keys: {made.stderr.strip()}")
        for home in homes[1:]:
            (home / "keys").symlink_to(homes[0] / "keys")
        command = [sys.executable, "-m", "bot", *arguments]
        started = [_started(command, env, Path(env["CODEDESK_HOME"])) for env in each]
        running = Served(name, workers, started, ports, homes[0], each[0], db.pid)
        running.output = [home / "output.txt" for home in homes]
        with _ended_at_last(running):
            yield running


@contextmanager
def naive(api_url: str, vectors: Path) -> Iterator[Served]:
    """The naive bot. `vectors`: the folder that naive_bot.py makes. Raises Failed."""
    with tempfile.TemporaryDirectory(prefix="naive-load-") as folder:
        home, port = Path(folder), _free_port()
        env = environment(api_url, home, port, BENCH_NAIVE=str(vectors))
        command = [sys.executable, str(Path(__file__).with_name("naive_bot.py")), str(port)]
        running = Served("naive", None, [_started(command, env, home)], [port], home, env)
        running.output = [home / "output.txt"]
        with _ended_at_last(running):
            yield running


def make_vectors(folder: Path, every: int) -> None:
    """The vectors of the naive bot, made unless the folder has them. Raises Failed."""
    command = [sys.executable, str(Path(__file__).with_name("naive_bot.py")), "--make"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    if subprocess.run([*command, str(folder), str(every)], env=env).returncode:
        raise Failed("the vectors of the naive bot could not be made (it needs PyTorch and FAISS).")


def stop(running: Served) -> float:
    """End the processes as an operator does (SIGTERM); the seconds that it took. Answers under way
    are finished."""
    began = time.monotonic()
    for process in running.processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in running.processes:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return time.monotonic() - began


@contextmanager
def _ended_at_last(running: Served) -> Iterator[None]:
    try:
        _wait(running)
        yield
    finally:
        stop(running)


def _wait(running: Served) -> None:
    """Until all listen."""
    until = time.monotonic() + PATIENCE
    for process, port in zip(running.processes, running.ports, strict=True):
        while not _listens(port):
            if process.poll() is not None:
                raise Failed(f"{running.name} ended at its start:\n{running.said()}")
            if time.monotonic() > until:
                raise Failed(f"{running.name} does not listen after {PATIENCE:.0f} s.")
            time.sleep(0.1)


def _is_helper(pid: int) -> bool:
    """Whether a process only cleans up after the others: Python's resource tracker."""
    try:
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(1.0)
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _home(home: Path, given: Settings) -> Path:
    home.mkdir()
    for path in (given.codes_db, given.index):
        (home / path.name).symlink_to(path.resolve())
    return home


def _started(
    command: Sequence[str], env: Mapping[str, str], folder: Path
) -> subprocess.Popen[bytes]:
    with (folder / "output.txt").open("wb") as output:
        return subprocess.Popen(
            command, env=env, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@dataclass(frozen=True, slots=True)
class _Database:
    url: str | None = None
    pid: int | None = None


@contextmanager
def _postgres(wanted: str | None) -> Iterator[_Database]:
    if wanted != "auto":
        yield _Database(wanted)
        return
    try:
        import pgserver
    except ImportError as error:
        raise Failed("--database auto needs pgserver: pip install pgserver.") from error
    with tempfile.TemporaryDirectory(prefix="codedesk-load-pg-") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            pid = int((Path(folder) / "postmaster.pid").read_text().split()[0])
            yield _Database(server.get_uri(), pid)
        finally:
            server.cleanup()
