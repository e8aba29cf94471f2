"""Asking at this terminal: each question is logged, answered, logged again, and only then shown."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.answer import Answer
from bot.cli.shared import progress
from bot.desk import Desk, Taken
from bot.phi.telling import in_words, to_tell
from bot.querylog import Asked, LogUnavailable
from bot.querylog.opening import finish_what_was_left, open_log
from bot.settings import Settings, SettingsError
from bot.words import say
from codesets.model import CodesetError
from index.errors import SearchError

#: What whoever runs Code Desk can put right: no question is to blame for it.
USER_ERRORS = (CodesetError, SearchError, SettingsError, LogUnavailable)


class Conversation:
    """A desk and its log: each question is logged, answered, logged again, and only then shown."""

    def __init__(self, settings: Settings, surface: str = "cli") -> None:
        self.desk = Desk(settings)
        self.log = open_log(settings, self.desk.scrubber)
        self._surface = surface
        if left := finish_what_was_left(self.log):
            progress(left)

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self.log.close()
        self.desk.close()

    def ask(
        self, questions: Sequence[str], *, show: Any, day: dt.date | None = None, **options: Any
    ) -> list[Answer]:
        """Answer questions together. One that fails is answered with a sentence that says so, and
        the others are answered all the same."""
        questions = [_storable(text) for text in questions]
        taken = [self._taken(text, day) for text in questions]

        def answer() -> list[Answer]:
            try:
                return self.desk.ask_many(questions, day=day, **options)
            except USER_ERRORS:
                raise
            except Exception:
                # One of them is to blame.
                return [
                    self._alone(text, one, day=day, **options)
                    for text, one in zip(questions, taken, strict=True)
                ]

        return self._logged(taken, answer, show, options)

    def _taken(self, text: str, day: dt.date | None) -> Taken:
        try:
            return self.desk.take(text, day=day)
        except Exception as error:
            _report(error)
            # What was not scrubbed is not stored.
            return Taken(say("terminal.unreadable"))

    def _alone(self, text: str, taken: Taken, **options: Any) -> Answer:
        try:
            return self.desk.ask(text, **options)
        except USER_ERRORS:
            raise
        except Exception as error:
            _report(error)
            as_of = (options.get("day") or dt.date.today()).isoformat()
            notice = say("terminal.failed", error=type(error).__name__)
            return Answer(taken.text, as_of, "abstained", [notice])

    def check(
        self, codes: Sequence[str], *, show: Any, day: dt.date | None = None, **options: Any
    ) -> Answer:
        def answer() -> list[Answer]:
            return [self.desk.check(codes, day=day, **options)]

        codes = [_storable(code) for code in codes]
        each = [self.desk.take(code, day=day) for code in codes]
        removed = tuple(dict.fromkeys(kind for one in each for kind in one.removed))
        taken = Taken(" ".join(one.text for one in each), removed, each[0].releases)
        # How many codes the text is, so that it can be checked again and not asked.
        options_kept = options | {"checked": len(codes)}
        return self._logged([taken], answer, show, options_kept)[0]

    def _logged(
        self, questions: Sequence[Taken], answer: Any, show: Any, options: dict[str, Any]
    ) -> list[Answer]:
        stored = {name: value for name, value in options.items() if value is not None}
        ids = self.log.ask_many(
            [
                Asked(
                    taken.text,
                    self._surface,  # type: ignore[arg-type]
                    user=getpass.getuser(),
                    options=stored,
                    removed=taken.removed,
                    releases=taken.releases,
                )
                for taken in questions
            ]
        )
        numbers = [number for number in ids if number is not None]
        answers = answer()
        self.log.answered_many(
            [(n, a, a.elapsed_ms) for n, a in zip(numbers, answers, strict=True)],
            index_build=self.desk.index_build,
            made_with=self.desk.made_with(*answers),
        )
        told = [kind for taken in questions for kind in to_tell(taken.text, taken.removed)]
        if told:
            progress(say("terminal.removed", kinds=in_words(dict.fromkeys(told))))
        try:
            for number, one in zip(numbers, answers, strict=True):
                if self.log.is_unlogged(number):
                    one = replace(one, notices=[say("log.unlogged"), *one.notices])
                show(one)
            sys.stdout.flush()
        except OSError as error:
            self.log.delivered_many(numbers, "failed", str(error))
            raise
        self.log.delivered_many(numbers, "delivered")
        return answers


def _storable(text: str) -> str:
    """An argument that is no UTF-8 has surrogates, which can be neither printed nor stored."""
    return text.encode(errors="surrogatepass").decode(errors="replace")


def _report(error: Exception) -> None:
    """Where a question failed, for whoever asks to see it. What an error says may hold what was
    typed."""
    if os.environ.get("CODEDESK_DEBUG"):
        progress("".join(traceback.format_exception(error)))
