"""Which day leads to given editions: of a date of service, the log keeps only these."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from codesets.model import ReleaseUnavailable
from codesets.store.code_store import CodeStore, ReleaseMatch

_DAY = dt.timedelta(days=1)


def editions_told(coverages: Iterable[ReleaseMatch], day: dt.date) -> dict[str, str]:
    """Key of each release -> its label; of one that does not cover the day, also that it is the
    nearest, and whether it is earlier or later than the day."""
    return {coverage.release.key: _told(coverage, day) for coverage in coverages}


def _told(coverage: ReleaseMatch, day: dt.date) -> str:
    release = coverage.release
    if coverage.fit != "nearest":
        return release.label
    side = "earlier" if release.effective_through < day else "later"
    return f"{release.label} (nearest, {side})"


def day_for(store: CodeStore, editions: Mapping[str, str]) -> dt.date:
    """The first day for which each of these editions (`editions_told`) is the one of its system,
    and as many as can be are in force, or not, as is told of them.

    Raises ReleaseUnavailable when one is not loaded, or no day leads to all of them any more.
    """
    loaded = store.releases()
    wanted = {release.system: release for release in loaded if release.key in editions}
    if gone := sorted(editions.keys() - {release.key for release in wanted.values()}):
        raise ReleaseUnavailable(f"These editions are not loaded any more: {', '.join(gone)}.")
    if not wanted:
        return dt.date.today()
    day = min(release.first_served for release in loaded) - _DAY
    last = max(release.effective_through for release in loaded) + _DAY
    best: tuple[int, dt.date] | None = None
    while day <= last:
        found = [store.for_date(system, day) for system in wanted]
        if all(coverage.release.key in editions for coverage in found):
            as_told = sum(
                coverage.fit != "served" and _told(coverage, day) == editions[coverage.release.key]
                for coverage in found
            )
            if best is None or as_told > best[0]:
                best = as_told, day
        day += _DAY
    if best is None:
        raise ReleaseUnavailable(
            f"No date of service leads to {', '.join(sorted(editions))} any more: other editions "
            "were loaded since."
        )
    return best[1]
