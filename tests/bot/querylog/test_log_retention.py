"""Redaction and retention destroy what they should, and the chain still shows that it was there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from log_support import MISSED, SECRET, Clock, attacked, body, check, converse, copy, raw, rows

from bot.cli.main import main
from bot.querylog import NoSuchQuestion, QueryLog
from bot.querylog.checkpoints import Checkpoints
from bot.querylog.retention import Held, clean, hold, holds, redact, release, retain
from bot.querylog.vouching import NotVouchedFor, take

#: On SQLite and on PostgreSQL.
ON_BOTH = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(where: Path | str, clock: Clock) -> Iterator[QueryLog]:
    log = QueryLog(where, clock=clock)
    yield log
    log.close()


def record_of(log: QueryLog, seq: int) -> dict[str, Any]:
    with log.reading() as db:
        return body(db, seq)


def bytes_of(log: QueryLog) -> bytes:
    """The bytes of all files of the log; of one in PostgreSQL, of all texts."""
    if isinstance(log.where, str):
        return "".join(text for (text,) in rows(log, "select text from texts")).encode()
    return b"".join(path.read_bytes() for path in sorted(log.path.parent.glob("log.db*")))


# Redaction


@pytest.mark.sqlite_only
def test_redaction_destroys_the_text_and_still_verifies(log: QueryLog) -> None:
    converse(log, 3)
    (question,) = converse(log, 1, SECRET)
    log.feedback(question, "wrong", "E11.9", f"note on {MISSED}", "U1")
    converse(log, 3)
    salts = [row[0] for row in raw(log).execute("select salt from texts where record in (10, 13)")]
    assert SECRET.encode() in bytes_of(log)
    assert MISSED.encode() in bytes_of(log)
    assert len(salts) == 2

    assert sorted(redact(log, question, "a name", "auditor").texts) == ["detail", "note", "text"]
    left = bytes_of(log)
    assert b"Example" not in left
    assert b"4471290" not in left
    assert b"zebras" not in left
    assert not any(salt in left for salt in salts)

    found = check(log.where)
    assert (found.bad, found.redacted) == (None, 3)
    record = log.get(question)
    assert (record.text, record.answer["question"], record.outcome) == ("", "", "answered")
    assert record.feedback[0]["verdict"] == "wrong"
    assert record.feedback[0]["note"] is None
    (redaction,) = record.redactions
    assert (redaction["reason"], redaction["by"]) == ("a name", "auditor")
    assert redaction["destroyed"] == [[10, "text"], [12, "detail"], [13, "note"]]


@pytest.mark.sqlite_only
def test_nothing_lingers_of_many_redactions(log: QueryLog) -> None:
    """Texts of all lengths, so that cells move between pages and overflow."""
    words = [f"Jane{n}Example " * (1 + n * 7 % 900) for n in range(60)]
    ids = [converse(log, 1, text)[0] for text in words]
    for question in ids[::2]:
        redact(log, question, "a name", "auditor")
    left = bytes_of(log)
    assert [n for n in range(60) if f"Jane{n}Example".encode() in left] == list(range(1, 60, 2))
    assert check(log.where).bad is None


def test_the_answer_goes_only_when_told_to(log: QueryLog) -> None:
    (question,) = converse(log)
    redact(log, question, "a name", "auditor")
    assert log.get(question).answer["candidates"]
    assert sorted(redact(log, question, "and a number", "auditor", answer=True).texts) == [
        "answer", "codes",
    ]  # fmt: skip
    record = log.get(question)
    assert (record.answer, record.codes, record.outcome) == (None, [], "answered")
    assert check(log.where).bad is None


def test_a_search_for_a_name_is_redacted_by_its_number(log: QueryLog) -> None:
    number = log.access("search", "auditor", MISSED)
    assert MISSED.encode() in bytes_of(log)
    assert redact(log, number, "a name", "auditor").texts == ["detail"]
    assert b"zebras" not in bytes_of(log)
    assert check(log.where).bad is None


def test_what_cannot_be_redacted(log: QueryLog) -> None:
    (question,) = converse(log)
    redact(log, question, "a name", "auditor")
    for what in (question, "nonsense", "4", 4, 99):
        with pytest.raises(NoSuchQuestion):
            redact(log, what, "again", "auditor")


def test_a_text_put_back_after_redaction_is_caught(log: QueryLog) -> None:
    (question,) = converse(log)
    kept = rows(log, "select * from texts where record = 1")[0]
    redact(log, question, "a name", "auditor")
    with attacked(log.where) as db:
        db.execute("insert into texts values (?, ?, ?, ?, ?)", kept)
    found = check(log.where)
    assert (found.bad, "is there again" in found.why) == (4, True)


def test_another_questions_redaction_excuses_nothing(log: QueryLog) -> None:
    first, _ = converse(log, 2)
    redact(log, first, "a name", "auditor")
    with attacked(log.where) as db:
        db.execute("delete from texts where record = 4")
    assert check(log.where).bad == 4


@pytest.mark.sqlite_only
def test_a_reader_in_the_way_is_told_of(log: QueryLog) -> None:
    from bot.querylog import LogUnavailable

    (question,) = converse(log, 1, SECRET)
    raw(log).execute("pragma busy_timeout = 50")
    reader = sqlite3.connect(log.path, isolation_level=None)
    reader.execute("begin")
    reader.execute("select * from records").fetchone()
    with pytest.raises(LogUnavailable, match="codedesk log clean"):
        redact(log, question, "a name", "auditor")
    reader.close()
    clean(log)
    assert b"Example" not in bytes_of(log)
    assert check(log.where).bad is None


# Retention


@pytest.fixture
def old(log: QueryLog, clock: Clock) -> QueryLog:
    """Records 1 to 6 of January 2018, 7 to 9 of February 2018, 10 to 12 of January
    2024."""
    for (year, month), count in (((2018, 1), 2), ((2018, 2), 1), ((2024, 1), 1)):
        clock.set(year, month)
        converse(log, count)
    return log


def test_retention_removes_whole_months_and_still_verifies(old: QueryLog, clock: Clock) -> None:
    clock.set(2024, 2, 28)
    removed = retain(old, 6, "cron")
    assert (removed.first, removed.last, removed.tombstone) == (1, 6, 13)
    found = check(old.where)
    assert (found.bad, found.first, found.tombstone) == (None, 7, 13)
    told = record_of(old, 13)
    assert (told["first"], told["last"], told["count"], told["years"]) == (1, 6, 6, 6)
    assert retain(old, 6, "cron") is None
    clock.set(2024, 3, 1)
    removed = retain(old, 6, "cron")
    assert (removed.first, removed.last, removed.tombstone) == (7, 9, 14)
    assert check(old.where).first == 10
    assert len(old.recent()) == 1
    converse(old)
    assert check(old.where).bad is None


def test_everything_may_go_but_the_tombstone(old: QueryLog, clock: Clock) -> None:
    clock.set(2050)
    removed = retain(old, 6, "cron")
    assert (removed.last, removed.tombstone) == (12, 13)
    assert check(old.where).count == 1
    assert rows(old, "select count(*) from texts") == [(0,)]
    clock.set(2057)
    assert retain(old, 6, "cron").tombstone == 14
    assert check(old.where).bad is None


@pytest.mark.sqlite_only
def test_the_digest_tells_whether_a_kept_copy_is_what_was_removed(
    old: QueryLog, clock: Clock, tmp_path: Path
) -> None:
    import hashlib

    kept = sqlite3.connect(copy(old.path, tmp_path / "kept.db"))
    clock.set(2024, 2, 28)
    retain(old, 6, "cron")
    hashes = [row[0] for row in kept.execute("select hash from records where seq <= 6")]
    digest = hashlib.sha256("".join(one + "\n" for one in hashes).encode()).hexdigest()
    told = record_of(old, 13)
    assert (told["digest"], told["last_hash"]) == ("sha256:" + digest, hashes[-1])
    kept.close()


def test_retention_with_checkpoints_from_before_and_after(old: QueryLog, clock: Clock) -> None:
    key = Ed25519PrivateKey.generate()
    good = []
    clock.set(2024, 2, 28)
    good.append(take(old, key).checkpoint)
    removed = retain(old, 6, "cron")
    assert removed is not None
    found = check(old.where, checkpoints=Checkpoints(good, [], []))
    assert (found.bad, found.exit_code) == (None, 1), "nobody vouches for the tombstone yet"
    with pytest.raises(NotVouchedFor, match="destroyed"):
        take(old, key, good[-1])
    good.append(take(old, key, good[-1], accepting=[removed.tombstone]).checkpoint)
    found = check(old.where, checkpoints=Checkpoints(good, [], []))
    assert (found.exit_code, found.checkpoint.count) == (0, 7)
    assert "Records 1 to 6 were removed by retention" in " ".join(found.sentences())


def test_a_head_cut_beyond_the_tombstone_is_caught(old: QueryLog, clock: Clock) -> None:
    clock.set(2024, 2, 28)
    retain(old, 6, "cron")
    with attacked(old.where) as db:
        db.execute("delete from texts where record <= 8")
        db.execute("delete from records where seq <= 8")
    assert check(old.where).bad == 1


def test_a_hold_stops_retention_and_redaction_until_released(old: QueryLog, clock: Clock) -> None:
    number = hold(old, "Roe v. Clinic", "counsel")
    clock.set(2024, 3, 1)
    assert retain(old, 6, "cron") is None
    question = old.recent()[0].id
    with pytest.raises(Held, match=r"Hold 13 \(Roe v. Clinic\)"):
        redact(old, question, "a name", "auditor")
    assert [(one.number, one.by) for one in holds(old)] == [(number, "counsel")]
    release(old, number, "settled", "counsel")
    assert holds(old) == []
    assert retain(old, 6, "cron").last == 9
    assert check(old.where).bad is None


def test_a_hold_on_one_question_keeps_it_and_all_after(old: QueryLog, clock: Clock) -> None:
    second = old.select("seq = 4")[0].id
    number = hold(old, "complaint", "counsel", second)
    clock.set(2024, 3, 1)
    assert retain(old, 6, "cron").last == 3
    with pytest.raises(Held):
        redact(old, second, "a name", "auditor")
    redact(old, old.recent()[0].id, "a name", "auditor")
    release(old, number, "closed", "counsel")
    assert retain(old, 6, "cron").last == 9
    assert check(old.where).bad is None


def test_a_hold_that_is_not_there(old: QueryLog) -> None:
    with pytest.raises(Held, match="No hold 5"):
        release(old, 5, "x", "y")
    with pytest.raises(NoSuchQuestion):
        hold(old, "x", "y", "nonsense")


# The command line


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: QueryLog) -> Path:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    if isinstance(old.where, str):
        monkeypatch.setenv("CODEDESK_DATABASE_URL", old.where)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["log", *arguments])


def test_redact_and_hold_from_the_command_line(home: Path, old: QueryLog) -> None:
    question = old.recent()[0].id
    assert run("hold", question[:8], "--reason", "complaint").exit_code == 0
    (number,) = [one.number for one in holds(old)]
    assert f"{number}  " in run("holds").stdout
    held = run("redact", question, "--reason", "a name")
    assert (held.exit_code, f"Hold {number}" in held.stderr) == (2, True)
    assert run("release", str(number), "--reason", "closed").exit_code == 0
    done = run("redact", question[:8], "--reason", "a name", "--by", "auditor")
    assert done.stdout == f"Destroyed of {question}: detail, text.\n"
    assert "(destroyed by a redaction)" in run("list").stdout
    assert run("verify").exit_code == 1


def test_a_redaction_is_vouched_for_at_once(home: Path, old: QueryLog) -> None:
    assert run("keys").exit_code == 0
    assert run("redact", old.recent()[0].id, "--reason", "a name").exit_code == 0
    verified = run("verify")
    assert verified.exit_code == 0
    assert "Texts that a redaction destroyed: 2." in verified.stdout


def test_one_record_is_redacted_from_the_command_line(home: Path, old: QueryLog) -> None:
    number = old.access("search", "auditor", MISSED)
    done = run("redact", "--record", str(number), "--reason", "a name")
    assert done.stdout == f"Destroyed of {number}: detail.\n"
    assert b"zebras" not in bytes_of(old)
    begun = old.recent()[0].id[:7]
    for arguments in ([], ["abc", "--record", "1"], [str(number)], [begun], ["--record", "99"]):
        assert run("redact", *arguments, "--reason", "a name").exit_code == 2


def test_retain_from_the_command_line(home: Path, old: QueryLog) -> None:
    run("keys")
    result = run("retain")
    assert result.exit_code == 0
    assert "Removed records 1 to 9" in result.stdout
    assert run("verify").exit_code == 0, "a checkpoint is signed after"
    assert run("retain").stdout == "There is nothing to remove.\n"


def test_nothing_is_removed_from_a_log_that_was_altered(home: Path, old: QueryLog) -> None:
    with attacked(old.where) as db:
        db.execute("update records set at = '2019-01-01' where seq = 2")
    result = run("retain")
    assert (result.exit_code, "TAMPERED" in result.stdout) == (3, True)
    assert rows(old, "select min(seq) from records") == [(1,)]
