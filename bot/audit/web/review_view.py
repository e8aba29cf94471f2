"""What the forms of reviews show: the lines to mark, and the choices of a draw."""

from __future__ import annotations

import re
from typing import Any

from bot.audit.web.reader import Reader
from bot.messages import message
from bot.querylog import Record, reviews
from bot.querylog.answer_lines import lines_of
from bot.querylog.reviews import MARKS
from bot.querylog.sampling import STRATA, ReviewRefused, Sample
from bot.querylog.search import CONFIDENCES
from codesets.model import SYSTEM_NAMES


def to_mark(record: Record, reader: Reader, sample: str, by: str) -> dict[str, Any]:
    """The lines of an answer to be marked, each with what `by` said of it last. `sample`: the
    number of the sample that it is reviewed for, as it was given; one that does not have the
    question, or that they may not see, is left out."""
    of = _sample(record, reader, sample)
    mine = {
        one.line: one.mark
        for one in reviews.last_words(reviews.of_record(record))
        if one.by == by and (of is None or one.sample == of.number)
    }
    # Without its words nobody can judge the answer.
    lines = () if record.redactions and not record.text else lines_of(record)
    return {
        "sample": of.number if of else "",
        "marks": [(mark, message(f"audit_review.{mark}")) for mark in MARKS],
        "lines": [
            {
                "number": line.number,
                "code": line.code,
                "title": line.title,
                "mark": mine.get(line.number, ""),
            }
            for line in lines
        ],
    }


def _sample(record: Record, reader: Reader, number: str) -> Sample | None:
    if not re.fullmatch("[0-9]{1,10}", number):
        return None
    try:
        of = reader.sample_drawn(int(number))
    except ReviewRefused:
        return None
    return of if record.id in of.ids else None


def draw_choices() -> dict[str, list[tuple[str, str]]]:
    """The choices of the form that draws a sample, each with its words."""
    return {
        "strata": [(one, message(f"audit_samples.by_{one}")) for one in STRATA],
        "confidence": [(one, one) for one in CONFIDENCES],
        "system": list(SYSTEM_NAMES.items()),
    }
