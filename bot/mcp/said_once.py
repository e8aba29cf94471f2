"""What was said in which session of what is loaded, so that texts say it once. Structured results
always have it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from bot.desk.answer import Answer
from bot.views.notices import notices_to_say, told_by

#: A session without a call for so many seconds is over. Not every version of the protocol has
#: sessions, and a client that asks again after that may be in another conversation.
_OVER_AFTER = 30 * 60.0
_MOST_SESSIONS = 2000


class SaidOnce:
    """Safe to use from many threads. Another process, or the next start, says it again."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()  # guards what is below
        #: When a session was last used, and what it was told; the longest unused first.
        self._sessions: OrderedDict[str, tuple[float, set[str]]] = OrderedDict()

    def notices(self, session: str, answer: Answer) -> list[str]:
        """The notices of an answer that are to be said in a session now."""
        with self._lock:
            used, told = self._sessions.pop(session, (0.0, set()))
            if self._now() - used > _OVER_AFTER:
                told = set()
            said = notices_to_say(answer, told)
            self._sessions[session] = self._now(), told | set(told_by(answer))
            while len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return said
