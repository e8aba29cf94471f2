"""The query log in SQLite or PostgreSQL, written by any number of threads and processes.

The invariants are in the docstring of the package; `hash_chain` says what a hash proves.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bot.database import (
    Connection,
    Database,
    DatabaseError,
    DuplicateError,
    name_of,
    open_database,
)
from bot.desk.answer import Answer
from bot.messages import message
from bot.phi import Scrubber, scrub_head
from bot.querylog import file_check, hash_chain, schema, version_1
from bot.querylog.append import ChainAppender, is_not_kept
from bot.querylog.group_commit import GroupCommit
from bot.querylog.hash_chain import NOT_OF_THE_FORM, LogKey, LogUnavailable
from bot.querylog.records import (
    QUESTION_FIELDS,
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
from bot.querylog.schema_check import SchemaCheck
from codesets.disk import is_full

R = TypeVar("R")


class QueryLog:
    """The log in one database; share it between threads, open one a process."""

    def __init__(
        self,
        where: Path | str,
        *,
        key: LogKey | None = None,
        scrubber: Scrubber | None = None,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        system_user: Mapping[str, Any] | None = None,
        checkpoints: Path | None = None,
    ) -> None:
        """`where`: the path of an SQLite file, or the address of a PostgreSQL database. Raises
        LogUnavailable when it cannot be opened for writing. A `scrubber` with the words of an index
        tells medicine from names better than the default one. `system_user`
        (`bot.system_user`): who runs this process, where everything that is asked and done through
        it is theirs; it is stored with each record that names a person. `checkpoints`: the file
        of those of this log; a log that has some is not begun anew."""
        self.where = where
        #: As people are told: without a password.
        self.name = name_of(where)
        self._key = key
        self._scrubber = scrubber or Scrubber()
        self._clock = clock
        self._system_user = system_user
        self._checkpoints = checkpoints
        self._group = GroupCommit(lambda ahead=None: self.writing(ahead))
        self._open()

    def _open(self) -> None:
        try:
            if isinstance(self.where, Path):
                file_check.expect_usable(self.where, self._key, self._checkpoints)
            self._database = open_database(self.where)
            self._check = SchemaCheck(self.name)
            self._migrate()
            with self._database.reading() as db:
                self._check(db)
        except (OSError, DatabaseError) as error:
            todo = (
                "Free the disk or mend the permissions, then start again."
                if isinstance(self.where, Path)
                else "Start the database, or set CODEDESK_DATABASE_URL to where it is, then start "
                "again."
            )
            if isinstance(error, DatabaseError) and not error.passing:
                todo = (
                    "Run `codedesk log verify`; then move the damaged log away, and put back a "
                    "backup (`codedesk backup restore`)."
                )
            raise LogUnavailable(
                f"The query log at {self.name} cannot be written ({self._why(error)}), and Code "
                f"Desk does not answer unlogged. {todo}"
            ) from error

    def _why(self, error: Exception) -> str:
        """SQLite calls a full disk an I/O error, too."""
        said = str(error)
        passing = isinstance(error, DatabaseError) and error.passing
        if passing and isinstance(self.where, Path) and is_full(self.where):
            said += message("log_file.full")
        return said

    def close(self) -> None:
        self._database.close()

    @property
    def path(self) -> Path:
        """The file of a log in SQLite."""
        assert isinstance(self.where, Path), "a log in PostgreSQL has no file"
        return self.where

    @property
    def database(self) -> Database:
        """Where it is; for what is about the database itself, such as cleaning it."""
        return self._database

    @property
    def key(self) -> LogKey | None:
        """The key that seals records, if there is one."""
        return self._key

    @property
    def id(self) -> str:
        """The id of this log, as checkpoints and its key have it."""
        with self.reading() as db:
            return db.execute("select id from log").fetchone()[0]

    # Migrations: from each version to the next, all in one transaction.

    def _migrate(self) -> None:
        with self._database.reading() as db:
            version = schema.version(db)
        if version < schema.VERSION:
            with self._database.writing() as db:
                version = schema.version(db)  # another process may have done it meanwhile
                if version == 1:
                    version_1.migrate(db, self._now(), self._key, self._scrubber)
                elif version == 0:
                    schema.create(db, secrets.token_hex(8), self._now())
        if version > schema.VERSION:
            raise LogUnavailable(
                f"The query log at {self.name} was written by a newer Code Desk. Update this one."
            )

    # Transactions

    @contextmanager
    def writing(
        self, ahead: Callable[[ChainAppender], None] | None = None
    ) -> Iterator[ChainAppender]:
        """The end of the chain, to append to. It is committed on exit, after all that was appended
        was read back. `ahead` asks for what will be needed, so that it travels with what is read
        first. Raises LogUnavailable."""
        try:
            checks: list[Callable[[], None]] = []
            with self._database.writing(
                batched=True, first=lambda db: checks.append(self._check.begun(db))
            ) as db:
                appender = ChainAppender(db, self._now(), self._key, self._system_user)
                if ahead is not None:
                    ahead(appender)
                checks[0]()
                appender.read_end(self._now)
                yield appender
                appender.expect_all_there()
        except DuplicateError:
            raise
        except DatabaseError as error:
            if is_not_kept(error):
                raise appender.not_kept() from error
            raise LogUnavailable(
                f"The query log at {self.name} cannot be written ({self._why(error)}). Code Desk "
                "does not answer unlogged; ask again when that is mended."
            ) from error

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """As it is at one moment, for reading a lot. Raises LogUnavailable."""
        with self._read_from(self._database.snapshot()) as db:
            yield db

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Raises LogUnavailable."""
        with self._read_from(self._database.reading()) as db:
            yield db

    @contextmanager
    def _read_from(self, opened: AbstractContextManager[Connection]) -> Iterator[Connection]:
        try:
            with opened as db:
                self._check(db)
                yield db
        except DatabaseError as error:
            raise LogUnavailable(
                f"The query log at {self.name} cannot be read ({self._why(error)}). Whether it is "
                "damaged, `codedesk log verify` says."
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
        """A note, a reason or the words of a search as they may be stored; of a long text the head.
        Call it before `writing`, since the scrubber may have to load a model first. Questions are
        scrubbed before they come here: the desk needs them as typed."""
        return scrub_head(self._scrubber, typed).text

    def append(
        self,
        kind: str,
        subject: str | None,
        body: Mapping[str, Any],
        texts: Mapping[str, str] | None = None,
    ) -> int:
        """Commit a record of any kind, and return its number. What people typed goes in `texts`."""
        with self.writing() as appender:
            return appender.append(kind, subject, body, texts)

    def together(self, add: Callable[[ChainAppender], R]) -> R:
        """Commit what `add` appends, with what other threads add at the time. Raises what `add`
        raises, and LogUnavailable."""
        return self._group.run(None, add)

    def ask(self, question: QuestionRecord) -> str | None:
        """Commit a question, and return its id; None when this event or message is in the log."""
        return self.ask_many([question])[0]

    def ask_many(self, questions: Sequence[QuestionRecord]) -> list[str | None]:
        """Commit several questions at once; see `ask`."""
        new_ids = [uuid.uuid4().hex[:12] for _ in questions]
        written = [question_body(question) for question in questions]

        def ahead(appender: ChainAppender) -> None:
            for question, question_id in zip(questions, new_ids, strict=True):
                appender.ask_whether_known(question, question_id)

        def add(appender: ChainAppender) -> list[str | None]:
            ids: list[str | None] = []
            for question, question_id, (body, texts) in zip(
                questions, new_ids, written, strict=True
            ):
                if appender.knows(question):
                    ids.append(None)
                    continue
                while appender.has_question(question_id):
                    question_id = uuid.uuid4().hex[:12]
                appender.append("question", question_id, body, texts)
                ids.append(question_id)
            return ids

        return self._group.run(ahead, add)

    def answered(
        self,
        question_id: str,
        answer: Answer,
        *,
        index_build: str | None,
        latency_ms: float,
        made_with: Mapping[str, Any] | None = None,
    ) -> None:
        """Commit an answer, before it is sent. `made_with` is all else that is needed to make the
        same answer again."""
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
        """Commit several answers at once; see `answered`. Raises AlreadyAnswered, and writes
        nothing, when one of the questions has an answer."""
        today = dt.date.today().isoformat()
        made: dict[str, Any] = {
            "index_build": index_build,
            "made_with": dict(made_with) if made_with else None,
        }
        # Made before the log is held: a large answer takes milliseconds, in which others write.
        written = [
            (question_id, latency, answer_body(answer, codes_of(answer), answer.releases, today))
            for question_id, answer, latency in answers
        ]

        def add(appender: ChainAppender) -> None:
            for question_id, latency, (body, texts) in written:
                appender.expect_question(question_id)
                appender.expect_unanswered(question_id)
                whole = body | made | {"latency_ms": round(latency, 2)}
                appender.append("answer", question_id, whole, texts)

        self._group.run(lambda to: to.ask_for_questions(a[0] for a in answers), add)

    def delivered(
        self, question_id: str, outcome: Outcome, detail: str = "", kind: str = "answer"
    ) -> None:
        """Commit the delivery of a post: of the answer itself, or of a later `more` or `share`."""
        self.delivered_many([question_id], outcome, detail, kind)

    def delivered_many(
        self, question_ids: Sequence[str], outcome: Outcome, detail: str = "", kind: str = "answer"
    ) -> None:
        def add(appender: ChainAppender) -> None:
            for question_id in question_ids:
                appender.expect_question(question_id)
                appender.append("delivery", question_id, *delivery_body(kind, outcome, detail))

        self._group.run(lambda to: to.ask_for_questions(question_ids), add)

    def claim(self, question_id: str, kind: str = "answer") -> bool:
        """Commit, before a post that must not be made twice, that it may have been sent: its
        outcome is `unknown` until `delivered` is called. Returns False, and writes nothing, when
        the post was made before or may have been."""
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
        """Commit feedback on an answer, and return the number of its record; `code` is the code
        that the person used. None when it repeats their last feedback, or the event is known."""
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
        """Commit that `by` approved `phrase` as words for a code, from the next index build on, and
        return the number of the record. None when the same is approved already."""
        # Never cut to a head: the phrase is short (`corrections.fit_words`), and a part of it would
        # be another phrase.
        phrase = self._scrubber.scrub(phrase).text
        with self.writing() as appender:
            appender.expect_question(question_id)
            if appender.approves(phrase, code, system):
                return None
            body = {"code": code, "system": system, "by": by, **more}
            return appender.append("correction", question_id, body, {"phrase": phrase})

    def withdrawal(self, correction: int, by: str, reason: str) -> int:
        """Commit that a correction (the number of its record) is no longer in force, and return the
        number of the new record. Raises NoSuchCorrection when it is not in force."""
        reason = self.scrubbed(reason)
        with self.writing() as appender:
            question_id = appender.expect_correction(correction)
            body = {"correction": correction, "by": by}
            return appender.append("withdrawal", question_id, body, {"reason": reason})

    def access(
        self,
        what: Access,
        by: str,
        detail: str = "",
        question_id: str | None = None,
        *,
        team: str | None = None,
    ) -> int:
        """Commit what someone does with the log, before they see anything of it. In `detail`, words
        that they typed must be `scrubbed`; days, people and files are left as they are. `team`: the
        workspace in which they do it, where there is more than one."""
        texts = {"detail": detail} if detail else None
        body = {"what": what, "by": by} | ({"team": team} if team else {})
        with self.writing() as appender:
            return appender.append("access", question_id, body, texts)

    def configured(self, values: Mapping[str, Any]) -> None:
        """Commit the settings that matter to an auditor, if they changed."""
        with self.writing() as appender:
            last = appender.db.execute(
                "select body from records where kind = 'config' order by seq desc limit 1"
            ).fetchone()
            if last is None or json.loads(last[0]) != dict(values):
                appender.append("config", None, values)

    def start_sealing(self, path: Path) -> LogKey:
        """Make a key in a new file, and seal every record from the next one on. Raises OSError when
        the file cannot be written, and LogUnavailable when the log is sealed already."""
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
        """Every record in order, from the one after number `after`; only of `kinds`, if named.
        Records that are written meanwhile are included."""
        of_kinds = f"and kind in ({_marks(kinds)})" if kinds else ""
        while True:
            with self.reading() as db:
                entries = _entries(
                    db, f"seq > ? {of_kinds} order by seq limit 500", [after, *kinds]
                )
            if not entries:
                return
            yield from entries
            after = entries[-1].seq

    def questions(self, after: int = 0) -> Iterator[Record]:
        """Every question with all its records, oldest first, from the one after record number
        `after`."""
        while True:
            batch = self.select("seq > ? order by seq limit 200", [after])
            if not batch:
                return
            yield from batch
            after = batch[-1].seq

    def select(self, where: str, params: Sequence[Any] = ()) -> list[Record]:
        """The questions for which an SQL condition on the view `questions` is true. `order by` and
        `limit` may follow the condition."""
        with self.reading() as db:
            found = db.execute(
                schema.by_own_views(f"select id from questions where {where}"), params
            )
            ids = [row[0] for row in found]
            return _assembled(db, ids)

    def entries(self, where: str, params: Sequence[Any] = ()) -> list[Entry]:
        """The records for which an SQL condition on `records` is true, with their texts. `order by`
        and `limit` may follow the condition."""
        with self.reading() as db:
            return _entries(db, where, params)

    def unanswered(self, surfaces: Sequence[Surface]) -> list[Pending]:
        """Questions with neither an answer nor a delivery, oldest first, without redacted ones."""
        with self.reading() as db:
            ids = _unfinished(db, surfaces, "kind in ('answer', 'delivery')")
            return _pending(db, ids)

    def waiting(self, surfaces: Sequence[Surface]) -> list[Pending]:
        """Questions whose answers were certainly not sent, oldest first, without redacted ones."""
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
        """Ids of answered questions whose answers may or may not have arrived."""
        with self.reading() as db:
            return _unfinished(
                db,
                surfaces,
                "kind = 'delivery' and json_extract(body, '$.kind') = 'answer'",
                "kind = 'answer'",
            )

    def recent(self, limit: int = 20) -> list[Record]:
        """The last questions, newest first."""
        return self.select("true order by seq desc limit ?", [limit])

    def get(self, question_id: str) -> Record | None:
        """The question with this id, or the only one whose id begins so; else None."""
        with self.reading() as db:
            rows = db.execute(
                f"select subject from records {db.indexed_by('one_question_an_id')} "
                "where kind = 'question' and subject >= ? and subject < ? limit 2",
                [question_id, question_id + "~"],
            ).fetchall()
            return _assembled(db, [rows[0][0]])[0] if len(rows) == 1 else None

    def is_unlogged(self, question_id: str) -> bool:
        """Whether the answer to this question is not in the log: only a FallbackLog allows that."""
        return False


#: The outcome of the last post of a kind for a question.
_LAST_OUTCOME = """
    select json_extract(body, '$.outcome') from records where subject = {} and kind = 'delivery'
    and json_extract(body, '$.kind') = {} order by seq desc limit 1
"""


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


# Reading them back


def _entries(db: Connection, where: str, params: Sequence[Any]) -> list[Entry]:
    """Raises LogUnavailable at a record that is not of the form that records have."""
    rows = list(
        db.query(f"select seq, at, kind, subject, body, hash from records where {where}", params)
    )
    if not rows:
        return []
    texts: dict[int, dict[str, tuple[Any, Any]]] = {}
    seqs = [row["seq"] for row in rows]
    for row in db.query(
        f"select record, name, salt, text from texts where record in ({_marks(seqs)})", seqs
    ):
        texts.setdefault(row["record"], {})[row["name"]] = (row["salt"], row["text"])
    entries = []
    for row in rows:
        there = texts.get(row["seq"], {})
        try:
            entries.append(_entry(row, there))
        except NOT_OF_THE_FORM as error:
            raise damaged(row["seq"]) from error
    return entries


def damaged(seq: int) -> LogUnavailable:
    """The error of a record that is not of the form that records have."""
    return LogUnavailable(
        f"Record {seq} of the query log is not of the form that records have: the file is damaged, "
        "or was altered. `codedesk log verify` says more."
    )


def _entry(row: dict[str, Any], there: Mapping[str, tuple[Any, Any]]) -> Entry:
    """A record with its texts. In place of an altered text there is a sentence which says so."""
    body = json.loads(row.pop("body"))
    texts: dict[str, str | None] = {}
    altered = []
    for name, promised in body.get("texts", {}).items():
        salt, texts[name] = there.get(name, (None, None))
        if name in there and not hash_chain.is_committed(salt, texts[name], promised):
            texts[name] = message("log.altered_text")
            altered.append(name)
    return Entry(**row, body=body, texts=texts, altered=tuple(altered))


def _unfinished(
    db: Connection, surfaces: Sequence[Surface], finished: str, also: str | None = None
) -> list[str]:
    """Ids of questions, oldest first, without any record that fits the condition `finished`, and
    with one that fits `also`."""
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


def _pending(db: Connection, ids: list[str]) -> list[Pending]:
    entries = _entries(db, f"kind = 'question' and subject in ({_marks(ids)})", ids)
    return [
        Pending(
            entry.subject or "",
            dt.datetime.fromisoformat(entry.at),
            QuestionRecord(
                text=entry.texts["text"] or "",
                removed=tuple(entry.body.get("removed", ())),
                after=entry.body.get("after"),
                workspace=entry.body.get("workspace"),
                enterprise=entry.body.get("enterprise"),
                **{name: entry.body.get(name) for name in QUESTION_FIELDS},  # type: ignore[arg-type]
            ),
        )
        for entry in sorted(entries, key=lambda entry: entry.seq)
        if entry.texts["text"] is not None
    ]


def _assembled(db: Connection, ids: list[str]) -> list[Record]:
    """The questions with these ids, in this order, with all records of each."""
    entries: dict[str, dict[str, list[Entry]]] = {question_id: {} for question_id in ids}
    for at in range(0, len(ids), 500):
        some = ids[at : at + 500]
        for entry in _entries(db, f"subject in ({_marks(some)}) order by seq", some):
            entries[entry.subject or ""].setdefault(entry.kind, []).append(entry)
    return [_record(question_id, entries[question_id]) for question_id in ids]


def _record(question_id: str, entries: dict[str, list[Entry]]) -> Record:
    try:
        return record_of(question_id, entries)
    except NOT_OF_THE_FORM as error:
        raise damaged(entries["question"][0].seq if "question" in entries else 0) from error
