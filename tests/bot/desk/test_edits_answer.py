"""The edits of NCCI, the fee schedule, OPPS and the add-on codes answer the question: yes or no,
how many, in which setting, what helps; and a list of codes is summed up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import TEST_DATA as DATA

from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.desk.units_said import billed_with, modifiers_said
from bot.settings import Settings
from bot.slack.views.answer import BUDGET, answer_message
from bot.slack.views.phone_lines import phone_lines
from bot.views.terminal import as_text
from codesets.loading.importer import import_files
from codesets.model import Setting
from codesets.store.code_store import CodeStore

DAY = dt.date(2026, 2, 1)
MUE = "HCPCS/CPT Code,{} MUE Values,MUE Adjudication Indicator,MUE Rationale\n"
FILES = {
    "MCR_MUE_PractitionerServices_Eff_01-01-2026.csv": MUE.format("Practitioner Services")
    + "J0897,120,3 Date of Service Edit: Clinical,Prescribing Information\n"
    "E0143,0,2 Date of Service Edit: Policy,CMS Policy\n"
    "E0163,4,1 Line Edit,Clinical: Data\n",
    "MCR_MUE_OutpatientHospitalServices_Eff_01-01-2026.csv": MUE.format(
        "Outpatient Hospital Services"
    )
    + "J0897,180,3 Date of Service Edit: Clinical,Clinical: Data\n",
    "MCR_MUE_DMESupplierServices_Eff_01-01-2026.csv": MUE.format("DME Supplier Services")
    + "E0143,1,2 Date of Service Edit: Policy,Code Descriptor\n",
    "ccipra-v320r0-f1.txt": "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\t"
    "PTP Edit Rationale\n"
    "E0143\tE0156\t\t20200101\t*\t1\tMisuse of Column Two code\n"
    "E0143\tE0144\t\t20210101\t*\t0\tMore extensive\n"
    "20999\t99213\t\t20220101\t*\t1\tStandards\n",
    "PPRRVU2026_Jan.csv": ",,2026 National Physician Fee Schedule Relative Value File January "
    "Release\nHCPCS,MOD,DESCRIPTION,CODE,IND,DAYS,OP,OP,OP,PROC,SURG,SURG,SURG,SURG,IND,BASE,"
    "FACTOR\n"
    "20999,,X,A,0,010,0,0,0,2,0,1,0,0,9,,33.4\n"
    "E0163,,X,A,1,XXX,0,0,0,0,1,0,0,0,9,,33.4\n"
    "E0156,,X,B,9,XXX,0,0,0,9,9,9,9,9,9,,33.4\n",
    "January 2026 Web Addendum B.csv": "HCPCS Code,Short Descriptor,SI,APC,Relative Weight,"
    "Payment Rate\nE0156,X,N,,,\nE0163,X,S,5521,,\n",
    "AOC_V2026Q1-MCR.csv": "AOC_Edit_Type,Add_On_Code,Primary_Code,AOC_Edit_EffDT,AOC_Edit_DelDT\n"
    "1,K0001,E0143,20240101,\n2,K0003,CCCCC,2024001,0000000\n",
}


@pytest.fixture(scope="module")
def home(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("edits")
    copy = CodeStore(home / "codes.db")
    store._db.conn.backup(copy._db.conn)
    import_files(copy, [DATA / "imports" / "HCPC2026_JAN_ANWEB.txt"])
    for name, text in FILES.items():
        (home / name).write_text(text)
    import_files(copy, [home / name for name in FILES])
    copy.close()
    return home


@pytest.fixture(scope="module")
def desk(home: Path) -> Iterator[Desk]:
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


def said(answer: Answer, rule: str) -> list[str]:
    return [pair.says for pair in answer.pairs if pair.rule == rule]


# Units

UNITS = [
    # question, kind, the headline
    ("J0897 x 200 units ok?", "no",
     "No: 200 units of J0897 are over the limit of 120 a day (practitioner), 180 a day "
     "(outpatient hospital); MUE 2026-January. MAI 3: more may be paid on appeal with "
     "documentation."),
    ("J0897 x 150 units as practitioner", "no",
     "No: 150 units of J0897 are over the limit of 120 a day (practitioner); MUE 2026-January. "
     "MAI 3: more may be paid on appeal with documentation."),
    ("J0897 x 60 ok?", "yes",
     "Yes: 60 units of J0897 are within the limit of 120 a day (practitioner), 180 a day "
     "(outpatient hospital); MUE 2026-January."),
    ("J0897 x 150 ok?", "yes",
     "150 units of J0897: within the limit of 180 a day (outpatient hospital), over the limit of "
     "120 a day (practitioner); MUE 2026-January. MAI 3: more may be paid on appeal with "
     "documentation."),
    ("E0143 x 2 ok?", "no",
     "No: 2 units of E0143 are over the limit of 1 a day (DME supplier); MUE 2026-January. MAI 2: "
     "absolute for the day: nothing above it is paid, also not on appeal; check the units first."),
    ("E0163 x 5 ok?", "no",
     "No: 5 units of E0163 are over the limit of 4 a line (practitioner); MUE 2026-January. MAI 1: "
     "each line by itself: more may go on another line with a modifier that fits (76, 59, RT, LT), "
     "if it was given."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "headline"), UNITS)
def test_units_against_the_limit(desk: Desk, text: str, kind: str, headline: str) -> None:
    answer = desk.ask(text, day=DAY)
    assert (answer.headline.kind, answer.headline.text) == (kind, headline)


def test_an_edit_says_its_quarter(desk: Desk) -> None:
    (first, *_) = said(desk.ask("J0897 x 200 units ok?", day=DAY), "mue")
    assert "over the limit of 120 a day (2026-01-01 to 2026-03-31)" in first


def test_a_date_outside_the_edition_is_noticed(desk: Desk) -> None:
    answer = desk.ask("J0897 x 200 units ok?", day=dt.date(2026, 5, 1))
    assert any("medically unlikely edits of 2026-January" in one for one in answer.notices)


# Pairs

PAIRS = [
    ("E0143 with E0156?", "practitioner",
     "No, not without a modifier: NCCI denies E0156 (column 2) with E0143; if separate, 59 or XE, "
     "XS, XP, XU goes on E0156 (practitioner, since 2020-01-01)."),
    ("E0144 with E0143?", "practitioner",
     "No: NCCI denies E0144 with E0143 on the same day, and no modifier helps (practitioner, since "
     "2021-01-01)."),
    ("20999 with 99213 together?", "practitioner",
     "No, not without a modifier: NCCI denies 99213 (column 2) with 20999; if separate, 25 goes on "
     "99213 (practitioner, since 2022-01-01)."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "setting", "headline"), PAIRS)
def test_a_pair_says_what_to_do(desk: Desk, text: str, setting: Setting, headline: str) -> None:
    answer = desk.ask(text, day=DAY, setting=setting)
    assert (answer.headline.kind, answer.headline.text) == ("no", headline)


def test_which_code_is_denied_and_what_helps(desk: Desk) -> None:
    (allowed,) = said(desk.check(["E0143", "E0156"], day=DAY), "ncci_ptp")
    assert "E0156 (column 2) is denied unless the services were separate" in allowed
    (never,) = said(desk.check(["E0143", "E0144"], day=DAY), "ncci_ptp")
    assert "a modifier does not help" in never
    (visit,) = said(desk.check(["20999", "99213"], day=DAY), "ncci_ptp")
    assert "modifier 25" in visit
    assert "goes on the visit, 99213" in visit


# Indicators


def test_indicators_are_told_where_they_bear(desk: Desk) -> None:
    both_sides, visit = said(desk.ask("20999-50 and 99213 together?", day=DAY), "fee_schedule")
    assert both_sides.startswith("Fee schedule, bilateral indicator 0")
    assert "20999 has a global period of 10 days" in visit
    (visit,) = said(desk.ask("20999 and 99213 together?", day=DAY), "fee_schedule")
    assert "20999 has a global period of 10 days" in visit
    assert said(desk.ask("20999 and J0897?", day=DAY), "fee_schedule") == []
    parts = desk.ask("E0163 with modifier 26 and E0143 together?", day=DAY)
    assert said(parts, "fee_schedule") == [
        "Fee schedule, PC/TC indicator 1: test with two parts: 26 for the professional, TC for the "
        "technical."
    ]
    assert said(desk.check(["E0156"], day=DAY), "opps") == [
        "OPPS: status indicator N: packaged: no separate payment."
    ]
    assert said(desk.check(["E0156"], day=DAY), "fee_schedule") == [
        "Fee schedule: status B (bundled: never paid by itself, payment is in other services)."
    ]
    assert said(desk.check(["E0156"], day=DAY, setting="outpatient"), "fee_schedule") == []
    assert said(desk.check(["E0163"], day=DAY), "opps") == []


def test_add_on_codes(desk: Desk) -> None:
    alone = desk.check(["K0001"], day=DAY)
    assert [(p.severity, p.rule) for p in alone.pairs] == [("conflict", "add_on")]
    assert "none of its primary codes is given: E0143" in alone.pairs[0].says
    met = said(desk.check(["K0001", "E0143"], day=DAY), "add_on")
    assert met == ["K0001 is an add-on code, and E0143 is one of its primary codes."]
    assert "type 2" in said(desk.check(["K0003"], day=DAY), "add_on")[0]
    assert said(desk.check(["K0001"], day=dt.date(2023, 5, 1)), "add_on") == []


# A list

LIST = "E11.9 E10.9 I10 N18.6 J0897 E0143 E0156 S13.4A M17.11 M17.12".split()


def test_a_list_is_summed_up_and_shows_what_conflicts(desk: Desk) -> None:
    answer = desk.check(LIST, day=DAY)
    assert len(answer.verdicts) >= len(LIST)
    told = answer.headline.text
    assert told.startswith("10 codes: 9 billable; ")
    assert "1 conflict: E11.9 + E10.9" in told
    assert "with a modifier only: E0143 + E0156" in told
    printed = as_text(answer)
    assert "  S13.4A\n    is unknown" in printed
    assert "E11.9  Type 2" not in printed
    assert "at most" not in printed
    drawn = answer_message(answer, "abc", private=True)
    above = [block for block in drawn.blocks if block["type"] in ("section", "context")]
    assert phone_lines(above) <= BUDGET


def test_a_list_out_of_the_log_is_shown_alike(desk: Desk) -> None:
    answer = desk.check(LIST, day=DAY)
    assert as_text(Answer.from_dict(answer.as_logged())) == as_text(answer)


def test_thirty_codes_and_units_among_them(desk: Desk) -> None:
    codes = "I10 N18.6 M17.11 E11.9 J45.909 K21.9 F32.A G47.33 L40.0 R51.9".split()
    many = desk.check([*codes, "E0143", "J0897", *codes[:9], "E0163", *codes[1:9]], day=DAY)
    assert many.headline.text.startswith("13 codes: all billable; no conflict found")
    listed = desk.ask("I10, N18.6, M17.11, E11.9, J0897 x 200, E0143", day=DAY, setting="dme")
    assert listed.headline.text.startswith("6 codes: all billable")
    practitioner = desk.ask("I10, N18.6, M17.11, E11.9, J0897 x 200", day=DAY)
    assert "1 conflict: J0897 (units)" in practitioner.headline.text


# Reading


@pytest.mark.parametrize(
    ("text", "code", "modifiers"),
    [
        ("20610-50", "20610", ["50"]),
        ("73030 RT LT", "73030", ["RT", "LT"]),
        ("97110-59-GP x 2", "97110", ["59", "GP"]),
        ("76942 w/ modifier 26 ok?", "76942", ["26"]),
        ("J3301 50 units", "J3301", None),
        ("J3301 OK", "J3301", None),
    ],
)
def test_modifiers_behind_a_code(text: str, code: str, modifiers: list[str] | None) -> None:
    assert modifiers_said(text, [code]).get(code) == modifiers


def test_nothing_is_billed_with_nothing() -> None:
    assert billed_with("I10", []) == ({}, {})
