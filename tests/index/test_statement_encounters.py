"""Chapter 21: why the patient is here, statuses, histories, exposures, aftercare and allergies."""

from __future__ import annotations

import datetime as dt

import pytest

from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.statement.encounters import (
    allergies,
    encounters,
    exposures,
    histories,
    operations,
    receptors,
    statuses,
    titles,
)
from index.statement.encounters.history_classes import history_of
from index.statement.encounters.word_tables import pattern, rows, words_of_chapter
from index.statement.facts import read_statement
from index.statement.model import Proposal

FINDERS = (encounters, statuses, histories, exposures, operations, allergies, receptors, titles)

STATEMENTS = [
    # Examinations, with and without a finding.
    ("annual physical, htn stable", "Z00.00"),
    ("annual physical, new murmur heard", "Z00.01"),
    ("wcc 4 mo, no concerns, vaccines given", "Z00.129 Z23"),
    ("wcc 2 yo, otitis media found", "Z00.121"),
    ("annual physical with pap", "Z00.00 Z01.419"),
    ("gyn exam, vaginal discharge found", "Z01.411"),
    ("annual gyn exam, abnormal pap", "Z01.411"),
    ("preemployment physical", "Z02.1"),
    ("dot physical", "Z02.4"),
    ("preop cardiac clearance for R TKA, OA knee", "Z01.810"),
    # Screening is screening however it ends.
    ("screening colonoscopy, polyp found in sigmoid", "Z12.11"),
    ("screening mammo", "Z12.31"),
    ("std panel, no sx", "Z11.3"),
    ("lipid screen", "Z13.220"),
    ("abnormal screening mammo, callback", ""),
    ("surveillance colonoscopy, hx adenomatous polyps", "Z12.11 Z86.0101"),
    ("mom had colon ca, screening colonoscopy", "Z12.11 Z80.0"),
    # Contraception.
    ("iud out and new one in today", "Z30.433"),
    ("mirena check, strings seen", "Z30.431"),
    ("ocp refill", "Z30.41"),
    ("wants to start ocp", "Z30.011"),
    # Devices and openings; what the encounter says is no status beside it.
    ("ICD check, no shocks", "Z45.02"),
    ("pacemaker check, sick sinus", "Z45.018"),
    ("port flush, colon ca on chemo", "Z45.2"),
    ("suprapubic cath change, neurogenic bladder", "Z43.5"),
    ("g tube clogged", ""),
    ("here for chemo, breast ca", "Z51.11"),
    ("xrt for prostate ca", "Z51.0"),
    # Aftercare and the status it leaves; no aftercare of injuries or with trouble.
    ("2 wks s/p CABG, wound check, healing ok", "Z48.812 Z95.1"),
    ("R BKA 4wk ago for PVD gangrene, stump check", "Z47.81 Z89.511"),
    ("s/p L TKA 3 wks, PT", "Z47.1 Z96.652"),
    ("lap chole f/u, doing well", "Z48.815 Z90.49"),
    ("cataract surgery OD 1 day postop", "Z48.810 Z98.41 Z96.1"),
    ("dog bite suture removal", ""),
    ("hip fx s/p ORIF 6 wk f/u", ""),
    ("tonsillectomy POD 7, bleeding", ""),
    ("scheduled for TKA, knee OA", ""),
    ("s/p appy 2010, sbo from adhesions", "Z90.49"),
    ("bilateral BKA", "Z89.511 Z89.512"),
    ("kidney transplant rejection", ""),
    # Status.
    ("MRSA nares colonized", "Z22.322"),
    ("HIV+ asymptomatic, here for labs", "Z21"),
    ("hiv with pcp pneumonia", ""),
    ("esrd on hd mwf", "Z99.2"),
    ("aki on dialysis", ""),
    ("copd on 2L home o2, still smoking 1 ppd", "Z99.81 F17.210"),
    ("quit smoking 2 yrs ago", "Z87.891"),
    ("nonsmoker", ""),
    ("dementia with wandering", "Z91.83"),
    # Social determinants.
    ("homeless, lives in tent", "Z59.02"),
    ("homeless in shelter, cellulitis foot", "Z59.01"),
    ("unemployed, homeless", "Z56.0 Z59.00"),
    ("parents refuse MMR", "Z28.82"),
    ("dm2, no insurance", "Z59.71"),
    # Histories.
    ("hx of breast ca 2015, annual f/u, NED", "Z08 Z85.3"),
    ("lung ca on chemo, hx of breast ca", "Z85.3"),
    ("hx of cva and dvt, htn", "Z86.73 Z86.718"),
    ("hx stroke with residual L hemiparesis", ""),
    ("fam hx breast and ovarian ca", "Z80.3 Z80.41"),
    ("father alcoholic, depression", "Z81.1"),
    ("pna f/u, resolved", "Z09 Z87.01"),
    ("old MI", "I25.2"),
    ("here for colonoscopy, hx colon polyps", "Z12.11 Z86.0100"),
    ("c diff colitis, hx of mrsa", "Z86.14"),
    ("melanoma f/u, excised 2 yrs ago", "Z08 Z85.820"),
    ("tia last year, no deficits", "Z86.73"),
    ("s/p hernia repair, seroma", ""),
    ("PPD reading neg", "Z11.1"),
    ("hx of DM and htn", ""),
    ("no hx of stroke", ""),
    ("denies fam hx of breast ca", ""),
    # Exposure.
    ("exposed to covid at work, no sx, test neg", "Z20.822"),
    ("partner has chlamydia", "Z20.2"),
    ("secondhand smoke exposure, asthma", "Z77.22"),
    # Allergies, weight, receptors.
    ("allergic to sulfa and shellfish", "Z88.2 Z91.013"),
    ("no known drug allergies, sinusitis", ""),
    ("allergic reaction to bactrim", ""),
    ("breast ca left UOQ er+ pr+ her2-", "Z17.411"),
    # Words of titles.
    ("absence of left great toe", "Z89.412"),
    ("fitting of artificial right eye", "Z44.21"),
    # Nothing of chapter 21.
    ("appendicitis", ""),
    ("pneumonia", ""),
    ("", ""),
]


@pytest.fixture(scope="module")
def books(store: CodeStore, april: Release) -> Books:
    return Books(store, april, dt.date(2026, 5, 4))


def _found(text: str, books: Books) -> list[Proposal]:
    statement = read_statement(text)
    return [each for finder in FINDERS for each in finder.find(statement, books)]


@pytest.mark.parametrize(("text", "codes"), STATEMENTS)
def test_codes_of_statement(text: str, codes: str, books: Books) -> None:
    assert {each.code for each in _found(text, books)} == set(codes.split())


def test_roles(books: Books) -> None:
    roles = {each.code: each.role for each in _found("2 wks s/p CABG, wound check", books)}
    assert roles == {"Z48.812": "first-listed", "Z95.1": "status"}
    roles = {each.code: each.role for each in _found("cough, exposed to flu", books)}
    assert roles == {"Z20.828": "status"}
    roles = {each.code: each.role for each in _found("fam hx colon ca", books)}
    assert roles == {"Z80.0": "history"}


@pytest.mark.parametrize(
    ("code", "family", "expected"),
    [
        ("C50.911", False, "Z85.3"),
        ("K31.84", False, "Z87.19"),
        ("E11.9", False, ""),
        ("E11.9", True, "Z83.3"),
        ("M84.361A", False, "Z87.312"),
        ("S82.201A", False, "Z87.81"),
        ("U07.1", False, ""),
    ],
)
def test_history_of_code(code: str, family: bool, expected: str, books: Books) -> None:
    assert history_of(code, books, family=family) == expected


def test_treatment_does_not_settle_the_cancer(books: Books) -> None:
    (found,) = _found("xrt for prostate ca", books)
    assert not found.settles


@pytest.mark.parametrize(
    "name", ["encounters", "statuses", "conditions", "operations", "allergies"]
)
def test_words_of_tables_can_be_read(name: str) -> None:
    for row in rows(f"{name}.tsv"):
        for column in ("words", "needs", "unless"):
            if row.get(column):
                pattern(row[column])


def test_words_around_can_be_read() -> None:
    for section in ("names", "history", "operations"):
        for words in words_of_chapter()[section].values():
            pattern(words)
