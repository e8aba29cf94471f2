"""Sessions, limits on tries to sign in, and limits on the records of refusals. All of it is in
memory and bounded in size; a restart forgets it."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

#: The longest session, in seconds, however busy it is.
LONGEST = 12 * 3600.0
#: Refusals of one address in a minute that get a record each.
MOST_REFUSALS = 20
#: Wrong passwords for one name from one address in five minutes; docs/LOG.md has all limits.
MOST_TRIES = 5
#: The most keys that a limit keeps, and the most browsers that are remembered.
_KEYS, _BROWSERS = 10_000, 1_000


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
        """Begin a session, and return its token."""
        now = self._clock()
        # Expired sessions are dropped here.
        self._by_token = {t: s for t, s in self._by_token.items() if self._lasts(s, now)}
        token = secrets.token_urlsafe(32)
        self._by_token[token] = _Session(auditor, now, now)
        return token

    def auditor(self, token: str | None) -> str | None:
        """The auditor of a session, which counts as a use of it; None when it has ended."""
        session, now = self._by_token.get(token or ""), self._clock()
        if session is None or not self._lasts(session, now):
            return None
        session.used = now
        return session.auditor

    def end(self, token: str | None) -> str | None:
        """End a session, and return its auditor; None when there was none."""
        session = self._by_token.pop(token or "", None)
        return session.auditor if session else None

    def _lasts(self, session: _Session, now: float) -> bool:
        return now - session.used < self._idle and now - session.began < LONGEST


class Limit:
    """Allows at most `most` per period of `seconds`, for each key. A period begins with its first
    count. With more than `_KEYS` keys, the one counted longest ago is forgotten."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._counts: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def wait(self, key: Hashable) -> float:
        """The seconds until one more is allowed; 0 when it is now."""
        since, count = self._period(key)
        return 0.0 if count < self._most else since + self._seconds - self._clock()

    def add(self, key: Hashable) -> None:
        since, count = self._period(key)
        self._counts[key] = since, count + 1
        self._counts.move_to_end(key)
        if len(self._counts) > _KEYS:
            self._counts.popitem(last=False)

    def take_back(self, key: Hashable) -> None:
        if key in self._counts:
            since, count = self._counts[key]
            self._counts[key] = since, max(count - 1, 0)

    def _period(self, key: Hashable) -> tuple[float, int]:
        now = self._clock()
        since, count = self._counts.get(key, (now, 0))
        return (since, count) if now - since < self._seconds else (now, 0)


class Refusals:
    """Which refusals get a record each: a limited number a minute, by address and in all. More are
    only counted, so that nobody can fill the log with requests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._of_address = Limit(MOST_REFUSALS, 60.0, clock)
        self._of_all = Limit(10 * MOST_REFUSALS, 60.0, clock)
        self._unrecorded = 0

    def are_over(self, address: str) -> bool:
        """Count a refusal. True when it is beyond the limit and gets no record of its own."""
        key = network(address)
        if self._of_address.wait(key) or self._of_all.wait(None):
            self.only_counted()
            return True
        self._of_address.add(key)
        self._of_all.add(None)
        return False

    def only_counted(self) -> None:
        self._unrecorded += 1

    def before(self) -> str:
        """A clause for the record of a refusal, on those that were only counted since the last."""
        count, self._unrecorded = self._unrecorded, 0
        return f"; before it, {count} more were refused without a record each" if count else ""


@dataclass(frozen=True, slots=True)
class Try:
    """A try to sign in: refused for `wait` seconds, if any; else counted at the limits
    `charged`."""

    wait: float
    charged: tuple[tuple[Limit, Hashable], ...] = ()

    def take_back(self) -> None:
        """Uncount the try: the password was right, and only wrong ones count."""
        for limit, key in self.charged:
            limit.take_back(key)


class Tries:
    """Counts tries to sign in before the password is checked, so that tries under way count, too.
    One event loop calls it, so nothing comes between checking a limit and counting.

    A browser in which this auditor signed in before has a token that nobody else has. Its tries are
    counted separately, so that the tries of others cannot lock it out
    (https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies). All
    other tries count by name and address together, by address, and by name. A refused try counts
    nowhere, so that a single address cannot use up the limit of a name. Unknown names count like
    known ones.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._of_name_and_address = Limit(MOST_TRIES, 300.0, clock)
        self._of_address = Limit(50, 300.0, clock)
        self._of_name = Limit(100, 3600.0, clock)
        self._of_browser = Limit(10, 300.0, clock)
        #: The auditor of each known browser, by its token.
        self._browsers: OrderedDict[str, str] = OrderedDict()
        self._key = secrets.token_bytes(32)

    def begin(self, name: str, address: str, browser: str | None = None) -> Try:
        """Count one more try, or refuse it with the time to wait."""
        charged: tuple[tuple[Limit, Hashable], ...]
        if self.knows(browser, name):
            charged = ((self._of_browser, browser),)
        else:
            # Hashed, since what was typed may be a password, and may be long.
            whose = hashlib.blake2b(name.encode(), key=self._key).digest()
            where = network(address)
            charged = (
                (self._of_name_and_address, (whose, where)),
                (self._of_address, where),
                (self._of_name, whose),
            )
        if wait := max(limit.wait(key) for limit, key in charged):
            return Try(wait)
        for limit, key in charged:
            limit.add(key)
        return Try(0.0, charged)

    def remember(self, name: str) -> str:
        """A token for the browser in which someone has signed in."""
        token = secrets.token_urlsafe(32)
        self._browsers[token] = name
        if len(self._browsers) > _BROWSERS:
            self._browsers.popitem(last=False)
        return token

    def knows(self, browser: str | None, name: str) -> bool:
        return browser is not None and self._browsers.get(browser) == name


def network(address: str) -> str:
    """What counts as one address: of IPv6 the /64 network, since its owner has all of it."""
    try:
        parsed = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
