"""Accuracy on questions of our own must not fall below what was reached.

tests/data/coder was written for this project by someone who did not look at its search (see its
README). It is asked here with the code sets that the installation brings; docs/EVALUATION.md has
the figures with everything loaded.
"""

from __future__ import annotations

import datetime as dt

import pytest
from paths import TEST_DATA

from bot.desk.desk import Desk
from index import evaluate

CODER = TEST_DATA / "coder"
MAY = dt.date(2026, 5, 1)


@pytest.mark.parametrize(
    ("file", "system", "at_1", "at_5"),
    [
        ("questions.tsv", "icd10cm", 0.94, 0.98),
        ("names.tsv", "icd10cm", 0.90, 0.95),
        ("procedures.tsv", "icd10pcs", 0.80, 0.91),
    ],
)
def test_right_codes_first_and_in_five(
    desk: Desk, file: str, system: str, at_1: float, at_5: float
) -> None:
    cases, _ = evaluate.read_cases(CODER / file)
    answers = desk.ask_many([case.query for case in cases], day=MAY, systems=[system])
    found = [[candidate.code for candidate in answer.candidates] for answer in answers]
    scores = evaluate.scores(found, cases)
    assert scores["hit@1"] >= at_1
    assert scores["hit@5"] >= at_5
