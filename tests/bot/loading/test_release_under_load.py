"""A release is loaded, and the index built, by other processes while questions are asked without a
pause: none fails, none is lost, and the log says which edition each answer came from.

With CODEDESK_LONG=1 the code sets that packages bring, and search workers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from paths import ROOT, TEST_DATA
from slack_support import wait_until

from bot.desk.current import CurrentDesk
from bot.desk.renewing import Renewing
from bot.loading.beside import kept_current
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
LONG = bool(os.environ.get("CODEDESK_LONG"))
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
        self._stop = threading.Event()

    def ask(self, text: str) -> None:
        (question,) = self.logged.take([text], ASKED)
        assert question is not None
        self.asked += 1

        def show(answers: list[Any], done: Done) -> None:
            done("delivered", "")
            self.answered += 1

        self.logged.answer([question], show)

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
    def going_on(self) -> Iterator[None]:
        # One thread each, so that the counts need no lock.
        thread = threading.Thread(target=self._work, args=[QUESTIONS])
        thread.start()
        try:
            with kept_current(self.settings, self.renewing, self.lines.append):
                yield
        finally:
            self._stop.set()
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
    wait_until(lambda: asking.answered >= until or asking.failed, timeout=300)


def check(asking: Asking, before: str | None, label: str) -> None:
    """No question failed, each has its answer, and answers changed over once, as a whole."""
    assert not asking.failed, asking.failed
    records = asking.records()
    assert len(records) == asking.asked == asking.answered
    assert {record.outcome for record in records} <= {"answered", "verdict", "abstained"}
    builds = [record.index_build for record in records]
    changes = [later for earlier, later in pairwise(builds) if earlier != later]
    assert builds[0] == before
    assert changes == [asking.desk.index_build], "from the old to the new, once"
    for record in records:
        made = cast(dict[str, Any], record.made_with)
        has_new = any(label in key for key in [*record.releases, *made["editions"]])
        assert not has_new or record.index_build != before, "an edition without its index"
        assert set(record.releases) <= set(made["editions"])
    assert verify(asking.log.path).result == "consistent"


@pytest.mark.index
@pytest.mark.parametrize("way", ["inbox", "command"])
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
