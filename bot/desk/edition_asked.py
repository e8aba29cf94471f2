"""Which edition of a code system a program asks about: it names a version, a date, or neither."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.desk.reasons import Reason, reason
from codesets.model import SYSTEM_NAMES, Release
from codesets.store.code_store import CodeStore, ReleaseMatch


@dataclass(frozen=True, slots=True)
class EditionAsked:
    """An edition, and the date of service that verdicts are for. `reasons`: what must be said of
    it."""

    coverage: ReleaseMatch
    day: dt.date
    reasons: tuple[Reason, ...] = ()

    @property
    def release(self) -> Release:
        return self.coverage.release

    @property
    def covers(self) -> bool:
        """Whether a loaded edition answers for the date."""
        return self.coverage.fit != "nearest"


def on_day(store: CodeStore, system: str, day: dt.date) -> EditionAsked:
    """The edition in force on a date, else the nearest. Raises ReleaseUnavailable."""
    return EditionAsked(store.for_date(system, day), day)


def of_release(release: Release, today: dt.date) -> EditionAsked:
    """A named edition, on the day nearest to today on which it is in force."""
    return EditionAsked(ReleaseMatch(release, "in_force"), _nearest_day(release, today))


def of_today(store: CodeStore, system: str, today: dt.date) -> EditionAsked:
    """What is asked about when neither version nor date is named: the edition in force today. Where
    none is loaded, the nearest one, as on its last day, with a reason that says so. Raises
    ReleaseUnavailable."""
    asked = on_day(store, system, today)
    if asked.covers:
        return asked
    release = asked.release
    day = _nearest_day(release, today)
    key = "fhir.has_ended" if day < today else "fhir.has_not_begun"
    said = reason(key, system=SYSTEM_NAMES[release.system], label=release.label, date=day)
    return EditionAsked(ReleaseMatch(release, "in_force"), day, (said,))


def _nearest_day(release: Release, today: dt.date) -> dt.date:
    return min(max(today, release.first_served), release.effective_through)
