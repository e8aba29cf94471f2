"""How many calls a minute a client makes. They are counted in this process: a count that processes
share would cost a write to a database for each call, and a look-up takes less than that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from math import ceil

from bot import sliding_window
from bot.api.clients import Client


class Rates:
    """Safe to use from many threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()  # guards what follows
        #: Name of a client -> its minute, the calls in it, and in the one before.
        self._counts: dict[str, tuple[int, int, int]] = {}

    def count(self, client: Client) -> int:
        """Count a call; 0 when it is within the limit, else the seconds until one is taken. What is
        refused is not counted."""
        if not client.per_minute:
            return 0
        now, into = divmod(self._now(), sliding_window.MINUTE)
        minute = int(now)
        with self._lock:
            then, count, before = self._counts.get(client.name, (minute, 0, 0))
            if then != minute:
                count, before = 0, count if then == minute - 1 else 0
            wait = sliding_window.wait(before, count, into, client.per_minute)
            if wait is not None:
                return max(1, ceil(wait))
            self._counts[client.name] = minute, count + 1, before
            return 0
