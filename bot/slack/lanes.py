"""Posts on their way to Slack. Posts that count against one rate limit share a lane: they go one at
a time and in order. A lane that has to wait holds no thread, so other lanes go on.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from bot.querylog.unfinished import MOST_MINUTES
from bot.slack.web_api import NotTaken, Posted

logger = logging.getLogger("codedesk.slack")

#: Seconds between the posts of a lane that has met its limit, until the lane is empty. Slack takes
#: one message a second a channel and allows short bursts, so a lane begins without this pause.
BETWEEN = 1.0
#: Posts under way at once.
_AT_ONCE = 8

_TOO_LATE = Posted(
    "failed", f"rate limited: Slack did not take it within {MOST_MINUTES} minutes", limited=True
)
_LEFT = Posted("waiting", "rate limited when the desk stopped; it was not sent")


@dataclass(frozen=True, slots=True)
class _Post:
    send: Callable[[], Posted]
    then: Callable[[Posted], None]
    until: float
    done: Future[Posted] = field(default_factory=Future)


@dataclass(slots=True)
class _Lane:
    posts: deque[_Post] = field(default_factory=deque)
    #: When its next post may go (time.monotonic()).
    due: float = 0.0
    #: `limited`: it met its limit. `busy`: a thread is posting for it now.
    limited: bool = False
    busy: bool = False

    def turn(self) -> float:
        """When its next post is dealt with: at once if that post would go too late, as it then
        fails."""
        return 0.0 if self.due > self.posts[0].until else self.due


class Lanes:
    """Threads that post, shared by all lanes. Safe to use from many threads."""

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        self._at_once = at_once
        self._lanes: dict[str, _Lane] = {}
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()  # guards all of the above
        self._closing = self._closed = False
        self._unfinished = 0

    def __enter__(self) -> Lanes:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def send(
        self, lane: str, send: Callable[[], Posted], then: Callable[[Posted], None]
    ) -> Future[Posted]:
        """Post when the lane's turn comes, then call `then`. The future has what became of the
        post, once `then` has returned.

        Only a rate limit is tried again (`send` raises NotTaken: nothing was done), for
        MOST_MINUTES. A post that close() leaves unsent is `waiting`.
        """
        post = _Post(send, then, time.monotonic() + MOST_MINUTES * 60)
        with self._changed:
            self._unfinished += 1
            if not self._closed:
                self._lanes.setdefault(lane, _Lane()).posts.append(post)
                if not self._closing and len(self._threads) < self._at_once:
                    thread = threading.Thread(target=self._work, name="post", daemon=True)
                    self._threads.append(thread)
                    thread.start()
                self._changed.notify_all()
                return post.done
        self._finish(post, _LEFT)
        return post.done

    def settle(self, timeout: float) -> None:
        """Wait until nothing is on its way, for at most `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._unfinished, timeout)

    def close(self) -> None:
        """Send what need not wait. The rest is left: it is certain that it was not sent."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        with self._changed:
            self._closed = True
            left = [post for lane in self._lanes.values() for post in lane.posts]
            self._lanes.clear()
        for post in left:
            self._finish(post, _LEFT)

    def _work(self) -> None:
        while (lane := self._next()) is not None:
            post, posted, wait = lane.posts[0], _TOO_LATE, 0.0
            if max(lane.due, time.monotonic()) <= post.until:
                posted, wait = _tried(post)
            with self._changed:
                lane.busy = False
                if wait:
                    lane.limited, lane.due = True, time.monotonic() + wait
                else:
                    lane.posts.popleft()
                    if lane.limited:
                        lane.due = max(lane.due, time.monotonic() + BETWEEN)
                self._changed.notify_all()
            if not wait:
                self._finish(post, posted)

    def _finish(self, post: _Post, posted: Posted) -> None:
        try:
            post.then(posted)
        except Exception as error:
            # The error's message is not logged: it may hold what was asked.
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("after a post: %s at\n%s", type(error).__name__, where)
        post.done.set_result(posted)
        with self._changed:
            self._unfinished -= 1
            self._changed.notify_all()

    def _next(self) -> _Lane | None:
        """The lane whose turn it is, marked busy; None when this thread should end."""
        with self._changed:
            while True:
                now = time.monotonic()
                kept = {n: o for n, o in self._lanes.items() if o.posts or o.busy or o.due > now}
                self._lanes = kept
                free = [lane for lane in kept.values() if lane.posts and not lane.busy]
                lane = min(free, key=_Lane.turn, default=None)
                if lane is not None and lane.turn() <= now:
                    lane.busy = True
                    return lane
                if self._closing:
                    return None
                self._changed.wait(lane.turn() - now if lane else None)


def _tried(post: _Post) -> tuple[Posted, float]:
    """What became of a post, and the seconds to wait before it is tried again, if it met a limit;
    else 0."""
    try:
        return post.send(), 0.0
    except NotTaken as limit:
        return _LEFT, max(limit.retry_after or BETWEEN, BETWEEN)
    except Exception as error:
        # It is not known whether Slack has posted it.
        return Posted("unknown", type(error).__name__), 0.0
