"""Times of the log as people read them. The log has UTC; a reader has a zone of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from bot.messages import message


@dataclass(frozen=True, slots=True)
class Times:
    """`utc`: in UTC, and not in the zone of this machine (TZ sets another)."""

    utc: bool = False

    def short(self, time: str) -> str:
        """To the minute, without the zone: `2026-05-01 10:15`. What is no time stays as it is."""
        there = self._there(time)
        return time if there is None else f"{there:%Y-%m-%d %H:%M}"

    def full(self, time: str) -> str:
        """To the second, with the zone and the same in UTC beside it:
        `2026-05-01 10:15:02 EDT (14:15:02 UTC)`."""
        there = self._there(time)
        if there is None:
            return time
        shown = f"{there:%Y-%m-%d %H:%M:%S} {there.tzname()}"
        universal = there.astimezone(dt.UTC)
        if not there.utcoffset():
            return shown
        day = "" if universal.date() == there.date() else f"{universal:%Y-%m-%d} "
        return message("log_page.with_utc", there=shown, utc=f"{day}{universal:%H:%M:%S}")

    def zones(self, times: Iterable[str]) -> str:
        """The names of the zone at these times, of which there are two where summer time began or
        ended meanwhile: `EDT, EST`."""
        names = [there.tzname() for time in times if (there := self._there(time))]
        return ", ".join(dict.fromkeys(name for name in names if name)) or "UTC"

    def _there(self, time: str) -> dt.datetime | None:
        try:
            return dt.datetime.fromisoformat(time).astimezone(dt.UTC if self.utc else None)
        except ValueError:
            return None
