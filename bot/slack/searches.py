"""The queue of questions that take a search. They wait here and not in the listeners' threads, so
that a verdict finds a free thread however many searches wait."""

from __future__ import annotations

import statistics
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from bot.slack.web_api import Posted

_Work = Callable[[], Future[Posted]]

#: The most that wait. By a quarter of a second each, on one core, the last one waits 4 minutes;
#: an answer of more than 10 (querylog.unfinished.MOST_MINUTES) is of no use any more.
MOST_WAITING = 1000
#: Of how many of the last searches the median is taken, and what counts before there is one, in
#: seconds.
_LATELY, _AT_FIRST = 50, 0.2


@dataclass(frozen=True, slots=True)
class Wait:
    """What a new question has to wait for: how many are before it, and for how long in seconds, if
    they take as long as those of late. `is_full`: it cannot be taken."""

    before: int
    seconds: float
    is_full: bool = False


class Searches:
    """Works on as many at once as `at_once` says. People take turns, and each one's questions keep
    their order, one at a time: whoever asks a hundred does not hold up the others."""

    def __init__(self, at_once: Callable[[], int] = lambda: 1) -> None:
        self._at_once = at_once
        self._changed = threading.Condition()  # guards all below
        #: What waits, by who asked. The person whose turn is next stands first.
        self._waiting: OrderedDict[str, deque[tuple[_Work, Future[Posted]]]] = OrderedDict()
        #: Whose question is worked on.
        self._at_work: set[str] = set()
        self._took: deque[float] = deque(maxlen=_LATELY)
        self._closing = False
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Searches:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def wait(self, by: str) -> Wait:
        """What a question of `by` would have to wait for, if it were asked now."""
        with self._changed:
            own = len(self._waiting.get(by, ()))
            # In each turn of theirs, others come before it once at most.
            others = [len(asked) for person, asked in self._waiting.items() if person != by]
            before = own + sum(min(asked, own + 1) for asked in others) + len(self._at_work)
            each = statistics.median(self._took) if self._took else _AT_FIRST
            at_once = max(1, self._at_once())
            seconds = 0.0 if before < at_once else before * each / at_once
            waiting = own + sum(others)
            return Wait(before, seconds, waiting >= MOST_WAITING)

    def counts(self) -> tuple[int, int]:
        """How many wait, and how many are worked on."""
        with self._changed:
            return sum(map(len, self._waiting.values())), len(self._at_work)

    def run(self, work: _Work, by: str) -> Future[Posted]:
        """Do `work` when the turn of whoever it is asked `by` comes. The future has what the future
        of `work` has; it is cancelled if the desk stops before that turn."""
        done: Future[Posted] = Future()
        with self._changed:
            if self._closing:
                done.cancel()
                return done
            self._waiting.setdefault(by, deque()).append((work, done))
            if len(self._threads) < self._at_once():
                thread = threading.Thread(target=self._work, name="search")
                self._threads.append(thread)
                thread.start()
            self._changed.notify_all()
        return done

    def close(self) -> None:
        """Finish those that were begun. In the log, those that were not stay unanswered."""
        with self._changed:
            self._closing = True
            waiting, self._waiting = self._waiting, OrderedDict()
            self._changed.notify_all()
        for questions in waiting.values():
            for _, done in questions:
                done.cancel()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (following := self._next()) is not None:
            by, work, done = following
            began = time.monotonic()
            try:
                work().add_done_callback(partial(_pass_on, done))
            except BaseException as error:
                done.set_exception(error)
            with self._changed:
                self._took.append(time.monotonic() - began)
                self._at_work.discard(by)
                self._changed.notify_all()

    def _next(self) -> tuple[str, _Work, Future[Posted]] | None:
        """What is next; None when the desk stops. Whose turn it was goes to the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._whose_turn() is not None)
            by = self._whose_turn()
            if self._closing or by is None:
                return None
            questions = self._waiting.pop(by)
            work, done = questions.popleft()
            if questions:
                self._waiting[by] = questions
            self._at_work.add(by)
            return by, work, done

    def _whose_turn(self) -> str | None:
        return next((person for person in self._waiting if person not in self._at_work), None)


def _pass_on(done: Future[Posted], posted: Future[Posted]) -> None:
    done.set_result(posted.result())
