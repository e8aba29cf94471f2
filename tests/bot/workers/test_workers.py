"""Search workers: what they answer, and what becomes of questions when one of them ends."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import worker_desk
from slack_support import wait_until

from bot.desk.answer import Answer
from bot.desk.current import CurrentDesk
from bot.desk.desk import Desk
from bot.logged_desk import Answers, Done, LoggedDesk
from bot.querylog import QueryLog, QuestionRecord
from bot.settings import Settings
from bot.workers.pool import Pool, SearchLost

ASKED = QuestionRecord("", "cli", user="me")


class Front:
    """A desk with two workers, as a surface asks it."""

    def __init__(self, home: Path, log: QueryLog) -> None:
        self.home, self.log = home, log
        self.desk = CurrentDesk(
            Settings(home=home),
            workers=2,
            opens=cast(Any, worker_desk.opened),
            opens_to_search=cast(Any, worker_desk.opened),
        )
        self.desk.ready()
        self.logged = LoggedDesk(cast(Answers, self.desk), log)
        self.threads = ThreadPoolExecutor(16)
        self.order: list[str] = []

    def ask(self, text: str) -> Answer:
        (question,) = self.logged.take([text], ASKED)
        assert question is not None

        def show(answers: list[Answer], done: Done) -> Answer:
            done("delivered", "")
            self.order.append(text)
            return answers[0]

        return self.logged.answer([question], show)

    def begin(self, text: str) -> Future[Answer]:
        return self.threads.submit(self.ask, text)

    def wait_begun(self, *texts: str) -> None:
        wait_until(lambda: all((self.home / f"begun {text}").exists() for text in texts))

    def go(self) -> None:
        (self.home / "go").touch()

    def pids(self) -> list[int]:
        return list(self.desk.own_mb())


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    home = tmp_path_factory.mktemp("workers")
    log = QueryLog(home / "log.db")
    front = Front(home, log)
    yield front
    front.threads.shutdown()
    front.desk.close()
    log.close()


@pytest.fixture
def front(started: Front) -> Iterator[Front]:
    yield started
    started.go()  # Whatever a test left waiting ends.
    wait_until(lambda: started.threads._work_queue.empty())
    for left in started.home.glob("begun *"):
        left.unlink()
    for name in ("go", "died"):
        (started.home / name).unlink(missing_ok=True)
    started.order.clear()


pytestmark = pytest.mark.slow


# The same answers


@pytest.mark.index
def test_workers_answer_what_the_desk_of_one_process_answers(settings: Settings) -> None:
    asked = """t2dm with ckd 3b, on insulin
    left ear disorder, unspec
    copd with acute bronchitis
    fell off ladder, left wrist fx, initial
    2.4 million units bicillin LA, billing units
    synvisc-one 48 mg L knee, units
    right great toe amputation at MTP
    chest tube left for pneumothorax
    how long until pain is chronic for G89
    otc cold med mixed with a correctly taken rx: adverse effect or poisoning
    E87.1, E87.6 both ok on one claim
    is L03.115 right with mrsa on culture, add anything
    hiccups wont stop 3 days now
    lacrtn rt ft, subsq
    Nondisp Fx, transverse shaft, Rt ulna, Subsq
    what is new in icd-10-cm
    what a lovely day
    gdm diet controlled 30 weeks
    hx of breast ca, on tamoxifen
    htn heart failure and ckd 4
    doxorubicin 10mg
    knee OA, failed PT, here for a steroid shot
    dka t1dm no coma
    asthma exacerbation, smoker""".splitlines()
    texts = [text.strip() for text in asked]
    texts.append("gout left foot\nmigraine with aura\nfluoroquinolone tendon rupture\nR07.9")
    desk = CurrentDesk(settings, workers=2)
    desk.ready()
    try:
        questions = [desk.take(text) for text in texts]
        alone = [Desk.ask(desk._desk, question) for question in questions]
        with ThreadPoolExecutor(2) as threads:
            by_workers = list(threads.map(desk.ask, questions))
        assert [_told(a) for a in by_workers] == [_told(a) for a in alone]
        together = desk.ask_many(questions[:5], limit=3)
        assert [_told(a) for a in together] == [
            _told(a) for a in desk._desk.ask_many(questions[:5], limit=3)
        ]
    finally:
        desk.close()


def _told(answer: Answer) -> dict[str, Any]:
    return answer.as_dict() | {"elapsed_ms": 0}


# A worker that ends


def test_a_question_whose_worker_was_killed_is_answered(front: Front) -> None:
    before = front.pids()
    assert front.ask("gout die once").candidates
    assert len(front.pids()) == 2
    assert front.pids() != before


def test_a_worker_that_is_killed_from_outside(front: Front) -> None:
    asked = [front.begin("wait gout"), front.begin("wait copd")]
    front.wait_begun("wait gout", "wait copd")
    for begun in front.home.glob("begun *"):
        begun.unlink()
    for pid in front.pids():
        os.kill(pid, signal.SIGKILL)
    front.wait_begun("wait gout", "wait copd")
    front.go()
    assert all(future.result(60).candidates for future in asked)


def test_a_question_that_ends_every_worker_fails_alone(front: Front) -> None:
    asked = front.begin("die always")
    other = front.begin("gout")
    with pytest.raises(SearchLost):
        asked.result(60)
    assert other.result(60).candidates
    assert front.ask("copd").candidates
    (record,) = [r for r in front.log.recent(20) if r.text == "die always"]
    assert [(d["outcome"], d["detail"]) for d in record.deliveries] == [("failed", "SearchLost")]


def test_an_error_of_the_desk_is_raised_as_it_is(front: Front) -> None:
    before = front.pids()
    with pytest.raises(ZeroDivisionError):
        front.ask("fail")
    assert front.pids() == before


def test_a_worker_that_has_grown_is_replaced(front: Front) -> None:
    before = set(front.pids())
    front.ask("grow")
    assert max(front.desk.own_mb().values()) > 150
    for number in range(20):
        front.ask(f"gout {number}")
    front.ask("copd")
    assert max(front.desk.own_mb().values()) < 100
    assert len(before - set(front.pids())) == 1


def test_workers_go_on_when_the_process_that_started_them_has_ended(front: Front) -> None:
    assert front.desk._pool is not None
    front.desk._pool._nursery._process.kill()
    front.desk._pool._nursery._process.wait()
    assert front.ask("gout").candidates
    assert front.ask("copd die once").candidates


def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    pool = Pool(partial(worker_desk.opened, Settings(home=tmp_path)), 1, patience=1)
    try:
        pool.ready("build-1")
        desk = worker_desk.WorkerDesk(tmp_path)
        with pytest.raises(SearchLost):
            pool.ask_many([desk.take("hang")], 10)
        (answer,) = pool.ask_many([desk.take("gout")], 10)
        assert answer.candidates
        pids = list(pool.own_mb())
    finally:
        pool.close()
    wait_until(lambda: not any(_is_alive(pid) for pid in pids))


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text("utf-8")
    return False


# What goes on beside searches


def test_a_verdict_does_not_wait_for_workers(front: Front) -> None:
    searches = [front.begin(f"wait {number}") for number in range(5)]
    wait_until(lambda: len(list(front.home.glob("begun *"))) == 2)
    front.ask("E11.9")
    front.go()
    for search in searches:
        search.result(60)
    assert front.order[0] == "E11.9"
    assert len(front.order) == 6


def test_no_question_is_dropped_when_the_desk_is_renewed(front: Front) -> None:
    before = front.pids()
    searches = [front.begin(f"wait {number}") for number in range(2)]
    front.wait_begun("wait 0", "wait 1")
    searches += [front.begin(f"gout {number}") for number in range(6)]
    renewing = threading.Thread(target=front.desk.renew, args=[front.logged.between_answers])
    renewing.start()
    front.go()
    assert all(search.result(60).candidates for search in searches)
    renewing.join(60)
    assert front.ask("copd").candidates
    assert not set(before) & set(front.pids())
    wait_until(lambda: not any(_is_alive(pid) for pid in before))


def test_what_was_begun_is_answered_when_the_desk_stops(tmp_path: Path, log: QueryLog) -> None:
    front = Front(tmp_path, log)
    pids = front.pids()
    search = front.begin("wait gout")
    front.wait_begun("wait gout")
    closing = threading.Thread(target=front.desk.close)
    closing.start()
    front.go()
    assert search.result(60).candidates
    closing.join(60)
    front.threads.shutdown()
    wait_until(lambda: not any(_is_alive(pid) for pid in pids))
