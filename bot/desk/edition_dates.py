"""Finds a day that leads to given editions. The log keeps these and not the date of service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from codesets.model import ReleaseUnavailable
from codesets.store.code_store import CodeStore, ReleaseMatch

_DAY = dt.timedelta(days=1)


def edition_labels(coverages: Iterable[ReleaseMatch], day: dt.date) -> dict[str, str]:
    """Key of each release -> its label. The label of a release that does not cover the day is
    followed by "(nearest, earlier)" or "(nearest, later)"."""
    return {coverage.release.key: _label(coverage, day) for coverage in coverages}


def _label(coverage: ReleaseMatch, day: dt.date) -> str:
    release = coverage.release
    if coverage.fit != "nearest":
        return release.label
    side = "earlier" if release.effective_through < day else "later"
    return f"{release.label} (nearest, {side})"


def day_for(store: CodeStore, editions: Mapping[str, str]) -> dt.date:
    """The first day for which each of these editions (`edition_labels`) is the one of its system,
    and for which as many as possible have the given label.

    Raises ReleaseUnavailable when one is not loaded, or no day leads to all of them any more.
    """
    loaded = store.releases()
    releases = {release.system: release for release in loaded if release.key in editions}
    if gone := sorted(editions.keys() - {release.key for release in releases.values()}):
        raise ReleaseUnavailable(f"These editions are not loaded any more: {', '.join(gone)}.")
    if not releases:
        return dt.date.today()
    day = min(release.first_served for release in loaded) - _DAY
    last = max(release.effective_through for release in loaded) + _DAY
    best: tuple[int, dt.date] | None = None
    while day <= last:
        coverages = [store.for_date(system, day) for system in releases]
        if all(coverage.release.key in editions for coverage in coverages):
            matching = sum(
                coverage.fit != "served" and _label(coverage, day) == editions[coverage.release.key]
                for coverage in coverages
            )
            if best is None or matching > best[0]:
                best = matching, day
        day += _DAY
    if best is None:
        raise ReleaseUnavailable(
            f"No date of service leads to {', '.join(sorted(editions))} any more: other editions "
            "were loaded since."
        )
    return best[1]
