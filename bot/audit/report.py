"""Figures on the questions of a period: for a supervisor, a compliance office, an auditor. Days and
times are UTC."""

from __future__ import annotations

import datetime as dt
import json
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from math import ceil
from typing import Any

from bot.audit import report_changes, report_feedback, report_reasons
from bot.audit.agreement import agreement
from bot.querylog.hash_chain import is_committed
from bot.querylog.log import QueryLog
from bot.querylog.records import UNANSWERED, Record
from bot.querylog.reviews import every
from bot.querylog.schema import by_own_views
from bot.querylog.workspaces import asked_in, of_any
from bot.views.log_page import TitleOf, titles, told

#: How many items of each list are shown. The counts are of all.
_LISTED, _SLOW, _CODES = 50, 20, 20
_DAY = dt.timedelta(days=1)
#: The most days that are shown as bars of each unit; of more, there is one bar a year.
_MOST_DAYS = {"day": 31, "week": 26 * 7, "month": 3 * 366}

Figures = dict[str, Any]


def figures(
    log: QueryLog,
    first_day: dt.date | None,
    last_day: dt.date | None,
    teams: Sequence[str] | None = None,
    title_of: TitleOf = lambda code: "",
) -> Figures:
    """The figures on the questions of a period, as JSON has them. Days are inclusive and in UTC.
    `teams`: of these workspaces or organisations only; None for all. `title_of`: for codes that no
    answer has a title of. Raises LogUnavailable."""
    rows = list(_questions(log, first_day, last_day, teams))
    answered = [row for row in rows if row["outcome"]]
    latencies = sorted(row["latency_ms"] for row in answered if row["latency_ms"] is not None)
    abstained = [row for row in rows if row["outcome"] == "abstained"]
    none = [row for row in rows if row["outcome"] in (None, "abstained")]
    rated = report_feedback.said(log, rows)
    against = [one for one in rated if one["rating"] != "right"]
    removed = Counter(kind for row in rows for kind in row["removed"])
    titles = _Titles(log, rows, title_of)
    between = _between(first_day, last_day)
    return {
        "log": log.id,
        "first_day": str(first_day or (rows[0]["at"][:10] if rows else "")),
        "last_day": str(last_day or (rows[-1]["at"][:10] if rows else "")),
        "made_at": log.now().isoformat(timespec="seconds"),
        "totals": {
            "questions": len(rows),
            "people": len({row["user"] for row in rows if row["user"]}),
            "with_answer": len(rows) - len(none),
            "abstained": len(abstained),
            "unanswered": len(rows) - len(answered),
            "not_delivered": sum(bool(r["outcome"]) and r["delivery"] != "delivered" for r in rows),
            "rated": len(rated),
            "disagreements": len(against),
            "with_identifiers": sum(bool(row["removed"]) for row in rows),
            "median_ms": round(statistics.median(latencies), 1) if latencies else None,
            "p95_ms": round(latencies[ceil(0.95 * len(latencies)) - 1], 1) if latencies else None,
        },
        "volume": _volume(row["at"][:10] for row in rows),
        "by_surface": _counted(row["surface"] for row in rows),
        "by_person": _counted(row["user"] or "-" for row in rows),
        "by_system": _counted(row["system"] for row in rows if row["system"]),
        "by_outcome": _counted(row["outcome"] or UNANSWERED for row in rows),
        "by_confidence": _counted(row["confidence"] for row in rows if row["confidence"]),
        "by_delivery": _counted(_delivery(row) for row in rows),
        "removed": dict(removed.most_common()),
        "most_asked": _most_asked(rows, titles),
        "because": report_reasons.grouped((row["id"], row["told"]) for row in abstained),
        "no_codes": _listed(log, [row["id"] for row in none][-_LISTED:][::-1], titles),
        "feedback": report_feedback.rates(rated),
        "reviews": _reviews(log, rows, teams),
        "corrected": report_feedback.corrected(rated, titles.of),
        "disagreements": _disagreements(log, against, titles),
        "slow": _listed(log, _slowest(answered), titles),
        "changes": report_changes.changes(log, between, teams, titles.of),
        "accesses": _accesses(log, between, teams),
    }


def _questions(
    log: QueryLog,
    first_day: dt.date | None,
    last_day: dt.date | None,
    teams: Sequence[str] | None,
) -> Iterable[dict[str, Any]]:
    """What is counted of each question of a period, oldest first."""
    condition, params = of_any(teams, "q.body") if teams is not None else ("true", [])
    with log.reading() as db:
        rows = db.query(
            f"""
            select q.subject as id, q.at, json_extract(q.body, '$.surface') as surface,
            json_extract(q.body, '$.user') as user, json_extract(q.body, '$.removed') as removed,
            json_extract(a.body, '$.outcome') as outcome,
            json_extract(a.body, '$.confidence') as confidence,
            cast(json_extract(a.body, '$.latency_ms') as double precision) as latency_ms,
            codes.text as codes, codes.salt,
            json_extract(a.body, '$.texts.codes') as committed,
            told.text as told, told.salt as told_salt,
            json_extract(a.body, '$.texts.answer') as told_committed,
            (select json_extract(d.body, '$.outcome') from records d
                where d.subject = q.subject and d.kind = 'delivery'
                and json_extract(d.body, '$.kind') = 'answer' order by d.seq desc limit 1
            ) as delivery
            from records q left join records a on a.subject = q.subject and a.kind = 'answer'
            left join texts codes on codes.record = a.seq and codes.name = 'codes'
            left join texts told on told.record = a.seq and told.name = 'answer'
                and json_extract(a.body, '$.outcome') = 'abstained'
            where q.kind = 'question' and q.at >= ? and q.at < ? and {condition} order by q.seq
            """,
            [*_between(first_day, last_day), *params],
        )
        for row in rows:
            salt, text, committed = (row.pop(name) for name in ("salt", "codes", "committed"))
            # Codes that were altered or destroyed are not counted.
            codes = json.loads(text) if is_committed(salt, text, committed or "") else []
            # Of candidates only the first counts; of lines of a report and codes that were asked
            # about, all do.
            row["codes"] = [
                (code.get("system") or "", code["code"])
                for at, code in enumerate(codes)
                if at == 0 or "status" in code or "line" in code
            ]
            salt, text, committed = (row.pop(f"told{part}") for part in ("_salt", "", "_committed"))
            row["told"] = (
                told(json.loads(text)) if is_committed(salt, text, committed or "") else None
            )
            row["system"] = next((system for system, _ in row["codes"] if system), None)
            row["removed"] = json.loads(row["removed"] or "[]")
            yield row


def _between(first_day: dt.date | None, last_day: dt.date | None) -> list[str]:
    return [str(first_day or ""), f"{last_day or ''}~"]


def _delivery(row: dict[str, Any]) -> str:
    """`Record.delivery` of a question."""
    return str(row["delivery"] or ("undelivered" if row["outcome"] else UNANSWERED))


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _volume(days: Iterable[str]) -> dict[str, Any]:
    """Questions by day; by week, month or year when there would be more bars than a page has room
    for. A week is named by its Monday. Empty ones are included."""
    counts = Counter(map(dt.date.fromisoformat, days))
    if not counts:
        return {"unit": "day", "bars": []}
    first, last = min(counts), max(counts)
    span = (last - first).days + 1
    unit = next((unit for unit, most in _MOST_DAYS.items() if span <= most), "year")
    bars: dict[str, int] = {}
    for number in range(span):
        day = first + number * _DAY
        label = _label(day, unit)
        bars[label] = bars.get(label, 0) + counts[day]
    return {"unit": unit, "bars": list(bars.items())}


def _label(day: dt.date, unit: str) -> str:
    if unit == "week":
        day -= day.weekday() * _DAY
    return day.isoformat()[: {"month": 7, "year": 4}.get(unit, 10)]


class _Titles:
    """The titles of codes: in the last answer that has a code first or reports it, else of
    `title_of`. The log keeps no descriptors of CPT."""

    def __init__(self, log: QueryLog, rows: Sequence[dict[str, Any]], title_of: TitleOf) -> None:
        self._log, self._title_of = log, title_of
        self._last = {code: row["id"] for row in rows for _, code in row["codes"]}
        self.of: TitleOf = cache(self._of)

    def _of(self, code: str) -> str:
        record = self._log.get(self._last[code]) if code in self._last else None
        shown = titles(record.answer).get(code) if record else None
        return shown or self._title_of(code)


def _most_asked(rows: Sequence[dict[str, Any]], titles: _Titles) -> list[dict[str, Any]]:
    counts = Counter(code for row in rows for code in row["codes"])
    return [
        {
            "system": system,
            "code": code,
            "title": "" if system == "cpt" else titles.of(code),
            "count": count,
        }
        for (system, code), count in counts.most_common(_CODES)
    ]


def _slowest(rows: Sequence[dict[str, Any]]) -> list[str]:
    timed = [row for row in rows if row["latency_ms"] is not None]
    return [r["id"] for r in sorted(timed, key=lambda r: -r["latency_ms"])[:_SLOW]]


def _listed(log: QueryLog, ids: Sequence[str], titles: _Titles) -> list[dict[str, Any]]:
    """What the report shows of single questions, in the order of the ids."""
    found = log.select(f"id in ({', '.join('?' * len(ids))})", list(ids)) if ids else []
    records = {record.id: record for record in found}
    return [_shown(records[identity], titles) for identity in ids if identity in records]


def _shown(record: Record, titles: _Titles) -> dict[str, Any]:
    code = str(record.codes[0]["code"]) if record.codes else None
    return {
        "id": record.id,
        "asked_at": record.asked_at,
        "person": record.user,
        "surface": record.surface,
        "question": record.text,
        "redacted": bool(record.redactions) and not record.text,
        "outcome": record.ended,
        "delivery": record.delivery,
        "latency_ms": record.latency_ms,
        "code": code,
        "title": titles.of(code) if code else "",
        "because": told(record.answer),
    }


def _disagreements(
    log: QueryLog, against: Sequence[dict[str, Any]], titles: _Titles
) -> list[dict[str, Any]]:
    """The newest feedback against answers, newest first: wrong, or another code was used than the
    first and those of the report."""
    newest = sorted(against, key=lambda one: -one["number"])[:_LISTED]
    ids = list(dict.fromkeys(one["id"] for one in newest))
    asked = {one["id"]: one for one in _listed(log, ids, titles)}
    return [
        {
            "id": one["id"],
            "at": one["at"],
            "question": asked[one["id"]]["question"],
            "redacted": asked[one["id"]]["redacted"],
            "shown": one["shown"],
            "shown_title": titles.of(one["shown"]) if one["shown"] else "",
            "rating": one["rating"],
            "used": one["code"],
            "used_title": titles.of(one["code"]) if one["code"] else "",
            "by": one["by"],
            "note": one["note"],
        }
        for one in newest
        if one["id"] in asked
    ]


def _reviews(
    log: QueryLog, rows: Sequence[dict[str, Any]], teams: Sequence[str] | None
) -> dict[str, Any]:
    """How far reviewers agree with the answers to these questions."""
    there = {row["id"] for row in rows}
    return agreement(one for one in every(log, teams) if one.question_id in there).as_dict()


def _accesses(
    log: QueryLog, between: Sequence[str], teams: Sequence[str] | None
) -> list[dict[str, Any]]:
    """Who looked how often; of some workspaces, into their questions."""
    query, params = asked_in(teams) if teams is not None else ("", [])
    condition = f"and question in ({query}) " if query else ""
    with log.reading() as db:
        return list(
            db.query(
                by_own_views(
                    "select what, by, count(*) as count from accesses where at >= ? and at < ? "
                    f"{condition}"
                    "group by what, by order by count desc, what, by"
                ),
                [*between, *params],
            )
        )
