"""Which code systems the words of a question speak for, and which an answer shows."""

from __future__ import annotations

import pytest

from bot.desk.system_choice import chances, groups
from bot.desk.systems import asked_for, likeliest, missing, said, to_search
from codesets.model import System
from index.search.searcher import Hit

LOADED: list[System] = ["icd10cm", "icd10pcs", "hcpcs"]

# What the words say


@pytest.mark.parametrize(
    ("question", "systems"),
    [
        # Named outright; "3 pcs" are pieces.
        ("ICD-10-PCS for knee replacement", ["icd10pcs"]),
        ("hcpcs or cpt for a flu shot", ["hcpcs", "cpt"]),
        ("hcpcs for wheelchair user", ["hcpcs"]),
        ("3 pcs of gauze", ["hcpcs"]),
        ("what replaces cpt here, not cpt please", ["cpt"]),
        # Supplies, services, drugs.
        ("a wheelchair", ["hcpcs"]),
        ("rollator", ["hcpcs"]),
        ("diabetic shoes", ["hcpcs"]),
        ("keytruda", ["hcpcs"]),
        ("zofran iv 4mg", ["hcpcs"]),
        ("procrit for esrd", ["hcpcs"]),
        ("bls emergency", ["hcpcs"]),
        ("flu shot admin", ["hcpcs"]),
        # A device: put in, a state, in trouble, looked after, sent home.
        ("port put in, inpatient", ["icd10pcs"]),
        ("dependence on wheelchair", ["icd10cm"]),
        ("port infected", ["icd10cm"]),
        ("pacemaker check", ["icd10cm"]),
        ("pump for home, rental", ["hcpcs"]),
        # A drug: a dose, a long time, an effect.
        ("humira 40 mg pen", ["hcpcs"]),
        ("taking humira long term for years", ["icd10cm"]),
        ("rash from ceftriaxone, taken right", ["icd10cm"]),
        ("long term use of lovenox", ["icd10cm"]),
        # An operation: done, past, to come, a reason, refused.
        ("lap appy", ["icd10pcs", "cpt"]),
        ("hip replacement inpatient", ["icd10pcs"]),
        ("history of cholecystectomy", ["icd10cm"]),
        ("complication of hysterectomy", ["icd10cm"]),
        ("clearance for hysterectomy", ["icd10cm"]),
        ("refuses hysterectomy", ["icd10cm"]),
        # Undecided.
        ("chest pain", []),
        ("keytruda colitis", []),
        ("iron deficiency", []),
        ("flu shot", []),
        ("hip replacement", []),
    ],
)
def test_systems_that_the_words_ask_for(question: str, systems: list[str]) -> None:
    words = said(question)
    assert asked_for(words) == systems


@pytest.mark.parametrize(
    ("question", "kinds", "not_kinds"),
    [
        ("knee replacement, robotic", {"operation", "manner"}, {"past", "planned"}),
        ("infection after knee replacement", {"past", "trouble"}, {"operation"}),
        ("here for knee replacement", {"planned", "visit"}, {"operation"}),
        ("brace for knee replacement", {"reason", "things"}, {"operation"}),
        ("nodule on ct", {"seen"}, {"operation"}),
        ("stenosis of bypass", {"past"}, {"operation"}),
        ("revision of bypass", {"operation"}, {"past"}),
        ("abnormal mammogram", {"finding"}, {"operation"}),
        ("drain for a leak", {"device"}, {"trouble"}),
        ("torn rotator cuff", set(), {"operation", "opens"}),
        ("carpal tunnel, left", set(), {"operation", "opens"}),
        ("ostomy", {"device"}, {"operation"}),
        ("taken to OR for an appendectomy", {"inpatient"}, set()),
        ("cough or fever", set(), {"inpatient"}),
    ],
)
def test_kinds_of_words(question: str, kinds: set[str], not_kinds: set[str]) -> None:
    assert said(question).kinds >= kinds
    assert not said(question).kinds & not_kinds


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("wheelchair", ["hcpcs"]),
        ("insulin pump malfunction", ["icd10cm"]),
        ("knee replacement", ["icd10pcs", "icd10cm", "hcpcs"]),
        ("chest pain", ["icd10cm", "hcpcs"]),
        ("ventilation of an inpatient", ["icd10pcs", "icd10cm", "hcpcs"]),
    ],
)
def test_systems_to_search(question: str, searched: list[str]) -> None:
    assert to_search(said(question), LOADED) == searched


def test_a_system_that_is_loaded_alone_is_searched() -> None:
    assert to_search(said("chest pain"), ["icd10pcs"]) == ["icd10pcs"]


@pytest.mark.parametrize(
    ("question", "systems"),
    [("hip replacement", ["icd10pcs", "cpt"]), ("wheelchair", ["hcpcs"]), ("gout", [])],
)
def test_systems_that_words_speak_for_most(question: str, systems: list[str]) -> None:
    assert likeliest(said(question)) == systems


@pytest.mark.parametrize(
    ("asked", "loaded", "lacking"),
    [
        (["icd10pcs", "cpt"], ["icd10cm"], ["icd10pcs", "cpt"]),
        (["icd10pcs", "cpt"], ["icd10cm", "cpt"], []),
        ([], ["icd10cm"], []),
    ],
)
def test_systems_that_are_missing(
    asked: list[System], loaded: list[str], lacking: list[str]
) -> None:
    assert missing(asked, loaded) == lacking


# What is shown


def hit(system: System, code: str, score: float, covered: float = 1.0, fit: float = 0.0) -> Hit:
    features = {"question_coverage": covered}
    return Hit(system, code, code, score, 0.9, features, (), fit=fit)


DIAGNOSES = [hit("icd10cm", f"I1{n}", 11.0 - n / 10) for n in range(8)]
SUPPLIES = [hit("hcpcs", f"E000{n}", 10.9 - n / 10) for n in range(8)]
FAR = [hit("hcpcs", f"E000{n}", 4.0 - n / 10, 0.2) for n in range(8)]


def test_the_likelier_system_comes_first() -> None:
    likely = chances({"hcpcs": 2.0}, DIAGNOSES + SUPPLIES)
    assert list(likely) == ["hcpcs", "icd10cm"]
    assert sum(likely.values()) == pytest.approx(1)


def test_a_system_that_fits_badly_is_not_shown() -> None:
    (group,) = groups({}, DIAGNOSES + FAR, 5)
    assert (group.system, group.most, group.is_meant) == ("icd10cm", 5, True)


def test_in_doubt_each_system_has_a_short_group() -> None:
    first, second = groups({}, DIAGNOSES + SUPPLIES, 10)
    assert {first.system, second.system} == {"icd10cm", "hcpcs"}
    assert (first.most, second.most) == (3, 3)
    assert not first.is_meant
    assert not second.is_meant


def test_the_second_system_does_not_take_the_room_of_the_first() -> None:
    assert [group.most for group in groups({}, DIAGNOSES + SUPPLIES, 4)] == [3, 1]
    assert [group.most for group in groups({}, DIAGNOSES + SUPPLIES, 1)] == [1]


def test_cpt_follows_icd10pcs() -> None:
    procedures = [hit("icd10pcs", "0FT44ZZ", 9.0, fit=4.5), hit("cpt", "00000", 3.0, 0.1)]
    assert [group.system for group in groups({}, procedures, 10)] == ["icd10pcs", "cpt"]


def test_a_system_that_the_words_ask_for_is_shown_however_badly_it_fits() -> None:
    first, second = groups({"hcpcs": 3.0}, DIAGNOSES + FAR, 10)
    assert (first.system, second.system) == ("icd10cm", "hcpcs")
    assert not second.is_meant
