"""What was changed in a period: what was destroyed, held and released, approved and withdrawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.messages import message
from bot.querylog.log import QueryLog
from bot.querylog.records import Entry
from bot.querylog.workspaces import asked_in
from bot.views.log_page import TitleOf

KINDS = ("redaction", "retention", "hold", "release", "correction", "withdrawal", "restore")


def changes(
    log: QueryLog,
    between: Sequence[str],
    teams: Sequence[str] | None,
    title_of: TitleOf,
) -> list[dict[str, Any]]:
    """The changes of a period, oldest first: when, by whom, of which kind and question, and what in
    a sentence. `between`: the first time, and the first time after it. With `teams` those of
    questions of these workspaces. Raises LogUnavailable."""
    first, after = between
    of_teams = _questions_of(log, teams) if teams is not None else None
    return [
        {
            "number": entry.seq,
            "at": entry.at,
            "kind": entry.kind,
            "by": entry.body.get("by"),
            "question": entry.subject,
            "what": _what(entry, title_of),
        }
        for entry in log.records(kinds=KINDS)
        if first <= entry.at < after and (of_teams is None or entry.subject in of_teams)
    ]


def _questions_of(log: QueryLog, teams: Sequence[str]) -> set[str]:
    query, params = asked_in(teams)
    with log.reading() as db:
        return {identity for (identity,) in db.execute(query, params)}


def _what(entry: Entry, title_of: TitleOf) -> str:
    values = dict(_values(entry))
    values["code"] = f"{values['code']} {title_of(values['code'])}".strip()
    return message(f"log_report_changes.{entry.kind}", **values)


def _values(entry: Entry) -> Iterator[tuple[str, Any]]:
    """What fills the places of the message on a record; one that lacks something says `-`."""
    told = entry.as_dict()
    reason = told.get("reason", "")
    yield (
        "reason",
        message("log_report_changes.redacted")
        if reason is None
        else (reason or message("log_report_changes.no_reason")),
    )
    whole = "log_report_changes.of_log" if entry.kind == "hold" else "log_report_changes.of_record"
    of_question = entry.subject and message("log_report_changes.of_question", id=entry.subject)
    yield "of", of_question or message(whole)
    yield "number", entry.seq
    yield "count", len(told.get("destroyed") or ())
    yield "words", told.get("phrase") or message("log_report_changes.redacted")
    for name in ("first", "last", "hold", "code", "correction"):
        yield name, told.get(name, "-")
