"""The desk in a terminal: questions one after another, and a few words about the last answer.

A question is answered on a thread of its own, while this one waits. Ctrl-C ends the waiting alone:
the log is never left in the middle of a record, and says that the answer was not shown.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import click

from bot.audit import corrections
from bot.cli.conversation import Conversation
from bot.cli.line_editor import LineEditor
from bot.cli.log import who
from bot.cli.log_feedback import taken
from bot.cli.shared import screen
from bot.cli.typed_line import WORDS, Typed, read
from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog.records import Rating
from bot.views.screen import printable
from bot.views.terminal import Session, Showing
from codesets.errors import CodeDeskError

#: The rest of an answer is asked for by the word alone.
_SHORT = Showing(offer="", by_number=True)
_MORE = {
    "notes": replace(_SHORT, notes=True),
    "rules": replace(_SHORT, rules=True),
    "all": replace(_SHORT, all=True),
}
_RATINGS: dict[str, Rating] = {"right": "right", "wrong": "wrong", "used": "used"}
#: Where an answer has no code: for "used CODE".
_EXAMPLE = "E11.9"


class InteractiveDesk:
    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._editor = LineEditor(self._completions, colours=screen().colours)
        self._session = Session()
        self._last: Answer | None = None
        # A question that was given up is still worked on while the next one is asked.
        self._threads = ThreadPoolExecutor(thread_name_prefix="answering")

    def serve(self) -> None:
        """Until somebody ends it; what is still worked on ends first."""
        with closing(self):
            while True:
                try:
                    click.echo()
                    typed = read(self._editor.read(message("terminal_desk.prompt")), self._last)
                    if typed.verb == "quit":
                        return
                    self._do(typed)
                except KeyboardInterrupt:
                    continue
                except EOFError:
                    return
                except CodeDeskError as error:
                    _say(str(error))

    def close(self) -> None:
        self._threads.shutdown()

    def _do(self, typed: Typed) -> None:
        """Raises CodeDeskError, with a sentence for the person."""
        if typed.verb == "help":
            click.echo("\n" + message("terminal_desk.help").strip())
        elif typed.verb == "ask":
            self._ask(typed.text)
        elif typed.verb != "nothing" and self._last is None:
            _say(message("terminal_desk.no_answer"))
        elif typed.verb in _MORE and self._last:
            governing = self._conversation.desk.governing(self._last)
            showing = _MORE[typed.verb]
            text = self._session.as_text(self._last, showing, screen=screen(), governing=governing)
            click.echo("\n" + text)
        elif typed.verb in _RATINGS and self._last:
            self._rate(self._last, _RATINGS[typed.verb], typed.text)

    # Questions

    def _ask(self, question: str) -> None:
        once = threading.Lock()  # Taken by whoever is first: the answer, or Ctrl-C.
        on = screen()  # Of the command, which only this thread knows.

        def wanted() -> bool:
            return once.acquire(blocking=False)

        def show(answer: Answer) -> None:
            click.echo("\n" + self._session.as_text(answer, _SHORT, screen=on))

        future: Future[list[Answer]] | None = None
        try:
            future = self._threads.submit(
                self._conversation.ask,
                [question],
                show=show,
                after=self._last.id or None if self._last else None,
                wanted=wanted,
            )
            answers = future.result()
        except KeyboardInterrupt:
            given_up = once.acquire(blocking=False)
            if given_up or future is None:
                _say(message("terminal_desk.cancelled"))
                return
            answers = future.result()  # It is being shown.
        (self._last,) = answers

    # About the last answer

    def _rate(self, answer: Answer, rating: Rating, typed: str) -> None:
        """Put feedback on record, as the button in Slack does."""
        if rating == "used" and not typed:
            codes = [*_codes(answer), _EXAMPLE]
            _say(message("terminal_desk.used_what", example=codes[0]))
            return
        log = self._conversation.log
        record = log.get(answer.id) if answer.id else None
        if record is None:
            _say(message("terminal_desk.not_logged"))
            return
        code = None
        others = []
        if rating == "used":
            used, *others = corrections.named_by(self._conversation.desk, typed, record)
            code = used.code
        written = log.feedback(record.id, rating, code, by=who(None))
        _say(taken(written, rating, code))
        for other in others:
            _say(message("terminal_desk.also", code=other.code, title=other.title))

    def _completions(self, typed: str) -> Sequence[str]:
        """The words that a text may become; behind `used`, with the codes of the last answer."""
        codes = _codes(self._last) if self._last else []
        whole = [*WORDS, *(f"used {code}" for code in codes if " " in typed)]
        return [one for one in whole if one.lower().startswith(typed.lower())]


def _say(sentence: str) -> None:
    on = screen()
    click.echo(on.drawn(on.hanging(printable(sentence))))


def _codes(answer: Answer) -> list[str]:
    shown = answer.report or answer.candidates or answer.verdicts
    return list(dict.fromkeys(one.code for one in shown if one.code))
