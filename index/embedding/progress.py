"""Shows how far the encoding of texts is: a bar in a terminal, else a short line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

#: Without a terminal a line is printed after each tenth of the texts, or after this many seconds.
_SECONDS = 30.0

#: Seconds between two notes of how far it is.
_BETWEEN_NOTES = 2.0

Advance = Callable[[int], object]
#: Called now and then with a label, the texts that are done, and all.
Note = Callable[[str, int, int], object]
_note: ContextVar[Note | None] = ContextVar("note", default=None)


@contextmanager
def noted(note: Note) -> Iterator[None]:
    """Have `note` called with how far the encoding is, besides what is shown."""
    token = _note.set(note)
    try:
        yield
    finally:
        _note.reset(token)


class Lines:
    """Prints "label: 20% of 145,073, 4 minutes left" on `file`, one line at a time. `clock` gives
    seconds."""

    def __init__(
        self,
        label: str,
        total: int,
        file: TextIO,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label, self._total, self._file, self._clock = label, total, file, clock
        self._done, self._tenth = 0, 0
        self._began = self._at = clock()

    def advance(self, count: int) -> None:
        self._done += count
        tenth = self._done * 10 // self._total
        now = self._clock()
        if tenth == self._tenth and now - self._at < _SECONDS:
            return
        self._tenth, self._at = tenth, now
        share = self._done * 100 // self._total
        left = round((now - self._began) / self._done * (self._total - self._done) / 60)
        minutes = f", {left} minute{'s' * (left != 1)} left" if left else ""
        print(f"{self._label}: {share}% of {self._total:,}{minutes}", file=self._file, flush=True)


@contextmanager
def shown(label: str | None, total: int) -> Iterator[Advance]:
    """A function to call with each number of texts that is done. `label` None: nothing is shown."""
    if label is None or not total:
        yield lambda count: None
    elif not sys.stderr.isatty():
        yield _noting(label, total, Lines(label, total, sys.stderr).advance)
    else:
        from tqdm import tqdm  # not imported when a question is answered

        with tqdm(total=total, desc=label, unit="text") as bar:
            yield _noting(label, total, bar.update)


def _noting(label: str, total: int, advance: Advance) -> Advance:
    """`advance`, which also tells whoever is to be told."""
    note = _note.get()
    if note is None:
        return advance
    done, at = 0, -_BETWEEN_NOTES

    def advanced(count: int) -> None:
        nonlocal done, at
        done += count
        if (now := time.monotonic()) - at >= _BETWEEN_NOTES:
            at = now
            note(label, done, total)
        advance(count)

    return advanced
