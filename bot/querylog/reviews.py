"""Reviews: what reviewers say of the lines of an answer.

A review is a record of kind `review` on a question: the number of a line of its answer, what the
reviewer says of it (`mark`), and who. The last of a reviewer on a line counts; the earlier remain.
The code of the line and the note are texts, so that a redaction of the question destroys them: a
code that is in no edition is whatever was typed. Who reviews an answer to their own question is
recorded so (`own`), and left out of all rates.

`sampling` draws what is to be reviewed, `answer_lines` has the lines, `sign_offs` how far a sample
is and its sign-off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from bot.messages import message
from bot.querylog.answer_lines import line_of
from bot.querylog.append import ChainAppender
from bot.querylog.hash_chain import NOT_OF_THE_FORM
from bot.querylog.log import QueryLog, damaged
from bot.querylog.records import Record
from bot.querylog.sampling import ReviewRefused, Sample
from bot.querylog.workspaces import asked_in

#: agree: the line is right. disagree: it is wrong. code: another code should be there.
Mark = Literal["agree", "disagree", "code"]
MARKS: tuple[Mark, ...] = get_args(Mark)


@dataclass(frozen=True, slots=True)
class Review:
    """A review as it is on record. `code` is that of the line, and `note` what was said beside it:
    None once redacted. `sample`: the record number of the sample, None outside of one. `asker` and
    `surface` are those of the question; None where retention removed it."""

    number: int
    at: str
    question_id: str
    sample: int | None
    line: int
    code: str | None
    system: str
    confidence: str | None
    mark: Mark
    should_be: str | None
    should_be_system: str | None
    note: str | None
    by: str
    own: bool
    asker: str | None = None
    surface: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


# Writing


def review(
    log: QueryLog,
    record: Record,
    number: int,
    mark: Mark,
    by: str,
    *,
    should_be: tuple[str, str] | None = None,
    note: str = "",
    sample: Sample | None = None,
) -> int | None:
    """Commit what `by` says of line `number` of the answer to a question, and return the number of
    the record; None when it repeats their last word on it. `should_be`: the code and system that
    should be there, for the mark `code`; look them up first (`corrections.code_in`). The note is
    scrubbed. Raises ReviewRefused, NoSuchQuestion and LogUnavailable."""
    if (mark == "code") != (should_be is not None):
        raise ValueError("the mark `code` goes with a code, and only that")
    if sample is not None and record.id not in sample.ids:
        raise ReviewRefused(message("reviews.not_drawn", question=record.id, number=sample.number))
    line = line_of(record, number)
    if should_be == (line.code, line.system):
        raise ReviewRefused(message("reviews.same_code", number=number, code=line.code))
    note = log.scrubbed(note)
    code, system = should_be or (None, None)
    body = {
        "sample": sample.number if sample else None,
        "line": number,
        "system": line.system,
        "confidence": line.confidence,
        "mark": mark,
        "should_be": code,
        "should_be_system": system,
        "by": by,
        "own": is_own(record, by) or None,
    }
    texts = {"code": line.code, "note": note}

    def add(appender: ChainAppender) -> int | None:
        appender.expect_question(record.id)
        if appender.redactions_of(record.id) != len(record.redactions):
            # What it was judged by, and would be written down of it, was destroyed meanwhile.
            raise ReviewRefused(message("reviews.redacted_meanwhile"))
        if appender.repeats_review(record.id, body, note):
            return None
        kept = {name: text for name, text in texts.items() if text}
        return appender.append("review", record.id, body, kept)

    return log.together(add)


def is_own(record: Record, by: str) -> bool:
    """Whether who reviews asked the question: the names are the same, whatever their case."""
    return record.user is not None and record.user.casefold() == by.casefold()


# Reading back


def of_question(log: QueryLog, question_id: str) -> list[Review]:
    """Every review of a question, oldest first; [] also where there is none."""
    record = log.get(question_id)
    return of_record(record) if record else []


def every(log: QueryLog, teams: Sequence[str] | None = None) -> list[Review]:
    """Every review on record, oldest first; with `teams` those of questions of these workspaces."""
    asked = "select subject, json_extract(body, '$.user'), json_extract(body, '$.surface')"
    asked += " from records where kind = 'question' and subject in "
    of, params = asked_in(teams) if teams is not None else ("", [])
    with log.reading() as db:
        rows = db.execute(
            f"{asked}(select subject from records where kind = 'review')"
            + (f" and subject in ({of})" if of else ""),
            params,
        )
        who = {subject: (asker, surface) for subject, asker, surface in rows}
    entries = log.records(kinds=["review"])
    return [
        _review(one.seq, one.subject or "", one.as_dict(), *who.get(one.subject, (None, None)))
        for one in entries
        if teams is None or one.subject in who
    ]


def last_words(reviews: Iterable[Review]) -> list[Review]:
    """The last review of each reviewer on each line."""
    last = {(one.question_id, one.line, one.by): one for one in reviews}
    return sorted(last.values(), key=lambda one: one.number)


def of_record(record: Record) -> list[Review]:
    """Every review of a question, oldest first."""
    return [_review(one["seq"], record.id, one, record.user, record.surface)
            for one in record.reviews]  # fmt: skip


def _review(
    number: int, question_id: str, told: Mapping[str, Any], asker: str | None, surface: str | None
) -> Review:
    try:
        if told["mark"] not in MARKS or not isinstance(told["line"], int):
            raise ValueError
        return Review(
            number=number,
            at=told["at"],
            question_id=question_id,
            sample=told.get("sample"),
            line=told["line"],
            code=told.get("code", ""),
            system=told["system"],
            confidence=told.get("confidence"),
            mark=told["mark"],
            should_be=told.get("should_be"),
            should_be_system=told.get("should_be_system"),
            note=told.get("note", ""),
            by=told["by"],
            own=bool(told.get("own")),
            asker=asker,
            surface=surface,
        )
    except NOT_OF_THE_FORM as error:
        raise damaged(number) from error
