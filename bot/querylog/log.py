"""log.db, written in WAL mode by any number of threads and processes; the package has the
invariants, `chain` what a record's hash proves."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import secrets
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.desk.answer import Answer
from bot.messages import message
from bot.phi import Scrubber, scrub_head
from bot.querylog import hash_chain, schema
from bot.querylog.append import ChainAppender
from bot.querylog.hash_chain import NOT_OF_THE_FORM, LogKey, LogUnavailable
from bot.querylog.records import (
    ASKED,
    ASKED_1,
    Access,
    Entry,
    Outcome,
    Pending,
    QuestionRecord,
    Rating,
    Record,
    Surface,
    answer_body,
    codes_of,
    delivery_body,
    question_body,
    record_of,
)


class QueryLog:
    """One connection to log.db behind a lock; share it between threads, open one a process."""

    def __init__(
        self,
        path: Path,
        *,
        key: LogKey | None = None,
        scrubber: Scrubber | None = None,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        """Raises LogUnavailable when the file cannot be opened for writing. A `scrubber` that knows
        the words of an index tells medicine from names better than one that does not."""
        self.path = path
        self._key = key
        self._scrubber = scrubber or Scrubber()
        self._clock = clock
        self._lock = threading.Lock()
        #: The number of the schema that was compared last.
        self._schema_read: int | None = None
        self._open()

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(
                self.path, timeout=10, check_same_thread=False, isolation_level=None
            )
            self._db = Database(connection)
            self._db.enable_wal()
            # A commit is on the disk, not in a cache, before anyone is told of it.
            self._db.execute("pragma synchronous = full")
            # What is deleted is overwritten.
            self._db.execute("pragma secure_delete = on")
            self._migrate()
            schema.read_by_own_views(connection)
            self._expect_schema()
        except (OSError, sqlite3.Error) as error:
            raise LogUnavailable(
                f"The query log at {self.path} cannot be written ({error}), and Code Desk does not "
                "answer unlogged. Free the disk or mend the permissions, then start again."
            ) from error

    def close(self) -> None:
        self._db.close()

    @property
    def key(self) -> LogKey | None:
        """What seals its records, if anything does."""
        return self._key

    @property
    def id(self) -> str:
        """What names this log in checkpoints and in its key."""
        with self.reading() as db:
            return db.execute("select id from log").fetchone()[0]

    # Migrations: from each version to the next, all in one transaction.

    def _migrate(self) -> None:
        if self._version() < schema.VERSION:
            with self._lock, self._immediate():
                version = self._version()  # another process may have done it meanwhile
                if version == 1:
                    self._from_version_1()
                elif version == 0:
                    schema.create(self._db.conn, secrets.token_hex(8), self._now())
                if version < schema.VERSION:
                    self._db.execute(f"pragma user_version = {schema.VERSION}")
        if self._version() > schema.VERSION:
            raise LogUnavailable(
                f"The query log at {self.path} was written by a newer Code Desk. Update this one."
            )

    def _version(self) -> int:
        return self._db.execute("pragma user_version").fetchone()[0]

    def _from_version_1(self) -> None:
        db = self._db.conn
        schema.set_version_1_aside(db)
        schema.create(db, secrets.token_hex(8), self._now())
        appender = ChainAppender(db, self._now(), self._key)
        mark: dict[str, Any] = {"imported": 1}
        for number, (kind, row) in enumerate(schema.version_1_rows(db)):
            if number % 1000 == 0:
                appender.expect_all_there()
            if kind == "question":
                # Version 1 had no scrubber.
                scrubbed = self._scrubber.scrub(row["text"])
                told = {name: row[name] for name in ASKED_1} | {"text": scrubbed.text}
                asked = QuestionRecord(**told, removed=scrubbed.removed)
                body, texts = question_body(asked)
                appender.append(kind, row["id"], body | mark, texts, row["asked_at"])
            elif kind == "answer":
                today = row["answered_at"][:10]
                answer = Answer.from_dict(_version_1_answer(row["answer"], today))
                body, texts = answer_body(answer, row["codes"], row["releases"], today)
                body |= {"index_build": row["index_build"], "latency_ms": row["latency_ms"]}
                appender.append(kind, row["question"], body | mark, texts, row["answered_at"])
            else:
                body, texts = delivery_body(row["kind"], row["outcome"], row["detail"] or "")
                appender.append(kind, row["question"], body | mark, texts, row["at"])
        appender.expect_all_there()
        schema.drop_version_1(db)

    # Transactions

    def _expect_schema(self) -> None:
        """Raises LogUnavailable when the file holds any table, view, index or trigger not ours.

        SQLite acts by the schema that it read last, and reads it anew when this number changes: so
        while the number is the same, so is all that could hide, swallow or alter a record.
        """
        (read_last,) = self._db.execute("pragma schema_version").fetchone()
        if read_last == self._schema_read:
            return
        if why := schema.faults(self._db.conn):
            raise LogUnavailable(
                f"{why} Nothing is written to the query log at {self.path}, nor read from it. Run "
                "`codedesk log verify`, and put back the right file."
            )
        self._schema_read = read_last

    @contextmanager
    def _immediate(self) -> Iterator[None]:
        """Hold the right to write from the start, so that the end that is read is the end."""
        db = self._db.conn
        db.execute("begin immediate")
        try:
            yield
            db.execute("commit")
        except BaseException:
            if db.in_transaction:
                db.execute("rollback")
            raise

    @contextmanager
    def writing(self) -> Iterator[ChainAppender]:
        """The end of the chain, to append to; committed at the end, when all that was appended is
        there to be read. Raises LogUnavailable."""
        try:
            with self._lock, self._immediate():
                self._expect_schema()
                appender = ChainAppender(self._db.conn, self._now(), self._key)
                yield appender
                appender.expect_all_there()
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise LogUnavailable(
                f"The query log at {self.path} cannot be written ({error}). Code Desk does not "
                "answer unlogged; ask again when that is mended."
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Raises LogUnavailable."""
        try:
            with self._lock:
                self._expect_schema()
                yield self._db
        except sqlite3.Error as error:
            raise LogUnavailable(
                f"The query log at {self.path} cannot be read ({error}). Whether it is damaged, "
                "`codedesk log verify` says."
            ) from error

    def now(self) -> dt.datetime:
        return self._clock()

    def _now(self) -> str:
        return self._clock().isoformat(timespec="milliseconds")

    def last_sequence(self) -> int:
        """The number of the last record; 0 when there is none."""
        with self.reading() as db:
            return db.execute("select coalesce(max(seq), 0) from records").fetchone()[0]

    # Writing

    def scrubbed(self, typed: str) -> str:
        """What someone typed beside a question (a note, a reason, the words of a search) as it may
        be stored. Called before the right to write is held: the scrubber may have to load a model
        first. Of a long one the head is kept. Questions come scrubbed: the desk needs them as
        typed."""
        return scrub_head(self._scrubber, typed).text

    def append(
        self,
        kind: str,
        subject: str | None,
        body: Mapping[str, Any],
        texts: Mapping[str, str] | None = None,
    ) -> int:
        """Commit a record of any kind; its number. What people typed belongs in `texts`."""
        with self.writing() as appender:
            return appender.append(kind, subject, body, texts)

    def ask(self, asked: QuestionRecord) -> str | None:
        """Commit a question; its id, or None when this event or message is already there."""
        return self.ask_many([asked])[0]

    def ask_many(self, questions: Sequence[QuestionRecord]) -> list[str | None]:
        """Commit several questions at once; see `ask`."""
        ids: list[str | None] = []
        with self.writing() as appender:
            for asked in questions:
                if appender.knows(asked):
                    ids.append(None)
                    continue
                identity = uuid.uuid4().hex[:12]
                while appender.has_question(identity):
                    identity = uuid.uuid4().hex[:12]
                appender.append("question", identity, *question_body(asked))
                ids.append(identity)
        return ids

    def answered(
        self,
        question_id: str,
        answer: Answer,
        *,
        index_build: str | None,
        latency_ms: float,
        made_with: Mapping[str, Any] | None = None,
    ) -> None:
        """Commit an answer, before it is sent. `made_with` is what else is needed to make the same
        answer again."""
        self.answered_many(
            [(question_id, answer, latency_ms)], index_build=index_build, made_with=made_with
        )

    def answered_many(
        self,
        answers: Sequence[tuple[str, Answer, float]],
        *,
        index_build: str | None,
        made_with: Mapping[str, Any] | None = None,
    ) -> None:
        today = dt.date.today().isoformat()
        with self.writing() as appender:
            for question_id, answer, latency_ms in answers:
                appender.expect_question(question_id)
                body, texts = answer_body(answer, codes_of(answer), answer.releases, today)
                body |= {
                    "index_build": index_build,
                    "latency_ms": round(latency_ms, 2),
                    "made_with": dict(made_with) if made_with else None,
                }
                appender.append("answer", question_id, body, texts)

    def delivered(
        self, question_id: str, outcome: Outcome, detail: str = "", kind: str = "answer"
    ) -> None:
        """Commit what became of a post: of the answer itself, or of a later `more` or `share`."""
        self.delivered_many([question_id], outcome, detail, kind)

    def delivered_many(
        self, questions: Sequence[str], outcome: Outcome, detail: str = "", kind: str = "answer"
    ) -> None:
        with self.writing() as appender:
            for question_id in questions:
                appender.expect_question(question_id)
                appender.append("delivery", question_id, *delivery_body(kind, outcome, detail))

    def claim(self, question_id: str, kind: str = "answer") -> bool:
        """Commit, before a post that must not be made twice, that it may be on its way: `unknown`,
        until `delivered` tells what became of it. False, and nothing is written, when one was made
        or may have been."""
        with self.writing() as appender:
            appender.expect_question(question_id)
            last = appender.db.execute(
                _LAST_OUTCOME.format("?", "?"), [question_id, kind]
            ).fetchone()
            if last is not None and last[0] in ("delivered", "unknown"):
                return False
            appender.append("delivery", question_id, *delivery_body(kind, "unknown", "being sent"))
            return True

    def feedback(
        self,
        question_id: str,
        rating: Rating,
        code: str | None = None,
        note: str = "",
        by: str | None = None,
        event_id: str | None = None,
    ) -> int | None:
        """Commit what someone says of an answer; `code` is the one that they used. None when they
        have said so already: it is their last word on it, or the event was told before."""
        note, code = self.scrubbed(note), code and self.scrubbed(code)
        body = {"verdict": rating, "code": code, "by": by, "event_id": event_id}
        with self.writing() as appender:
            appender.expect_question(question_id)
            if appender.knows_feedback(question_id, body, note):
                return None
            return appender.append("feedback", question_id, body, {"note": note} if note else None)

    def correction(
        self, question_id: str, phrase: str, code: str, system: str, by: str, **more: Any
    ) -> int | None:
        """Commit that `by` approved `phrase` as words for a code, for the next index build. None
        when the same is approved already."""
        # Whole: words are short (`corrections.fit_words`), and a head of them would be other words.
        phrase = self._scrubber.scrub(phrase).text
        with self.writing() as appender:
            appender.expect_question(question_id)
            if appender.approves(phrase, code, system):
                return None
            body = {"code": code, "system": system, "by": by, **more}
            return appender.append("correction", question_id, body, {"phrase": phrase})

    def withdrawal(self, correction: int, by: str, reason: str) -> int:
        """Commit that an approved correction, by the number of its record, no longer holds. Raises
        NoSuchCorrection when there is none, or it was withdrawn already."""
        reason = self.scrubbed(reason)
        with self.writing() as appender:
            question_id = appender.expect_correction(correction)
            body = {"correction": correction, "by": by}
            return appender.append("withdrawal", question_id, body, {"reason": reason})

    def access(
        self, what: Access, by: str, detail: str = "", question_id: str | None = None
    ) -> int:
        """Commit what someone did with the log, before they see anything of it. Words that they
        typed are `scrubbed` in the detail; days, people and files are told as they are."""
        texts = {"detail": detail} if detail else None
        with self.writing() as appender:
            return appender.append("access", question_id, {"what": what, "by": by}, texts)

    def configured(self, values: Mapping[str, Any]) -> None:
        """Commit the settings that matter to an auditor, when they are not what they were."""
        with self.writing() as appender:
            last = appender.db.execute(
                "select body from records where kind = 'config' order by seq desc limit 1"
            ).fetchone()
            if last is None or json.loads(last[0]) != dict(values):
                appender.append("config", None, values)

    def start_sealing(self, path: Path) -> LogKey:
        """Make a key in a new file, and seal every record from the next one on. Raises OSError,
        and LogUnavailable when the log is sealed already."""
        if self._key is not None:
            raise LogUnavailable("The query log is sealed with a key already.")
        saved = False
        try:
            with self.writing() as appender:
                log = appender.db.execute("select id from log").fetchone()[0]
                key = LogKey(secrets.token_bytes(32), log, appender.seq + 1)
                key.save(path)
                saved = True
                appender.seal_from_here(key)
                fingerprint = "sha256:" + hashlib.sha256(key.secret).hexdigest()
                appender.append("key", None, {"sealed_from": key.sealed_from, "key": fingerprint})
        except LogUnavailable:
            if saved:
                path.unlink()
            raise
        self._key = key
        return key

    # Reading

    def records(self, after: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Every record in order, from the one after number `after`; of some kinds only, if named.
        What is written meanwhile comes too."""
        wanted = f"and kind in ({_marks(kinds)})" if kinds else ""
        while True:
            with self.reading() as db:
                entries = _entries(db, f"seq > ? {wanted} order by seq limit 500", [after, *kinds])
            if not entries:
                return
            yield from entries
            after = entries[-1].seq

    def questions(self, after: int = 0) -> Iterator[Record]:
        """Every question with everything of it, oldest first, from the one after record number
        `after`."""
        while True:
            batch = self.select("seq > ? order by seq limit 200", [after])
            if not batch:
                return
            yield from batch
            after = batch[-1].seq

    def select(self, where: str, params: Sequence[Any] = ()) -> list[Record]:
        """The questions of which an SQL condition on the view `questions` is true (`order by` and
        `limit` may follow), in that order."""
        with self.reading() as db:
            ids = [row[0] for row in db.execute(f"select id from questions where {where}", params)]
            return _assembled(db, ids)

    def unanswered(self, surfaces: Sequence[Surface]) -> list[Pending]:
        """Questions with neither an answer nor a delivery, oldest first; none that is redacted."""
        with self.reading() as db:
            ids = _unfinished(db, surfaces, "kind in ('answer', 'delivery')")
            return _pending(db, ids)

    def waiting(self, surfaces: Sequence[Surface]) -> list[Pending]:
        """Questions whose answers are certain not to have been sent, oldest first; none that is
        redacted."""
        last = _LAST_OUTCOME.format("q.subject", "'answer'")
        with self.reading() as db:
            rows = db.query(
                "select subject from records as q where kind = 'question' "
                f"and json_extract(body, '$.surface') in ({_marks(surfaces)}) "
                f"and ({last}) = 'waiting' order by seq",
                list(surfaces),
            )
            return _pending(db, [row["subject"] for row in rows])

    def undelivered(self, surfaces: Sequence[Surface]) -> list[str]:
        """Ids of answered questions of which it is not known whether the answer arrived."""
        with self.reading() as db:
            return _unfinished(
                db,
                surfaces,
                "kind = 'delivery' and json_extract(body, '$.kind') = 'answer'",
                "kind = 'answer'",
            )

    def recent(self, limit: int = 20) -> list[Record]:
        """The last questions, newest first."""
        return self.select("1 order by seq desc limit ?", [limit])

    def get(self, identity: str) -> Record | None:
        """The question with this id, or whose id begins so when only one does."""
        with self.reading() as db:
            # Left to itself, SQLite would look through all questions.
            found = db.execute(
                "select subject from records indexed by one_question_an_id "
                "where kind = 'question' and subject >= ? and subject < ? limit 2",
                [identity, identity + "~"],
            ).fetchall()
            return _assembled(db, [found[0][0]])[0] if len(found) == 1 else None

    def is_unlogged(self, question_id: str) -> bool:
        """Whether the answer to this question is not in the log, which only LenientLog allows."""
        return False


#: What became of the last post of a kind, of a question.
_LAST_OUTCOME = """
    select json_extract(body, '$.outcome') from records where subject = {} and kind = 'delivery'
    and json_extract(body, '$.kind') = {} order by seq desc limit 1
"""


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


# Reading them back


def _entries(db: Database, where: str, params: Sequence[Any]) -> list[Entry]:
    """Raises LogUnavailable at a record that is not of the form that records have."""
    rows = list(
        db.query(f"select seq, at, kind, subject, body, hash from records where {where}", params)
    )
    texts: dict[int, dict[str, tuple[Any, Any]]] = {}
    seqs = [row["seq"] for row in rows]
    for row in db.query(
        f"select record, name, salt, text from texts where record in ({_marks(seqs)})", seqs
    ):
        texts.setdefault(row["record"], {})[row["name"]] = (row["salt"], row["text"])
    found = []
    for row in rows:
        there = texts.get(row["seq"], {})
        try:
            found.append(_entry(row, there))
        except NOT_OF_THE_FORM as error:
            raise _damaged(row["seq"]) from error
    return found


def _damaged(seq: int) -> LogUnavailable:
    return LogUnavailable(
        f"Record {seq} of the query log is not of the form that records have: the file is damaged, "
        "or was altered. `codedesk log verify` says more."
    )


def _entry(row: dict[str, Any], there: Mapping[str, tuple[Any, Any]]) -> Entry:
    """A record with its texts. Nobody is to take an altered text for what was typed."""
    body = json.loads(row.pop("body"))
    told: dict[str, str | None] = {}
    altered = []
    for name, promised in body.get("texts", {}).items():
        salt, told[name] = there.get(name, (None, None))
        if name in there and not hash_chain.is_committed(salt, told[name], promised):
            told[name] = message("log.altered_text")
            altered.append(name)
    return Entry(**row, body=body, texts=told, altered=tuple(altered))


def _unfinished(
    db: Database, surfaces: Sequence[Surface], finished: str, also: str | None = None
) -> list[str]:
    """Ids of questions without a record for which `finished` is true, and with one for which `also`
    is, oldest first."""
    with_also = f"and subject in (select subject from records where {also})" if also else ""
    return [
        row["subject"]
        for row in db.query(
            f"""
            select subject from records as q where kind = 'question'
            and not exists (select 1 from records where subject = q.subject and {finished})
            and json_extract(body, '$.surface') in ({_marks(surfaces)}) {with_also} order by seq
            """,
            list(surfaces),
        )
    ]


def _pending(db: Database, ids: list[str]) -> list[Pending]:
    found = _entries(db, f"kind = 'question' and subject in ({_marks(ids)})", ids)
    return [
        Pending(
            entry.subject or "",
            dt.datetime.fromisoformat(entry.at),
            QuestionRecord(
                text=entry.texts["text"] or "",
                removed=tuple(entry.body.get("removed", ())),
                **{name: entry.body.get(name) for name in ASKED},  # type: ignore[arg-type]
            ),
        )
        for entry in sorted(found, key=lambda entry: entry.seq)
        if entry.texts["text"] is not None
    ]


def _assembled(db: Database, ids: list[str]) -> list[Record]:
    """The questions with these ids, in this order, with all that was recorded of each."""
    entries: dict[str, dict[str, list[Entry]]] = {identity: {} for identity in ids}
    for at in range(0, len(ids), 500):
        some = ids[at : at + 500]
        for entry in _entries(db, f"subject in ({_marks(some)}) order by seq", some):
            entries[entry.subject or ""].setdefault(entry.kind, []).append(entry)
    return [_record(identity, entries[identity]) for identity in ids]


def _record(identity: str, entries: dict[str, list[Entry]]) -> Record:
    try:
        return record_of(identity, entries)
    except NOT_OF_THE_FORM as error:
        raise _damaged(entries["question"][0].seq if "question" in entries else 0) from error


def _version_1_answer(stored: dict[str, Any], today: str) -> dict[str, Any]:
    """An answer as version 1 stored it, in words alone, with others in place of its date of
    service unless that is the day on which it was given."""
    if stored["as_of"] in ("", today):
        return stored
    words = json.dumps(message("desk.date_of_service"))[1:-1]
    return json.loads(json.dumps(stored).replace(stored["as_of"], words)) | {"as_of": ""}
