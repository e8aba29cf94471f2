"""References are stored and read unchanged, each edition by itself."""

from __future__ import annotations

import datetime as dt
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import openpyxl
import pytest
from click.testing import CliRunner
from inpatient_files import ROWS as INPATIENT_ROWS
from paths import TEST_DATA as DATA

from bot.cli.main import main
from codesets.formats.spreadsheets import rows_of
from codesets.loading.freshness import not_loaded, out_of_date
from codesets.loading.importer import import_files
from codesets.lookups.inherited_notes import notes_of
from codesets.model import (
    CodeRange,
    CodesetError,
    ConversionRow,
    Definition,
    GemsMapping,
    Guideline,
    IndexKeyEntry,
    Indicators,
    Modifier,
    MueEdit,
    PlaceOfService,
    Product,
    PtpEdit,
    Reference,
    ReferenceData,
    ReferenceKind,
    Release,
    ReleaseData,
    Row,
    Setting,
    SourceFile,
    TableRow,
    Term,
)
from codesets.rows_coverage import (
    CoverageContractor,
    CoverageGroup,
    CoveragePolicy,
    CoverageService,
)
from codesets.rows_drugs import PaymentLimit
from codesets.rows_icd11 import Icd11Mapping
from codesets.rows_payment import AddOnEdit, AdjustmentCode, FeeIndicators, OppsIndicators
from codesets.rows_policies import HouseRule
from codesets.store import row_tables
from codesets.store.code_store import CodeStore

ORDER = DATA / "books" / "icd10cm_order_2027.txt"
TABULAR = DATA / "books" / "icd10cm_tabular_2027.xml"
PART_1 = DATA / "edits" / "ccipra-v321r0-f1.TXT"
PART_2 = DATA / "books" / "ccipra-v321r0-f2.TXT"
MUE = DATA / "edits" / "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv"
PLACES = DATA / "edits" / "place-of-service-codes.csv"
CONVERSION = DATA / "crosswalks" / "icd10cm-conversion-table-FY2026.txt"
QUARTER = DATA / "hcpcs" / "HCPC2026_APR_ANWEB.txt"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CodeStore]:
    """A separate, empty codes.db."""
    store = CodeStore(tmp_path / "codes.db")
    yield store
    store.close()


def reference(
    label: str = "FY2026",
    first: str = "2025-10-01",
    last: str = "2026-09-30",
    kind: ReferenceKind = "index",
    setting: Setting | None = None,
) -> Reference:
    days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    files = (SourceFile("a.xml", "00"), SourceFile("b.xml", "11"))
    return Reference(kind, "icd10cm", label, *days, "test", files, setting)


def holds(store: CodeStore) -> dict[str, int]:
    """The number of rows of each loaded reference, by its key."""
    return {loaded.key: store.references.count(loaded) for loaded in store.references.all()}


def dump(store: CodeStore) -> list[str]:
    return list(store._db.conn.iterdump())


def zipped(path: Path, *files: Path) -> Path:
    with zipfile.ZipFile(path, "w") as package:
        for file in files:
            package.write(file, file.name)
    return path


# Row by row

DAY = dt.date(2026, 4, 1)
ROWS: list[Row] = [
    Term("S00.0", "Dent, scalp", "index_entry", "FY2026"),
    Term("S00", "elbow", "neoplasm", "FY2026", "Benign", True, "G44.8", "Dent, by site"),
    Guideline("I.C.4.a", "Dents", "Two lines\nof “text”", 37, "FY2026",
              (CodeRange("S00", "S09", "S00-S09"), CodeRange("T07", "T07", "T07"))),
    Guideline("I.A", "No page, no codes", "", None, "FY2026"),
    PtpEdit("A9001", "A9002", DAY, None, "1", "Misuse"),
    PtpEdit("A9001", "A9002", None, DAY, "9", ""),
    MueEdit("A9001", 0, "3", "CMS Policy"),
    PlaceOfService("01", "Pharmacy", "Sells drugs", True),
    PlaceOfService("11", "Office", "Other than a hospital", False),
    PlaceOfService("12", "Home", "", None),
    ConversionRow("S00.1", DAY, "S00.0"),
    GemsMapping("9to10", "800.0", "S00.0", True, True, 1, 2),
    GemsMapping("10to9", "S00.1", None, False, False, 0, 0),
    Product("J0897", "55513-0710-01", "Prolium", "Amgum", "1 MG", "1", "1", "60", "60"),
    TableRow("0YR", 0, 1, "Section", (("0", "Medical and Surgical"),)),
    TableRow("0YR", 1, 5, "Approach", (("0", "Open"), ("4", "Percutaneous Endoscopic"))),
    Definition("0", 3, "Operation", "Replacement", "Putting in", "", "New gate"),
    IndexKeyEntry("Bracket, hinge", "Gate Post, Right"),
    Modifier("A1", "Dressing", DAY, None),
    FeeIndicators("A9001", "", "A", "0", "010", "2", "1", "0", "0", "0"),
    OppsIndicators("A9001", "N", ""),
    AddOnEdit("A9001", "A9002", "1", DAY, None),
    AdjustmentCode("97", "Dented with the gate", DAY, None),
    Indicators("A0021", "Cart ride", "I", ("00", "46"), "9", "O1A", (), "N", "", ("A0030",)),
    CoveragePolicy("A90001", "90001", "article", "Dents", "12", DAY, None, ("370-9-1",),
                   (("FL", "Florida"),), ("L80001", "ncd:16")),
    CoverageContractor("370-9-1", "Anyone Inc.", "09102", (("FL", "Florida", "", "2026-04-01"),)),
    CoverageService("A90001", "A9001", 1),
    CoverageService("A90001", "A9002", 0, "excluded", DAY, None),
    CoverageGroup("A90001", "covered", 1, "For A9001:", ("S00.0", "S00.1"), ("S00.1",), "a second"),
    HouseRule(2, "Aetna", "S00.-", "S00", "S00", "Name the side.", DAY, None, "Bulletin"),
    PaymentLimit("A9500", "Tc99m dent", "1 STUDY DOSE", "12.345", "20.000", ""),
    Icd11Mapping("10to11", "S00.0", "A first", "5A00", "A second"),
    *INPATIENT_ROWS,
]  # fmt: skip


def test_every_kind_of_row_is_tried_here() -> None:
    assert {type(row) for row in ROWS} == set(get_args(Row)) == set(row_tables.TABLES)


@pytest.mark.parametrize("kind", get_args(Row))
def test_rows_come_out_as_they_went_in(store: CodeStore, kind: type) -> None:
    assert store.references.load(ReferenceData(reference(), tuple(ROWS))) == len(ROWS)
    found = list(store.references.rows(kind, reference()))
    assert found == [row for row in ROWS if type(row) is kind]
    assert {type(getattr(row, name)) for row in found for name in row.__slots__} == {
        type(getattr(row, name)) for row in ROWS if type(row) is kind for name in row.__slots__
    }


def test_a_reference_is_read_as_it_was_stored(store: CodeStore) -> None:
    store.references.load(ReferenceData(reference(), ()))
    (loaded,) = store.references.all()
    assert loaded.loaded_at
    assert (loaded.key, loaded.files, loaded.name) == (
        "icd10cm/index/FY2026", reference().files, "ICD-10-CM Index FY2026"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("equal", "found"),
    [
        ({"modifier": "9"}, ROWS[5:6]),
        ({"column1": "A9001", "column2": "A9002"}, ROWS[4:6]),
        ({"column1": "A9002"}, []),
    ],
)
def test_rows_whose_fields_equal(store: CodeStore, equal: dict[str, str], found: list[Row]) -> None:
    store.references.load(ReferenceData(reference(), tuple(ROWS)))
    assert list(store.references.rows(PtpEdit, reference(), **equal)) == found
    assert [r.target for r in store.references.rows(GemsMapping, reference(), source="800.0")] == [
        "S00.0"
    ]


def test_replacing_a_reference_leaves_others_alone(store: CodeStore) -> None:
    release = Release("icd10cm", "FY2026", DAY, DAY, "test", ())
    store.load(ReleaseData(release, (), rows=(ROWS[0],)))
    for label in ("FY2025", "FY2026"):
        store.references.load(ReferenceData(reference(label), tuple(ROWS[:2])))
    store.references.load(ReferenceData(reference(), tuple(ROWS[1:2])))
    assert holds(store) == {"icd10cm/index/FY2025": 2, "icd10cm/index/FY2026": 1}
    assert list(store.rows(Term, release)) == [ROWS[0]]
    store.load(ReleaseData(release, ()))
    assert list(store.rows(Term, release)) == []
    assert holds(store) == {"icd10cm/index/FY2025": 2, "icd10cm/index/FY2026": 1}


# Dates


@pytest.mark.parametrize(
    ("day", "label"),
    [
        ("2024-10-01", "FY2025"),
        ("2025-09-30", "FY2025"),
        ("2025-10-01", "FY2026"),
        ("2026-05-01", "FY2026-April"),  # of two in force the newest
        ("2027-01-01", "FY2026-April"),  # of two equally near too
        ("1999-01-01", "FY2025"),
    ],
)
def test_reference_for_a_date(store: CodeStore, day: str, label: str) -> None:
    for edition in (
        reference("FY2026-April", "2026-04-01"),
        reference("FY2025", "2024-10-01", "2025-09-30"),
        reference(),
    ):
        store.references.load(ReferenceData(edition, ()))
    found = store.references.for_date("index", "icd10cm", dt.date.fromisoformat(day))
    assert found is not None
    assert found.label == label


def test_a_reference_is_found_by_its_kind_system_and_setting_only(store: CodeStore) -> None:
    for setting in get_args(Setting):
        store.references.load(ReferenceData(reference(kind="mue", setting=setting), ()))
    found = store.references.for_date("mue", "icd10cm", DAY, "outpatient")
    assert found is not None
    assert found.key == "icd10cm/mue-outpatient/FY2026"
    assert store.references.for_date("ptp", "icd10cm", DAY) is None
    assert store.references.for_date("mue", "hcpcs", DAY) is None


# Files, by what they hold

FILES = [
    # file, name of a zip that names the edition, key of the reference, kind of its rows
    ("index_books/index.xml", "", "icd10cm/index/FY2026", Term),
    ("index_books/index.xml", "april-1-2026-index.zip", "icd10cm/index/FY2026-April", Term),
    ("index_books/external_causes.xml", "", "icd10cm/external_causes/FY2026", Term),
    ("index_books/neoplasms.xml", "", "icd10cm/neoplasms/FY2026", Term),
    ("index_books/drugs.xml", "", "icd10cm/drugs/FY2027", Term),
    ("icd10pcs/icd10pcs_tables_2027.xml", "", "icd10pcs/tables/FY2027", TableRow),
    ("icd10pcs/icd10pcs_definitions_2027.xml", "", "icd10pcs/definitions/FY2027", Definition),
    ("icd10pcs/icd10pcs_index_2027.xml", "", "icd10pcs/index/FY2027", IndexKeyEntry),
    ("books/icd10pcs_guidelines_2027.tsv", "", "icd10pcs/guidelines/FY2027", Guideline),
    ("crosswalks/icd10cm-conversion-table-FY2026.txt", "", "icd10cm/conversion/FY2026",
     ConversionRow),
    ("crosswalks/2018_I9gem.txt", "", "icd10cm/gems/2018/2018_i9gem", GemsMapping),
    (
        "crosswalks/gem_i9pcs.txt",
        "2018-icd-10-pcs-gems.zip",
        "icd10cm/gems/2018/gem_i9pcs",
        GemsMapping,
    ),
    ("hcpcs/april_2026_asp_ndc_hcpcs_crosswalk.csv", "", "hcpcs/asp/2026-April", Product),
    ("edits/ccipra-v321r0-f1.TXT", "", "hcpcs/ptp-practitioner/2026-April/1", PtpEdit),
    ("edits/MCR_MUE_PractitionerServices_Eff_04-01-2026.csv", "",
     "hcpcs/mue-practitioner/2026-April", MueEdit),
    (
        "edits/place-of-service-codes.csv",
        "place-of-service-2026.zip",
        "hcpcs/places/2026",
        PlaceOfService,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("file", "package", "key", "kind"), FILES)
def test_a_reference_is_recognised_by_its_content(
    store: CodeStore, tmp_path: Path, file: str, package: str, key: str, kind: type
) -> None:
    path = zipped(tmp_path / package, DATA / file) if package else DATA / file
    sentences: list[str] = []
    (loaded,) = import_files(store, [path], say=sentences.append).loaded
    assert isinstance(loaded, Reference)
    assert (loaded.key, loaded.source) == (key, f"file {path.name}")
    assert [source.name for source in loaded.files] == [Path(file).name]
    assert any(store.references.rows(kind, loaded))
    (sentence,) = sentences
    assert sentence.startswith(f"{Path(file).name}: ")
    assert sentence.endswith(f": {holds(store)[key]:,} entries")


@pytest.mark.parametrize(
    ("file", "label", "key"),
    [
        (PLACES, "2026", "hcpcs/places/2026"),
        (DATA / "crosswalks" / "gem_i9pcs.txt", "2018", "icd10cm/gems/2018/gem_i9pcs"),
        (DATA / "index_books" / "index.xml", "FY2027", "icd10cm/index/FY2027"),
        (CONVERSION, "fy2026-april", "icd10cm/conversion/FY2026-April"),
    ],
)
def test_the_edition_may_be_given(store: CodeStore, file: Path, label: str, key: str) -> None:
    import_files(store, [file], label)
    assert list(holds(store)) == [key]


@pytest.mark.parametrize(
    ("file", "name", "says"),
    [
        (PLACES, "places.csv",
         r"name of places\.csv does not tell which edition of HCPCS .* add --release 2026\."),
        (CONVERSION, "table.txt",
         r"name of table\.txt does not tell .* add --release FY2027 \(or FY2026-April\)\."),
        (PART_1, "edits.txt", r"edits\.txt does not tell .* add --release 2026-January\."),
        (PART_1, "edits-2026q2.txt", r"edits-2026q2\.txt does not tell for which setting"),
    ],
)  # fmt: skip
def test_an_edition_or_a_setting_that_cannot_be_told(
    store: CodeStore, tmp_path: Path, file: Path, name: str, says: str
) -> None:
    path = shutil.copy(file, tmp_path / name)
    with pytest.raises(CodesetError, match=says) as refused:
        import_files(store, [Path(path)])
    assert "\n" not in str(refused.value)
    assert holds(store) == {}


# Several files of one reference


@pytest.mark.parametrize("as_zips", [False, True])
def test_parts_of_one_table_stand_side_by_side(
    store: CodeStore, tmp_path: Path, as_zips: bool
) -> None:
    parts = [PART_1, PART_2]
    if as_zips:
        parts = [zipped(tmp_path / f"{part.stem}.zip", part) for part in parts]
    for part in parts:  # each in a command of its own: the second does not replace the first
        import_files(store, [part])
    loaded = store.references.all("ptp")
    assert store.references.parts(loaded[0]) == loaded
    assert [file.name for reference in loaded for file in reference.files] == [
        PART_1.name,
        PART_2.name,
    ]
    assert [edit.column1 for part in loaded for edit in store.references.rows(PtpEdit, part)] == [
        "A9001", "A9001", "A9001", "Q9901", "R9001", "R9001"
    ]  # fmt: skip


def test_both_ways_of_the_mappings_stand_side_by_side(store: CodeStore) -> None:
    gems = [DATA / "crosswalks" / name for name in ("2018_I9gem.txt", "2018_I10gem.txt")]
    loaded = import_files(store, gems).loaded
    assert {reference.label for reference in loaded} == {"2018"}
    references = store.references.all("gems")
    directions = [
        r.direction
        for reference in references
        for r in store.references.rows(GemsMapping, reference)
    ]
    assert set(directions) == {"9to10", "10to9"}


def test_a_workbook_and_a_text_of_one_name_are_read_once(store: CodeStore, tmp_path: Path) -> None:
    sheet = openpyxl.Workbook()
    for row in rows_of(MUE):
        sheet.active.append(row)
    workbook = tmp_path / f"{MUE.stem}.xlsx"
    sheet.save(workbook)
    (loaded,) = import_files(store, [workbook, MUE]).loaded
    assert [file.name for file in loaded.files] == [MUE.name]
    assert holds(store) == {"hcpcs/mue-practitioner/2026-April": 3}
    # The workbook alone gives the same.
    again = CodeStore(tmp_path / "again.db")
    import_files(again, [workbook])
    assert holds(again) == holds(store)
    again.close()


# The Tabular List

NEW = "Dent of scalp, initial encounter for a dent that nobody has looked at before"


def scalp(store: CodeStore) -> tuple[str, bool, list[str]]:
    """The long title of a code, whether its release has notes, and its Excludes1 notes."""
    (release,) = store.releases()
    code = store.get(release, "S00.0XXA")
    assert code is not None
    excluded = [n.text for n in notes_of(store, release, code) if n.kind == "excludes1"]
    return code.title, release.has_notes, excluded


@pytest.mark.parametrize("order_first", [True, False])
def test_tabular_list_and_order_file_in_one_command(store: CodeStore, order_first: bool) -> None:
    files = [ORDER, TABULAR] if order_first else [TABULAR, ORDER]
    (release,) = import_files(store, files).loaded
    assert scalp(store) == (NEW, True, ["dent of nose (S00.1)"])
    assert {file.name for file in release.files} == {ORDER.name, TABULAR.name}
    assert store.counts(store.releases()[0]) == {
        "codes": 6, "billable": 4, "notes": 3, "terms": 1
    }  # fmt: skip


def test_tabular_list_alone_asks_for_its_order_file(store: CodeStore) -> None:
    with pytest.raises(CodesetError, match=r"said by its order file: import that too"):
        import_files(store, [TABULAR])
    assert store.releases() == []


def test_tabular_list_completes_the_order_file_that_was_loaded(store: CodeStore) -> None:
    import_files(store, [ORDER])
    assert scalp(store) == (NEW, False, [])
    import_files(store, [TABULAR])
    assert scalp(store) == (NEW, True, ["dent of nose (S00.1)"])


def test_tabular_list_of_another_edition_is_refused_with_the_order_file(
    store: CodeStore, tmp_path: Path
) -> None:
    order = tmp_path / ORDER.name
    order.write_text("".join(ORDER.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(CodesetError, match=r"not of one edition.*T07"):
        import_files(store, [order, TABULAR])
    assert store.releases() == []


# Damaged files

BAD = [
    # name, content
    ("ccipra-v321r0-f3.TXT", PART_2.read_bytes() + b"R9001\tR9004\t\t20261301\t*\t1\tx\n"),
    ("index.xml", (DATA / "index_books" / "index.xml").read_bytes()[:-40]),
    ("april_2026_asp.csv",
     (DATA / "hcpcs/april_2026_asp_ndc_hcpcs_crosswalk.csv").read_bytes().replace(b"Q4111", b"4")),
    ("half_2027.zip", b"PK\x03\x04 and then no more"),
    ("places.csv", PLACES.read_bytes()),  # of no edition that can be told
]  # fmt: skip


@pytest.mark.parametrize(("name", "content"), BAD, ids=[name for name, _ in BAD])
def test_a_bad_file_alone_changes_nothing(
    store: CodeStore, tmp_path: Path, name: str, content: bytes
) -> None:
    import_files(store, [ORDER, PART_1])
    before = dump(store)
    bad = tmp_path / name
    bad.write_bytes(content)
    with pytest.raises(CodesetError) as refused:
        import_files(store, [bad])
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)
    assert dump(store) == before


@pytest.mark.parametrize(("name", "content"), BAD, ids=[name for name, _ in BAD])
def test_a_bad_file_does_not_stop_the_others(
    store: CodeStore, tmp_path: Path, name: str, content: bytes
) -> None:
    bad = tmp_path / name
    bad.write_bytes(content)
    sentences: list[str] = []
    done = import_files(store, [ORDER, TABULAR, PART_2, CONVERSION, bad], say=sentences.append)
    assert done.left_out == [name]
    assert len(done.loaded) == 3
    assert sentences[-1].startswith(f"{name}: left out, ")


# Folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two references, one of them in a subfolder, and a letter."""
    folder = tmp_path / "downloads"
    (folder / "ncci").mkdir(parents=True)
    shutil.copy(CONVERSION, folder)
    shutil.copy(PART_1, folder / "ncci")
    (folder / "letter.txt").write_text("Dear customer,\nplease find attached\n")
    return folder


def test_of_a_folder_what_is_known_is_loaded(store: CodeStore, folder: Path) -> None:
    sentences: list[str] = []
    done = import_files(store, [folder], say=sentences.append)
    assert set(holds(store)) == {
        "hcpcs/ptp-practitioner/2026-April/1",
        "icd10cm/conversion/FY2026",
    }
    assert done.left_out == ["letter.txt"]
    assert sentences[-1] == "letter.txt: left out, it is no file that Code Desk can read"


def test_from_the_command_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object):
        return CliRunner().invoke(main, ["codesets", *map(str, arguments)])

    done = run("import", folder, "--no-index")
    assert done.exit_code == 1  # something was left out
    assert "letter.txt: left out" in done.stderr
    (folder / "letter.txt").unlink()
    assert run("import", folder, "--no-index").exit_code == 0
    listed = run("list").stdout
    assert (
        "NCCI procedure-to-procedure edits, practitioner 2026-April, part 1: 2026-04-01 through"
        in listed
    )
    assert "4 entries" in listed
    assert f"  {CONVERSION.name}  sha256 " in listed


# What is out of date


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2026-05-01", []),
        ("2026-07-01", [
            "Out of date: HCPCS Level II, whose newest edition, 2026-April, is in force through "
            "2026-06-30.",
            "Out of date: NCCI procedure-to-procedure edits, practitioner, whose newest edition, "
            "2026-April, is in force through 2026-06-30.",
        ]),
        ("2026-10-01", [
            "Out of date: HCPCS Level II, whose newest edition, 2026-April, is in force through "
            "2026-06-30.",
            "Out of date: ICD-10-CM conversion table, whose newest edition, FY2026, is in force "
            "through 2026-09-30.",
            "Out of date: NCCI procedure-to-procedure edits, practitioner, whose newest edition, "
            "2026-April, is in force through 2026-06-30.",
        ]),
    ],
)  # fmt: skip
def test_what_is_out_of_date(store: CodeStore, day: str, says: list[str]) -> None:
    import_files(store, [QUARTER, CONVERSION, PART_1])
    assert [str(outdated) for outdated in out_of_date(store, dt.date.fromisoformat(day))] == says
    assert ", ".join(not_loaded(store)) == (
        "ICD-10-CM, ICD-10-PCS, CPT, ICD-10-CM Index, ICD-10-CM External Cause Index, "
        "ICD-10-CM Table of Neoplasms, ICD-10-CM Table of Drugs and Chemicals, ICD-10-CM Official "
        "Guidelines, ICD-10-PCS Tables, ICD-10-PCS Index, ICD-10-PCS Definitions, ICD-10-PCS "
        "Official Guidelines, ASP NDC-HCPCS crosswalk, NCCI medically unlikely edits"
    )


def test_mappings_and_places_stay_good(store: CodeStore) -> None:
    """They are not published for each edition."""
    import_files(store, [PLACES, DATA / "crosswalks" / "2018_I9gem.txt"], "2018")
    assert out_of_date(store, DAY) == []
