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
    says_of_codes,
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
        ("fracture check, A or D", 1.0),
        ("hepatitis B or C", 0.0),
        ("which O code for 14 weeks", 1.0),
        ("is Q21.0 first", 1.0),
        ("S82.001A or D", 1.0),
        ("C50.911 or Z85.3", 1.0),
        ("cholesterol high, add E78.5?", 1.0),
        ("pacemaker checked by tech, use Z45?", 1.0),
        ("how long after the surgery", 1.0),
        ("cataract both eyes", 0.0),
        ("first degree burn", 0.0),
        ("do we bill the walker", 0.0),
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


# What is said of codes


@pytest.mark.parametrize(
    ("question", "codes", "says"),
    [
        ("Z38.00 on the transfer NICU chart", ["Z38.00"], True),
        ("B95.62 as principal ok?", ["B95.62"], True),
        ("O80 with O70.0?", ["O80", "O70.0"], True),
        ("I10 or I12.9", ["I10", "I12.9"], True),
        ("E11.9", ["E11.9"], False),
        ("is E11.9 still billable today", ["E11.9"], False),
        ("what is E11.9", ["E11.9"], False),
        ("E11.9, I10", ["E11.9", "I10"], False),
        ("why was J18.9 denied?", ["J18.9"], False),
    ],
)
def test_says_of_codes(question: str, codes: list[str], says: bool) -> None:
    assert says_of_codes(question, codes, is_about_a_rule(question)) == says
