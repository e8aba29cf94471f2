"""Finding questions in the log: by what was typed, by whom, where, when, and what came of it.

There is no full-text index: a redaction would have to destroy a copy of each text in it. A search
reads the texts that are there. It does not put itself on record: whoever shows what it found writes
an `access` record first, with `Filters.told()` as its detail.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, get_args

from bot.desk.answer import Outcome
from bot.querylog import records
from bot.querylog.log import QueryLog
from bot.querylog.records import Record
from codesets.code_format import undot
from index.search.confidence import Confidence

#: What a search may ask for. Of outcomes: what the answer was; that there is none; or what became
#: of it, where it did not arrive.
ANSWERS: tuple[str, ...] = get_args(Outcome)
_NOT_DELIVERED = tuple(name for name in get_args(records.Outcome) if name != "delivered")
OUTCOMES = (*ANSWERS, "unanswered", *_NOT_DELIVERED)
CONFIDENCES: tuple[str, ...] = get_args(Confidence)
#: "any": someone gave feedback on the answer. "none": nobody did.
FEEDBACK = (*get_args(records.Rating), "any", "none")

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """Which questions; None means any. All that is given must hold.

    `text`: words that must all be in one text that was typed (the question, a note on its answer,
    words of a correction, the detail of a delivery), in any order, whatever their case and accents;
    what stands in double quotes must stand together. `person` and `channel` are ids as the log has
    them. `code` is the beginning of a code, with or without its dot, among those of the answer or
    the one that was used instead; `system` is its system. Days are UTC and inclusive.
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

    def told(self, scrub: Callable[[str], str]) -> str:
        """The filters in one line, for the record of a search: `text=knee oa, outcome=failed`. The
        words are scrubbed (`QueryLog.scrubbed`): an auditor looks for what the scrubber missed."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        given["text"] = self.text and scrub(self.text)
        said = [f"{name}={value}" for name, value in given.items() if value]
        return ", ".join(said) or "everything"


def search(log: QueryLog, filters: Filters, limit: int | None = 50) -> list[Record]:
    """The questions that fit, newest first, at most `limit` (None: all). Raises LogUnavailable."""
    where, params = _condition(log, filters)
    most = -1 if limit is None else limit
    return log.select(f"{where} order by seq desc limit ?", [*params, most])


def each(log: QueryLog, filters: Filters) -> Iterator[Record]:
    """All questions that fit, oldest first, a few at a time: for more than memory should hold."""
    ids = matching(log, filters)
    for at in range(0, len(ids), _BATCH):
        some = ids[at : at + _BATCH]
        yield from log.select(f"id in ({', '.join('?' * len(some))}) order by seq", some)


def matching(log: QueryLog, filters: Filters) -> list[str]:
    """The ids of the questions that fit, oldest first."""
    where, params = _condition(log, filters)
    with log.reading() as db:
        rows = db.execute(f"select id from questions where {where} order by seq", params)
        return [identity for (identity,) in rows]


# Conditions on the view `questions`

_ANSWERED = "id in (select subject from records where kind = 'answer' and {})"
_TYPED = """id in (
    select r.subject from texts t join records r on r.seq = t.record
    where r.kind in ('question', 'feedback', 'correction', 'delivery') and says(t.text, ?)
)"""
_CODE = """id in (
    select r.subject from records r join texts t on t.record = r.seq and t.name = 'codes'
    join json_each(iif(json_valid(t.text), t.text, '[]')) c where r.kind = 'answer' and {}
)"""
_BEGINS = "substr(upper(replace(json_extract({}, '$.code'), '.', '')), 1, ?) = ?"
_DELIVERED = """? = (
    select d.outcome from deliveries d where d.question = questions.id and d.kind = 'answer'
    order by d.id desc limit 1
)"""


def _condition(log: QueryLog, filters: Filters) -> tuple[str, list[Any]]:
    """As SQL, with its parameters."""
    with log.reading() as db:
        db.conn.create_function("says", 2, says, deterministic=True)
    found: list[tuple[str, list[Any]]] = []
    if filters.text and filters.text.strip():
        found.append((_TYPED, [filters.text]))
    if filters.person:
        found.append(("user = ? collate nocase", [filters.person]))
    if filters.channel:
        found.append(("channel = ? collate nocase", [filters.channel]))
    if filters.first_day:
        found.append(("asked_at >= ?", [filters.first_day.isoformat()]))
    if filters.last_day:
        # Times go on after the day: 2026-05-31T… is before 2026-05-31~.
        found.append(("asked_at < ?", [f"{filters.last_day.isoformat()}~"]))
    if filters.code or filters.system:
        found.append(_with_code(filters.code, filters.system))
    if filters.outcome:
        found.append(_with_outcome(filters.outcome))
    if filters.confidence:
        found.append(
            (_ANSWERED.format("json_extract(body, '$.confidence') = ?"), [filters.confidence])
        )
    if filters.feedback:
        found.append(_with_feedback(filters.feedback))
    where = " and ".join(condition for condition, _ in found) or "1"
    return where, [value for _, params in found for value in params]


def _with_code(code: str | None, system: str | None) -> tuple[str, list[Any]]:
    prefix = undot(code or "").strip().upper()
    wanted: list[str] = []
    params: list[Any] = []
    if prefix:
        wanted.append(_BEGINS.format("c.value"))
        params += [len(prefix), prefix]
    if system:
        wanted.append("json_extract(c.value, '$.system') = ?")
        params.append(system)
    condition = _CODE.format(" and ".join(wanted) or "1")
    if prefix and not system:
        # The code that someone used instead; of which system it is was not said.
        used = f"kind = 'feedback' and {_BEGINS.format('body')}"
        condition = f"({condition} or id in (select subject from records where {used}))"
        params += [len(prefix), prefix]
    return condition, params


def _with_outcome(outcome: str) -> tuple[str, list[Any]]:
    if outcome in ANSWERS:
        return _ANSWERED.format("json_extract(body, '$.outcome') = ?"), [outcome]
    if outcome == "unanswered":
        return f"not {_ANSWERED.format('1')}", []
    return _DELIVERED, [outcome]


def _with_feedback(rating: str) -> tuple[str, list[Any]]:
    said = "id in (select question from feedback where {})"
    if rating in ("any", "none"):
        return ("not " if rating == "none" else "") + said.format("1"), []
    return said.format("verdict = ?"), [rating]


# Full text

_WORDS = re.compile(r'"([^"]+)"|([^\s"]+)')


def says(text: str | None, wanted: str) -> bool:
    """Whether all words of `wanted` are in a text; see Filters."""
    folded = _folded(text or "")
    return all(_folded(phrase or word) in folded for phrase, word in _WORDS.findall(wanted))


def _folded(text: str) -> str:
    """Without case and accents, so that `meniere` finds Ménière."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()
