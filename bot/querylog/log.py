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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database

from bot.answer import Answer
from bot.querylog import chain, schema
from bot.querylog.chain import LogKey, LogUnavailable
from bot.words import say

Surface = Literal["cli", "terminal", "mention", "dm", "slash"]
#: delivered: accepted by Slack (or printed). failed: refused, with the reason. unknown: it may or
#: may not have arrived, and is not repeated. abandoned: not answered in time to be of use.
Outcome = Literal["delivered", "failed", "unknown", "abandoned"]
#: What an auditor or a program did with the log.
Access = Literal["view", "search", "export", "report", "replay", "sign-in", "refusal"]
#: "used": the asker used another code than those shown; it is in `code`.
FeedbackVerdict = Literal["right", "wrong", "used"]


class NoSuchQuestion(Exception):
    """The log has no question with that id (any more); the message says so."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it arrived. `event_id` is the surface's own name for the event that carried
    it, `message_key` names the message (team/channel/ts), so that one message that arrives as two
    events is one question. `thread` is where the answer belongs.

    `text` is without the identifiers that the scrubber found, whose kinds are in `removed`.
    `releases` are the editions that its date of service resolved to (key -> label); the date is
    not stored, and a `day` among the options is left out.
    """

    text: str
    surface: Surface
    user: str | None = None
    team: str | None = None
    channel: str | None = None
    thread: str | None = None
    event_id: str | None = None
    message_key: str | None = None
    options: dict[str, Any] | None = None
    removed: tuple[str, ...] = ()
    releases: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A question without an answer: what a crash left behind."""

    id: str
    asked_at: dt.datetime
    asked: Asked


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the chain, with the texts that are still there (None: destroyed)."""

    seq: int
    at: str
    kind: str
    subject: str | None
    body: dict[str, Any]
    texts: dict[str, str | None]
    hash: str

    def told(self) -> dict[str, Any]:
        """Time, body and texts in one, without the commitments."""
        body = {name: value for name, value in self.body.items() if name != "texts"}
        return {"seq": self.seq, "at": self.at, **body, **self.texts}


@dataclass(frozen=True, slots=True)
class Record:
    """Everything stored of one question. `text` is empty once it is redacted; `codes` are those of
    the answer with what was said of each; `made_with` is what the answer was made with. `feedback`,
    `corrections` and `redactions` are `Entry.told` of each, in order."""

    id: str
    asked_at: str
    surface: str
    team: str | None
    user: str | None
    channel: str | None
    thread: str | None
    text: str
    answered_at: str | None
    outcome: str | None
    as_of: str | None
    codes: list[dict[str, Any]]
    releases: dict[str, str]
    index_build: str | None
    latency_ms: float | None
    answer: dict[str, Any] | None
    deliveries: list[dict[str, Any]]
    seq: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    made_with: dict[str, Any] = field(default_factory=dict)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    corrections: list[dict[str, Any]] = field(default_factory=list)
    redactions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def delivery(self) -> str:
        """How far the answer got, in a word; what was shown or shared later is another matter."""
        outcomes = [d["outcome"] for d in self.deliveries if d["kind"] == "answer"]
        if outcomes:
            return outcomes[-1]
        return "unanswered" if self.answered_at is None else "undelivered"


class Tail:
    """The end of the chain inside one transaction, which holds the only right to write."""

    def __init__(self, db: sqlite3.Connection, now: str, key: LogKey | None) -> None:
        self.db, self.now, self._key = db, now, key
        log, created = db.execute("select id, created from log").fetchone()
        last = db.execute("select seq, hash, seal from records order by seq desc limit 1")
        self.seq: int
        self.hash: str
        self.seq, self.hash, seal = last.fetchone() or (0, chain.genesis_hash(log, created), None)
        self._check_seal(log, seal)

    def _check_seal(self, log: str, seal: str | None) -> None:
        """Nothing is added to a sealed log without its key, nor to one that the key denies."""
        if self._key is None:
            if seal is not None:
                raise LogUnavailable(
                    "The query log is sealed with a key, and none is set. Set "
                    "CODEDESK_LOG_KEY_FILE to the file that `codedesk log keys` made."
                )
            return
        if self._key.log != log:
            raise LogUnavailable(
                "The log's key is that of another log. Set CODEDESK_LOG_KEY_FILE to this log's key."
            )
        first = self._key.sealed_from
        sealed = self.seq < first or seal == self._key.seal(self.hash)
        if self.seq < first - 1 or not sealed:
            raise LogUnavailable(
                f"The last record of the query log ({self.seq}) is not one that its key sealed: "
                "it was changed, or is an older copy. Nothing is added to it. Run `codedesk log "
                "verify`, and put back the right file."
            )

    def append(
        self,
        kind: str,
        subject: str | None,
        body: Mapping[str, Any],
        texts: Mapping[str, str] | None = None,
        at: str | None = None,
    ) -> int:
        """Chain a record; its number. What is None in the body is left out."""
        seq, at = self.seq + 1, at or self.now
        salted = [(n, chain.new_salt(), chain.plain(t)) for n, t in (texts or {}).items()]
        told = {name: value for name, value in body.items() if value is not None}
        if salted:
            told["texts"] = {name: chain.commitment(salt, text) for name, salt, text in salted}
        written = chain.plain(chain.canonical(told))
        hashed = chain.record_hash(seq, at, kind, subject, written, self.hash)
        seal = self._key.seal(hashed) if self._key else None
        self.db.execute(
            "insert into records (seq, at, kind, subject, body, previous, hash, seal) "
            "values (?, ?, ?, ?, ?, ?, ?, ?)",
            [seq, at, kind, subject, written, self.hash, hashed, seal],
        )
        for name, salt, text in salted:
            self.db.execute(
                "insert into texts (record, name, salt, text) values (?, ?, ?, ?)",
                [seq, name, salt, text],
            )
        self.seq, self.hash = seq, hashed
        return seq

    def seal_from_here(self, key: LogKey) -> None:
        self._key = key

    def has_question(self, identity: str) -> bool:
        found = self.db.execute(
            "select 1 from records where kind = 'question' and subject = ?", [identity]
        )
        return found.fetchone() is not None

    def expect_question(self, identity: str) -> None:
        """Raises NoSuchQuestion."""
        if not self.has_question(identity):
            raise NoSuchQuestion(f"No question in the log has the id {identity}.")

    def knows(self, asked: Asked) -> bool:
        """Whether this event, or this message, is a question already."""
        return any(
            value is not None
            and self.db.execute(
                "select 1 from records where kind = 'question' "
                f"and json_extract(body, '$.{name}') = ?",
                [value],
            ).fetchone()
            for name, value in (("event_id", asked.event_id), ("message_key", asked.message_key))
        )


class QueryLog:
    """One connection to log.db behind a lock; share it between threads, open one a process."""

    def __init__(
        self,
        path: Path,
        *,
        key: LogKey | None = None,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        """Raises LogUnavailable when the file cannot be opened for writing."""
        self.path = path
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()
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
        except (OSError, sqlite3.Error) as error:
            raise LogUnavailable(
                f"The query log at {self.path} cannot be written ({error}), and Code Desk does not "
                "answer unlogged. Free the disk or mend the permissions, then start again."
            ) from error

    def close(self) -> None:
        self._db.close()

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
        tail = Tail(db, self._now(), self._key)
        mark: dict[str, Any] = {"imported": 1}
        for kind, row in schema.version_1_rows(db):
            if kind == "question":
                asked = Asked(**{name: row[name] for name in _ASKED_1})
                body, texts = _question(asked)
                tail.append(kind, row["id"], body | mark, texts, row["asked_at"])
            elif kind == "answer":
                body, texts = _answer_of(
                    row["answer"], row["codes"], row["releases"], row["answered_at"][:10]
                )
                body |= {"index_build": row["index_build"], "latency_ms": row["latency_ms"]}
                tail.append(kind, row["question"], body | mark, texts, row["answered_at"])
            else:
                body, texts = _delivery(row["kind"], row["outcome"], row["detail"] or "")
                tail.append(kind, row["question"], body | mark, texts, row["at"])
        schema.drop_version_1(db)

    # Transactions

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
    def writing(self) -> Iterator[Tail]:
        """The end of the chain, to append to; committed at the end. Raises LogUnavailable."""
        try:
            with self._lock, self._immediate():
                yield Tail(self._db.conn, self._now(), self._key)
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise LogUnavailable(
                f"The query log at {self.path} cannot be written ({error}). Code Desk does not "
                "answer unlogged; ask again when that is mended."
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Database]:
        try:
            with self._lock:
                yield self._db
        except sqlite3.Error as error:
            raise LogUnavailable(
                f"The query log at {self.path} cannot be read ({error}). Mend that and try again."
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

    def append(
        self,
        kind: str,
        subject: str | None,
        body: Mapping[str, Any],
        texts: Mapping[str, str] | None = None,
    ) -> int:
        """Commit a record of any kind; its number. What people typed belongs in `texts`."""
        with self.writing() as tail:
            return tail.append(kind, subject, body, texts)

    def ask(self, asked: Asked) -> str | None:
        """Commit a question; its id, or None when this event or message is already there."""
        return self.ask_many([asked])[0]

    def ask_many(self, questions: Sequence[Asked]) -> list[str | None]:
        """Commit several questions at once; see `ask`."""
        ids: list[str | None] = []
        with self.writing() as tail:
            for asked in questions:
                if tail.knows(asked):
                    ids.append(None)
                    continue
                identity = uuid.uuid4().hex[:12]
                while tail.has_question(identity):
                    identity = uuid.uuid4().hex[:12]
                tail.append("question", identity, *_question(asked))
                ids.append(identity)
        return ids

    def answered(
        self,
        question: str,
        answer: Answer,
        *,
        index_build: str | None,
        latency_ms: float,
        made_with: Mapping[str, Any] | None = None,
    ) -> None:
        """Commit an answer, before it is sent. `made_with` is what else is needed to make the same
        answer again."""
        self.answered_many(
            [(question, answer, latency_ms)], index_build=index_build, made_with=made_with
        )

    def answered_many(
        self,
        answers: Sequence[tuple[str, Answer, float]],
        *,
        index_build: str | None,
        made_with: Mapping[str, Any] | None = None,
    ) -> None:
        today = dt.date.today().isoformat()
        with self.writing() as tail:
            for question, answer, latency_ms in answers:
                tail.expect_question(question)
                body, texts = _answer_of(answer.as_logged(), _codes(answer), answer.releases, today)
                body |= {
                    "index_build": index_build,
                    "latency_ms": round(latency_ms, 2),
                    "made_with": dict(made_with) if made_with else None,
                }
                tail.append("answer", question, body, texts)

    def delivered(
        self, question: str, outcome: Outcome, detail: str = "", kind: str = "answer"
    ) -> None:
        """Commit what became of a post: of the answer itself, or of a later `more` or `share`."""
        self.delivered_many([question], outcome, detail, kind)

    def delivered_many(
        self, questions: Sequence[str], outcome: Outcome, detail: str = "", kind: str = "answer"
    ) -> None:
        with self.writing() as tail:
            for question in questions:
                tail.expect_question(question)
                tail.append("delivery", question, *_delivery(kind, outcome, detail))

    def feedback(
        self,
        question: str,
        verdict: FeedbackVerdict,
        code: str | None = None,
        note: str = "",
        by: str | None = None,
    ) -> int:
        """Commit what someone says of an answer; `code` is the one that they used."""
        with self.writing() as tail:
            tail.expect_question(question)
            body = {"verdict": verdict, "code": code, "by": by}
            return tail.append("feedback", question, body, {"note": note} if note else None)

    def correction(
        self, question: str, phrase: str, code: str, system: str, by: str, **more: Any
    ) -> int:
        """Commit that `by` approved `phrase` as words for a code, for the next index build."""
        with self.writing() as tail:
            tail.expect_question(question)
            body = {"code": code, "system": system, "by": by, **more}
            return tail.append("correction", question, body, {"phrase": phrase})

    def access(self, what: Access, by: str, detail: str = "", question: str | None = None) -> int:
        """Commit what someone did with the log, before they see anything of it."""
        with self.writing() as tail:
            texts = {"detail": detail} if detail else None
            return tail.append("access", question, {"what": what, "by": by}, texts)

    def configured(self, values: Mapping[str, Any]) -> None:
        """Commit the settings that matter to an auditor, when they are not what they were."""
        with self.writing() as tail:
            last = tail.db.execute(
                "select body from records where kind = 'config' order by seq desc limit 1"
            ).fetchone()
            if last is None or json.loads(last[0]) != dict(values):
                tail.append("config", None, values)

    def start_sealing(self, path: Path) -> LogKey:
        """Make a key in a new file, and seal every record from the next one on. Raises OSError,
        and LogUnavailable when the log is sealed already."""
        if self._key is not None:
            raise LogUnavailable("The query log is sealed with a key already.")
        saved = False
        try:
            with self.writing() as tail:
                log = tail.db.execute("select id from log").fetchone()[0]
                key = LogKey(secrets.token_bytes(32), log, tail.seq + 1)
                key.save(path)
                saved = True
                tail.seal_from_here(key)
                fingerprint = "sha256:" + hashlib.sha256(key.secret).hexdigest()
                tail.append("key", None, {"sealed_from": key.sealed_from, "key": fingerprint})
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
            found = _entries(db, f"kind = 'question' and subject in ({_marks(ids)})", ids)
        return [
            Pending(
                entry.subject or "",
                dt.datetime.fromisoformat(entry.at),
                Asked(
                    text=entry.texts["text"] or "",
                    removed=tuple(entry.body.get("removed", ())),
                    **{name: entry.body.get(name) for name in _ASKED},  # type: ignore[arg-type]
                ),
            )
            for entry in sorted(found, key=lambda entry: entry.seq)
            if entry.texts["text"] is not None
        ]

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

    def is_unlogged(self, question: str) -> bool:
        """Whether the answer to this question is not in the log, which only LenientLog allows."""
        return False


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


# What a record of each kind holds

_ASKED_1 = (
    "text", "surface", "user", "team", "channel", "thread", "event_id", "message_key", "options",
)  # fmt: skip
_ASKED = (*_ASKED_1[1:], "releases")


def _question(asked: Asked) -> tuple[dict[str, Any], dict[str, str]]:
    body = {name: getattr(asked, name) for name in _ASKED} | {"removed": list(asked.removed)}
    # The date of service is stored only as the editions that it led to.
    body["options"] = {n: v for n, v in (asked.options or {}).items() if n != "day"}
    return body, {"text": asked.text}


def _answer_of(
    answer: dict[str, Any], codes: list[dict[str, Any]], releases: dict[str, str], today: str
) -> tuple[dict[str, Any], dict[str, str]]:
    stored = as_stored(answer, today)
    candidates = stored.get("candidates") or [{}]
    body = {
        "outcome": stored["outcome"],
        "as_of": stored["as_of"] or None,
        "confidence": candidates[0].get("confidence"),
        "releases": releases,
    }
    # Codes that are in no edition are whatever was typed, so they can be destroyed, too.
    return body, {"answer": chain.canonical(stored), "codes": chain.canonical(codes)}


def as_stored(answer: Mapping[str, Any], today: str) -> dict[str, Any]:
    """An answer (`Answer.as_logged`) without the question, and without its date of service unless
    that is today, the day it was asked."""
    stored = {name: value for name, value in answer.items() if name != "question"}
    day = stored["as_of"]
    if day and day != today:
        stored = _without(stored, day, say("log.date_of_service")) | {"as_of": ""}
    return stored


def _without(value: Any, day: str, words: str) -> Any:
    if isinstance(value, str):
        return value.replace(day, words)
    if isinstance(value, list | tuple):
        return [_without(one, day, words) for one in value]
    if isinstance(value, dict):
        return {name: _without(one, day, words) for name, one in value.items()}
    return value


def _codes(answer: Answer) -> list[dict[str, Any]]:
    """The codes of an answer with what was said of each, for searching the log by."""
    found: list[dict[str, Any]] = [
        {"code": c.code, "system": c.system, "score": c.score, "confidence": c.confidence}
        for c in answer.candidates
    ]
    found += [{"code": v.code, "system": v.system, "status": v.status} for v in answer.verdicts]
    return found


def _delivery(kind: str, outcome: str, detail: str) -> tuple[dict[str, Any], dict[str, str]]:
    # The message of an error may hold what was asked.
    return {"kind": kind, "outcome": outcome}, {"detail": detail} if detail else {}


# Reading them back


def _entries(db: Database, where: str, params: Sequence[Any]) -> list[Entry]:
    rows = list(
        db.query(f"select seq, at, kind, subject, body, hash from records where {where}", params)
    )
    texts: dict[int, dict[str, str]] = {}
    seqs = [row["seq"] for row in rows]
    for row in db.query(
        f"select record, name, text from texts where record in ({_marks(seqs)})", seqs
    ):
        texts.setdefault(row["record"], {})[row["name"]] = row["text"]
    found = []
    for row in rows:
        body = json.loads(row.pop("body"))
        there = texts.get(row["seq"], {})
        found.append(
            Entry(**row, body=body, texts={n: there.get(n) for n in body.get("texts", ())})
        )
    return found


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


def _assembled(db: Database, ids: list[str]) -> list[Record]:
    """The questions with these ids, in this order, with all that was recorded of each."""
    entries: dict[str, dict[str, list[Entry]]] = {identity: {} for identity in ids}
    for at in range(0, len(ids), 500):
        some = ids[at : at + 500]
        for entry in _entries(db, f"subject in ({_marks(some)}) order by seq", some):
            entries[entry.subject or ""].setdefault(entry.kind, []).append(entry)
    return [_record(identity, entries[identity]) for identity in ids]


def _record(identity: str, of: dict[str, list[Entry]]) -> Record:
    (question,) = of["question"]
    asked, text = question.body, question.texts["text"] or ""
    answers = of.get("answer")
    body, texts = (answers[0].body, answers[0].texts) if answers else ({}, {})
    answer = json.loads(texts.get("answer") or "null")
    told = {kind: [entry.told() for entry in entries] for kind, entries in of.items()}
    return Record(
        id=identity,
        asked_at=question.at,
        surface=asked["surface"],
        team=asked.get("team"),
        user=asked.get("user"),
        channel=asked.get("channel"),
        thread=asked.get("thread"),
        text=text,
        answered_at=answers[0].at if answers else None,
        outcome=body.get("outcome"),
        as_of=body.get("as_of"),
        codes=json.loads(texts.get("codes") or "[]"),
        releases=body.get("releases") or asked.get("releases") or {},
        index_build=body.get("index_build"),
        latency_ms=body.get("latency_ms"),
        answer=answer | {"question": text} if answer else None,
        deliveries=[
            {
                "at": entry.at,
                "kind": entry.body["kind"],
                "outcome": entry.body["outcome"],
                "detail": entry.texts.get("detail") or "",
            }
            for entry in of.get("delivery", ())
        ],
        seq=question.seq,
        options=asked.get("options") or {},
        removed=asked.get("removed") or [],
        made_with=body.get("made_with") or {},
        feedback=told.get("feedback", []),
        corrections=told.get("correction", []),
        redactions=told.get("redaction", []),
    )
