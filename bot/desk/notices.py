"""Notices of an answer as a whole: about its editions, and about what is not loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from bot.desk.answer import Answer
from bot.desk.edition_dates import edition_labels
from bot.desk.reasons import Reason, reason
from codesets.model import SYSTEM_NAMES, System
from codesets.store.code_store import ReleaseMatch


def noticed(answer: Answer, *reasons: Reason) -> Answer:
    """The answer with more notices."""
    return replace(answer, reasons=[*answer.reasons, *reasons]) if reasons else answer


def dated(answer: Answer, coverages: Sequence[ReleaseMatch], day: dt.date) -> Answer:
    """The answer with its releases. Notices about those that it shows come first."""
    shown = {candidate.system for candidate in answer.candidates}
    return replace(
        answer,
        reasons=[*_of_editions(coverages, day, shown), *answer.reasons],
        releases=answer.releases | edition_labels(coverages, day),
    )


def _of_editions(
    coverages: Iterable[ReleaseMatch], day: dt.date, shown: Container[str]
) -> list[Reason]:
    """For each system that is `shown`, or for all when none is: a notice if its edition does not
    cover the day."""
    notices = []
    for coverage in coverages:
        release, system = coverage.release, SYSTEM_NAMES[coverage.release.system]
        if shown and release.system not in shown:
            continue
        if coverage.fit == "nearest":
            later = day > release.effective_through
            edge = release.effective_through if later else release.first_served
            notices.append(
                reason(
                    "desk.not_covered",
                    system=system,
                    label=release.label,
                    edge="through" if later else "from",
                    date=edge,
                )
            )
        elif coverage.fit == "served":
            notices.append(reason("desk.served", system=system, label=release.label))
    return notices


def needs(system: System) -> Reason:
    """That a question needs a system that is not loaded, and how to load it."""
    return reason(
        "desk.needs_system",
        what=reason(f"systems.{system}"),
        system=SYSTEM_NAMES[system],
        how=reason(f"load.{system}"),
    )


def not_loaded(system: System) -> Reason:
    """That a chosen system is not loaded, and how to load it."""
    return reason("desk.not_loaded", system=SYSTEM_NAMES[system], how=reason(f"load.{system}"))
