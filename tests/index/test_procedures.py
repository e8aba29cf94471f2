"""ICD-10-PCS codes are found by the values of axes that a question names."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter

import pytest
from paths import TEST_DATA

from bot.desk.desk import Desk
from codesets.store.code_store import CodeStore
from index.pcs.phrases import ProcedureQuery, shipped
from index.pcs.scoring import Procedures
from index.pcs.titles import Titles
from index.text.resources import read_text

QUESTIONS = TEST_DATA / "procedures" / "questions.tsv"
MAY = dt.date(2024, 5, 1)

TITLES = {
    "0DTJ0ZZ": "Resection of Appendix, Open Approach",
    "0DTJ4ZZ": "Resection of Appendix, Percutaneous Endoscopic Approach",
    "0DB60ZX": "Excision of Stomach, Open Approach, Diagnostic",
    "0DB60ZZ": "Excision of Stomach, Open Approach",
    "0DB68ZX": "Excision of Stomach, Via Natural or Artificial Opening Endoscopic, Diagnostic",
    "0DB68ZZ": "Excision of Stomach, Via Natural or Artificial Opening Endoscopic",
    "0DJ08ZZ": "Inspection of Upper Intestinal Tract, Via Natural or Artificial Opening Endoscopic",
    "0SRC0J9": "Replacement of Right Knee Joint with Synthetic Substitute, Cemented, Open Approach",
    "0SRC0JZ": "Replacement of Right Knee Joint with Synthetic Substitute, Open Approach",
    "0SRD0J9": "Replacement of Left Knee Joint with Synthetic Substitute, Cemented, Open Approach",
    "0SRD0JZ": "Replacement of Left Knee Joint with Synthetic Substitute, Open Approach",
    "0W9930Z": "Drainage of Right Pleural Cavity with Drainage Device, Percutaneous Approach",
    "0W993ZX": "Drainage of Right Pleural Cavity, Percutaneous Approach, Diagnostic",
    "0W993ZZ": "Drainage of Right Pleural Cavity, Percutaneous Approach",
    "0WQF0ZZ": "Repair Abdominal Wall, Open Approach",
    "0WUF0JZ": "Supplement Abdominal Wall with Synthetic Substitute, Open Approach",
    "5A1935Z": "Respiratory Ventilation, Less than 24 Consecutive Hours",
    "5A1945Z": "Respiratory Ventilation, 24-96 Consecutive Hours",
    "5A1955Z": "Respiratory Ventilation, Greater than 96 Consecutive Hours",
    "GZHZZZZ": "Group Psychotherapy",
}


@pytest.fixture(scope="module")
def few() -> Procedures:
    return Procedures(Titles.read(TITLES), shipped())


@pytest.fixture(scope="module")
def titles(store: CodeStore) -> dict[str, str]:
    (release,) = [r for r in store.releases("icd10pcs") if r.label == "FY2024"]
    return store.titles(release)


@pytest.fixture(scope="module")
def all_codes(store: CodeStore, titles: dict[str, str], tmp_path_factory) -> Procedures:
    """All codes of FY2024, saved and loaded as in an index."""
    folder = tmp_path_factory.mktemp("procedures") / "FY2024"
    Titles.read(titles).save(folder)
    return Procedures.of(store, Titles.load(folder))


def first(procedures: Procedures, question: str) -> str:
    ((code, _),) = procedures.best(procedures.fit(question), 1)
    return code


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("appendectomy", "0DTJ0ZZ"),
        ("lap appy", "0DTJ4ZZ"),
        ("robotic appendectomy converted to open", "0DTJ0ZZ"),
        ("apendectomy", "0DTJ0ZZ"),
        ("EGD", "0DJ08ZZ"),
        ("EGD w/ biopsy of stomach", "0DB68ZX"),
        ("wedge excision stomach, open", "0DB60ZZ"),
        ("R TKA", "0SRC0JZ"),
        ("Left TKA cemented", "0SRD0J9"),
        ("thoracentesis right", "0W993ZZ"),
        ("diagnostic R thoracentesis", "0W993ZX"),
        ("right chest tube", "0W9930Z"),
        ("umbilical hernia repair", "0WQF0ZZ"),
        ("umbilical hernia repair with mesh", "0WUF0JZ"),
        ("umbilical hernia repair, no mesh", "0WQF0ZZ"),
        ("vent 12 hours", "5A1935Z"),
        ("on the vent 3 days", "5A1945Z"),
        ("mechanical ventilation > 96 h", "5A1955Z"),
        ("mechanical ventilation < 96 hrs", "5A1945Z"),
        ("group therapy", "GZHZZZZ"),
    ],
)
def test_the_code_with_the_values_that_the_question_names(
    few: Procedures, question: str, code: str
) -> None:
    assert first(few, question) == code


@pytest.mark.parametrize("question", ["", "no", "what's the weather", "2024", "xyzzy plugh"])
def test_nothing_that_a_title_could_say(few: Procedures, question: str) -> None:
    assert not few.fit(question).any()


@pytest.mark.parametrize(
    ("question", "understood"),
    [
        ("lap", {"approaches": {"Percutaneous Endoscopic"}}),
        ("thoracentesis", {"usual_approaches": {"Percutaneous"}, "approaches": set()}),
        ("b/l", {"sides": {"both"}}),
        ("rt and lt knee", {"sides": {"both"}}),
        ("EGD with biopsy", {"operations": [("Excision",)]}),
        ("EGD", {"operations": [("Inspection",)]}),
    ],
)
def test_what_is_understood(few: Procedures, question: str, understood: dict[str, object]) -> None:
    query = few.understand(question)
    assert isinstance(query, ProcedureQuery)
    assert {name: getattr(query, name) for name in understood} == understood


def test_no_phrase_stands_in_two_rows() -> None:
    text = read_text("vocabulary", "procedures.tsv")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    counts = Counter(
        phrase
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        for phrase in row["said"].split(" | ")
    )
    assert [phrase for phrase, count in counts.items() if count > 1] == []


def test_every_operation_begins_a_title_and_every_approach_is_one(all_codes: Procedures) -> None:
    for phrase in shipped().values():
        for operation in phrase.operations:
            fit = all_codes._of_operations([(operation,)])
            assert (fit == 0).any(), operation
        assert set(phrase.approaches) <= set(all_codes._titles.approach_names)


# The accuracy that is expected


def cases(half: str) -> list[tuple[str, list[str]]]:
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(row["query"], row["codes"].split("|")) for row in rows if row["half"] == half]


@pytest.mark.parametrize("half", ["tuning", "untouched"])
def test_questions_have_codes_that_exist(titles: dict[str, str], half: str) -> None:
    codes = {code for _, right in cases(half) for code in right}
    assert codes <= set(titles)


@pytest.mark.parametrize(("half", "at_1", "at_5"), [("tuning", 0.9, 0.95), ("untouched", 0.8, 0.9)])
def test_right_codes_by_the_axes_alone(
    all_codes: Procedures, half: str, at_1: float, at_5: float
) -> None:
    questions = cases(half)
    ranks = []
    for question, right in questions:
        codes = [code for code, _ in all_codes.best(all_codes.fit(question), 5)]
        ranks.append(next((n for n, code in enumerate(codes, 1) if code in right), 0))
    assert sum(rank == 1 for rank in ranks) / len(questions) >= at_1
    assert sum(rank > 0 for rank in ranks) / len(questions) >= at_5


def test_the_desk_gives_several_codes_of_a_family_where_the_question_leaves_it_open(
    desk: Desk,
) -> None:
    answer = desk.ask("cholecystectomy", day=MAY, systems=["icd10pcs"])
    assert [c.code for c in answer.candidates[:2]] == ["0FT40ZZ", "0FT44ZZ"]
    answer = desk.ask("lap cholecystectomy", day=MAY, systems=["icd10pcs"])
    assert answer.candidates[0].code == "0FT44ZZ"
