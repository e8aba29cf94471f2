"""Reads a message as what it says after the question before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.desk.answered_back import taken
from bot.desk.edition_dates import day_for
from bot.desk.follow_ups.earlier import Terms
from bot.desk.follow_ups.follow import answered, follow
from bot.desk.follow_ups.turn import Followed, Turn
from bot.desk.question import Question, without_places
from bot.phi import Scrubbed
from codesets.model import ReleaseUnavailable
from codesets.store.code_store import CodeStore

#: The date of service, and the editions that replace a date that the log does not keep.
When = tuple[dt.date | None, Mapping[str, str] | None]


def read_after(
    before: Turn,
    alone: Question,
    scrubbed: Scrubbed,
    read: Callable[[str, Scrubbed], Question],
    terms: Terms,
) -> Question:
    """A question after the one before it. `alone` is the message read by itself, and `scrubbed` its
    words; `read` reads other words in their place. What identifies a patient was in the message, so
    the question keeps that, and its date, from `alone`. `terms`: of the
    index."""
    # What is asked again is the same question: one key brings it back in a terminal.
    again = alone.scrubbed.casefold().split() == before.text.casefold().split()
    if alone.intent == "denial" or again:
        return alone
    stored, searched = (
        without_places(text, partial=alone.date_read == "partial")
        for text in (scrubbed.text, scrubbed.searched)
    )
    option = taken(before.answer, stored) if before.answer else None

    def follows(words: str) -> Followed:
        followed = follow(before, alone, words, terms)
        # Whoever answers what was asked back does not begin a new topic.
        return answered(before, words) if option and not followed.refines else followed

    followed = follows(stored)
    if not followed.statement:
        return alone
    statement = Scrubbed(followed.statement, searched=followed.statement)
    if searched != stored:
        statement = replace(statement, searched=follows(searched).statement)
    return replace(
        read(statement.text, statement),
        asked=alone.asked,
        scrubbed=alone.scrubbed,
        removed=alone.removed,
        service_date=alone.service_date,
        day=alone.day,
        date_read=alone.date_read,
        no_such_day=alone.no_such_day,
        date_said=alone.date_said or (followed.refines and before.date_said),
        refines=before.id if followed.refines else "",
        read_as=followed.statement,
        taken=option,
    )


def date_of(before: Turn, given: dt.date | None, store: CodeStore) -> When:
    """The date of service of a question that goes on from `before` and says none. One that was said
    before counts; then the one `given` with the question; then the one given with that before."""
    if not before.date_said and (given or before.day):
        return given, None
    if before.day or not before.editions:
        return before.day or given, None
    try:
        return day_for(store, before.editions), before.editions
    except ReleaseUnavailable:
        return given, None
