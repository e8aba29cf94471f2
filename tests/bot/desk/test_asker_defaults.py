"""What counts for an asker where the question does not say otherwise."""

import datetime as dt

import pytest

from bot.audit.replay import replay
from bot.desk.desk import Desk
from bot.querylog import QueryLog, QuestionRecord
from bot.slack.people import Defaults

DAY = dt.date(2026, 3, 5)


@pytest.mark.parametrize(
    ("asked", "usual", "limited"),
    [
        ("copd exacerbation", ["icd10cm"], ["icd10cm"]),
        ("copd exacerbation", ["icd10cm", "hcpcs"], ["icd10cm", "hcpcs"]),
        ("copd exacerbation", [], []),
        # The question says another system, by name or by what it is about.
        ("hcpcs for a wheelchair", ["icd10cm"], []),
        ("icd-10-pcs for toe amputation", ["icd10cm"], []),
        ("lumbar fusion, inpatient procedure code", ["icd10cm"], []),
        # It says one of several.
        ("hcpcs for a wheelchair", ["icd10cm", "hcpcs"], ["icd10cm", "hcpcs"]),
        # Codes of every system are checked.
        ("is J0585 billable", ["icd10cm"], []),
        ("E11.9 with E10.9?", ["hcpcs"], []),
        ("hello", ["icd10cm"], []),
    ],
)
def test_the_systems_of_a_question_come_first(
    desk: Desk, asked: str, usual: list[str], limited: list[str]
) -> None:
    question = desk.take(asked, usual=usual)  # type: ignore[arg-type]
    assert list(question.limited_to) == limited


def test_systems_that_are_chosen_for_one_question_come_before_the_usual(desk: Desk) -> None:
    question = desk.take("toe amputation", usual=["icd10cm"], systems=["icd10pcs"])
    assert question.limited_to == ("icd10pcs",)


@pytest.mark.parametrize(
    ("asked", "setting"),
    [("E0570 with E0571", "dme"), ("E0570 with E0571, outpatient", "outpatient")],
)
def test_the_setting_of_a_question_comes_first(desk: Desk, asked: str, setting: str) -> None:
    assert desk.take(asked, setting="dme").setting == setting


@pytest.mark.parametrize(
    ("asked", "day"), [("copd", DAY), ("copd, seen 2024-02-01", dt.date(2024, 2, 1))]
)
def test_the_date_of_a_question_comes_first(desk: Desk, asked: str, day: dt.date) -> None:
    assert desk.take(asked, day=DAY).service_date == day


def test_an_answer_of_the_usual_systems_alone(desk: Desk) -> None:
    answer = desk.ask("copd exacerbation", day=DAY, usual=["icd10cm"])
    assert {line.system for line in answer.report} == {"icd10cm"}
    assert answer.report[0].code == "J44.1"


def test_a_question_is_replayed_with_the_defaults_of_then(desk: Desk, log: QueryLog) -> None:
    words = "insertion of a catheter"
    chosen = Defaults(("icd10cm",), "dme")
    question = log.ask(chosen.on(QuestionRecord(words, "dm", "U1", "T1", "D1")))
    assert question is not None
    answer = desk.ask(words, **chosen.reading())
    log.answered(
        question,
        answer,
        index_build=desk.index_build,
        latency_ms=1,
        made_with=desk.made_with(answer),
    )
    record = log.get(question)
    assert record is not None
    assert replay(record, desk).status == "same"
    assert desk.ask(words).as_logged() != answer.as_logged(), "it does change the answer"
