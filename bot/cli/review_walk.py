"""Going through a sample at a terminal, question by question and line by line."""

from __future__ import annotations

from dataclasses import dataclass, field

import click

from bot.audit import corrections
from bot.cli.shared import echo_text, progress, screen
from bot.desk.desk import Desk
from bot.messages import message
from bot.querylog import QueryLog, Record, reviews, sign_offs
from bot.querylog.answer_lines import Line
from bot.querylog.reviews import Mark
from bot.querylog.sampling import ReviewRefused, Sample
from bot.querylog.sign_offs import Drawn
from bot.views import log_page, review_page


class _Quit(Exception):
    """The reviewer has had enough for now."""


@dataclass
class Walk:
    """What is due of a sample, for one reviewer; with `second`, what they have not reviewed
    themselves, whoever else has."""

    log: QueryLog
    desk: Desk
    sample: Sample
    by: str
    second: bool = False
    marked: int = field(default=0, init=False)

    def go(self) -> None:
        """Ask for a mark of each line until nothing is due, or the reviewer quits. Each mark is on
        record before the next line is asked about."""
        number = self.sample.number
        there = sign_offs.progress(self.log, self.sample)
        waiting = [one for one in there.questions if self._lines(one)]
        if not waiting:
            echo_text(message("reviews.walk_nothing", number=number))
        else:
            lines = sum(len(self._lines(one)) for one in waiting)
            echo_text(message("reviews.walk", number=number, due=lines, questions=len(waiting)))
            try:
                for place, one in enumerate(waiting, 1):
                    self._question(one.id, place, len(waiting))
            except (_Quit, click.Abort):
                click.echo()
        due = sign_offs.progress(self.log, self.sample).lines_due
        echo_text(message("reviews.walk_end", marked=self.marked, due=due, number=number))
        if not due:
            echo_text(message("reviews.walk_sign", number=number))

    def _lines(self, drawn: Drawn) -> tuple[Line, ...]:
        if not self.second or drawn.state in ("redacted", "removed"):
            return drawn.due
        mine = {one.line for one in drawn.reviews if one.by == self.by}
        return tuple(line for line in drawn.lines if line.number not in mine)

    def _question(self, question_id: str, place: int, count: int) -> None:
        # Others may have reviewed, redacted or removed it since the walk began.
        record = self.log.get(question_id)
        lines = self._lines(sign_offs.drawn(question_id, record, self.sample.number))
        if record is None or not lines:
            return
        self.log.access("view", self.by, f"review of sample {self.sample.number}", record.id)
        echo_text("\n" + message("reviews.walk_question", place=place, count=count))
        shown = screen()
        click.echo(shown.drawn(*log_page.page(record, shown)) + "\n")
        if reviews.is_own(record, self.by):
            progress(message("reviews.own"))
        for line in lines:
            self._line(record, line)

    def _line(self, record: Record, line: Line) -> None:
        click.echo(review_page.line(line))
        while True:
            typed = click.prompt(message("reviews.ask"), prompt_suffix=": ").strip()
            if typed.lower() == "q":
                raise _Quit
            if typed.lower() == "s":
                return
            try:
                self._mark(record, line, typed)
            except (corrections.Refused, ReviewRefused) as error:
                echo_text(str(error))
            else:
                self.marked += 1
                return

    def _mark(self, record: Record, line: Line, typed: str) -> None:
        """Raises corrections.Refused and ReviewRefused."""
        mark, should_be = self._read(record, typed)
        note = ""
        if mark != "agree":
            asked = message("reviews.ask_note")
            note = click.prompt(asked, default="", show_default=False, prompt_suffix=" ")
        reviews.review(
            self.log,
            record,
            line.number,
            mark,
            self.by,
            should_be=should_be,
            note=note,
            sample=self.sample,
        )

    def _read(self, record: Record, typed: str) -> tuple[Mark, tuple[str, str] | None]:
        """Raises corrections.Refused."""
        if typed.lower() in ("a", "agree"):
            return "agree", None
        if typed.lower() in ("d", "disagree"):
            return "disagree", None
        named, *others = corrections.named_by(self.desk, typed, record)
        for told in review_page.of_code(typed, named, others):
            echo_text(told)
        return "code", (named.code, named.system)
