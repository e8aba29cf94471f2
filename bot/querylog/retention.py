"""Redaction, retention and legal holds: what is destroyed, and what remains to show it was there.

Redaction destroys texts and their salts, and leaves every record. Retention removes whole segments
from the start: a segment is a calendar month (UTC), sealed once it is over. A legal hold, on one
question or on the whole log, stops both until it is released. Each of these is a record.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.database import Connection, DatabaseError
from bot.querylog.append import ChainAppender, NoSuchQuestion
from bot.querylog.hash_chain import NOT_OF_THE_FORM, LogUnavailable
from bot.querylog.log import QueryLog
from bot.querylog.merkle import Frontier, leaf_of
from codesets.errors import CodeDeskError

#: Texts that a redaction keeps unless told otherwise: the answer, which has official words, and its
#: codes.
ANSWER_TEXTS = ("answer", "codes")


class Held(CodeDeskError):
    """A legal hold forbids it, or no such hold is in force; the message says which."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold. `number` is that of its record; `question_id` None means the whole log."""

    number: int
    at: str
    question_id: str | None
    reason: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Redacted:
    """The names of the texts that were destroyed, and the number of the redaction's record."""

    texts: list[str]
    record: int


@dataclass(frozen=True, slots=True)
class Removed:
    """The records that retention removed, first to last, and the number of their tombstone."""

    first: int
    last: int
    tombstone: int


# Redaction


def redact(
    log: QueryLog, what: str | int, reason: str, by: str, *, answer: bool = False
) -> Redacted:
    """Destroy the texts of a question (`what` is its id): what was typed, notes, the details of
    deliveries; with `answer` the answer, too; and the words that the answers to questions which
    refine it repeat. Or the texts of one record (`what` is its number, an
    int), such as a search for a name.

    Raises NoSuchQuestion, Held, and LogUnavailable. The last also when the texts are destroyed in
    the log but may linger in its write-ahead file, because somebody is reading it.
    """
    reason = log.scrubbed(reason)
    with log.writing() as appender:
        subject, of_which, value = _to_redact(appender, what)
        _expect_no_hold(appender, subject)
        texts = appender.db.execute(
            "select t.record, t.name, t.salt from texts t join records r on r.seq = t.record "
            f"where {of_which} = ? order by t.id",
            [value],
        ).fetchall()
        gone = [text for text in texts if answer or text[1] not in ANSWER_TEXTS]
        if not gone:
            raise NoSuchQuestion(f"Nothing is left to redact of {what}.")
        # A redaction is of one question: each that repeats the words gets a record of its own.
        repeated = _repeated(appender, what) if isinstance(what, str) else []
        destroyed = [[record, name] for record, name, _ in gone]
        each = [(subject, destroyed), *((who, [[seq, name]]) for who, (seq, name, _) in repeated)]
        gone += [text for _, text in repeated]
        records = []
        for of, texts_of in each:
            with _lifted(appender.db, "redaction"):
                appender.db.executemany("delete from texts where record = ? and name = ?", texts_of)
            body = {"reason": reason, "by": by, "destroyed": texts_of}
            records.append(appender.append("redaction", of, body))
    _overwrite(log, [salt for _, _, salt in gone])
    return Redacted([str(name) for _, name, _ in gone], records[0])


def _repeated(
    appender: ChainAppender, question_id: str
) -> list[tuple[str, tuple[int, str, bytes]]]:
    """The words of a question that answers to others repeat, each with the id of such a question:
    of those that refine it, and of those that refine these. Raises Held."""
    repeated: list[tuple[str, tuple[int, str, bytes]]] = []
    waiting = [question_id]
    while waiting:
        before = waiting.pop()
        followers = appender.db.execute(_FOLLOWERS, [before]).fetchall()
        for follower, record, stored, salt in followers:
            if stored is not None and json.loads(stored).get("refines") != before:
                continue  # It is about something else.
            _expect_no_hold(appender, follower)
            waiting.append(follower)
            if salt is not None:
                repeated.append((follower, (record, "said", salt)))
    return repeated


#: The questions that were asked after one, each with its answer and the words that this repeats.
_FOLLOWERS = """
    select q.subject, a.seq, t.text, s.salt from records q
    left join records a on a.subject = q.subject and a.kind = 'answer'
    left join texts t on t.record = a.seq and t.name = 'answer'
    left join texts s on s.record = a.seq and s.name = 'said'
    where q.kind = 'question' and json_extract(q.body, '$.after') = ?
"""


def _to_redact(appender: ChainAppender, what: str | int) -> tuple[str | None, str, str | int]:
    """The question id, and the column and value by which the records to redact are found."""
    if isinstance(what, str):
        appender.expect_question(what)
        return what, "r.subject", what
    row = appender.db.execute("select subject from records where seq = ?", [what]).fetchone()
    if row is None:
        raise NoSuchQuestion(f"The log has no record {what}.")
    return row[0], "r.seq", what


def _overwrite(log: QueryLog, salts: Sequence[bytes]) -> None:
    """Remove what was deleted from the files, too. In SQLite, the write-ahead file is emptied; and
    if SQLite left a copy of a cell behind when it moved cells between pages, the database is
    written anew. In PostgreSQL, the room of deleted rows is given free for others."""
    try:
        with log.reading() as db:
            if db.kind == "postgres":
                _vacuum_postgres(db)
                return
            _empty_wal(db)
            with open(log.path, "rb") as file, mmap.mmap(
                file.fileno(), 0, access=mmap.ACCESS_READ
            ) as content:  # fmt: skip
                lingers = any(content.find(salt) >= 0 for salt in salts)
            if lingers:
                db.execute("vacuum")
                _empty_wal(db)
    except (OSError, LogUnavailable) as error:
        raise LogUnavailable(
            f"The texts are destroyed in the log, but its files could not be cleaned ({error}); "
            "copies may linger there. Close what reads the log and run `codedesk log clean`."
        ) from error


def clean(log: QueryLog) -> None:
    """Write the database anew, without anything that was deleted. Raises LogUnavailable."""
    with log.reading() as db:
        if db.kind == "postgres":
            for table in ("texts", "records", "lifted"):
                db.execute(f"vacuum full {table}")
            return
        db.execute("vacuum")
        _empty_wal(db)


def _vacuum_postgres(db: Connection) -> None:
    # A row that somebody may still see, in a transaction that began before, is left there.
    readers = db.execute(
        "select count(*) from pg_stat_activity where datname = current_database() "
        "and pid <> pg_backend_pid() and backend_type = 'client backend' "
        "and xact_start is not null and backend_xmin is not null "
        "and xact_start < now() - interval '1 second'"
    )
    busy = readers.fetchone()[0]
    db.execute("vacuum texts")
    if busy:
        raise DatabaseError("somebody is reading it", passing=True)


def _empty_wal(db: Connection) -> None:
    if db.kind == "postgres":
        return
    busy, _, _ = db.execute("pragma wal_checkpoint(truncate)").fetchone()
    if busy:
        raise DatabaseError("somebody is reading it", passing=True)


@contextlib.contextmanager
def _lifted(db: Connection, reason: str) -> Any:
    """Lift the append-only triggers inside this transaction only."""
    db.execute("insert into lifted (reason) values (?)", [reason])
    yield
    db.execute("delete from lifted")


# Holds


def hold(log: QueryLog, reason: str, by: str, question_id: str | None = None) -> int:
    """Lay a legal hold on a question, or on the whole log, and return its number. Raises
    NoSuchQuestion."""
    reason = log.scrubbed(reason)
    with log.writing() as appender:
        if question_id is not None:
            appender.expect_question(question_id)
        return appender.append("hold", question_id, {"reason": reason, "by": by})


def release(log: QueryLog, number: int, reason: str, by: str) -> None:
    """Raises Held when no such hold is in force."""
    reason = log.scrubbed(reason)
    with log.writing() as appender:
        holds = {one.number: one for one in _holds(appender.db)}
        if number not in holds:
            raise Held(f"No hold {number} is in force.")
        appender.append(
            "release", holds[number].question_id, {"hold": number, "reason": reason, "by": by}
        )


def holds(log: QueryLog) -> list[Hold]:
    """The holds in force, oldest first."""
    with log.reading() as db:
        return _holds(db)


def _holds(db: Connection) -> list[Hold]:
    rows = db.execute(
        """
        select seq, at, subject, body from records h where kind = 'hold' and not exists (
            select 1 from records where kind = 'release'
            and cast(json_extract(body, '$.hold') as bigint) = h.seq
        ) order by seq
        """
    )
    parsed = [(seq, at, subject, json.loads(body)) for seq, at, subject, body in rows]
    return [
        Hold(seq, at, question_id, body["reason"], body.get("by"))
        for seq, at, question_id, body in parsed
    ]


def _expect_no_hold(appender: ChainAppender, question_id: str | None) -> None:
    for one in _holds(appender.db):
        if one.question_id in (None, question_id):
            raise Held(
                f"Hold {one.number} ({one.reason}) forbids it. Ask whoever laid it; then "
                f"release it: `codedesk log release {one.number} --reason TEXT`."
            )


# Retention


def retain(log: QueryLog, years: int, by: str) -> Removed | None:
    """Remove the months that ended more than `years` ago, unless a hold forbids it; None when there
    is nothing to remove. Raises LogUnavailable.

    Verify the log first: what is removed cannot be verified later.
    """
    before = _cutoff(log.now(), years)
    with log.writing() as appender:
        db = appender.db
        db.take_time()
        (first,) = db.execute("select coalesce(min(seq), 1) from records").fetchone()
        # Up to the first record that must stay, even if the clock went back after it.
        keep = [
            db.execute("select min(seq) from records where at >= ?", [before]).fetchone()[0],
            *(_held_from(db, one) for one in _holds(db)),
        ]
        last = min([seq for seq in keep if seq is not None], default=appender.seq + 1) - 1
        if last < first:
            return None
        digest = hashlib.sha256()
        last_hash = ""
        tree = _removed_before(db, first)
        for (last_hash,) in db.execute(
            "select hash from records where seq <= ? order by seq", [last]
        ):
            digest.update(last_hash.encode() + b"\n")
            tree.append(leaf_of(last_hash))
        log_id, created = db.execute("select id, created from log").fetchone()
        # The tombstone is added first, so that a record remains even if all others are removed.
        tombstone = appender.append(
            "retention",
            None,
            {
                "log": log_id,
                # These two are in records that may be removed.
                "created": created,
                "sealed_from": log.key.sealed_from if log.key else None,
                "first": first,
                "last": last,
                "count": last - first + 1,
                "last_hash": last_hash,
                "digest": "sha256:" + digest.hexdigest(),
                # So that what remains can be proven, and checkpoints of before still agree.
                "tree": tree.as_dict(),
                "before": before,
                "years": years,
                "by": by,
            },
        )
        with _lifted(db, "retention"):
            db.execute("delete from texts where record <= ?", [last])
            db.execute("delete from records where seq <= ?", [last])
    with contextlib.suppress(LogUnavailable), log.reading() as reading:
        _empty_wal(reading)
    return Removed(first, last, tombstone)


def _removed_before(db: Connection, first: int) -> Frontier:
    """The tree of what an earlier retention removed. Raises LogUnavailable."""
    if first == 1:
        return Frontier()
    row = db.execute(
        "select body from records where kind = 'retention' order by seq desc limit 1"
    ).fetchone()
    try:
        return Frontier.of_removed(json.loads(row[0]).get("tree"), first - 1)
    except NOT_OF_THE_FORM as error:
        raise LogUnavailable(
            "The last tombstone of the query log is not of the form that it should have; nothing "
            "was removed. `codedesk log verify` says more."
        ) from error


def _cutoff(now: dt.datetime, years: int) -> str:
    """The start of the month that was current `years` ago. Every month before it ended more than
    `years` ago."""
    return now.replace(
        year=now.year - years, day=1, hour=0, minute=0, second=0, microsecond=0
    ).isoformat(timespec="milliseconds")


def _held_from(db: Connection, one: Hold) -> int | None:
    """The number of the first record that a hold keeps; None when there is none."""
    if one.question_id is None:
        return 0
    return db.execute(
        "select min(seq) from records where subject = ?", [one.question_id]
    ).fetchone()[0]
