"""An answer of the log as the page of its question shows it, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bot.desk.answer import Answer, Candidate, Pair, Verdict
from bot.messages import message
from bot.querylog.records import Record
from bot.views import terminal
from bot.views.claim_words import shown_verdicts
from bot.views.report_words import (
    Part,
    candidate_of_first,
    counted,
    mark,
    parts,
    rivals,
    unreported,
    whys,
)
from bot.views.shared import (
    grouped,
    guideline_source,
    heading,
    place,
    quoted_sections,
    source,
    status_word,
)
from codesets.model import SYSTEM_NAMES


def shown(record: Record) -> dict[str, Any] | None:
    """What the template draws; None where there is no answer, or it was destroyed or altered."""
    try:
        answer = Answer.from_dict(record.answer or {})
    except (msgspec.ValidationError, TypeError):
        return None
    given = parts(answer)
    verdicts = [_verdict(one) for one in shown_verdicts(answer)]
    sections = [
        {"heading": f"{s.section} {s.title} ({guideline_source(s)})", "text": s.text}
        for s in quoted_sections(answer)
    ]
    others = [
        {"code": c.code, "title": c.title, "confidence": c.confidence} for c in rivals(answer)
    ]
    return {
        "headline": answer.headline.text,
        "read_as": answer.read_as and message("terminal.read_as", statement=answer.read_as),
        "notices": [one for one in answer.notices if one != answer.headline.text],
        "parts": [_part(one) for one in given],
        "verdicts": verdicts,
        "rules": [_rule(one) for one in answer.pairs],
        "sections": sections,
        "rivals": others,
        "rivals_heading": message("report.rivals" if given else "audit_question.candidates"),
        "notes": list(_notes(answer)),
        "text": terminal.as_text(answer, terminal.Showing(all=True)),
        # What the tables cannot show.
        "is_text": answer.outcome in ("changes", "denial")
        or answer.claim is not None
        or not (given or verdicts or sections or others),
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "said": part.said,
        "headline": part.headline.text if part.said else "",
        "lines": [
            {
                "code": counted(line),
                "title": line.title,
                "reasons": [reason for reason in whys(line) if reason],
                "mark": mark(line),
                "edition": edition(line.system, line.release),
            }
            for line in part.lines
        ],
        "asks": part.asks,
        "left_out": unreported(part),
    }


def _verdict(one: Verdict) -> dict[str, str]:
    return {
        "code": one.code,
        "title": one.title,
        "status": message(f"terminal.status_{status_word(one)}").strip("[]"),
        "why": one.why,
        "edition": edition(one.system, one.release or ""),
    }


def _rule(pair: Pair) -> str:
    quoted = f" “{pair.quote}”" if pair.quote else ""
    where = message("terminal.pair_source", where=place(pair.inherited_from), release=pair.release)
    return f"{' + '.join(pair.codes)}: {pair.says}{quoted} {where}"


def _notes(answer: Answer) -> Iterator[str]:
    """The notes of the first code that is shown, nearest first."""
    shown: list[Candidate | Verdict] = [*answer.candidates, *shown_verdicts(answer)]
    first = candidate_of_first(answer) or next(iter(shown), None)
    for group in grouped(first.notes) if first else ():
        lines = "; ".join(note.text for note in group)
        yield f"{heading(group[0])} ({source(group[0], first.release if first else None)}): {lines}"


def edition(system: str, release: str) -> str:
    """`ICD-10-CM FY2027`; "" without a release."""
    return f"{SYSTEM_NAMES.get(system, system)} {release}".strip() if release else ""
