"""Words for what stands beside the official rules of an answer: what coverage policies list, and
the rules of the house. The terminal and Slack share them."""

from __future__ import annotations

import textwrap

from bot.desk.answer import Answer
from bot.desk.answer_coverage import Coverage
from bot.desk.answer_policies import HousePolicy
from bot.desk.coverage_asked import short_name
from bot.desk.policies import MOST_SHOWN
from bot.messages import message

#: Results that are shown in the terminal and in Slack's Rules, and characters of a paragraph.
_MOST_COVERAGE, _MOST_PARAGRAPH = 12, 300


def coverage_short(one: Coverage) -> str:
    """A result on a line: "Listed: M17.11 + J7325, A52420 (First Coast, FL), group 1"."""
    status = message(f"coverage.status_{one.status}")
    if not one.policy:
        return message(
            "coverage.short_none", status=status, diagnosis=one.diagnosis, service=one.service
        )
    names = dict.fromkeys(short_name(name) for name in one.contractor.split("; ") if name)
    states = [one.state] if one.state else one.states if len(one.states) <= 3 else []
    group = "" if one.group is None else message("coverage.short_group", group=one.group)
    return message(
        "coverage.short",
        status=status,
        diagnosis=one.diagnosis,
        service=one.service,
        policy=one.policy,
        bound=", ".join([*names, *states]) or one.release,
        group=group,
    )


def coverage_source(one: Coverage) -> str:
    """Where a result is from: title, dates and edition; "" where no policy is loaded."""
    if not one.policy:
        return ""
    if one.effective_from and one.effective_through:
        dates = message("coverage.between", first=one.effective_from, last=one.effective_through)
    elif one.effective_from:
        dates = message("coverage.since", first=one.effective_from)
    else:
        dates = message("coverage.undated")
    told = message("coverage.source", title=one.title, dates=dates, release=one.release)
    if one.related:
        told += " · " + message("coverage.related", related=", ".join(one.related))
    return told


def coverage_shown(answer: Answer) -> tuple[list[Coverage], str]:
    """The results to show whole, and how many more there are, in words; "" for none."""
    left = len(answer.coverage) - _MOST_COVERAGE
    more = message("coverage.and_more", count=left) if left > 0 else ""
    return answer.coverage[:_MOST_COVERAGE], more


def policies_shown(answer: Answer) -> tuple[list[HousePolicy], str]:
    """The rules of the house to show, and how many more there are, in words; "" for none."""
    left = len(answer.policies) - MOST_SHOWN
    more = message("policies.and_more", count=left) if left > 0 else ""
    return answer.policies[:MOST_SHOWN], more


def cut_paragraph(text: str) -> str:
    """The beginning of a paragraph, by whole words."""
    return textwrap.shorten(text, _MOST_PARAGRAPH, placeholder=" …")
