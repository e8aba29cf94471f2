"""Fixtures for all tests: one home with the real code sets, the real model and one built index.

The first process that needs the home builds it, which takes a few minutes and is reported apart
from the tests. It is kept in `.cache/tests`, or in the folder that CODEDESK_TEST_HOME names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import postgres
import pytest
import slack_payloads
from filelock import FileLock
from paths import ROOT
from slack_server import SlackServer
from slack_support import slack_server

from bot.desk.desk import Desk
from bot.querylog import QueryLog, schema_check
from bot.querylog.checkpoints import make_keys
from bot.settings import Settings
from bot.workers import memory
from codesets.loading import packaged, packaged_references
from codesets.model import Release
from codesets.store.code_store import CodeStore
from index import build
from index.embedding.encoder import Encoder
from index.embedding.models import Shipped
from index.runtime import let_go

#: The shared home is that of a plain installation, also where the extra `lists` is installed.
packaged_references.DELIVERIES = tuple(
    one for one in packaged_references.DELIVERIES if one not in packaged_references.LISTS
)

_BUILT_IN: dict[str, float] = {}
#: The memory that the tests of a file may keep.
_MOST_KEPT_MB = 200

# slack_sdk would send even loopback requests through a proxy.
for _name in ("http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(_name, None)
    os.environ.pop(_name.upper(), None)

#: Mark -> the fixtures that call for it: they build or load the index or the model, or start a
#: server.
_MARKS = {"index": {"built", "encoder"}, "slow": {"slack", "pages"}}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures that they use, directly or through others. A test without these
    fixtures that builds an index of its own, or takes seconds, carries the mark itself."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        for mark, fixtures in _MARKS.items():
            if used & fixtures:
                item.add_marker(mark)


@pytest.fixture(autouse=True)
def _payloads_kept(request: pytest.FixtureRequest) -> Iterator[None]:
    """For `make slack-check`: keep what a test sends to Slack."""
    if (folder := slack_payloads.folder()) is None:
        yield
        return
    with slack_payloads.kept(request.node.nodeid, folder):
        yield


@pytest.fixture(autouse=True, scope="module")
def _memory_given_back() -> Iterator[None]:
    """What is loaded is kept out of garbage collection, as it lives as long as a desk does. Tests
    open many desks, so theirs are freed from time to time."""
    before = memory.own_mb()
    yield
    if memory.own_mb() - before > _MOST_KEPT_MB:
        let_go()


@pytest.fixture(scope="session")
def loaded() -> Path:
    """A home with codes.db. Tests only read it."""
    home = Path(os.environ.get("CODEDESK_TEST_HOME") or ROOT / ".cache" / "tests")
    home.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with FileLock(home / "lock"):
        store = CodeStore(home / "codes.db")
        packaged.load_packaged(store)
        packaged_references.load_packaged_references(store)
        store.close()
    _BUILT_IN["code sets"] = time.monotonic() - started
    return home


@pytest.fixture(scope="session")
def built(loaded: Path) -> Path:
    """The same home with the index."""
    started = time.monotonic()
    with FileLock(loaded / "lock"):
        store = CodeStore(loaded / "codes.db")
        model = Shipped()
        if not build.is_current(store, loaded / "index", model):
            build.build(store, loaded / "index", model)
        store.close()
    _BUILT_IN["index"] = time.monotonic() - started
    return loaded


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what, seconds in _BUILT_IN.items():
        terminalreporter.write_line(f"{what} ready in {seconds:.0f} s (shared by all tests)")


@pytest.fixture
def home(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home for one test: the shared code sets and index, and its own log."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("codes.db", "index"):
        (home / name).symlink_to(built / name)
    monkeypatch.setenv("CODEDESK_HOME", str(home))
    monkeypatch.setenv("CODEDESK_FETCH", "no")
    for name in list(os.environ):
        if name.startswith("SLACK_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings.load()


@pytest.fixture(scope="session")
def desk(built: Path) -> Iterator[Desk]:
    """The real desk, with its model loaded once for all tests."""
    desk = Desk(Settings(home=built))
    yield desk
    desk.close()


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """The encoder that is shipped."""
    return Shipped().put(tmp_path_factory.mktemp("shipped") / "encoder")


@pytest.fixture(scope="session")
def store(loaded: Path) -> Iterator[CodeStore]:
    store = CodeStore(loaded / "codes.db")
    yield store
    store.close()


@pytest.fixture(scope="session")
def april(store: CodeStore) -> Release:
    return next(r for r in store.releases("icd10cm") if r.label == "FY2026-April")


@pytest.fixture(scope="session")
def fy2024(store: CodeStore) -> Release:
    return next(r for r in store.releases("icd10cm") if r.label == "FY2024")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The tests of a module with ON_BOTH run on SQLite and PostgreSQL, but for those with the mark
    `sqlite_only`, which are about the file."""
    if "kind" in metafunc.fixturenames and getattr(metafunc.module, "ON_BOTH", False):
        only = metafunc.definition.get_closest_marker("sqlite_only")
        metafunc.parametrize("kind", ["sqlite"] if only else ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """The database of the log: "sqlite" or "postgres"."""
    return getattr(request, "param", "sqlite")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a PostgreSQL database that nothing else uses."""
    with postgres.database(postgres_server) as url:
        yield url


@pytest.fixture
def where(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Path | str:
    """Where the log of a test is."""
    if kind == "postgres":
        # Each use is checked, so that a test need not wait after it altered the schema.
        monkeypatch.setattr(schema_check, "HOLDS", 0.0)
        return request.getfixturevalue("postgres_url")
    return tmp_path / "log.db"


@pytest.fixture
def log(where: Path | str) -> Iterator[QueryLog]:
    """A query log without records."""
    opened = QueryLog(where)
    yield opened
    opened.close()


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """The private and the public key of checkpoints."""
    paths = tmp_path / "keys" / "checkpoint.key", tmp_path / "keys" / "checkpoint.pub"
    make_keys(*paths)
    return paths


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    """A loopback Slack. The test fails if it saw a request that Slack would not take."""
    with slack_server() as server:
        yield server
        assert server.violations == []
