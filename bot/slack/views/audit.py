"""What auditors see of the log in Slack. Pure functions; everything is within the limits of a
message (50 blocks, 3,000 characters a section), and nothing that people typed is markup."""

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

#: Actions. The value of the first is the id of a question, of the second a search and where it
#: goes on, of the third the number of a feedback record and the id of its question, and the code
#: system where that was asked about.
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


# What was found


def found_message(records: Sequence[Record], typed: str, *, count: int, before: int = 0) -> Message:
    """A page of what was found; `before` are those on the pages before it."""
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
            at=_at(record.asked_at),
            person=_person(record.user),
            place=_place(record.channel),
            outcome=_outcome(record),
            delivery=record.delivery,
        ),
        message("slack.audit_text", text=_typed(record.text, _IN_LIST)),
    ]
    if codes := " ".join(f"`{escape(str(code['code']))}`" for code in record.codes[:5]):
        lines.append(message("slack.audit_codes", codes=codes))
    if said := ", ".join(_verdict(told) for told in record.feedback[-3:]):
        lines.append(message("slack.audit_feedback", feedback=said))
    show = button(SHOW, message("slack.audit_show"), record.id)
    return section("\n".join(lines), show)


def _outcome(record: Record) -> str:
    if record.outcome is None:
        return message("slack.audit_unanswered")
    sure = record.codes[0].get("confidence") if record.codes else None
    return f"{record.outcome}, {sure}" if sure else record.outcome


# One question


def question_message(
    record: Record, proposals: Sequence[Proposal], refusal: str | None = None
) -> Message:
    """All that is stored of a question. `refusal` says why its words cannot become a Term."""
    blocks: list[Block] = [section("\n".join(told)) for told in (_asked(record), _answered(record))]
    for name, entries, told in (
        ("deliveries", record.deliveries, _delivery),
        ("said", record.feedback, _said),
        ("corrections", record.corrections, _correction),
        ("withdrawals", record.withdrawals, _withdrawal),
        ("redactions", record.redactions, lambda told: _typed(told["reason"], _MOST_NOTE)),
    ):
        if entries:
            blocks.append(section("\n".join(_entries(name, entries, told))))
    for proposal in _open(proposals)[:_MOST_ENTRIES]:
        blocks.append(_proposal(record, proposal, refusal))
    return _message(blocks)


def _asked(record: Record) -> list[str]:
    lines = [
        message(
            "slack.audit_question",
            id=record.id,
            at=_at(record.asked_at),
            person=_person(record.user),
            place=_place(record.channel),
            surface=record.surface,
        ),
        message("slack.audit_text", text=_typed(record.text, _ALONE)),
    ]
    if record.removed:
        lines.append(message("slack.audit_removed", kinds=escape(", ".join(record.removed))))
    return lines


def _answered(record: Record) -> list[str]:
    if record.outcome is None:
        return [message("slack.audit_unanswered")]
    releases = ", ".join(record.releases.values())
    lines = [message("slack.audit_answer", outcome=_outcome(record), releases=escape(releases))]
    lines += [
        message(
            "slack.audit_candidate",
            code=escape(str(code["code"])),
            system=code.get("system") or "",
            says=code.get("status") or f"{code['confidence']} {code['score']:.2f}",
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
    name: str, entries: Sequence[Mapping[str, Any]], told: Callable[[Mapping[str, Any]], str]
) -> list[str]:
    """The last of them, and how many there were before."""
    lines = [message("slack.audit_heading", heading=message(f"slack.audit_{name}"))]
    lines += left_out(len(entries) - _MOST_ENTRIES)
    for entry in entries[-_MOST_ENTRIES:]:
        by = _person(entry["by"]) if entry.get("by") else ""
        lines.append(message("slack.audit_entry", at=_at(entry["at"]), by=by, told=told(entry)))
    return lines


def _delivery(told: Mapping[str, Any]) -> str:
    return f"{told['kind']}: {told['outcome']} {_typed(told['detail'] or '-', 100)}"


def _said(told: Mapping[str, Any]) -> str:
    note = told.get("note", "")
    if note is None:
        return f"{_verdict(told)} {message('slack.audit_redacted')}"
    return f"{_verdict(told)}: {_typed(note, _MOST_NOTE)}" if note else _verdict(told)


def _verdict(told: Mapping[str, Any]) -> str:
    return message(f"feedback.{told['verdict']}", code=escape(str(told.get("code"))))


def _correction(told: Mapping[str, Any]) -> str:
    return message(
        "slack.audit_correction",
        phrase=_typed(told["phrase"], _MOST_NOTE),
        code=escape(told["code"]),
        number=told["seq"],
    )


def _withdrawal(told: Mapping[str, Any]) -> str:
    return message(
        "slack.audit_withdrawal",
        number=told["correction"],
        reason=_typed(told["reason"], _MOST_NOTE),
    )


# What may be approved


def _open(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Those that name a code which is not approved for the question."""
    return [p for p in proposals if p.code and p.code not in {c.code for c in p.corrections}]


def _proposal(record: Record, proposal: Proposal, refusal: str | None) -> Block:
    code, words = escape(proposal.code or ""), _typed(record.text, _IN_LIST)
    if refusal is not None:
        return context(escape(refusal))
    told = message("slack.audit_proposal", by=_person(proposal.by), code=code, words=words)
    asked = message("slack.approve_text", words=record.text, code=proposal.code)
    confirm = ConfirmObject(
        title=plain_text(message("slack.approve_title")),
        text=plain_text(cut(asked, ConfirmObject.text_max_length)),
        confirm=plain_text(message("slack.approve_yes")),
        deny=plain_text(message("slack.approve_no")),
    )
    value = f"{proposal.number} {record.id}"
    return section(told, button(APPROVE, message("slack.approve"), value, confirm))


def other_system_message(told: str, system: str, value: str) -> Message:
    """The second step of an approval for another system than the question's. `value` is that of the
    first step; the button carries it and the system."""
    asked = section(escape(message("slack.approve_other", told=told)))
    label = message("slack.approve_other_yes", system=SYSTEM_NAMES[system])
    sure = button(APPROVE, label, f"{value} {system}")
    return _message([asked, actions([sure])])


# Whether it is whole


def verified_message(found: Verification) -> Message:
    told = message(f"slack.verify_{found.result}", told=escape("\n".join(found.sentences())))
    return _message([section(told)])


# Words


def _message(blocks: list[Block]) -> Message:
    return Message(cut(next(texts(blocks)), _IN_LIST), as_posted(blocks))


def _typed(text: str | None, most: int) -> str:
    """What someone typed, in one line, as it stands; that it was redacted, if it was."""
    if not text:
        return message("slack.audit_redacted")
    return cut(escape(" ".join(text.split())), most)


def _at(time: str) -> str:
    """To the minute: Slack takes what stands between two colons for an emoji."""
    return time[:16].replace("T", " ")


def _person(user: str | None) -> str:
    """A mention, which tells nobody in a message that only one person sees; others as they are."""
    if user and re.fullmatch("[UW][A-Z0-9]+", user):
        return f"<@{user}>"
    return cut(escape(user or "-"), 40)


def _place(channel: str | None) -> str:
    return f"<#{channel}>" if channel else ""
