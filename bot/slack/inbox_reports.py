"""Tells administrators what was loaded from the drop folder, whichever process took it: this one,
or another that has the same home, with Slack or without. Each is told once, by whichever
replica."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.database import DatabaseError
from bot.loading import record
from bot.loading.record import Load
from bot.messages import message
from bot.settings import Settings
from bot.slack.delivery import SlackDelivery
from bot.slack.greeted import Greeted
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import in_thread

logger = logging.getLogger("codedesk.slack")

#: Seconds between looks.
_LOOK_EVERY = 3.0
#: What is older was told, or is no news.
_NEWS = dt.timedelta(days=1)


@contextmanager
def telling_administrators(settings: Settings, delivery: SlackDelivery) -> Iterator[None]:
    """While Slack is served. Where there are many workspaces, no person in them looks after the
    host, so nobody is told."""
    if delivery.clients.many or not settings.admin_ids:
        yield
        return

    def tell(user: str, text: str) -> None:
        delivery.post(in_thread(delivery.client, user, None), plain_message(text))

    with InboxReports(settings, Greeted(delivery.state), tell).looking():
        yield


class InboxReports:
    """`tell` sends a text to a user."""

    def __init__(self, settings: Settings, told: Greeted, tell: Callable[[str, str], None]) -> None:
        self._settings = settings
        self._told = told
        self._tell = tell
        self._known: set[str] = set()
        self._size = -1

    @contextmanager
    def looking(self, every: float = _LOOK_EVERY) -> Iterator[None]:
        stop = threading.Event()

        def work() -> None:
            while not stop.wait(every):
                self.look()

        thread = threading.Thread(target=work, name="inbox reports", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def look(self) -> None:
        """Tell what is new. Raises nothing."""
        try:
            size = record.path_of(self._settings).stat().st_size
            if size == self._size:
                return
            for load in record.latest(self._settings, by="inbox"):
                if load.id not in self._known and _is_news(load):
                    self._report(load)
                self._known.add(load.id)
            self._size = size
        except FileNotFoundError:
            return
        except (DatabaseError, OSError) as error:
            logger.error("administrators were not told of the inbox: %s", error)

    def _report(self, load: Load) -> None:
        for person in sorted(self._settings.admin_ids):
            if self._told.first_time(f"load/{load.id}/{person}"):
                self._tell(person, text_of(load))


def _is_news(load: Load) -> bool:
    try:
        at = dt.datetime.fromisoformat(load.at)
    except ValueError:
        return False
    return dt.datetime.now(dt.UTC) - at < _NEWS


def text_of(load: Load) -> str:
    """What became of an import or an index, for an administrator."""
    told = "\n".join(load.told)
    if load.kind == "index":
        return told
    key = "home.inbox_loaded" if load.ok else "home.inbox_not_loaded"
    return message(key, names=", ".join(load.names), told=told)
