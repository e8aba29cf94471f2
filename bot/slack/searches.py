"""The queue of questions that take a search. They wait here and not in the listeners' threads, so
that a verdict finds a free thread however many searches wait."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from bot.slack.web_api import Posted

_Work = Callable[[], Future[Posted]]


class Searches:
    """Works on them one at a time: `LoggedDesk` takes one search at a time. People take turns, and
    each one's questions keep their order: whoever asks a hundred does not hold up the others."""

    def __init__(self) -> None:
        self._changed = threading.Condition()  # guards all below
        #: What waits, by who asked. The person whose turn is next stands first.
        self._waiting: OrderedDict[str, deque[tuple[_Work, Future[Posted]]]] = OrderedDict()
        self._closing = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Searches:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def run(self, work: _Work, by: str) -> Future[Posted]:
        """Do `work` when the turn of whoever it is asked `by` comes. The future has what the future
        of `work` has; it is cancelled if the desk stops before that turn."""
        done: Future[Posted] = Future()
        with self._changed:
            if self._closing:
                done.cancel()
                return done
            self._waiting.setdefault(by, deque()).append((work, done))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="search")
                self._thread.start()
            self._changed.notify()
        return done

    def close(self) -> None:
        """Finish the one that was begun. In the log, those that were not stay unanswered."""
        with self._changed:
            self._closing = True
            waiting, self._waiting = self._waiting, OrderedDict()
            self._changed.notify()
        for questions in waiting.values():
            for _, done in questions:
                done.cancel()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while (following := self._next()) is not None:
            work, done = following
            try:
                work().add_done_callback(partial(_pass_on, done))
            except BaseException as error:
                done.set_exception(error)

    def _next(self) -> tuple[_Work, Future[Posted]] | None:
        """What is next; None when the desk stops. Whose turn it was goes to the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._waiting)
            if self._closing:
                return None
            by, questions = self._waiting.popitem(last=False)
            following = questions.popleft()
            if questions:
                self._waiting[by] = questions
            return following


def _pass_on(done: Future[Posted], posted: Future[Posted]) -> None:
    done.set_result(posted.result())
