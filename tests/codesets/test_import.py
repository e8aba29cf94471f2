"""Importing files of a customer: their layout and edition, loading them, and answers from them."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import SHARED, TEST_DATA

from bot.cli.main import main
from bot.desk.desk import Desk
from bot.settings import Settings
from codesets.formats import hcpcs
from codesets.loading import packaged as sources
from codesets.loading.edition_names import Edition, edition_of
from codesets.loading.file_types import Sample, layout_of
from codesets.loading.importer import import_files
from codesets.lookups.did_you_mean import did_you_mean
from codesets.model import CodesetError, Release
from codesets.store.code_store import CodeStore
from index import build
from index.embedding.models import Shipped

DATA = TEST_DATA / "imports"
REAL_FILES = SHARED / "codesets"

ORDER = DATA / "icd10cm_order_2027.txt"
APRIL = DATA / "icd10cm-codes-April-2025.txt"
PCS = DATA / "icd10pcs_codes_2027.txt"
PCS_ORDER = DATA / "icd10pcs_order_2027.txt"
HCPCS = DATA / "HCPC2026_JAN_ANWEB.txt"
CPT_LONG = DATA / "LONGULT.txt"
CPT_SHORT = DATA / "SHORTU.txt"

#: A complete PDF without pages, in place of the layout documents that zips hold as well.
PDF = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [] /Count 0>> endobj
trailer <</Root 1 0 R>>
%%EOF
"""
OF_SYSTEM = {"icd10cm": ORDER, "icd10pcs": PCS, "hcpcs": HCPCS, "cpt": CPT_LONG}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[CodeStore]:
    store = CodeStore(tmp_path / "codes.db")
    yield store
    store.close()


@pytest.fixture
def packaged(store: CodeStore, tmp_path: Path) -> Iterator[CodeStore]:
    """A separate codes.db with the releases of the installed packages."""
    copy = CodeStore(tmp_path / "packaged.db")
    store._db.conn.backup(copy._db.conn)
    yield copy
    copy.close()


def load(
    store: CodeStore, *paths: Path, label: str | None = None, partial: bool = False
) -> Release:
    """Import the files of one release."""
    (release,) = import_files(store, paths, label, partial=partial).loaded
    assert isinstance(release, Release)
    return release


def zipped(path: Path, *files: Path, **others: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for file in files:
            package.write(file, f"some folder/{file.name}")
        for name, data in others.items():
            package.writestr(name, data)
    return path


# Recognising


@pytest.mark.parametrize(
    ("path", "system", "name"),
    [
        (ORDER, "icd10cm", "order file"),
        (APRIL, "icd10cm", "code descriptions file"),
        (PCS, "icd10pcs", "codes file"),
        (PCS_ORDER, "icd10pcs", "order file"),
        (HCPCS, "hcpcs", "quarterly file"),
        (CPT_LONG, "cpt", "descriptor file"),
        (CPT_SHORT, "cpt", "descriptor file"),
    ],
)
def test_recognised_by_what_it_holds(path: Path, system: str, name: str) -> None:
    layout = layout_of(Sample.of(path))
    assert layout is not None
    assert (layout.system, layout.name) == (system, name)


@pytest.mark.parametrize(
    "text",
    ["", "Dear customer,\nplease find attached\n", "code,title\nE11.9,Type 2 diabetes\n",
     "A000\nA001\nA009\n"],
)  # fmt: skip
def test_not_recognised(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.txt"
    path.write_text(text)
    assert layout_of(Sample.of(path)) is None


# The edition

NAMED = [
    # system, file name, name of its zip, label, first and last day
    ("icd10cm", "icd10cm_order_2027.txt", "", "FY2027", "2026-10-01", "2027-09-30"),
    ("icd10cm", "icd10cm-codes-2024.txt", "", "FY2024", "2023-10-01", "2024-09-30"),
    ("icd10cm", "icd10cm_codes_april_2026.txt", "", "FY2026-April", "2026-04-01", "2026-09-30"),
    ("icd10cm", "order.txt", "2027-code-descriptions.zip", "FY2027", "2026-10-01", "2027-09-30"),
    ("icd10cm", "icd10cm-order-2026.txt", "april-1-2026-code-descriptions.zip", "FY2026-April",
     "2026-04-01", "2026-09-30"),
    ("icd10pcs", "icd10pcs_order_2027.txt", "", "FY2027", "2026-10-01", "2027-09-30"),
    ("hcpcs", "HCPC2026_JAN_ANWEB.txt", "", "2026-January", "2026-01-01", "2026-03-31"),
    ("hcpcs", "HCPC2024_APR_ANWEB_v2.txt", "", "2024-April", "2024-04-01", "2024-06-30"),
    ("hcpcs", "HCPC2025_JUL_ANWEB.txt", "", "2025-July", "2025-07-01", "2025-09-30"),
    ("hcpcs", "anweb.txt", "october-2025-alpha-numeric-hcpcs-file.zip", "2025-October",
     "2025-10-01", "2025-12-31"),
    ("cpt", "cpt_2026_LONGULT.txt", "", "2026 (CPT © AMA)", "2026-01-01", "2026-12-31"),
]  # fmt: skip


def edition(system: str, name: str, package: str = "", label: str | None = None) -> Edition:
    """The edition of a code list of this system with the file name `name`."""
    sample = Sample.of(OF_SYSTEM[system])
    layout = layout_of(sample)
    assert layout is not None
    return edition_of(layout, Sample(Path(name), sample.head), package, label)


@pytest.mark.parametrize(("system", "name", "package", "label", "first", "last"), NAMED)
def test_edition_told_by_the_name(
    system: str, name: str, package: str, label: str, first: str, last: str
) -> None:
    days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    assert edition(system, name, package) == Edition(label, *days)


@pytest.mark.parametrize(
    ("system", "name", "add"),
    [
        ("icd10cm", "codes.txt", "FY2027"),
        ("icd10cm", "changes_2026_to_2027.txt", "FY2027"),
        ("icd10cm", "icd10cm_october_2026.txt", "FY2027"),  # FY2026 or FY2027?
        ("hcpcs", "HCPC2026_ANWEB.txt", "2026-January"),
        ("hcpcs", "hcpcs_jan.txt", "2026-January"),
        ("cpt", "LONGULT.txt", "--release 2026"),
    ],
)
def test_edition_that_the_name_does_not_tell(system: str, name: str, add: str) -> None:
    with pytest.raises(CodesetError, match=f"does not tell .* add .*{add}"):
        edition(system, name)


@pytest.mark.parametrize(
    ("system", "release", "label"),
    [
        ("icd10cm", "FY2027", "FY2027"),
        ("icd10cm", "fy2026-april", "FY2026-April"),
        ("icd10pcs", "FY2027", "FY2027"),
        ("hcpcs", "2026-January", "2026-January"),
        ("cpt", "2026", "2026 (CPT © AMA)"),
    ],
)
def test_edition_given_by_release(system: str, release: str, label: str) -> None:
    assert edition(system, "whatever.txt", "", release).label == label


@pytest.mark.parametrize(
    ("system", "release"),
    [("icd10cm", "2027"), ("icd10cm", "FY27"), ("hcpcs", "FY2026"), ("hcpcs", "2026-May"),
     ("cpt", "FY2026")],
)  # fmt: skip
def test_release_that_names_no_edition(system: str, release: str) -> None:
    with pytest.raises(CodesetError, match=f'"{release}" names no edition of .*: give --release'):
        edition(system, "whatever.txt", "", release)


# Loading


def loaded(store: CodeStore) -> dict[str, dict[str, int]]:
    return {release.key: store.counts(release) for release in store.releases()}


def counts(codes: int, billable: int) -> dict[str, int]:
    return {"codes": codes, "billable": billable, "notes": 0, "terms": 0}


def test_everything_at_once(small: CodeStore) -> None:
    import_files(small, [ORDER, PCS_ORDER, HCPCS])
    import_files(small, [CPT_SHORT], "2026")
    assert loaded(small) == {
        "icd10cm/FY2027": counts(30, 17),
        "icd10pcs/FY2027": counts(12, 12),  # what heads a table is no code
        "hcpcs/2026-January": counts(18, 18),  # nor is a modifier
        "cpt/2026 (CPT © AMA)": counts(5, 5),
    }
    assert small.systems == ["icd10cm", "icd10pcs", "hcpcs", "cpt"]


def test_an_order_file_keeps_its_order_and_its_headers(small: CodeStore) -> None:
    release = load(small, ORDER)
    codes = list(small.codes(release))
    assert [code.code for code in codes[:3]] == ["E08", "E08.4", "E08.40"]
    sprain = small.get(release, "S13.4XXA")
    assert sprain is not None
    assert (sprain.parent, sprain.stem, sprain.billable) == ("S13.4", "S13.4", True)
    assert {code.title_from for code in codes} == {None}


def test_a_list_without_headers_borrows_their_titles(packaged: CodeStore) -> None:
    release = load(packaged, APRIL, partial=True)
    header = packaged.get(release, "E08.4")
    assert header is not None
    assert header.title == (
        "Diabetes mellitus due to underlying condition with neurological complications"
    )
    assert (header.billable, header.title_from) == (False, "FY2026-April")
    assert packaged.counts(release)["billable"] == 17


def test_a_list_alone_says_that_it_has_no_titles_for_headers(small: CodeStore) -> None:
    release = load(small, APRIL)
    header = small.get(release, "E08.4")
    assert header is not None
    assert (header.title, header.title_from) == ("Category E08.4", None)


def test_hcpcs_lines_are_joined_and_dates_are_read(small: CodeStore) -> None:
    release = load(small, HCPCS)
    walker, tray, sleeve = (small.get(release, code) for code in ("E0144", "A4311", "A4397"))
    assert walker is not None
    assert walker.title.endswith("wheeled with posterior seat")
    assert tray is not None
    assert "two-way latex" in tray.title
    assert sleeve is not None
    assert sleeve.effective_from == dt.date(1990, 1, 1)
    assert sleeve.effective_through == dt.date(2021, 12, 31)
    assert small.get(release, "A1") is None


def test_an_added_code_without_an_added_date_has_that_of_its_action(tmp_path: Path) -> None:
    record = f"{'A9999001003' + 'Something':268}{'':8}20260401{'':8}A"
    path = tmp_path / "quarter.txt"
    path.write_text(record)
    (row,) = hcpcs.read_quarter(path)
    assert (row.added, row.terminated) == (dt.date(2026, 4, 1), None)


def test_a_zip_gives_what_is_recognised_in_it(small: CodeStore, tmp_path: Path) -> None:
    path = zipped(tmp_path / "codes-2027.zip", ORDER, PCS, layout=PDF, notes=b"See also.")
    sentences: list[str] = []
    import_files(small, [path], say=sentences.append)
    assert loaded(small) == {
        "icd10cm/FY2027": counts(30, 17),
        "icd10pcs/FY2027": counts(12, 12),
    }
    (release,) = small.releases("icd10cm")
    assert release.source == "file codes-2027.zip"
    assert [file.name for file in release.files] == ["icd10cm_order_2027.txt"]
    assert sentences[0] == (
        "icd10cm_order_2027.txt: ICD-10-CM FY2027, order file, 2026-10-01 through 2027-09-30: "
        "30 codes and headers, 17 billable"
    )


def test_of_several_files_of_one_edition_the_fullest_is_taken(
    small: CodeStore, tmp_path: Path
) -> None:
    path = zipped(tmp_path / "cpt.zip", CPT_SHORT, CPT_LONG)
    sentences: list[str] = []
    (release,) = import_files(small, [path], "2026", sentences.append).loaded
    assert isinstance(release, Release)
    code = small.get(release, "0001T")
    assert code is not None
    assert code.title == "Invented technique, emerging"
    assert sentences[0] == (
        "SHORTU.txt: CPT 2026 (CPT © AMA), descriptor file; LONGULT.txt says more"
    )


def test_windows_letters_are_read(small: CodeStore, tmp_path: Path) -> None:
    path = tmp_path / "icd10cm-codes-2025.txt"
    path.write_bytes("H8101   Ménière's disease, right ear\n".encode("cp1252"))
    release = load(small, path)
    code = small.get(release, "H81.01")
    assert code is not None
    assert code.title == "Ménière's disease, right ear"


NO_FILE = "is no file that Code Desk can read"
UNKNOWN = [
    # name, content, error, sentence among other files
    ("HCPC2026_JAN.txt", b"<!DOCTYPE html><html>Not found</html>", "is a web page",
     "it is a web page, not the file that was to be downloaded: download it again"),
    ("HCPC2026_JAN.xlsx", b"\xef\xbb\xbf<html>Not found</html>", "is a web page",
     "it is a web page, not the file that was to be downloaded: download it again"),
    ("order_2027.txt", b"", "is empty: expected", "it is empty"),
    ("order_2027.txt", b"\n \n", "is empty: expected", "it is empty"),
    ("codes_2027.csv", b"code,title\nE11.9,Type 2\n", NO_FILE, f"it {NO_FILE}"),
    ("letter.xml", b"<?xml version='1.0'?><letter/>", NO_FILE, f"it {NO_FILE}"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "says", "beside"), UNKNOWN)
def test_a_file_that_is_none_that_is_known(
    small: CodeStore, tmp_path: Path, name: str, content: bytes, says: str, beside: str
) -> None:
    """Alone it is an error. Among several files it is left out with a sentence."""
    unknown = tmp_path / name
    unknown.write_bytes(content)
    with pytest.raises(CodesetError) as refused:
        import_files(small, [unknown])
    assert says in str(refused.value)
    assert str(refused.value).startswith(name)
    assert loaded(small) == {}
    sentences: list[str] = []
    done = import_files(small, [PCS, unknown], say=sentences.append)
    assert done.left_out == [name]
    assert sentences[-1] == f"{name}: left out, {beside}"
    assert [release.key for release in done.loaded] == ["icd10pcs/FY2027"]


BAD = [
    # name, content, error
    ("report.pdf", b"%PDF-1.7\n\x00\x01", "report.pdf"),
    ("half_2027.zip", b"PK\x03\x04 and then no more", "is a zip that cannot be unpacked"),
    ("order_2027.txt", ORDER.read_bytes()[:-60], "line 30: not in the layout of an order file"),
    ("pcs_2027.txt", PCS.read_bytes() + b"0SRC0\n", "line 13: not in the layout of an ICD-10-PCS"),
    ("HCPC2026_JAN.txt", HCPCS.read_bytes()[:-100], "line 27: not in the record layout"),
    ("HCPC2026_JAN.txt", HCPCS.read_bytes().replace(b"A0080002004", b"A0081002004"),
     "line 2: goes on with A0081"),
    ("HCPC2026_JAN.txt", HCPCS.read_bytes().replace(b"20211231", b"20211331"),
     'line 9: "20211331" is not a date'),
    ("cpt2026.txt", CPT_LONG.read_bytes() + b"and so on\r\n", "line 9: not in the layout"),
    ("codes.txt", ORDER.read_bytes(), "does not tell which edition of ICD-10-CM"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "says"), BAD)
def test_a_bad_file_is_said_in_a_sentence_and_loads_nothing(
    small: CodeStore, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    import_files(small, [HCPCS])
    before = loaded(small)
    bad = tmp_path / name
    bad.write_bytes(content)
    with pytest.raises(CodesetError) as refused:
        import_files(small, [bad])
    assert says in str(refused.value)
    assert str(refused.value).count("\n") == 0
    assert name in str(refused.value)
    assert loaded(small) == before
    # A good file beside it is loaded all the same.
    sentences: list[str] = []
    done = import_files(small, [bad, PCS], say=sentences.append)
    assert done.left_out == [name]
    assert loaded(small) == before | {"icd10pcs/FY2027": counts(12, 12)}
    assert sentences[-1].startswith(f"{name}: left out, ")


def test_a_zip_with_nothing_in_it(small: CodeStore, tmp_path: Path) -> None:
    path = zipped(tmp_path / "forms.xlsx", sheet=b"<xml/>")
    with pytest.raises(CodesetError, match=r"forms\.xlsx holds no file that Code Desk can read"):
        import_files(small, [path])


def test_a_zip_spoilt_inside(small: CodeStore, tmp_path: Path) -> None:
    path = zipped(tmp_path / "codes-2027.zip", ORDER)
    data = bytearray(path.read_bytes())
    data[200:260] = bytes(60)
    path.write_bytes(data)
    with pytest.raises(CodesetError, match="cannot be unpacked"):
        import_files(small, [path])


# Imported files and files of a package


def test_a_tabular_list_is_not_replaced_by_a_bare_list(packaged: CodeStore, tmp_path: Path) -> None:
    before = loaded(packaged)
    path = tmp_path / "icd10cm-order-April-2026.txt"
    path.write_bytes(ORDER.read_bytes())
    sentences: list[str] = []
    assert import_files(packaged, [path], say=sentences.append).loaded == []
    assert "is loaded already, with the notes of its Tabular List" in sentences[0]
    assert loaded(packaged) == before


@pytest.mark.slow
def test_setup_leaves_what_a_person_imported(small: CodeStore) -> None:
    import_files(small, [ORDER], "FY2024")
    import_files(small, [APRIL], "FY2026-April")
    # The packages add the notes of April, FY2025, and the ICD-10-PCS of FY2024.
    assert [release.key for release in sources.load_packaged(small)] == [
        "icd10cm/FY2026-April",
        "icd10cm/FY2025",
        "icd10pcs/FY2024",
    ]
    assert loaded(small)["icd10cm/FY2024"] == counts(30, 17)
    assert sources.load_packaged(small) == []


def test_october_ends_where_april_begins(small: CodeStore) -> None:
    import_files(small, [ORDER], "FY2025")
    assert small.releases()[0].effective_through == dt.date(2025, 9, 30)
    import_files(small, [APRIL])
    october, april = small.releases()
    assert (october.label, october.effective_through) == ("FY2025", dt.date(2025, 3, 31))
    assert (april.label, april.effective_through) == ("FY2025-April", dt.date(2025, 9, 30))
    assert small.for_date("icd10cm", dt.date(2025, 5, 1)).release == april


@pytest.mark.parametrize(
    ("typed", "first"),
    [("E0134", "E0143"), ("J08977", "J0897"), ("J0887", "J0897"), ("E084O", "E0840"),
     ("J897", "J0897"), ("Z9999", None)],
)  # fmt: skip
def test_did_you_mean_in_a_system_without_headers(
    small: CodeStore, typed: str, first: str | None
) -> None:
    release = load(small, HCPCS)
    found = did_you_mean(small, release, typed)
    assert (found[0].code if found else None) == first


# A desk with several systems


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with a small release of each of the four systems, and without an index, which
    questions about codes do not need."""
    home = tmp_path_factory.mktemp("many")
    store = CodeStore(home / "codes.db")
    import_files(store, [ORDER, PCS, HCPCS])
    import_files(store, [CPT_LONG], "2026")
    store.close()
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def searching(many: Desk) -> Desk:
    """The same desk, with an index."""
    build.build(many._store, many._settings.index, Shipped(), progress=False)
    return many


VERDICTS = [
    # code, date of service, status, reason
    ("A2030", "2025-03-31", "not_yet_valid", "may be used from 2025-04-01 on"),
    ("A2030", "2025-04-01", "billable", "valid and billable in 2026-January"),
    ("A4397", "2021-12-31", "billable", "Its last day is 2021-12-31"),
    ("A4397", "2022-01-01", "deleted", "gives 2021-12-31 as the last day"),
    ("A4397", "1989-12-31", "not_yet_valid", "may be used from 1990-01-01 on"),
    ("J0897", "2026-02-01", "billable", "valid and billable"),
    ("J0887", "2026-02-01", "unknown", "none of the loaded editions of HCPCS Level II"),
    ("0SRC0J9", "2026-11-01", "billable", "valid and billable in FY2027"),
    ("0001T", "2026-06-01", "billable", "CPT © AMA"),
    ("99213", "2026-06-01", "unknown", "none of the loaded editions of CPT"),
]


@pytest.mark.parametrize(("code", "day", "status", "says"), VERDICTS)
def test_a_code_has_dates_of_its_own(
    many: Desk, code: str, day: str, status: str, says: str
) -> None:
    (verdict,) = many.check([code], day=dt.date.fromisoformat(day)).verdicts
    assert (verdict.code, verdict.status) == (code, status)
    assert says in verdict.why


def test_without_its_dot_a_code_is_looked_up_in_every_system(many: Desk) -> None:
    day = dt.date(2026, 10, 5)
    assert [(v.system, v.code, v.status) for v in many.ask("E0840", day=day).verdicts] == [
        ("hcpcs", "E0840", "not_covered"),
        ("icd10cm", "E08.40", "billable"),
    ]
    assert [v.code for v in many.ask("e08.40").verdicts] == ["E08.40"]
    found = [v.code for v in many.check(["E0840", "j0897"]).verdicts]
    assert found == ["E0840", "E08.40", "J0897"]


FINDS = [
    # question, the only system of the answer, a code in it
    ("lightweight wheelchair", "hcpcs", "K0003"),
    ("walker with seat", "hcpcs", "E0156"),
    ("knee replacement right cemented inpatient", "icd10pcs", "0SRC0J9"),
    ("ICD-10-PCS for appendectomy, resection of appendix", "icd10pcs", "0DTJ0ZZ"),
    ("cpt for an invented visit to an office", "cpt", "99990"),
]


@pytest.mark.index
@pytest.mark.parametrize(("question", "system", "code"), FINDS)
def test_only_the_system_asked_for_answers(
    searching: Desk, question: str, system: str, code: str
) -> None:
    answer = searching.ask(question)
    assert {candidate.system for candidate in answer.candidates} == {system}
    assert code in [candidate.code for candidate in answer.candidates]
    assert set(answer.releases) == {c.key for c in _editions(searching, system)}


def _editions(desk: Desk, system: str) -> list[Release]:
    return desk._store.releases(system)


@pytest.mark.index
@pytest.mark.parametrize("question", ["chest pain", "dependence on wheelchair"])
def test_a_diagnosis_comes_first_however_much_is_loaded(searching: Desk, question: str) -> None:
    answer = searching.ask(question, day=dt.date(2027, 1, 5))
    assert answer.candidates[0].system == "icd10cm"
    assert "icd10pcs" not in {candidate.system for candidate in answer.candidates}


@pytest.mark.index
def test_a_code_that_is_not_in_force_is_no_candidate(searching: Desk) -> None:
    def codes(day: str) -> list[str]:
        answer = searching.ask("hcpcs irrigation supply sleeve", day=dt.date.fromisoformat(day))
        return [candidate.code for candidate in answer.candidates]

    assert codes("2021-12-31")[0] == "A4397"
    assert "A4397" not in codes("2026-02-01")


@pytest.mark.index
def test_only_the_editions_shown_are_spoken_of(searching: Desk) -> None:
    """An answer with only diagnoses does not say that no HCPCS release covers the day."""
    answer = searching.ask("osteoarthritis of right knee", day=dt.date(2026, 11, 1))
    assert {c.system for c in answer.candidates[:1]} == {"icd10cm"}
    shown = {c.system for c in answer.candidates}
    assert any("HCPCS" in notice for notice in answer.notices) == ("hcpcs" in shown)


# From the command line


def run(*arguments: str | Path):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("CODEDESK_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return home


def test_import_without_the_index(empty: Path) -> None:
    done = run("codesets", "import", HCPCS, "--no-index")
    assert done.exit_code == 0
    assert "HCPCS Level II 2026-January, quarterly file" in done.stderr
    assert "codedesk index build" in done.stderr
    assert "HCPCS Level II 2026-January" in run("codesets", "list").stdout
    assert run("check", "J0897", "--date", "2026-02-01").exit_code == 0
    refused = run("ask", "walker with seat")
    assert refused.exit_code == 2
    assert "The index has not been built yet" in refused.stderr


@pytest.mark.index
def test_import_builds_the_index(empty: Path) -> None:
    assert run("codesets", "import", HCPCS).exit_code == 0
    assert "E0156" in run("ask", "walker with seat").stdout
    again = run("codesets", "import", HCPCS)
    assert "Building the index" not in again.stderr
    assert "the index stays as it is" in again.stderr


def test_a_bad_file_from_the_command_line(empty: Path, tmp_path: Path) -> None:
    bad = tmp_path / "HCPC2026_JAN_ANWEB.txt"
    bad.write_text("<html>Access denied</html>")
    done = run("codesets", "import", bad)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("codedesk: HCPC2026_JAN_ANWEB.txt is a web page")
    assert done.stderr.count("\n") == 1


# The real files, if they are there

REAL = {
    "icd10cm/icd10cm_order_2025_rebuilt.txt": ("icd10cm/FY2025", 97_584, 74_260),
    "icd10cm/icd10cm_order_2027_rebuilt.txt": ("icd10cm/FY2027", 98_403, 74_879),
    "hcpcs/HCPC2026_JAN_ANWEB_rebuilt.txt": ("hcpcs/2026-January", 8_623, 8_623),
}


@pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the real files are not here")
@pytest.mark.slow
def test_the_real_files(empty: Path) -> None:
    done = run("codesets", "import", "--no-index", *(REAL_FILES / name for name in REAL))
    assert done.exit_code == 0, done.output
    store = CodeStore(empty / "codes.db")
    assert loaded(store) == {key: counts(codes, billable) for key, codes, billable in REAL.values()}
    store.close()
