"""/code-audit sample, review, reviews and sign-off: reviews by auditors in Slack.

What an auditor does is a record itself (a sample, a review, a sign-off), and each question that
comes next is logged as a look before it is shown. `audit` refuses everybody else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.audit.agreement import agreement
from bot.audit.corrections import Refused, code_in
from bot.messages import message
from bot.querylog import Record, reviews, sampling, sign_offs
from bot.querylog.answer_lines import line_of
from bot.querylog.records import Access
from bot.querylog.reviews import Mark
from bot.querylog.sampling import ReviewRefused, Sample
from bot.querylog.workspaces import is_of
from bot.settings import Settings
from bot.slack.delivery import SlackDelivery
from bot.slack.review_syntax import read_draw, read_number
from bot.slack.search_syntax import Misread
from bot.slack.views.audit_reviews import (
    AGREE,
    DISAGREE,
    NEXT,
    SIGN,
    line_title,
    nothing_left_message,
    question_message,
    report_message,
    sampled_message,
    should_be_modal,
    signed_message,
)
from bot.slack.views.block_kit import Message
from bot.slack.workspaces.roles import Sight

VERBS = ("sample", "review", "reviews", "sign-off")
#: Buttons whose press is answered by another message.
PRESSED = (NEXT, AGREE, DISAGREE, SIGN)
_MARKS: dict[str, Mark] = {AGREE: "agree", DISAGREE: "disagree"}

#: See `audit`: how it is logged, and what makes the message.
Request = tuple[Access | None, str, str | None, Callable[[], Message]]


@dataclass(frozen=True, slots=True)
class Auditor:
    """Who reviews, what they may see, and the workspace in which they do (None: there is one)."""

    user: str
    sight: Sight
    team: str | None


@dataclass(frozen=True, slots=True)
class Reviews:
    """The requests of auditors about reviews. They raise Misread."""

    delivery: SlackDelivery
    settings: Settings

    def typed(self, verb: str, rest: str, auditor: Auditor) -> Request:
        """What follows /code-audit."""
        if verb == "sample":
            return self._sample(rest, auditor)
        if verb == "reviews":
            return "report", "reviews", None, lambda: self._report(auditor)
        if verb == "review":
            sample = self._named(rest, auditor) if rest else self._newest(auditor)
            detail = f"review of sample {sample.number}"
            return "search", detail, None, lambda: self._next(sample, "", auditor)
        number, reason = read_number(rest, verb)
        sample = self._of_number(number, auditor)
        return None, "", None, lambda: self._sign(sample, reason, auditor)

    def pressed(self, action: str, value: str, auditor: Auditor) -> Request:
        """A press on one of PRESSED."""
        number, *rest = value.split(" ")
        sample = self._named(number, auditor)
        if action == SIGN:
            return None, "", None, lambda: self._sign(sample, "", auditor)
        if action == NEXT:
            detail = f"review of sample {sample.number}"
            after = rest[0] if rest else ""
            return "search", detail, None, lambda: self._next(sample, after, auditor)
        record, line = self.line(sample, rest, auditor)

        def make() -> Message:
            self.mark(sample, record, line, _MARKS[action], auditor)
            return self.after(sample, record, auditor)

        return None, "", record.id, make

    # What the buttons of a line need

    def line(self, sample: Sample, value: list[str], auditor: Auditor) -> tuple[Record, int]:
        """The question and the number of the line that a button stands for. What a button carries
        can be made up."""
        question_id, line = (*value, "", "")[:2]
        record = self.delivery.log.get(question_id) if question_id else None
        if record is None or record.id != question_id or not is_of(record, auditor.sight.teams):
            raise Misread(message("slack.gone"))
        if not line.isascii() or not line.isdigit():
            raise Misread(message("slack.gone"))
        return record, int(line)

    def modal(self, value: str, auditor: Auditor, place: dict[str, Any]) -> dict[str, Any]:
        """The modal that asks for the code that should be there."""
        number, *rest = value.split(" ")
        sample = self._named(number, auditor)
        record, line = self.line(sample, rest, auditor)
        return should_be_modal({"value": value, "place": place}, line_title(line_of(record, line)))

    def send(self, kept: str, code: str, note: str, auditor: Auditor) -> Callable[[], Message]:
        """Put what was typed in the modal on record; gives what makes the next message. Raises
        Refused, ReviewRefused and Misread."""
        if not code and not note:
            raise Refused(message("slack_reviews.modal_empty"))
        number, *rest = json.loads(kept)["value"].split(" ")
        sample = self._named(number, auditor)
        record, line = self.line(sample, rest, auditor)
        if not code:
            self.mark(sample, record, line, "disagree", auditor, note=note)
        else:
            verdict = code_in(self.delivery.desk, code, record)
            named = (verdict.code, verdict.system)
            self.mark(sample, record, line, "code", auditor, should_be=named, note=note)
        return lambda: self.after(sample, record, auditor)

    def mark(
        self,
        sample: Sample,
        record: Record,
        line: int,
        mark: Mark,
        auditor: Auditor,
        **more: Any,
    ) -> None:
        reviews.review(self.delivery.log, record, line, mark, auditor.user, sample=sample, **more)

    def after(self, sample: Sample, record: Record, auditor: Auditor) -> Message:
        """What comes after a mark: the same question while lines of it are due, else the next."""
        before = sample.ids.index(record.id)
        return self._next(sample, sample.ids[before - 1] if before else "", auditor)

    # Messages

    def _sample(self, typed: str, auditor: Auditor) -> Request:
        draw, purpose = read_draw(typed, auditor.sight.teams)
        log = self.delivery.log

        def make() -> Message:
            drawn = sampling.sample(log, draw, auditor.user, purpose)
            return sampled_message(sign_offs.progress(log, drawn))

        return "search", f"sample: {log.scrubbed(draw.description())}", None, make

    def _next(self, sample: Sample, after: str, auditor: Auditor) -> Message:
        """The first question after one that has lines due."""
        log = self.delivery.log
        start = sample.ids.index(after) + 1 if after in sample.ids else 0
        for drawn in sign_offs.each(log, sample, start):
            record = drawn.record
            if drawn.state == "due" and record and is_of(record, auditor.sight.teams):
                detail = f"review of sample {sample.number}"
                log.access("view", auditor.user, detail, record.id, team=auditor.team)
                own = reviews.is_own(record, auditor.user)
                return question_message(sample, drawn, record, own)
        return nothing_left_message(sign_offs.progress(log, sample))

    def _sign(self, sample: Sample, reason: str, auditor: Auditor) -> Message:
        log = self.delivery.log
        return signed_message(sign_offs.sign_off(log, sample, auditor.user, incomplete=reason))

    def _report(self, auditor: Auditor) -> Message:
        log, teams = self.delivery.log, auditor.sight.teams
        there = [sign_offs.progress(log, one) for one in sampling.samples(log, teams)]
        standing = None
        if teams is None:
            with log.reading() as db:
                standing = sign_offs.schedule(db, self.settings.review_every_days, log.now())
        return report_message(standing, there, agreement(reviews.every(log, teams)))

    # Samples

    def _named(self, typed: str, auditor: Auditor) -> Sample:
        number, _ = read_number(typed, "review")
        return self._of_number(number, auditor)

    def _of_number(self, number: int, auditor: Auditor) -> Sample:
        try:
            return sampling.of_number(self.delivery.log, number, auditor.sight.teams)
        except ReviewRefused as error:
            raise Misread(str(error)) from error

    def _newest(self, auditor: Auditor) -> Sample:
        """The newest sample that is not signed off; if all are, the newest."""
        there = sampling.samples(self.delivery.log, auditor.sight.teams)
        if not there:
            raise Misread(message("slack_reviews.no_sample"))
        signed = sign_offs.sign_offs(self.delivery.log)
        return max(there, key=lambda one: (one.number not in signed, one.number))
