"""The queue of questions that take a search. They wait here and not in the listeners' threads, so
that a verdict finds a free thread however many searches wait."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from bot.slack.web_api import Posted


class Searches:
    """Works on them one at a time, in their order: `LoggedDesk` takes one search at a time."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")

    def __enter__(self) -> Searches:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def run(self, work: Callable[[], Future[Posted]]) -> Future[Posted]:
        """Do `work` when its turn comes. The future has what the future of `work` has; it is
        cancelled if the desk stops before that turn."""
        done: Future[Posted] = Future()

        def begun(worked: Future[Future[Posted]]) -> None:
            if worked.cancelled():
                done.cancel()
            elif error := worked.exception():
                done.set_exception(error)
            else:
                worked.result().add_done_callback(lambda posted: done.set_result(posted.result()))

        self._thread.submit(work).add_done_callback(begun)
        return done

    def close(self) -> None:
        """Finish the one that was begun. In the log, those that were not stay unanswered."""
        self._thread.shutdown(wait=True, cancel_futures=True)
