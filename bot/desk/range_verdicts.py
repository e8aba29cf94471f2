"""What is true of a range of codes: it is no code, and what it spans."""

from __future__ import annotations

import datetime as dt
import re

from bot.desk.answer import CodeTitle, Verdict
from bot.desk.code_mentions import CodeMention
from bot.desk.reasons import Reason, reason
from codesets.model import DATED_SYSTEMS, Code, Division, Release
from codesets.store.code_store import CodeStore, Span

#: Categories, or codes at the level of the ends, that are listed with a range.
_MOST_LISTED = 100


def range_verdict(
    store: CodeStore, mention: CodeMention, release: Release, day: dt.date
) -> Verdict:
    """The verdict on a range of a loaded system, `first-last` as published. Its title is that of
    the chapter or block with these ends; where there is none, `why` has the titles of the ends."""
    first, last = mention.code.split("-")
    span = store.span(release, first, last)
    listed = store.at_level(release, first, last)
    if mention.system in DATED_SYSTEMS:
        # HCPCS keeps discontinued codes in its file.
        listed = [code for code in listed if code.in_force(day)]
        span = Span(len(listed), len(listed))
    division, label = _division(store, mention)
    title = re.sub(r"\s*\([^()]*\)$", "", division.title) if division else ""
    reasons = [
        reason(
            "verdict.range_of_categories" if len(first) == 3 and listed else "verdict.range",
            code=mention.code,
            label=release.label,
            categories=len(listed),
            count=span.codes,
            billable=span.billable,
        ),
    ]
    if division:
        reasons.append(_named(division, title, label))
    elif listed:
        reasons += [_ends(listed), *_within(store, mention)]
    return Verdict(
        code=mention.code,
        system=mention.system,
        status="header",
        title=title,
        release=release.label,
        kind="range",
        reasons=reasons,
        completions=[CodeTitle(code.code, code.title) for code in listed[:_MOST_LISTED]],
    )


def _division(store: CodeStore, mention: CodeMention) -> tuple[Division | None, str]:
    """The block or chapter with the ends of a range, and the label of the newest release that
    prints it."""
    for release in reversed(store.releases(mention.system)):
        for division in store.divisions(release).values():
            chapter = division.kind == "chapter" and f"({mention.code})" in division.title
            if chapter or (division.kind == "section" and division.id == mention.code):
                return division, release.label
    return None, ""


def _within(store: CodeStore, mention: CodeMention) -> list[Reason]:
    """The narrowest block that has both ends of a range; [] for none."""
    first, last = (end[:3] for end in mention.code.split("-"))
    for release in reversed(store.releases(mention.system)):
        around = [
            (begin, end or begin, division)
            for division in store.divisions(release).values()
            if division.kind == "section"
            for begin, _, end in [division.id.partition("-")]
            if begin <= first and last <= (end or begin)
        ]
        if around:
            # Of nested blocks, the narrowest begins last and ends first.
            begin, end, division = sorted(
                sorted(around, key=lambda one: one[1]), key=lambda one: one[0], reverse=True
            )[0]
            title = re.sub(r"\s*\([^()]*\)$", "", division.title)
            return [
                reason(
                    "verdict.range_within", block=f"{begin}-{end}", title=title, label=release.label
                )
            ]
    return []


def _named(division: Division, title: str, label: str) -> Reason:
    return reason(f"verdict.{division.kind}", number=division.id, title=title, label=label)


def _ends(listed: list[Code]) -> Reason:
    first, last = listed[0], listed[-1]
    return reason(
        "verdict.range_ends",
        first=first.code,
        first_title=first.title,
        last=last.code,
        last_title=last.title,
    )
