"""The schema of log.db in SQLite: one chained table, the texts beside it, and views for people.

Version 1 had the tables questions, answers and deliveries; `QueryLog` migrates such a file.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

VERSION = 2


def _of(names: str) -> str:
    """SQL columns with values of a record's body."""
    return ", ".join(f"json_extract(r.body, '$.{name}') as \"{name}\"" for name in names.split())


#: The views, for people with other tools.
VIEWS = {
    "questions": f"""\
select r.subject as id, r.seq, r.at as asked_at, t.text,
    {_of("surface team user channel thread event_id message_key options removed releases")}
from records r left join texts t on t.record = r.seq and t.name = 'text'
where r.kind = 'question'""",
    "answers": f"""\
select r.subject as question, r.seq, r.at as answered_at, c.text as codes, t.text as answer,
    {_of("outcome as_of confidence releases index_build latency_ms made_with")}
from records r left join texts t on t.record = r.seq and t.name = 'answer'
left join texts c on c.record = r.seq and c.name = 'codes'
where r.kind = 'answer'""",
    "deliveries": f"""\
select r.seq as id, r.subject as question, r.at, coalesce(t.text, '') as detail,
    {_of("kind outcome")}
from records r left join texts t on t.record = r.seq and t.name = 'detail'
where r.kind = 'delivery'""",
    "feedback": f"""\
select r.seq as id, r.subject as question, r.at, coalesce(t.text, '') as note,
    {_of("verdict code by")}
from records r left join texts t on t.record = r.seq and t.name = 'note'
where r.kind = 'feedback'""",
    "corrections": f"""\
select r.seq as id, r.subject as question, r.at, t.text as phrase,
    {_of("code system by")}
from records r left join texts t on t.record = r.seq and t.name = 'phrase'
where r.kind = 'correction'""",
    "accesses": f"""\
select r.seq as id, r.subject as question, r.at, coalesce(t.text, '') as detail,
    {_of("what by")}
from records r left join texts t on t.record = r.seq and t.name = 'detail'
where r.kind = 'access'""",
}  # fmt: skip

#: The statements of the current schema, by the name of what each makes. A log has these and nothing
#: else: see `faults`.
STATEMENTS = {
    "log": """create table log (id text not null, created text not null) strict""",
    # `seal` is null while there is no key.
    "records": """create table records (
    seq integer primary key, at text not null, kind text not null, subject text,
    body text not null, previous text not null, hash text not null, seal text
) strict""",
    # In the order of writing, each in a cell of its own: with secure_delete on, deleting one leaves
    # zeros.
    "texts": """create table texts (
    id integer primary key, record integer not null, name text not null, salt blob not null,
    text text not null
) strict""",
    "lifted": """create table lifted (reason text not null) strict""",
    "texts_by_record": """create unique index texts_by_record on texts (record, name)""",
    "records_by_subject": """create index records_by_subject on records (subject, kind)""",
    "records_by_kind": """create index records_by_kind on records (kind)""",
    "one_question_an_id": """create unique index one_question_an_id on records (subject)
    where kind = 'question'""",
    "one_answer_a_question": """create unique index one_answer_a_question on records (subject)
    where kind = 'answer'""",
    "one_question_an_event": """create unique index one_question_an_event
    on records (json_extract(body, '$.event_id')) where kind = 'question'""",
    "one_question_a_message": """create unique index one_question_a_message
    on records (json_extract(body, '$.message_key')) where kind = 'question'""",
    # The triggers stop accidents. Whoever can write the file can drop them; `verify` detects that.
    "records_follow": """create trigger records_follow before insert on records
when new.seq is not (select coalesce(max(seq), 0) + 1 from records)
begin select raise(abort, 'the log is append-only: records are numbered without a gap'); end""",
    "records_stay": """create trigger records_stay before update on records
begin select raise(abort, 'the log is append-only: no record is changed'); end""",
    "records_last": """create trigger records_last before delete on records
when not exists (select 1 from lifted where reason = 'retention')
begin select raise(abort, 'the log is append-only: only retention removes records'); end""",
    "texts_stay": """create trigger texts_stay before update on texts
begin select raise(abort, 'the log is append-only: no text is changed'); end""",
    "texts_last": """create trigger texts_last before delete on texts
when not exists (select 1 from lifted)
begin select raise(abort, 'the log is append-only: only redaction removes texts'); end""",
} | {name: f"create view {name} as\n{select}" for name, select in VIEWS.items()}  # fmt: skip


def create(db: sqlite3.Connection, log: str, now: str) -> None:
    """Make version 2 in the current transaction."""
    for statement in STATEMENTS.values():
        db.execute(statement)
    db.execute("insert into log (id, created) values (?, ?)", [log, now])
    db.execute(f"pragma user_version = {VERSION}")


def set_version_1_aside(db: sqlite3.Connection) -> None:
    """Rename the tables of version 1, whose names the views take."""
    for table in VERSION_1_TABLES:
        db.execute(f"alter table {table} rename to v1_{table}")


def drop_version_1(db: sqlite3.Connection) -> None:
    for table in reversed(VERSION_1_TABLES):
        db.execute(f"drop table v1_{table}")


VERSION_1_TABLES = ("questions", "answers", "deliveries")


def version_1_rows(db: sqlite3.Connection) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of version 1, as kind and columns, in the order of writing: by time, and at the
    same time a question before its answer before its delivery."""
    order = db.execute(
        """
        select asked_at as at, 0 as step, 'question' as kind, rowid as n from v1_questions
        union all select answered_at, 1, 'answer', rowid from v1_answers
        union all select at, 2, 'delivery', id from v1_deliveries
        order by at, step, n
        """
    )
    tables = {"question": "v1_questions", "answer": "v1_answers", "delivery": "v1_deliveries"}
    for _, _, kind, number in order:
        cursor = db.execute(f"select * from {tables[kind]} where rowid = ?", [number])
        names = [column[0] for column in cursor.description]
        row = dict(zip(names, cursor.fetchone(), strict=True))
        for name in ("options", "codes", "releases", "answer"):
            if name in row:
                row[name] = json.loads(row[name])
        yield kind, row


Object = tuple[str, str, str, str | None]

#: Tables that ANALYZE makes for the planner of SQLite. No result depends on them.
_STATISTICS: set[Object] = {
    ("table", name, name, f"CREATE TABLE {name}({columns})")
    for name, columns in (
        ("sqlite_stat1", "tbl,idx,stat"),
        ("sqlite_stat4", "tbl,idx,neq,nlt,ndlt,sample"),
    )
}


@cache
def _expected() -> Counter[Object]:
    """The schema of a log as SQLite stores it."""
    db = sqlite3.connect(":memory:")
    try:
        for statement in STATEMENTS.values():
            db.execute(statement)
        return _objects(db)
    finally:
        db.close()


def _objects(db: sqlite3.Connection) -> Counter[Object]:
    rows = db.execute("select type, name, tbl_name, sql from main.sqlite_master")
    return Counter(row for row in rows if row not in _STATISTICS)


def faults(db: sqlite3.Connection) -> str | None:
    """A sentence on what of the schema is missing, foreign or changed; None when nothing is.

    A trigger may have the name of a view, and a letter in another case changes what a view shows.
    So whole rows of sqlite_master are compared, and how often each is there.
    """
    there = _objects(db)
    missing = sorted(_expected() - there, key=str)
    foreign = sorted(there - _expected(), key=str)
    if missing:
        kind, name, _, _ = missing[0]
        if any(other[:2] == (kind, name) for other in foreign):
            return f"The {kind} `{name}` of the log is not the one that Code Desk made."
        return f"The {kind} `{name}` of the log is missing."
    if foreign:
        kind, name, _, _ = foreign[0]
        return f"The {printable(kind)} `{printable(name)}` is not one of the log's."
    return None


def read_by_own_views(db: sqlite3.Connection) -> None:
    """Give this connection temporary views of its own. The views in the file are for people with
    other tools, and whoever can write the file can change them."""
    for statement in STATEMENTS.values():
        if statement.startswith("create view "):
            db.execute(statement.replace("create view ", "create temp view ", 1))


def printable(value: object) -> str:
    """A value out of the file in ASCII, escaped and at most 60 characters long."""
    shown = ascii(str(value))[1:-1]
    return shown if len(shown) <= 60 else shown[:59] + "…"
