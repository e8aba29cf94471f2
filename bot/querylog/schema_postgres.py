"""The schema of the log in PostgreSQL: the same tables, indexes, triggers and views as in SQLite.

Each statement is written as the catalogue of PostgreSQL gives it back, so that what is there can be
compared to the letter. Texts are collated "C", since the log compares them byte by byte, as SQLite
does. The triggers stop accidents. Whoever owns the tables can drop them; `faults` detects that.
"""

from __future__ import annotations

from typing import Any

from bot.database import Connection, Cursor
from bot.database.postgres import JSON_EXTRACT_BODY, PostgresConnection
from bot.querylog.schema_sqlite import VERSION, VIEWS, printable

#: The columns of each table: name, type, whether it must have a value, collation, identity.
Column = tuple[str, str, bool, str | None, str]


def _text(name: str, must: bool = True) -> Column:
    return (name, "text", must, "C", "")


TABLES: dict[str, list[Column]] = {
    "log": [_text("id"), _text("created")],
    "records": [
        ("seq", "bigint", True, None, ""),
        *map(_text, ("at", "kind")),
        _text("subject", False),
        *map(_text, ("body", "previous", "hash")),
        _text("seal", False),
    ],
    # In the order of writing.
    "texts": [
        ("id", "bigint", True, None, "d"),
        ("record", "bigint", True, None, ""),
        _text("name"),
        ("salt", "bytea", True, None, ""),
        _text("text"),
    ],
    "lifted": [_text("reason")],
}
_KEYS = {"records": "seq", "texts": "id"}
_UNIQUE, _QUESTION = "CREATE UNIQUE INDEX", "(kind = 'question'::text)"
INDEXES = {
    "records_pkey": f"{_UNIQUE} records_pkey ON {{}}.records USING btree (seq)",
    "texts_pkey": f"{_UNIQUE} texts_pkey ON {{}}.texts USING btree (id)",
    "texts_by_record": f"{_UNIQUE} texts_by_record ON {{}}.texts USING btree (record, name)",
    "records_by_subject": (
        "CREATE INDEX records_by_subject ON {}.records USING btree (subject, kind)"
    ),
    "records_by_kind": "CREATE INDEX records_by_kind ON {}.records USING btree (kind)",
    "one_question_an_id": (
        f"{_UNIQUE} one_question_an_id ON {{}}.records USING btree (subject) WHERE {_QUESTION}"
    ),
    "one_answer_a_question": (
        f"{_UNIQUE} one_answer_a_question ON {{}}.records USING btree (subject) "
        "WHERE (kind = 'answer'::text)"
    ),
    "one_question_an_event": (
        f"{_UNIQUE} one_question_an_event ON {{}}.records USING btree "
        f"(json_extract(body, '$.event_id'::text)) WHERE {_QUESTION}"
    ),
    "one_question_a_message": (
        f"{_UNIQUE} one_question_a_message ON {{}}.records USING btree "
        f"(json_extract(body, '$.message_key'::text)) WHERE {_QUESTION}"
    ),
}


def _refuses(condition: str, why: str) -> str:
    """The body of a function that refuses what a trigger is about."""
    return f"""
begin
    if {condition} then
        raise exception 'the log is append-only: {why}'
        using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end"""


#: The body of each trigger's function. `{}` is the schema.
FUNCTIONS = {
    "records_follow": _refuses(
        "new.seq is distinct from (select coalesce(max(seq), 0) + 1 from {}.records)",
        "records are numbered without a gap",
    ),
    "records_stay": _refuses("true", "no record is changed"),
    "records_last": _refuses(
        "not exists (select 1 from {}.lifted where reason = 'retention')",
        "only retention removes records",
    ),
    "texts_stay": _refuses("true", "no text is changed"),
    "texts_last": _refuses("not exists (select 1 from {}.lifted)", "only redaction removes texts"),
}
_EACH, _ALL = "FOR EACH ROW", "FOR EACH STATEMENT"
#: The triggers: when, on which table, and which function they run.
_TRIGGERS = {
    "records_follow": ("BEFORE INSERT", "records", _EACH, "records_follow"),
    "records_stay": ("BEFORE UPDATE", "records", _ALL, "records_stay"),
    "records_last": ("BEFORE DELETE", "records", _ALL, "records_last"),
    "records_whole": ("BEFORE TRUNCATE", "records", _ALL, "records_stay"),
    "texts_stay": ("BEFORE UPDATE", "texts", _ALL, "texts_stay"),
    "texts_last": ("BEFORE DELETE", "texts", _ALL, "texts_last"),
    "texts_whole": ("BEFORE TRUNCATE", "texts", _ALL, "texts_stay"),
}
TRIGGERS = {
    name: f"CREATE TRIGGER {name} {when} ON {{}}.{table} {each} EXECUTE FUNCTION {function}()"
    for name, (when, table, each, function) in _TRIGGERS.items()
}
#: What says that it is a log, and of which version.
_COMMENT = f"Code Desk query log, version {VERSION}"


def create(db: Connection, log: str, now: str) -> None:
    """Make it in the current transaction."""
    where = _schema(db)
    for table, columns in TABLES.items():
        db.execute(f"create table {table} ({', '.join(map(_declared, columns))})")
        if key := _KEYS.get(table):
            db.execute(f"alter table {table} add primary key ({key})")
    for name, statement in INDEXES.items():
        if not name.endswith("_pkey"):
            db.execute(statement.format(where))
    for name, body in FUNCTIONS.items():
        db.execute(
            f"create function {name}() returns trigger language plpgsql as $${body.format(where)}$$"
        )
    for statement in TRIGGERS.values():
        db.execute(statement.format(where))
    for name, select in VIEWS.items():
        db.execute(f"create view {name} as {select}")
    db.execute(f"comment on table log is '{_COMMENT}'")
    db.execute("insert into log (id, created) values (?, ?)", [log, now])


def _declared(column: Column) -> str:
    name, kind, must, collation, identity = column
    return " ".join(
        [
            name,
            kind,
            f'collate "{collation}"' if collation else "",
            "not null" if must else "",
            "generated by default as identity" if identity else "",
        ]
    )


def _schema(db: Connection) -> str:
    assert isinstance(db, PostgresConnection)
    return db.schema


def version(db: Connection) -> int:
    """The version of the log that is there; 0 when there is none."""
    # `to_regclass` may answer out of what this session looked up before it waited for the lock.
    there = (
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = ? and c.relname = ?"
    )
    row = db.execute(
        f"select (select obj_description(c.oid, 'pg_class') {there}), exists (select 1 {there})",
        [_schema(db), "log", _schema(db), "records"],
    ).fetchone()
    words = (row[0] or "").split()
    if words[:-1] == _COMMENT.split()[:-1] and words[-1].isdigit():
        return int(words[-1])
    return VERSION if row[1] else 0  # `faults` says what is wrong with it


#: What to count by each index, and without it.
_COUNTED = {
    "records_pkey": "records where seq > 0",
    "texts_pkey": "texts where id > 0",
    "texts_by_record": "texts where record > 0",
    "records_by_subject": "records where subject > ''",
    "records_by_kind": "records where kind > ''",
    "one_question_an_id": "records where kind = 'question' and subject > ''",
    "one_answer_a_question": "records where kind = 'answer' and subject > ''",
    "one_question_an_event": (
        "records where kind = 'question' and json_extract(body, '$.event_id') > ''"
    ),
    "one_question_a_message": (
        "records where kind = 'question' and json_extract(body, '$.message_key') > ''"
    ),
}

# Is it as it was made?

_OURS = "(select oid from pg_namespace where nspname = ?)"
_RELATIONS = f"""
    select c.relname, c.relkind, c.relpersistence, c.relrowsecurity or c.relforcerowsecurity,
    exists (select 1 from pg_rewrite r where r.ev_class = c.oid and c.relkind <> 'v')
    or exists (select 1 from pg_policy p where p.polrelid = c.oid)
    or exists (select 1 from pg_inherits i where c.oid in (i.inhrelid, i.inhparent))
    from pg_class c where c.relnamespace = {_OURS}
"""
_COLUMNS = f"""
    select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    nullif(l.collname, 'default'), a.attidentity, a.atthasdef
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    left join pg_collation l on l.oid = a.attcollation
    where c.relnamespace = {_OURS} and c.relkind = 'r' and not a.attisdropped
    order by c.relname, a.attnum
"""
_INDEXES = f"""
    select c.relname, pg_get_indexdef(i.indexrelid), i.indisvalid and i.indisready and i.indislive
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid in (select oid from pg_class where relnamespace = {_OURS})
"""
_TRIGGERS_THERE = f"""
    select t.tgname, pg_get_triggerdef(t.oid), t.tgenabled in ('O', 'A')
    from pg_trigger t
    where t.tgrelid in (select oid from pg_class where relnamespace = {_OURS})
"""
_FUNCTIONS_THERE = f"""
    select p.proname, p.prosrc, l.lanname, p.prosecdef or p.proconfig is not null, p.provolatile
    from pg_proc p join pg_language l on l.oid = p.prolang where p.pronamespace = {_OURS}
"""
_CONSTRAINTS = f"""
    select n.conname from pg_constraint n
    where n.connamespace = {_OURS} and n.contype not in ('p', 'n')
"""
_KNOWN = f"""
    select (select array_agg(oid) from pg_class where relnamespace = {_OURS}),
    (select array_agg(oid) from pg_class where relnamespace = {_OURS} and relkind = 'r'),
    (select array_agg(oid) from pg_proc where pronamespace = {_OURS})
"""
#: Whatever is made, altered or dropped of these objects changes the number, the sum or the largest
#: of the transactions that wrote their rows of the catalogue.
_FINGERPRINT = """
    select count(*), sum(x), max(x) from (
        select xmin::text::bigint as x from pg_class where oid = any(cast(? as oid[]))
        union all select xmin::text::bigint from pg_trigger where tgrelid = any(cast(? as oid[]))
        union all select xmin::text::bigint from pg_index where indrelid = any(cast(? as oid[]))
        union all select xmin::text::bigint from pg_attribute
            where attrelid = any(cast(? as oid[])) and attnum > 0
        union all select xmin::text::bigint from pg_policy where polrelid = any(cast(? as oid[]))
        union all select xmin::text::bigint from pg_proc where oid = any(cast(? as oid[]))
    ) as rows
"""


class Watched:
    """The objects of the log whose schema was checked, and their fingerprint then."""

    def __init__(self, db: Connection) -> None:
        # As the text of arrays, which is sent as it is.
        self.relations, self.tables, self.functions = (
            "{" + ",".join(map(str, oids)) + "}"
            for oids in db.execute(_KNOWN, [_schema(db)] * 3).fetchone()
        )
        self.seen = self.ask(db).fetchone()

    def ask(self, db: Connection) -> Cursor:
        """The fingerprint as it is now. Far cheaper than `faults`: rows of the catalogue are found
        by their numbers."""
        tables = [self.tables] * 4
        return db.execute(_FINGERPRINT, [self.relations, *tables, self.functions])


def faults(db: Connection) -> str | None:
    """A sentence on what of the schema is missing, foreign or changed; None when nothing is. Views
    are only expected to be there, since Code Desk does not read them."""
    where = _schema(db)
    relations = {row[0]: row[1:] for row in db.execute(_RELATIONS, [where])}
    kinds = (
        dict.fromkeys(TABLES, "r")
        | dict.fromkeys(INDEXES, "i")
        | dict.fromkeys(VIEWS, "v")
        | {"texts_id_seq": "S"}
    )
    said = {"r": "table", "i": "index", "v": "view", "S": "sequence"}
    for name, kind in kinds.items():
        if name not in relations:
            return f"The {said[kind]} `{name}` of the log is missing."
        if relations[name] != (kind, "p", False, False):
            return f"The {said[kind]} `{name}` of the log is not the one that Code Desk made."
    if foreign := sorted(set(relations) - set(kinds)):
        return f"`{printable(foreign[0])}` is not one of the log's tables, indexes and views."
    return (
        _differ("index", INDEXES, {row[0]: row[1:] for row in db.execute(_INDEXES, [where])}, where)
        or _differ(
            "trigger", TRIGGERS, {r[0]: r[1:] for r in db.execute(_TRIGGERS_THERE, [where])}, where
        )
        or _columns_differ(db, where)
        or _functions_differ(db, where)
        or _constraints(db, where)
    )


def _differ(
    kind: str, made: dict[str, str], there: dict[str, tuple[str, bool]], where: str
) -> str | None:
    """Compare indexes or triggers; those in `there` say, too, whether they are in use."""
    for name, statement in made.items():
        if name not in there:
            return f"The {kind} `{name}` of the log is missing."
        if there[name] != (statement.format(where), True):
            return f"The {kind} `{name}` of the log is not the one that Code Desk made."
    foreign = sorted(set(there) - set(made))
    return f"The {kind} `{printable(foreign[0])}` is not one of the log's." if foreign else None


def _columns_differ(db: Connection, where: str) -> str | None:
    there: dict[str, list[tuple[Any, ...]]] = {}
    for table, *column in db.execute(_COLUMNS, [where]):
        there.setdefault(table, []).append(tuple(column))
    for table, columns in TABLES.items():
        if there.get(table) != [(*column, False) for column in columns]:
            return f"The table `{table}` of the log is not the one that Code Desk made."
    return None


def _functions_differ(db: Connection, where: str) -> str | None:
    made = {
        name: (body.format(where), "plpgsql", False, "v") for name, body in FUNCTIONS.items()
    } | {"json_extract": (JSON_EXTRACT_BODY, "sql", False, "i")}
    there = [(row[0], tuple(row[1:])) for row in db.execute(_FUNCTIONS_THERE, [where])]
    for name, function in made.items():
        if (name, function) not in there:
            return f"The function `{name}` of the log is not the one that Code Desk made."
    foreign = sorted(one[0] for one in there if one not in made.items())
    return f"The function `{printable(foreign[0])}` is not one of the log's." if foreign else None


def _constraints(db: Connection, where: str) -> str | None:
    foreign = db.execute(_CONSTRAINTS, [where]).fetchone()
    return f"The constraint `{printable(foreign[0])}` is not one of the log's." if foreign else None


def unsound(db: Connection) -> str | None:
    """Each index must lead to as many rows as its table has. Only inside a transaction."""
    counts: dict[bool, dict[str, int]] = {}
    for by_index in (False, True):
        for setting, is_on in (
            ("enable_seqscan", not by_index),
            ("enable_indexscan", by_index),
            ("enable_indexonlyscan", by_index),
            ("enable_bitmapscan", False),
        ):
            db.execute(f"set local {setting} = {'on' if is_on else 'off'}")
        counts[by_index] = {
            name: db.execute(f"select count(*) from {counted}").fetchone()[0]
            for name, counted in _COUNTED.items()
        }
    for name, rows in counts[False].items():
        if counts[True][name] != rows:
            return (
                f"the index `{name}` leads to {counts[True][name]} of {rows} rows: run `reindex "
                f"index {_schema(db)}.{name}`"
            )
    for setting in ("seqscan", "indexscan", "indexonlyscan", "bitmapscan"):
        db.execute(f"set local enable_{setting} = on")
    return None
