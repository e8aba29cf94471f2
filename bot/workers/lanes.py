"""How many answers are worked on at once, and a time in which none is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Lanes:
    """Lets as many in at once as `count` says, which is asked each time. Safe to use from many
    threads."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._changed = threading.Condition()  # guards all below
        self._inside = 0
        self._closed = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """One of those at work."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed and self._inside < self._count())
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def none(self) -> Iterator[None]:
        """While none is at work. Those that were let in finish first; those that come wait."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: self._inside == 0)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()
