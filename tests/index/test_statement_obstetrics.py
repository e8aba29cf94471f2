"""Pregnancies, deliveries, newborns, values and organisms: the codes that statements call for."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import pytest

from codesets.model import Reference, Release, Term
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.statement.facts import read_statement
from index.statement.obstetrics import obstetrics
from index.statement.obstetrics.obstetric_codes import (
    family_of,
    maternal_code,
    reports_condition_too,
)
from index.statement.obstetrics.obstetric_conditions import pregnancy_of
from index.statement.obstetrics.pregnancy import read_pregnancy
from index.statement.values import measures, organisms

DAY = dt.date(2026, 5, 4)


@pytest.fixture(scope="module")
def books(store: CodeStore, april: Release) -> Books:
    return Books(store, april, DAY)


PREGNANCIES = [
    ("placenta previa, no bleeding 31w", "O44.03 Z3A.31"),
    ("placenta previa with bleeding 31w", "O44.13 Z3A.31"),
    ("threatened preterm labor 30w", "O47.03 Z3A.30"),
    ("28yoF @ 31w s/p MVC", "O9A.213 Z3A.31"),
    ("gravida 4 para 3, 22 weeks, here for anatomy scan", "Z36.3 Z3A.22"),
    ("24w preg w/ spotting", "O26.852 Z3A.24"),
    ("G2P1 at 32 wks, severe preeclampsia", "O14.13 Z3A.32"),
    ("preeclampsia w severe features 33w2d", "O14.13 Z3A.33"),
    ("GDM diet controlled 28w", "O24.410 Z3A.28"),
    ("GDMA2 on insulin 30 wks", "O24.414 Z3A.30"),
    ("pregnant 20 wk, asthma exacerbation", "O99.512 Z3A.20"),
    ("uti in pregnancy 16 wks", "O23.42 Z3A.16"),
    ("vaginal bleeding 30 wks preg", "O46.93 Z3A.30"),
    ("preg 10w, vag bleeding", "O20.9 Z3A.10"),
    ("twins di/di 28w", "O30.043 Z3A.28"),
    ("covid 24w pregnant", "O98.512 Z3A.24"),
    ("PPROM 33w", "O42.913 Z3A.33"),
    ("rh neg 28w here for rhogam", "O36.0130 Z3A.28"),
    ("decreased fetal movement 34w", "O36.8130 Z3A.34"),
    ("chronic htn w/ superimposed preeclampsia 35w", "O11.3 O10.013 Z3A.35"),
    ("preg w type 1 dm 22w", "O24.012 Z3A.22 E10.9"),
    ("hyperemesis 10w with dehydration", "O21.1 Z3A.10"),
    ("prior c/s, 38w, here for ob check", "O34.219 Z3A.38"),
    ("routine ob visit g1p0 12w", "Z34.01 Z3A.12"),
    ("ob visit 24w G3P2 no problems", "Z34.82 Z3A.24"),
    ("ama multip ob visit 14 wks", "O09.522 Z3A.14"),
    ("ankle fx, pregnancy incidental 18w", "Z33.1"),
    ("iufd 24w", "O36.4XX0 Z3A.24"),
    ("miscarriage 9 wks", "O03.9"),
    ("missed ab 8w", "O02.1"),
    ("ruptured rt tubal ectopic", "O00.101"),
    ("elective termination 8w", "Z33.2"),
]
DELIVERIES = [
    ("ppd2 svd hemorrhoids", "O87.2"),
    ("vacuum assisted vaginal delivery 40w fetal distress liveborn", "O77.9 Z37.0 Z3A.40"),
    ("retained placenta w/o hemorrhage, nsvd liveborn", "O73.0 Z37.0"),
    ("prom 39w >24h before labor, delivered liveborn", "O42.12 Z37.0 Z3A.39"),
    ("34 yo G3P2002 at 39+0 scheduled repeat LTCS, liveborn female", "O34.211 Z37.0 Z3A.39"),
    ("NSVD 39w no complications liveborn", "O80 Z37.0 Z3A.39"),
    ("NSVD term healthy baby girl, 2nd deg perineal lac", "O70.1 Z37.0"),
    ("repeat c/s at 39w, delivered viable male", "O34.219 Z37.0 Z3A.39"),
    ("primary c/s for breech 39 wks, live male infant", "O32.1XX0 Z37.0 Z3A.39"),
    ("elective c/s maternal request 39w liveborn", "O82 Z37.0 Z3A.39"),
    ("PTL delivered at 34w3d live twin girls", "O60.14X0 O30.003 Z37.2 Z3A.34"),
    ("pph after nsvd, atony", "O72.1 Z37.0"),
    ("gbs carrier, delivered vaginally 39w liveborn", "O99.824 Z37.0 Z3A.39"),
    ("gestational htn 36w induced, SVD liveborn", "O13.4 Z37.0 Z3A.36"),
    ("6 wk pp visit", "Z39.2"),
    ("10 d pp endometritis", "O86.12"),
    ("mastitis 3 wks pp breastfeeding", "O91.23"),
    ("pp day 3, s/p c/s, PDPH", "O89.4"),
    ("postpartum depression", "F53.0"),
    ("c/s wound infection 10 days pp", "O86.00"),
]
NEWBORNS = [
    ("newborn born via c/s, jaundice", "Z38.01 P59.9"),
    ("35 wk preemie 2100 g nsvd", "Z38.00 P07.18 P07.38"),
    ("nb observed for sepsis, ruled out, born vag", "Z38.00 Z05.1"),
    ("newborn 3 days old check", "Z00.110"),
    ("dol 5 readmit hyperbili", "P59.9"),
    ("infant of diabetic mother, born c/s", "Z38.01 P70.1"),
    ("SGA newborn 37w 2300g svd", "Z38.00 P05.18"),
    ("twin A born c/s liveborn in hospital", "Z38.31"),
    ("baby girl 10 days old umbilical granuloma", "P83.81"),
]
NOTHING = [
    "G1 diastolic dysfunction",
    "2nd degree burn hand",
    "2nd degree tear of calf muscle",
    "decreased rom lt shoulder",
    "metoprolol 25 mg tab daily",
    "1 ppd x 20 yrs copd",
    "shock delivered by icd",
    "urine c/s done, uti",
    "2 hr pp glucose 200 dm2",
    "4 yo SGA short stature",
    "breastfeeding, uti",
    "wife pregnant, anxiety",
    "baby aspirin daily",
    "2 week old fracture follow up",
    "cough 3 weeks",
    "htn f/u 2 weeks",
    "4 wks postop wound infection",
    "knee pain x 6 weeks",
    "denies pregnancy, uti",
    "not pregnant, abd pain",
    "upt negative",
    "wants to get pregnant",
    "family hx of preeclampsia",
    "s/p c/s 6 years ago, abd pain",
    "hx of gestational diabetes, now t2dm",
    "fx healing at 8w",
    "?",
    "",
]


@pytest.mark.parametrize(("said", "codes"), PREGNANCIES + DELIVERIES + NEWBORNS)
def test_obstetrics(books: Books, said: str, codes: str) -> None:
    found = obstetrics.find(read_statement(said), books)
    assert [proposal.code for proposal in found] == codes.split()


@pytest.mark.parametrize("said", NOTHING)
def test_nothing_of_a_pregnancy(books: Books, said: str) -> None:
    assert obstetrics.find(read_statement(said), books) == []


VALUES = [
    ("etoh intoxication, BAL 260", "Y90.8"),
    ("alcohol abuse w/ intox, bac 0.08", "Y90.4"),
    ("bac .26 drunk", "Y90.8"),
    ("mva, bac 0.12", ""),
    ("morbid obesity bmi 42.3", "Z68.41"),
    ("obese, BMI=39.95", "Z68.39"),
    ("htn, bmi 42", ""),
    ("obesity pregnant bmi 40", ""),
    ("10 yo obese BMI 97th percentile", "Z68.54"),
    ("tbi gcs 7 at scene", "R40.2431"),
    ("SDH, GCS 12 on arrival", "R40.2422"),
    ("gcs 15 concussion", ""),
    ("acute cva NIHSS 14", "R29.714"),
    ("ckd 3b htn", "N18.32"),
    ("dm w/ CKD IV", "N18.4"),
    ("ckd stage 5 on hd", "N18.6"),
    ("ckd, gfr 42, stage not documented", ""),
    ("ckd stage 3-4", ""),
    ("flame burn chest 15% tbsa 2nd degree", "T31.10"),
    ("burns 25% TBSA, 12% third degree", "T31.21"),
    ("2nd degree burn 10%, 3rd degree 5% trunk", "T31.10"),
    ("chemical burn 20% tbsa", "T32.20"),
    ("ef 35%", ""),
    ("pressure ulcer stage 3", ""),
]


@pytest.mark.parametrize(("said", "codes"), VALUES)
def test_measures(books: Books, said: str, codes: str) -> None:
    found = measures.find(read_statement(said), books)
    assert [proposal.code for proposal in found] == codes.split()


AGENTS = [
    ("e coli uti", "B96.20"),
    ("uti d/t klebsiella ESBL", "B96.1 Z16.12"),
    ("mrsa cellulitis rt leg", "B95.62"),
    ("osteomyelitis rt foot, mssa", "B95.61"),
    ("VRE uti", "B95.2 Z16.21"),
    ("h pylori gastritis", "B96.81"),
    ("cipro resistant e. coli pyelo", "B96.20 Z16.23"),
    ("rsv uri", "B97.4"),
    ("sepsis due to mrsa", ""),
    ("MRSA pneumonia", ""),
    ("uti w/ sepsis, e coli", ""),
    ("mrsa carrier", ""),
    ("cellulitis, no mrsa", ""),
    ("hx of mrsa, cellulitis of foot", ""),
    ("rsv bronchiolitis", ""),
    ("strep throat", ""),
    ("insulin resistance pcos", ""),
]


@pytest.mark.parametrize(("said", "codes"), AGENTS)
def test_organisms(books: Books, said: str, codes: str) -> None:
    found = organisms.find(read_statement(said), books)
    assert [proposal.code for proposal in found] == codes.split()


def test_disease_that_complicates_keeps_its_code(books: Books) -> None:
    asthma, *_ = obstetrics.find(read_statement("pregnant 20 wk, asthma"), books)
    spotting, *_ = obstetrics.find(read_statement("24w preg w/ spotting"), books)
    assert (asthma.settles, spotting.settles) == (False, True)
    assert reports_condition_too(books, "O99.512")
    assert not reports_condition_too(books, "O26.852")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("J45.909", "O99.512"),
        ("I10", "O10.012"),
        ("S52.501A", "O9A.212"),
        ("E11.9", "O24.112"),
        ("B20", "O98.712"),
        ("F53.0", None),
        ("Z79.4", None),
    ],
)
def test_family(books: Books, code: str, expected: str | None) -> None:
    pregnancy = read_pregnancy(read_statement("pregnant 20w"))
    assert pregnancy is not None
    found = maternal_code(code, pregnancy, books, "", ())
    assert (found.code if found else None) == expected


def test_longest_beginning_decides_the_family() -> None:
    family = family_of("Z22.330")
    assert family is not None
    assert family.code == "O99.82"


@pytest.mark.parametrize(
    ("said", "weeks", "trimester"),
    [
        ("24+3 iup", 24, 2),
        ("13w6d preg", 13, 1),
        ("pregnant 28 0/7 wks", 28, 3),
        ("ega 41", 41, 3),
        ("2nd trimester preg", None, 2),
        ("pregnant, cough x 3 weeks", None, None),
    ],
)
def test_weeks(said: str, weeks: int | None, trimester: int | None) -> None:
    pregnancy = pregnancy_of(read_statement(said))
    assert pregnancy is not None
    assert (pregnancy.weeks, pregnancy.trimester) == (weeks, trimester)


INDEX = [
    ("O34.8", "Pregnancy, complicated by, cystocele"),
    ("O43.23", "Pregnancy, complicated by, placenta percreta"),
    ("O64.2", "Delivery, complicated, by, obstructed labor, due to, face presentation"),
    ("O03.82", "Abortion, complicated, renal failure or shutdown"),
    ("O90.89", "Puerperal, subinvolution (uterus)"),
    ("O34.59", "Suspended uterus, in pregnancy or childbirth"),
]


class _References:
    """An Alphabetic Index with a few entries in its official form."""

    _reference = Reference("index", "icd10cm", "FY2026", DAY, DAY, "extract", ())

    def for_date(self, kind: str, system: str, day: dt.date) -> Reference:
        return self._reference

    def rows(self, kind: type[Term], reference: Reference) -> list[Term]:
        return [Term(code, text, "index_entry", "FY2026") for code, text in INDEX]


class _WithIndex:
    """The code sets with this Index."""

    def __init__(self, store: CodeStore) -> None:
        self._store = store
        self.references = _References()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("pregnant 24w, cystocele", "O34.82 Z3A.24"),
        ("delivered 38w, obstructed labor d/t face presentation, live baby", "O64.2XX0 Z37.0"),
        ("sab 8w, renal failure", "O03.82"),
        ("3 wks postpartum, subinvolution of uterus", "O90.89"),
        ("pregnant 24w, suspended uterus", "O34.592 Z3A.24"),
    ],
)
def test_index(store: CodeStore, april: Release, said: str, codes: str) -> None:
    books = Books(cast(CodeStore, _WithIndex(store)), april, DAY)
    found = [proposal.code for proposal in obstetrics.find(read_statement(said), books)]
    assert found[: len(codes.split())] == codes.split()


def test_other_words_to_search(books: Books) -> None:
    statement = read_statement("pregnant 20w, plantar fasciitis")
    wording, *_ = obstetrics.wordings(statement, books)
    assert wording.only == ("O",)
    assert wording.text == "plantar fasciitis complicating pregnancy, second trimester"
