"""Codes reported together are checked against the loaded rules, each quoted as printed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import TEST_DATA as DATA

from bot.desk.answer import Answer, Pair
from bot.desk.code_checks import PairRules
from bot.desk.desk import Desk
from bot.desk.note_checks import Reported, report_with
from bot.desk.reasons import reason
from bot.settings import Settings
from codesets.loading.importer import import_files
from codesets.lookups.inherited_notes import notes_of
from codesets.model import CodeRange, Release, Setting
from codesets.store.code_store import CodeStore

QUARTER = DATA / "imports" / "HCPC2026_JAN_ANWEB.txt"
EDITS = [
    DATA / "books" / name
    for name in (
        "ccipra-v320r0-f1.TXT",
        "ccioph-v320r0-f1.TXT",
        "MCR_MUE_PractitionerServices_Eff_01-01-2026.csv",
        "MCR_MUE_OutpatientHospitalServices_Eff_01-01-2026.csv",
        "MCR_MUE_DMESupplierServices_Eff_01-01-2026.csv",
    )
]
DAY = dt.date(2026, 5, 1)
#: A day in the quarter of the HCPCS file and of the edits.
BILLED = dt.date(2026, 2, 1)


@pytest.fixture(scope="module")
def home(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged code sets, a HCPCS quarter, and the edits of each setting."""
    home = tmp_path_factory.mktemp("pairs")
    copy = CodeStore(home / "codes.db")
    store._db.conn.backup(copy._db.conn)
    import_files(copy, [QUARTER, *EDITS])
    copy.close()
    return home


@pytest.fixture(scope="module")
def checking(home: Path) -> Iterator[Desk]:
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


def check(desk: Desk, codes: str, day: dt.date = DAY, setting: Setting | None = None) -> Answer:
    return desk.check(codes.split(), day=day, setting=setting)


def pairs(answer: Answer, *rules: str) -> list[Pair]:
    return [pair for pair in answer.pairs if pair.rule in rules]


# Excludes notes


EXCLUDES1 = [
    # codes, the excluding code, where the note is printed, the note
    ("E11.9 E10.9", "E11.9 E10.9", "E11", "type 1 diabetes mellitus (E10.-)"),
    ("E11.9 E10.9", "E10.9 E11.9", "E10", "type 2 diabetes mellitus (E11.-)"),
    ("E10.9 E11.9", "E11.9 E10.9", "E11", "type 1 diabetes mellitus (E10.-)"),
    ("E11.9 O24.410", "E11.9 O24.410", "E11", "gestational diabetes (O24.4-)"),
    ("O24.410 E11.9", "E11.9 O24.410", "E11", "gestational diabetes (O24.4-)"),
    ("J96.01 J80", "J96.01 J80", "J96", "acute respiratory distress syndrome (J80)"),
    ("I10 I27.0", "I10 I27.0", "I10-I1A", "primary pulmonary hypertension (I27.0)"),
    ("M54.50 M51.26", "M54.50 M51.26", "M54.5",
     "lumbago due to intervertebral disc displacement (M51.2-)"),
]  # fmt: skip


@pytest.mark.parametrize(("codes", "excluding", "owner", "quote"), EXCLUDES1)
def test_excludes1_is_found_in_both_directions(
    checking: Desk, codes: str, excluding: str, owner: str, quote: str
) -> None:
    one, other = excluding.split()
    (pair,) = [p for p in pairs(check(checking, codes), "excludes1") if p.codes == [one, other]]
    assert (pair.severity, pair.inherited_from, pair.quote) == ("conflict", owner, quote)
    assert pair.release == "FY2026-April"
    assert pair.says == (
        f"{owner} excludes {other}: {one} and {other} are not reported together, except when the "
        "two conditions are unrelated to each other (I.A.12.a)."
    )


EXCLUDES2 = [
    ("J44.1 J44.0", "J44.1",
     "chronic obstructive pulmonary disease [COPD] with acute bronchitis (J44.0)"),
    ("S52.501A S62.001A", "S52", "fracture at wrist and hand level (S62.-)"),
]  # fmt: skip


@pytest.mark.parametrize(("codes", "owner", "quote"), EXCLUDES2)
def test_excludes2_is_a_caution(checking: Desk, codes: str, owner: str, quote: str) -> None:
    (pair,) = [p for p in pairs(check(checking, codes), "excludes2") if p.codes == codes.split()]
    assert (pair.severity, pair.inherited_from, pair.quote) == ("caution", owner, quote)
    assert "both may be reported" in pair.says


@pytest.mark.parametrize(
    "codes",
    ["I10 R07.9", "M17.11 M16.12", "I10 I10", "R07.9", "J18.9 I10", "E11.9 E11.65", "G20.A1 F02.80",
     "S52.521A S52.522A", "O09.513 Z3A.20"],
)  # fmt: skip
def test_codes_that_have_nothing_to_do_with_each_other(checking: Desk, codes: str) -> None:
    answer = check(checking, codes)
    assert pairs(answer, "excludes1", "excludes2", "laterality", "manifestation") == []


@pytest.mark.parametrize(
    ("code", "first", "last", "means"),
    [
        ("N18.31", "N18.1", "N18.6", True),
        ("N18.6", "N18.1", "N18.6", True),
        ("N18.9", "N18.1", "N18.6", False),
        ("O24.410", "O24.4", "O24.4", True),
        ("O24.319", "O24.4", "O24.4", False),
        ("E10.9", "E08", "E10", True),
        ("E11.9", "E08", "E10", False),
        ("Z68.45", "Z68.1", "Z68.45", True),
        ("Z68.52", "Z68.1", "Z68.45", False),
        ("S01.01XA", "S01", "S01", True),
    ],
)
def test_codes_within_what_a_note_names(code: str, first: str, last: str, means: bool) -> None:
    assert CodeRange(first, last, "").contains(code) is means


# Codes that need another, and their order

CKD = "code to identify stage of chronic kidney disease (N18.1-N18.6)"
OBLIGATIONS = [
    # codes, rule, codes of the pair, severity, printed under, the sentence
    ("E11.22", "use_additional_code", "E11.22", "obligation", "E11.22",
     "asks for a code beside it"),
    ("N18.31 E11.22", "use_additional_code", "E11.22 N18.31", "obligation", "E11.22",
     "E11.22 is reported before N18.31."),
    ("N18.31 E11.22", "code_first", "N18.31 E11.22", "obligation", "N18",
     "E11.22 is reported before N18.31."),
    ("E66.9", "use_additional_code", "E66.9", "caution", "E66", "asks for a code beside it"),
    ("Z68.35 E66.9", "use_additional_code", "E66.9 Z68.35", "obligation", "E66",
     "E66.9 is reported before Z68.35."),
    ("F02.80", "code_first", "F02.80", "obligation", "F02", "comes after the code of its cause"),
    ("F02.80 G20.A1", "code_first", "F02.80 G20.A1", "obligation", "F02",
     "G20.A1 is reported before F02.80."),
    ("F02.80", "manifestation", "F02.80", "conflict", "F02.80", "is a manifestation code"),
    ("F02.80 G20.A1", "manifestation", "F02.80", "conflict", "F02.80", "is a manifestation code"),
    ("G63 C80.1", "manifestation", "G63", "conflict", "G63", "is a manifestation code"),
    # Any of its causes may come first, and none must.
    ("H54.3", "code_first", "H54.3", "caution", "H54", "comes after the code of its cause"),
    ("J15.211", "code_first", "J15.211", "caution", "J15", "comes after the code of its cause"),
]  # fmt: skip


@pytest.mark.parametrize(("codes", "rule", "of", "severity", "owner", "says"), OBLIGATIONS)
def test_what_a_code_asks_for(
    checking: Desk, codes: str, rule: str, of: str, severity: str, owner: str, says: str
) -> None:
    found = pairs(check(checking, codes), rule)
    (pair,) = [p for p in found if (p.codes, p.inherited_from) == (of.split(), owner)]
    assert pair.severity == severity
    assert says in pair.says
    assert pair.release == "FY2026-April"


MET = [
    # codes, and the rule that they follow, so that no pair is given
    ("E11.22 N18.31", "use_additional_code", "E11.22"),
    ("E11.22 N18.31", "code_first", "N18"),
    ("E11.9 Z79.4", "use_additional_code", "E11"),
    ("E66.9 Z68.35", "use_additional_code", "E66"),
    ("I12.9 N18.4", "use_additional_code", "I12.9"),
    ("G20.A1 F02.80", "code_first", "F02"),
    ("G20.A1 F02.80", "manifestation", "F02.80"),
    ("C80.1 G63", "code_first", "G63"),
    ("B95.61 J15.211", "manifestation", "B95.61"),
]


@pytest.mark.parametrize(("codes", "rule", "owner"), MET)
def test_what_is_met(checking: Desk, codes: str, rule: str, owner: str) -> None:
    found = pairs(check(checking, codes), rule)
    assert [pair.says for pair in found if pair.inherited_from == owner] == []


def test_the_lines_of_one_note_are_quoted_together(checking: Desk) -> None:
    (pair,) = [p for p in pairs(check(checking, "E11.22"), "use_additional_code") if p.quote == CKD]
    (control,) = [p for p in pairs(check(checking, "E11.22"), "use_additional_code") if p != pair]
    assert control.quote.startswith("code to identify control using:")
    assert "insulin (Z79.4)" in control.quote


def test_what_a_candidate_is_reported_with(store: CodeStore, april: Release) -> None:
    code = store.get(april, "E11.22")
    assert code is not None
    asked = report_with(store, april, notes_of(store, april, code))
    assert [(r.code, r.order, *r.reasons) for r in asked[:2]] == [
        ("N18.1-N18.6", "after", reason("pairs.because_use_additional_code", owner="E11.22")),
        ("Z79.85", "after", reason("pairs.because_use_additional_code", owner="E11")),
    ]
    assert asked[0].title == "Chronic kidney disease (CKD)"


# Sides


SIDES = [
    # codes, severity, the sentence
    ("M17.11 M17.12", "caution", "M17.0 Bilateral primary osteoarthritis of knee says both sides"),
    ("M17.12 M17.11", "caution", "M17.0 Bilateral primary osteoarthritis of knee says both sides"),
    ("M17.10 M17.11", "conflict", "leaves open the side that the other gives"),
    ("M17.0 M17.11", "conflict", "says both sides, the other says one of them"),
    ("H25.10 H25.11", "conflict", "leaves open the side that the other gives"),
    ("H25.11 H25.12", "caution", "H25.13 Age-related nuclear cataract, bilateral says both sides"),
    ("H25.13 H25.11", "conflict", "says both sides, the other says one of them"),
    ("H65.01 H65.02", "caution", "H65.03 Acute serous otitis media, bilateral says both sides"),
    ("H40.1111 H40.1121", "caution",
     "H40.1131 Primary open-angle glaucoma, bilateral, mild stage says both sides"),
]  # fmt: skip


@pytest.mark.parametrize(("codes", "severity", "says"), SIDES)
def test_sides(checking: Desk, codes: str, severity: str, says: str) -> None:
    (pair,) = pairs(check(checking, codes), "laterality")
    assert (pair.codes, pair.severity, pair.inherited_from) == (codes.split(), severity, "I.B.13")
    assert says in pair.says


# Edits of NCCI


PTP = [
    # codes in the order of the claim, setting, date, edits by column, severity, the sentence
    ("E0143 E0156", "practitioner", BILLED, "E0143 E0156", "caution",
     "NCCI, practitioner: E0156 is not paid with E0143 on the same day "
     "(effective 2020-01-01; active). "
     "Modifier indicator 1: allowed: both codes may be paid with an NCCI PTP-associated modifier"),
    ("E0156 E0143", "practitioner", BILLED, "E0143 E0156", "caution",
     "E0156 is not paid with E0143"),
    ("E0143 E0156", "outpatient", BILLED, "E0143 E0156", "conflict",
     "NCCI, outpatient hospital: E0156 is not paid with E0143 on the same day "
     "(effective 2021-01-01; "
     "active). Modifier indicator 0: not allowed: no modifier allows both codes to be paid"),
    ("E0143 E0144", "practitioner", BILLED, "E0143 E0144", "conflict",
     "(effective 2020-01-01; active). Modifier indicator 0"),  # through 9999-12-31
    ("E0144 E0156", "practitioner", BILLED, "E0144 E0156", "caution",
     "the edit of E0144 with E0156 is not in force on 2026-02-01 "
     "(effective 2020-01-01; deleted 2025-12-31)"),
    ("E0144 E0156", "practitioner", dt.date(2025, 12, 31), "E0144 E0156", "conflict",
     "E0156 is not paid with E0144 on the same day"),
    ("E0143 E0163", "practitioner", BILLED, "E0143 E0163", "caution",
     "is not in force on 2026-02-01 (effective 2026-04-01; active)"),
    ("K0001 K0003", "practitioner", BILLED, "K0001 K0003", "caution", "is not in force"),
]  # fmt: skip


@pytest.mark.parametrize(("codes", "setting", "day", "columns", "severity", "says"), PTP)
def test_procedure_pairs(
    checking: Desk,
    codes: str,
    setting: Setting,
    day: dt.date,
    columns: str,
    severity: str,
    says: str,
) -> None:
    (pair,) = pairs(check(checking, codes, day, setting), "ncci_ptp")
    assert (pair.codes, pair.severity, pair.release) == (columns.split(), severity, "2026-January")
    assert pair.inherited_from.startswith("NCCI procedure-to-procedure edits, ")
    assert says in pair.says


def test_without_a_setting_the_edits_of_all_are_told(checking: Desk) -> None:
    told = pairs(check(checking, "E0143 E0156", BILLED), "ncci_ptp")
    assert [pair.inherited_from for pair in told] == [
        "NCCI procedure-to-procedure edits, practitioner",
        "NCCI procedure-to-procedure edits, outpatient hospital",
    ]


@pytest.mark.parametrize(
    ("codes", "setting"), [("E0143 E0156", "dme"), ("E0143 K0001", None), ("E0143", None)]
)
def test_no_procedure_pair(checking: Desk, codes: str, setting: Setting | None) -> None:
    assert pairs(check(checking, codes, BILLED, setting), "ncci_ptp") == []


MUE = [
    # code, setting, the sentence
    ("E0143", "practitioner", ["NCCI, practitioner: at most 0 units of E0143. Adjudication "
     "indicator 2: date of service edit, policy: the units of the day are held against it, and it "
     "is absolute."]),
    ("E0143", "outpatient", []),
    ("E0143", "dme", ["NCCI, DME supplier: at most 1 units of E0143. Adjudication indicator 1: "
     "claim line edit: the units of each line are held against it on their own."]),
    ("J0897", "outpatient", ["NCCI, outpatient hospital: at most 180 units of J0897. Adjudication "
     "indicator 3: date of service edit, clinical: the units of the day are held against it, and "
     "more may be paid where documentation shows that they were medically necessary."]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "setting", "says"), MUE)
def test_most_units(checking: Desk, code: str, setting: Setting, says: list[str]) -> None:
    found = pairs(check(checking, code, BILLED, setting), "mue")
    assert [pair.says for pair in found] == says
    assert {(p.severity, p.release) for p in found} <= {("caution", "2026-January")}


def test_most_units_of_every_setting(checking: Desk) -> None:
    found = pairs(check(checking, "J0897 J0897", BILLED), "mue")
    assert [(p.inherited_from, p.quote) for p in found] == [
        ("NCCI medically unlikely edits, practitioner", "Prescribing Information"),
        ("NCCI medically unlikely edits, outpatient hospital", "Clinical: Data"),
    ]


# Editions of the rules, and rules that are not loaded


def test_a_quote_names_the_edition_it_is_printed_in(checking: Desk) -> None:
    """FY2024 is loaded without notes, so those of the newest Tabular List are quoted with its
    label."""
    answer = check(checking, "E11.9 E10.9", dt.date(2024, 1, 1))
    assert {verdict.release for verdict in answer.verdicts} == {"FY2024"}
    assert {pair.release for pair in pairs(answer, "excludes1")} == {"FY2026-April"}


@pytest.mark.parametrize(
    ("codes", "day", "notices"),
    [
        ("E0143 E0156", BILLED, []),
        ("E11.9 E10.9", DAY, []),
        ("E0143 E0156", dt.date(2026, 4, 1), [
            "The loaded NCCI medically unlikely edits of 2026-January are not those of 2026-04-01.",
            "The loaded NCCI procedure-to-procedure edits of 2026-January are not those of "
            "2026-04-01.",
        ]),
        ("E0143", dt.date(2026, 4, 1), [
            "The loaded NCCI medically unlikely edits of 2026-January are not those of 2026-04-01.",
        ]),
        ("E0143 I10", dt.date(2026, 4, 1), [
            "The loaded NCCI medically unlikely edits of 2026-January are not those of 2026-04-01.",
        ]),
    ],
)  # fmt: skip
def test_edits_of_another_quarter_are_said_to_be(
    checking: Desk, codes: str, day: dt.date, notices: list[str]
) -> None:
    found = check(checking, codes, day).notices
    assert [notice for notice in found if "NCCI" in notice] == notices


@pytest.mark.parametrize(
    ("loaded", "codes", "setting", "missing"),
    [
        ([], "E0143 E0156", None, ["ncci_ptp", "mue"]),
        ([], "E0143", None, ["mue"]),
        (EDITS[:1], "E0143 E0156", None, ["mue"]),
        (EDITS[:1], "E0143 E0156", "dme", ["ncci_ptp", "mue"]),
        (EDITS, "E0143 E0156", "practitioner", []),
    ],
)
def test_what_was_not_checked(
    tmp_path: Path, loaded: list[Path], codes: str, setting: Setting | None, missing: list[str]
) -> None:
    bare = CodeStore(tmp_path / "codes.db")
    import_files(bare, [QUARTER, *loaded])
    bare.close()
    desk = Desk(Settings(home=tmp_path))
    assert check(desk, codes, BILLED, setting).not_checked == missing
    desk.close()


def test_edits_do_not_apply_to_diagnoses(store: CodeStore, april: Release) -> None:
    codes = [store.get(april, code) for code in ("E11.9", "E10.9")]
    reported = [Reported(april, code) for code in codes if code]
    assert PairRules(store, DAY).not_checked(reported) == []


def test_notes_are_not_checked_where_no_tabular_list_is_loaded(tmp_path: Path) -> None:
    bare = CodeStore(tmp_path / "codes.db")
    import_files(bare, [DATA / "imports" / "icd10cm_order_2027.txt"])
    (release,) = bare.releases()
    diagnosis = bare.get(release, "E11.9")
    assert diagnosis is not None
    rules = PairRules(bare, DAY)
    assert rules.not_checked([Reported(release, diagnosis)]) == [
        "excludes1", "excludes2", "code_first", "use_additional_code", "code_also"
    ]  # fmt: skip
    assert rules.not_checked([]) == []
    bare.close()
