"""How the typed rows of editions and references are kept in codes.db: a table for each kind of row.

A table has the columns of its dataclass, after `source`, the key of the release or reference that
the row was read from. Dates are ISO text, tuples are JSON.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any, TypeVar, get_origin, get_type_hints

import msgspec
from sqlite_utils import Database

from codesets.model import (
    ConversionRow,
    Definition,
    GemsMapping,
    Guideline,
    IndexKeyEntry,
    Indicators,
    Modifier,
    MueEdit,
    PlaceOfService,
    Product,
    PtpEdit,
    Row,
    TableRow,
    Term,
)

R = TypeVar("R")

#: Each kind of row: its table, and the columns by which it is looked up.
TABLES: dict[type, tuple[str, tuple[str, ...]]] = {
    Term: ("terms", ("code",)),
    Guideline: ("guidelines", ("section",)),
    PtpEdit: ("pair_edits", ("column1", "column2")),
    MueEdit: ("units_edits", ("code",)),
    PlaceOfService: ("places", ("code",)),
    ConversionRow: ("replacements", ("previous",)),
    GemsMapping: ("mappings", ("source_code",)),
    Product: ("products", ("code", "ndc")),
    TableRow: ("table_rows", ("table",)),
    Definition: ("definitions", ("section",)),
    IndexKeyEntry: ("key_words", ("text",)),
    Modifier: ("modifiers", ("code",)),
    Indicators: ("indicators", ("code",)),
}


#: The fields of each kind, and those of them that are kept as JSON.
_FIELDS = {kind: tuple(field.name for field in dataclasses.fields(kind)) for kind in TABLES}
_LISTS = {
    kind: tuple(name for name, hint in get_type_hints(kind).items() if get_origin(hint) is tuple)
    for kind in TABLES
}


def schema() -> str:
    """The SQL that makes the tables of all kinds of rows and their indexes."""
    statements = []
    for kind, (table, looked_up) in TABLES.items():
        columns = ", ".join(f'"{name}"' for name in _columns(kind))
        statements.append(f"create table {table} (source text not null, {columns});")
        for column in looked_up:
            statements.append(f'create index {table}_by_{column} on {table} (source, "{column}");')
        if not looked_up:
            statements.append(f"create index {table}_by_source on {table} (source);")
    return "\n".join(statements)


def save(db: Database, source: str, rows: Iterable[Row]) -> int:
    """Store rows under the key of their release or reference; return how many."""
    count = 0
    for kind, same in groupby(rows, key=type):
        table, _ = TABLES[kind]
        names = ", ".join(f'"{name}"' for name in _columns(kind))
        marks = ", ".join("?" * (len(_columns(kind)) + 1))
        cursor = db.conn.executemany(
            f"insert into {table} (source, {names}) values ({marks})",
            ((source, *_stored(row)) for row in same),
        )
        count += cursor.rowcount
    return count


def _stored(row: Row) -> Iterable[Any]:
    """The values of a row's columns."""
    values = msgspec.to_builtins(row)
    for name in _LISTS[type(row)]:
        values[name] = json.dumps(values[name], ensure_ascii=False)
    return values.values()


def forget(db: Database, source: str) -> None:
    for table, _ in TABLES.values():
        db.execute(f"delete from {table} where source = ?", [source])


def read(db: Database, kind: type[R], source: str, /, **equal: Any) -> Iterator[R]:
    """The rows of a kind that one release or reference holds, in the order in which they were read;
    `equal` are fields and the values they must have: one, or any of a list."""
    table, _ = TABLES[kind]
    wanted = {n: value if isinstance(value, list) else [value] for n, value in equal.items()}
    conditions = [
        f'"{_column(name)}" in ({", ".join("?" * len(values))})' for name, values in wanted.items()
    ]
    where = " and ".join(["source = ?", *conditions])
    names = ", ".join(f'"{name}"' for name in _columns(kind))
    cursor = db.execute(
        f"select {names} from {table} where {where} order by rowid",
        [source, *chain.from_iterable(wanted.values())],
    )
    fields, lists = _FIELDS[kind], _LISTS[kind]
    for row in cursor:
        values = dict(zip(fields, row, strict=True))
        for name in lists:
            values[name] = json.loads(values[name])
        # Not strict: SQLite has no booleans.
        yield msgspec.convert(values, kind, strict=False)


def files(db: Database) -> dict[str, list[dict[str, Any]]]:
    """The rows of the files that each release or reference was read from, by its key."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in db["files"].rows_where(order_by="name"):
        found.setdefault(row["key"], []).append(row)
    return found


def count(db: Database, source: str) -> dict[type, int]:
    """How many rows of each kind a release or reference holds; kinds without rows are left out."""
    found = {}
    for kind, (table, _) in TABLES.items():
        number = db.execute(f"select count(*) from {table} where source = ?", [source]).fetchone()
        if number[0]:
            found[kind] = number[0]
    return found


#: The fields that say which code a row is of, where it is of one.
_OF_CODE = ("code", "column1", "source", "table")


def groups(db: Database, source: str) -> dict[str, int]:
    """How many rows of a release or reference are of codes that begin with each character; "" for
    rows that are of none."""
    found: Counter[str] = Counter()
    for kind, (table, _) in TABLES.items():
        field = _of_code(kind)
        first = f'substr("{_column(field)}", 1, 1)' if field else "''"
        found.update(
            dict(
                db.execute(
                    f"select {first}, count(*) from {table} where source = ? group by 1", [source]
                )
            )
        )
    return dict(found)


def groups_of(rows: Iterable[Row]) -> dict[str, int]:
    """The same of rows that are not stored yet."""
    fields = {kind: _of_code(kind) for kind in TABLES}
    found = Counter(getattr(row, field)[:1] if (field := fields[type(row)]) else "" for row in rows)
    return dict(found)


def _of_code(kind: type) -> str | None:
    return next((name for name in _OF_CODE if name in _FIELDS[kind]), None)


def _column(field: str) -> str:
    # `source` is the key of the release or reference; a mapping's own source is its code.
    return "source_code" if field == "source" else field


def _columns(kind: type) -> tuple[str, ...]:
    return tuple(map(_column, _FIELDS[kind]))
