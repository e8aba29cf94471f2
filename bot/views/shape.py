"""Which kind of answer it is, and so how it is drawn in short: in Slack and in a terminal."""

from __future__ import annotations

from typing import Literal

from bot.desk.answer import Answer
from bot.desk.many_codes import is_many
from bot.views.report_words import is_of_codes_together

Shape = Literal[
    "statements",
    "denials",
    "changes",
    "guideline",
    "claim",
    "units",
    "together",
    "many",
    "verdicts",
    "candidates",
    "report",
]


def shape(answer: Answer) -> Shape:
    """- `statements`: several, each with its report. `report`: one.
    - `denials`, `changes`, `guideline`, `claim`: as the outcome says, or the headline.
    - `units`: of a drug: how many, then the lines.
    - `together`: what the rules say of codes together. `many`: a list of codes, summed up.
      `verdicts`: on each code.
    - `candidates`: of an answer without a report.

    All but the first may have a report beside what they are."""
    if answer.statements:
        return "statements"
    if answer.denials:
        return "denials"
    if answer.changes:
        return "changes"
    if answer.outcome == "guideline" and answer.guidelines:
        return "guideline"
    if answer.claim:
        return "claim"
    if answer.headline.kind == "units":
        return "units"
    if answer.verdicts and is_of_codes_together(answer):
        return "together"
    if is_many(answer):
        return "many"
    if answer.verdicts and answer.outcome != "answered":
        return "verdicts"
    if not answer.report and answer.candidates:
        return "candidates"
    return "report"
