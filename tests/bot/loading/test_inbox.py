"""The drop folder: what is taken, where it goes, and what is said of it."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import stat
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock
from paths import TEST_DATA
from slack_support import wait_until

from bot.cli.main import main
from bot.loading import record, taking
from bot.loading.child import Result
from bot.loading.entries import Folder
from bot.loading.loader import Loader, Stopped
from bot.loading.taking import Taking
from bot.settings import Settings, SettingsError
from bot.setup import make_inbox
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore

DATA = TEST_DATA / "imports"
HCPCS = DATA / "HCPC2026_JAN_ANWEB.txt"
PLACES = TEST_DATA / "edits" / "place-of-service-codes.csv"
TODAY = dt.date.today().isoformat()


class Scripted(Loader):
    """A loader whose imports are scripted by the names of files: "good…" is loaded, "crash…" ends
    the process that reads it, "full…" finds no room, all else is left out."""

    def __init__(self, settings: Settings, renew: Callable[[], None] | None = None) -> None:
        super().__init__(settings, renew)
        self.imports: list[tuple[list[str], str]] = []
        self.indexed = 0
        self.why_no_index = ""

    def load(self, paths: Sequence[Path], label: str = "") -> Result:
        names = [path.name for path in paths]
        self.imports.append((names, label))
        if any(name.startswith("crash") for name in names):
            return Result(said=["reading it took more memory or time than any official file does."])
        if any(name.startswith("full") for name in names):
            return Result(later="database or disk is full")
        used = {name: [f"HCPCS {name}"] for name in names if name.startswith("good")}
        why = {name: [f"{name}: left out, it is no list"] for name in names if name not in used}
        return Result([line for lines in why.values() for line in lines], used, why)

    def index(self) -> str:
        self.indexed += 1
        return self.why_no_index


class Inbox:
    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home)
        self.folder = home / "inbox"
        self.lines: list[str] = []
        self.loader = Scripted(self.settings)
        make_inbox(self.settings, self.lines.append)
        self.taking = self.another()

    def another(self, quiet: float = 0.0) -> Taking:
        folder = Folder(self.folder, quiet)
        return Taking(self.settings, self.loader, self.lines.append, folder)

    def put(self, name: str, data: bytes = b"data") -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    def files(self) -> list[str]:
        """All that is there, with its folders."""
        found = [path for path in self.folder.rglob("*") if path.is_symlink() or not path.is_dir()]
        names = [path.relative_to(self.folder).as_posix() for path in found]
        return sorted(name.replace(TODAY, "TODAY") for name in names)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def test_what_is_loaded_moves_to_done_and_what_is_not_says_why(inbox: Inbox) -> None:
    inbox.put("good.zip")
    inbox.put("bad.txt")
    inbox.taking.once()
    assert inbox.files() == [
        "done/TODAY/good.zip",
        "not-loaded/bad.txt",
        "not-loaded/bad.txt.why.txt",
    ]
    why = (inbox.folder / "not-loaded" / "bad.txt.why.txt").read_text()
    assert "it is no list." in why
    assert "put it into the inbox again" in why
    assert (len(inbox.loader.imports), inbox.loader.indexed) == (1, 1), "together; one index"
    said = "\n".join(inbox.lines)
    assert "loaded HCPCS good.zip from good.zip" in said
    assert "bad.txt is not loaded" in said
    assert "the index is built" in said
    kinds = [(load.kind, load.ok, load.names) for load in record.latest(inbox.settings)]
    assert sorted(kinds) == [
        ("import", False, ["bad.txt"]),
        ("import", True, ["good.zip"]),
        ("index", True, []),
    ]
    assert len(record.said(inbox.settings)) == 2


def test_the_same_name_again_overwrites_nothing(inbox: Inbox) -> None:
    for number in range(3):
        inbox.put("good.zip", b"%d" % number)
        inbox.put("bad.txt", b"%d" % number)
        inbox.taking.once()
    kept = {path.name: path.read_bytes() for path in (inbox.folder / "done" / TODAY).iterdir()}
    assert kept == {"good.zip": b"0", "good (2).zip": b"1", "good (3).zip": b"2"}
    assert {"bad.txt", "bad (2).txt", "bad (3).txt", "bad (3).txt.why.txt"} <= {
        path.name for path in (inbox.folder / "not-loaded").iterdir()
    }


@pytest.mark.parametrize(
    "name",
    [
        "good.zip.crdownload",
        "good.part",
        "good.zip.tmp",
        ".good.txt",
        "~$good.xlsx",
        "Thumbs.db",
        "folder/good.txt.part",
    ],
)
def test_what_is_still_being_written_is_left_alone(inbox: Inbox, name: str) -> None:
    inbox.put(name)
    assert inbox.taking.once() == []
    assert inbox.files() == [name]
    assert inbox.loader.imports == []


def test_a_file_that_is_being_copied_is_not_taken(inbox: Inbox) -> None:
    work = inbox.another(quiet=0.6)
    path = inbox.put("good.txt")
    with path.open("ab") as file:
        for _ in range(4):
            assert work.once() == ["good.txt"]
            threading.Event().wait(0.2)
            file.write(b"more")
            file.flush()
    wait_until(lambda: not work.once())
    assert inbox.files() == ["done/TODAY/good.txt"]


def test_a_file_that_ends_its_process_does_not_stop_the_others(inbox: Inbox) -> None:
    for name in ("good1.txt", "crash.zip", "good2.txt"):
        inbox.put(name)
    inbox.taking.once()
    assert inbox.files() == [
        "done/TODAY/good1.txt",
        "done/TODAY/good2.txt",
        "not-loaded/crash.zip",
        "not-loaded/crash.zip.why.txt",
    ]


def test_folders_and_editions(inbox: Inbox) -> None:
    inbox.put("2026-January/good.txt")
    inbox.put("things/good.txt")
    inbox.put("things/bad.txt")
    (inbox.folder / "empty").mkdir()
    inbox.taking.once()
    assert sorted(inbox.loader.imports) == [
        (["bad.txt", "good.txt"], ""),
        (["good.txt"], "2026-January"),
    ]
    assert inbox.files() == [
        "done/TODAY/2026-January/good.txt",
        "done/TODAY/things.why.txt",
        "done/TODAY/things/bad.txt",
        "done/TODAY/things/good.txt",
        "not-loaded/empty.why.txt",
    ]


def test_links_pipes_and_giants_are_not_read(inbox: Inbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("good")
    (inbox.folder / "link.txt").symlink_to(secret)
    (inbox.folder / "gone.txt").symlink_to(tmp_path / "nowhere")
    inbox.put("folder/good.txt")
    (inbox.folder / "folder" / "inside.txt").symlink_to(secret)
    os.mkfifo(inbox.folder / "pipe")
    with (inbox.folder / "giant.zip").open("wb") as file:
        file.truncate(10 * 1024**3)
    inbox.taking.once()
    assert inbox.loader.imports == [(["good.txt"], "")]
    moved = {path.name for path in (inbox.folder / "not-loaded").iterdir()}
    assert {"link.txt", "gone.txt", "pipe", "giant.zip"} <= moved
    assert secret.read_text() == "good"
    said = "\n".join(inbox.lines)
    for words in ("links are not followed", "a device or a pipe", "has 10,240 MB"):
        assert words in said


def test_names_are_printed_as_one_line(inbox: Inbox) -> None:
    inbox.put("bad\n\x1b[31m\u202ename.txt")
    (inbox.folder / os.fsdecode(b"bad\xff.txt")).write_bytes(b"x")
    inbox.put("good" + "x" * 240 + ".txt")
    inbox.put("good" + "x" * 240 + ".txt")
    inbox.taking.once()
    inbox.put("good" + "x" * 240 + ".txt")
    inbox.taking.once()
    assert not any("\n" in line or "\x1b" in line for line in inbox.lines)
    assert len(list((inbox.folder / "done" / TODAY).iterdir())) == 2
    assert all(json.loads(line) for line in record.path_of(inbox.settings).open())


def test_without_room_files_stay_and_that_is_said_once(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.put("full.txt")
    inbox.taking.once()
    inbox.taking.once()
    assert inbox.files() == ["full.txt"]
    (line,) = inbox.lines
    assert "disk is full" in line
    # Looked at before, too.
    inbox.lines.clear()
    usage = shutil.disk_usage(inbox.folder)
    monkeypatch.setattr(taking.shutil, "disk_usage", lambda _: usage._replace(free=1024))
    (inbox.folder / "full.txt").rename(inbox.folder / "good.txt")
    inbox.another().once()
    assert "no room left" in inbox.lines[0]
    assert inbox.files() == ["good.txt"]
    monkeypatch.undo()
    inbox.another().once()
    assert inbox.files() == ["done/TODAY/good.txt"]


def test_one_process_works_on_it_at_a_time(inbox: Inbox) -> None:
    inbox.put("good.txt")
    with FileLock(inbox.settings.home / "loading.lock"):
        inbox.taking.once()
        assert inbox.files() == ["good.txt"]
        assert inbox.taking.was_busy
    threads = [threading.Thread(target=inbox.another().once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(inbox.loader.imports) == 1
    assert inbox.files() == ["done/TODAY/good.txt"]


def test_an_index_that_was_not_begun_is_built_at_the_next_look(inbox: Inbox) -> None:
    record.add(inbox.settings, record.Load("import", "inbox", True))
    inbox.taking.once()
    inbox.taking.once()
    assert inbox.loader.indexed == 1
    # One that cannot be built is told, and not tried again each few seconds.
    inbox.loader.why_no_index = "The vocabulary has a row twice."
    inbox.put("good.txt")
    inbox.taking.once()
    inbox.taking.once()
    assert inbox.loader.indexed == 2
    assert "answers go on as before. The vocabulary has a row twice." in inbox.lines[-1]


def test_a_folder_that_cannot_be_used_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_text("a file")
    inbox = Inbox(tmp_path)
    inbox.taking.once()
    inbox.taking.once()
    assert len(inbox.lines) == 2, "by setup, and by the first look"
    assert "cannot be used" in inbox.lines[0]


def test_what_cannot_be_moved_is_taken_once(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    path = inbox.put("good.txt")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        inbox.taking.once()
        inbox.taking.once()
    assert len(inbox.loader.imports) == 1
    assert any("could not be moved (Permission denied)" in line for line in inbox.lines)
    inbox.taking.once()
    assert len(inbox.loader.imports) == 1
    path.write_bytes(b"another")
    inbox.taking.once()
    assert inbox.files() == ["done/TODAY/good.txt"]


def test_setup_makes_it_for_its_owner_alone(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "home")
    for folder in (inbox.folder, inbox.folder / "done", inbox.folder / "not-loaded"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    inbox.folder.chmod(0o770)
    inbox.taking.once()
    assert stat.S_IMODE(inbox.folder.stat().st_mode) == 0o770, "what an operator chose stays"


@pytest.mark.parametrize(
    ("value", "folder"),
    [
        (None, "HOME/inbox"),
        ("yes", "HOME/inbox"),
        ("True", "HOME/inbox"),
        ("no", None),
        ("False", None),
        ("/srv/drop", "/srv/drop"),
    ],
)
def test_the_setting(tmp_path: Path, value: str | None, folder: str | None) -> None:
    given = {"CODEDESK_HOME": str(tmp_path)} | ({"CODEDESK_INBOX": value} if value else {})
    found = Settings.load(given, tmp_path).inbox_folder
    assert str(found) == (folder or "None").replace("HOME", str(tmp_path))


def test_a_path_must_be_whole(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CODEDESK_INBOX"):
        Settings.load({"CODEDESK_HOME": str(tmp_path), "CODEDESK_INBOX": "drop"}, tmp_path)


# With the real importer


@pytest.mark.slow
def test_a_real_import(tmp_path: Path) -> None:
    """A process of its own reads the files, bad ones among them."""
    inbox = Inbox(tmp_path)
    with closing(CodeStore(tmp_path / "codes.db")) as store:
        import_files(store, [DATA / "icd10cm_order_2027.txt"], partial=True)
    shutil.copy(HCPCS, inbox.folder)
    inbox.put("cut.zip", b"PK\3\4 cut off")
    inbox.put("page.txt", b"<!doctype html><title>Not found</title>")
    inbox.put(PLACES.name, PLACES.read_bytes())
    inbox.put(f"2026/{PLACES.name}", PLACES.read_bytes())
    real = Loader(inbox.settings)
    real.index = lambda: ""  # type: ignore[method-assign]
    Taking(inbox.settings, real, inbox.lines.append, Folder(inbox.folder, 0)).once()
    with closing(CodeStore(tmp_path / "codes.db")) as store:
        assert store.systems == ["icd10cm", "hcpcs"]
        assert len(store.references.all("places")) == 1
    assert {path.name for path in (inbox.folder / "done" / TODAY).iterdir()} == {HCPCS.name, "2026"}
    said = "\n".join(inbox.lines)
    assert "loaded HCPCS Level II 2026-January" in said
    assert "cannot be unpacked" in said
    assert "is a web page" in said
    assert "put it into a folder of that name in the inbox, such as inbox/2026." in said


@pytest.mark.slow
def test_stopping_gives_up_what_is_going_on(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    shutil.copy(HCPCS, inbox.folder)
    loader = Loader(inbox.settings)
    loader.stop()
    with pytest.raises(Stopped):
        Taking(inbox.settings, loader, inbox.lines.append, Folder(inbox.folder, 0)).once()
    assert inbox.files() == [HCPCS.name]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for command in (["inbox"], ["codesets", "inbox"]):
        result = CliRunner().invoke(main, command)
        assert (result.exit_code, "Nothing waits in" in result.output) == (0, True)
    monkeypatch.setenv("CODEDESK_INBOX", "no")
    result = CliRunner().invoke(main, ["inbox"])
    assert (result.exit_code, "turned off" in result.output) == (2, True)
