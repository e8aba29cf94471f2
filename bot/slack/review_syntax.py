"""Reads what is typed after /code-audit sample and sign-off."""

from __future__ import annotations

import re

from bot.messages import message
from bot.querylog.sampling import STRATA, Draw
from bot.querylog.search import ANSWERS
from bot.slack.search_syntax import Misread, read

#: Questions of a sample that is drawn in Slack.
MOST = 1000
_USUAL = 20
_OWN = re.compile(r"(?<!\S)(strata|surface|seed):(\S+)")
_KNOWN = "from: to: person: system: outcome: confidence: surface: strata: seed:"


def read_draw(typed: str, teams: tuple[str, ...] | None) -> tuple[Draw, str]:
    """What to draw, and its purpose: the words that are no filter. Raises Misread.

    >>> draw, purpose = read_draw("5 from:2026-11-01 strata:person monthly review", None)
    >>> draw.size, draw.by, draw.first_day.day, purpose
    (5, 'person', 1, 'monthly review')
    """
    first, _, rest = typed.strip().partition(" ")
    size = int(first) if first.isascii() and first.isdigit() else None
    if size is None:
        size, rest = _USUAL, typed
    if not 1 <= size <= MOST:
        raise Misread(message("slack_reviews.bad_size", most=MOST))
    own = dict(_OWN.findall(rest))
    filters = read(_OWN.sub("", rest))
    for name in ("channel", "code", "feedback"):
        if getattr(filters, name) is not None:
            raise _not_for_samples(name)
    if filters.outcome not in (None, *ANSWERS):
        raise _not_for_samples(f"outcome:{filters.outcome}")
    strata = own.get("strata")
    if strata is not None and strata not in STRATA:
        known = ", ".join(STRATA)
        raise Misread(message("slack.audit_bad_value", filter="strata", value=strata, known=known))
    draw = Draw(
        size=size,
        by=strata,
        seed=own.get("seed", ""),
        first_day=filters.first_day,
        last_day=filters.last_day,
        person=filters.person,
        surface=own.get("surface"),
        confidence=filters.confidence,
        system=filters.system,
        outcome=filters.outcome,
        teams=teams,
    )
    return draw, filters.text or ""


def _not_for_samples(name: str) -> Misread:
    return Misread(message("slack_reviews.bad_filter", filter=name, known=_KNOWN))


def read_number(typed: str, verb: str) -> tuple[int, str]:
    """The number of a sample, and the words after it. Raises Misread."""
    first, _, rest = typed.strip().partition(" ")
    if not re.fullmatch(r"[0-9]{1,15}", first):
        raise Misread(message("slack_reviews.bad_number", verb=verb))
    return int(first), rest.strip()
