"""Answers with a report, as the desk gives them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from slack_support import RELEASE, candidate

from bot.desk.answer import Answer, Because, ReportLine, ShownFact, StatementReport
from bot.desk.headlines import headlined, of_report
from bot.views.wording import worded

KIDNEY = "Hypertensive chronic kidney disease with stage 1 through stage 4"
STAGE = "Chronic kidney disease, stage 3b"


def line(number: int, code: str, title: str, **fields: Any) -> ReportLine:
    given: dict[str, Any] = {
        "system": "icd10cm",
        "billable": True,
        "release": RELEASE,
        "role": "first-listed" if number == 1 else "additional",
        "said": f"words of line {number}",
        "because": [Because("guideline", f"Why line {number}.", "I.C.9.a", "FY2026")],
        "confidence": "high",
    }
    return ReportLine(number, code, title=title, **(given | fields))


def kidney() -> list[ReportLine]:
    return [
        line(1, "I12.9", KIDNEY, because=[Because("index with", "Presumed.", "I.A.15", "FY2026")]),
        line(2, "N18.32", STAGE, ask_back="Acute or chronic?"),
    ]


def reported(*lines: ReportLine, **fields: Any) -> Answer:
    """An answer with these lines, by default two of a kidney disease, and three candidates."""
    given: dict[str, Any] = {
        "report": list(lines) or kidney(),
        "facts": [
            ShownFact("htn", "condition", "affirmed"),
            ShownFact("no zebra", "condition", "denied"),
        ],
        "candidates": [
            candidate(1, "I12.9", KIDNEY),
            candidate(2, "N18.32", STAGE),
            candidate(3, "I12.0", "Hypertensive chronic kidney disease with stage 5"),
        ],
    }
    answer = Answer("htn with ckd 3b, no zebra", "2026-11-22", "answered", **(given | fields))
    return worded(headlined(answer))


def several(count: int = 3, said: str = "htn zebra") -> Answer:
    """Statements of two lines each, but for the last, which has none."""
    each = [StatementReport(f"{said} {n}", of_report(kidney()), kidney()) for n in range(1, count)]
    each.append(StatementReport(f"{said} {count}", of_report([])))
    first = reported()
    return worded(headlined(replace(first, headline=Answer("", "", "answered").headline,
                                    statements=each)))  # fmt: skip
