"""A claim is read as billers type it, and checked: each kind of finding, and what is fine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import coverage_export
import inpatient_files
import pytest
from paths import TEST_DATA as DATA
from shown_answers import short, whole

from bot.audit.replay import replay
from bot.desk.answer import Answer
from bot.desk.claims.claim_text import read_claims
from bot.desk.desk import Desk
from bot.logged_desk import LoggedDesk
from bot.querylog import QueryLog, QuestionRecord
from bot.settings import Settings
from bot.slack.views.answer import BUDGET, answer_message
from bot.slack.views.details import detail_pages
from bot.slack.views.phone_lines import phone_lines
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore

FILES = [
    DATA / "imports" / "HCPC2026_JAN_ANWEB.txt",
    *(
        DATA / "books" / name
        for name in (
            "ccipra-v320r0-f1.TXT",
            "ccioph-v320r0-f1.TXT",
            "MCR_MUE_PractitionerServices_Eff_01-01-2026.csv",
            "MCR_MUE_OutpatientHospitalServices_Eff_01-01-2026.csv",
            "MCR_MUE_DMESupplierServices_Eff_01-01-2026.csv",
        )
    ),
]
_DOS = "dos 2/1/2026"


@pytest.fixture(scope="module")
def home(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged code sets, a HCPCS quarter, and the edits of each setting."""
    home = tmp_path_factory.mktemp("claims")
    copy = CodeStore(home / "codes.db")
    store._db.conn.backup(copy._db.conn)
    import_files(copy, FILES)
    copy.close()
    return home


@pytest.fixture(scope="module")
def checking(home: Path) -> Iterator[Desk]:
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


def found(answer: Answer, severity: str = "") -> list[str]:
    """ "rule codes" of each finding."""
    return [
        f"{pair.rule} {'+'.join(pair.codes)}"
        for pair in answer.pairs
        if severity in ("", pair.severity)
    ]


# Reading


def systems_of(typed: str) -> set[str]:
    known = {"M1711": {"icd10cm"}, "E119": {"icd10cm"}, "J3301": {"hcpcs"}, "0SRC0J9": {"icd10pcs"}}
    return known.get(typed.replace(".", ""), set())


READ = [
    # text, lines as "code-modifiers xunits @pointers", diagnoses, age, sex, place
    ("99213-25, J3301 x4, dx M17.11 E11.9, dos 3/3/26, POS 11, 67yo F",
     ["99213-25", "J3301 x4"], "M17.11 E11.9", 67, "F", "11"),
    ("99213 25, J3301 x 4 dx m1711, e119", ["99213-25", "J3301 x4"], "M17.11 E11.9", None, "", ""),
    ("20610-RT-59 x1 (dx 1,2), J7325 x1 dx 1; dx: 1) M17.11 2) M17.12; 67F medicare",
     ["20610-RT-59 x1 @12", "J7325 x1 @1"], "M17.11 M17.12", 67, "F", ""),
    ("dx1 M17.11 dx2 E11.9 99213-25 20610-RT J3301 x 4",
     ["99213-25", "20610-RT", "J3301 x4"], "M17.11 E11.9", None, "", ""),
    ("E1390-RR x1 ptr AB, dx 496, dx 518.81 285.9, POS 12, male 70 yo",
     ["E1390-RR x1 @12"], "496 518.81 285.9", 70, "M", "12"),
    ("J3301 4 units, 20610 RT, diagnosis codes: M17.11, POS 11\nage 90",
     ["J3301 x4", "20610-RT"], "M17.11", 90, "", "11"),
    ("is this claim ok? 20610-50 ptr A\ndx M17.0", ["20610-50 @1"], "M17.0", None, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines", "diagnoses", "age", "sex", "place"), READ)
def test_claims_as_typed(
    text: str, lines: list[str], diagnoses: str, age: int | None, sex: str, place: str
) -> None:
    (claim,) = read_claims(text, text, systems_of)
    shown = [
        "-".join([line.code, *line.modifiers])
        + (f" x{line.units:g}" if line.units is not None else "")
        + (f" @{''.join(map(str, line.pointers))}" if line.pointers else "")
        for line in claim.lines
    ]
    assert shown == lines
    assert " ".join(one.code for one in claim.diagnoses) == diagnoses
    assert (claim.age, claim.sex, claim.place) == (age, sex, place)


@pytest.mark.parametrize(
    "text",
    ["99213-25 with 20610", "J3301 x 30 units ok?", "M17.11 E11.9", "knee pain dx and cpt",
     "does M17.11 support J7325 in Florida on 3/3/2026", "why was 20610 denied dx M17.11",
     "E0601 with KX modifier RR", "POS 11 vs 22", "which dx goes with 20610, M17.11 or M17.12",
     "CO-97 on 20610", "dx M17.11 E11.9, 67yo F", "67yo F with knee OA"],
)  # fmt: skip
def test_other_questions_are_no_claims(text: str) -> None:
    assert read_claims(text, text, systems_of) == ()


def test_several_claims_a_line_each() -> None:
    text = "99213 dx M17.11, dos 3/3/2026\nJ3301 x4 dx E11.9, dos 3/4/2026"
    assert [claim.day for claim in read_claims(text, text, systems_of)] == [
        dt.date(2026, 3, 3), dt.date(2026, 3, 4),
    ]  # fmt: skip
    # Lines that say nothing of when or where are lines of one claim.
    assert len(read_claims("99213 dx M17.11\nJ3301 x4 dx E11.9", "", systems_of)) == 1


# Findings


FINDINGS = [
    # claim, what is to be found of it
    ("A4602, J1940 x1, dx I10", []),
    # codes
    ("99213, dx E11", ["E11"]),
    # notes
    ("99213, dx E11.9 E10.9", ["excludes1 E11.9+E10.9"]),
    ("99213, dx F02.80 G30.9", ["manifestation F02.80", "code_first F02.80+G30.9"]),
    # order
    ("99213, dx W19.XXXA S52.501A", ["sequence W19.XXXA"]),
    ("99213, dx I10 O10.011, 30yo F", ["sequence O10.011+I10"]),
    # side
    ("20610-RT ptr A, dx M17.12", ["side 20610+M17.12"]),
    ("20610-50 ptr A, dx M17.11", ["side 20610+M17.11"]),
    ("20610-RT ptr A, dx M17.11 M17.12", []),
    ("20610-RT, 20610-LT, dx M17.0", []),
    ("20610-RT, dx M17.11 M17.12", []),
    # age and sex
    ("99213, dx Z68.54, 67yo F", ["age Z68.54"]),
    ("99213, dx Z68.54, 12yo F", []),
    ("99213, dx Z00.00, 5yo M", ["age Z00.00"]),
    ("99213, dx Z00.129, 40yo M", ["age Z00.129"]),
    ("99213, dx O10.011, 30yo M", ["sex O10.011"]),
    ("99213, dx O10.011, 70yo F", ["age O10.011"]),
    ("99213, dx N40.0, 70yo F", ["sex N40.0"]),
    ("99213, dx N40.0, 70yo M", []),
    ("99213, dx C50.911, 50yo M", ["sex C50.911"]),
    ("99213, dx P07.30, 3yo M", []),
    # pointers, modifiers
    ("99213 ptr C, dx I10 E11.9", ["pointer 99213"]),
    ("A4602-ZQ, dx I10", ["modifier A4602+ZQ"]),
    ("A0433-RH, dx I10", []),
]


@pytest.mark.parametrize(("claim", "wanted"), FINDINGS)
def test_what_is_found(checking: Desk, claim: str, wanted: list[str]) -> None:
    answer = checking.ask(f"{claim}, {_DOS}")
    assert answer.claim is not None
    rules = {"use_additional_code", "excludes2"}
    pairs = [one for one in found(answer) if one.split()[0] not in rules]
    wrong = [v.code for v in answer.verdicts if v.status in ("header", "deleted", "unknown")
             and v.system == "icd10cm"]  # fmt: skip
    for one in wanted:
        assert one in pairs or one in wrong, (one, pairs, wrong)
    if not wanted:
        mend = [p for p in answer.pairs if p.severity == "conflict"]
        assert [p.codes for p in mend if p.rule != "modifier"] == []
    else:
        assert answer.claim.to_mend > 0 or answer.claim.to_look_at > 0
        assert answer.headline.kind == "claim"
        assert answer.headline.text


EDITS = [
    # lines, findings, severity
    ("E0143-RR, E0144-RR", "ncci_ptp E0143+E0144", "conflict"),
    ("E0143-RR, E0156-RR", "ncci_ptp E0143+E0156", "conflict"),
    ("E0143-RR, E0156-RR-59", "ncci_ptp E0143+E0156", "caution"),
    ("J0897 x121", "units J0897", "conflict"),
    ("J0897 x60, J0897-76 x61", "units J0897", "conflict"),
    ("E0143-RR x2", "units E0143", "conflict"),
    ("J0897 x60, J0897 x60", "duplicate J0897", "caution"),
]


@pytest.mark.parametrize(("lines", "wanted", "severity"), EDITS)
def test_edits_of_the_lines(checking: Desk, lines: str, wanted: str, severity: str) -> None:
    answer = checking.ask(f"{lines}, dx M81.0, {_DOS}, POS 11")
    assert wanted in found(answer, severity)


@pytest.mark.parametrize(
    "lines",
    ["J0897 x120", "J0897 x60, J0897-76 x60", "E0143-RR x1", "E0144-RR, E0156-RR",
     "E0143-RR on 2/1/2026, E0144-RR on 2/2/2026"],
)  # fmt: skip
def test_edits_that_hold_nothing_against_a_claim(checking: Desk, lines: str) -> None:
    """Within the limit, on two days, and by an edit that has ended."""
    answer = checking.ask(f"{lines}, dx M81.0, {_DOS}, POS 11")
    assert not [one for one in found(answer) if one.startswith(("units", "ncci"))]


def test_a_stay_has_no_edits_of_lines(checking: Desk) -> None:
    stay = (
        "rev 0250 J0897 x999, dx M81.0, admitted 2026-02-01 discharged 2026-02-03, type of bill 111"
    )
    answer = checking.ask(stay)
    assert not [one for one in found(answer) if one.startswith(("units", "ncci"))]
    assert answer.as_of == "2026-02-03"
    assert {"revenue", "poa"} <= set(answer.not_checked)
    assert not {"mue", "ncci_ptp"} & set(answer.not_checked)


# What is told


CLAIM = "99213-25 ptr AB, J0897-LT x121 ptr A, dx M17.11 E11.9, dos 2/1/2026, POS 11, 67yo F"


def test_a_claim_as_it_is_answered(checking: Desk) -> None:
    answer = checking.ask(CLAIM)
    assert answer.outcome == "verdict"
    assert answer.headline.text.startswith("3 to mend: J0897 (Units), ")
    claim = answer.claim
    assert claim is not None
    assert (claim.kind, claim.diagnoses, claim.place) == ("professional", ["M17.11", "E11.9"], "11")
    assert [(line.code, line.modifiers, line.units, line.diagnoses) for line in claim.lines] == [
        ("99213", ["25"], None, ["M17.11", "E11.9"]), ("J0897", ["LT"], 121, ["M17.11"]),
    ]  # fmt: skip
    assert (claim.age, claim.sex, claim.to_mend) == (67, "F", 3)
    assert {v.code: v.status for v in answer.verdicts} == {
        "M17.11": "billable", "E11.9": "billable", "99213": "not_loaded", "J0897": "billable",
    }  # fmt: skip
    assert {"cpt", "ncci_of_cpt", "coverage", "place_of_service"} == set(answer.not_checked)


def test_what_was_not_given_is_not_checked(checking: Desk) -> None:
    assert {"age", "sex"} <= set(checking.ask(f"J0897 x1 dx M81.0, {_DOS}").not_checked)


def test_nothing_found_says_so(checking: Desk) -> None:
    answer = checking.ask(f"J0897 x60 ptr A, dx M81.0, {_DOS}, 67yo F")
    assert answer.claim is not None
    assert (answer.claim.to_mend, answer.claim.to_look_at) == (0, 1)
    answer = checking.ask(f"E0607 ptr A, dx I10, {_DOS}, 67yo F")
    assert answer.headline.text.startswith("Nothing ")


def test_several_claims_in_a_message(checking: Desk) -> None:
    answer = checking.ask(
        "J0897 x121 dx M81.0, dos 2/1/2026, POS 11\nE0607 dx I10, dos 2/3/2026, POS 12"
    )
    assert answer.headline.text == "1 of 2 claims have something to mend."
    assert [one.headline.kind for one in answer.statements] == ["claim", "claim"]
    assert answer.claim is not None
    assert answer.claim.lines[0].code == "J0897"
    text = short(answer)
    assert "1 to mend: J0897 (Units)" in text


def test_the_terminal_shows_findings_before_lines(checking: Desk) -> None:
    text = whole(checking.ask(CLAIM))
    order = ["3 to mend", "[conflict] J0897", "Line 2, J0897-LT", "2. J0897-LT",
             "Not checked: "]  # fmt: skip
    assert [text.index(one) for one in order] == sorted(text.index(one) for one in order)


@pytest.mark.parametrize("claim", [CLAIM, *(f"{claim}, {_DOS}" for claim, _ in FINDINGS)])
def test_a_phone_shows_a_claim_in_few_lines(checking: Desk, claim: str) -> None:
    answer = checking.ask(claim)
    drawn = answer_message(answer, "0123456789ab")
    assert phone_lines(drawn.blocks) <= BUDGET


def test_a_claim_is_the_same_when_it_is_asked_again(
    checking: Desk, home: Path, tmp_path: Path
) -> None:
    log = QueryLog(tmp_path / "log.db")
    logged = LoggedDesk(checking, log)
    lines = CLAIM.replace("x121 ptr A", "x121 ptr A on 2/3/2026")
    for text in (CLAIM, lines, f"{CLAIM}\nE0607 dx I10, dos 2/3/2026, POS 12"):
        (question,) = logged.take([text], QuestionRecord("", "cli", user="ann"))
        assert question is not None
        logged.answer([question], lambda answers, done: done("delivered", ""))
        record = log.get(question.id)
        assert record is not None
        assert "2026" not in record.text
        assert replay(record, checking).status == "same"
    log.close()


def test_the_rules_of_a_claim_have_its_lines(checking: Desk) -> None:
    shown = str([block.to_dict() for page in detail_pages(checking.ask(CLAIM)) for block in page])
    assert "2. J0897-LT" in shown
    assert "CPT codes" in shown


@pytest.mark.parametrize(
    "text",
    ["20610-RT-59 x1, J0897-76 x60, 97110-59-GP, dx M17.11 E11.9, POS 11, 67 yo F",
     "00142-QK-QS-P1 ptr A, dx H25.11, POS 22",
     "rev 0250 J0897-JZ x60, dx M81.0, type of bill 131"],
)  # fmt: skip
def test_the_parts_of_a_claim_are_no_identifiers(checking: Desk, text: str) -> None:
    assert checking.scrub(text) == text


# With coverage policies, the lists of inpatient claims, and the indicators of OPPS


@pytest.fixture(scope="module")
def with_all(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("claims")
    own = CodeStore(folder / "codes.db")
    store._db.conn.backup(own._db.conn)
    files = folder / "files"
    files.mkdir()
    import_files(own, [DATA / "imports" / "HCPC2026_JAN_ANWEB.txt"])
    import_files(own, [coverage_export.articles(files / "current_article.zip")])
    import_files(own, inpatient_files.all_of(files))
    own.close()
    opened = Desk(Settings(home=folder))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("claim", "rules"),
    [
        ("J7325 x1, dx M17.11, dos 1/10/2026, POS 11", set()),
        ("J7325 x1, dx M25.511, dos 1/10/2026, POS 11", {"coverage"}),
        # One of its diagnoses is enough; a line has those that it points to.
        ("J7325 x1, dx M17.11 M25.511, dos 1/10/2026, POS 11", set()),
        ("J7325 x1 ptr B, dx M17.11 M25.511, dos 1/10/2026, POS 11", {"coverage"}),
    ],
)
def test_lines_are_held_against_coverage_policies(
    with_all: Desk, claim: str, rules: set[str]
) -> None:
    answer = with_all.ask(claim)
    assert {pair.rule for pair in answer.pairs if pair.rule == "coverage"} == rules
    assert answer.coverage
    assert "coverage" not in answer.not_checked
    assert all(pair.severity == "caution" for pair in answer.pairs), answer.headline.text


def test_present_on_admission_of_a_stay(with_all: Desk) -> None:
    stay = "type of bill 111, dx I50.23 (POA Y) D62 Z79.4, admitted 3/3/2026 discharged 3/6/2026"
    answer = with_all.ask(stay)
    assert ["D62"] in [pair.codes for pair in answer.pairs if pair.rule == "poa"]
    assert "poa" not in answer.not_checked
    assert "ms_drg" in answer.not_checked
    without = with_all.ask(stay.replace(" (POA Y)", ""))
    assert not [pair for pair in without.pairs if pair.rule == "poa"]
    assert "poa" in without.not_checked


def test_a_claim_of_before_icd10_is_not_held_against_it(checking: Desk) -> None:
    answer = checking.ask("E0143 x1, dx 278.0 E8881, dos 2/8/2005, POS 12, type of bill 131")
    assert [v.code for v in answer.verdicts if v.system != "hcpcs"] == []
    assert answer.claim is not None
    assert answer.claim.diagnoses == ["278.0", "E888.1"]
    assert answer.claim.to_mend == 0
    assert "icd9" in answer.not_checked


def test_a_claim_without_a_diagnosis_says_so(checking: Desk) -> None:
    answer = checking.ask("E0143 x1, dos 3/3/2026, type of bill 131, 42 yo M")
    assert answer.headline.text.startswith("1 to mend: E0143 (No diagnosis)")


def test_the_same_order_is_told_once(checking: Desk) -> None:
    answer = checking.ask("E0143 x1, dx F02.80 G30.9, dos 3/3/2026, POS 12")
    orders = [pair for pair in answer.pairs if pair.reasons[0].key == "pairs.order"]
    assert len(orders) == 1


def test_ages_and_principal_diagnoses_of_the_code_editor(with_all: Desk) -> None:
    answer = with_all.ask("type of bill 111, dx B95.0 N40.0, discharged 3/6/2026, 3 yo M")
    assert {"sequence B95.0", "age N40.0"} <= set(found(answer, "conflict"))
    # Only a stay has a principal diagnosis that the editor holds against it.
    office = with_all.ask("J7325 x1, dx B95.0, dos 3/6/2026, POS 11")
    assert not [pair for pair in office.pairs if "Code Editor" in str(pair.reasons)]
