"""What auditors see of the log in Slack. Pure functions. All messages are within Slack's limits (50
blocks, 3,000 characters a section), and text that people typed is never markup."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block, ConfirmObject

from bot.messages import message
from bot.querylog import Record
from bot.querylog.feedback import Proposal
from bot.querylog.search import CONFIDENCES, FEEDBACK, OUTCOMES
from bot.querylog.verify import Verification
from bot.slack.views.block_kit import (
    Message,
    actions,
    as_posted,
    button,
    context,
    cut,
    escape,
    left_out,
    plain_text,
    section,
    texts,
)
from codesets.model import SYSTEM_NAMES

#: Actions and their values. SHOW: the id of a question. NEXT: a search, and where it goes on.
#: APPROVE: the number of a feedback record, the id of its question and, once another code system
#: was confirmed, that system.
SHOW, NEXT, APPROVE = "audit_show", "audit_next", "audit_approve"

#: Questions on a page, and entries of each kind that are shown with one question.
PAGE = 10
_MOST_ENTRIES = 5
_MOST_CODES = 10
#: Characters of a question in a list and on its own, and of a note.
_IN_LIST, _ALONE, _MOST_NOTE = 250, 1000, 150


def help_text() -> str:
    return message(
        "slack.audit_help",
        outcomes=" ".join(OUTCOMES),
        confidences=" ".join(CONFIDENCES),
        feedback=" ".join(FEEDBACK),
    )


# Search results


def found_message(records: Sequence[Record], typed: str, *, count: int, before: int = 0) -> Message:
    """A page of search results; `before` is how many are on the pages before it."""
    if not count:
        return _message([section(message("slack.audit_none"))])
    heading = message("slack.audit_found", count=count)
    shown = message("slack.audit_page", first=before + 1, last=before + len(records))
    blocks: list[Block] = [section(f"{heading}\n{shown}"), *map(_line, records)]
    left = count - before - len(records)
    if left > 0:
        value = json.dumps({"typed": typed, "before": before + len(records)})
        label = message("slack.audit_next", count=min(PAGE, left))
        blocks.append(actions([button(NEXT, label, value)]))
    return _message(blocks)


def _line(record: Record) -> Block:
    lines = [
        message(
            "slack.audit_line",
            at=to_the_minute(record.asked_at),
            person=as_person(record.user),
            place=_place(record.channel),
            outcome=_outcome(record),
            delivery=record.delivery,
        ),
        message("slack.audit_text", text=as_typed(record.text, _IN_LIST)),
    ]
    if codes := " ".join(f"`{escape(str(code['code']))}`" for code in record.codes[:5]):
        lines.append(message("slack.audit_codes", codes=codes))
    if ratings := ", ".join(_rating(entry) for entry in record.feedback[-3:]):
        lines.append(message("slack.audit_feedback", feedback=ratings))
    show = button(SHOW, message("slack.audit_show"), record.id)
    return section("\n".join(lines), show)


def _outcome(record: Record) -> str:
    confidence = record.codes[0].get("confidence") if record.codes else None
    return f"{record.ended}, {confidence}" if confidence else record.ended


# One question


def question_message(
    record: Record, proposals: Sequence[Proposal], refusal: str | None = None
) -> Message:
    """All that is stored of a question. `refusal`: why its words cannot be approved as a term; None
    when they can."""
    blocks: list[Block] = [
        section("\n".join(lines)) for lines in (_asked(record), _answered(record))
    ]
    for name, entries, in_words in (
        ("deliveries", record.deliveries, _delivery),
        ("said", record.feedback, _feedback),
        ("reviews", record.reviews, _review),
        ("corrections", record.corrections, _correction),
        ("withdrawals", record.withdrawals, _withdrawal),
        ("redactions", record.redactions, lambda entry: as_typed(entry["reason"], _MOST_NOTE)),
    ):
        if entries:
            blocks.append(section("\n".join(_entries(name, entries, in_words))))
    for proposal in _open(proposals)[:_MOST_ENTRIES]:
        blocks.append(_proposal(record, proposal, refusal))
    return _message(blocks)


def _asked(record: Record) -> list[str]:
    lines = [
        message(
            "slack.audit_question",
            id=record.id,
            at=to_the_minute(record.asked_at),
            person=as_person(record.user),
            place=_place(record.channel),
            surface=record.surface,
        ),
        message("slack.audit_text", text=as_typed(record.text, _ALONE)),
    ]
    if record.removed:
        lines.append(message("slack.audit_removed", kinds=escape(", ".join(record.removed))))
    return lines


def _of_a_code(code: Mapping[str, Any]) -> str:
    """The verdict on a code; or its line and role in the report, its confidence and score."""
    if "status" in code:
        return str(code["status"])
    told = [f"{code['line']} {code['role']}"] if "line" in code else []
    told.append(code["confidence"])
    told += [f"{code['score']:.2f}"] if "score" in code else []
    return " ".join(told)


def _answered(record: Record) -> list[str]:
    if record.outcome is None:
        return [message("slack.audit_unanswered", outcome=record.ended)]
    releases = ", ".join(record.releases.values())
    lines = [message("slack.audit_answer", outcome=_outcome(record), releases=escape(releases))]
    if headline := ((record.answer or {}).get("headline") or {}).get("text"):
        lines.append(message("slack.audit_headline", headline=as_typed(headline, _ALONE)))
    lines += [
        message(
            "slack.audit_candidate",
            code=escape(str(code["code"])),
            system=code.get("system") or "",
            says=_of_a_code(code),
        )
        for code in record.codes[:_MOST_CODES]
    ]
    lines += left_out(len(record.codes) - _MOST_CODES)
    lines.append(
        message(
            "slack.audit_made",
            build=record.index_build or "-",
            latency=record.latency_ms,
            seq=record.seq,
        )
    )
    return lines


def _entries(
    name: str, entries: Sequence[Mapping[str, Any]], in_words: Callable[[Mapping[str, Any]], str]
) -> list[str]:
    """The last entries, after a line that says how many earlier ones are left out."""
    lines = [message("slack.audit_heading", heading=message(f"slack.audit_{name}"))]
    lines += left_out(len(entries) - _MOST_ENTRIES)
    for entry in entries[-_MOST_ENTRIES:]:
        by = as_person(entry["by"]) if entry.get("by") else ""
        lines.append(
            message("slack.audit_entry", at=to_the_minute(entry["at"]), by=by, told=in_words(entry))
        )
    return lines


def _delivery(entry: Mapping[str, Any]) -> str:
    return f"{entry['kind']}: {entry['outcome']} {as_typed(entry['detail'] or '-', 100)}"


def _feedback(entry: Mapping[str, Any]) -> str:
    note = entry.get("note", "")
    if note is None:
        return f"{_rating(entry)} {message('slack.audit_redacted')}"
    return f"{_rating(entry)}: {as_typed(note, _MOST_NOTE)}" if note else _rating(entry)


def _rating(entry: Mapping[str, Any]) -> str:
    return message(f"feedback.{entry['verdict']}", code=escape(str(entry.get("code"))))


def _review(entry: Mapping[str, Any]) -> str:
    told = message(
        f"slack_reviews.said_{entry['mark']}",
        line=entry["line"],
        should_be=escape(str(entry.get("should_be"))),
    )
    note = entry.get("note", "")
    return f"{told}: {as_typed(note, _MOST_NOTE)}" if note or note is None else told


def _correction(entry: Mapping[str, Any]) -> str:
    return message(
        "slack.audit_correction",
        phrase=as_typed(entry["phrase"], _MOST_NOTE),
        code=escape(entry["code"]),
        number=entry["seq"],
    )


def _withdrawal(entry: Mapping[str, Any]) -> str:
    return message(
        "slack.audit_withdrawal",
        number=entry["correction"],
        reason=as_typed(entry["reason"], _MOST_NOTE),
    )


# What may be approved


def _open(proposals: Sequence[Proposal]) -> list[Proposal]:
    """The proposals whose code is not yet approved for the question."""
    return [p for p in proposals if p.code and p.code not in {c.code for c in p.corrections}]


def _proposal(record: Record, proposal: Proposal, refusal: str | None) -> Block:
    code, words = escape(proposal.code or ""), as_typed(record.text, _IN_LIST)
    if refusal is not None:
        return context(escape(refusal))
    text = message("slack.audit_proposal", by=as_person(proposal.by), code=code, words=words)
    confirmation = message("slack.approve_text", words=record.text, code=proposal.code)
    confirm = ConfirmObject(
        title=plain_text(message("slack.approve_title")),
        text=plain_text(cut(confirmation, ConfirmObject.text_max_length)),
        confirm=plain_text(message("slack.approve_yes")),
        deny=plain_text(message("slack.approve_no")),
    )
    value = f"{proposal.number} {record.id}"
    return section(text, button(APPROVE, message("slack.approve"), value, confirm))


def other_system_message(why: str, system: str, value: str) -> Message:
    """The second step of an approval, when the code's system is not the question's. `value` is that
    of the first step; the button carries it and the system."""
    text = section(escape(message("slack.approve_other", told=why)))
    label = message("slack.approve_other_yes", system=SYSTEM_NAMES[system])
    return _message([text, actions([button(APPROVE, label, f"{value} {system}")])])


# Verifying


def verified_message(verification: Verification, many: bool = False) -> Message:
    """With `many` workspaces in one log, it does not say how much the others have asked."""
    if many:
        told = message(f"workspaces.verify_{verification.result}")
        return _message([section(told)])
    sentences = escape("\n".join(verification.sentences()))
    return _message([section(message(f"slack.verify_{verification.result}", told=sentences))])


# Words


def _message(blocks: list[Block]) -> Message:
    return Message(cut(next(texts(blocks)), _IN_LIST), as_posted(blocks))


def as_typed(text: str | None, most: int) -> str:
    """A text that a person typed, in one line; if there is none, that it was redacted."""
    if not text:
        return message("slack.audit_redacted")
    return cut(escape(" ".join(text.split())), most)


def to_the_minute(time: str) -> str:
    """A time to the minute: Slack takes text between two colons for an emoji."""
    return time[:16].replace("T", " ")


def as_person(user: str | None) -> str:
    """A Slack user as a mention, which notifies nobody in a private message; others as they are."""
    if user and re.fullmatch("[UW][A-Z0-9]+", user):
        return f"<@{user}>"
    return cut(escape(user or "-"), 40)


def _place(channel: str | None) -> str:
    return f"<#{channel}>" if channel else ""
