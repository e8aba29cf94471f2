"""For the tests of the query log: a log with records, and ways to tamper with it."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from slack_support import diabetes

from bot.database import Connection
from bot.database.postgres import PostgresConnection
from bot.database.sqlite import SqliteDatabase
from bot.querylog import QueryLog, QuestionRecord, hash_chain
from bot.querylog.verify import Verification, verify

SECRET = "Jane Q. Example, MRN 4471290"
#: What the scrubber leaves, as docs/PHI.md says: what is typed beside a question goes through it.
MISSED = "the mayor's wife, who keeps zebras"


def raw(log: QueryLog) -> sqlite3.Connection:
    """The connection of a log in SQLite to its file."""
    assert isinstance(log.database, SqliteDatabase)
    with log.database.reading() as db:
        return db.raw


def rows(log: QueryLog, sql: str) -> list[Any]:
    """What a statement reads from a log of either kind."""
    with log.reading() as db:
        return db.execute(sql).fetchall()


class Clock:
    """A clock that is set by hand."""

    def __init__(self, year: int = 2026, month: int = 11) -> None:
        self.now = dt.datetime(year, month, 15, 12, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def set(self, year: int, month: int = 1, day: int = 15) -> None:
        self.now = dt.datetime(year, month, day, 12, tzinfo=dt.UTC)


def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data directory for one test, without settings of this machine."""
    for name in list(os.environ):
        if name.startswith(("SLACK_", "CODEDESK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def converse(log: QueryLog, count: int = 1, text: str = "t2dm with ckd") -> list[str]:
    """Ask, answer and deliver: three records each."""
    ids = []
    for _ in range(count):
        question = log.ask(QuestionRecord(text, "mention", "U1", "T1", "C1", "1.2"))
        assert question is not None
        log.answered(question, diabetes(text), index_build="build-1", latency_ms=5.0)
        log.delivered(question, "delivered", "1700000000.000200")
        ids.append(question)
    return ids


def check(where: Path | str, **how: Any) -> Verification:
    return verify(where, **how)


def copy(path: Path, to: Path) -> Path:
    """A whole copy of a log, as a backup makes it."""
    source, target = sqlite3.connect(path), sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()
    return to


def put_in_place(other: Path, path: Path) -> None:
    """Replace a log by another file."""
    for end in ("-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    shutil.copy(other, path)


class Attacker(Protocol):
    """A connection to the database of a log, of either kind; `?` stands for a parameter."""

    def execute(self, sql: str, params: Sequence[Any] = ...) -> Any: ...


@contextmanager
def attacked(where: Path | str) -> Iterator[Any]:
    """The database as an adversary opens it: without its triggers, which are restored at the end,
    as a clever adversary would."""
    if isinstance(where, str):
        with in_postgres(where) as db:
            for table in ("records", "texts"):
                db.execute(f"alter table {table} disable trigger all")
            try:
                yield db
            finally:
                for table in ("records", "texts"):
                    db.execute(f"alter table {table} enable trigger all")
        return
    db = sqlite3.connect(where, isolation_level=None)
    triggers = db.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"drop trigger {name}")
    try:
        yield db
    finally:
        for _, statement in triggers:
            db.execute(statement)
        db.close()


@contextmanager
def in_postgres(url: str) -> Iterator[Connection]:
    """The database of a log, as its owner opens it with any tool."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as raw:
        raw.execute("set search_path = codedesk")
        yield PostgresConnection(raw, "codedesk")


def rehash(db: Attacker, start: int = 1) -> None:
    """Hash all records again from one on, as anyone with this program can."""
    log, created = db.execute("select id, created from log").fetchone()
    before = db.execute("select hash from records where seq = ?", [start - 1]).fetchone()
    previous = before[0] if before else hash_chain.genesis_hash(log, created)
    rows = db.execute(
        "select seq, at, kind, subject, body from records where seq >= ? order by seq", [start]
    ).fetchall()
    for seq, *held in rows:
        hashed = hash_chain.record_hash(seq, *held, previous)
        db.execute(
            "update records set previous = ?, hash = ? where seq = ?", [previous, hashed, seq]
        )
        previous = hashed


def body(db: Attacker, seq: int) -> dict[str, Any]:
    return json.loads(db.execute("select body from records where seq = ?", [seq]).fetchone()[0])


def set_body(db: Attacker, seq: int, told: dict[str, Any]) -> None:
    db.execute("update records set body = ? where seq = ?", [hash_chain.canonical(told), seq])
