"""Asks the desk from this terminal. An answer is printed once it is in the log."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, cast

from bot.cli.shared import progress
from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.desk.headlines import headlined
from bot.language_model import connect
from bot.logged_desk import Answers, Done, LoggedDesk, LoggedQuestion
from bot.messages import message
from bot.querylog import NoSuchQuestion, QuestionRecord
from bot.querylog.opening import finish_what_was_left, open_log
from bot.querylog.records import Surface
from bot.settings import Settings
from bot.system_user import name_said, system_user
from bot.views.notices import told_by
from bot.views.shared import removals_to_tell, removed_in_words
from codesets.store.database import StoreUnusable

#: Questions of a conversation that are looked back at.
_MOST_TURNS = 20
#: In the log, why an answer was not shown.
_GIVEN_UP = "given up by the asker"


class Conversation:
    """A desk and its log, asked by the user of this terminal."""

    def __init__(
        self, settings: Settings, surface: Surface = "cli", desk: Answers | None = None
    ) -> None:
        """`desk`: one that is opened already; by default one that is not renewed."""
        self.desk = cast(Any, desk or Desk(settings))
        self.log = open_log(settings, self.desk.scrubber, system_user=system_user())
        self.logged = LoggedDesk(self.desk, self.log, connect(settings))
        self._surface: Surface = surface
        self._codes_db = settings.codes_db
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
        after: str | None = None,
        explain: bool = False,
        wanted: Callable[[], bool] = lambda: True,
        **reading: Any,
    ) -> list[Answer]:
        """Answer questions together; `reading` is as in `Desk.take`. The answer to a question that
        fails says so, and the others are answered. `after`: id of the question of the log that they
        follow. `explain`: show each with what the language model makes of it. `wanted`: called once
        before they are shown; where they are wanted no more, the log says so, and none is returned.
        Raises NoSuchQuestion where the log has no such question."""

        def instead(question: LoggedQuestion, error: Exception) -> Answer:
            _report(error)
            day = question.question.day if question.question else dt.date.today()
            notice = message("terminal.failed", error=type(error).__name__)
            if isinstance(error, sqlite3.Error):
                notice = str(StoreUnusable.of(self._codes_db, error))
            failed = Answer(question.asked.text, day.isoformat(), "abstained", [notice])
            return headlined(failed)

        texts = [_storable(text) for text in questions]
        asked = self._asked({**reading, "limit": limit}, after and self._known(after))
        taken = [question for question in self.logged.take(texts, asked, **reading) if question]
        deliver = self._showing(taken, show, explain=explain, wanted=wanted)
        return self.logged.answer(taken, deliver, instead=instead, limit=limit or 10)

    def check(
        self, codes: Sequence[str], *, show: Callable[[Answer], None], **reading: Any
    ) -> Answer:
        """Verdicts on codes; `reading` is as in `Desk.take_codes`."""
        codes = [_storable(code) for code in codes]
        # The number of codes is logged, so that a replay checks the text and does not ask it.
        asked = self._asked({**reading, "checked": len(codes)})
        question = self.logged.take_codes(codes, asked, **reading)
        assert question is not None  # Only an event of Slack can be in the log already.
        (answer,) = self.logged.answer([question], self._showing([question], show))
        return answer

    def _asked(self, options: dict[str, Any], after: str | None = None) -> QuestionRecord:
        """Who asks, and with which options. The date of service is left out: it is not logged."""
        kept = {n: value for n, value in options.items() if value is not None and n != "day"}
        return QuestionRecord("", self._surface, user=name_said(), options=kept, after=after)

    def told_before(self, question_id: str) -> set[str]:
        """The keys of what was said of what is loaded (`bot.views.notices`), by the answer to a
        question of the log and those that it followed. Raises NoSuchQuestion."""
        told: set[str] = set()
        following: str | None = self._known(question_id)
        for _ in range(_MOST_TURNS):
            record = self.log.get(following) if following else None
            if record is None:
                break
            if record.answer:
                told.update(told_by(Answer.from_dict(record.answer)))
            following = record.after
        return told

    def _known(self, question_id: str) -> str:
        """The whole id of a question of the log, of which the beginning may be given."""
        record = self.log.get(question_id)
        if record is None:
            raise NoSuchQuestion(message("terminal.no_such_question", question=question_id))
        return record.id

    def _showing(
        self,
        questions: Sequence[LoggedQuestion],
        show: Callable[[Answer], None],
        *,
        explain: bool = False,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Callable[[list[Answer], Done], list[Answer]]:
        """A function that says which identifiers were removed, then shows the answers."""

        def deliver(answers: list[Answer], done: Done) -> list[Answer]:
            if not wanted():
                done("abandoned", _GIVEN_UP)
                return []
            removed = [
                kind for q in questions for kind in removals_to_tell(q.asked.text, q.asked.removed)
            ]
            if removed:
                progress(
                    message("terminal.removed", kinds=removed_in_words(dict.fromkeys(removed)))
                )
            for question, answer in zip(questions, answers, strict=True):
                show(self.logged.explained(question.id, answer) if explain else answer)
            sys.stdout.flush()
            done("delivered", "")
            return answers

        return deliver


def _storable(text: str) -> str:
    """A text without surrogates, which an argument has where it is not UTF-8: they can be neither
    printed nor stored."""
    return text.encode(errors="surrogatepass").decode(errors="replace")


def _report(error: Exception) -> None:
    """Print where a question failed, if CODEDESK_DEBUG is set: an error may hold what was typed."""
    if os.environ.get("CODEDESK_DEBUG"):
        progress("".join(traceback.format_exception(error)))
