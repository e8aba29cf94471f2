"""The lines of an answer, as reviewers judge them one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.messages import message
from bot.querylog.records import Record
from bot.querylog.sampling import ReviewRefused


@dataclass(frozen=True, slots=True)
class Line:
    """What is reviewed as one: a line of the report, counted through all statements; of a verdict,
    each code; of any other answer the answer as a whole, with its first code. `code` and `system`
    are "" where there is none, `confidence` None."""

    number: int
    code: str
    system: str
    title: str
    confidence: str | None


def lines_of(record: Record) -> tuple[Line, ...]:
    """What is to be reviewed of an answer; () where there is no answer, or it was destroyed."""
    answer = record.answer
    if not answer:
        return ()
    reports = [one.get("report", ()) for one in answer.get("statements", ())]
    parts = [line for report in reports or [answer.get("report", ())] for line in report]
    if record.outcome == "verdict":
        parts = answer.get("verdicts") or parts
    return tuple(_line(n, one) for n, one in enumerate(parts or [_whole(record)], 1))


def _line(number: int, part: Mapping[str, Any]) -> Line:
    code, system = str(part.get("code") or ""), str(part.get("system") or "")
    return Line(number, code, system, str(part.get("title") or ""), part.get("confidence"))


def _whole(record: Record) -> dict[str, Any]:
    """The answer as a whole, as one part of it."""
    answer, first = record.answer or {}, next(iter(record.codes), {})
    headline = (answer.get("headline") or {}).get("text") or ""
    return {"title": headline, **{name: first.get(name) for name in ("code", "system")}} | {
        "confidence": first.get("confidence")
    }


def line_of(record: Record, number: int) -> Line:
    """Raises ReviewRefused when the answer has no such line."""
    lines = lines_of(record)
    if not lines:
        gone = record.answered_at is not None
        raise ReviewRefused(message(f"reviews.{'redacted' if gone else 'unanswered'}"))
    if not 1 <= number <= len(lines):
        raise ReviewRefused(message("reviews.no_line", number=number, count=len(lines)))
    return lines[number - 1]
