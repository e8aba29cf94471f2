"""Samples of questions for review: drawn by a stated method, so that anyone can draw them again.

The method, `METHOD`: the eligible questions are those that were answered in a record up to number
`last`, and fit the filters. Each has the key SHA-256(seed + ":" + its id), in hexadecimal. The
questions with the lowest keys are drawn. With strata, this holds within each stratum; how many
a stratum gives is either the same for all (at most what it has), or its share of the sample by the
largest remainders (equal remainders: the first by name).

The record (kind `sample`) holds all that is needed to draw again: seed, filters, `last`, how many
were eligible, and the ids. What the filters look at never changes: no words, which a redaction may
destroy, and no feedback, which may still come.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from bot.messages import message
from bot.querylog.hash_chain import NOT_OF_THE_FORM
from bot.querylog.log import QueryLog, damaged
from bot.querylog.records import Entry
from bot.querylog.workspaces import of_any
from codesets.errors import CodeDeskError

METHOD = "sha256-lowest-1"
Stratum = Literal["person", "surface", "confidence", "system"]
STRATA: tuple[Stratum, ...] = get_args(Stratum)
#: The stratum of questions without such a value: a verdict has no confidence.
NONE = "none"
_SEED = re.compile(r"[\w.-]{1,64}", re.ASCII)


class ReviewRefused(CodeDeskError):
    """A sample, a review or a sign-off that cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What to draw. `size`: how many questions; with `each`, how many of each stratum. `by`: the
    strata; None for none. `seed`: "" for one that is drawn, too. The others are filters as those of
    `search.Filters`: None means any. `system` is that of the first code of an answer."""

    size: int
    by: Stratum | None = None
    each: bool = False
    seed: str = ""
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    person: str | None = None
    surface: str | None = None
    confidence: str | None = None
    system: str | None = None
    outcome: str | None = None
    teams: tuple[str, ...] | None = None

    def filters(self) -> dict[str, Any]:
        """The filters that are set, as JSON has them."""
        days = {"from": self.first_day, "to": self.last_day}
        named = {name: getattr(self, name) for name in _FILTERS}
        told: dict[str, Any] = {name: day.isoformat() for name, day in days.items() if day}
        told |= {name: value for name, value in named.items() if value is not None}
        return told | ({"teams": list(self.teams)} if self.teams is not None else {})

    def description(self) -> str:
        """The filters in one line: `from=2026-11-01, person=U1`; "everything" without any."""
        told = {n: "+".join(v) if n == "teams" else v for n, v in self.filters().items()}
        return ", ".join(f"{name}={value}" for name, value in told.items()) or "everything"


_FILTERS = ("person", "surface", "confidence", "system", "outcome")


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample as it is on record. `number` is that of its record. `purpose` is "" where none was
    given, and None once it was redacted. `last` is the last record that was considered. `strata`:
    by the name of each, how many were eligible and how many were drawn. `ids`: those of the
    questions, in the order in which they were asked."""

    number: int
    at: str
    by: str
    purpose: str | None
    draw: Draw
    method: str
    last: int
    eligible: int
    strata: dict[str, tuple[int, int]]
    ids: tuple[str, ...]

    def is_seen_by(self, teams: Sequence[str] | None) -> bool:
        """Whether an auditor of these workspaces sees it; None: of all."""
        of = self.draw.teams
        return teams is None or (of is not None and set(of) <= set(teams))

    def as_dict(self) -> dict[str, Any]:
        return {
            "sample": self.number,
            "at": self.at,
            "by": self.by,
            "purpose": self.purpose,
            **_drawn_how(self.draw),
            "method": self.method,
            "last": self.last,
            "eligible": self.eligible,
            "strata": {name: list(counts) for name, counts in self.strata.items()},
            "ids": list(self.ids),
        }


@dataclass(frozen=True, slots=True)
class Again:
    """A sample drawn again. `gone`: its questions that can be drawn no more, since retention
    removed them or a redaction destroyed what a stratum or filter looks at. `same`: whether the
    draw gives all others, and nothing else. `eligible`: how many are eligible still."""

    sample: Sample
    same: bool
    gone: tuple[str, ...]
    drawn: tuple[str, ...]
    eligible: int


# Drawing


def sample(log: QueryLog, draw: Draw, by: str, purpose: str = "") -> Sample:
    """Draw a sample, and commit the record of it before it is returned. `by` is who draws it; the
    `purpose` is scrubbed. Raises ReviewRefused when nothing is eligible or the seed is none, and
    LogUnavailable."""
    if draw.seed and not _SEED.fullmatch(draw.seed):
        raise ReviewRefused(message("reviews.bad_seed"))
    draw = replace(draw, seed=draw.seed or secrets.token_hex(8))
    purpose = log.scrubbed(purpose)
    last = log.last_sequence()
    eligible = _eligible(log, draw, last)
    if not eligible:
        raise ReviewRefused(message("reviews.nothing_to_draw"))
    have = Counter(eligible.values())
    give = _given(have, draw)
    body = {
        **_drawn_how(draw),
        "method": METHOD,
        "last": last,
        "eligible": len(eligible),
        "strata": {name: [have[name], give[name]] for name in sorted(have)} if draw.by else {},
        "ids": _drawn(eligible, draw.seed, give),
        "by": by,
    }
    number = log.append("sample", None, body, {"purpose": purpose} if purpose else None)
    return of_number(log, number)


def again(log: QueryLog, sample: Sample) -> Again:
    """Draw a sample again, from the records up to the one that was the last then. What is gone
    since does not change which of the others are drawn. Raises ReviewRefused when it was drawn by
    another method, and LogUnavailable."""
    if sample.method != METHOD:
        raise ReviewRefused(
            message("reviews.other_method", number=sample.number, method=sample.method)
        )
    eligible = _eligible(log, sample.draw, sample.last)
    still = [one for one in sample.ids if one in eligible]
    give = Counter(eligible[one] for one in still)
    drawn = _drawn(eligible, sample.draw.seed, give)
    gone = tuple(one for one in sample.ids if one not in eligible)
    # A question that is there whole must be eligible: else the record of the sample is another's.
    same = drawn == still and _as_many(sample, eligible, give, gone)
    return Again(sample, same and not _whole(log, gone), gone, tuple(drawn), len(eligible))


def _as_many(
    sample: Sample, eligible: Mapping[str, str], give: Counter[str], gone: Sequence[str]
) -> bool:
    """Whether the counts are those on record. They are fewer only where something is gone."""
    if len(eligible) != sample.eligible:
        return len(eligible) < sample.eligible
    if gone:
        return False
    have = Counter(eligible.values())
    return give == Counter({n: k for n, k in _given(have, sample.draw).items() if k})


def _whole(log: QueryLog, ids: Sequence[str]) -> bool:
    """Whether one of these questions is there with its answer and all codes of it."""
    if not ids:
        return False
    marks = ", ".join("?" * len(ids))
    with log.reading() as db:
        found = db.execute(
            "select 1 from records q join records a on a.subject = q.subject "
            "and a.kind = 'answer' join texts t on t.record = a.seq and t.name = 'codes' "
            f"where q.kind = 'question' and q.subject in ({marks}) limit 1",
            ids,
        )
        return found.fetchone() is not None


def _given(have: Mapping[str, int], draw: Draw) -> dict[str, int]:
    """How many each stratum gives."""
    if draw.each and draw.by:
        return {name: min(count, draw.size) for name, count in have.items()}
    total = sum(have.values())
    size = min(draw.size, total)
    give = {name: size * count // total for name, count in have.items()}
    left = size - sum(give.values())
    for name in sorted(have, key=lambda name: (-(size * have[name] % total), name))[:left]:
        give[name] += 1
    return give


def _drawn(eligible: Mapping[str, str], seed: str, give: Mapping[str, int]) -> list[str]:
    """The ids with the lowest keys of each stratum, in the order of `eligible`."""
    left = Counter(give)
    chosen = set()
    for one in sorted(eligible, key=lambda one: key_of(seed, one)):
        if left[eligible[one]] > 0:
            left[eligible[one]] -= 1
            chosen.add(one)
    return [one for one in eligible if one in chosen]


def key_of(seed: str, question_id: str) -> str:
    """The key by which a question is drawn.

    >>> key_of("november", "0a1b2c3d4e5f")[:12]
    '4d9fd6075f69'
    """
    return hashlib.sha256(f"{seed}:{question_id}".encode()).hexdigest()


def _eligible(log: QueryLog, draw: Draw, last: int) -> dict[str, str]:
    """The ids of the eligible questions, oldest first, each with its stratum."""
    conditions: list[str] = ["a.seq <= ?"]
    params: list[Any] = [last]
    for condition, value in (
        ("lower(json_extract(q.body, '$.user')) = lower(?)", draw.person),
        ("json_extract(q.body, '$.surface') = ?", draw.surface),
        ("json_extract(a.body, '$.confidence') = ?", draw.confidence),
        ("json_extract(a.body, '$.outcome') = ?", draw.outcome),
        ("q.at >= ?", draw.first_day and draw.first_day.isoformat()),
        # "~" sorts after "T": all times of the day.
        ("q.at < ?", draw.last_day and f"{draw.last_day.isoformat()}~"),
    ):
        if value is not None:
            conditions.append(condition)
            params.append(value)
    if draw.teams is not None:
        condition, teams = of_any(draw.teams, "q.body")
        conditions.append(condition)
        params += teams
    by_code = "system" in (draw.by, draw.system and "system")
    codes = "join texts t on t.record = a.seq and t.name = 'codes'" if by_code else ""
    columns = {
        "person": "json_extract(q.body, '$.user')",
        "surface": "json_extract(q.body, '$.surface')",
        "confidence": "json_extract(a.body, '$.confidence')",
    }
    with log.reading() as db:
        rows = db.execute(
            f"select q.subject, {columns.get(draw.by or '', 'null')}, "
            f"{'t.text' if by_code else 'null'} from records q "
            f"join records a on a.subject = q.subject and a.kind = 'answer' {codes} "
            f"where q.kind = 'question' and {' and '.join(conditions)} order by q.seq",
            params,
        ).fetchall()
    found = {}
    for subject, value, text in rows:
        system = _first_system(text) if by_code else None
        if draw.system is None or system == draw.system:
            found[subject] = ((system if draw.by == "system" else value) or NONE) if draw.by else ""
    return found


def _first_system(codes: str) -> str | None:
    try:
        return str(json.loads(codes)[0]["system"])
    except NOT_OF_THE_FORM:
        return None  # No codes, or altered: `verify` says so.


def _drawn_how(draw: Draw) -> dict[str, Any]:
    """The draw, as the body of its record has it."""
    how = {"size": draw.size, "strata_by": draw.by, "each": draw.each, "seed": draw.seed}
    return how | {"filters": draw.filters()}


# Reading back


def samples(log: QueryLog, teams: Sequence[str] | None = None) -> list[Sample]:
    """The samples on record, oldest first; with `teams` those that an auditor of these workspaces
    sees."""
    every = map(_sample, log.records(kinds=["sample"]))
    return [one for one in every if one.is_seen_by(teams)]


def of_number(log: QueryLog, number: int, teams: Sequence[str] | None = None) -> Sample:
    """The sample with the record of this number. Raises ReviewRefused."""
    found = next(log.records(number - 1, ["sample"]), None)
    if found is not None and found.seq == number and (read := _sample(found)).is_seen_by(teams):
        return read
    raise ReviewRefused(message("reviews.no_sample", number=number))


def _sample(entry: Entry) -> Sample:
    try:
        return _read(entry)
    except NOT_OF_THE_FORM as error:
        raise damaged(entry.seq) from error


def _read(entry: Entry) -> Sample:
    body, filters = entry.body, entry.body["filters"]
    first, last = (filters.get(name) for name in ("from", "to"))
    teams = filters.get("teams")
    draw = Draw(
        size=body["size"],
        by=body.get("strata_by"),
        each=body["each"],
        seed=body["seed"],
        first_day=dt.date.fromisoformat(first) if first else None,
        last_day=dt.date.fromisoformat(last) if last else None,
        teams=None if teams is None else tuple(teams),
        **{name: filters.get(name) for name in _FILTERS},
    )
    return Sample(
        number=entry.seq,
        at=entry.at,
        by=body["by"],
        purpose=entry.texts.get("purpose", ""),
        draw=draw,
        method=body["method"],
        last=body["last"],
        eligible=body["eligible"],
        strata={name: (have, gave) for name, (have, gave) in body["strata"].items()},
        ids=tuple(body["ids"]),
    )
