"""The NCCI edits and places of service of CMS are read as published."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import openpyxl
import pytest
from paths import SHARED, TEST_DATA

from codesets.formats import ncci
from codesets.formats.ncci import edition_of, in_force, read_pairs, read_units, setting_of
from codesets.formats.place_of_service import read_places
from codesets.model import CodesetError, MueEdit, PlaceOfService, PtpEdit

DATA = TEST_DATA / "edits"
REAL = SHARED / "codesets" / "edits"

PTP = DATA / "ccipra-v321r0-f1.TXT"
MUE = DATA / "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv"
PLACES = DATA / "place-of-service-codes.csv"

with_real_files = pytest.mark.skipif(not REAL.is_dir(), reason="the real edits are not here")

PTP_HEADING = "Column 1\tColumn 2\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
MUE_HEADING = (
    "HCPCS/CPT Code,DME Supplier Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n"
)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def workbook(path: Path, rows: list[list[object]]) -> Path:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    workbook.save(path)
    return path


def pair(start: str | None = "2024-01-01", end: str | None = None, modifier: str = "1") -> PtpEdit:
    first = dt.date.fromisoformat(start) if start else None
    last = dt.date.fromisoformat(end) if end else None
    return PtpEdit("A9001", "A9002", first, last, modifier, "")


# Procedure-to-procedure edits


PAIRS = [
    PtpEdit("A9001", "A9002", dt.date(2024, 1, 1), None, "1",
             "Misuse of Column Two code with Column One code"),
    PtpEdit("A9001", "A9003", dt.date(1996, 1, 1), dt.date(2024, 12, 31), "0",
             "More extensive procedure"),
    PtpEdit("A9001", "A9003", dt.date(2025, 1, 1), None, "1",
             "Standards of medical/surgical practice"),
    PtpEdit("Q9901", "A9001", dt.date(2024, 4, 1), dt.date(2024, 4, 1), "9",
             "Mutually exclusive procedures"),
]  # fmt: skip


def test_pairs_of_the_text_file() -> None:
    assert list(read_pairs(PTP)) == PAIRS


def test_pairs_of_the_workbook(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "ccipra-v321r0-f1.xlsx",
        [
            ["CPT only copyright 2025 American Medical Association.  All rights reserved."],
            ["Column 1", "Column 2", "*=in existence\nprior to 1996", "Effective\nDate",
             "Deletion\nDate\n*=no data", "Modifier\n0=not allowed\n1=allowed\n9=not applicable",
             "PTP Edit Rationale"],
            ["A9001", "A9002", None, 20240101, "*", 1,
             "Misuse of Column Two code with Column One code"],
            ["A9001", "A9003", "*", "19960101", dt.datetime(2024, 12, 31), "0",
             "More extensive procedure"],
        ],
    )  # fmt: skip
    assert list(read_pairs(path)) == PAIRS[:2]


def test_pairs_come_one_by_one(tmp_path: Path) -> None:
    path = written(tmp_path / "cut.txt", PTP_HEADING + "A9001\tA9002\t20240101\t*\t1\tx\nA9001\n")
    pairs = read_pairs(path)
    assert next(pairs).column2 == "A9002"
    with pytest.raises(CodesetError, match="line 3"):
        next(pairs)


@pytest.mark.parametrize(
    ("type_", "columns"),
    [("Comprehensive", ("A9001", "A9002")), ("Component", ("A9002", "A9001"))],
)
def test_pairs_of_an_extract(tmp_path: Path, type_: str, columns: tuple[str, str]) -> None:
    path = written(
        tmp_path / "ptp.csv",
        "code,ptp_type,complement,deleted,modifier_indicator,rationale\n"
        f"A9001,{type_},A9002,9999-12-31,0,Mutually exclusive procedures\n",
    )
    (edit,) = read_pairs(path)
    assert (edit.column1, edit.column2) == columns
    assert edit.effective_from is None
    assert edit.deleted is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("A9001\tA900\t20240101\t*\t1\tx", 'line 2: "A900" is no HCPCS or CPT code'),
        ("A9001\tA9002\t2024\t*\t1\tx", 'line 2: "2024" is no date'),
        ("A9001\tA9002\t20240101\t*\t7\tx", 'line 2: "7" is no modifier indicator'),
        ("", "bad.txt holds no PTP edits."),
    ],
)
def test_bad_pairs_are_named(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(CodesetError) as error:
        list(read_pairs(written(tmp_path / "bad.txt", PTP_HEADING + rows)))
    assert message in str(error.value)


@pytest.mark.parametrize("read", [read_pairs, read_units, read_places])
def test_another_table_is_refused(tmp_path: Path, read) -> None:
    path = written(tmp_path / "other.csv", "name,price\napple,2\n")
    with pytest.raises(CodesetError, match=r"^other\.csv has not the columns of "):
        list(read(path))


def test_text_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "open.txt", PTP_HEADING + 'A9001\t"' + ("x" * 50_000 + "\n") * 4)
    with pytest.raises(CodesetError, match="not readable as a table"):
        list(read_pairs(path))


@pytest.mark.parametrize(
    ("edit", "day", "expected"),
    [
        (pair(), "2023-12-31", False),
        (pair(), "2024-01-01", True),
        (pair(end="2024-12-31"), "2024-12-31", True),
        (pair(end="2024-12-31"), "2025-01-01", False),
        (pair(start=None), "1999-01-01", True),
        (pair(start=None, end="2024-12-31"), "2025-01-01", False),
        (pair(end="2024-01-01", modifier="9"), "2024-01-01", False),
    ],
)
def test_in_force(edit: PtpEdit, day: str, expected: bool) -> None:
    assert in_force(edit, dt.date.fromisoformat(day)) is expected


# Medically unlikely edits


UNITS = (
    MueEdit("A9001", 2, "1", "Prescribing Information"),
    MueEdit("A9002", 1, "2", "Code Descriptor / CPT Instruction"),
    MueEdit("A9003", 0, "3", "CMS Policy"),
)


def test_units_of_the_text_file() -> None:
    assert read_units(MUE) == UNITS


def test_units_of_the_workbook(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "MCR_MUE_OutpatientHospitalServices_Eff_04-01-2026.xlsx",
        [
            ["CPT codes, descriptions and other data only are copyright 2025 AMA."],
            ["HCPCS/\nCPT Code", "Outpatient Hospital Services MUE Values",
             "MUE Adjudication Indicator", "MUE Rationale"],
            ["A9001", 2, "1 Line Edit", "Prescribing Information"],
        ],
    )  # fmt: skip
    assert read_units(path) == UNITS[:1]


def test_units_of_an_extract(tmp_path: Path) -> None:
    path = written(
        tmp_path / "mue.csv",
        "hcpcs_code,mue_units,mue_mai,mue_rationale,mue_service\n"
        "A9003,0,3,CMS Policy,DME Supplier\n",
    )
    assert read_units(path) == UNITS[2:]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("A9,2,1 Line Edit,x", 'line 2: "A9" is no HCPCS or CPT code'),
        ("A9001,two,1 Line Edit,x", 'line 2: "two" is no number of units'),
        ("A9001,2,Line Edit,x", 'line 2: "Line Edit" is no adjudication indicator'),
        ("", "bad.csv holds no medically unlikely edits."),
    ],
)
def test_bad_units_are_named(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(CodesetError) as error:
        read_units(written(tmp_path / "bad.csv", MUE_HEADING + rows))
    assert message in str(error.value)


# Setting and edition


@pytest.mark.parametrize(
    ("head", "name", "setting"),
    [
        ("HCPCS/CPT Code,Practitioner Services MUE Values", "mue.csv", "practitioner"),
        ("HCPCS/CPT Code,Outpatient Hospital Services MUE Values", "mue.csv", "outpatient"),
        ("HCPCS/CPT Code,DME Supplier Services MUE Values", "mue.csv", "dme"),
        ("A4206,0,3,CMS Policy,DME Supplier", "mue.csv", "dme"),
        ("Column 1\tColumn 2", "ccipra-v321r0-f1.TXT", "practitioner"),
        ("Column 1\tColumn 2", "ccioph-v321r0-f1.TXT", "outpatient"),
        ("", "medicare-ncci-2026q2-hospital-ptp-edits-ccioph-v321r0-f1.zip", "outpatient"),
        ("", "MCR_MUE_DMESupplierServices_Eff_10-01-2025.csv", "dme"),
        ("Column 1\tColumn 2", "pairs.txt", None),
        ("", "practitioner and outpatient.csv", None),
    ],
)
def test_setting(head: str, name: str, setting: str | None) -> None:
    assert setting_of(head, name) == setting


@pytest.mark.parametrize(
    ("name", "head", "label", "first", "last"),
    [
        ("MCR_MUE_PractitionerServices_Eff_01-01-2026.csv", "", "2026-Q1", "01-01", "03-31"),
        ("ccipra-v300r0-f1.TXT", "", "2024-Q1", "01-01", "03-31"),
        ("ccioph-v313r0-f2.xlsx", "", "2025-Q4", "10-01", "12-31"),
        ("medicare-ncci-2026-q3-dme-supplier-services-mue-table.zip", "", "2026-Q3", "07-01",
         "09-30"),
        ("ncci_mue_dme_2024q2_level2.csv", "", "2024-Q2", "04-01", "06-30"),
        ("ncci_ptp_practitioner_2024_level2_pairs.csv", "", "2024", "01-01", "12-31"),
        ("edits.csv", "NCCI edits, effective 04/01/2025", "2025-Q2", "04-01", "06-30"),
    ],
)  # fmt: skip
def test_edition(name: str, head: str, label: str, first: str, last: str) -> None:
    year = label[:4]
    assert edition_of(name, head) == (
        label,
        dt.date.fromisoformat(f"{year}-{first}"),
        dt.date.fromisoformat(f"{year}-{last}"),
    )


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("edits.csv", "CPT only copyright 2025 American Medical Association."),
        ("ccipra-v324r0-f1.TXT", ""),
        ("edits 2024 to 2025.csv", ""),
    ],
)
def test_no_edition(name: str, head: str) -> None:
    assert edition_of(name, head) is None


# Places of service


def test_places() -> None:
    assert read_places(PLACES) == (
        PlaceOfService("01", "Pharmacy", "A place for the tests that sells drugs."),
        PlaceOfService("11", "Office", "A place for the tests, other than a hospital."),
    )


def test_places_of_a_workbook_that_lost_its_zeros(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "pos.xlsx",
        [
            ["pos_code", "pos_type", "pos_name", "pos_description"],
            [1, "Non-Facility", "Pharmacy", "Sells drugs."],
            [21, "Facility", "Inpatient Hospital", "Keeps patients."],
            [28, "Unassigned", "Unassigned", "Unassigned"],
        ],
    )
    places = read_places(path)
    assert [(place.code, place.facility) for place in places] == [("01", False), ("21", True)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [("1A,Office,x", 'line 2: "1A" is no place of service code'), ("", "holds no place of")],
)
def test_bad_places_are_named(tmp_path: Path, rows: str, message: str) -> None:
    heading = "Place of Service Code(s),Place of Service Name,Place of Service Description\n"
    with pytest.raises(CodesetError, match=message):
        read_places(written(tmp_path / "bad.csv", heading + rows))


# The real files


@with_real_files
@pytest.mark.parametrize(
    ("name", "setting", "pairs", "active"),
    [
        ("ncci_ptp_practitioner_2024_level2_pairs.csv", "practitioner", 3158, 1372),
        ("ncci_ptp_outpatient_2024_level2_pairs.csv", "outpatient", 2200, 1023),
    ],
)
def test_real_pairs(name: str, setting: str, pairs: int, active: int) -> None:
    found = list(read_pairs(REAL / name))
    assert len(found) == pairs
    assert sum(in_force(edit, dt.date(2024, 6, 1)) for edit in found) == active
    assert setting_of("", name) == setting


@with_real_files
def test_real_deletion_dates_are_last_days_in_force() -> None:
    """They are the ends of quarters, as `in_force` assumes, except of edits that never applied."""
    found = list(read_pairs(REAL / "ncci_ptp_practitioner_2024_level2_pairs.csv"))
    ends = {f"{edit.deleted:%m-%d}" for edit in found if edit.deleted and edit.modifier != "9"}
    assert ends == {"03-31", "06-30", "09-30", "12-31"}


@with_real_files
@pytest.mark.parametrize(
    ("name", "setting", "count"),
    [
        ("ncci_mue_dme_2024q2_level2.csv", "dme", 2928),
        ("ncci_mue_outpatient_2024q2_level2.csv", "outpatient", 4339),
        ("ncci_mue_practitioner_2024q2_level2.csv", "practitioner", 4387),
    ],
)
def test_real_units(name: str, setting: str, count: int) -> None:
    found = read_units(REAL / name)
    assert len(found) == len({edit.code for edit in found}) == count
    assert {edit.adjudication for edit in found} == set(ncci.ADJUDICATION)
    head = (REAL / name).read_text()[:4096]
    assert setting_of(head, "mue.csv") == setting


@with_real_files
def test_real_places() -> None:
    path = REAL / "pos_codes_2024.csv"
    places = read_places(path)
    unassigned = path.read_text().count(",Unassigned,Unassigned,Unassigned")
    assert len(places) + unassigned == 99
    assert Counter(place.facility for place in places) == {True: 18, False: 34}
