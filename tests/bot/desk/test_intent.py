"""What a question asks for: what changed, a rule, or none but a courtesy.

That codes, NDCs and foreign words in a question decide its intent is in test_question.py.
"""

from __future__ import annotations

import pytest

from bot.desk.desk import Desk
from bot.desk.intent import (
    Inquiry,
    courtesy,
    inquiry,
    is_about_a_rule,
)

# What changed


ASKS = [
    # question, system, editions, month and year, about
    ("what changed in diabetes this October?", "icd10cm", (), 10, None, "diabetes"),
    ("any new obesity codes in FY2025", "icd10cm", ("FY2025",), None, None, "obesity"),
    ("deleted codes FY27", "icd10cm", ("FY2027",), None, None, ""),
    ("what's new in hcpcs january 2026", "hcpcs", (), 1, 2026, ""),
    ("What is new in ICD-10-PCS?", "icd10pcs", (), None, None, ""),
    ("what changed between FY2024 and fy2026-april", "icd10cm", ("FY2024", "FY2026-April"),
     None, None, ""),
    ("new icd-10 codes for October 2026", "icd10cm", (), 10, 2026, ""),
    ("code changes for dementia 2027", "icd10cm", (), None, 2027, "dementia"),
    ("changes to sepsis codes", "icd10cm", (), None, None, "sepsis"),
    ("list revised codes", "icd10cm", (), None, None, ""),
    ("what codes were deleted in FY2027?", "icd10cm", ("FY2027",), None, None, ""),
    ("which codes were added in April 2026", "icd10cm", (), 4, 2026, ""),
]  # fmt: skip


@pytest.mark.parametrize(("question", "system", "labels", "month", "year", "about"), ASKS)
def test_questions_that_ask_what_changed(
    question: str,
    system: str,
    labels: tuple[str, ...],
    month: int | None,
    year: int | None,
    about: str,
) -> None:
    assert inquiry(question) == Inquiry(system, labels, month, year, about)


CLINICAL = """
new onset diabetes
skin changes
mental status changes
new patient visit
status change
EKG changes
change of dressing
changes in bowel habits
personality change due to stroke
sex change status
new patient visit codes
what is new onset diabetes
what is the code for changes in vision
what codes for degenerative changes of the knee
""".strip().splitlines()


@pytest.mark.parametrize("question", CLINICAL)
def test_questions_that_do_not(question: str) -> None:
    assert inquiry(question) is None


# A rule


@pytest.mark.parametrize(
    ("question", "score"),
    [
        ("unspecified vs other codes", 1.0),
        ("HIV positive, no symptoms: which code?", 0.5),
        ("can I code BMI from the dietitian note", 1.0),
        ("probable pneumonia at discharge", 1.0),  # two hints
        ("b/l knee OA failed PT", 0.0),
        ("what is the ICD-10 code for gout", 0.0),
        ("history of falls", 0.0),
        ("acute graft versus host disease", 0.0),
    ],
)
def test_questions_about_a_rule(question: str, score: float) -> None:
    assert is_about_a_rule(question) == score


# Greetings, thanks and calls for help


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hi!", "greeting"),
        ("hello there :)", "greeting"),
        ("what's up?", "greeting"),
        ("Thanks!!", "thanks"),
        ("OK thanks.", "thanks"),
        ("help", "help"),
        ("What can you do?", "help"),
        ("hi, copd", None),
        ("hi 30 degrees", None),
        ("help with feeding", None),
        ("test positive for covid", None),
    ],
)
def test_what_is_no_question(text: str, kind: str | None) -> None:
    assert courtesy(text) == kind


def test_a_greeting_finds_no_code(desk: Desk) -> None:
    for text in ("hi", "thanks", "help", "what can you do"):
        answer = desk.ask(text)
        assert (answer.outcome, answer.candidates) == ("abstained", [])
        assert len(answer.notices) == 1
        assert "nothing in this question" not in answer.notices[0]
