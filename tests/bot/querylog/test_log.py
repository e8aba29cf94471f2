"""Every question is in the log, committed before it is acknowledged, whatever happens next."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import stat
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from log_support import raw, rows
from slack_support import SCRUBBER, ScriptedDesk, served, slack_server

from bot.cli import conversation
from bot.cli.conversation import Conversation
from bot.desk.answer import Answer, Candidate, Verdict
from bot.desk.question import Question
from bot.desk.reasons import reason
from bot.querylog import (
    UNLOGGED,
    AlreadyAnswered,
    FallbackLog,
    LogUnavailable,
    NoSuchQuestion,
    QueryLog,
    QuestionRecord,
    retention,
)
from bot.querylog.verify import verify
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


#: On SQLite and on PostgreSQL.
ON_BOTH = True


@pytest.fixture
def log(where: Path | str):
    log = QueryLog(where)
    yield log
    log.close()


@pytest.mark.sqlite_only
def test_a_long_log_takes_no_more_work_than_a_short_one(log: QueryLog) -> None:
    def work() -> int:
        """Steps of SQLite's machine for a question, its answer and its delivery."""
        steps = 0

        def step() -> int:
            nonlocal steps
            steps += 1
            return 0

        raw(log).set_progress_handler(step, 10)
        question = log.ask(QuestionRecord("htn", "cli"))
        log.answered(question, ANSWER, index_build=None, latency_ms=1)
        log.delivered(question, "delivered")
        raw(log).set_progress_handler(None, 10)
        return steps

    work()
    short = work()
    for question in log.ask_many([QuestionRecord("htn", "cli")] * 400):
        assert question
    assert work() < 1.5 * short


def test_a_record_says_how_far_it_got(log: QueryLog) -> None:
    asked = QuestionRecord(
        "htn", "mention", "U1", "T1", "C1", "1.2", "Ev1", "T1/C1/1.2", {"limit": 10}
    )
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


def test_an_answer_of_another_version_is_read() -> None:
    """Older answers lack fields that came later; newer ones may have more."""
    stored = ANSWER.as_dict()
    for name in ("pairs", "not_checked", "elapsed_ms"):
        del stored[name]
    del stored["candidates"][0]["alternatives"]
    stored["line_of_tomorrow"] = stored["candidates"][0]["of_tomorrow"] = {"kind": "codes"}
    read = Answer.from_dict(json.loads(json.dumps(stored)))
    assert read == replace(ANSWER, releases={})


def test_sharing_later_does_not_change_how_the_answer_fared(log: QueryLog) -> None:
    identity = log.ask(QuestionRecord("htn", "slash"))
    log.answered(identity, ANSWER, index_build=None, latency_ms=1)
    log.delivered(identity, "delivered")
    log.delivered(identity, "failed", "no", kind="share")
    assert log.get(identity).delivery == "delivered"


@pytest.mark.parametrize(
    ("again", "is_new"),
    [
        (QuestionRecord("htn", "mention", event_id="Ev1", message_key="other"), False),
        (QuestionRecord("htn", "dm", event_id="Ev9", message_key="T1/C1/1.2"), False),
        (QuestionRecord("htn", "mention", event_id="Ev2", message_key="T1/C1/1.3"), True),
        (QuestionRecord("htn", "cli"), True),
    ],
)
def test_an_event_told_twice_is_one_question(
    log: QueryLog, again: QuestionRecord, is_new: bool
) -> None:
    assert log.ask(QuestionRecord("htn", "mention", event_id="Ev1", message_key="T1/C1/1.2"))
    assert (log.ask(again) is not None) == is_new


def test_what_a_crash_left(log: QueryLog) -> None:
    ids = [log.ask(QuestionRecord(text, "dm")) for text in ("unanswered", "unposted", "done")]
    log.ask(QuestionRecord("elsewhere", "cli"))
    for identity in ids[1:]:
        log.answered(identity, ANSWER, index_build=None, latency_ms=1)
    log.delivered(ids[2], "delivered")
    assert [pending.asked.text for pending in log.unanswered(["dm"])] == ["unanswered"]
    assert log.undelivered(["dm"]) == [ids[1]]


def test_many_threads_write_at_once(log: QueryLog) -> None:
    def write() -> None:
        for _ in range(25):
            identity = log.ask(QuestionRecord("htn", "cli"))
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


@pytest.mark.sqlite_only
def test_files_are_for_their_owner_only(log: QueryLog) -> None:
    log.ask(QuestionRecord("htn", "cli"))
    for path in log.path.parent.glob("log.db*"):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, path


@pytest.mark.sqlite_only
def test_a_locked_log_is_one_clear_sentence(log: QueryLog, monkeypatch) -> None:
    raw(log).execute("pragma busy_timeout = 50")
    other = sqlite3.connect(log.path)
    other.execute("begin immediate")
    with pytest.raises(LogUnavailable, match="does not answer unlogged"):
        log.ask(QuestionRecord("htn", "cli"))
    other.rollback()
    other.close()
    assert log.ask(QuestionRecord("htn", "cli"))


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


# What is stored


@pytest.mark.sqlite_only
def test_a_date_of_service_is_stored_only_as_its_editions(log: QueryLog) -> None:
    """However the date was given, and wherever the answer repeats it."""
    dated = replace(
        ANSWER,
        as_of="2024-03-05",
        notices=["The loaded edits of FY2025 are not those of 2024-03-05."],
        reasons=[reason("desk.edits_not_covered", edits="edits", label="FY2025")],
    )
    asked = QuestionRecord("htn", "cli", options={"day": "2024-03-05", "limit": "5"},
                  removed=("date", "name"), releases={"icd10cm/FY2024": "FY2024"})  # fmt: skip
    identity = log.ask(asked)
    assert log.get(identity).releases == {"icd10cm/FY2024": "FY2024"}
    log.answered(identity, dated, index_build=None, latency_ms=1)
    for path in log.path.parent.glob("log.db*"):
        assert b"2024-03-05" not in path.read_bytes()
    record = log.get(identity)
    assert record.as_of is None
    assert record.answer["notices"] == [
        "The loaded edits of FY2025 are not those of the date of service."
    ]
    assert (record.options, record.removed) == ({"limit": "5"}, ["date", "name"])
    assert Answer.from_dict(record.answer).as_of == ""


def test_an_answer_for_today_says_so(log: QueryLog) -> None:
    today = dt.date.today().isoformat()
    identity = log.ask(QuestionRecord("htn", "cli"))
    log.answered(identity, replace(ANSWER, as_of=today), index_build=None, latency_ms=1)
    assert log.get(identity).as_of == today


@pytest.mark.sqlite_only
def test_the_question_is_stored_once_and_not_in_the_chain(log: QueryLog) -> None:
    identity = log.ask(QuestionRecord("zebra stripes", "cli"))
    log.answered(
        identity, replace(ANSWER, question="zebra stripes"), index_build=None, latency_ms=1
    )
    assert log.get(identity).answer["question"] == "zebra stripes"
    with log.reading() as db:
        bodies = [row[0] for row in db.execute("select body from records")]
    assert not any("zebra" in body for body in bodies)
    texts = [row[0] for row in rows(log, "select text from texts where text like '%zebra%'")]
    assert texts == ["zebra stripes"]


def test_feedback_corrections_and_accesses_are_records_of_their_own(log: QueryLog) -> None:
    identity = log.ask(QuestionRecord("htn", "dm"))
    log.feedback(identity, "used", "I11.9", "heart failure, too", "U1")
    log.correction(identity, "htn w hf", "I11.0", "icd10cm", "U9")
    log.access("search", "U9", "hypertension")
    log.access("export", "U9", question_id=identity)
    record = log.get(identity)
    assert [(f["verdict"], f["code"], f["note"], f["by"]) for f in record.feedback] == [
        ("used", "I11.9", "heart failure, too", "U1")
    ]
    assert [(c["phrase"], c["code"], c["by"]) for c in record.corrections] == [
        ("htn w hf", "I11.0", "U9")
    ]
    with log.reading() as db:
        assert list(db.query("select what, by, detail, question from accesses")) == [
            {"what": "search", "by": "U9", "detail": "hypertension", "question": None},
            {"what": "export", "by": "U9", "detail": "", "question": identity},
        ]
    assert [entry.kind for entry in log.records()] == [
        "question", "feedback", "correction", "access", "access",
    ]  # fmt: skip
    assert [entry.seq for entry in log.records(after=2, kinds=["access"])] == [4, 5]
    assert verify(log.where).bad is None


def test_what_is_typed_beside_a_question_is_scrubbed(log: QueryLog) -> None:
    typed = "John Smith, MRN 8812345, has a CKD: N18.31"
    identity = log.ask(QuestionRecord("ckd", "dm"))
    log.feedback(identity, "wrong", note=typed)
    log.feedback(identity, "used", "N18.31 for John Smith")
    number = log.correction(identity, typed, "N18.31", "icd10cm", "U9")
    log.withdrawal(number, "U9", typed)
    retention.release(log, retention.hold(log, typed, "U9", identity), typed, "U9")
    retention.redact(log, log.access("search", "U9", "ckd"), typed, "U9")
    kept = "[NAME], MRN [MRN], has a CKD: N18.31"
    record = log.get(identity)
    assert [f["note"] for f in record.feedback if "note" in f] == [kept]
    assert record.feedback[1]["code"] == "N18.31 for [NAME]"
    assert record.corrections[0]["phrase"] == kept
    told = [entry.as_dict() for entry in log.records()]
    assert [one["reason"] for one in told if "reason" in one] == [kept] * 4
    if isinstance(log.where, Path):
        for path in log.where.parent.glob("log.db*"):
            assert b"Smith" not in path.read_bytes()
            assert b"8812345" not in path.read_bytes()


@pytest.mark.parametrize("write", ["answered", "delivered", "feedback", "correction"])
def test_nothing_is_said_of_a_question_that_is_not_there(log: QueryLog, write: str) -> None:
    with pytest.raises(NoSuchQuestion, match="nonsense"):
        {
            "answered": lambda: log.answered("nonsense", ANSWER, index_build=None, latency_ms=1),
            "delivered": lambda: log.delivered("nonsense", "delivered"),
            "feedback": lambda: log.feedback("nonsense", "right"),
            "correction": lambda: log.correction("nonsense", "x", "I10", "icd10cm", "U9"),
        }[write]()
    assert log.last_sequence() == 0


def test_one_question_has_one_answer(log: QueryLog) -> None:
    identity = log.ask(QuestionRecord("htn", "cli"))
    log.answered(identity, ANSWER, index_build=None, latency_ms=1)
    with pytest.raises(AlreadyAnswered):
        log.answered(identity, ANSWER, index_build=None, latency_ms=1)
    assert verify(log.where).last == 2


def test_a_log_in_which_nothing_is_open_says_so(log: QueryLog) -> None:
    identity = log.ask(QuestionRecord("htn", "cli"))
    log.answered(identity, ANSWER, index_build=None, latency_ms=1)
    log.delivered(identity, "delivered")
    assert log.unanswered(["cli"]) == log.waiting(["cli"]) == log.undelivered(["cli"]) == []
    assert log.select("id = ?", ["nobody"]) == []


def test_settings_are_on_record_when_they_change(log: QueryLog) -> None:
    for value in (False, False, True, False):
        log.configured({"answer_without_log": value})
    assert [entry.body for entry in log.records(kinds=["config"])] == [
        {"answer_without_log": False}, {"answer_without_log": True}, {"answer_without_log": False},
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "naïve café ☕", "\udcff broken", "a\x00b", "x" * 100_000])
def test_any_text_is_kept_and_verifies(log: QueryLog, text: str) -> None:
    identity = log.ask(QuestionRecord(text, "cli", user=text[:50]))
    assert log.get(identity).text == text.replace("\udcff", "?").replace("\0", "\ufffd")
    assert verify(log.where).bad is None


def test_every_question_in_order(log: QueryLog) -> None:
    ids = [log.ask(QuestionRecord(f"q{n}", "cli")) for n in range(450)]
    assert [record.id for record in log.questions()] == ids
    assert [record.id for record in log.questions(after=440)] == ids[440:]


# From version 1

VERSION_1 = """
create table questions (
    id text primary key, asked_at text not null, surface text not null, team text, user text,
    channel text, thread text, event_id text unique, message_key text unique, text text not null,
    options text not null
);
create index questions_by_time on questions (asked_at);
create table answers (
    question text primary key references questions(id), answered_at text not null,
    outcome text not null, as_of text not null, codes text not null, releases text not null,
    index_build text, latency_ms real not null, answer text not null
);
create table deliveries (
    id integer primary key, question text not null references questions(id), at text not null,
    kind text not null, outcome text not null, detail text
);
create index deliveries_by_question on deliveries (question);
pragma user_version = 1;
insert into questions values
    ('q1', '2026-05-01T10:00:00.000+00:00', 'mention', 'T1', 'U1', 'C1', '1.2', 'Ev1', 'T1/C1/1.2',
     'htn, seen 2024-03-05', '{"limit": 10, "day": "2024-03-05"}'),
    ('q2', '2026-05-01T10:00:01.000+00:00', 'cli', null, 'ann', null, null, null, null, 'dm', '{}');
insert into answers values
    ('q2', '2026-05-01T10:00:02.000+00:00', 'abstained', '2026-05-01', '[]', '{}', null, 3.5,
     '{"question": "dm", "as_of": "2026-05-01", "outcome": "abstained"}'),
    ('q1', '2026-05-01T10:00:03.000+00:00', 'answered', '2024-03-05',
     '[{"code": "I10", "system": "icd10cm"}]', '{"icd10cm/FY2024": "FY2024"}', 'build-1', 7.5,
     '{"question": "htn, seen 2024-03-05", "as_of": "2024-03-05", "outcome": "answered",
       "notices": ["for 2024-03-05"]}');
insert into deliveries (question, at, kind, outcome, detail) values
    ('q1', '2026-05-01T10:00:04.000+00:00', 'answer', 'delivered', '1.3'),
    ('q2', '2026-05-01T10:00:04.000+00:00', 'answer', 'failed', null);
"""


def test_a_log_of_version_1_becomes_a_chain(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    old = sqlite3.connect(path)
    old.executescript(VERSION_1)
    old.close()
    with pytest.raises(LogUnavailable, match="no chain yet"):
        verify(path)
    log = QueryLog(path)
    assert [(e.kind, e.subject, e.at[17:19], e.body["imported"]) for e in log.records()] == [
        ("question", "q1", "00", 1),
        ("question", "q2", "01", 1),
        ("answer", "q2", "02", 1),
        ("answer", "q1", "03", 1),
        ("delivery", "q1", "04", 1),
        ("delivery", "q2", "04", 1),
    ]
    one, two = log.get("q1"), log.get("q2")
    assert (one.text, one.user, one.options) == ("htn, seen [DATE]", "U1", {"limit": 10})
    assert one.removed == ["DATE"]
    assert (one.outcome, one.as_of, one.index_build, one.latency_ms, one.delivery) == (
        "answered", None, "build-1", 7.5, "delivered",
    )  # fmt: skip
    assert one.answer["notices"] == ["for the date of service"]
    assert (two.as_of, two.codes, two.delivery) == ("2026-05-01", [], "failed")
    assert log.ask(QuestionRecord("htn", "mention", event_id="Ev1")) is None
    assert log.ask(QuestionRecord("htn", "mention", event_id="Ev2"))
    log.close()
    assert verify(path).bad is None
    QueryLog(path).close()
    assert verify(path).last == 7


def test_two_processes_may_find_an_old_log_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    old = sqlite3.connect(path)
    old.executescript(VERSION_1)
    old.close()
    threads = [threading.Thread(target=lambda: QueryLog(path).close()) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(path).last == 6


# When it cannot be written


def full(log: QueryLog) -> None:
    (pages,) = raw(log).execute("pragma page_count").fetchone()
    raw(log).execute(f"pragma max_page_count = {pages}")


def read_only(log: QueryLog) -> None:
    raw(log).execute("pragma query_only = on")


def locked(log: QueryLog) -> None:
    raw(log).execute("pragma busy_timeout = 50")
    log.other = sqlite3.connect(log.path, isolation_level=None)  # type: ignore[attr-defined]
    log.other.execute("begin immediate")  # type: ignore[attr-defined]


TROUBLES = pytest.mark.parametrize("trouble", [full, read_only, locked])
LONG = "x" * 20_000


@TROUBLES
@pytest.mark.sqlite_only
def test_trouble_is_one_clear_sentence_and_loses_nothing(log: QueryLog, trouble) -> None:
    kept = log.ask(QuestionRecord("htn", "cli"))
    trouble(log)
    for write in (
        lambda: log.ask(QuestionRecord(LONG, "cli")),
        lambda: log.answered(kept, replace(ANSWER, notices=[LONG]), index_build=None, latency_ms=1),
        lambda: log.delivered(kept, "failed", LONG),
    ):
        with pytest.raises(LogUnavailable, match="does not answer unlogged"):
            write()
    assert log.get(kept).delivery == "unanswered"
    assert verify(log.where).last == 1


def ask_until_refused(log: QueryLog) -> list[str | None]:
    ids = []
    for number in range(1000):
        try:
            ids.append(log.ask(QuestionRecord(f"{number} {LONG}", "cli")))
        except LogUnavailable:
            return ids
    pytest.fail("the disk is not full")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a file system")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        log = QueryLog(disk / "log.db")
        acknowledged = ask_until_refused(log)
        assert [record.id for record in log.questions()] == acknowledged
        assert len(acknowledged) > 3
        assert verify(log.where).last == len(acknowledged)
        log.close()
        again = QueryLog(disk / "log.db")
        acknowledged += ask_until_refused(again)
        assert [record.id for record in again.questions()] == acknowledged
        again.close()
        assert verify(disk / "log.db").bad is None
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# Answering without a log, if an operator chose that


@pytest.fixture
def lenient(tmp_path: Path):
    log = FallbackLog(tmp_path / "log.db")
    yield log
    log.close()


@TROUBLES
def test_answers_without_a_log_are_counted_and_told(lenient: FallbackLog, trouble, capsys) -> None:
    logged = lenient.ask(QuestionRecord("htn", "dm"))
    trouble(lenient)
    big = replace(ANSWER, notices=[LONG])
    assert lenient.ask(QuestionRecord(LONG, "dm", event_id="Ev1")) == UNLOGGED
    assert lenient.ask(QuestionRecord(LONG, "dm", event_id="Ev1")) is None, (
        "told twice, answered once"
    )
    lenient.answered(UNLOGGED, big, index_build=None, latency_ms=1)
    lenient.delivered(UNLOGGED, "delivered")
    lenient.answered(logged, big, index_build=None, latency_ms=1)
    lenient.delivered(logged, "delivered", LONG)
    assert lenient.is_unlogged(UNLOGGED)
    assert lenient.is_unlogged(logged)
    told = capsys.readouterr().err
    assert "ANSWERING WITHOUT A LOG" in told
    assert "2 not yet on record" in told

    raw(lenient).execute("pragma max_page_count = 4294967294")
    raw(lenient).execute("pragma query_only = off")
    if trouble is locked:
        lenient.other.rollback()
    lenient.delivered(logged, "delivered")
    (entry,) = lenient.records(kinds=["unlogged"])
    assert (entry.body["count"], entry.body["questions"]) == (2, [logged])
    lenient.ask(QuestionRecord("once more", "dm"))
    assert len(list(lenient.records(kinds=["unlogged"]))) == 1
    assert verify(lenient.where).bad is None


def test_a_log_that_cannot_even_be_opened(tmp_path: Path, capsys) -> None:
    (tmp_path / "log.db").mkdir()
    lenient = FallbackLog(tmp_path / "log.db")
    assert lenient.ask(QuestionRecord("htn", "dm")) == UNLOGGED
    assert lenient.unanswered(["dm"]) == lenient.undelivered(["dm"]) == []
    lenient.configured({"answer_without_log": True})
    assert lenient.append("start", None, {}) == 0
    with pytest.raises(LogUnavailable, match="could not be opened yet"):
        lenient.get("abc")
    (tmp_path / "log.db").rmdir()
    identity = lenient.ask(QuestionRecord("htn", "dm"))
    assert [entry.kind for entry in lenient.records()] == ["unlogged", "question"]
    assert lenient.get(identity)
    lenient.close()


def test_two_threads_count_what_was_not_logged_once(lenient: FallbackLog) -> None:
    read_only(lenient)
    for _ in range(5):
        lenient.ask(QuestionRecord("htn", "dm"))
    raw(lenient).execute("pragma query_only = off")
    threads = [
        threading.Thread(target=lambda: lenient.ask(QuestionRecord("htn", "dm"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.body["count"] for entry in lenient.records(kinds=["unlogged"])] == [5]


@pytest.mark.parametrize("how", ["dm", "command"])
def test_in_slack_an_unlogged_answer_says_so(tmp_path: Path, how: str) -> None:
    log, desk = FallbackLog(tmp_path / "log.db"), ScriptedDesk()
    with slack_server() as slack, served(slack, tmp_path, desk, log):
        while log.last_sequence() == 0:
            time.sleep(0.01)  # until its start is on record
        read_only(log)
        if how == "command":
            slack.send_slash(text="t2dm with ckd").wait_ack(10)
            (answer,) = slack.wait_for("response_url")
        else:
            slack.send_event(slack.app_mention("t2dm with ckd")).wait_ack(10)
            (answer,) = slack.wait_for("chat.postMessage")
        raw(log).execute("pragma query_only = off")
    assert "This answer is not in the log" in json.dumps(answer.args["blocks"])
    assert "E11.22" in json.dumps(answer.args["blocks"])
    assert [entry.kind for entry in log.records()] == ["start", "unlogged", "stop"]
    log.close()


# Through the command line


class OneAnswer:
    """A desk that has one answer."""

    index_build = "build-1"
    scrubber = SCRUBBER
    searches_at_once = 1

    def __init__(self, _: Settings) -> None:
        pass

    def take(self, asked: str, *, day: dt.date | None = None, systems=None) -> Question:
        scrubbed = SCRUBBER.scrub(asked)
        editions = {"icd10cm/FY2024": "FY2024"} if day else None
        return Question(asked, scrubbed.text, scrubbed.removed, service_date=day, releases=editions)

    def ask_many(self, questions, **_):
        return [
            replace(
                ANSWER,
                question=question.scrubbed,
                as_of=str(question.service_date or ANSWER.as_of),
            )
            for question in questions
        ]

    def ask(self, question, **options):
        return self.ask_many([question], **options)[0]

    def made_with(self, *_: Answer) -> dict:
        return {}

    def close(self) -> None:
        pass


@pytest.fixture
def conversing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Ask as `codedesk ask` does, of that desk."""
    monkeypatch.setattr(conversation, "Desk", OneAnswer)

    def ask(*questions: str, show=lambda _: None, day=None, **settings) -> None:
        with Conversation(Settings(home=tmp_path, **settings)) as terminal:
            terminal.ask(questions, show=show, day=day)

    return ask


def test_the_next_start_reports_what_a_command_line_left(
    tmp_path: Path, conversing, capsys
) -> None:
    early = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=11)
    log = QueryLog(tmp_path / "log.db", clock=lambda: early)
    ids = [log.ask(QuestionRecord("htn", "cli")), log.ask(QuestionRecord("htn", "terminal"))]
    log.answered(ids[1], ANSWER, index_build=None, latency_ms=1)
    slack = log.ask(QuestionRecord("htn", "dm"))
    log.close()
    conversing("htn")
    assert "1 not answered, 1 answered and perhaps not shown" in capsys.readouterr().err
    conversing("htn")
    assert capsys.readouterr().err == "", "it is reported once"
    log = QueryLog(tmp_path / "log.db")
    assert [log.get(identity).delivery for identity in (*ids, slack)] == [
        "abandoned", "unknown", "unanswered",
    ]  # fmt: skip
    assert [record.delivery for record in log.recent(2)] == ["delivered"] * 2
    log.close()


def test_what_another_command_line_is_doing_is_left_alone(tmp_path, conversing, capsys) -> None:
    log = QueryLog(tmp_path / "log.db")
    log.ask(QuestionRecord("htn", "cli"))
    conversing("htn")
    assert capsys.readouterr().err == ""
    assert {record.delivery for record in log.questions()} == {"unanswered", "delivered"}
    log.close()


def test_the_command_line_does_not_answer_unlogged(tmp_path: Path, conversing) -> None:
    (tmp_path / "log.db").mkdir()
    with pytest.raises(LogUnavailable, match="does not answer unlogged"):
        conversing("htn", show=lambda _: pytest.fail("it was shown"))


def test_unless_the_operator_chose_so_and_then_it_says_so(tmp_path, conversing, capsys) -> None:
    (tmp_path / "log.db").mkdir()
    shown = []
    conversing("htn", show=shown.append, answer_without_log=True)
    assert shown[0].notices[0].startswith("This answer is not in the log")
    assert "ANSWERING WITHOUT A LOG" in capsys.readouterr().err


def test_which_settings_were_in_force_is_on_record(tmp_path: Path, conversing) -> None:
    for choice in (False, True, True):
        conversing("htn", answer_without_log=choice)
    log = QueryLog(tmp_path / "log.db")
    assert [entry.body["answer_without_log"] for entry in log.records(kinds=["config"])] == [
        False, True,
    ]  # fmt: skip
    log.close()


def test_a_date_of_the_command_line_is_stored_only_as_its_editions(
    tmp_path: Path, conversing
) -> None:
    conversing("htn in John Smith", day=dt.date(2024, 3, 5))
    log = QueryLog(tmp_path / "log.db")
    (entry,) = log.records(kinds=["question"])
    assert (entry.texts["text"], entry.body["removed"]) == ("htn in [NAME]", ["NAME"])
    assert entry.body["releases"] == {"icd10cm/FY2024": "FY2024"}
    assert entry.body["options"] == {}
    log.close()
    for path in tmp_path.glob("log.db*"):
        assert b"2024-03-05" not in path.read_bytes()


def test_ask_is_in_the_log_before_it_is_answered(settings: Settings, monkeypatch) -> None:
    with Conversation(settings) as terminal:
        seen = []

        def ask(question, **_):
            seen.extend((r.text, r.delivery) for r in terminal.log.recent())
            return ANSWER

        monkeypatch.setattr(terminal.desk, "ask", ask)

        def show(_):
            seen.extend((r.text, r.delivery) for r in terminal.log.recent())

        terminal.ask(["htn"], show=show)
        assert seen == [("htn", "unanswered"), ("htn", "undelivered")]
        assert terminal.log.recent()[0].delivery == "delivered"


def test_an_answer_that_could_not_be_shown_is_recorded_as_failed(
    settings: Settings, monkeypatch
) -> None:
    with Conversation(settings) as terminal:

        def show(_):
            raise BrokenPipeError("nobody reads")

        with pytest.raises(BrokenPipeError):
            terminal.ask(["E11.9"], show=show)
        assert terminal.log.recent()[0].delivery == "failed"
