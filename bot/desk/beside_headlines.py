"""The first line of verdicts on modifiers and places of service: what each one means."""

from __future__ import annotations

import re

from bot.desk.answer import Verdict
from bot.desk.reasons import Reason, reason

#: Characters of a modifier's title in a first line.
_MOST = 90


def meaning(verdict: Verdict, most: int = _MOST) -> Reason | None:
    """What a modifier or a place of service means, in short; None for a verdict of another kind,
    and for one whose meaning is not known."""
    if verdict.kind == "place_of_service" and verdict.title:
        facility = verdict.reasons[0].params.get("facility") if verdict.reasons else ""
        key = {
            "verdict.facility": "headline.place_facility",
            "verdict.non_facility": "headline.place_non_facility",
        }.get(facility.key if isinstance(facility, Reason) else "")
        rate = reason(key) if key else ""
        return reason("headline.place", code=verdict.code, title=verdict.title, rate=rate)
    if verdict.kind != "modifier":
        return None
    if verdict.system == "cpt":
        return reason("headline.modifier_of_cpt", code=verdict.code)
    if not verdict.title:
        return None
    title = short(verdict.title, most)
    if verdict.status == "billable":
        return reason("headline.modifier", code=verdict.code, title=title)
    status = reason(f"headline.status_{verdict.status_shown}")
    return reason("headline.modifier_status", code=verdict.code, title=title, status=status)


def short(title: str, most: int = _MOST) -> str:
    """A title without what stands in parentheses or behind a semicolon at its end, cut at a word.

    >>> short("Rental (use the 'rr' modifier when dme is to be rented)")
    'Rental'
    """
    begun = re.split(r"\s*(?:\((?:use|report|to denote|used)\b|;)", title)[0].rstrip(" .")
    if len(begun) <= most:
        return begun
    return begun[: most + 1].rsplit(" ", 1)[0].rstrip(" ,") + " …"
