"""Figures on the questions of a period: for a supervisor, a compliance office, an auditor."""

from __future__ import annotations

import datetime as dt
import json
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from math import ceil
from typing import Any

from jinja2 import Environment

from bot.audit import csv_safe, svg_charts
from bot.querylog.hash_chain import is_committed
from bot.querylog.log import QueryLog
from bot.querylog.records import UNANSWERED, Record
from bot.querylog.schema import by_own_views
from bot.querylog.workspaces import asked_in, of_any
from codesets.code_format import undot
from codesets.model import SYSTEM_NAMES

#: How many items of each list are shown. The counts are of all.
_LISTED, _SLOW, _CODES, _PEOPLE = 50, 20, 20, 15
_DAY = dt.timedelta(days=1)

Figures = dict[str, Any]


def figures(
    log: QueryLog,
    first_day: dt.date | None,
    last_day: dt.date | None,
    teams: Sequence[str] | None = None,
) -> Figures:
    """The figures on the questions of a period, as JSON has them. Days are inclusive and in UTC.
    `teams`: of these workspaces or organisations only; None for all. Raises LogUnavailable."""
    rows = list(_questions(log, first_day, last_day, teams))
    answered = [row for row in rows if row["outcome"]]
    latencies = sorted(row["latency_ms"] for row in answered if row["latency_ms"] is not None)
    none = [r for r in rows if not r["outcome"] or r["outcome"] == "abstained"]
    disagreements = _disagreements(log, rows)
    removed = Counter(kind for row in rows for kind in row["removed"])
    return {
        "log": log.id,
        "first_day": str(first_day or (rows[0]["at"][:10] if rows else "")),
        "last_day": str(last_day or (rows[-1]["at"][:10] if rows else "")),
        "made_at": log.now().isoformat(timespec="seconds"),
        "totals": {
            "questions": len(rows),
            "people": len({row["user"] for row in rows if row["user"]}),
            "answered": len(rows) - len(none),
            "declined": sum(row["outcome"] == "abstained" for row in rows),
            "without_answer": len(rows) - len(answered),
            "not_delivered": sum(bool(r["outcome"]) and r["delivery"] != "delivered" for r in rows),
            "disagreements": len(disagreements),
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
        "by_delivery": _counted(row["delivery"] or "none" for row in rows),
        "removed": dict(removed.most_common()),
        "most_asked": _most_asked(log, rows),
        "unanswered": _listed(log, [row["id"] for row in none][-_LISTED:][::-1]),
        "disagreements": disagreements[:_LISTED],
        "slow": _listed(log, _slowest(answered)),
        "accesses": _accesses(log, first_day, last_day, teams),
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
            (select json_extract(d.body, '$.outcome') from records d
                where d.subject = q.subject and d.kind = 'delivery'
                and json_extract(d.body, '$.kind') = 'answer' order by d.seq desc limit 1
            ) as delivery
            from records q left join records a on a.subject = q.subject and a.kind = 'answer'
            left join texts codes on codes.record = a.seq and codes.name = 'codes'
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
            row["system"] = next((system for system, _ in row["codes"] if system), None)
            row["removed"] = json.loads(row["removed"] or "[]")
            yield row


def _between(first_day: dt.date | None, last_day: dt.date | None) -> list[str]:
    return [str(first_day or ""), f"{last_day or ''}~"]


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _volume(days: Iterable[str]) -> dict[str, Any]:
    """Questions by day; by week or month when there are too many days. Empty ones are included."""
    counts = Counter(map(dt.date.fromisoformat, days))
    if not counts:
        return {"unit": "day", "bars": []}
    first, last = min(counts), max(counts)
    span = (last - first).days + 1
    unit = "day" if span <= 62 else "week" if span <= 366 else "month"
    bars: dict[str, int] = {}
    for number in range(span):
        day = first + number * _DAY
        label = _label(day, unit)
        bars[label] = bars.get(label, 0) + counts[day]
    return {"unit": unit, "bars": list(bars.items())}


def _label(day: dt.date, unit: str) -> str:
    if unit == "week":
        day -= day.weekday() * _DAY
    return day.isoformat()[: 7 if unit == "month" else 10]


def _most_asked(log: QueryLog, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = Counter(code for row in rows for code in row["codes"])
    last = {code: row["id"] for row in rows for code in row["codes"]}
    return [
        {"system": system, "code": code, "title": _title(log, last[system, code], code), "count": n}
        for (system, code), n in counts.most_common(_CODES)
    ]


def _title(log: QueryLog, question_id: str, code: str) -> str:
    """The title of a code in the last answer with it. The log keeps no descriptors of CPT."""
    record = log.get(question_id)
    answer = (record.answer if record else None) or {}
    lines = [line for one in answer.get("statements", []) for line in one["report"]]
    shown = [*answer.get("candidates", []), *answer.get("verdicts", [])]
    shown += [*answer.get("report", []), *lines]
    return next((one["title"] for one in shown if one["code"] == code), "")


def _slowest(rows: Sequence[dict[str, Any]]) -> list[str]:
    timed = [row for row in rows if row["latency_ms"] is not None]
    return [r["id"] for r in sorted(timed, key=lambda r: -r["latency_ms"])[:_SLOW]]


def _listed(log: QueryLog, ids: Sequence[str]) -> list[dict[str, Any]]:
    """What the report shows of single questions, in the order of the ids."""
    found = log.select(f"id in ({', '.join('?' * len(ids))})", list(ids)) if ids else []
    records = {record.id: record for record in found}
    return [_shown(records[identity]) for identity in ids if identity in records]


def _shown(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "asked_at": record.asked_at,
        "person": record.user,
        "surface": record.surface,
        "question": record.text,
        "redacted": bool(record.redactions) and not record.text,
        "outcome": record.outcome,
        "delivery": record.delivery,
        "latency_ms": record.latency_ms,
        "code": record.codes[0]["code"] if record.codes else None,
        "report": [code["code"] for code in record.codes if "line" in code],
        "because": ((record.answer or {}).get("notices") or [""])[0],
    }


def _disagreements(log: QueryLog, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Feedback against answers, newest first: wrong, or another code was used than the first
    and those of the report."""
    there = {row["id"] for row in rows}
    with log.reading() as db:
        feedback = db.query(
            by_own_views(
                "select question, at, verdict, code, by, note from feedback "
                "where verdict in ('wrong', 'used') order by id desc"
            )
        )
        against = [one for one in feedback if one["question"] in there]
    disagreements = []
    shown = {one["id"]: one for one in _in_batches(log, [one["question"] for one in against])}
    for one in against:
        of = shown[one["question"]]
        if one["verdict"] == "used" and any(
            _same_code(one["code"], code) for code in (of["code"], *of["report"])
        ):
            continue
        disagreements.append(
            {
                "id": one["question"],
                "at": one["at"],
                "question": of["question"],
                "redacted": of["redacted"],
                "shown": of["code"],
                "used": one["code"],
                "by": one["by"],
                "note": one["note"],
            }
        )
    return disagreements


def _in_batches(log: QueryLog, ids: Sequence[str]) -> Iterable[dict[str, Any]]:
    unique = list(dict.fromkeys(ids))
    for at in range(0, len(unique), 500):
        yield from _listed(log, unique[at : at + 500])


def _same_code(one: str | None, other: str | None) -> bool:
    return undot(one or "").upper() == undot(other or "").upper()


def _accesses(
    log: QueryLog,
    first_day: dt.date | None,
    last_day: dt.date | None,
    teams: Sequence[str] | None,
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
                [*_between(first_day, last_day), *params],
            )
        )


# The page


def page(figures: Figures, verification: Sequence[str], result: str) -> str:
    """The figures as one HTML page without other files. `verification` are its sentences, `result`
    its result. What people typed is escaped."""
    return _template().render(
        **figures,
        verification=verification,
        result=result,
        columns=svg_charts.columns,
        bar=svg_charts.bar,
        system_names=SYSTEM_NAMES,
        shortened=shortened,
        most=_most,
    )


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text = (resources.files("prompts") / "templates" / "log_report.html").read_text(
        encoding="utf-8"
    )
    return environment.from_string(text)


#: Control characters, and those that change the direction of the text after them.
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def shortened(text: str | None, most: int = 200) -> str:
    """The text on one line, cut after `most` characters, and safe in a spreadsheet: those open HTML
    pages, too."""
    one_line: str = csv_safe.safe(" ".join(_UNSEEN.sub("\ufffd", text or "").split()))
    return one_line if len(one_line) <= most else one_line[: most - 1] + "…"


def _most(counts: Mapping[str, int], limit: int = _PEOPLE) -> list[tuple[str, int]]:
    """The `limit` most frequent, and one row for all others."""
    rows = list(counts.items())
    others = rows[limit:]
    if others:
        rows = [*rows[:limit], (f"{len(others)} others", sum(count for _, count in others))]
    return rows
