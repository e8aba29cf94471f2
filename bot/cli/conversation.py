"""Asking at this terminal: answers are printed once they are in the log."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from bot.cli.shared import progress
from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.logged_desk import Done, LoggedDesk, LoggedQuestion
from bot.messages import message
from bot.querylog import QuestionRecord
from bot.querylog.opening import finish_what_was_left, open_log
from bot.querylog.records import Surface
from bot.settings import Settings
from bot.views.shared import removed_in_words, to_tell


class Conversation:
    """A desk and its log, asked by whoever sits at this terminal."""

    def __init__(self, settings: Settings, surface: Surface = "cli") -> None:
        self.desk = Desk(settings)
        self.log = open_log(settings, self.desk.scrubber)
        self._logged = LoggedDesk(self.desk, self.log)
        self._surface: Surface = surface
        if left := finish_what_was_left(self.log):
            progress(left)

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self.log.close()
        self.desk.close()

    def ask(
        self,
        questions: Sequence[str],
        *,
        show: Callable[[Answer], None],
        limit: int | None = None,
        **reading: Any,
    ) -> list[Answer]:
        """Answer questions together; `reading` is as in `Desk.take`. One that fails is answered
        with a sentence that says so, and the others are answered all the same."""

        def instead(question: LoggedQuestion, error: Exception) -> Answer:
            _report(error)
            day = question.question.day if question.question else dt.date.today()
            notice = message("terminal.failed", error=type(error).__name__)
            return Answer(question.asked.text, day.isoformat(), "abstained", [notice])

        texts = [_storable(text) for text in questions]
        asked = self._asked({**reading, "limit": limit})
        taken = [question for question in self._logged.take(texts, asked, **reading) if question]
        deliver = self._showing(taken, show)
        return self._logged.answer(taken, deliver, instead=instead, limit=limit or 10)

    def check(
        self, codes: Sequence[str], *, show: Callable[[Answer], None], **reading: Any
    ) -> Answer:
        """Verdicts on codes; `reading` is as in `Desk.take_codes`."""
        codes = [_storable(code) for code in codes]
        # How many codes the text is, so that it can be checked again and not asked.
        asked = self._asked({**reading, "checked": len(codes)})
        question = self._logged.take_codes(codes, asked, **reading)
        (answer,) = self._logged.answer([question], self._showing([question], show))
        return answer

    def _asked(self, options: dict[str, Any]) -> QuestionRecord:
        """Who asks, and with which options; the date of service is not one that is kept."""
        given = {n: value for n, value in options.items() if value is not None and n != "day"}
        return QuestionRecord("", self._surface, user=getpass.getuser(), options=given)

    def _showing(
        self, questions: Sequence[LoggedQuestion], show: Callable[[Answer], None]
    ) -> Callable[[list[Answer], Done], list[Answer]]:
        """Tells what was taken out of the questions, then shows the answers."""

        def deliver(answers: list[Answer], done: Done) -> list[Answer]:
            removed = [kind for q in questions for kind in to_tell(q.asked.text, q.asked.removed)]
            if removed:
                progress(
                    message("terminal.removed", kinds=removed_in_words(dict.fromkeys(removed)))
                )
            for answer in answers:
                show(answer)
            sys.stdout.flush()
            done("delivered", "")
            return answers

        return deliver


def _storable(text: str) -> str:
    """An argument that is no UTF-8 has surrogates, which can be neither printed nor stored."""
    return text.encode(errors="surrogatepass").decode(errors="replace")


def _report(error: Exception) -> None:
    """Where a question failed, for whoever asks to see it. What an error says may hold what was
    typed."""
    if os.environ.get("CODEDESK_DEBUG"):
        progress("".join(traceback.format_exception(error)))
