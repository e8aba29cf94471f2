"""Who is signed in, who may try to, and which refusals go on record each. All of it is kept in
memory, and bounded; a restart forgets it."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

#: However busy someone is, they sign in again after so many seconds.
LONGEST = 12 * 3600.0
#: Refusals of one address in a minute that go on record each.
MOST_REFUSALS = 20
#: Wrong passwords for one name from one address in five minutes; docs/LOG.md has all limits.
MOST_TRIES = 5
#: How many keys a limit knows at most, and how many browsers in which auditors signed in.
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


class Limit:
    """At most `most` a period of `seconds`, by key. A period begins with the first that is counted;
    of more than `_KEYS` keys, the one that was counted longest ago is forgotten."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._counts: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def wait(self, key: Hashable) -> float:
        """The seconds until one more may be counted: 0 when it may be now."""
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
    """Which refusals go on record each: so many a minute of an address, and of all. More are only
    counted, so that nobody can fill the log by asking often."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._of_address = Limit(MOST_REFUSALS, 60.0, clock)
        self._of_all = Limit(10 * MOST_REFUSALS, 60.0, clock)
        self._unrecorded = 0

    def are_over(self, address: str) -> bool:
        """Whether this one is only counted, which it is hereby; else it is to be recorded."""
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
        """What the record of a refusal adds on those before it, which are told hereby."""
        count, self._unrecorded = self._unrecorded, 0
        return f"; before it, {count} more were refused without a record each" if count else ""


@dataclass(frozen=True, slots=True)
class Try:
    """A try to sign in: refused when there is a `wait`, in seconds; else counted as `charged`."""

    wait: float
    charged: tuple[tuple[Limit, Hashable], ...] = ()

    def take_back(self) -> None:
        """The password was right: only wrong ones count."""
        for limit, key in self.charged:
            limit.take_back(key)


class Tries:
    """Counts tries to sign in before a password is looked at, so that those that are under way
    count, too. It is called by one event loop, and nothing comes between looking and counting.

    A browser in which this auditor signed in before shows a token that nobody else has, and its
    tries count by themselves: whatever others try, they cannot lock it out
    (https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies). All
    other tries count by name and address together, by address, and by name. A refused one counts
    nowhere, so that a single address cannot use up what a name has. A name counts the same whether
    somebody has it or not.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._of_name_and_address = Limit(MOST_TRIES, 300.0, clock)
        self._of_address = Limit(50, 300.0, clock)
        self._of_name = Limit(100, 3600.0, clock)
        self._of_browser = Limit(10, 300.0, clock)
        #: Whose browser it is, by its token.
        self._browsers: OrderedDict[str, str] = OrderedDict()
        self._key = secrets.token_bytes(32)

    def begin(self, name: str, address: str, browser: str | None = None) -> Try:
        """Counts one more try, or says how long to wait."""
        charged: tuple[tuple[Limit, Hashable], ...]
        if self.knows(browser, name):
            charged = ((self._of_browser, browser),)
        else:
            # What was typed may be a password, and may be long.
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
    """What counts as one address: with IPv6 the /64, since whoever has one has all of it."""
    try:
        found = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))
