"""Publishes Home tabs: https://docs.slack.dev/reference/methods/views.publish

A person's Home is drawn anew and published whole, so what was asked for twice is done once, and the
last state counts. A rate limit is waited out without a thread; any other failure is dropped with a
warning, as the next opening publishes again.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack.web_api import NOT_INSTALLED
from bot.slack.workspaces.place import Workspace

logger = logging.getLogger("codedesk.slack")

#: A person: team and user.
Person = tuple[str | None, str]
#: A person's Home in a workspace, and the client of that.
_Home = tuple[Person, WebClient, Workspace]

_THREADS = 2
#: Times that a Home is tried, and the seconds before it is tried again after a conflict with
#: another change or an error at Slack.
_TRIES, _AGAIN = 4, 1.0
#: Longer than this, nobody looks at a Home that is not there.
_LONGEST_WAIT = 60.0
#: Errors that another try cannot mend: the app has no Home tab, or the person is gone.
_NO_USE = {
    "not_enabled",
    "user_not_found",
    "user_disabled",
    "access_denied",
    "invalid_auth",
    NOT_INSTALLED,
}


class HomePublisher:
    """Publishes in threads of its own, so that no answer waits for it."""

    def __init__(self, drawn: Callable[[Person, Workspace], dict[str, Any]]) -> None:
        self._drawn = drawn
        self._changed = threading.Condition()  # guards what follows
        self._due: dict[_Home, tuple[float, int]] = {}  # when it is due, and tries so far
        self._busy: set[_Home] = set()
        self._threads: list[threading.Thread] = []

    def publish(self, person: Person, client: WebClient, place: Workspace) -> None:
        """Publish the Home that a person has in a workspace soon, by the client of that. Returns at
        once."""
        home = (person, client, place)
        with self._changed:
            self._due[home] = (time.monotonic(), 0)
            if len(self._threads) < _THREADS:
                thread = threading.Thread(target=self._work, name="home", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            home, tries = self._next()
            wait = self._wait_after(*home)
            with self._changed:
                self._busy.discard(home)
                # Asked for anew meanwhile, it is due at once.
                if wait is not None and tries + 1 < _TRIES and home not in self._due:
                    self._due[home] = (time.monotonic() + wait, tries + 1)
                self._changed.notify_all()

    def _next(self) -> tuple[_Home, int]:
        """The Home that is due next, marked busy, and the tries so far."""
        with self._changed:
            while True:
                free = {p: due for p, due in self._due.items() if p not in self._busy}
                first = min(free, key=lambda home: free[home], default=None)
                now = time.monotonic()
                if first is not None and free[first][0] <= now:
                    self._busy.add(first)
                    return first, self._due.pop(first)[1]
                self._changed.wait(free[first][0] - now if first else None)

    def _wait_after(self, person: Person, client: WebClient, place: Workspace) -> float | None:
        """Publish; the seconds to wait before another try, None when none is needed or of use."""
        try:
            client.views_publish(user_id=person[1], view=self._drawn(person, place))
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if code in _NO_USE:
                logger.info("a Home was not published: %s", code)
                return None
            logger.warning("a Home was not published: %s", code)
            if error.response.status_code == 429:
                wait = _retry_after(error)
                return wait if wait <= _LONGEST_WAIT else None
            return _AGAIN if error.response.status_code >= 500 or code == "hash_conflict" else None
        except Exception as error:
            # The error's message is not logged: it may hold what was asked.
            where = "".join(traceback.format_tb(error.__traceback__)[-3:])
            logger.warning("a Home was not published: %s at\n%s", type(error).__name__, where)
            return _AGAIN if isinstance(error, OSError) else None
        return None


def _retry_after(error: SlackApiError) -> float:
    """Seconds to wait: https://docs.slack.dev/apis/web-api/rate-limits"""
    value = str(error.response.headers.get("Retry-After", ""))
    return float(value) if value.isdecimal() else _AGAIN
