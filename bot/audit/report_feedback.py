"""What people said of answers in a period: how often right, wrong, or that another code was used;
and which codes were used in place of which.

The last word of each person on each answer counts. Who used a code that the answer reports, or has
first, agrees with it. Each rate has its 95% interval (Wilson).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bot.querylog.log import QueryLog
from bot.querylog.schema import by_own_views
from bot.views.log_page import TitleOf
from codesets.code_format import undot
from index.evaluate import likely_range

#: What people say of an answer, and what they agree with.
RATINGS = ("right", "wrong", "used")
#: Questions that are named as examples of a correction.
_EXAMPLES = 3

Row = Mapping[str, Any]


def said(log: QueryLog, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The last word of each person on each of these questions, oldest first: `rating`, the `code`
    that they used, the `shown` codes (the first, and those reported), and what the question was."""
    asked = {row["id"]: row for row in rows}
    with log.reading() as db:
        feedback = db.query(
            by_own_views(
                "select id, question, at, verdict, code, by, note from feedback order by id"
            )
        )
        last = {
            (one["question"], one["by"] or one["id"]): one
            for one in feedback
            if one["question"] in asked
        }
    return [_rated(one, asked[one["question"]]) for one in last.values()]


def _rated(one: Row, row: Row) -> dict[str, Any]:
    shown = [code for _, code in row["codes"]]
    agrees = one["verdict"] == "used" and any(_same(one["code"], code) for code in shown)
    return {
        "id": one["question"],
        "at": one["at"],
        "rating": "right" if agrees else one["verdict"],
        "code": one["code"],
        "shown": shown[0] if shown else None,
        "by": one["by"] or "-",
        "note": one["note"],
        "surface": row["surface"],
        "confidence": row["confidence"] or "-",
        "system": row["system"] or "-",
        "number": one["id"],
    }


def _same(one: str | None, other: str | None) -> bool:
    return undot(one or "").upper() == undot(other or "").upper()


#: By what the rates are parted.
GROUPS: dict[str, Callable[[Row], str]] = {
    "person": lambda one: str(one["by"]),
    "surface": lambda one: str(one["surface"]),
    "confidence": lambda one: str(one["confidence"]),
    "system": lambda one: str(one["system"]),
}


def rates(rated: Sequence[Row]) -> dict[str, Any]:
    """The rates of all ratings, and `by` each of GROUPS, those with the most ratings first."""
    by: dict[str, dict[str, Any]] = {}
    for name, group in GROUPS.items():
        parts: dict[str, list[Row]] = defaultdict(list)
        for one in rated:
            parts[group(one)].append(one)
        largest = sorted(parts.items(), key=lambda part: (-len(part[1]), part[0]))
        by[name] = {part: _rates_of(ones) for part, ones in largest}
    return {**_rates_of(rated), "by": by}


def _rates_of(rated: Sequence[Row]) -> dict[str, Any]:
    of = len(rated)
    counts = {name: sum(one["rating"] == name for one in rated) for name in RATINGS}
    return {"rated": of} | {name: _rate(count, of) for name, count in counts.items()}


def _rate(count: int, of: int) -> dict[str, Any]:
    if not of:
        return {"count": 0, "share": None, "low": None, "high": None}
    low, high = likely_range(count / of, of)
    return {
        "count": count,
        "share": round(count / of, 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def corrected(rated: Iterable[Row], title_of: TitleOf) -> list[dict[str, Any]]:
    """Which code was used in place of which, the most frequent first, with titles, and the ids of
    the newest questions of each."""
    pairs: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for one in rated:
        if one["rating"] == "used":
            pairs[one["shown"] or "", one["code"] or ""].append(one)
    return [
        {
            "shown": shown or None,
            "shown_title": title_of(shown),
            "used": used,
            "used_title": title_of(used),
            "count": len(ones),
            "examples": [one["id"] for one in ones[-_EXAMPLES:][::-1]],
        }
        for (shown, used), ones in sorted(pairs.items(), key=lambda pair: -len(pair[1]))
    ]
