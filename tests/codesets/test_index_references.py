"""Exactly the codes that are printed in the index and its tables are read from them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from paths import SHARED, TEST_DATA

from codesets.code_format import undot
from codesets.formats.icd10cm import read_code_list
from codesets.formats.icd10cm_index import index_kind, read_drugs, read_index, read_neoplasms
from codesets.formats.text_files import xml_version
from codesets.model import CodesetError, ReferenceKind, Term

DATA = TEST_DATA / "index_books"
REAL = SHARED / "codesets" / "icd10cm"

Reader = Callable[[Path, str], tuple[Term, ...]]

real = pytest.mark.skipif(not REAL.exists(), reason="the official files are not here")


def under(terms: tuple[Term, ...], text: str) -> list[Term]:
    return [term for term in terms if term.text == text]


# Recognising


@pytest.mark.parametrize(
    ("name", "kind", "year"),
    [
        ("index.xml", "index", 2026),
        ("external_causes.xml", "external_causes", 2026),
        ("neoplasms.xml", "neoplasms", 2026),
        ("drugs.xml", "drugs", 2027),
    ],
)
def test_recognised_by_its_beginning(name: str, kind: ReferenceKind, year: int) -> None:
    head = (DATA / name).read_text()[:400]
    assert (index_kind(head), xml_version(head)) == (kind, year)


@pytest.mark.parametrize(
    "head",
    [
        "",
        "<ICD10CM.tabular><version>2026</version><chapter>",
        "<ICD10CM.index><title>ICD-10-PCS INDEX</title><letter><title>INDEX TO DISEASES</title>",
        "<ICD10PCS.index><title>INDEX TO DISEASES and INJURIES</title>",
        "INDEX TO DISEASES and INJURIES",
    ],
)
def test_not_recognised(head: str) -> None:
    assert index_kind(head) is None


def test_a_file_need_not_say_its_year() -> None:
    assert xml_version("<ICD10CM.index><title>ICD-10-CM INDEX</title>") is None


# Small files in the official layout


@pytest.fixture(scope="module")
def index() -> tuple[Term, ...]:
    return read_index(DATA / "index.xml", "TEST")


#: text: (code, needs more, second code, entry that a reference led to)
ENTRIES: dict[str, list[tuple[str, bool, str | None, str | None]]] = {
    # its own code, not that of its see also; a dash is not part of a code
    "Dent(s) (bruised) (of)": [("S00.9", True, None, None)],
    "Dent, scalp": [("S00.0XX", True, None, None)],
    "Dent, several": [("S00.0", False, None, None), ("S00.1", True, None, None)],
    # manifestations, in an element of their own and in brackets
    "Dent, head, cranial, with, headache (mild) NEC": [("S00.0", False, "G44.8", None)],
    "Dent, nasal bone(s)": [("S00.11", False, "J34.8", None)],
    # references: to a path, over others, to several entries, past a level such as "with"
    "Dent, head, cranial": [("S00.0XX", True, None, "Dent, scalp")],
    "Dint": [("S00.9", True, None, "Dent(s) (bruised) (of)")],
    "Dimple": [
        ("S00.9", True, None, "Dent(s) (bruised) (of)"),
        ("S00.11", False, "J34.8", "Dent, nasal bone(s)"),
    ],
    "Head, ache, bump-related": [
        ("S00.0", False, "G44.8", "Dent, head, cranial, with, headache (mild) NEC")
    ],
    # references that lead nowhere: in a circle, to no entry, to another file
    "Ding": [],
    "Dinge": [],
    "Head, headed": [],
    "Head, gone": [],
    "Head, growth": [],
    "Neoplasm, neoplastic": [],
    # categories
    "Hit": [("S00", True, None, None)],
    "Hit, by stone": [("S00.1", True, None, None)],
    "Hit, twice": [("S01", True, None, None), ("S02", False, None, None)],
    "Hit, while fencing": [("S00.1", True, None, None)],
    # what an addenda changed
    "Hollow scalp": [("S00.0", False, None, None)],
    "Hump": [],
}


@pytest.mark.parametrize("text", ENTRIES)
def test_an_entry_leads_to_its_codes(index: tuple[Term, ...], text: str) -> None:
    found = [(t.code, t.needs_more, t.second, t.via) for t in under(index, text)]
    assert found == ENTRIES[text]


def test_nothing_else_is_read(index: tuple[Term, ...]) -> None:
    assert {term.text for term in index} - ENTRIES.keys() == {"Neoplasm, head, benign only"}
    assert {(t.kind, t.release, t.column) for t in index} == {("index_entry", "TEST", None)}


def test_external_causes() -> None:
    terms = read_index(DATA / "external_causes.xml", "TEST")
    assert [(t.text, t.code, t.via) for t in terms] == [
        ("Pelted, due to, acorns, nuts", "W20", None),
        ("Pelted, nuts", "W20", "Pelted, due to, acorns, nuts"),
    ]


def test_neoplasms() -> None:
    terms = read_neoplasms(DATA / "neoplasms.xml", "TEST")
    assert {term.kind for term in terms} == {"neoplasm"}
    point = "Neoplasm, elbow, point, pointed (bony) [funny bone]"
    assert [(t.text, t.column, t.code, t.needs_more, t.via) for t in terms] == [
        ("Neoplasm, neoplastic", "Malignant Primary", "C80.1", False, None),
        ("Neoplasm, neoplastic", "Malignant Secondary", "C79.9", False, None),
        ("Neoplasm, neoplastic", "Benign", "D36.9", False, None),
        ("Neoplasm, elbow", "Malignant Primary", "C76.4", True, None),
        ("Neoplasm, elbow", "Malignant Secondary", "C79.8", True, None),
        (point, "Malignant Primary", "C40", True, None),
        (point, "Benign", "D16.1", False, None),
        ("Neoplasm, elbow, point, skin", "Benign", "D23.6", True, None),
        ("Neoplasm, funny bone", "Malignant Primary", "C40", True, point),
        ("Neoplasm, funny bone", "Benign", "D16.1", False, point),
    ]


def test_drugs() -> None:
    terms = read_drugs(DATA / "drugs.xml", "TEST")
    assert {term.kind for term in terms} == {"drug"}
    accidental = "Poisoning Accidental (unintentional)"
    assert [(t.text, t.column, t.code, t.needs_more, t.via) for t in terms] == [
        ("Salt(s) NEC", accidental, "T50.3X1", False, None),
        ("Salt(s) NEC", "Adverse effect", "T50.3X5", False, None),
        ("Salt NEC, bath", accidental, "T43.62", True, None),
        ("Spa crystals", accidental, "T43.62", True, "Salt NEC, bath"),
    ]


# Files that are not what they should be


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (read_index, "PK\x03\x04", r"book\.xml is damaged .*not readable .*Download it again"),
        (read_index, (DATA / "index.xml").read_text()[:900], "damaged or cut off"),
        (read_drugs, "<html>not found</html>", r"is not an ICD-10-CM index \(root <html>\)"),
        (read_index, (DATA / "drugs.xml").read_text(), "is the Table of Drugs and Chemicals; need"),
        (read_neoplasms, (DATA / "index.xml").read_text(), "needed: Table of Neoplasms"),
        (read_index, (DATA / "index.xml").read_text().replace(
            "<ICD10CM.index>", '<ICD10CM.index isAddenda="true">'), "holds only the changes"),
        (read_drugs, (DATA / "drugs.xml").read_text().replace(">T", ">?"), "no entry that leads"),
    ],
    ids=["not XML", "cut off", "wrong root", "a table", "not a table", "addenda", "no codes"],
)  # fmt: skip
def test_a_bad_file_says_what_is_wrong(tmp_path: Path, read: Reader, text: str, says: str) -> None:
    path = tmp_path / "book.xml"
    path.write_text(text)
    with pytest.raises(CodesetError, match=says):
        read(path, "TEST")


# The official files

ALPHABETIC = "icd10cm_index_fy2025_rebuilt.xml"
EXTERNAL = "icd10cm-eindex-April-1-2026-XML.xml"
NEOPLASMS = "icd10cm-neoplasm-April-1-2026-XML.xml"
DRUGS = "icd10cm-drug-April-1-2026-XML.xml"


@pytest.fixture(scope="module")
def references() -> dict[str, tuple[Term, ...]]:
    readers: dict[str, Reader] = {
        ALPHABETIC: read_index,
        EXTERNAL: read_index,
        NEOPLASMS: read_neoplasms,
        DRUGS: read_drugs,
    }
    return {name: read(REAL / name, "REAL") for name, read in readers.items()}


#: file: terms of entries' own codes, terms of codes that references lead to
COUNTS = {
    ALPHABETIC: (62_712, 10_074),  # 62,716 codes and 2 categories; 6 are printed twice alike
    EXTERNAL: (6_696, 580),  # 6,671 codes and 25 categories
    NEOPLASMS: (9_020, 313),  # each cell that holds a code
    DRUGS: (40_036, 428),  # each cell that holds a code
}


@real
@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.slow
def test_every_published_code_is_read(references: dict[str, tuple[Term, ...]], name: str) -> None:
    followed = sum(term.via is not None for term in references[name])
    assert (len(references[name]) - followed, followed) == COUNTS[name]


@real
@pytest.mark.parametrize(
    ("name", "text", "column", "code", "needs_more", "via"),
    [
        (ALPHABETIC, "Abscess, trunk, abdominal wall", None, "L02.211", False, None),
        (ALPHABETIC, "Abasia (-astasia) (hysterical)", None, "F44.4", False, None),
        (ALPHABETIC, "Abdominalgia", None, "R10.9", False, "Pain, abdominal"),
        (ALPHABETIC, "Contraction, joint, ankle", None, "M24.57", True, None),
        (EXTERNAL, "Strangulation (accidental)", None, "T71", True, None),
        (EXTERNAL, "Accident, barefoot water skier", None, "V94.4", False, None),
        (NEOPLASMS, "Neoplasm, abdomen, wall", "Malignant Secondary", "C79.2", True, None),
        (NEOPLASMS, "Neoplasm, breast (connective tissue) (glandular tissue) (soft parts)",
         "Malignant Primary", "C50.9", True, None),
        (DRUGS, "Aspirin (aluminum) (soluble)", "Poisoning Accidental (unintentional)",
         "T39.011", False, None),
        (DRUGS, "Tetrachloromethane", "Poisoning Assault", "T53.0X3", False,
         "Carbon, tetrachloride (vapor) NEC"),
    ],
)  # fmt: skip
def test_known_entries(
    references: dict[str, tuple[Term, ...]], name: str, text: str, column: str | None, code: str,
    needs_more: bool, via: str | None,
) -> None:  # fmt: skip
    found = [
        (t.code, t.needs_more, t.via) for t in under(references[name], text) if t.column == column
    ]
    assert found == [(code, needs_more, via)]


@real
@pytest.mark.parametrize("name", [EXTERNAL, NEOPLASMS, DRUGS])
def test_every_code_stands_in_the_tabular_list(
    references: dict[str, tuple[Term, ...]], name: str
) -> None:
    spec = find_spec("simple_icd_10_cm")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    listed = read_code_list(package / "data" / "code-list-April-2026.txt")
    # The tables omit the seventh character, so their codes are the beginnings of listed codes.
    stems = {code[:length] for code in listed for length in range(3, 8)}
    assert {term.code for term in references[name] if undot(term.code) not in stems} == set()
