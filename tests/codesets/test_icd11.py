"""ICD-11 from the files of WHO: the simple tabulation of the MMS, and the maps with ICD-10."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from icd11_files import ENTITIES, all_files, map_to_10, map_to_11, tabulation
from paths import ROOT, SHARED

from codesets.code_format import ICD10CM_EITHER, ICD10PCS, ICD11, ICD11_STEM, is_icd11_extension
from codesets.formats.icd11 import edition_of, read_map_to_10, read_map_to_11, read_tabulation
from codesets.loading.freshness import not_loaded, out_of_date
from codesets.loading.importer import import_files
from codesets.model import CodesetError, Release
from codesets.rows_icd11 import Icd11Mapping
from codesets.store.code_store import CodeStore
from index.families import gather

REAL = SHARED / "codesets" / "published" / "icd11"
RELEASE = Release("icd11", "2024-01", dt.date(2024, 1, 1), dt.date(2024, 12, 31), "test", ())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CodeStore]:
    store = CodeStore(tmp_path / "codes.db")
    yield store
    store.close()


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("9Z10", True),
        ("CZ40.0Y", True),
        ("1A00.Z", True),
        ("XZ8P1", True),
        ("E11.9", False),
        ("J1885", False),
        ("99213", False),
        ("9I10", False),  # I and O look like digits
        ("9Z10.", False),
    ],
)
def test_form_of_a_code(code: str, is_one: bool) -> None:
    assert bool(re.fullmatch(ICD11, code)) == is_one


def test_no_code_of_a_claim_has_the_form_of_a_category() -> None:
    """Those that are dotted, and those of ICD-10-PCS, are told apart by their form alone."""
    for code in ("E11.9", "QA0.1", "S72.001A"):
        assert re.fullmatch(ICD10CM_EITHER, code)
        assert not re.fullmatch(ICD11_STEM, code)
    assert re.fullmatch(ICD10PCS, "0DTJ4ZZ")
    assert not re.fullmatch(ICD11_STEM, "0DTJ4ZZ")


def test_categories(tmp_path: Path) -> None:
    data = read_tabulation(tabulation(tmp_path), RELEASE)
    codes = {code.code: code for code in data.codes}
    assert list(codes) == [code for _, code, *_ in ENTITIES if code]
    assert codes["9Z10.0"].title == "Purple sweetness, nocturnal"
    assert (codes["9Z10.0"].parent, codes["9Z10.0"].section) == ("9Z10", "BlockL1-9Z1")
    # CZ40 and CZ40.0 are not in this file.
    assert codes["CZ40.0Y"].parent is None
    complete = [code for code in codes if codes[code].billable]
    assert complete == ["9Z10.0", "9Z10.Z", "9Z11", "CZ40.0Y"]
    divisions = {(d.kind, d.id): (d.title, d.parent) for d in data.divisions}
    assert divisions["section", "BlockL1-9Z1"] == ("Sweet illnesses", "01")
    assert divisions["chapter", "X"] == ("Additions", None)


@pytest.mark.parametrize(
    ("entities", "says"),
    [
        ([("category", "E11.9", "", "No code of ICD-11", "01", True, [])], "line 2: no chapter"),
        ([("category", "", "", "Without a code", "01", True, [])], "line 2: no chapter"),
        ([("chapter", "", "", "Alone", "01", False, [])], "no categories"),
    ],
)
def test_bad_tabulations(tmp_path: Path, entities, says: str) -> None:
    with pytest.raises(CodesetError, match=says):
        read_tabulation(tabulation(tmp_path, entities), RELEASE)


def test_maps(tmp_path: Path) -> None:
    to_11 = read_map_to_11(map_to_11(tmp_path))
    assert [row.source for row in to_11] == ["E11", "E11.9", "E08", "S00"]
    assert to_11[0] == Icd11Mapping(
        "10to11", "E11", "Sweetness of old", "9Z10", "Purple sweetness of marsupials"
    )
    assert (to_11[3].target, to_11[3].target_title) == ("", "Dents in general")
    to_10 = read_map_to_10(map_to_10(tmp_path))
    assert [(row.source, row.target) for row in to_10] == [
        ("9Z10", "E11"),
        ("9Z10.Z", "E11.9"),
        ("9Z11", "J98.7"),
    ]


@pytest.mark.parametrize(
    ("heading", "label"),
    [
        ("Code\tTitle\tVersion:2024 Jan 21 - 22:30 UTC\nrow", "2024-01"),
        ("icd10Code\ticd11Title\t2024-Jan-21\nrow", "2024-01"),
        ("Code\tVersion:2022 Feb 09 - 10:00 UTC", "2022-02"),
        ("Code\tTitle\n2024-Jan-21", None),
    ],
)
def test_version(heading: str, label: str | None) -> None:
    edition = edition_of(heading)
    assert (edition and edition[0]) == label


def test_imported(store: CodeStore, tmp_path: Path) -> None:
    said: list[str] = []
    done = import_files(store, all_files(tmp_path), say=said.append)
    assert not done.left_out
    assert [item.key for item in done.loaded] == [
        "icd11/2024-01",
        "icd11/icd11_map/2024-01/10to11maptoonecategory",
        "icd11/icd11_map/2024-01/11to10maptoonecategory",
    ]
    assert (
        "ICD-11 MMS 2024-01, simple tabulation, 2024-01-01 through 2024-12-31: 6 codes" in said[0]
    )
    (release,) = store.releases("icd11")
    children = store.children(release, "9Z10")
    assert [code.code for code in children] == ["9Z10.0", "9Z10.Z"]


def test_the_version_may_be_given(store: CodeStore, tmp_path: Path) -> None:
    path = tabulation(tmp_path)
    path.write_text(path.read_text("utf-8-sig").replace("Version:2024 Jan 21 - 22:30 UTC", "-"))
    with pytest.raises(CodesetError, match="--release 2026-01"):
        import_files(store, [path])
    import_files(store, [path], "2025-01")
    assert [release.label for release in store.releases()] == ["2025-01"]


def test_it_is_none_of_the_systems_that_are_answered_from(store: CodeStore, tmp_path: Path) -> None:
    import_files(store, all_files(tmp_path))
    assert (store.systems, store.all_systems) == ([], ["icd11"])
    assert out_of_date(store, dt.date(2030, 1, 1)) == []
    assert not any("ICD-11" in name for name in not_loaded(store))


def test_extension_codes_are_not_searched(store: CodeStore, tmp_path: Path) -> None:
    import_files(store, all_files(tmp_path))
    gathered = gather(store, "icd11")
    assert [family.code for family in gathered.families] == [
        code for _, code, *_ in ENTITIES if code and not is_icd11_extension(code)
    ]


def test_nothing_of_who_is_shipped() -> None:
    """CC BY-ND: neither its files nor what could be made of them."""
    rooms = ("bot", "codesets", "index", "prompts", "tests", "bench", "docs")
    files = [path for room in rooms for path in (ROOT / room).rglob("*") if path.is_file()]
    assert not [p for p in files if re.search(r"SimpleTabulation|MapToOneCategory", p.name)]
    shipped = [p for p in files if p.suffix in (".txt", ".tsv", ".csv", ".json", ".toml")]
    assert not [p for p in shipped if b"id.who.int/icd" in p.read_bytes()]


@pytest.mark.skipif(not REAL.exists(), reason="needs the files of WHO")
@pytest.mark.slow
def test_the_published_files(store: CodeStore) -> None:
    done = import_files(store, [REAL])
    # The readme beside the zip; the one in it is passed over.
    assert (done.left_out, done.not_whole) == (["readme.txt"], [])
    (release,) = store.releases("icd11")
    codes = list(store.codes(release))
    assert (release.label, len(codes)) == ("2024-01", 34_663)
    assert sum(is_icd11_extension(code.code) for code in codes) == 16_841
    counts = [store.references.count(one) for one in store.references.all("icd11_map")]
    assert counts == [12_297, 17_188]
    known = {code.code for code in codes}
    (to_11,) = [one for one in store.references.all("icd11_map") if "10to11" in one.key]
    targets = [row.target for row in store.references.rows(Icd11Mapping, to_11) if row.target]
    heads = {re.split("[&/]", target)[0] for target in targets}
    assert not heads - known
