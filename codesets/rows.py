"""How the typed rows of editions and books are kept in codes.db: a table for each kind of row.

A table has the columns of its dataclass, after `source`, the key of the release or book that the
row was read from. Dates are ISO text, tuples are JSON.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby
from typing import Any, TypeVar, cast, get_type_hints

from sqlite_utils import Database

from codesets.model import (
    CodeRange,
    Definition,
    Guideline,
    Indicators,
    KeyWord,
    Mapping9,
    Modifier,
    PairEdit,
    Place,
    Product,
    Replacement,
    Row,
    TableRow,
    Term,
    UnitsEdit,
)

R = TypeVar("R")

#: Each kind of row: its table, and the columns by which it is looked up.
TABLES: dict[type, tuple[str, tuple[str, ...]]] = {
    Term: ("terms", ("code",)),
    Guideline: ("guidelines", ("section",)),
    PairEdit: ("pair_edits", ("column1", "column2")),
    UnitsEdit: ("units_edits", ("code",)),
    Place: ("places", ("code",)),
    Replacement: ("replacements", ("previous",)),
    Mapping9: ("mappings", ("source_code",)),
    Product: ("products", ("code", "ndc")),
    TableRow: ("table_rows", ("table",)),
    Definition: ("definitions", ("section",)),
    KeyWord: ("key_words", ("text",)),
    Modifier: ("modifiers", ("code",)),
    Indicators: ("indicators", ("code",)),
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
    """Store rows under the key of their release or book; return how many."""
    count = 0
    for kind, same in groupby(rows, key=type):
        table, _ = TABLES[kind]
        names = _columns(kind)
        marks = ", ".join("?" * (len(names) + 1))
        quoted = ", ".join(f'"{name}"' for name in names)
        writers = [_writer(hint) for hint in _hints(kind).values()]
        fields = [field.name for field in dataclasses.fields(kind)]

        def values(row: Row, fields: list[str] = fields, writers: list[Any] = writers) -> Any:
            return chain(
                (source,),
                (
                    write(getattr(row, field)) if write else getattr(row, field)
                    for field, write in zip(fields, writers, strict=True)
                ),
            )

        cursor = db.conn.executemany(
            f"insert into {table} (source, {quoted}) values ({marks})",
            (tuple(values(row)) for row in same),
        )
        count += cursor.rowcount
    return count


def forget(db: Database, source: str) -> None:
    for table, _ in TABLES.values():
        db.execute(f"delete from {table} where source = ?", [source])


def read(db: Database, kind: type[R], source: str, /, **equal: Any) -> Iterator[R]:
    """The rows of a kind that one release or book holds, in the order in which they were read;
    `equal` are fields and the values they must have: one, or any of a list."""
    table, _ = TABLES[kind]
    wanted = {n: value if isinstance(value, list) else [value] for n, value in equal.items()}
    conditions = [
        f'"{_column(name)}" in ({", ".join("?" * len(values))})' for name, values in wanted.items()
    ]
    where = " and ".join(["source = ?", *conditions])
    names = ", ".join(f'"{name}"' for name in _columns(kind))
    readers = [_reader(hint) for hint in _hints(kind).values()]
    cursor = db.execute(
        f"select {names} from {table} where {where} order by rowid",
        [source, *chain.from_iterable(wanted.values())],
    )
    for row in cursor:
        yield kind(
            *(
                load(value) if load and value is not None else value
                for value, load in zip(row, readers, strict=True)
            )
        )


def count(db: Database, source: str) -> dict[type, int]:
    """How many rows of each kind a release or book holds; kinds without rows are left out."""
    found = {}
    for kind, (table, _) in TABLES.items():
        number = db.execute(f"select count(*) from {table} where source = ?", [source]).fetchone()
        if number[0]:
            found[kind] = number[0]
    return found


#: The fields that say which code a row is of, where it is of one.
_OF_CODE = ("code", "column1", "source", "table")


def groups(db: Database, source: str) -> dict[str, int]:
    """How many rows of a release or book are of codes that begin with each character; "" for rows
    that are of none."""
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
    names = {field.name for field in dataclasses.fields(kind)}
    return next((name for name in _OF_CODE if name in names), None)


def _column(field: str) -> str:
    # `source` is the key of the release or book; a mapping's own source is its code.
    return "source_code" if field == "source" else field


def _columns(kind: type) -> tuple[str, ...]:
    return tuple(_column(field.name) for field in dataclasses.fields(kind))


def _hints(kind: type) -> dict[str, Any]:
    return _HINTS[kind]


def _read_hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


#: Read once: it costs more than a look-up does.
_HINTS = {kind: _read_hints(kind) for kind in TABLES}


def _writer(hint: Any) -> Callable[[Any], Any] | None:
    if "date" in str(hint):
        return lambda day: day and day.isoformat()
    if "CodeRange" in str(hint):
        return lambda ranges: json.dumps([dataclasses.astuple(r) for r in ranges])
    if str(hint).startswith("tuple"):
        return lambda values: json.dumps(values, ensure_ascii=False)
    return None


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    if "date" in str(hint):
        return dt.date.fromisoformat
    if "CodeRange" in str(hint):
        return lambda text: tuple(CodeRange(*named) for named in json.loads(text))
    if str(hint).startswith("tuple[tuple"):
        return lambda text: tuple(tuple(pair) for pair in json.loads(text))
    if str(hint).startswith("tuple"):
        return lambda text: tuple(json.loads(text))
    if hint is bool or str(hint) == "bool | None":
        return bool
    return cast(None, None)
