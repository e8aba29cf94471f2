"""What governs the codes of an answer beyond what the answer has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.desk.answer import Answer, QuotedGuideline, Verdict

#: Codes of one answer that are looked up.
MOST_CODES = 12


@dataclass(frozen=True, slots=True)
class Governing:
    """- `verdicts`: code -> its verdict, with its notes and the sections that govern it.
    - `sections`: number of a section of the guidelines -> its own words.
    """

    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    sections: Mapping[str, QuotedGuideline] = field(default_factory=dict)


def codes_to_look_up(answer: Answer) -> list[str]:
    """The codes that an answer reports or, without a report, its first candidate: their notes are
    not all in the answer."""
    reports = [one.report for one in answer.statements] or [answer.report]
    codes = [line.code for report in reports for line in report]
    if not codes and not answer.verdicts:
        codes = [candidate.code for candidate in answer.candidates[:1]]
    return list(dict.fromkeys(codes))[:MOST_CODES]
