"""log.db, written with sqlite-utils in WAL mode; see the package for its invariants."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database

from bot.answer import Answer

Surface = Literal["cli", "terminal", "mention", "dm", "slash"]
#: delivered: accepted by Slack (or printed). failed: refused, with the reason. unknown: it may or
#: may not have arrived, and is not repeated. abandoned: not answered in time to be of use.
Outcome = Literal["delivered", "failed", "unknown", "abandoned"]

SCHEMA_VERSION = 1

_SCHEMA = """
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
"""


class LogUnavailable(Exception):
    """The log cannot be written, so nothing may be answered; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it arrived. `event_id` is the surface's own name for the event that carried
    it, `message_key` names the message (team/channel/ts), so that one message that arrives as two
    events is one question. `thread` is where the answer belongs."""

    text: str
    surface: Surface
    user: str | None = None
    team: str | None = None
    channel: str | None = None
    thread: str | None = None
    event_id: str | None = None
    message_key: str | None = None
    options: dict[str, Any] | None = None
    #: Kinds of identifiers that were taken out of the text.
    removed: tuple[str, ...] = ()
    #: The editions (release key -> label) that the date of service in the question led to.
    releases: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A question without an answer: what a crash left behind."""

    id: str
    asked_at: dt.datetime
    asked: Asked


@dataclass(frozen=True, slots=True)
class Record:
    """Everything stored of one question."""

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

    @property
    def delivery(self) -> str:
        """How far the answer got, in a word; what was shown or shared later is another matter."""
        outcomes = [d["outcome"] for d in self.deliveries if d["kind"] == "answer"]
        if outcomes:
            return outcomes[-1]
        return "unanswered" if self.answered_at is None else "undelivered"


class QueryLog:
    """One connection to log.db behind a lock; share it between threads, open one a process."""

    def __init__(self, path: Path) -> None:
        """Raises LogUnavailable when the file cannot be opened for writing."""
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(path, timeout=10, check_same_thread=False)
            self._db = Database(connection)
            self._db.enable_wal()
            # A commit is on the disk, not in a cache, before anyone is told of it.
            self._db.execute("pragma synchronous = full")
            self._db.execute("pragma foreign_keys = on")
            self._migrate()
        except (OSError, sqlite3.Error) as error:
            raise LogUnavailable(
                f"The query log at {path} cannot be written ({error}), and Code Desk does not "
                "answer unlogged. Free the disk or mend the permissions, then start again."
            ) from error

    def close(self) -> None:
        self._db.close()

    def _migrate(self) -> None:
        version = self._db.execute("pragma user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise LogUnavailable(
                f"The query log at {self.path} was written by a newer Code Desk. Update this one."
            )
        if version < 1:
            with self._db.atomic():
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._db.execute(
                        statement.replace("create table", "create table if not exists").replace(
                            "create index", "create index if not exists"
                        )
                    )
            self._db.execute(f"pragma user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _writing(self) -> Iterator[Database]:
        try:
            with self._lock, self._db.atomic():
                yield self._db
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise LogUnavailable(
                f"The query log at {self.path} cannot be written ({error}). Code Desk does not "
                "answer unlogged; ask again when that is mended."
            ) from error

    # Writing

    def ask(self, asked: Asked) -> str | None:
        """Commit a question; its id, or None when this event or message is already there."""
        return self.ask_many([asked])[0]

    def ask_many(self, questions: Sequence[Asked]) -> list[str | None]:
        """Commit several questions at once; see `ask`."""
        ids: list[str | None] = []
        with self._writing() as db:
            for asked in questions:
                identity = uuid.uuid4().hex[:12]
                inserted = db.execute(
                    """
                    insert or ignore into questions (id, asked_at, surface, team, user, channel,
                        thread, event_id, message_key, text, options)
                    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                    [
                        identity,
                        _now(),
                        asked.surface,
                        asked.team,
                        asked.user,
                        asked.channel,
                        asked.thread,
                        asked.event_id,
                        asked.message_key,
                        asked.text,
                        json.dumps(asked.options or {}, sort_keys=True),
                    ],
                ).rowcount
                ids.append(identity if inserted else None)
        return ids

    def answered(
        self, question: str, answer: Answer, *, index_build: str | None, latency_ms: float
    ) -> None:
        """Commit an answer, before it is sent."""
        self.answered_many([(question, answer, latency_ms)], index_build=index_build)

    def answered_many(
        self, answers: Sequence[tuple[str, Answer, float]], *, index_build: str | None
    ) -> None:
        with self._writing() as db:
            for question, answer, latency_ms in answers:
                db.table("answers").insert(
                    {
                        "question": question,
                        "answered_at": _now(),
                        "outcome": answer.outcome,
                        "as_of": answer.as_of,
                        "codes": json.dumps(_codes(answer)),
                        "releases": json.dumps(answer.releases, sort_keys=True),
                        "index_build": index_build,
                        "latency_ms": round(latency_ms, 2),
                        "answer": json.dumps(answer.as_logged(), ensure_ascii=False),
                    }
                )

    def delivered(
        self, question: str, outcome: Outcome, detail: str = "", kind: str = "answer"
    ) -> None:
        """Commit what became of a post: of the answer itself, or of a later `more` or `share`."""
        self.delivered_many([question], outcome, detail, kind)

    def delivered_many(
        self, questions: Sequence[str], outcome: Outcome, detail: str = "", kind: str = "answer"
    ) -> None:
        with self._writing() as db:
            db.table("deliveries").insert_all(
                {
                    "question": question,
                    "at": _now(),
                    "kind": kind,
                    "outcome": outcome,
                    "detail": detail,
                }
                for question in questions
            )

    # Reading

    def unanswered(self, surfaces: Sequence[Surface]) -> list[Pending]:
        """Questions with neither an answer nor a delivery, oldest first."""
        with self._lock:
            rows = list(
                self._db.query(
                    f"""
                    select * from questions where surface in ({", ".join("?" * len(surfaces))})
                    and id not in (select question from answers)
                    and id not in (select question from deliveries) order by asked_at
                    """,
                    list(surfaces),
                )
            )
        return [
            Pending(
                row["id"],
                dt.datetime.fromisoformat(row["asked_at"]),
                Asked(
                    row["text"],
                    row["surface"],
                    row["user"],
                    row["team"],
                    row["channel"],
                    row["thread"],
                    row["event_id"],
                    row["message_key"],
                    json.loads(row["options"]),
                ),
            )
            for row in rows
        ]

    def undelivered(self, surfaces: Sequence[Surface]) -> list[str]:
        """Ids of answered questions of which it is not known whether the answer arrived."""
        with self._lock:
            return [
                row["id"]
                for row in self._db.query(
                    f"""
                    select id from questions join answers on question = id
                    where surface in ({", ".join("?" * len(surfaces))})
                    and id not in (select question from deliveries where kind = 'answer')
                    order by asked_at
                    """,
                    list(surfaces),
                )
            ]

    def recent(self, limit: int = 20) -> list[Record]:
        """The last questions, newest first."""
        return self._records("1 order by asked_at desc, questions.rowid desc limit ?", [limit])

    def get(self, identity: str) -> Record | None:
        """The question with this id, or whose id begins so when only one does."""
        found = self._records("id >= ? and id < ? limit 2", [identity, identity + "~"])
        return found[0] if len(found) == 1 else None

    def _records(self, where: str, params: list[Any]) -> list[Record]:
        with self._lock:
            rows = list(
                self._db.query(
                    f"select * from questions left join answers on question = id where {where}",
                    params,
                )
            )
            deliveries: dict[str, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
            for row in self._db.query(
                f"""
                select question, at, kind, outcome, detail from deliveries
                where question in ({", ".join("?" * len(rows))}) order by id
                """,
                [row["id"] for row in rows],
            ):
                deliveries[row.pop("question")].append(row)
        return [
            Record(
                id=row["id"],
                asked_at=row["asked_at"],
                surface=row["surface"],
                team=row["team"],
                user=row["user"],
                channel=row["channel"],
                thread=row["thread"],
                text=row["text"],
                answered_at=row["answered_at"],
                outcome=row["outcome"],
                as_of=row["as_of"],
                codes=json.loads(row["codes"] or "[]"),
                releases=json.loads(row["releases"] or "{}"),
                index_build=row["index_build"],
                latency_ms=row["latency_ms"],
                answer=json.loads(row["answer"]) if row["answer"] else None,
                deliveries=deliveries[row["id"]],
            )
            for row in rows
        ]


def _codes(answer: Answer) -> list[dict[str, Any]]:
    """The codes of an answer with what was said of each, for searching the log by."""
    found: list[dict[str, Any]] = [
        {"code": c.code, "system": c.system, "score": c.score, "confidence": c.confidence}
        for c in answer.candidates
    ]
    found += [{"code": v.code, "system": v.system, "status": v.status} for v in answer.verdicts]
    return found


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
