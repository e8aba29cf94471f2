"""Finds questions in the log: by what was typed, by whom, where, when, and how it was answered.

A search reads all texts. There is no full-text index, since a redaction would have to destroy the
copy of each text in it. A search is not put on record here: code that shows its results writes an
`access` record first, with `Filters.description` as its detail.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

from bot.desk.answer import Outcome
from bot.querylog import records, schema
from bot.querylog.hash_chain import NOT_OF_THE_FORM, plain
from bot.querylog.log import QueryLog
from bot.querylog.records import Record
from bot.querylog.workspaces import asked_in
from codesets.code_format import undot
from codesets.model import SYSTEM_NAMES
from index.search.confidence import Confidence

#: Values of the filters. `outcome` may be the outcome of the answer, "unanswered", or the outcome
#: of a delivery that did not arrive.
ANSWERS: tuple[str, ...] = get_args(Outcome)
_NOT_DELIVERED = tuple(name for name in get_args(records.Outcome) if name != "delivered")
OUTCOMES = (*ANSWERS, records.UNANSWERED, *_NOT_DELIVERED)
CONFIDENCES: tuple[str, ...] = get_args(Confidence)
#: "any": there is feedback on the answer. "none": there is none.
FEEDBACK = (*get_args(records.Rating), "any", "none")

_BATCH = 200
_ALL = 2**62


@dataclass(frozen=True, slots=True)
class Filters:
    """Which questions to find. None means any; all filters that are set must hold.

    `text`: words that must all be in one text that was typed (the question, a note on its answer or
    of a review, words of a correction, the detail of a delivery), in any order, whatever their case
    and accents; words in double quotes must stand together. `person` and `channel` are ids as the
    log has them. `code` is the beginning of a code, with or without its dot, among those of the
    answer or the one that was used instead; `system` is its system. `edition` is a part of the name
    of an edition that the answer is based on: `FY2027`, `ICD-10-CM FY2027`. `teams`: ids of the
    workspaces or organisations (see `bot.querylog.workspaces`); () finds nothing. Days are UTC and
    inclusive.
    """

    text: str | None = None
    person: str | None = None
    channel: str | None = None
    code: str | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    outcome: str | None = None
    confidence: str | None = None
    feedback: str | None = None
    system: str | None = None
    edition: str | None = None
    teams: tuple[str, ...] | None = None

    def description(self, scrub: Callable[[str], str]) -> str:
        """The filters in one line, for the record of a search: `text=knee oa, outcome=failed`. The
        words are scrubbed (`QueryLog.scrubbed`), since an auditor may search for a name."""
        values = self.given()
        for name in ("text", "edition"):
            if name in values:
                values[name] = scrub(values[name])
        return ", ".join(f"{name}={value}" for name, value in values.items()) or "everything"

    def given(self) -> dict[str, str]:
        """The filters that are set, by name, as they were given."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["teams"] = None if self.teams is None else "+".join(self.teams) or "none"
        return {name: str(value) for name, value in values.items() if value}


def search(log: QueryLog, filters: Filters, limit: int | None = 50) -> list[Record]:
    """The questions that fit, newest first, at most `limit` (None: all). Raises LogUnavailable."""
    where, params = _condition(log, filters)
    most = _ALL if limit is None else limit
    return log.select(f"{where} order by seq desc limit ?", [*params, most])


def each(log: QueryLog, filters: Filters) -> Iterator[Record]:
    """All questions that fit, oldest first, read in batches to save memory."""
    yield from _in_batches(log, matching(log, filters), "seq")


def page(log: QueryLog, filters: Filters, first: int, most: int) -> tuple[int, list[Record]]:
    """How many questions fit, and of these, newest first, at most `most` from number `first` on (0
    for the newest). Raises LogUnavailable."""
    ids = matching(log, filters)[::-1]
    return len(ids), list(_in_batches(log, ids[first : first + most], "seq desc"))


def _in_batches(log: QueryLog, ids: Sequence[str], order: str) -> Iterator[Record]:
    """The questions with these ids, which are in this order."""
    for at in range(0, len(ids), _BATCH):
        some = ids[at : at + _BATCH]
        yield from log.select(f"id in ({', '.join('?' * len(some))}) order by {order}", some)


def widened(log: QueryLog, filters: Filters) -> dict[str, int]:
    """How many questions fit without each of the filters, by its name; without those of which none
    fits either. Raises LogUnavailable."""
    counts = {
        field.name: len(matching(log, replace(filters, **{field.name: None})))
        for field in fields(filters)
        if getattr(filters, field.name) is not None and field.name != "teams"
    }
    return {name: count for name, count in counts.items() if count}


def matching(log: QueryLog, filters: Filters) -> list[str]:
    """The ids of the questions that fit, oldest first."""
    where, params = _condition(log, filters)
    with log.reading() as db:
        rows = db.execute(
            schema.by_own_views(f"select id from questions where {where} order by seq"), params
        )
        return [identity for (identity,) in rows]


# Conditions on the view `questions`

_ANSWERED = "id in (select subject from records where kind = 'answer' and {})"
_BEGINS = "substr(upper(replace(json_extract({}, '$.code'), '.', '')), 1, ?) = ?"
_DELIVERED = """? = (
    select d.outcome from deliveries d where d.question = questions.id and d.kind = 'answer'
    order by d.id desc limit 1
)"""


def _condition(log: QueryLog, filters: Filters) -> tuple[str, list[Any]]:
    """The filters as an SQL condition, with its parameters. What cannot be stored is nowhere: in
    what is looked for, as in what was stored, a question mark stands for it."""
    text, person, channel, code, edition = (
        value and plain(value)
        for value in (filters.text, filters.person, filters.channel, filters.code, filters.edition)
    )
    filters = replace(
        filters, text=text, person=person, channel=channel, code=code, edition=edition
    )
    is_sqlite = log.database.kind == "sqlite"
    conditions: list[tuple[str, list[Any]]] = []
    if filters.text and filters.text.strip():
        conditions.append(
            _saying_in_sqlite(log, filters.text) if is_sqlite else _saying(log, filters.text)
        )
    if filters.person:
        conditions.append(('lower("user") = lower(?)', [filters.person]))
    if filters.channel:
        conditions.append(("lower(channel) = lower(?)", [filters.channel]))
    if filters.first_day:
        conditions.append(("asked_at >= ?", [filters.first_day.isoformat()]))
    if filters.last_day:
        # "~" sorts after "T": all times of the last day, 2026-05-31T…, are before 2026-05-31~.
        conditions.append(("asked_at < ?", [f"{filters.last_day.isoformat()}~"]))
    if filters.code or filters.system:
        conditions.append(_with_code(log, filters.code, filters.system))
    if filters.outcome:
        conditions.append(_with_outcome(filters.outcome))
    if filters.confidence:
        conditions.append(
            (_ANSWERED.format("json_extract(body, '$.confidence') = ?"), [filters.confidence])
        )
    if filters.edition:
        conditions.append(_with_edition(filters.edition))
    if filters.feedback:
        conditions.append(_with_feedback(filters.feedback))
    if filters.teams is not None:
        query, params = asked_in(filters.teams)
        conditions.append((f"id in ({query})", params))
    where = " and ".join(condition for condition, _ in conditions) or "true"
    return where, [value for _, params in conditions for value in params]


def _with_code(log: QueryLog, code: str | None, system: str | None) -> tuple[str, list[Any]]:
    prefix = undot(code or "").strip().upper()
    condition, params = (
        _coded_in_sqlite(prefix, system)
        if log.database.kind == "sqlite"
        else _coded(log, prefix, system)
    )
    if prefix and not system:
        # The code that someone used instead. Its system is not stored.
        used = f"kind = 'feedback' and {_BEGINS.format('body')}"
        condition = f"({condition} or id in (select subject from records where {used}))"
        params += [len(prefix), prefix]
    return condition, params


#: Kinds of records with texts that people typed.
_KINDS_TYPED = "('question', 'feedback', 'correction', 'delivery', 'review')"

# SQLite runs our functions, and reads JSON that may be damaged

_TYPED = f"""id in (
    select r.subject from texts t join records r on r.seq = t.record
    where r.kind in {_KINDS_TYPED} and says(t.text, ?)
)"""
_CODE = """id in (
    select r.subject from records r join texts t on t.record = r.seq and t.name = 'codes'
    join json_each(iif(json_valid(t.text), t.text, '[]')) c where r.kind = 'answer' and {}
)"""


def _saying_in_sqlite(log: QueryLog, wanted: str) -> tuple[str, list[Any]]:
    with log.reading() as db:
        db.raw.create_function("says", 2, says, deterministic=True)
    return _TYPED, [wanted]


def _coded_in_sqlite(prefix: str, system: str | None) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    params: list[Any] = []
    if prefix:
        conditions.append(_BEGINS.format("c.value"))
        params += [len(prefix), prefix]
    if system:
        conditions.append("json_extract(c.value, '$.system') = ?")
        params.append(system)
    return _CODE.format(" and ".join(conditions) or "true"), params


# From PostgreSQL the texts are read, and the same rules are applied here

_TEXTS = "select r.subject, t.text from texts t join records r on r.seq = t.record where "
_TEXTS_TYPED = f"{_TEXTS}r.kind in {_KINDS_TYPED}"
_TEXTS_OF_CODES = _TEXTS + "r.kind = 'answer' and t.name = 'codes'"


def _saying(log: QueryLog, wanted: str) -> tuple[str, list[Any]]:
    return _of_texts(log, _TEXTS_TYPED, lambda text: says(text, wanted))


def _coded(log: QueryLog, prefix: str, system: str | None) -> tuple[str, list[Any]]:
    def fits(text: str) -> bool:
        try:
            codes = json.loads(text)
            return any(
                (not prefix or undot(one["code"]).upper().startswith(prefix))
                and (not system or one.get("system") == system)
                for one in codes
            )
        except NOT_OF_THE_FORM:
            return False  # It was altered.

    return _of_texts(log, _TEXTS_OF_CODES, fits)


def _of_texts(log: QueryLog, sql: str, fits: Callable[[str], bool]) -> tuple[str, list[Any]]:
    """Of the questions to which a text belongs that fits."""
    with log.snapshot() as db:
        ids = {subject for subject, text in db.stream(sql) if subject and fits(text)}
    return "id = any(?)", [sorted(ids)]


def _with_outcome(outcome: str) -> tuple[str, list[Any]]:
    if outcome in ANSWERS:
        return _ANSWERED.format("json_extract(body, '$.outcome') = ?"), [outcome]
    if outcome == records.UNANSWERED:
        return f"not {_ANSWERED.format('true')}", []
    return _DELIVERED, [outcome]


def _with_edition(name: str) -> tuple[str, list[Any]]:
    """By the keys of its releases (`icd10cm/FY2027`), as `ICD-10-CM FY2027` is read by people."""
    wanted = " ".join(name.split()).lower()
    for system, shown in SYSTEM_NAMES.items():
        if wanted.startswith(shown.lower()):
            wanted = f"{system}/{wanted.removeprefix(shown.lower()).strip()}"
    literal = re.sub(r"([\\%_])", r"\\\1", wanted)
    like = "lower(json_extract(body, '$.releases')) like ? escape '\\'"
    return _ANSWERED.format(like), [f"%{literal}%"]


def _with_feedback(rating: str) -> tuple[str, list[Any]]:
    condition = "id in (select question from feedback where {})"
    if rating in ("any", "none"):
        return ("not " if rating == "none" else "") + condition.format("true"), []
    return condition.format("verdict = ?"), [rating]


# Full text

_WORDS = re.compile(r'"([^"]+)"|([^\s"]+)')


def says(text: str | None, wanted: str) -> bool:
    """Whether all words of `wanted` are in a text; see Filters."""
    folded = _folded(text or "")
    return all(_folded(phrase or word) in folded for phrase, word in _WORDS.findall(wanted))


def _folded(text: str) -> str:
    """The text without case and accents, so that `meniere` finds Ménière."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()
