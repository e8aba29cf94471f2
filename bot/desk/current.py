"""A desk that serves: it searches in processes of their own, if it has them, and can be renewed
after new codes were loaded, without a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, cast

from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.desk.question import Question
from bot.logged_desk import Answers
from bot.settings import Settings
from bot.workers.children import NoWorkers
from bot.workers.pool import Pool
from index.runtime import let_go

logger = logging.getLogger("codedesk.workers")

#: Asked before workers are forked, so that they share what such questions read: drugs and their
#: units, procedures, rules, edits, modifiers, an abbreviation, a list.
_WARMING = (
    "G0439 x 2 units ok?",
    "kenalog 40 mg im, units",
    "bicillin LA 2.4 million units",
    "right great toe amputation, inpatient",
    "2u prbc, peripheral iv",
    "E87.1, E87.6 both ok on one claim",
    "how many months until pain is chronic",
    "is a sequela coded first",
    "what is new in icd-10-cm",
    "modifier for left foot",
    "is E11.9 billable",
    "N18.32 with I10?",
    "fx lft femur shaft",
    "hiccups for 3 days",
    "copd w acute bronchitis\nknee OA, left\nobs after mvc, seat belt",
)


class CurrentDesk:
    """Passes everything on to a desk, which `renew` replaces. Questions that take a search go to
    search workers, if there are any; should there be none any more, this process searches.

    A desk keeps much of what is loaded in memory, so new codes and a new index are taken up
    together, by a new desk and new workers. Until these are ready, the old ones answer.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        workers: int = 0,
        opens: Callable[[Settings], Desk] = Desk,
        opens_to_search: Callable[[Settings], Answers] | None = None,
    ) -> None:
        """`workers`: processes that search, from `ready` on; 0: this one searches. `opens` opens
        the desk of this process, `opens_to_search`, a function of a module, that of the workers; by
        default `opened_to_search`. Raises CodesetError when no code set is loaded."""
        self._settings = settings
        self._workers = workers
        self._opens = opens
        self._opens_to_search = opens_to_search or opened_to_search
        self._desk = opens(settings)
        self._pool: Pool | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    @property
    def searches_at_once(self) -> int:
        """How many questions that take a search are worked on at once."""
        return self._pool.size if self._pool else self._desk.searches_at_once

    def ready(self) -> None:
        """Open the index, load the models, and start the workers, so that the first question does
        not wait for them. Raises CodeDeskError when the index cannot be used."""
        self._pool = self._made_ready(self._desk)

    def _made_ready(self, desk: Desk) -> Pool | None:
        """A desk made ready, with its workers."""
        if not self._workers:
            desk.ready()
            return None
        # The workers' process opens its index meanwhile.
        pool = Pool(partial(self._opens_to_search, self._settings.without_secrets()), self._workers)
        try:
            desk.ready()
            pool.ready(desk.index_build)
        except NoWorkers as error:
            logger.error("no search workers, so this process searches: %s", error)
            pool.close()
            return None
        except BaseException:
            pool.close()
            raise
        return pool

    def ask(self, question: Question, *, limit: int = 10) -> Answer:
        """Answer one question: see Desk.ask."""
        return self.ask_many([question], limit=limit)[0]

    def ask_many(self, questions: Sequence[Question], *, limit: int = 10) -> list[Answer]:
        """Answer several questions: see Desk.ask_many. Raises SearchLost, too."""
        if self._pool and any(question.searches for question in questions):
            try:
                return self._pool.ask_many(questions, limit)
            except NoWorkers as error:
                logger.error("no search worker, so this process searches: %s", error)
        return self._desk.ask_many(questions, limit=limit)

    def own_mb(self) -> dict[int, float]:
        """The memory that each worker shares with no other process, by process id; {} without
        workers."""
        return self._pool.own_mb() if self._pool else {}

    def renew(self, between_answers: Callable[[], AbstractContextManager[None]]) -> None:
        """Answer from what is loaded now. Takes seconds, and the memory of two desks meanwhile.
        Raises CodeDeskError when the index cannot be used; then the old desk goes on."""
        fresh = self._opens(self._settings)
        try:
            pool = self._made_ready(fresh)
        except BaseException:
            fresh.close()
            raise
        with between_answers():
            # The old one is not closed: a question may be read from it at this moment. Its
            # connections end with it.
            self._desk, self._pool, old = fresh, pool, self._pool
        if old:
            old.close()
        # Without this each renewal would keep the memory of a desk.
        let_go()

    def close(self) -> None:
        if self._pool:
            self._pool.close()
        self._desk.close()


def opened_to_search(settings: Settings) -> Answers:
    """A desk for search workers: ready, and with one thread."""
    desk = Desk(settings, threads=1)
    desk.ready_to_search()
    for text in _WARMING:
        desk.ask(text)
    return cast(Answers, desk)
