"""The lists of inpatient claims and risk adjustment are told by their content, and read whole."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import inpatient_files as files
import pytest
from paths import SHARED

from codesets.formats import msdrg_tables
from codesets.loading.importer import import_files
from codesets.lookups.inpatient_lists import InpatientLists
from codesets.model import CodesetError, Reference
from codesets.rows_inpatient import (
    CcExclusion,
    CountsIfAlive,
    DrgExclusion,
    DrgWeight,
    HccEdit,
    HccLabel,
    HccMapping,
    HospitalAcquired,
    MceEdit,
    PdxCollection,
    PoaChange,
    PoaExempt,
    SeverityLevel,
)
from codesets.store.code_store import CodeStore

# It reads whole files.
pytestmark = pytest.mark.slow

PUBLISHED = SHARED / "codesets" / "published"
MAY = dt.date(2026, 5, 1)
NEXT_YEAR = dt.date(2026, 11, 1)


@pytest.fixture
def store(tmp_path: Path):
    store = CodeStore(tmp_path / "codes.db")
    yield store
    store.close()


@pytest.fixture
def lists(store: CodeStore, tmp_path: Path) -> InpatientLists:
    import_files(store, files.all_of(tmp_path))
    return InpatientLists(store.references)


def only(store: CodeStore, kind: str, part: str | None = None) -> Reference:
    (found,) = [one for one in store.references.all(kind) if one.part == part]
    return found


# Told and read


@pytest.mark.parametrize(
    ("name", "text", "key", "first"),
    [
        ("Table_6I_FY2026.txt", files.TABLE_6I, "icd10cm/mcc/FY2026",
         SeverityLevel("I46.9", "MCC")),
        ("Table 6J Complete CC List FY 2026.txt", files.TABLE_6J, "icd10cm/cc/FY2026",
         SeverityLevel("D62", "CC")),
        ("table6k_fy2026.txt", files.TABLE_6K, "icd10cm/cc_exclusions/FY2026",
         CcExclusion("D62", "CC", "0002")),
        ("Table5.txt", files.TABLE_5, "icd10cm/drg_weights/FY2026",
         DrgWeight("010", "PANCREAS TRANSPLANT", "PRE", "SURG", False, False, "3.0699", "7.1757",
                   "5.9", "6.0")),
        ("MCE_v37.txt", files.MCE_TABLE, "icd10cm/mce/FY2020",
         MceEdit("A33", "newborn", 0, 0, "37")),
        ("mce_edits_v43_2026-07.json", files.MCE_JSON, "icd10cm/mce/FY2026/diagnoses",
         MceEdit("D63.1", "manifestation", None, None, "43")),
        ("mce_v43.1.json", files.MCE_JSON, "icd10cm/mce/FY2026-April/diagnoses",
         MceEdit("D63.1", "manifestation", None, None, "43")),
        ("POAexemptCodesFY26.txt", files.POA, "icd10cm/poa_exempt/FY2026", PoaExempt("B91")),
        ("POAexemptAddCodesFY26.txt", files.POA_ADDED, "icd10cm/poa_changes/FY2026/added",
         PoaChange("B91", "added")),
        ("POAexemptDeleteCodesFY26.txt", files.POA_DELETED, "icd10cm/poa_changes/FY2026/deleted",
         PoaChange("Q89.8", "deleted")),
        ("POAexemptReviseCodesFY26.txt", files.POA_REVISED, "icd10cm/poa_changes/FY2026/revised",
         PoaChange("Z79.4", "revised")),
        ("Appendix I FY2026.txt", files.HAC, "icd10cm/hac/FY2026",
         HospitalAcquired("S72.001A", "05", "Falls and Trauma", False)),
        ("F2824T1N.TXT", files.HCC_FORMAT, "icd10cm/hcc/2025/V28",
         HccMapping("E11.22", "CMS-HCC V28", 37)),
        ("v28_2027_diag_to_category_map.txt", files.HCC_FORMAT, "icd10cm/hcc/2027/V28",
         HccMapping("E11.22", "CMS-HCC V28", 37)),
        ("mapping_2027.csv", files.HCC_MAPPING, "icd10cm/hcc/2027",
         HccMapping("E11.22", "CMS-HCC V24", 18)),
        ("labels_2026.csv", files.HCC_LABELS, "icd10cm/hcc_labels/2026",
         HccLabel("CMS-HCC V28", 37, "Diabetes with Chronic Complications")),
        ("v28_2027_category_definition.json", files.HCC_LABELS_JSON,
         "icd10cm/hcc_labels/2027/V28",
         HccLabel("CMS-HCC V28", 37, "Diabetes with Chronic Complications")),
        ("edits_2026.csv", files.HCC_EDITS, "icd10cm/hcc_edits/2026",
         HccEdit("D66", "CMS-HCC V28", "F", None, None, 112)),
    ],
)  # fmt: skip
def test_a_list_is_told_and_read(
    store: CodeStore, tmp_path: Path, name: str, text: str, key: str, first: object
) -> None:
    done = import_files(store, [files.written(tmp_path, name, text)])
    assert [one.key for one in done.loaded] == [key]
    reference = store.references.get(key)
    assert next(store.references.rows(type(first), reference)) == first


def test_all_parts_of_table_6k_are_read(store: CodeStore, tmp_path: Path) -> None:
    import_files(store, [files.written(tmp_path, "6K FY2026.txt", files.TABLE_6K)])
    reference = only(store, "cc_exclusions")
    read = store.references.rows
    assert [row.collection for row in read(CcExclusion, reference)] == [
        "0002", "0003", "0003", "", "", "0004",
    ]  # fmt: skip
    assert PdxCollection("0004", ("N17.9", "N18.6")) in list(read(PdxCollection, reference))
    assert list(read(CountsIfAlive, reference)) == [CountsIfAlive("I46.9")]
    drgs = DrgExclusion("673", "675", "Other Kidney and Urinary Tract Procedures", ("N17.9",))
    assert list(read(DrgExclusion, reference)) == [drgs]


def test_a_condition_that_needs_a_procedure_says_so(store: CodeStore, tmp_path: Path) -> None:
    import_files(store, [files.written(tmp_path, "appendix_F_I_FY2026.txt", files.HAC)])
    rows = list(store.references.rows(HospitalAcquired, only(store, "hac")))
    assert [(row.code, row.hac, row.with_procedure) for row in rows] == [
        ("S72.001A", "05", False),
        ("J95.811", "14", True),
    ]


def test_a_mapping_is_for_the_services_of_the_year_before(store: CodeStore, tmp_path: Path) -> None:
    import_files(store, [files.written(tmp_path, "mapping_2027.csv", files.HCC_MAPPING)])
    mapping = only(store, "hcc")
    assert (mapping.effective_from, mapping.effective_through) == (
        dt.date(2026, 1, 1), dt.date(2026, 12, 31),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("6I FY2026.txt", files.TABLE_6I.replace("J96.01\t", "J96,01\t"), "line 5"),
        ("6K FY2026.txt", files.TABLE_6K.replace("  N186 ", "  "), "line"),
        ("6K FY2026.txt", files.TABLE_6K.replace("PDX collection 0004", "PDX collection 0005"),
         "names PDX collection 0004"),
        ("MCE v37.txt", files.MCE_TABLE.replace("Male_Only", "Other_Only") + "\n", "Other_Only"),
        ("POAexemptCodesFY26.txt", files.POA.replace("B91", "sequela"), "sequela"),
        ("mapping_2027.csv", files.HCC_MAPPING.replace("V24", "X24"), "no model"),
        ("edits.csv", files.HCC_EDITS, "does not tell which edition"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_says_why(
    store: CodeStore, tmp_path: Path, name: str, text: str, says: str
) -> None:
    with pytest.raises(CodesetError, match=says):
        import_files(store, [files.written(tmp_path, name, text)])


@pytest.mark.parametrize(
    "title", ["TABLE 6I.1 - ADDITIONS TO THE MCC LIST", "TABLE 6J.2 - DELETIONS TO THE CC LIST"]
)
def test_lists_of_changes_are_not_taken_for_the_lists(title: str) -> None:
    assert msdrg_tables.kind_of(title + "\r\nDiagnosis Code\tDescription\r\n") is None


# What they say of a code


def test_a_level_has_its_collection_and_edition(lists: InpatientLists) -> None:
    level = lists.level("N17.9", MAY)
    assert level is not None
    assert (level.level, level.collection, level.if_alive) == ("CC", "0004", False)
    assert level.reference.label == "FY2026"
    assert lists.excludes("0004", "N18.6", MAY)
    assert lists.excludes("0004", "I50.23", MAY) is None
    assert lists.level("E11.9", MAY) is None
    alive = lists.level("I46.9", MAY)
    assert alive is not None
    assert alive.if_alive


def test_without_6i_and_6j_the_level_is_that_of_6k(store: CodeStore, tmp_path: Path) -> None:
    import_files(store, [files.written(tmp_path, "6K FY2026.txt", files.TABLE_6K)])
    level = InpatientLists(store.references).level("J96.01", MAY)
    assert level is not None
    assert (level.level, level.collection) == ("MCC", "")


def test_the_nearest_edition_is_taken_and_known_as_such(lists: InpatientLists) -> None:
    exempt = lists.poa_exempt("Z79.4", NEXT_YEAR)
    assert exempt is not None
    assert exempt.rows
    assert not exempt.covers(NEXT_YEAR)
    assert exempt.covers(MAY)


def test_categories_have_their_labels_and_hierarchy(lists: InpatientLists) -> None:
    found = {(one.model, one.number): one.label for one in lists.categories("E11.22", MAY)}
    assert found == {
        ("CMS-HCC ESRD V24", 18): "Diabetes with Chronic Complications",
        ("CMS-HCC V24", 18): "",
        ("CMS-HCC V28", 37): "Diabetes with Chronic Complications",
        ("RxHCC V08", 30): "Diabetes with Complications",
    }
    assert lists.dropped("CMS-HCC V28", [37, 38, 224], MAY) == {38: 37}
    assert lists.dropped("CMS-HCC V28", [38, 224], MAY) == {}
    assert lists.lacking("CMS-HCC V28", [223]) == {223: (221, 222, 224, 225, 226)}
    assert lists.lacking("CMS-HCC V28", [223, 226]) == {}


# The published files

needs_published = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="needs the published files")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory):
    store = CodeStore(tmp_path_factory.mktemp("real") / "codes.db")
    folder = PUBLISHED
    import_files(store, [*sorted((folder / "msdrg").iterdir()), *sorted((folder / "mce").iterdir()),
                         folder / "icd10cm" / "POAexemptCodesFY26.zip",
                         folder / "hcc" / "v28_2027_diag_to_category_map.txt"])  # fmt: skip
    yield store
    store.close()


@needs_published
def test_the_published_lists_have_the_published_counts(real: CodeStore) -> None:
    """The counts of POA codes are those of CMS's read-me; 6I and 6J have the codes of 6K."""
    counts = {one.key: real.references.count(one) for one in real.references.all()}
    assert counts["icd10cm/mcc/FY2026"] == 3_354
    assert counts["icd10cm/cc/FY2026"] == 15_078
    assert counts["icd10cm/drg_weights/FY2026"] == 772
    assert counts["icd10cm/poa_exempt/FY2026"] == 38_349
    changes = {key: count for key, count in counts.items() if "poa_changes" in key}
    assert list(changes.values()) == [209, 14, 25]
    exclusions = only(real, "cc_exclusions")
    listed = list(real.references.rows(CcExclusion, exclusions))
    assert Counter(row.level for row in listed) == {"CC": 15_078, "MCC": 3_354}
    levels = {
        row.code: row.level
        for kind in ("mcc", "cc")
        for row in real.references.rows(SeverityLevel, only(real, kind))
    }
    assert levels == {row.code: row.level for row in listed}


@needs_published
def test_the_changes_of_the_poa_list_are_in_it(real: CodeStore) -> None:
    exempt = {row.code for row in real.references.rows(PoaExempt, only(real, "poa_exempt"))}

    def changed(part: str) -> set[str]:
        reference = only(real, "poa_changes", part)
        return {row.code for row in real.references.rows(PoaChange, reference)}

    assert changed("added") | changed("revised") <= exempt
    assert not changed("deleted") & exempt
