"""After a run: is the log whole, and does it have what was asked, each once?"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.load.asked import Asked
from bench.load.figures import milliseconds
from bench.load.phases import searches
from bench.load.serving import codedesk
from bot.querylog import QueryLog
from bot.settings import Settings

#: What `codedesk log verify` says by its exit code.
_VERIFIED = {0: "whole, and vouched for", 1: "whole, tail not vouched for"}


def verified(environment: Mapping[str, str]) -> dict[str, Any]:
    """`codedesk log verify`: its exit code, what that means, the seconds that it took."""
    began = time.monotonic()
    done = codedesk("log", "verify", "--json", **environment)
    found: dict[str, Any] = {
        "exit_code": done.returncode,
        "result": _VERIFIED.get(done.returncode, "altered, damaged or not verified"),
        "seconds": round(time.monotonic() - began, 1),
    }
    try:
        found["said"] = json.loads(done.stdout)
    except ValueError:
        found["said"] = (done.stdout + done.stderr).strip()[-500:]
    return found


def compared(environment: Mapping[str, str], asked: Sequence[Asked]) -> dict[str, Any]:
    """What was sent, beside the log: `missing` events that are in no record (Slack gave up those
    that were `never_taken`), `twice` in more than one, `unanswered` and `undelivered` questions,
    `delivered_twice`; `strange` questions that nobody asked; and what Slack has `seen`.
    `seconds` is what the log says of how long answers took, by event. Questions that were refused
    because the desk was busy need no answer."""
    settings = Settings.load(environment, Path(environment["CODEDESK_HOME"]))
    events: dict[str, list[str]] = defaultdict(list)
    answers: Counter[str] = Counter()
    delivered: Counter[str] = Counter()
    records = 0
    latency: dict[str, float] = {}
    log = QueryLog(getattr(settings, "log_database", settings.log_db))
    try:
        for entry in log.records():
            records += 1
            subject = entry.subject or ""
            if entry.kind == "question":
                events[str(entry.body.get("event_id"))].append(subject)
            elif entry.kind == "answer":
                answers[subject] += 1
                latency[subject] = float(entry.body.get("latency_ms") or 0.0)
            elif entry.kind == "delivery" and entry.body.get("kind") == "answer":
                delivered[subject] += entry.body.get("outcome") == "delivered"
    finally:
        log.close()
    by_event = {one.event_id: one for one in asked}
    ids = [question for of_one in events.values() for question in of_one]
    taken = [one for one in asked if one.event_id in events]
    refused = {question for one in taken if one.busy for question in events[one.event_id]}
    open_ones = [question for question in ids if question not in refused]
    seconds = {
        one.event_id: latency[question] / 1000
        for one in taken
        for question in events[one.event_id]
        if question in latency
    }
    return {
        "records": records,
        "questions": len(ids),
        "missing": sum(1 for o in asked if o.event_id not in events and not o.gone and not o.busy),
        "never_taken": sum(1 for o in asked if o.event_id not in events and o.gone),
        "twice": sum(len(of_one) > 1 for of_one in events.values()),
        "strange": sum(event not in by_event for event in events),
        "unanswered": sum(not answers[question] for question in open_ones),
        "undelivered": sum(not delivered[question] for question in open_ones),
        "delivered_twice": sum(delivered[question] > 1 for question in ids),
        **seen(asked),
        "seconds": seconds,
    }


def seen(asked: Sequence[Asked]) -> dict[str, int]:
    """What Slack saw: `asked` questions; `posted_twice` that were answered more than once, `failed`
    commands that were not acknowledged, of which Slack tells the asker, and `not_posted` ones that
    were not answered and of which nobody was told."""
    silent = [one for one in asked if not one.posts and not one.busy]
    failed = sum(one.gone and one.question.surface == "slash" for one in silent)
    return {
        "asked": len(asked),
        "posted_twice": sum(one.posts > 1 for one in asked),
        "failed": failed,
        "not_posted": len(silent) - failed,
    }


def milliseconds_by_kind(
    asked: Sequence[Asked], seconds: Mapping[str, float]
) -> dict[str, list[float | None]]:
    """Median, 99th percentile and longest of each kind, and of all that take a search."""
    by_kind: dict[str, list[float]] = defaultdict(list)
    for one in asked:
        if one.event_id in seconds:
            by_kind[one.kind].append(seconds[one.event_id])
    by_kind["searches"] = searches(by_kind)
    return {kind: milliseconds(values, 50, 99, 100) for kind, values in by_kind.items() if values}


def is_right(found: Mapping[str, Any]) -> bool:
    """Whether everything that was asked is there, once."""
    wrong = ("missing", "twice", "strange", "unanswered", "undelivered", "delivered_twice")
    return not any(found[name] for name in (*wrong, "posted_twice", "not_posted"))
