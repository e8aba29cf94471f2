"""Carries a log from its SQLite file over to PostgreSQL: every record, text and id, as they are.

All in one transaction: when it is interrupted, nothing is there. No hash changes, so the chain,
seals and checkpoints hold as before. A last record says that the log was moved; the file stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bot.database import Connection, Database, DatabaseError, name_of, open_database
from bot.querylog import schema
from bot.querylog.append import ChainAppender
from bot.querylog.checkpoints import Checkpoints
from bot.querylog.hash_chain import LogKey, LogUnavailable
from bot.querylog.snapshot import snapshot
from bot.querylog.verify import Verification, verify
from bot.system_user import system_user

_BATCH = 1_000
_RECORDS = "seq, at, kind, subject, body, previous, hash, seal"
_TEXTS = "id, record, name, salt, text"


@dataclass(frozen=True, slots=True)
class Moved:
    """How many records and texts were carried over, the number of the record that says so, and the
    result of verifying the copy and of comparing it with the file."""

    records: int
    texts: int
    record: int
    verification: Verification


def move(
    path: Path,
    url: str,
    by: str,
    *,
    now: str,
    key: LogKey | None = None,
    checkpoints: Checkpoints | None = None,
) -> Moved:
    """Raises LogUnavailable when the file is altered or has what PostgreSQL cannot store, when
    there is a log already, and when the copy is not the same."""
    source = verify(path, key=key, checkpoints=checkpoints)
    if source.bad is not None:
        raise LogUnavailable(f"Nothing is moved. {source.sentences()[0]}")
    try:
        target = open_database(url)
    except DatabaseError as error:
        raise LogUnavailable(f"{name_of(url)} cannot be written ({error}).") from error
    try:
        records, texts, record = _copied(path, target, source, by, now, key)
    except DatabaseError as error:
        raise LogUnavailable(
            f"Nothing is moved: {target.name} cannot be written ({error})."
        ) from error
    finally:
        target.close()
    found = verify(url, key=key, checkpoints=checkpoints, against=path)
    if found.bad is not None:
        raise LogUnavailable(
            f"The copy in {name_of(url)} is not the same: {found.sentences()[0]} Go on with the "
            "file, and drop the schema `codedesk` there."
        )
    return Moved(records, texts, record, found)


def _copied(
    path: Path, target: Database, source: Verification, by: str, now: str, key: LogKey | None
) -> tuple[int, int, int]:
    with snapshot(path) as old, target.writing() as new:
        new.take_time()
        if schema.version(new):
            (log,) = new.execute("select id from log").fetchone() or ("without a name",)
            raise LogUnavailable(
                f"Nothing is moved: there is a log in {target.name} already, {log}. Name an empty "
                "database."
            )
        (end,) = old.execute("select coalesce(max(seq), 0) from records").fetchone()
        if end != source.last:
            raise LogUnavailable(
                "Nothing is moved: the log was written to meanwhile. Stop the desk first."
            )
        identity, created = old.execute("select id, created from log").fetchone()
        schema.create(new, identity, created)
        # The first record need not be the first: retention may have removed those before it.
        with _unnumbered(new):
            records = _carried(old, new, "records", _RECORDS, "seq", _expect_no_nul)
        texts = _carried(old, new, "texts", _TEXTS, "id", _expect_no_nul_in_text)
        new.execute(
            "select setval(pg_get_serial_sequence('texts', 'id'), "
            "(select coalesce(max(id), 0) + 1 from texts), false)"
        )
        appender = ChainAppender(new, now, key, system_user())
        appender.read_end()
        body = {"from": path.name, "records": records, "last": source.last, "by": by}
        record = appender.append("move", None, body)
        appender.expect_all_there()
    return records, texts, record


@contextmanager
def _unnumbered(db: Connection) -> Iterator[None]:
    """Without the trigger that numbers records without a gap, in this transaction only."""
    db.execute("alter table records disable trigger records_follow")
    yield
    db.execute("alter table records enable trigger records_follow")


def _carried(
    old: Connection, new: Connection, table: str, columns: str, by: str, expect: Any
) -> int:
    rows = old.stream(f"select {columns} from {table} order by {by}")
    count = 0
    with new.raw.cursor().copy(f"copy {table} ({columns}) from stdin (format binary)") as copy:
        copy.set_types(_TYPES[table])
        while batch := list(islice(rows, _BATCH)):
            for row in batch:
                expect(row)
                copy.write_row(row)
            count += len(batch)
    return count


_TYPES = {
    "records": ["int8", *["text"] * 7],
    "texts": ["int8", "int8", "text", "bytea", "text"],
}


def _expect_no_nul(row: tuple[Any, ...]) -> None:
    body = row[4]
    if "\\u0000" in body and "\0" in "".join(_strings(json.loads(body))):
        _refuse(row[0])


def _expect_no_nul_in_text(row: tuple[Any, ...]) -> None:
    if "\0" in row[4]:
        _refuse(row[1])


def _refuse(record: int) -> None:
    raise LogUnavailable(
        f"Nothing is moved: record {record} has a NUL character, which PostgreSQL cannot store. "
        f"Redact it (`codedesk log redact --record {record}`), or keep the log in its file."
    )


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
