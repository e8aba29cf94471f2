"""How far the review of a sample is, and its sign-off.

A sign-off is a record of kind `sign_off` with the totals of the sample at that time, and the number
of the last record that was looked at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bot.database import Connection
from bot.messages import message
from bot.querylog.answer_lines import Line, lines_of
from bot.querylog.hash_chain import NOT_OF_THE_FORM
from bot.querylog.log import QueryLog, damaged
from bot.querylog.records import Entry, Record
from bot.querylog.reviews import MARKS, Review, last_words, of_record
from bot.querylog.sampling import ReviewRefused, Sample

#: due: lines that nobody has reviewed. redacted: the question or its answer was destroyed, so what
#: is left of it cannot be reviewed. removed: retention removed it.
State = Literal["due", "done", "redacted", "removed"]


#: Questions that are read at once.
_BATCH = 50
#: What each record of a sign-off has counted, at least.
_COUNTED = {"questions", "redacted", "removed", "lines", "due", "judged", "agreed", "marks", "own"}


class LinesDue(ReviewRefused):
    """Lines of a sample are due that is to be signed off; the message says how many."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """`last`: the number of the last record that was looked at. `reason`: why lines were left due;
    None where none was, or once redacted (`totals` says how many). `totals`: see `Progress`."""

    number: int
    at: str
    sample: int
    by: str
    last: int
    totals: dict[str, Any]
    note: str | None
    reason: str | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A question of a sample: its lines, those that are due, and the last review of each reviewer
    of each line in this sample. `record` is None once it was removed."""

    id: str
    state: State
    record: Record | None = None
    lines: tuple[Line, ...] = ()
    due: tuple[Line, ...] = ()
    reviews: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the review of a sample is."""

    sample: Sample
    questions: list[Drawn]
    sign_offs: list[SignOff] = field(default_factory=list)

    @property
    def lines_due(self) -> int:
        return sum(len(one.due) for one in self.questions)

    @property
    def signed_off(self) -> SignOff | None:
        return self.sign_offs[-1] if self.sign_offs else None

    def totals(self) -> dict[str, Any]:
        """Counts of questions (by state), of lines and how many are due, of the marks that count by
        kind, of reviews of one's own answers, and who reviewed. `agreed` of `judged` lines have
        only the mark agree, without one's own."""
        states = [one.state for one in self.questions]
        reviews = [review for one in self.questions for review in one.reviews]
        judged: dict[tuple[str, int], bool] = {}
        for one in (review for review in reviews if not review.own):
            name = (one.question_id, one.line)
            judged[name] = judged.get(name, True) and one.mark == "agree"
        return {
            "questions": len(self.questions),
            "redacted": states.count("redacted"),
            "removed": states.count("removed"),
            "lines": sum(len(one.lines) for one in self.questions),
            "due": self.lines_due,
            "judged": len(judged),
            "agreed": sum(judged.values()),
            "marks": {mark: sum(r.mark == mark and not r.own for r in reviews) for mark in MARKS},
            "own": sum(review.own for review in reviews),
            "reviewers": sorted({review.by for review in reviews}),
        }

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.sample.as_dict(),
            "totals": self.totals(),
            "sign_offs": [one.as_dict() for one in self.sign_offs],
        }


def sign_off(
    log: QueryLog, sample: Sample, by: str, *, note: str = "", incomplete: str = ""
) -> SignOff:
    """Commit that the review of a sample is done, with its totals. Note and reason are scrubbed.
    Raises LinesDue while lines are due, unless `incomplete` says why they stay so; ReviewRefused
    when it is signed off and nothing was reviewed since; and LogUnavailable."""
    note, incomplete = log.scrubbed(note), log.scrubbed(incomplete).strip()
    last = log.last_sequence()
    there = progress(log, sample)
    totals = there.totals()
    if there.lines_due and not incomplete:
        raise LinesDue(
            message("reviews.lines_due", number=sample.number, due=there.lines_due,
                    lines=totals["lines"])
        )  # fmt: skip
    before = there.signed_off
    if before is not None and before.totals == totals and before.by == by:
        raise ReviewRefused(
            message("reviews.signed_before", number=sample.number, by=by, at=before.at[:10],
                    record=before.number)
        )  # fmt: skip
    body = {"sample": sample.number, "by": by, "last": last, "totals": totals}
    reason = incomplete if there.lines_due else ""
    texts = {name: text for name, text in (("note", note), ("reason", reason)) if text}
    number = log.append("sign_off", None, body, texts)
    return _sign_off(next(log.records(number - 1, ["sign_off"])))


# The schedule


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the next review is due. `every`: days from one sign-off to the next; None: no schedule.
    `last`: the time of the last sign-off, None where there is none. `days`: whole days since then,
    or since the first question; None where nothing was asked."""

    every: int | None
    last: str | None
    days: int | None

    @property
    def overdue(self) -> bool:
        return self.every is not None and self.days is not None and self.days > self.every

    def as_dict(self) -> dict[str, Any]:
        return {
            "every_days": self.every,
            "last_sign_off": self.last,
            "days": self.days,
            "overdue": self.overdue,
        }


def schedule(db: Connection, every: int | None, now: dt.datetime) -> Schedule:
    """How the reviews of a log stand to their schedule."""
    ask = "select at from records where kind = ? order by seq {} limit 1"
    last = db.execute(ask.format("desc"), ["sign_off"]).fetchone()
    since = last or db.execute(ask.format(""), ["question"]).fetchone()
    days = max((now - dt.datetime.fromisoformat(since[0])).days, 0) if since else None
    return Schedule(every, last[0] if last else None, days)


# Reading back


def sign_offs(log: QueryLog) -> dict[int, list[SignOff]]:
    """The sign-offs of each sample, by its number, oldest first."""
    found: dict[int, list[SignOff]] = {}
    for entry in log.records(kinds=["sign_off"]):
        one = _sign_off(entry)
        found.setdefault(one.sample, []).append(one)
    return found


def each(log: QueryLog, sample: Sample, start: int = 0) -> Iterator[Drawn]:
    """The questions of a sample from a place on, in its order, read as they are asked for."""
    for at in range(start, len(sample.ids), _BATCH):
        some = sample.ids[at : at + _BATCH]
        marks = ", ".join("?" * len(some))
        records = {one.id: one for one in log.select(f"id in ({marks})", some)}
        yield from (drawn(one, records.get(one), sample.number) for one in some)


def progress(log: QueryLog, sample: Sample) -> Progress:
    """How far the review of a sample is. A sample of thousands takes seconds to read."""
    return Progress(sample, list(each(log, sample)), sign_offs(log).get(sample.number, []))


def due(log: QueryLog, sample: Sample) -> list[Drawn]:
    """The questions of a sample with lines that nobody has reviewed, in the order of the sample."""
    return [one for one in each(log, sample) if one.state == "due"]


def drawn(question_id: str, record: Record | None, sample: int) -> Drawn:
    """A question of the sample with this number; `record` is None where it is not there."""
    if record is None:
        return Drawn(question_id, "removed")
    reviews = tuple(last_words(one for one in of_record(record) if one.sample == sample))
    lines = lines_of(record)
    looked_at = {one.line for one in reviews}
    left = tuple(line for line in lines if line.number not in looked_at)
    # Without its words nobody can judge what is left.
    if not lines or (left and record.redactions and not record.text):
        return Drawn(question_id, "redacted", record, lines, (), reviews)
    return Drawn(question_id, "due" if left else "done", record, lines, left, reviews)


def _sign_off(entry: Entry) -> SignOff:
    body, texts = entry.body, entry.texts
    try:
        if not body["totals"].keys() >= _COUNTED:
            raise ValueError
        return SignOff(
            number=entry.seq,
            at=entry.at,
            sample=body["sample"],
            by=body["by"],
            last=body["last"],
            totals=body["totals"],
            note=texts.get("note", ""),
            reason=texts.get("reason", ""),
        )
    except NOT_OF_THE_FORM as error:
        raise damaged(entry.seq) from error
