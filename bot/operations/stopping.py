"""How a process stops. The first signal lets what is under way end, for as long as the settings
say; the second ends the process at once. Whatever is not finished then is in the log, and the next
start, or another process, goes on with it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

logger = logging.getLogger("codedesk.operations")

#: Ctrl-C, and what `docker stop`, systemd and Kubernetes send.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals(stop: threading.Event, seconds: float) -> Iterator[None]:
    """Set `stop` at the first signal. The process ends when it is done, after `seconds` at the
    latest (exit code 0), or at the second signal (exit code 128 and the signal's number). Outside
    of the main thread nothing is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    deadline: list[threading.Timer] = []

    def take(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            _end(128 + number)
        stop.set()
        timer = threading.Timer(seconds, _too_late, [seconds])
        timer.daemon = True
        timer.start()
        deadline.append(timer)

    earlier = {number: signal.signal(number, take) for number in SIGNALS}
    try:
        yield
    finally:
        for timer in deadline:
            timer.cancel()
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _too_late(seconds: float) -> None:
    logger.warning(
        "what was under way did not end within %g seconds; the next start goes on", seconds
    )
    _end(0)


def _end(code: int) -> None:
    """End now. Nothing is lost: what is in the log is on the disk, and workers end with their
    front."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
