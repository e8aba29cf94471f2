"""Whatever is altered in the log, `verify` names the first record that is not as written."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from log_support import (
    SECRET,
    Attacker,
    attacked,
    body,
    check,
    converse,
    copy,
    put_in_place,
    raw,
    rehash,
    set_body,
)

from bot.database import Connection, DuplicateError
from bot.database.sqlite import SqliteConnection
from bot.querylog import LogKey, LogUnavailable, QueryLog, QuestionRecord
from bot.querylog import schema_sqlite as schema
from bot.querylog.append import ChainAppender
from bot.querylog.retention import redact

#: On SQLite and on PostgreSQL.
ON_BOTH = True


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(where: Path | str) -> Iterator[QueryLog]:
    log = QueryLog(where)
    yield log
    log.close()


@pytest.fixture
def filled(log: QueryLog) -> QueryLog:
    """Four questions, twelve records."""
    converse(log, 4)
    return log


def test_what_was_not_touched_is_consistent_and_not_vouched_for(filled: QueryLog) -> None:
    found = check(filled.where)
    assert (found.bad, found.first, found.last, found.exit_code) == (None, 1, 12, 1)
    assert "chain consistent, tail not vouched for" in found.sentences()[0]


def test_an_empty_log(log: QueryLog) -> None:
    assert check(log.where).exit_code == 1


def test_anyone_can_derive_the_hashes_as_documented(filled: QueryLog) -> None:
    """Verified without any code of this project."""
    with filled.reading() as db:
        derive(db)


def derive(db: Connection) -> None:
    log, created = db.execute("select id, created from log").fetchone()

    def sha256(value: object) -> str:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    previous = sha256({"codedesk-log": log, "created": created})
    for *record, stored in db.execute(
        "select seq, at, kind, subject, body, previous, hash from records order by seq"
    ):
        assert record[-1] == previous
        assert stored == sha256(record)
        previous = stored
    for text, salt, told in db.execute(
        "select text, salt, json_extract(body, '$.texts.' || name) from texts join records "
        "on record = seq"
    ):
        assert told == "sha256:" + hashlib.sha256(salt + text.encode()).hexdigest()


# What an adversary may do, and what verify reports

Attack = Callable[[Attacker], object]


def edit(db: Attacker) -> None:
    set_body(db, 5, body(db, 5) | {"outcome": "abstained"})


def edit_and_rehash_it(db: Attacker) -> None:
    """Give the edited record its right hash, and leave the records after it."""
    edit(db)
    following = db.execute("select previous, hash from records where seq > 5").fetchall()
    rehash(db, 5)
    for seq, kept in enumerate(following, 6):
        db.execute("update records set previous = ?, hash = ? where seq = ?", [*kept, seq])


def insert(db: Attacker) -> None:
    """Insert a record between 4 and 5, as the fifth."""
    db.execute("update records set seq = -seq - 1 where seq >= 5")
    db.execute("update records set seq = -seq where seq < 0")
    db.execute(
        "insert into records select 5, at, kind, 'forged', body, previous, hash, seal "
        "from records where seq = 4"
    )


def swap(db: Attacker) -> None:
    """Records 5 and 6 change places."""
    db.execute("update records set seq = -seq where seq in (5, 6)")
    db.execute("update records set seq = 11 + seq where seq < 0")


def cut_head_and_renumber(db: Attacker) -> None:
    db.execute("delete from records where seq <= 3")
    db.execute("update records set seq = seq - 3")


def forged_tombstone(db: Attacker) -> None:
    """A tombstone that names another hash."""
    db.execute("delete from records where seq <= 3")
    db.execute("update records set kind = 'retention', body = '{\"last\":3}' where seq = 12")


def update(statement: str, *params: bytes) -> Attack:
    return lambda db: db.execute(statement, params)


@pytest.mark.parametrize(
    ("attack", "bad", "why"),
    [
        pytest.param(edit, 5, "it was changed", id="edit by raw SQL"),
        pytest.param(edit_and_rehash_it, 6, "does not follow", id="edit with its own hash made"),
        pytest.param(insert, 5, "does not follow", id="insertion"),
        pytest.param(
            update("delete from records where seq = 5"),
            5, "It is missing", id="deletion in the middle",
        ),
        pytest.param(swap, 5, "does not follow", id="reordering"),
        pytest.param(
            update("delete from records where seq <= 3"), 1, "no retention tombstone", id="cut head"
        ),
        pytest.param(cut_head_and_renumber, 1, "does not follow", id="cut head, renumbered"),
        pytest.param(forged_tombstone, 1, "does not account", id="cut head, forged tombstone"),
        pytest.param(
            update("update records set at = '2020-01-01' where seq = 7"), 7, "changed", id="time"
        ),
        pytest.param(
            update("update records set subject = 'other' where seq = 8"), 8, "changed", id="subject"
        ),
        pytest.param(
            update("update records set kind = 'note' where seq = 9"), 9, "changed", id="kind"
        ),
        pytest.param(
            update("update texts set text = 'something else' where record = 4"),
            4, "text `text`, or the salt of it, was changed", id="edit of a text",
        ),
        pytest.param(
            update("update texts set salt = ? where record = 4", bytes(16)),
            4, "text `text`, or the salt of it, was changed", id="edit of a salt",
        ),
        pytest.param(
            update("delete from texts where record = 4"),
            4, "no redaction accounts", id="deletion of a text",
        ),
        pytest.param(
            update("insert into texts (record, name, salt, text) values (3, 'note', ?, 'x')", b"0"),
            3, "that it did not have", id="insertion of a text",
        ),
        pytest.param(
            update(
                "insert into texts (record, name, salt, text) values (99, 'note', ?, 'x')", b"0"
            ),
            99, "It is not there", id="a text of no record",
        ),
        pytest.param(
            update("update log set id = 'another'"), 1, "does not follow", id="another log's name"
        ),
        pytest.param(
            update("delete from log"), 0, "which log it is", id="no name"
        ),
        pytest.param(
            update("insert into lifted values ('redaction')"), 0, "lifted", id="triggers lifted"
        ),
        pytest.param(
            update("drop index one_question_an_event"), 0, "is missing", id="an index dropped"
        ),
    ],
)  # fmt: skip
def test_verify_catches(filled: QueryLog, attack: Attack, bad: int, why: str) -> None:
    with attacked(filled.where) as db:
        attack(db)
    found = check(filled.where)
    assert found.bad == bad, found
    assert why in found.why
    assert found.exit_code == 3
    assert "TAMPERED" in found.sentences()[0]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("pragma user_version = 1", "which had no chain"),
        (
            "drop view questions; create view questions as select 1 as id",
            "view `questions` of the log is not the one",
        ),
    ],
)
def test_verify_catches_in_a_file(filled: QueryLog, script: str, why: str) -> None:
    with attacked(filled.where) as db:
        db.executescript(script)
    found = check(filled.where)
    assert (found.bad, why in found.why) == (0, True)


@pytest.mark.sqlite_only
def test_verify_catches_dropped_triggers(filled: QueryLog) -> None:
    db = sqlite3.connect(filled.path)
    db.execute("drop trigger records_stay")
    db.close()
    assert check(filled.where).why == "The trigger `records_stay` of the log is missing."


@pytest.mark.sqlite_only
def test_verify_catches_a_trigger_that_does_not_belong(filled: QueryLog) -> None:
    db = sqlite3.connect(filled.path)
    db.execute("create trigger quiet after insert on records begin select 1; end")
    db.close()
    assert "`quiet` is not one of the log's" in check(filled.where).why


@pytest.mark.parametrize(
    "value", ["x'ff'", "cast(x'ff' as text)", "'[1]'", "'{\"texts\":7}'", "'not JSON \"texts\":'"]
)
@pytest.mark.sqlite_only
def test_verify_catches_what_no_record_is(filled: QueryLog, value: str) -> None:
    """Also when it is hashed as if it were one."""
    with attacked(filled.where) as db:
        (strict,) = db.execute("select sql from sqlite_master where name = 'records'").fetchone()
        db.execute("pragma writable_schema = on")
        loose = strict.replace("strict", "")
        db.execute("update sqlite_master set sql = ? where name = 'records'", [loose])
    with attacked(filled.where) as db:
        for index in ("one_question_an_event", "one_question_a_message"):
            db.execute(f"drop index {index}")
        db.execute(f"update records set body = {value} where seq = 5")
        if "x'ff'" not in value:
            rehash(db, 5)
        for index in ("one_question_an_event", "one_question_a_message"):
            db.execute(schema.STATEMENTS[index])
        db.execute("pragma writable_schema = on")
        db.execute("update sqlite_master set sql = ? where name = 'records'", [strict])
    found = check(filled.where)
    assert (found.bad, found.exit_code) == (5, 3), found


@pytest.mark.sqlite_only
def test_verify_catches_an_index_that_hides_a_record(filled: QueryLog) -> None:
    """Every record is in the chain, but a search would miss one of them."""
    right = "CREATE INDEX records_by_kind on records (kind)"

    def rewrite(statement: str) -> None:
        db = sqlite3.connect(filled.path)
        db.execute("pragma writable_schema = on")
        db.execute("update sqlite_master set sql = ? where name = 'records_by_kind'", [statement])
        db.commit()
        db.close()

    rewrite(right + " where kind <> 'question'")
    # Code Desk would not write now, so a program of the adversary chains the record.
    db = sqlite3.connect(filled.path)
    appender = ChainAppender(SqliteConnection(db), "2026-11-15T12:00:00.000+00:00", None)
    appender.read_end()
    appender.append("question", "q", {"surface": "cli"})
    db.commit()
    db.close()
    rewrite(right)
    found = check(filled.where)
    assert (found.bad, found.exit_code) == (0, 3)
    assert "index records_by_kind" in found.why


@pytest.mark.sqlite_only
def test_verify_says_of_a_broken_file_where_reading_ends(filled: QueryLog) -> None:
    converse(filled, 60)
    filled.close()
    content = bytearray(filled.path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    filled.path.write_bytes(content)
    assert check(filled.where).exit_code == 3
    filled._open()


def test_a_chain_hashed_anew_needs_a_checkpoint_or_a_key_to_be_caught(filled: QueryLog) -> None:
    """The adversary can do this. So without key and checkpoint nothing vouches for the tail."""
    with attacked(filled.where) as db:
        edit(db)
        rehash(db)
    assert check(filled.where).exit_code == 1


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.sqlite_only
def test_a_version_turned_back_does_not_bring_a_new_log_about(
    filled: QueryLog, version: int
) -> None:
    raw(filled).execute(f"pragma user_version = {version}")
    with pytest.raises(LogUnavailable, match="cannot be written"):
        QueryLog(filled.path)
    raw(filled).execute("pragma user_version = 2")
    assert check(filled.where).last == 12


# With a key


@pytest.fixture
def key(filled: QueryLog, tmp_path: Path) -> LogKey:
    """A log of eighteen records, sealed from record 13 on."""
    key = filled.start_sealing(tmp_path / "keys" / "log.key")
    converse(filled, 2)
    return key


def test_every_record_from_the_key_on_is_sealed(
    filled: QueryLog, key: LogKey, tmp_path: Path
) -> None:
    found = check(filled.where, key=key)
    assert (found.bad, found.sealed_from, found.sealed_checked) == (None, 13, True)
    assert key == LogKey.load(tmp_path / "keys" / "log.key")
    without = check(filled.where)
    assert (without.bad, without.sealed_from, without.sealed_checked) == (None, 13, False)


@pytest.mark.parametrize("edited", [5, 14])
def test_without_the_key_nobody_hashes_the_chain_anew(
    filled: QueryLog, key: LogKey, edited: int
) -> None:
    """Also not before there was a key: the seals after a record cover it, too."""
    with attacked(filled.where) as db:
        db.execute("update records set at = '2020-01-01' where seq = ?", [edited])
        rehash(db)
    assert check(filled.where).exit_code == 1
    found = check(filled.where, key=key)
    assert found.bad == max(13, edited)
    assert "not that of the key" in found.why


def test_taking_all_seals_off_is_caught(filled: QueryLog, key: LogKey) -> None:
    with attacked(filled.where) as db:
        edit(db)
        rehash(db)
        db.execute("update records set seal = null")
    assert check(filled.where, key=key).bad == 13


def test_taking_some_seals_off_is_caught_without_the_key(filled: QueryLog, key: LogKey) -> None:
    with attacked(filled.where) as db:
        db.execute("update records set seal = null where seq = 15")
    assert check(filled.where).bad == 15


def test_cutting_off_all_that_is_sealed_is_caught(filled: QueryLog, key: LogKey) -> None:
    with attacked(filled.where) as db:
        db.execute("delete from texts where record > 12")
        db.execute("delete from records where seq > 12")
    assert check(filled.where, key=key).bad == 13


def test_a_key_of_another_log(filled: QueryLog, key: LogKey) -> None:
    other = LogKey(key.secret, "another", 1)
    assert "the key is that of log another" in check(filled.where, key=other).why


@pytest.mark.parametrize("attack", ["no key", "another's key", "rewritten", "older copy"])
def test_nothing_is_added_to_what_the_key_denies(
    filled: QueryLog, key: LogKey, tmp_path: Path, attack: str
) -> None:
    """So the desk does not add records to a log that was tampered with."""
    given: LogKey | None = key
    if attack == "no key":
        given = None
    elif attack == "another's key":
        given = LogKey(b"0" * 32, key.log, key.sealed_from)
    else:
        with attacked(filled.where) as db:
            if attack == "rewritten":
                edit(db)
                rehash(db)
            else:
                db.execute("delete from records where seq > 6")
    other = QueryLog(filled.where, key=given)
    with pytest.raises(LogUnavailable, match="key"):
        other.ask(QuestionRecord("htn", "cli"))
    other.close()


# Append-only


@pytest.mark.parametrize(
    "statement",
    [
        "update records set kind = 'x' where seq = 1",
        "delete from records where seq = 1",
        "delete from records",
        "insert into records select 99, at, kind, 'x', body, previous, hash, null from records",
        "update texts set text = 'x'",
        "delete from texts",
    ],
)
def test_accidents_are_stopped(filled: QueryLog, statement: str) -> None:
    with pytest.raises(DuplicateError, match="append-only"), filled.database.writing() as db:
        db.execute(statement)
    assert check(filled.where).bad is None


@pytest.mark.sqlite_only
def test_a_record_is_not_replaced(filled: QueryLog) -> None:
    db = sqlite3.connect(filled.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(
            "insert or replace into records select 3, at, kind, 'x', body, previous, hash, null "
            "from records where seq = 3"
        )
    db.close()
    assert check(filled.where).bad is None


# Copies


@pytest.mark.sqlite_only
def test_two_forked_writers_are_caught(filled: QueryLog, tmp_path: Path) -> None:
    fork = copy(filled.path, tmp_path / "fork.db")
    converse(filled, 2)
    other = QueryLog(fork)
    converse(other, 1)
    other.close()
    assert check(filled.where).bad is None
    assert check(fork).bad is None
    found = check(filled.where, against=fork)
    assert found.bad == 13
    assert "forks with a common beginning, up to record 12" in found.why


@pytest.mark.sqlite_only
def test_an_older_copy_is_no_fork(filled: QueryLog, tmp_path: Path) -> None:
    older = copy(filled.path, tmp_path / "older.db")
    converse(filled)
    found = check(filled.where, against=older)
    assert found.bad is None
    assert found.notes == ["older.db is the same up to record 12, where one ends."]


def test_another_log_is_no_copy(filled: QueryLog, tmp_path: Path) -> None:
    other = QueryLog(tmp_path / "other.db")
    other.close()
    assert "is another log" in check(filled.where, against=other.path).why


# In use


def test_a_log_is_verified_while_it_is_written(filled: QueryLog) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            converse(filled)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = [check(filled.where) for _ in range(5)]
    finally:
        stop.set()
        writer.join()
    assert {one.bad for one in found} == {None}
    lasts = [one.last for one in found]
    assert lasts == sorted(lasts)


@pytest.mark.sqlite_only
def test_a_log_that_is_read_only_is_verified(filled: QueryLog, tmp_path: Path) -> None:
    away = copy(filled.path, tmp_path / "away.db")
    away.chmod(0o400)
    assert check(away).last == 12


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("nothing", "no query log"),
        ("folder", "no query log"),
        ("version 1", "of an earlier Code Desk"),
        ("version 3", "newer Code Desk"),
    ],
)
def test_what_is_no_log_of_this_version(tmp_path: Path, what: str, told: str) -> None:
    """For damaged files see test_log_attacks."""
    path = tmp_path / "x.db"
    if what == "folder":
        path.mkdir()
    elif what.startswith("version"):
        db = sqlite3.connect(path)
        for table in (*schema.VERSION_1_TABLES, *(["records"] if what == "version 3" else [])):
            db.execute(f"create table {table} (id text)")
        db.execute(f"pragma user_version = {what[-1]}")
        db.close()
    with pytest.raises(LogUnavailable, match=told):
        check(path)


@pytest.mark.sqlite_only
def test_a_redacted_log_put_back_to_before_is_a_fork(filled: QueryLog, tmp_path: Path) -> None:
    (question,) = converse(filled, 1, SECRET)
    before = copy(filled.path, tmp_path / "before.db")
    redact(filled, question, "a name", "auditor")
    converse(filled)
    put_in_place(before, tmp_path / "put back.db")
    other = QueryLog(tmp_path / "put back.db")
    converse(other)
    other.close()
    assert check(filled.where, against=other.path).bad == 16
