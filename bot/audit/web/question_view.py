"""Questions of the log as the pages show them: each as a row of a list, and one as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.audit.web import answer_view
from bot.audit.web.reader import Neighbours
from bot.messages import message
from bot.querylog.records import Entry, Record
from bot.querylog.reviews import Review, of_record
from bot.system_user import named
from bot.views import log_page

#: Characters of a question in a list, and of its title on a page.
_MOST_WORDS = 200

Row = dict[str, Any]


# Lists


def row(record: Record) -> Row:
    first = log_page.first_code(record)
    code, title = first or ("", "")
    more = len({one["code"] for one in record.codes if "line" in one or "status" in one}) - 1
    sure = log_page.confidence(record)
    outcome = record.outcome or message("audit_says.not_answered")
    return {
        "id": record.id,
        "asked_at": record.asked_at,
        "question": words(record),
        "person": record.user or "-",
        "place": " ".join(filter(None, (record.surface, record.channel))),
        "code": code,
        "title": title,
        "more": message("audit_found.more_codes", count=more) if more > 0 else "",
        "outcome": message("audit_found.sure", outcome=outcome, confidence=sure)
        if sure
        else outcome,
        "editions": ", ".join(log_page.edition_names(record)),
        "feedback": "; ".join(_rated(one, record) for one in record.feedback),
        "delivery": record.delivery,
        "changed": message("audit_found.redacted") if record.redactions else "",
    }


def words(record: Record) -> str:
    """The words of a question in one line; what stands for them where they were destroyed."""
    text = log_page.question(record) or message("audit_found.no_words")
    return text if len(text) <= _MOST_WORDS else text[: _MOST_WORDS - 1] + "…"


def _rated(entry: Mapping[str, Any], record: Record) -> str:
    """A rating, and who said so."""
    by = entry.get("by") or "-"
    return message("audit_found.rated", rating=_rating(entry, record), by=by)


def _rating(body: Mapping[str, Any], record: Record | None) -> str:
    """A rating with the code that was used, and its title where the answer had it."""
    code = body.get("code") or ""
    title = log_page.titles(record.answer).get(code, "") if record else ""
    return " ".join(filter(None, (str(body.get("verdict")), code, title)))


# One question


def page(
    record: Record, entries: Sequence[Entry], beside: Neighbours, follow_ups: Sequence[str]
) -> dict[str, Any]:
    """What the template draws of a question."""
    return {
        "id": record.id,
        "text": log_page.question(record) if record.redactions else record.text,
        "asked_at": record.asked_at,
        "summary": _summary(record),
        "facts": list(_facts(record, entries[0].body)),
        "links": [
            (message(f"audit_question.{name}"), ids)
            for name, ids in (
                ("after", [record.after] if record.after else []),
                ("follow_ups", list(follow_ups)),
            )
            if ids
        ],
        "neighbours": list(_neighbours(beside)),
        "answer": answer_view.shown(record),
        "no_answer": message(
            "audit_says.answer_gone" if record.answered_at else "audit_says.not_answered"
        ),
        "parts": [
            (message(f"audit_question.{name}"), rows, message(f"audit_question.no_{name}"), name)
            for name, rows in _parts(record, entries).items()
        ],
        "deliveries": [{"at": one["at"], "says": _delivery(one)} for one in record.deliveries],
        "records": [
            {"seq": e.seq, "at": e.at, "kind": kind_name(e.kind), "hash": e.hash} for e in entries
        ],
    }


def _summary(record: Record) -> str:
    """Who, where, what became of it and by which editions, in one line."""
    shown = row(record)
    parts = (shown["person"], shown["place"], shown["outcome"], shown["delivery"])
    return " · ".join(filter(None, (*parts, shown["editions"], shown["changed"])))


def _facts(record: Record, body: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    facts = {
        "person": _person(record.user, body),
        "surface": record.surface,
        "channel": record.channel,
        "workspace": record.workspace or record.team,
        "thread": record.thread,
        "removed": ", ".join(record.removed),
        "outcome": record.outcome or message("audit_says.not_answered"),
        "confidence": log_page.confidence(record),
        "editions": ", ".join(log_page.edition_names(record)),
        "index": record.index_build,
        "model": record.picked_by,
        "took": message("audit_question.milliseconds", count=round(record.latency_ms or 0))
        if record.answered_at
        else "",
    }
    return [(message(f"audit_question.{name}"), str(of)) for name, of in facts.items() if of]


def _neighbours(beside: Neighbours) -> Iterable[tuple[str, str]]:
    for name, (before, after) in (("person", beside.person), ("thread", beside.thread)):
        for way, question_id in (("before", before), ("after", after)):
            if question_id:
                yield message(f"audit_question.{way}_of_{name}"), f"/questions/{question_id}"


def _parts(record: Record, entries: Sequence[Entry]) -> dict[str, list[Row]]:
    """The rows of each part of the page, newest first."""
    kinds = {
        "feedback": ("feedback",),
        "reviews": (),
        "corrections": ("correction", "withdrawal"),
        "changed": ("redaction", "hold", "release"),
        "looked": ("access",),
    }
    parts = {
        part: [said_of(entry, record) for entry in reversed(entries) if entry.kind in of]
        for part, of in kinds.items()
    }
    parts["reviews"] = [_review(one) for one in reversed(of_record(record))]
    altered = [entry for entry in entries if entry.altered]
    parts["changed"] += [
        {"at": e.at, "by": "", "says": message("audit_says.altered", number=e.seq)} for e in altered
    ]
    return parts


def _review(one: Review) -> Row:
    note = message("audit_says.redacted") if one.note is None else one.note
    says = message(
        f"audit_says.review_{one.mark}",
        line=one.line,
        code=one.code or "-",
        should_be=one.should_be,
        note=note,
    )
    return {"at": one.at, "by": one.by, "says": says}


def _delivery(entry: Mapping[str, Any]) -> str:
    detail = message("audit_question.in_brackets", text=entry["detail"]) if entry["detail"] else ""
    return message(
        "audit_question.delivered", kind=entry["kind"], outcome=entry["outcome"], detail=detail
    )


# Any record


def said_of(entry: Entry, of: Record | None = None) -> Row:
    """A record in words: `seq`, `at`, `kind`, `by`, `says`, `question_id`. `of`: the question that
    it is about."""
    return {
        "seq": entry.seq,
        "at": entry.at,
        "kind": kind_name(entry.kind),
        "by": _person(entry.body.get("by"), entry.body),
        "says": _says(entry, of),
        "question_id": entry.subject,
    }


def _person(said: str | None, body: Mapping[str, Any]) -> str:
    user = body.get("system_user")
    return named(said, user) if said or user else ""


def kind_name(kind: str) -> str:
    try:
        return message(f"audit_kinds.{kind}")
    except KeyError:  # of a newer Code Desk, or altered
        return kind


def _says(entry: Entry, of: Record | None) -> str:
    body, gone = entry.body, message("audit_says.redacted")
    reason = entry.texts.get("reason") or body.get("reason") or "-"
    match entry.kind:
        case "feedback":
            note = entry.texts.get("note", "")
            if note is None:
                note = message("audit_says.note_gone")
            elif note:
                note = message("audit_says.note", note=note)
            return _rating(body, of) + note
        case "correction":
            phrase = entry.texts.get("phrase") or gone
            return message(
                "audit_says.correction", words=phrase, code=body.get("code"), number=entry.seq
            )
        case "withdrawal":
            return message("audit_says.withdrawal", number=body.get("correction"), reason=reason)
        case "redaction":
            texts = ", ".join(sorted({str(name) for _, name in body.get("destroyed", [])}))
            return message("audit_says.redaction", texts=texts or "-", reason=reason)
        case "hold":
            what = "hold" if entry.subject else "hold_of_all"
            return message(f"audit_says.{what}", number=entry.seq, reason=reason)
        case "release":
            return message("audit_says.release", number=body.get("hold"), reason=reason)
        case "retention":
            return message("audit_says.retention", first=body.get("first"), last=body.get("last"))
        case "restore":
            return message("audit_says.restore")
        case "clock":
            return message(
                "audit_says.clock", seconds=body.get("seconds_back"), last=body.get("last")
            )
        case "unlogged":
            return message("audit_says.unlogged", count=body.get("count"), since=body.get("since"))
        case "access":
            detail = entry.texts.get("detail", "")
            detail = gone if detail is None else detail
            if of is not None and detail == f"/questions/{of.id}":
                detail = ""  # This page.
            shown = message("audit_question.in_brackets", text=detail) if detail else ""
            return f"{body.get('what')} {shown}".strip()
    return ""
