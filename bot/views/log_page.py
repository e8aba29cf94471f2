"""Questions of the log in words, for people who read it in a terminal: one question as a page, and
several as a table.

Times are UTC, without fractions of a second. What people typed stands as the log has it: scrubbed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog.records import Record
from bot.system_user import named
from bot.views import terminal
from bot.views.screen import printable
from codesets.model import SYSTEM_NAMES

_WIDTH = 98
#: The width of the names at the left of a page.
_LEFT = 16
#: Characters of a question, of a title and of a person in a table.
_MOST_QUESTION, _MOST_TITLE, _MOST_PERSON = 44, 40, 14

# One question


def page(record: Record) -> list[str]:
    """All that a reader asks of a question: who, when and where, as asked, the answer as it was
    shown, editions, delivery, feedback, corrections, what was changed, and who looked at it."""
    lines = [message("log_page.title", id=record.id, seq=record.seq), ""]
    lines += _asked(record)
    lines += ["", message("log_page.answer"), "", *_answer(record)]
    for heading, entries in (
        ("feedback", [_feedback(one) for one in record.feedback]),
        ("corrections", [*map(_correction, record.corrections), *map(_end, record.withdrawals)]),
        ("changed", list(_changes(record))),
        ("looked", [_look(one) for one in record.looks] or [message("log_page.nobody")]),
    ):
        if entries:
            lines += ["", message(f"log_page.{heading}"), *(_wrapped(one) for one in entries)]
    return [printable(line) for line in (*lines, "", message("log_page.more", id=record.id))]


def _asked(record: Record) -> Iterator[str]:
    place = message("log_page.in_channel", channel=record.channel) if record.channel else ""
    if workspace := record.workspace or record.team:
        place += message("log_page.in_workspace", workspace=workspace)
    yield _named(
        "asked",
        message(
            "log_page.by",
            at=_at(record.asked_at),
            person=named(record.user, record.system_user),
            surface=record.surface,
            place=place,
        ),
    )
    yield _named("typed", question(record))
    if record.removed:
        kinds = ", ".join(record.removed)
        yield _named("removed", message("log_page.removed_kinds", kinds=kinds))
    if record.after:
        yield _named("follows", record.after)
    yield _named("outcome", _outcome(record))
    yield _named("editions", ", ".join(edition_names(record)) or message("log_page.no_editions"))
    if record.index_build:
        yield _named("index", record.index_build)
    if record.picked_by:
        yield _named("model", message("log_page.model_picked", model=record.picked_by))
    told = [_delivery(one) for one in record.deliveries] or [message("log_page.not_delivered")]
    for one in told:
        yield _named("delivery", one)


def _outcome(record: Record) -> str:
    if record.answered_at is None:
        return message("log_page.not_answered")
    sure = confidence(record)
    outcome = record.outcome or "-"
    if sure:
        outcome = message("log_page.sure", outcome=outcome, confidence=sure)
    return message(
        "log_page.took",
        outcome=outcome,
        at=_at(record.answered_at),
        latency=round(record.latency_ms or 0),
    )


def _answer(record: Record) -> list[str]:
    if record.answered_at is None:
        return ["  " + message("log_page.not_answered")]
    try:
        shown = Answer.from_dict(record.answer or {})
    except (msgspec.ValidationError, TypeError):
        return ["  " + message("log_page.answer_gone")]
    return textwrap.indent(terminal.as_text(shown), "  ").split("\n")


def _delivery(entry: Mapping[str, Any]) -> str:
    detail = f" ({entry['detail']})" if entry.get("detail") else ""
    return message(
        "log_page.delivered",
        at=_at(entry["at"]),
        kind=entry["kind"],
        outcome=entry["outcome"],
        detail=detail,
    )


def _feedback(entry: Mapping[str, Any]) -> str:
    code = message("log_page.code_used", code=entry["code"]) if entry.get("code") else ""
    note = entry.get("note", "")
    if note is None:
        said = message("log_page.note_gone")
    else:
        said = message("log_page.note", note=note) if note else ""
    return message(
        "log_page.said", rating=entry["verdict"], code=code, note=said, **_who_and_when(entry)
    )


def _correction(entry: Mapping[str, Any]) -> str:
    words = entry.get("phrase") or message("log_page.redacted")
    return message("log_page.correction", words=words, code=entry["code"], **_who_and_when(entry))


def _end(entry: Mapping[str, Any]) -> str:
    number, reason = entry["correction"], entry.get("reason") or "-"
    return message("log_page.withdrawal", number=number, reason=reason, **_who_and_when(entry))


def _changes(record: Record) -> Iterator[str]:
    for entry in record.redactions:
        texts = ", ".join(sorted({name for _, name in entry.get("destroyed", [])}))
        yield message(
            "log_page.destroyed", texts=texts, reason=entry["reason"], **_who_and_when(entry)
        )
    for number in record.altered:
        yield message("log_page.altered", number=number)
    if not record.redactions and not record.altered:
        yield message("log_page.unchanged")


def _look(entry: Mapping[str, Any]) -> str:
    detail = f" ({entry['detail']})" if entry.get("detail") else ""
    return message("log_page.look", what=entry["what"], detail=detail, **_who_and_when(entry))


def _who_and_when(entry: Mapping[str, Any]) -> dict[str, str]:
    return {"at": _at(entry["at"]), "by": named(entry.get("by"), entry.get("system_user"))}


def _named(name: str, text: str) -> str:
    lead = f"  {message(f'log_page.{name}'):<{_LEFT}}"
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_on_hyphens=False,
        break_long_words=False,
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")


# Several questions


def table(records: Sequence[Record]) -> list[str]:
    """A line for each question under a line of headings, in columns as wide as their contents; the
    last is the id."""
    heads = message("log_page.list_heads").split("|")
    rows = [heads, *map(_row, records)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _row(record: Record) -> list[str]:
    rated = ", ".join(dict.fromkeys(str(one["verdict"]) for one in record.feedback))
    outcome = record.outcome or "-"
    if sure := confidence(record):
        outcome += f", {sure}"
    first = first_code(record)
    cells = [
        _at(record.asked_at)[:16],
        _cut(record.user or "-", _MOST_PERSON),
        record.surface,
        outcome,
        record.delivery,
        rated or "-",
        _cut(question(record), _MOST_QUESTION),
        _cut(" ".join(first), _MOST_TITLE) if first else "-",
        ", ".join(edition_names(record)) or "-",
        record.id,
    ]
    return [printable(cell) for cell in cells]


# What both say


def question(record: Record) -> str:
    """The words of a question in one line; that they were destroyed, where they were."""
    if record.redactions and not record.text:
        return message("log_page.redacted")
    return " ".join(record.text.split())


def confidence(record: Record) -> str:
    """How sure the answer is of its first code; "" where it is a verdict or none."""
    if record.outcome == "verdict":
        return ""
    return next((str(code["confidence"]) for code in record.codes if code.get("confidence")), "")


def first_code(record: Record) -> tuple[str, str] | None:
    """The first code of an answer and its title, "" where the log does not keep it."""
    if not record.codes:
        return None
    code = str(record.codes[0]["code"])
    return code, titles(record.answer).get(code, "")


def titles(answer: Mapping[str, Any] | None) -> dict[str, str]:
    """The titles that an answer of the log has, by code."""
    found: dict[str, str] = {}
    for one in (answer or {}, *(answer or {}).get("statements", ())):
        for kind in ("report", "verdicts", "candidates"):
            for shown in one.get(kind, ()):
                if shown.get("title"):
                    found.setdefault(str(shown["code"]), shown["title"])
    return found


def edition_names(record: Record) -> list[str]:
    """The editions that an answer is from, as `ICD-10-CM FY2026-April`."""
    keys = [key.partition("/") for key in sorted(record.releases)]
    return [f"{SYSTEM_NAMES.get(system, system)} {label}".strip() for system, _, label in keys]


def _at(time: str) -> str:
    """A time of the log without what is smaller than a second."""
    return time[:19].replace("T", " ")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
