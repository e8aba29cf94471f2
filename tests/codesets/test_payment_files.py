"""Files that say how a service is paid, and why not: the fee schedule, OPPS Addendum B, add-on code
edits, and lists of reason and remark codes. Each is told by its content and read whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from paths import SHARED
from payment_files import ADD_ON, CARC, FEES, FILES, OPPS

from codesets.formats.add_on_codes import in_force
from codesets.loading.importer import import_files
from codesets.model import CodesetError
from codesets.rows_payment import AddOnEdit, AdjustmentCode, FeeIndicators, OppsIndicators
from codesets.store.code_store import CodeStore

PUBLISHED = SHARED / "codesets" / "published"


@pytest.fixture
def own(tmp_path: Path) -> CodeStore:
    return CodeStore(tmp_path / "codes.db")


def loaded(store: CodeStore, folder: Path, name: str, text: str) -> list[object]:
    (folder / name).write_text(text)
    import_files(store, [folder / name])
    (reference,) = store.references.all()
    kinds = {
        "fee_schedule": FeeIndicators,
        "opps": OppsIndicators,
        "add_on": AddOnEdit,
        "carc": AdjustmentCode,
        "rarc": AdjustmentCode,
    }
    return list(store.references.rows(kinds[reference.kind], reference))


@pytest.mark.parametrize("name", FILES)
def test_told_by_its_content_and_dated(own: CodeStore, tmp_path: Path, name: str) -> None:
    text, key, first = FILES[name]
    loaded(own, tmp_path, name, text)
    (reference,) = own.references.all()
    assert (reference.key, reference.effective_from.isoformat()) == (key, first)


def test_fee_schedule(own: CodeStore, tmp_path: Path) -> None:
    rows = loaded(own, tmp_path, "PPRRVU2026_Jul_nonQPP.csv", FEES)
    assert rows == [
        FeeIndicators("A0001", "", "A", "1", "010", "2", "1", "0", "2", "9"),
        FeeIndicators("A0001", "26", "A", "1", "XXX", "2", "3", "0", "0", "0"),
    ]


def test_opps(own: CodeStore, tmp_path: Path) -> None:
    rows = loaded(own, tmp_path, "October 2025 Web Addendum B.csv", OPPS)
    assert rows == [OppsIndicators("A0001", "N", ""), OppsIndicators("A0002", "J1", "5114")]


def test_add_on_edits(own: CodeStore, tmp_path: Path) -> None:
    rows = loaded(own, tmp_path, "AOC_V2026Q1-MCR.csv", ADD_ON)
    assert rows == [
        AddOnEdit("A0002", "A0001", "1", dt.date(2024, 1, 1), None),
        AddOnEdit("A0003", "", "2", dt.date(2024, 2, 1), None),
    ]
    assert in_force(rows[0], dt.date(2024, 1, 1))
    assert not in_force(rows[0], dt.date(2023, 12, 31))


def test_reason_and_remark_codes(own: CodeStore, tmp_path: Path) -> None:
    rows = loaded(own, tmp_path, "CARC 2026.csv", CARC)
    assert rows == [
        AdjustmentCode("1", "Made up words", dt.date(1995, 1, 1), None),
        AdjustmentCode("B99", "Others", dt.date(1995, 1, 31), dt.date(2020, 6, 30)),
    ]


BROKEN = [
    ("AOC_V2026Q1-MCR.csv", ADD_ON.replace("1,A0002", "7,A0002"), "line 2: \"7\" is no type"),
    ("AOC_V2026Q1-MCR.csv", ADD_ON.replace("20240101", "20241301"), "is no date"),
    ("CARC 2026.csv", CARC.replace("01/31/1995", "last year"), 'line 3: "last year" is no date'),
    ("CARC.csv", CARC, "add --release 2026"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "says"), BROKEN)
def test_what_is_wrong_is_said(
    own: CodeStore, tmp_path: Path, name: str, text: str, says: str
) -> None:
    with pytest.raises(CodesetError, match=says.replace("(", r"\(")):
        loaded(own, tmp_path, name, text)


REAL = [
    ("pfs/PPRRVU2026_Jul_nonQPP.excerpt.redacted.csv", "hcpcs/fee_schedule/2026-July", 4),
    ("opps/508 version of October 2025 Web Addendum B.10.31.25.redacted.csv",
     "hcpcs/opps/2025-October", 18_797),
    ("ncci/ccipra-v322r0-f1.excerpt.txt", "hcpcs/ptp-practitioner/2026-July/1", 94),
    ("ncci/MCR_MUE_PractitionerServices_Eff_07-01-2026.excerpt.csv",
     "hcpcs/mue-practitioner/2026-July", 44),
]  # fmt: skip


@pytest.mark.parametrize(("name", "key", "count"), REAL)
def test_files_as_published(own: CodeStore, name: str, key: str, count: int) -> None:
    if not (PUBLISHED / name).exists():
        pytest.skip("needs official files")
    import_files(own, [PUBLISHED / name], partial=True)
    (reference,) = own.references.all()
    assert (reference.key, own.references.count(reference)) == (key, count)
