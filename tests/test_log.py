"""The log holds every question, committed before anyone is told, whatever happens next."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bot.answer import Answer, Candidate, Verdict
from bot.querylog import Asked, LogUnavailable, QueryLog
from bot.settings import Settings

ANSWER = Answer(
    question="htn",
    as_of="2026-05-01",
    outcome="answered",
    candidates=[
        Candidate(1, "icd10cm", "I10", "Essential (primary) hypertension", True, "FY2026-April",
                  3.2, "high", ["hypertension"]),
    ],
    verdicts=[Verdict("E11.9", "icd10cm", "billable", "Type 2…", "FY2026-April", "It is.")],
    releases={"icd10cm/FY2026-April": "FY2026-April"},
)  # fmt: skip


@pytest.fixture
def log(tmp_path: Path):
    log = QueryLog(tmp_path / "log.db")
    yield log
    log.close()


def test_a_record_says_how_far_it_got(log: QueryLog) -> None:
    asked = Asked("htn", "mention", "U1", "T1", "C1", "1.2", "Ev1", "T1/C1/1.2", {"limit": 10})
    identity = log.ask(asked)
    assert identity is not None
    assert log.get(identity).delivery == "unanswered"
    log.answered(identity, ANSWER, index_build="build-1", latency_ms=12.3)
    assert log.get(identity).delivery == "undelivered"
    log.delivered(identity, "failed", "channel_not_found")
    record = log.get(identity)
    assert record.delivery == "failed"
    assert (record.text, record.user, record.team, record.channel, record.thread, record.surface) \
        == ("htn", "U1", "T1", "C1", "1.2", "mention")  # fmt: skip
    assert (record.outcome, record.index_build, record.latency_ms) == ("answered", "build-1", 12.3)
    assert record.codes == [
        {"code": "I10", "system": "icd10cm", "score": 3.2, "confidence": "high"},
        {"code": "E11.9", "system": "icd10cm", "status": "billable"},
    ]
    assert record.releases == {"icd10cm/FY2026-April": "FY2026-April"}
    assert Answer.from_dict(record.answer).candidates == ANSWER.candidates


def test_sharing_later_does_not_change_how_the_answer_fared(log: QueryLog) -> None:
    identity = log.ask(Asked("htn", "slash"))
    log.answered(identity, ANSWER, index_build=None, latency_ms=1)
    log.delivered(identity, "delivered")
    log.delivered(identity, "failed", "no", kind="share")
    assert log.get(identity).delivery == "delivered"


@pytest.mark.parametrize(
    ("again", "is_new"),
    [
        (Asked("htn", "mention", event_id="Ev1", message_key="other"), False),
        (Asked("htn", "dm", event_id="Ev9", message_key="T1/C1/1.2"), False),
        (Asked("htn", "mention", event_id="Ev2", message_key="T1/C1/1.3"), True),
        (Asked("htn", "cli"), True),
    ],
)
def test_an_event_told_twice_is_one_question(log: QueryLog, again: Asked, is_new: bool) -> None:
    assert log.ask(Asked("htn", "mention", event_id="Ev1", message_key="T1/C1/1.2"))
    assert (log.ask(again) is not None) == is_new


def test_what_a_crash_left(log: QueryLog) -> None:
    ids = [log.ask(Asked(text, "dm")) for text in ("unanswered", "unposted", "done")]
    log.ask(Asked("elsewhere", "cli"))
    for identity in ids[1:]:
        log.answered(identity, ANSWER, index_build=None, latency_ms=1)
    log.delivered(ids[2], "delivered")
    assert [pending.asked.text for pending in log.unanswered(["dm"])] == ["unanswered"]
    assert log.undelivered(["dm"]) == [ids[1]]


_WRITER = """
import sys
from pathlib import Path
from bot.querylog import Asked, QueryLog
log = QueryLog(Path(sys.argv[1]))
while True:
    # acknowledged only after ask() returned: what is printed must be in the log
    print(log.ask(Asked("htn", "cli")), flush=True)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    acknowledged: list[str] = []
    for _ in range(5):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", _WRITER, str(path)],
                stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
            )
            for _ in range(2)
        ]  # fmt: skip
        for writer in writers:
            assert writer.stdout is not None
            acknowledged += [writer.stdout.readline().strip() for _ in range(10)]
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            assert writer.stdout is not None
            rest = writer.stdout.read()
            acknowledged += rest.split("\n")[:-1]  # a line cut off was not acknowledged
            writer.wait()
    database = sqlite3.connect(path)
    stored = {row[0] for row in database.execute("select id from questions")}
    assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    database.close()
    assert len(acknowledged) >= 100
    assert set(acknowledged) <= stored


def test_many_threads_write_at_once(log: QueryLog) -> None:
    def write() -> None:
        for _ in range(25):
            identity = log.ask(Asked("htn", "cli"))
            log.answered(identity, ANSWER, index_build=None, latency_ms=1)
            log.delivered(identity, "delivered")

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = log.recent(1000)
    assert len(records) == 200
    assert {record.delivery for record in records} == {"delivered"}


def test_files_are_for_their_owner_only(log: QueryLog) -> None:
    log.ask(Asked("htn", "cli"))
    for path in log.path.parent.glob("log.db*"):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, path


def test_a_locked_log_is_one_clear_sentence(log: QueryLog, monkeypatch) -> None:
    log._db.execute("pragma busy_timeout = 50")
    other = sqlite3.connect(log.path)
    other.execute("begin immediate")
    with pytest.raises(LogUnavailable, match="does not answer unlogged"):
        log.ask(Asked("htn", "cli"))
    other.rollback()
    other.close()
    assert log.ask(Asked("htn", "cli"))


def test_a_log_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "log.db").mkdir()
    with pytest.raises(LogUnavailable, match="cannot be written"):
        QueryLog(tmp_path / "log.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_text("not a database, and long enough to be looked at as one" * 40)
    with pytest.raises(LogUnavailable, match="cannot be written"):
        QueryLog(tmp_path / "log.db")


def test_a_newer_log_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    database = sqlite3.connect(path)
    database.execute("pragma user_version = 99")
    database.close()
    with pytest.raises(LogUnavailable, match="newer Code Desk"):
        QueryLog(path)


# Through the command line


def test_ask_is_in_the_log_before_it_is_answered(settings: Settings, monkeypatch) -> None:
    from bot.cli import _Conversation

    with _Conversation(settings) as conversation:
        seen = []

        def ask_many(questions, **_):
            seen.extend((r.text, r.delivery) for r in conversation.log.recent())
            return [ANSWER]

        monkeypatch.setattr(conversation.desk, "ask_many", ask_many)

        def show(_):
            seen.extend((r.text, r.delivery) for r in conversation.log.recent())

        conversation.ask(["htn"], show=show)
        assert seen == [("htn", "unanswered"), ("htn", "undelivered")]
        assert conversation.log.recent()[0].delivery == "delivered"


def test_an_answer_that_could_not_be_shown_is_recorded_as_failed(
    settings: Settings, monkeypatch
) -> None:
    from bot.cli import _Conversation

    with _Conversation(settings) as conversation:

        def show(_):
            raise BrokenPipeError("nobody reads")

        with pytest.raises(BrokenPipeError):
            conversation.ask(["E11.9"], show=show)
        assert conversation.log.recent()[0].delivery == "failed"
