"""What other files say about codes: ICD-9-CM equivalents, drug products, the meaning of ICD-10-PCS
characters, coverage, and replacements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import TEST_DATA as DATA

from bot.desk.answer import Answer, Verdict
from bot.desk.desk import Desk
from bot.settings import Settings
from codesets.loading.importer import import_files
from codesets.loading.packaged_references import load_packaged_references
from codesets.model import ConversionRow, Reference, ReferenceData
from codesets.store.code_store import CodeStore

PCS_CODES = DATA / "books" / "icd10pcs_codes_2027.txt"
DAY = dt.date(2026, 5, 1)
#: A day of the ICD-10-PCS edition written for the tests.
FY2027 = dt.date(2026, 11, 1)


@pytest.fixture(scope="module")
def crossing(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk, without an index, with the packaged code sets and mappings, a HCPCS quarter with
    its drug products, and an edition of ICD-10-PCS with its tables."""
    home = tmp_path_factory.mktemp("crosswalks")
    copy = CodeStore(home / "codes.db")
    store._db.conn.backup(copy._db.conn)
    load_packaged_references(copy)
    import_files(copy, [
        DATA / "hcpcs" / "HCPC2026_APR_ANWEB.txt",
        DATA / "hcpcs" / "april_2026_asp_ndc_hcpcs_crosswalk.csv",
        DATA / "icd10pcs" / "icd10pcs_tables_2027.xml",
        PCS_CODES,
    ], partial=True)  # fmt: skip
    days = dt.date(2025, 10, 1), dt.date(2026, 9, 30)
    conversion = Reference("conversion", "icd10cm", "FY2026", *days, "test", ())
    # T78.07XA was split in the edition that follows FY2024.
    row = ConversionRow("T78.070A", dt.date(2025, 10, 1), "T78.07XA")
    copy.references.load(ReferenceData(conversion, (row,)))
    copy.close()
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


def only(answer: Answer) -> Verdict:
    assert answer.outcome == "verdict"
    (verdict,) = answer.verdicts
    return verdict


# ICD-9-CM

RETIRED = "is an ICD-9-CM code: ICD-9-CM is not valid for dates of service from 2015-10-01 on."


@pytest.mark.parametrize(
    ("question", "code", "replaced_by", "says"),
    [
        ("250.00", "250.00", ["E11.9"], "approximate: no single code means exactly the same"),
        ("what is 250.00 in icd-10", "250.00", ["E11.9"], "approximate"),
        ("convert icd9 V58.67", "V58.67", ["Z79.4"], "identical: both codes mean the same"),
        ("what is V58.67 in ICD-9-CM?", "V58.67", ["Z79.4"], "identical"),
        ("icd-9 E849.0", "E849.0", ["Y92.099"], "approximate"),
        ("E800.0 icd-9", "E800.0", ["V81.2XXA"], "approximate"),
        ("icd-9 code 365.70", "365.70", [], "no map: no code of the other system means this"),
    ],
)
def test_icd9_codes_in_questions(
    crossing: Desk, question: str, code: str, replaced_by: list[str], says: str
) -> None:
    verdict = only(crossing.ask(question, day=DAY))
    assert (verdict.code, verdict.system, verdict.status) == (code, "icd9cm", "deleted")
    assert verdict.why == f"{code} {RETIRED}"
    assert [c.code for c in verdict.replaced_by] == replaced_by
    assert all(c.title for c in verdict.replaced_by)
    assert says in verdict.equivalents[0].says
    assert verdict.equivalents[0].says.startswith("ICD-10-CM General Equivalence Mappings before")


@pytest.mark.parametrize(
    ("code", "replaced_by"), [("250.00", ["E11.9"]), ("401.9", ["I10"]), ("365.70", [])]
)
def test_icd9_codes_that_are_checked(crossing: Desk, code: str, replaced_by: list[str]) -> None:
    verdict = only(crossing.check([code], day=DAY))
    assert (verdict.system, verdict.status) == ("icd9cm", "deleted")
    assert [c.code for c in verdict.replaced_by] == replaced_by


def test_a_combination_names_its_scenario_and_choice_lists(crossing: Desk) -> None:
    verdict = only(crossing.ask("icd9 115.01", day=DAY))
    assert [(e.code, e.says.partition("combination: ")[2]) for e in verdict.equivalents] == [
        (code, "needs one code from each choice list of its scenario "
               f"(scenario 1, choice list {choice})")
        for code, choice in (("B39.4", 1), ("G02", 2))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "icd9", "says"),
    [
        ("E11.9", ["250.00"], "approximate"),
        ("Z79.4", ["V58.67"], "identical"),
        ("I10", ["401.9"], "approximate"),
        ("E66.813", [], ""),  # newer than the mappings
    ],
)
def test_back_to_icd9(crossing: Desk, code: str, icd9: list[str], says: str) -> None:
    for answer in (crossing.ask(f"icd9 for {code}", day=DAY), crossing.check([code], day=DAY)):
        verdict = only(answer)
        assert (verdict.code, verdict.status) == (code, "billable")
        assert {e.code for e in verdict.equivalents} >= set(icd9)
        assert bool(verdict.equivalents) is bool(icd9)
        assert all(says in e.says for e in verdict.equivalents if e.code in icd9)


def test_a_code_that_icd10_has_is_one_unless_icd9_is_named(crossing: Desk) -> None:
    assert only(crossing.ask("V10.1", day=DAY)).system == "icd10cm"


# Drug products


@pytest.mark.parametrize(
    ("question", "code", "says"),
    [
        ("NDC 55513-0710-01", "J0897",
         "NDC 55513-0710-01 (Prolium, Amgum Inc): 60 billing units of J0897 (1 MG) in a package: "
         "1 item (size 1) of 60 units."),
        ("55513-710-01", "J0897", "60 billing units of J0897"),
        ("what bills 55513071021?", "J0897",
         "240 billing units of J0897 (1 MG) in a package: 4 items (size 1) of 60 units each."),
        ("ndc 00781-3400-95 how many units", "J0290",
         "3 billing units of J0290 (500 MG) in a package: 10 items (size 1) of 0.25 units each, "
         "rounded up."),
        ("NDC 0517-3401-95", "J0290", "billing units of J0290 (500 MG) are not published."),
        ("00781-0400-10", "90000", "10 billing units of 90000 (0.5 ML) in a package"),
    ],
)  # fmt: skip
def test_units_of_a_drug_product(crossing: Desk, question: str, code: str, says: str) -> None:
    answer = crossing.ask(question, day=DAY)
    assert only(answer).code == code
    assert [says in notice for notice in answer.notices] == [True]


def test_two_packages_of_one_drug(crossing: Desk) -> None:
    answer = crossing.ask("55513-0710-01 or 55513-0730-01", day=DAY)
    assert only(answer).code == "J0897"
    assert [notice.partition(" billing")[0] for notice in answer.notices] == [
        "NDC 55513-0710-01 (Prolium, Amgum Inc): 60",
        "NDC 55513-0730-01 (Exgevium, Amgum Inc): 120",
    ]


def test_a_drug_product_that_is_not_in_the_crosswalk(crossing: Desk) -> None:
    answer = crossing.ask("NDC 99999-9999-99", day=DAY)
    assert (answer.outcome, answer.verdicts) == ("abstained", [])
    (notice,) = answer.notices
    assert notice.startswith("No loaded edition of the ASP NDC-HCPCS crosswalk has 99999-9999-99")


# The characters of ICD-10-PCS


def test_a_procedure_code_character_by_character(crossing: Desk) -> None:
    verdict = only(crossing.check(["0YR14JZ"], day=FY2027))
    assert verdict.status == "billable"
    assert [(a.position, a.axis, a.value, a.meaning) for a in verdict.axes] == [
        (1, "Section", "0", "Medical and Surgical"),
        (2, "Body System", "Y", "Sheds and Fences"),
        (3, "Operation", "R", "Replacement"),
        (4, "Body Part", "1", "Gate Post, Right"),
        (5, "Approach", "4", "Percutaneous Endoscopic"),
        (6, "Device", "J", "Synthetic Substitute"),
        (7, "Qualifier", "Z", "No Qualifier"),
    ]
    assert verdict.why.endswith("Its characters are explained by the ICD-10-PCS Tables FY2027.")


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("0YR10JZ same but percutaneous endoscopic", "0YR14JZ"),
        ("what about 0YR14JZ, but open?", "0YR10JZ"),
        ("0YR10JZ on the left side instead", "0YR20JZ"),
        ("0YR10JZ but bilateral", "0YR30JZ"),
        ("0YR10JZ but with synthetic substitute, metal", "0YR101Z"),
    ],
)
def test_the_same_but(crossing: Desk, question: str, other: str) -> None:
    one, changed = crossing.ask(question, day=FY2027).verdicts
    assert (changed.code, changed.status) == (other, "billable")
    assert changed.axes
    assert one.code in question


def test_the_same_but_there_is_no_such_code(crossing: Desk) -> None:
    _, changed = crossing.ask("0YR10JZ same but percutaneous", day=FY2027).verdicts
    assert (changed.code, changed.status) == ("0YR1…JZ", "unknown")
    assert changed.why == (
        'The table has no code like 0YR10JZ with "Percutaneous" there. Possible are: Open, '
        "Percutaneous Endoscopic."
    )


def test_a_question_that_changes_nothing_has_one_verdict(crossing: Desk) -> None:
    assert only(crossing.ask("is 0YR10JZ billable?", day=FY2027)).code == "0YR10JZ"


def test_a_code_that_is_not_in_the_tables(crossing: Desk) -> None:
    verdict = only(crossing.check(["0DTJ0ZZ"], day=dt.date(2024, 1, 1)))
    assert (verdict.status, verdict.axes) == ("billable", [])
    assert "The ICD-10-PCS Tables FY2027, the nearest loaded, do not have 0DTJ0ZZ" in verdict.why


def test_without_tables_the_file_to_import_is_named(tmp_path: Path) -> None:
    store = CodeStore(tmp_path / "codes.db")
    import_files(store, [PCS_CODES])
    store.close()
    desk = Desk(Settings(home=tmp_path))
    verdict = only(desk.ask("0YR10JZ same but percutaneous endoscopic", day=FY2027))
    desk.close()
    assert verdict.axes == []
    assert "which are not loaded: import icd10pcs_tables_YYYY.xml (CMS" in verdict.why


# Coverage and replacements


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("A0021", ["Coverage I: Not payable by Medicare", "Pricing 00: Service not separately",
                   "BETOS O1A: Ambulance"]),
        ("E0155", ["Coverage D: Special coverage instructions apply", "Pricing 46: Carrier priced",
                   "Type of service R: Rental of DME"]),
    ],
)  # fmt: skip
def test_billable_is_not_covered(crossing: Desk, code: str, says: list[str]) -> None:
    verdict = only(crossing.check([code], day=DAY))
    assert verdict.status == "billable"
    before, told, after = verdict.why.partition("Billable is not covered; the file says: ")
    assert (before, bool(told)) == (f"{code} is valid and billable in 2026-April. ", True)
    assert [line for line in says if line not in after] == []


@pytest.mark.parametrize(
    ("code", "day", "replaced_by"),
    [
        ("Q9999", DAY, ["J0897"]),  # by the cross-references of the HCPCS file
        ("T78.07XA", DAY, ["T78.070A"]),  # by the conversion table
        ("S30.1XXA", DAY, []),
    ],
)
def test_what_takes_the_place_of_a_deleted_code(
    crossing: Desk, code: str, day: dt.date, replaced_by: list[str]
) -> None:
    verdict = only(crossing.check([code], day=day))
    assert verdict.status == "deleted"
    assert [c.code for c in verdict.replaced_by] == replaced_by
    assert ("No official replacement is loaded." in verdict.why) is not bool(replaced_by)


def test_a_code_is_not_replaced_while_it_is_valid(crossing: Desk) -> None:
    verdict = only(crossing.check(["T78.07XA"], day=dt.date(2024, 1, 1)))
    assert (verdict.status, verdict.replaced_by) == ("billable", [])
