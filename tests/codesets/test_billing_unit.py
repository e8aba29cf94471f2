"""How much of a drug one billing unit is, out of descriptors and of the crosswalk's dosages."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest
from paths import SHARED

from codesets.lookups.billing_unit import agree, rounded_up, unit_of_descriptor, unit_of_dosage
from codesets.measures import amounts_in, measured, plain

CROSSWALK = SHARED / "codesets" / "hcpcs" / "asp_crosswalk_2025q4_level2_only.csv"
HCPCS = SHARED / "codesets" / "hcpcs" / "hcpcs_2025_oct.csv"


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("Injection, ketorolac tromethamine, per 15 mg", "15 mg"),
        ("Injection, diphenhydramine hcl, up to 50 mg", "50 mg"),
        ("Injection, penicillin g benzathine, 100,000 units", "100,000 units"),
        ("Injection, rho(d) immune globulin (human), (rhophylac), 100 iu", "100 units"),
        ("Injection, fentanyl citrate, 0.1 mg", "0.1 mg"),
        ("Injection, palonosetron hcl, 25 mcg", "25 mcg"),
        ("Injection, potassium chloride, per 2 meq", "2 mEq"),
        ("Factor viii (antihemophilic factor, human) per i.u.", "1 units"),
        ("Apligraf, per square centimeter", "1 sq cm"),
        ("Injection, betamethasone acetate 3 mg and betamethasone sodium phosphate 3 mg", "6 mg"),
        (
            "Injection, piperacillin sodium/tazobactam sodium, 1 gram/0.125 grams (1.125 grams)",
            "1.125 g",
        ),
        ("Infusion, normal saline solution, sterile (500 ml = 1 unit)", "500 mL"),
        ("Low osmolar contrast material, 200-299 mg/ml iodine concentration, per ml", "1 mL"),
        ("Injection, thyrotropin alpha, 0.9 mg, provided in 1.1 mg vial", "0.9 mg"),
        ("Hyaluronan or derivative, for intra-articular injection, per dose", "1 dose"),
        (
            "Technetium tc-99m sestamibi, diagnostic, per study dose, up to 40 millicuries",
            "1 study",
        ),
        ("Injection, aldesleukin, per single use vial", "1 vial"),
    ],
)
def test_the_unit_is_read_from_the_descriptor(title: str, unit: str) -> None:
    assert str(unit_of_descriptor(title)) == unit


def test_a_code_without_an_amount_has_no_unit() -> None:
    assert unit_of_descriptor("Unclassified drugs") is None


@pytest.mark.parametrize(
    ("dose", "title", "units"),
    [
        (("65", "mg"), "Injection, cisplatin, powder or solution, 10 mg", 7),
        (("150", "mcg"), "Injection, fentanyl citrate, 0.1 mg", 2),
        (("1", "gram"), "Injection, ceftriaxone sodium, per 250 mg", 4),
        (("2.4", "units", "million"), "Injection, penicillin g benzathine, 100,000 units", 24),
        (("300", "mcg"), "Injection, rho d immune globulin, 300 micrograms (1500 i.u.)", 1),
        (("1500", "iu"), "Injection, rho d immune globulin, 300 micrograms (1500 i.u.)", 1),
    ],
)
def test_units_of_a_dose(dose: tuple[str, ...], title: str, units: int) -> None:
    unit = unit_of_descriptor(title)
    assert unit is not None
    exact = unit.per(measured(*dose))
    assert exact is not None
    assert rounded_up(exact) == units


def test_a_dose_in_another_measure_has_no_units() -> None:
    unit = unit_of_descriptor("Injection, ketorolac tromethamine, per 15 mg")
    assert unit is not None
    assert unit.per(measured("2", "ml")) is None


def test_a_code_for_doses_up_to_an_amount() -> None:
    low = unit_of_descriptor("Injection, x, less than or equal to 100 mg")
    high = unit_of_descriptor("Injection, x, greater than 100 mg")
    assert low is not None
    assert high is not None
    dose = measured("300", "mg")
    assert (low.admits(dose), high.admits(dose), low.piece) == (False, True, "dose")


def test_amounts_are_compared_in_any_measure() -> None:
    assert [str(amount) for _, _, amount in amounts_in("0.5 mg or 500mcg")] == ["0.5 mg", "500 mcg"]
    assert measured("0.5", "mg") == measured("500", "mcg")
    assert plain(Decimal("1000000.50")) == "1,000,000.5"


@pytest.mark.skipif(not CROSSWALK.exists(), reason="the official files are not here")
def test_descriptors_agree_with_the_crosswalk() -> None:
    with HCPCS.open(encoding="utf-8") as file:
        titles = {row["code"]: row["long_description"] for row in csv.DictReader(file)}
    with CROSSWALK.open(encoding="utf-8") as file:
        dosages = {row["hcpcs"]: row["hcpcs_dosage"] for row in csv.DictReader(file)}
    read = {
        code: (unit_of_descriptor(titles[code]), unit_of_dosage(dosage))
        for code, dosage in dosages.items()
        if code in titles
    }
    agreed = sum(bool(one and other and agree(one, other)) for one, other in read.values())
    assert len(read) > 700
    assert agreed >= 0.985 * len(read)
