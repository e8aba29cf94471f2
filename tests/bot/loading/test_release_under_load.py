"""A release is loaded, and the index built, by other processes while questions are asked without a
pause: none fails, none is lost, and the log says which edition each answer came from.

With CODEDESK_LONG=1 by the drop folder, too, and with the code sets that packages bring, a real
quarterly file, search workers and several askers; then the figures are printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from paths import ROOT, SHARED, TEST_DATA
from slack_support import wait_until

from bot.desk.current import CurrentDesk
from bot.loading.beside import kept_current
from bot.loading.renewing import Renewing
from bot.logged_desk import Answers, Done, LoggedDesk
from bot.querylog import QueryLog, QuestionRecord, Record
from bot.querylog.verify import verify
from bot.settings import Settings
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore
from index import build
from index.embedding.models import Shipped

DATA = TEST_DATA / "imports"
ORDER, HCPCS = DATA / "icd10cm_order_2027.txt", DATA / "HCPC2026_JAN_ANWEB.txt"
LONG = pytest.mark.skipif(not os.environ.get("CODEDESK_LONG"), reason="CODEDESK_LONG=1 runs it")
#: A whole quarterly file.
WHOLE = SHARED / "codesets" / "hcpcs" / "HCPC2026_JAN_ANWEB_rebuilt.txt"
ASKED = QuestionRecord("", "cli", user="me")
#: A search, verdicts, one of a code that is not loaded at first, and codes together.
QUESTIONS = ("type 2 diabetes", "is E11.9 billable", "is A4311 billable", "E11.9 with E08.40")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("under_load")
    with closing(CodeStore(home / "codes.db")) as store:
        import_files(store, [ORDER], partial=True)
        build.build(store, home / "index", Shipped(), progress=False)
    return home


class Asking:
    """Threads that ask without a pause, as a surface asks."""

    def __init__(self, home: Path, workers: int = 0) -> None:
        self.settings = Settings(home=home)
        self.desk = CurrentDesk(self.settings, workers=workers)
        self.desk.ready()
        self.log = QueryLog(home / "log.db")
        self.logged = LoggedDesk(cast(Answers, self.desk), self.log)
        self.renewing = Renewing(self.settings, self.desk, self.logged.between_answers)
        self.lines: list[str] = []
        self.failed: list[BaseException] = []
        self.asked = self.answered = 0
        #: The longest that a question took, and the most memory of this process, in seconds and MB.
        self.longest = 0.0
        self.most_mb = self.mb()
        self._counting = threading.Lock()
        self._stop = threading.Event()

    @staticmethod
    def mb() -> float:
        """The memory that this process has, in MB."""
        return (
            int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
        )

    def ask(self, text: str) -> None:
        began = time.monotonic()
        (question,) = self.logged.take([text], ASKED)
        assert question is not None
        with self._counting:
            self.asked += 1
        self.logged.answer([question], self._show)
        with self._counting:
            self.longest = max(self.longest, time.monotonic() - began)
            self.most_mb = max(self.most_mb, self.mb())

    def _show(self, answers: list[Any], done: Done) -> None:
        done("delivered", "")
        with self._counting:
            self.answered += 1

    def _work(self, questions: tuple[str, ...]) -> None:
        number = 0
        while not self._stop.is_set():
            try:
                self.ask(questions[number % len(questions)])
            except BaseException as error:
                self.failed.append(error)
                return
            number += 1

    @contextmanager
    def going_on(self, askers: int = 1) -> Iterator[None]:
        threads = [threading.Thread(target=self._work, args=[QUESTIONS]) for _ in range(askers)]
        for thread in threads:
            thread.start()
        try:
            with kept_current(self.settings, self.renewing, self.lines.append):
                yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def records(self) -> list[Record]:
        return list(reversed(self.log.recent(100_000)))

    def close(self) -> None:
        self.log.close()
        self.desk.close()


def command(home: Path, *arguments: str) -> None:
    """Another process, as an operator starts it."""
    chosen = {"CODEDESK_HOME": str(home), "CODEDESK_FETCH": "no", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env=os.environ | chosen,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr


def wait_answers(asking: Asking, more: int) -> None:
    until = asking.answered + more
    wait_until(lambda: asking.answered >= until or asking.failed, timeout=600)


def check(asking: Asking, before: str | None, label: str, askers: int = 1) -> None:
    """No question failed, each has its answer, and answers changed over once, as a whole."""
    assert not asking.failed, asking.failed
    records = asking.records()
    assert len(records) == asking.asked == asking.answered
    assert {record.outcome for record in records} <= {"answered", "verdict", "abstained"}
    in_order = sorted(records, key=lambda record: record.answered_at or "")
    builds = [record.index_build for record in in_order]
    changes = [later for earlier, later in pairwise(builds) if earlier != later]
    assert builds[0] == before
    if askers == 1:  # of several, an answer may be logged while another one waits for that
        assert changes == [asking.desk.index_build], "from the old to the new, once"
    assert set(builds) == {before, asking.desk.index_build}
    for record in records:
        made = cast(dict[str, Any], record.made_with)
        has_new = any(label in key for key in [*record.releases, *made["editions"]])
        assert not has_new or record.index_build != before, "an edition without its index"
        assert set(record.releases) <= set(made["editions"])
    assert verify(asking.log.path).result == "consistent"


@pytest.mark.index
@pytest.mark.parametrize("way", ["command", pytest.param("inbox", marks=LONG)])
def test_a_release_is_loaded_under_load(small: Path, tmp_path: Path, way: str) -> None:
    home = Path(shutil.copytree(small, tmp_path / "home"))
    asking = Asking(home)
    before = asking.desk.index_build
    with asking.going_on():
        wait_answers(asking, 5)
        if way == "inbox":
            (home / "inbox").mkdir(mode=0o700, exist_ok=True)
            shutil.copy(HCPCS, home / "inbox")
        else:
            command(home, "codesets", "import", "--no-index", str(HCPCS))
            # Between import and index, answers stay as they were.
            asking.renewing.look()
            wait_answers(asking, 10)
            assert asking.desk.index_build == before
            command(home, "index", "build")
        wait_until(
            lambda: asking.desk.index_build != before or asking.failed,
            lambda: asking.lines,
            timeout=300,
        )
        wait_answers(asking, 10)
    check(asking, before, "2026-January")
    last = [record for record in asking.records() if record.text == "is A4311 billable"][-1]
    assert any("hcpcs" in key for key in last.releases)
    asking.close()


@LONG
@pytest.mark.skipif(not WHOLE.is_file(), reason="needs the official files")
def test_a_whole_release_under_load(built: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(built, tmp_path / "home"))
    asking = Asking(home, workers=2)
    before, mb = asking.desk.index_build, asking.mb()
    began = time.monotonic()
    with asking.going_on(askers=4):
        (home / "inbox").mkdir(mode=0o700)
        shutil.copy(WHOLE, home / "inbox" / "HCPC2026_JAN_ANWEB.txt")
        wait_until(
            lambda: asking.desk.index_build != before or asking.failed,
            lambda: asking.lines,
            timeout=3600,
        )
        took = time.monotonic() - began
        wait_answers(asking, 100)
        after = asking.mb()
    print(
        f"{asking.answered} questions, none lost; {took:.0f} s until in use; the longest answer "
        f"took {asking.longest:.1f} s; memory of the front {mb:.0f} MB before, "
        f"{asking.most_mb:.0f} MB at most, {after:.0f} MB after"
    )
    check(asking, before, "2026-January", askers=4)
    asking.close()
