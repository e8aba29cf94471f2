"""A candidate that follows a default of the guidelines says so; two sides are two codes."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.desk.answer import Answer
from bot.desk.desk import Desk

_DAY = dt.date(2026, 5, 1)


def _ask(desk: Desk, question: str) -> Answer:
    return desk.ask(question, day=_DAY, systems=["icd10cm"], limit=5)


def _grounds(answer: Answer) -> str:
    return " ".join(ground.text for ground in answer.candidates[0].because)


@pytest.mark.parametrize(
    ("question", "code", "ground"),
    [
        ("left hemiplegia after cerebral infarction", "I69.354", "left side is non-dominant"),
        ("monoplegia of right arm", "G83.21", "right side is dominant"),
        ("diabetes with gastroparesis", "E11.43", "type 2 by default"),
        ("closed fracture of shaft of right humerus", "S42.301A", "active treatment"),
        ("fracture of shaft of right humerus", "S42.301A", "closed by default"),
        ("aspirin poisoning", "T39.011A", "accidental by default"),
        ("hypertension and heart failure", "I11.0", "presumed to be related"),
        ("knee pain", "M25.569", "The side is not said"),
        ("probable bacterial pneumonia", "J15.9", "is not established"),
    ],
)
def test_a_default_is_told(desk: Desk, question: str, code: str, ground: str) -> None:
    answer = _ask(desk, question)
    assert answer.candidates[0].code == code
    assert ground in _grounds(answer)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("right knee pain", "M25.561"),
        ("type 2 diabetes without complications", "E11.9"),
    ],
)
def test_what_is_said_follows_no_default(desk: Desk, question: str, code: str) -> None:
    answer = _ask(desk, question)
    assert answer.candidates[0].code == code
    assert not answer.candidates[0].because


def test_post_op_is_no_subsequent_encounter(desk: Desk) -> None:
    answer = _ask(desk, "infection of deep incisional surgical site post op")
    assert answer.candidates[0].code == "T81.42XA"


def test_signs_stand_before_what_is_to_be_ruled_out(desk: Desk) -> None:
    assert _ask(desk, "wheezing, r/o asthma").candidates[0].code == "R06.2"


def test_an_uncertain_diagnosis_is_never_of_high_confidence(desk: Desk) -> None:
    first = _ask(desk, "suspected pulmonary embolism").candidates[0]
    assert first.confidence != "high"
    assert first.ask_back


def test_two_sides_with_two_severities_are_two_codes(desk: Desk) -> None:
    answer = _ask(desk, "POAG mild OD, severe OS")
    assert [candidate.code for candidate in answer.candidates[:2]] == ["H40.1111", "H40.1123"]
    assert [candidate.rank for candidate in answer.candidates] == [1, 2, 3, 4, 5]


def test_both_sides_without_a_bilateral_code_are_two_codes(desk: Desk) -> None:
    answer = _ask(desk, "bilateral hallux valgus")
    assert [candidate.code for candidate in answer.candidates[:2]] == ["M20.11", "M20.12"]
    assert "right and the left" in _grounds(answer)
