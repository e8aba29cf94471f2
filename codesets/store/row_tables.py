"""Stores the rows of releases and references in codes.db, in one table for each kind of row.

The first column of a table is `source`, the key of the release or reference; the others are the
fields of the dataclass. Dates are ISO 8601 text, tuples are JSON.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
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
from codesets.rows_coverage import (
    CoverageContractor,
    CoverageGroup,
    CoveragePolicy,
    CoverageService,
)
from codesets.rows_drugs import PaymentLimit
from codesets.rows_icd11 import Icd11Mapping
from codesets.rows_inpatient import (
    CcExclusion,
    CountsIfAlive,
    DrgExclusion,
    DrgWeight,
    HccEdit,
    HccHierarchy,
    HccLabel,
    HccMapping,
    HospitalAcquired,
    MceEdit,
    PdxCollection,
    PoaChange,
    PoaExempt,
    SeverityLevel,
)
from codesets.rows_payment import AddOnEdit, AdjustmentCode, FeeIndicators, OppsIndicators
from codesets.rows_policies import HouseRule

R = TypeVar("R")

#: For each kind of row, its table and the columns that have an index.
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
    PaymentLimit: ("payment_limits", ("code",)),
    SeverityLevel: ("severity_levels", ("code",)),
    CcExclusion: ("cc_exclusions", ("code",)),
    PdxCollection: ("pdx_collections", ("collection",)),
    CountsIfAlive: ("alive_only", ("code",)),
    DrgExclusion: ("drg_exclusions", ()),
    DrgWeight: ("drg_weights", ("drg",)),
    MceEdit: ("mce_edits", ("code",)),
    PoaExempt: ("poa_exempt", ("code",)),
    PoaChange: ("poa_changes", ("code",)),
    HospitalAcquired: ("hospital_acquired", ("code",)),
    HccMapping: ("hcc_mappings", ("code",)),
    HccLabel: ("hcc_labels", ("category",)),
    HccHierarchy: ("hcc_hierarchies", ("category",)),
    HccEdit: ("hcc_edits", ("code",)),
    Icd11Mapping: ("icd11_mappings", ("source_code",)),
    CoveragePolicy: ("coverage_policies", ("policy", "number")),
    CoverageContractor: ("coverage_contractors", ("contractor",)),
    CoverageService: ("coverage_services", ("code",)),
    CoverageGroup: ("coverage_groups", ("policy",)),
    HouseRule: ("house_rules", ()),
    FeeIndicators: ("fee_indicators", ("code",)),
    OppsIndicators: ("opps_indicators", ("code",)),
    AddOnEdit: ("add_on_edits", ("code",)),
    AdjustmentCode: ("adjustment_codes", ("code",)),
}


#: The fields of each kind, and those of them that are stored as JSON.
_FIELDS = {kind: tuple(field.name for field in dataclasses.fields(kind)) for kind in TABLES}
_LISTS = {
    kind: tuple(name for name, hint in get_type_hints(kind).items() if get_origin(hint) is tuple)
    for kind in TABLES
}


def schema() -> str:
    """The SQL that creates the tables of all kinds of rows and their indexes, those that are not
    there yet."""
    statements = []
    for kind, (table, looked_up) in TABLES.items():
        columns = ", ".join(f'"{name}"' for name in _columns(kind))
        statements.append(f"create table if not exists {table} (source text not null, {columns});")
        for column in looked_up:
            statements.append(
                f'create index if not exists {table}_by_{column} on {table} (source, "{column}");'
            )
        if not looked_up:
            statements.append(f"create index if not exists {table}_by_source on {table} (source);")
    return "\n".join(statements)


def save(db: Database, source: str, rows: Iterable[Row]) -> int:
    """Store rows under `source`, the key of their release or reference; return their number."""
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
    """Delete the rows of all kinds that a release or reference has."""
    for table, _ in TABLES.values():
        db.execute(f"delete from {table} where source = ?", [source])


def read(db: Database, kind: type[R], source: str, /, **equal: Any) -> Iterator[R]:
    """The rows of a kind that a release or reference has, in published order. `equal` are fields,
    and the value or list of values that they must have."""
    allowed = {n: value if isinstance(value, list) else [value] for n, value in equal.items()}
    if not all(allowed.values()):
        return
    counts = tuple((name, len(values)) for name, values in allowed.items())
    cursor = db.execute(
        _select(kind, counts),  # type: ignore[arg-type]  # classes are hashable
        [source, *chain.from_iterable(allowed.values())],
    )
    fields, lists = _FIELDS[kind], _LISTS[kind]
    for row in cursor:
        values = dict(zip(fields, row, strict=True))
        for name in lists:
            values[name] = json.loads(values[name])
        # Not strict: SQLite has no booleans.
        yield msgspec.convert(values, kind, strict=False)


@lru_cache(maxsize=256)
def _select(kind: type[Any], fields: tuple[tuple[str, int], ...]) -> str:
    """The statement for rows whose fields have one of so many values."""
    table, _ = TABLES[kind]
    conditions = [f'"{_column(name)}" in ({", ".join("?" * many)})' for name, many in fields]
    where = " and ".join(["source = ?", *conditions])
    names = ", ".join(f'"{name}"' for name in _columns(kind))
    return f"select {names} from {table} where {where} order by rowid"


def files(db: Database) -> dict[str, list[dict[str, Any]]]:
    """The rows of the table `files`, by the key of the release or reference."""
    by_key: dict[str, list[dict[str, Any]]] = {}
    for row in db["files"].rows_where(order_by="name"):
        by_key.setdefault(row["key"], []).append(row)
    return by_key


def has(db: Database, kind: type, source: str) -> bool:
    """Whether a release or reference has a row of this kind."""
    table, _ = TABLES[kind]
    row = db.execute(f"select exists (select 1 from {table} where source = ?)", [source]).fetchone()
    return bool(row[0])


def count(db: Database, source: str) -> dict[type, int]:
    """The number of rows of each kind that a release or reference has, without kinds that have
    none."""
    counts = {}
    for kind, (table, _) in TABLES.items():
        number = db.execute(f"select count(*) from {table} where source = ?", [source]).fetchone()
        if number[0]:
            counts[kind] = number[0]
    return counts


#: The fields that may hold the code that a row is about; the first that a kind has is used.
_CODE_FIELDS = ("code", "column1", "source", "table")


def groups(db: Database, source: str) -> dict[str, int]:
    """The number of rows of a release or reference by the first character of their codes; "" for
    rows without a code."""
    counts: Counter[str] = Counter()
    for kind, (table, _) in TABLES.items():
        field = _code_field(kind)
        first = f'substr("{_column(field)}", 1, 1)' if field else "''"
        counts.update(
            dict(
                db.execute(
                    f"select {first}, count(*) from {table} where source = ? group by 1", [source]
                )
            )
        )
    return dict(counts)


def groups_of(rows: Iterable[Row]) -> dict[str, int]:
    """What `groups` returns, for rows that are not stored."""
    fields = {kind: _code_field(kind) for kind in TABLES}
    firsts = (getattr(row, field)[:1] if (field := fields[type(row)]) else "" for row in rows)
    return dict(Counter(firsts))


def _code_field(kind: type) -> str | None:
    return next((name for name in _CODE_FIELDS if name in _FIELDS[kind]), None)


def _column(field: str) -> str:
    # The column `source` is the key of the release or reference, so the source code of a mapping
    # has another name.
    return "source_code" if field == "source" else field


def _columns(kind: type) -> tuple[str, ...]:
    return tuple(map(_column, _FIELDS[kind]))
