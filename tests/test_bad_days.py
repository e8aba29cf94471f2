"""Each bad day of a machine ends in one sentence that says what is wrong and what to do, with exit
code 2, and loses nothing that is stored."""

from __future__ import annotations

import datetime as dt
import errno
import gzip
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from paths import ROOT

from bot.cli.main import main
from bot.querylog import LogUnavailable, QueryLog, QuestionRecord, file_check
from codesets import disk
from codesets.store.database import StoreUnusable
from index import build, build_lock
from index.embedding import progress

EDITS = ROOT / "tests" / "data" / "edits"
#: Every command that reads or writes the code sets.
COMMANDS = {
    "ask": ["ask", "ankle sprain"],
    "check": ["check", "E11.9"],
    "run": ["run"],
    "setup": ["setup", "--check"],
    "list": ["codesets", "list"],
    "diff": ["codesets", "diff", "FY2024", "FY2026-April"],
    "import": ["codesets", "import", "--no-index", str(EDITS)],
    "build": ["index", "build"],
}


def run(*arguments: str, typed: bytes = b"") -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


def told(result: Result) -> str:
    """What it said of a bad day: one line on standard error, and no more."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("codedesk: ")
    assert "Something went wrong" not in line
    assert "Traceback" not in result.stderr
    return line


# codes.db


def _cut(path: Path) -> None:
    os.truncate(path, 4096 * 900 + 100)


def _garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(100_000))


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _sqlite(*statements: str) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        path.unlink()
        db = sqlite3.connect(path)
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.close()

    return made


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut off": (_cut, "damaged, or another program's). Move it away, run `codedesk setup`"),
    "random bytes": (_garbage, "(file is not a database: it is damaged, or another program's)"),
    "a folder": (_a_folder, "cannot be used (it is a folder). Move it away"),
    "of another program": (_sqlite("create table photos (x)"), "is another program's, or damaged"),
    "of another program, alike": (
        _sqlite("create table releases (x)", "pragma user_version = 2"),
        "is another program's, or damaged",
    ),
    "newer": (
        _sqlite("create table releases (x)", "pragma user_version = 99"),
        "was written by a newer version of Code Desk. Update this one",
    ),
}


@pytest.fixture(scope="module")
def copied(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The start of codes.db: enough of it to be damaged."""
    copy = tmp_path_factory.mktemp("codes") / "codes.db"
    with (loaded / "codes.db").open("rb") as whole:
        copy.write_bytes(whole.read(8 * 2**20))
    return copy


@pytest.mark.parametrize(("damage", "sentence"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_codes_db(
    home: Path, copied: Path, damage: Callable[[Path], None], sentence: str
) -> None:
    codes = home / "codes.db"
    codes.unlink()
    shutil.copyfile(copied, codes)
    damage(codes)
    before = codes.read_bytes() if codes.is_file() else b""
    for name, arguments in COMMANDS.items():
        assert sentence in told(run(*arguments)), name
    # Nothing is written into it: a file of another program stays theirs.
    assert (codes.read_bytes() if codes.is_file() else b"") == before


@pytest.mark.parametrize("name", COMMANDS)
def test_a_home_that_is_a_file(tmp_path: Path, monkeypatch, name: str) -> None:
    home = tmp_path / "home"
    home.write_text("mine")
    monkeypatch.setenv("CODEDESK_HOME", str(home))
    monkeypatch.setenv("CODEDESK_FETCH", "no")
    assert "A file stands where a folder is needed" in told(run(*COMMANDS[name]))
    assert home.read_text() == "mine"


# log.db


def _emptied(log: Path) -> None:
    """A log that has checkpoints, without its content."""
    log.with_name("checkpoints").mkdir()
    (log.with_name("checkpoints") / "checkpoints.jsonl").write_text("{}\n")
    os.truncate(log, 0)


def _sealed(log: Path) -> None:
    """A log whose records a key seals, without its content."""
    assert run("log", "keys").exit_code == 0
    os.truncate(log, 0)


def _lost(log: Path) -> None:
    """What was written last, in the file beside; without the log."""
    log.unlink()
    Path(f"{log}-wal").write_bytes(b"x" * 4096)


LOG_DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "random bytes": (_garbage, "(file is not a database), and Code Desk does not answer unlogged."),
    "a folder": (_a_folder, "it is a folder, and Code Desk does not answer unlogged. Move it away"),
    "of another program": (_sqlite("create table photos (x)"), "is another program's"),
    "of another program, alike": (
        _sqlite("create table photos (x)", "pragma user_version = 2"),
        "is another program's",
    ),
    "newer": (
        _sqlite(
            "pragma journal_mode = wal",
            "create table records (x)",
            "pragma user_version = 99",
        ),
        "was written by a newer Code Desk. Update this one.",
    ),
    "emptied": (_emptied, "is empty, though it was not: there is "),
    "emptied, with a key": (_sealed, "is empty, though it was not: there is a key that seals"),
    "lost, with what was written last": (_lost, "is missing, though there was one: there is "),
}
#: Commands that write to the log, by themselves or because a look goes on record.
LOGGING = [
    ["check", "E11.9"],
    ["ask", "gout"],
    ["run"],
    ["log", "list"],
    ["log", "show", "abc"],
    ["log", "search", "gout"],
    ["log", "report"],
    ["serve", "--port", "0", "--workers", "0"],
    ["log", "audit"],
]


@pytest.mark.parametrize(("damage", "sentence"), LOG_DAMAGE.values(), ids=LOG_DAMAGE)
def test_a_damaged_log(
    home: Path, monkeypatch, damage: Callable[[Path], object], sentence: str
) -> None:
    log = home / "log.db"
    monkeypatch.setattr(file_check, "_BEING_MADE", 0.05)
    assert run("check", "E11.9").exit_code in (0, 1)
    damage(log)

    def now() -> dict[str, bytes]:
        return {one.name: one.read_bytes() for one in home.glob("log.db*") if one.is_file()}

    before = now()
    for arguments in LOGGING:
        if arguments[0] == "log" and not log.exists():
            continue  # there is nothing to look at
        assert sentence in told(run(*arguments)), arguments
    # Neither is a new log begun, nor is anything written into what is no log.
    kept = now()
    assert {name: kept[name] for name in before} == before
    assert ("log.db" in kept) == ("log.db" in before)


def test_a_first_start_that_was_interrupted(home: Path) -> None:
    (home / "log.db").touch()
    assert run("check", "E11.9").exit_code in (0, 1)
    assert run("log", "list").exit_code == 0


def test_a_log_that_several_begin_at_once(tmp_path: Path) -> None:
    """Checkpoints of an earlier log are there: an empty file could be taken for an emptied log."""
    (kept := tmp_path / "checkpoints.jsonl").write_text("{}\n")

    def begun(path: Path) -> str:
        log = QueryLog(path, checkpoints=kept)
        try:
            return log.id
        finally:
            log.close()

    with ThreadPoolExecutor(6) as pool:
        for number in range(15):
            path = tmp_path / f"{number}.db"
            assert len(set(pool.map(begun, [path] * 6))) == 1


def test_a_clock_that_went_back_is_told_under_the_list(home: Path) -> None:
    ahead = QueryLog(home / "log.db", clock=lambda: dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    ahead.ask(QuestionRecord("gout", "cli"))
    ahead.close()
    listed = run("log", "list")
    assert "The clock went back at record " in listed.stdout
    number = int(listed.stdout.split("went back at record ")[1].split(":")[0])
    assert f"The clock went back at record {number}, by" in run("log", "verify").stdout
    assert "clock" not in run("log", "list", "--json").stdout


def test_an_assistant_of_a_desk_that_cannot_be_opened(home: Path) -> None:
    """It is told by the server, which ends with its standard input."""
    _garbage(home / "log.db")
    command = [sys.executable, "-m", "bot", "mcp"]
    done = subprocess.run(
        command, input="", capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "(file is not a database), and Code Desk does not answer unlogged." in done.stderr
    assert "Traceback" not in done.stderr


# The index


class _Loaded:
    def releases(self) -> list[str]:
        return ["one"]


def _beginning(root: Path) -> Path:
    """What a build that was killed leaves."""
    folder = root / "20260101T000000Z-abcdef"
    (folder / "shelves").mkdir(parents=True)
    (folder / "shelves" / "half").write_bytes(b"x")
    return folder


def test_what_an_interrupted_build_left_is_removed(tmp_path: Path, monkeypatch) -> None:
    root = tmp_path / "index"
    half = _beginning(root)
    in_use = root / "20260202T000000Z-abcdef"
    in_use.mkdir()
    notes = root / "notes of somebody"
    notes.mkdir()
    (root / "current").write_text(in_use.name)
    during: list[bool] = []

    def interrupted(*_: object) -> None:
        during.append(half.exists())
        half.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "_build", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build.build(_Loaded(), root, None)  # type: ignore[arg-type]
    assert (during, half.exists()) == ([False], False)
    # The one in use stays, even damaged, and so does what is no build.
    assert (in_use.exists(), notes.exists()) == (True, True)
    assert not build_lock.is_running(root)


@pytest.mark.slow
def test_a_build_that_is_killed_and_one_that_is_stopped(
    loaded: Path, tmp_path: Path, monkeypatch
) -> None:
    """Real ones, in processes of their own."""
    (tmp_path / "codes.db").symlink_to(loaded / "codes.db")
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    root = tmp_path / "index"

    def building(signalled: signal.Signals) -> tuple[int, str]:
        command = [sys.executable, "-m", "bot", "index", "build"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            until = time.monotonic() + 120
            before = set(build_lock.left_over(root))
            while not set(build_lock.left_over(root)) - before and time.monotonic() < until:
                time.sleep(0.05)
            assert process.poll() is None
            process.send_signal(signalled)
            said = process.communicate(timeout=60)[1]
        return process.returncode, said

    assert building(signal.SIGKILL)[0] == -signal.SIGKILL
    (killed,) = build_lock.left_over(root)
    code, said = building(signal.SIGINT)
    assert code == 130, said
    assert said.splitlines()[-1].startswith("codedesk: Stopped. What was stored before is as it")
    assert not killed.exists()
    assert (build_lock.left_over(root), (root / "current").exists()) == ([], False)


@pytest.mark.parametrize(
    ("part", "arguments"),
    [
        ("bot.cli.ask.Conversation.ask", ["ask", "gout"]),
        ("bot.cli.log.verified", ["log", "verify"]),
        ("bot.cli.log.click.prompt", ["log", "audit-password", "ann"]),
        ("codesets.store.database.CodesDatabase.writing", COMMANDS["import"]),
    ],
)
def test_ctrl_c(home: Path, monkeypatch, part: str, arguments: list[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            if "ask" in part:  # as the import of compiled code does
                raise ImportError  # noqa: B904
            raise

    assert run("check", "E11.9").exit_code in (0, 1)
    monkeypatch.setattr(part, interrupted)
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.splitlines()[-1].startswith("codedesk: Stopped.")


def test_a_build_that_runs_already(tmp_path: Path, monkeypatch, capsys) -> None:
    root = tmp_path / "index"
    began, told_of_it = threading.Event(), threading.Event()
    built: list[str] = []

    def slow(_store: object, _root: Path, name: str, *_: object) -> None:
        with progress.shown("ICD-10-CM", 1000) as advance:
            advance(250)
            began.set()
            assert told_of_it.wait(30) or built
        built.append(name)

    monkeypatch.setattr(build, "_build", slow)
    waiting = build_lock.told
    monkeypatch.setattr(build_lock, "told", lambda at: (waiting(at), told_of_it.set())[0])
    first = threading.Thread(target=build.build, args=(_Loaded(), root, "first"))
    first.start()
    assert began.wait(30)
    assert build_lock.is_running(root)
    build.build(_Loaded(), root, "second")  # type: ignore[arg-type]
    first.join()
    assert built == ["first", "second"]
    said = capsys.readouterr().err
    assert f"Waiting for another build of the index to end: process {os.getpid()}, since " in said
    assert "ICD-10-CM 25% of 1,000." in said
    assert not (root / build_lock.RUNNING).exists()


# Files that are no text

NO_TEXT = {
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n", "The file is a PDF, not text."),
    "a spreadsheet": (b"PK\x03\x04\x14\0\x06\0", "The file is a spreadsheet"),
    "UTF-16": ("ankle sprain\nknee pain\n".encode("utf-16"), "The file is text in UTF-16"),
    "UTF-16, unmarked": ("ankle sprain\n".encode("utf-16-le"), "The file is text in UTF-16"),
    "compressed": (gzip.compress(b"ankle sprain\n"), "The file is compressed"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "The file is a picture"),
    "random bytes": (random.Random(1).randbytes(1000), "The file is no text"),
    "NULs": (bytes(5000), "The file is no text"),
}
#: Every command that reads a file of text; where a name is missing it is standard input.
READING = [
    ["ask", "--json", "--batch", "FILE"],
    ["code", "FILE"],
    ["claim", "FILE"],
    ["denial", "FILE"],
    ["scrub", "--batch", "FILE"],
    ["scrub", "--evaluate", "FILE"],
    ["eval", "FILE"],
    ["ask", "-"],
    ["check", "-"],
    ["drg", "-"],
    ["scrub"],
    ["run"],
]


@pytest.mark.parametrize(("content", "sentence"), NO_TEXT.values(), ids=NO_TEXT)
def test_a_file_that_is_no_text(home: Path, content: bytes, sentence: str) -> None:
    file = home / "file"
    file.write_bytes(content)
    for arguments in READING:
        if content.startswith(b"\xff\xfe") and arguments[0] in ("claim", "denial"):
            continue  # they read UTF-16
        named = [str(file) if one == "FILE" else one for one in arguments]
        result = run(*named, typed=b"" if "FILE" in arguments else content)
        assert sentence in told(result), arguments
        assert result.stdout == ""
    assert run("log", "list", "--json").stdout == ""


@pytest.mark.parametrize("arguments", [one for one in READING if "FILE" in one])
def test_a_file_that_is_empty_or_a_folder(home: Path, arguments: list[str]) -> None:
    (home / "empty").touch()
    for name in ("empty", "index"):
        result = run(*(str(home / name) if one == "FILE" else one for one in arguments))
        assert (result.stdout, len(result.stderr.strip()) > 20) == ("", True)
        # An empty batch has all its answers.
        batch = arguments[0] in ("ask", "code") or "--batch" in arguments
        assert result.exit_code == (0 if batch and name == "empty" else 2), result.stderr
        assert "Traceback" not in result.stderr


ACCENTS = "sprain of Ménière ankle, 50 µg"


@pytest.mark.parametrize("arguments", [["scrub"], ["scrub", "--batch", "FILE"], ["scrub", ACCENTS]])
def test_text_in_windows_1252(home: Path, arguments: list[str]) -> None:
    """Each line for itself: in a file that was written by two programs, both are read."""
    one, both = ACCENTS.encode("cp1252"), (ACCENTS.encode("cp1252"), ACCENTS.encode())
    (home / "FILE").write_bytes(b"\n".join(both))
    named = [str(home / "FILE") if part == "FILE" else part for part in arguments]
    named = [os.fsdecode(one) if part == ACCENTS else part for part in named]
    result = run(*named, typed=one)
    assert (result.exit_code, set(result.stdout.splitlines())) == (0, {ACCENTS})
    assert result.stderr.count("Windows-1252") == 1


def test_answers_to_text_in_windows_1252(home: Path) -> None:
    (home / "file").write_bytes("gout\nMénière disease\nÜ M17.11\n".encode("cp1252"))
    for command in (["code"], ["ask", "--json", "--batch"]):
        result = run(*command, str(home / "file"))
        asked = [json.loads(line)["question"] for line in result.stdout.splitlines()]
        assert asked == ["gout", "Ménière disease", "Ü M17.11"]
        assert result.stderr.count("Windows-1252") == 1
    for command, line in (
        ("denial", "CO-97 N19 on 20610-59 für"),
        ("claim", "99213 ptr A, dx I10, für"),
    ):
        (home / "file").write_bytes(line.encode("cp1252"))
        result = run(command, "--json", str(home / "file"))
        assert "\ufffd" not in result.stdout
        assert (result.exit_code in (0, 1), result.stderr.count("Windows-1252")) == (True, 1)


@pytest.mark.parametrize("command", ["show", "receipt", "search"])
def test_an_argument_that_is_not_utf8(home: Path, command: str) -> None:
    """Where it names a question it is no text to answer."""
    assert run("check", "E11.9").exit_code in (0, 1)
    result = run("log", command, os.fsdecode("Ménière".encode("cp1252")))
    assert "udce9" not in result.output
    if command == "search":
        assert (result.exit_code, "Ménière" in result.output) == (0, True)
    else:
        assert "is not UTF-8. Set your terminal to UTF-8" in told(result)


# What the operating system refuses

REFUSED = {
    "a full disk": (
        OSError(errno.ENOSPC, "No space left on device", "/data/x"),
        "The disk is full",
    ),
    "of many files": (
        shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]),
        "The disk is full.",
    ),
    "read-only": (OSError(errno.EROFS, "Read-only file system", "/data"), "is read-only (/data)."),
    "no right": (PermissionError(errno.EACCES, "Permission denied", "/data"), "You have no right"),
    "anything else": (OSError(errno.EIO, "Input/output error", "/data"), "Input/output error"),
}


@pytest.mark.parametrize(("error", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_the_system_refuses(home: Path, monkeypatch, error: OSError, sentence: str) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(build, "_build", refused)
    monkeypatch.setattr(build, "exclusive", lambda *_: nullcontext())
    assert sentence in told(run("index", "build"))


def test_a_full_disk_while_the_log_is_written(home: Path) -> None:
    """Nothing is answered, and nothing is lost: SQLite's own limit stands for the disk's."""
    assert run("check", "E11.9").exit_code in (0, 1)
    limit = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (33000, 33000)); "
        "from bot.cli.main import main; main(['check', 'I10'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", limit], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not answer unlogged" in done.stderr
    assert "Traceback" not in done.stderr
    assert run("log", "verify").exit_code == 1


@pytest.mark.parametrize("free", [0, 2**40])
def test_a_full_disk_is_called_one(home: Path, monkeypatch, free: int) -> None:
    """SQLite calls it an I/O error, too; so does it other faults of a disk with room."""
    log = QueryLog(home / "log.db")
    with log.reading() as db:
        (pages,) = db.execute("pragma page_count").fetchone()
        db.execute(f"pragma max_page_count = {pages}")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    note = "gout of the left ankle " * 2_000
    with pytest.raises(LogUnavailable) as refused:
        log.ask(QuestionRecord(note, "cli"))
    assert (": the disk is full, so free some space)" in str(refused.value)) == (not free)
    log.close()
    unusable = sqlite3.OperationalError("disk I/O error")
    unusable.sqlite_errorcode = sqlite3.SQLITE_IOERR
    told = str(StoreUnusable.of(home / "codes.db", unusable))
    assert ("disk I/O error: the disk is full" in told) == (not free)
