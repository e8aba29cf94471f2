"""A serving desk takes up what any process loaded, as a whole, and says what keeps it from that."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any

import pytest
from paths import TEST_DATA
from slack_support import wait_until

from bot.loading.renewing import Renewing
from bot.settings import Settings
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore
from index import bundle
from index.errors import SearchError

DATA = TEST_DATA / "imports"
ORDER, HCPCS = DATA / "icd10cm_order_2027.txt", DATA / "HCPC2026_JAN_ANWEB.txt"
PLACES = TEST_DATA / "edits" / "place-of-service-codes.csv"


class Desk:
    """A desk that knows what it was opened with, and is renewed as `CurrentDesk` is."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.refuses = ""
        self.tried = 0
        self._open()

    def _open(self) -> None:
        build = bundle.current(self.home / "index")
        self.index_build = build.name if build else None
        self.loaded = loaded(self.home)

    def renew(self, between_answers: Callable[[], AbstractContextManager[None]]) -> None:
        self.tried += 1
        if self.refuses:
            raise SearchError(self.refuses)
        with between_answers():
            self._open()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("renewed")
    load(home, ORDER)
    built(home, "one")
    return home


@pytest.fixture
def home(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "home"))


def loaded(home: Path) -> str:
    with closing(CodeStore(home / "codes.db")) as store:
        return store.state()


def load(home: Path, path: Path, label: str | None = None) -> None:
    with closing(CodeStore(home / "codes.db")) as store:
        import_files(store, [path], label, partial=True)


def built(home: Path, name: str) -> None:
    """A bundle that says that it is of what is loaded."""
    folder = home / "index" / name
    folder.mkdir(parents=True)
    with closing(CodeStore(home / "codes.db")) as store:
        made_of = bundle.sources(store)
    bundle.Manifest(name, bundle.FORMAT, "", made_of, "", "", 0, 0, 0, {}).write(folder)
    (home / "index" / "current").write_text(name)


def renewing(home: Path, desk: Any, clock: Callable[[], float] = lambda: 0.0) -> Renewing:
    return Renewing(Settings(home=home), desk, nullcontext, clock)


def test_what_another_process_loads_is_taken_up(home: Path) -> None:
    desks = [Desk(home), Desk(home)]
    with (
        renewing(home, desks[0]).looking(0.02),
        renewing(home, desks[1]).looking(0.02),
    ):
        load(home, HCPCS)
        built(home, "two")
        wait_until(lambda: [desk.index_build for desk in desks] == ["two", "two"])
        wait_until(lambda: [desk.loaded for desk in desks] == [loaded(home)] * 2)
        # Tables bring no text to search: the index stays, and they are in use all the same.
        load(home, PLACES, "2026")
        wait_until(lambda: [desk.loaded for desk in desks] == [loaded(home)] * 2)
    assert [desk.tried for desk in desks] == [2, 2], "each once"


def test_editions_wait_for_their_index(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = 0.0
    desk = Desk(home)
    looks = renewing(home, desk, lambda: now)
    load(home, HCPCS)
    for _ in range(5):
        assert not looks.look()
        now += 60
    assert (desk.tried, desk.index_build, caplog.messages) == (0, "one", [])
    for _ in range(60):
        looks.look()
        now += 60
    (said,) = caplog.messages
    assert "codedesk index build" in said
    built(home, "two")
    assert looks.look()
    assert desk.index_build == "two"
    assert not looks.look()


def test_what_cannot_be_used_is_tried_again_less_and_less(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = 0.0
    desk = Desk(home)
    looks = renewing(home, desk, lambda: now)
    desk.refuses = "The index is damaged. Run `codedesk index build`."
    built(home, "broken")
    for _ in range(120):
        assert not looks.look()
        now += 30
    assert desk.tried == 7, "after 30, 60, 120 … seconds"
    (said,) = caplog.messages
    assert desk.refuses in said
    assert "answers go on as before" in said
    # Another build is tried at once.
    desk.refuses = ""
    built(home, "three")
    assert looks.look()
    assert desk.index_build == "three"


def test_codes_that_cannot_be_read_are_told_once(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(home)
    looks = renewing(home, desk)
    there = (home / "codes.db").read_bytes()
    (home / "codes.db").write_bytes(b"no database, but a text of the same name")
    assert not looks.look()
    assert not looks.look()
    assert len(caplog.messages) == 1
    (home / "codes.db").write_bytes(there)
    load(home, PLACES, "2026")
    assert looks.look()


def test_a_desk_that_cannot_be_renewed_is_left_alone(home: Path) -> None:
    fixed = renewing(home, object())
    assert not fixed.can
    with fixed.looking(0.02):
        pass


def test_to_renew_at_once_raises_what_is_wrong(home: Path) -> None:
    desk = Desk(home)
    looks = renewing(home, desk)
    looks.renew()
    assert desk.tried == 0, "nothing is new"
    built(home, "two")
    desk.refuses = "no"
    with pytest.raises(SearchError):
        looks.renew()
    desk.refuses = ""
    looks.renew()
    assert desk.index_build == "two"


def test_builds_that_follow_each_other_quickly_are_kept(tmp_path: Path) -> None:
    """A desk of the first may still be reading it."""
    root = tmp_path / "index"
    for name in ("one", "two", "three"):
        folder = root / name
        folder.mkdir(parents=True)
        bundle.Manifest(name, bundle.FORMAT, "", {}, "", "", 0, 0, 0, {}).write(folder)
        bundle.swap_in(root, folder)
    assert sorted(path.name for path in root.iterdir() if path.is_dir()) == ["one", "three", "two"]
