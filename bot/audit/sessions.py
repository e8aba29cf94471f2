"""Who is signed in, and how often someone was refused. Kept in memory: a restart forgets both."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

#: However busy someone is, they sign in again after so many seconds.
LONGEST = 12 * 3600.0
#: Refusals of one address in a minute that are looked at and recorded; more are only counted, so
#: that nobody can fill the log, or try passwords, by asking often.
MOST_REFUSALS = 20


@dataclass(slots=True)
class _Session:
    auditor: str
    began: float
    used: float


class Sessions:
    """Sessions by a random token, which end `idle` seconds after their last use."""

    def __init__(self, idle: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle, self._clock = idle, clock
        self._by_token: dict[str, _Session] = {}

    def begin(self, auditor: str) -> str:
        """A new session's token."""
        now = self._clock()
        # Nobody asks for those that ran out.
        self._by_token = {t: s for t, s in self._by_token.items() if self._lasts(s, now)}
        token = secrets.token_urlsafe(32)
        self._by_token[token] = _Session(auditor, now, now)
        return token

    def auditor(self, token: str | None) -> str | None:
        """Whose session it is, which is used hereby; None when it is nobody's any more."""
        session, now = self._by_token.get(token or ""), self._clock()
        if session is None or not self._lasts(session, now):
            return None
        session.used = now
        return session.auditor

    def end(self, token: str | None) -> str | None:
        """Whose it was."""
        session = self._by_token.pop(token or "", None)
        return session.auditor if session else None

    def _lasts(self, session: _Session, now: float) -> bool:
        return now - session.used < self._idle and now - session.began < LONGEST


class Throttle:
    """Counts refusals by address, minute by minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._counts: Counter[str] = Counter()
        self._unrecorded = 0

    def is_over(self, address: str) -> bool:
        """Whether this address was refused too often in this minute; then this is one more."""
        if self._clock() - self._since >= 60:
            self._since = self._clock()
            self._counts.clear()
        if self._counts[address] < MOST_REFUSALS:
            return False
        self._unrecorded += 1
        return True

    def refused(self, address: str) -> str:
        """Counts a refusal that goes on record; what that record must add."""
        self._counts[address] += 1
        count, self._unrecorded = self._unrecorded, 0
        return f"; before it, {count} more were refused without a record each" if count else ""
