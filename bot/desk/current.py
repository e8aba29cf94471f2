"""A desk that can be renewed while it serves: after new codes were loaded, without a restart."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from bot.desk.desk import Desk
from bot.settings import Settings


class CurrentDesk:
    """Passes everything on to a desk, which `renew` replaces.

    A desk keeps much of what is loaded in memory, so new codes and a new index are taken up
    together, by a new desk. Until that one is ready, the old one answers.
    """

    def __init__(self, settings: Settings) -> None:
        """Raises CodesetError when no code set is loaded."""
        self._settings = settings
        self._desk = Desk(settings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    def renew(self, between_answers: Callable[[], AbstractContextManager[None]]) -> None:
        """Answer from what is loaded now. Takes seconds, and the memory of two desks meanwhile.
        Raises CodeDeskError when the index cannot be used; then the old desk goes on."""
        fresh = Desk(self._settings)
        try:
            fresh.ready()
        except BaseException:
            fresh.close()
            raise
        with between_answers():
            # The old one is not closed: a question may be read from it at this moment. Its
            # connections end with it.
            self._desk = fresh

    def close(self) -> None:
        self._desk.close()
