"""A question of the log as the one that another question follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from bot.desk.answer import Answer, Candidate, ReportLine, Verdict
from bot.desk.follow_ups import Turn
from bot.querylog.records import DATE_SAID, Record


def turn_of(record: Record, at: str | None = None) -> Turn | None:
    """What a follow-up needs of a question. None where there is nothing to go on from: its text is
    destroyed, or was altered. `at`: when the follow-up was asked, if that is past; an answer that
    came later is left out."""
    if not record.text or record.altered:
        return None
    is_answered = at is None or (record.answered_at or "~") <= at
    answer = Answer.from_dict(record.answer) if record.answer and is_answered else None
    day = dt.date.fromisoformat(record.as_of) if record.as_of else None
    said = bool(record.options.get(DATE_SAID))
    return turn_from(record.id, record.text, answer, record.releases, day, said)


def turn_from(
    question_id: str,
    text: str,
    answer: Answer | None,
    editions: Mapping[str, str] | None,
    day: dt.date | None,
    date_said: bool,
) -> Turn:
    """A question with its answer as a follow-up needs it; see `Turn`."""
    if answer is None:
        return Turn(question_id, text, day=day, editions=editions or {}, date_said=date_said)
    is_verdict = answer.outcome == "verdict"
    shown: Sequence[ReportLine | Verdict | Candidate] = (
        answer.verdicts if is_verdict else answer.report or answer.candidates[:1]
    )
    return Turn(
        question_id,
        answer.read_as or text,
        tuple(one.code for one in shown),
        tuple(one.title for one in shown),
        is_verdict,
        day,
        editions or {},
        date_said,
    )
