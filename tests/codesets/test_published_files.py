"""Folders as people have them: every file is loaded, used, or left out with a sentence that says
what it is. No file stops the others, and none is taken for what it is not."""

from __future__ import annotations

import datetime as dt
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from paths import SHARED, TEST_DATA

from bot.cli.main import main
from codesets.formats.icd10cm_drug_table import read_drug_table
from codesets.formats.icd10cm_index import read_neoplasms
from codesets.formats.payment_limits import read_payment_limits
from codesets.loading.edition_names import edition_of
from codesets.loading.file_types import Sample, layout_of, what_else
from codesets.loading.importer import Imported, import_files
from codesets.model import CodesetError
from codesets.store.code_store import CodeStore
from codesets.whole import NotWhole

# It reads whole files.
pytestmark = pytest.mark.slow

PUBLISHED = SHARED / "codesets" / "published"
DATA = TEST_DATA / "imports"
ORDER = DATA / "icd10cm_order_2027.txt"
PCS = DATA / "icd10pcs_codes_2027.txt"
HCPCS = DATA / "HCPC2026_JAN_ANWEB.txt"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CodeStore]:
    store = CodeStore(tmp_path / "codes.db")
    yield store
    store.close()


def put(folder: Path, files: dict[str, str | bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    return folder


def imported(
    store: CodeStore, *paths: Path, label: str | None = None
) -> tuple[Imported, list[str]]:
    sentences: list[str] = []
    return import_files(store, paths, label, sentences.append), sentences


def keys(store: CodeStore) -> list[str]:
    return [r.key for r in store.releases()] + [r.key for r in store.references.all()]


# What a list is

REPORT = "HCPCS/Modifier CodeType of Change\n\n" + "".join(
    f"A{number:04}              No Change\n" for number in range(4200, 4260)
)
TIGHT_REPORT = "".join(f"A{number:04}   No Change\n" for number in range(4200, 4260))
NOC = "HCPCS\t   LONG DESCRIPTION\t\t   ADD DATE   TERM DATE\t\n" + "".join(
    f"A{number:04}      Something miscellaneous number {number}             19870101\n"
    for number in range(4200, 4260)
)
HCPCS_TITLES = "".join(f"A{number:04}   Supply number {number}\n" for number in range(4200, 4260))
POA = "Order26\tPOAexemptCode\tDescription\n" + "".join(
    f"{number:05}\tB90.{number % 10}\tDent of number {number}\n" for number in range(1238, 1298)
)
MCE = "MCE_Version\tICD_Code\n" + "".join(f"37\t10\t4\tA\tA{n:03}\tDent\n" for n in range(60))
PRICES = "".join(f"{number}\t{number / 7:.2f}\n" for number in range(99200, 99260))


@pytest.mark.parametrize(
    "text",
    [REPORT, TIGHT_REPORT, NOC, HCPCS_TITLES, POA, MCE, PRICES],
    ids=["report", "tight report", "NOC", "HCPCS titles", "POA", "MCE", "prices"],
)
def test_what_is_no_code_list_is_not_taken_for_one(tmp_path: Path, text: str) -> None:
    put(tmp_path, {"2026.txt": text})
    layout = layout_of(Sample.of(tmp_path / "2026.txt"))
    assert layout is None or layout.read_release is None


def test_a_disclaimer_above_a_list_is_passed_over(store: CodeStore, tmp_path: Path) -> None:
    disclaimer = f"***Disclaimers{chr(9) * 45}\n{chr(9) * 45}\nInclusion is no promise.{chr(9)}\n\n"
    text = disclaimer + HCPCS.read_text()
    put(tmp_path / "in", {"HCPC2019_CONTR_ANWEB.txt": text})
    done, sentences = imported(store, tmp_path / "in")
    assert keys(store) == ["hcpcs/2019-January"]
    assert sentences[0].endswith(": 18 codes")
    (release,) = store.releases()
    assert release.effective_through == dt.date(2019, 12, 31)
    assert done.left_out == []


def test_an_order_file_that_was_saved_by_an_editor(store: CodeStore, tmp_path: Path) -> None:
    """With a byte order mark and Windows line ends."""
    data = b"\xef\xbb\xbf" + ORDER.read_bytes().replace(b"\n", b"\r\n")
    put(tmp_path / "in", {"odd name 2027.txt": data})
    imported(store, tmp_path / "in")
    plain = CodeStore(tmp_path / "plain.db")
    import_files(plain, [ORDER])
    assert [(c.code, c.billable, c.title) for c in store.codes(store.releases()[0])] == [
        (c.code, c.billable, c.title) for c in plain.codes(plain.releases()[0])
    ]
    plain.close()


def test_a_zip_of_one_system_leaves_the_others(store: CodeStore, tmp_path: Path) -> None:
    import_files(store, [PCS])
    before = list(store.codes(store.releases("icd10pcs")[0]))
    package = tmp_path / "april-1-2027-code-descriptions.zip"
    with zipfile.ZipFile(package, "w") as zipped:
        zipped.write(ORDER, "icd10cm_order_2027.txt")
    imported(store, package)
    assert keys(store) == ["icd10cm/FY2027-April", "icd10pcs/FY2027"]
    assert list(store.codes(store.releases("icd10pcs")[0])) == before


# The edition

EDITIONS = [
    # a file of a kind, name, label
    ("hcpcs", "HCPC17_CONTR_ANWEB.txt", "2017-January"),
    ("hcpcs", "HCPC2018_CONTR_ANWEB_disc.txt", "2018-January"),
    ("hcpcs", "HCPC2020_04_anweb.txt", "2020-April"),
    ("hcpcs", "HCPC2020_10_anweb.txt", "2020-October"),
    ("conversion", "ICD-10-CM-Conversion-Table-FY20-Effective-10-1-2019-corrected.csv", "FY2020"),
    ("conversion", "Conversion-Table-FY2022-Effective-04-01-2022.xlsx", "FY2022-April"),
    ("conversion", "Copy of Conversion-Table-FY2023-Effective-04-01-2023.xlsx", "FY2023-April"),
    ("conversion", "Table-FY2024-Effective-10-01-2023-Final (updated 9-21-2023).xlsx", "FY2024"),
    ("conversion", "ICD-10-CM_ConversionTable-FY17.xlsx", "FY2017"),
    ("conversion", "ICD-10-CM-Conversion-Table-FY2021-Jan-2021.xlsx", "FY2021-January"),
    ("conversion", "Conversion-Table-Effective-10-01-2025.xlsx", "FY2026"),
]  # fmt: skip
OF_KIND = {
    "hcpcs": HCPCS,
    "conversion": TEST_DATA / "crosswalks" / "icd10cm-conversion-table-FY2026.txt",
}


@pytest.mark.parametrize(("kind", "name", "label"), EDITIONS)
def test_the_edition_by_the_names_that_publishers_give(kind: str, name: str, label: str) -> None:
    sample = Sample.of(OF_KIND[kind])
    layout = layout_of(sample)
    assert layout is not None
    assert edition_of(layout, Sample(Path(name), sample.head), "", None).label == label


SAID = "codes, which will become effective {}.\nThis Conversion Table includes the new codes.\n"


@pytest.mark.parametrize(
    ("begins", "label"),
    [
        ("October 1, 2024", "FY2025"),
        ("April 1, 2023", "FY2023-April"),
        ("January 2021", "FY2021-January"),
    ],
)
def test_what_a_table_says_counts_more_than_its_name(
    store: CodeStore, tmp_path: Path, begins: str, label: str
) -> None:
    text = (
        f'"{SAID.format(begins)}"\nCurrent code assignment,Effective,Previous Code(s) Assignment\n'
    )
    put(tmp_path / "in", {"conversion-table-FY2019.csv": text + "A04.71,2017,A04.7\n"})
    imported(store, tmp_path / "in")
    assert keys(store) == [f"icd10cm/conversion/{label}"]


def test_a_file_without_an_edition_says_how_to_name_it_and_stops_no_other(
    store: CodeStore, tmp_path: Path
) -> None:
    put(tmp_path / "in", {"codes.txt": ORDER.read_bytes(), "pcs_2027.txt": PCS.read_bytes()})
    done, sentences = imported(store, tmp_path / "in")
    assert done.left_out == ["codes.txt"]
    assert keys(store) == ["icd10pcs/FY2027"]
    assert sentences[-1] == (
        "codes.txt: left out, its name does not tell which edition of ICD-10-CM it is: put the "
        "edition into its name, or add --release FY2027 (or FY2026-April)"
    )


def test_a_label_is_for_the_file_without_an_edition_alone(store: CodeStore, tmp_path: Path) -> None:
    put(tmp_path / "in", {"codes.txt": ORDER.read_bytes(), "pcs_2027.txt": PCS.read_bytes()})
    done, _ = imported(store, tmp_path / "in", label="FY2025")
    assert keys(store) == ["icd10cm/FY2025", "icd10pcs/FY2027"]
    assert done.left_out == []


def test_a_list_under_the_name_of_another_year_is_left_out(
    store: CodeStore, tmp_path: Path
) -> None:
    import_files(store, [ORDER])
    put(tmp_path / "in", {"icd10cm_order_2026.txt": ORDER.read_bytes()})
    with pytest.raises(NotWhole, match=r"its name says FY2026, and its codes .* those of FY2027"):
        imported(store, tmp_path / "in" / "icd10cm_order_2026.txt")
    assert keys(store) == ["icd10cm/FY2027"]
    # With --release a person has decided.
    imported(store, tmp_path / "in" / "icd10cm_order_2026.txt", label="FY2026")
    assert keys(store) == ["icd10cm/FY2026", "icd10cm/FY2027"]


# Two files of one edition, zips, damage


def test_the_same_file_twice_is_loaded_once(store: CodeStore, tmp_path: Path) -> None:
    table = OF_KIND["conversion"]
    put(
        tmp_path / "a",
        {"conversion-FY2026.txt": table.read_bytes(), "order_2027.txt": ORDER.read_bytes()},
    )
    put(tmp_path / "b", {"copy of conversion-FY2026.txt": table.read_bytes(),
                         "icd10cm_2027.txt": ORDER.read_bytes()})  # fmt: skip
    done, sentences = imported(store, tmp_path / "a", tmp_path / "b")
    assert (len(done.loaded), done.not_needed, done.left_out) == (2, 2, [])
    assert sum("the same file as" in sentence for sentence in sentences) == 2
    (reference,) = store.references.all()
    again = CodeStore(tmp_path / "alone.db")
    import_files(again, [tmp_path / "a"])
    assert store.references.count(reference) == again.references.count(reference)
    again.close()


def test_a_damaged_list_is_replaced_by_the_other_of_its_edition(
    store: CodeStore, tmp_path: Path
) -> None:
    order = ORDER.read_bytes().replace(b"00012 ", b"x0012 ")
    codes = "".join(
        f"{line[6:13]} {line[77:]}\n" for line in ORDER.read_text().splitlines() if line[14] == "1"
    )
    put(tmp_path / "in", {"order_2027.txt": order, "codes_2027.txt": codes})
    done, sentences = imported(store, tmp_path / "in")
    assert done.left_out == ["order_2027.txt"]
    assert keys(store) == ["icd10cm/FY2027"]
    assert sentences[-1].startswith("order_2027.txt: left out, line 12: not in the layout")


def test_every_file_of_a_zip_in_a_zip_is_named(store: CodeStore, tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.zip", tmp_path / "outer.zip"
    with zipfile.ZipFile(inner, "w") as package:
        package.write(ORDER, ORDER.name)
        package.writestr("letter.txt", "Dear customer,\n")
        package.writestr("layout.txt", "CMS RIF REPORT\n\n NAME LENGTH BEG END CONTENTS\n")
    with zipfile.ZipFile(outer, "w") as package:
        package.write(inner, inner.name)
        package.writestr("damaged_2027.xlsx", b"PK\x03\x04[Content_Types].xml and no more")
    done, sentences = imported(store, outer)
    assert keys(store) == ["icd10cm/FY2027"]
    # What comes with a list is named, and is no failure.
    assert done.left_out == []
    assert done.without_codes == 3
    assert set(sentences[1:]) == {
        "letter.txt, damaged_2027.xlsx (in outer.zip): left out, each is no file that Code Desk "
        "can read",
        "layout.txt (in outer.zip): left out, it is the record layout of the HCPCS file: a "
        "description for programmers, no codes",
    }


# Files with nothing to load

ISA = "ISA*00* *00* *ZZ*SENDER*ZZ*RECEIVER*260101*1000*^*00501*1*0*T*:~"
OTHERS = [
    ("a.837", f"{ISA}\nGS*HC*A*B~\nST*837*0001~\nBHT*0019~\n", "a claim (X12 837)"),
    ("a.txt", f"{ISA}GS*HP*A*B~ST*835*0001~BPR*I~", "a remittance advice (X12 835)"),
    ("b.txt", "ST*835*0001~BPR*I~TRN*1~", "a remittance advice (X12 835)"),
    ("a.277", f"{ISA}GS*HN*A*B~ST*277*0001~", "a claim status message"),
    ("report.prn", REPORT, "the HCPCS transaction report"),
    ("report.csv", "HCPC,ACTION CD,SHORT DESCRIPTION,LONG DESCRIPTION\nC1,ADD,a,b\n",
     "the HCPCS transaction report"),
    ("noc.txt", NOC, "the list of HCPCS codes that are not otherwise classified"),
    ("fixes.txt", "\t2017 HCPCS CORRECTIONS\t\t\n\nCODE\tACTION\tEFF DATE\n",
     "a list of corrections"),
    ("paid.csv", ",marker,patient,code,billed_units,paid_amount\n0,1,A B,59430,1,1\n",
     "a table of paid claims with names of patients"),
    ("key.json", '{"name": "ICD-10-PCS Body Part Key"}', "a JSON file that others made of a key"),
    ("any.json", '[{"a": 1}]', "a JSON file that others made"),
    ("a.xsd", '<?xml version="1.0"?><xs:schema/>', "the schema of an XML file"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "what"), OTHERS)
def test_what_has_nothing_to_load_is_named(
    store: CodeStore, tmp_path: Path, name: str, text: str, what: str
) -> None:
    put(tmp_path, {name: text})
    assert layout_of(sample := Sample.of(tmp_path / name)) is None
    assert (what_else(sample) or "").startswith(what)
    with pytest.raises(CodesetError, match=rf"^{name} is ") as refused:
        import_files(store, [tmp_path / name])
    assert what in str(refused.value)


@pytest.mark.parametrize(
    ("name", "command"), [("a.837", "codedesk claim FILE"), ("a.txt", "codedesk denial FILE")]
)
def test_a_claim_and_a_denial_are_sent_to_their_command(name: str, command: str) -> None:
    (what,) = [
        other for file, text, _ in OTHERS if file == name
        for other in [what_else(Sample(Path(file), text.encode()))]
    ]  # fmt: skip
    assert command in (what or "")


# Addenda

BEFORE = (
    ("A00", 0, "Cholera"),
    ("A000", 1, "Cholera, old"),
    ("A01", 1, "Typhoid"),
    ("B00", 1, "Gone"),
)
AFTER = (
    ("A00", 0, "Cholera"),
    ("A000", 1, "Cholera, new"),
    ("A01", 0, "Typhoid"),
    ("A010", 1, "Fever"),
)


def order(*rows: tuple[str, int, str]) -> str:
    return "".join(
        f"{number:05} {code:7} {flag} {title:60} {title}\n"
        for number, (code, flag, title) in enumerate(rows, 1)
    )


def change(action: str, code: str, flag: int, title: str) -> str:
    return f"{action + ':':13}{flag} {code:7} {title:60} {title}\n"


ADDENDA = (
    change("Revise from", "A000", 1, "Cholera, old")
    + change("Revise to", "A000", 1, "Cholera, new")
    + change("Delete", "A01", 1, "Typhoid")
    + change("Add", "A01", 0, "Typhoid")
    + change("Add", "A010", 1, "Fever")
    + change("Delete", "B00", 1, "Gone")
    + "\nCodes\n  3 codes in icd10cm_order_2025.txt\n  2 codes in icd10cm_order_2026.txt\n"
)
LISTS = {"icd10cm_order_2025.txt": order(*BEFORE), "icd10cm_order_2026.txt": order(*AFTER)}
CHECKS = [
    # the lists, the addenda, what is found
    (LISTS, ADDENDA, "FY2025 with these changes (2 added, 2 deleted, 1 retitled) is ICD-10-CM "
     "FY2026, code by code"),
    (LISTS, ADDENDA.replace(change("Add", "A010", 1, "Fever"), ""),
     "DIFFERS from FY2025 with these changes in 1 codes (A01.0)"),
    (LISTS, ADDENDA.replace("Cholera, new", "Cholera, odd"),
     "code by code; titles worded otherwise in one of the two: 1 (A00.0)"),
    (LISTS, ADDENDA.replace("  2 codes", "  7 codes"),
     "the list has 2 billable codes, and the addenda count 7"),
    ({"icd10cm_order_2026.txt": order(*AFTER)}, ADDENDA, "agrees with them"),
    ({"icd10cm_order_2025.txt": order(*BEFORE)}, ADDENDA,
     "the list of ICD-10-CM FY2026 is not loaded, so there is nothing to check"),
]  # fmt: skip


@pytest.mark.parametrize(("lists", "addenda", "found"), CHECKS)
def test_addenda_check_a_list_and_are_no_codes(
    store: CodeStore, tmp_path: Path, lists: dict[str, str], addenda: str, found: str
) -> None:
    folder = put(tmp_path / "in", {**lists, "icd10cm_order_addenda_2026.txt": addenda})
    sentences: list[str] = []
    done = import_files(store, [folder], say=sentences.append, partial=True)
    assert len(done.loaded) == len(lists)
    assert (done.checked, done.left_out) == (1, [])
    (said,) = [sentence for sentence in sentences if "addenda of ICD-10-CM FY2026" in sentence]
    assert found in said
    for release in store.releases():
        assert store.counts(release)["codes"] == 4


# Tables


def test_the_table_of_drugs_as_csv(tmp_path: Path) -> None:
    text = (
        "ICD-10-CM TABLE of DRUGS and CHEMICALS,,,,,,\r\n"
        "Substance,Poisoning Accidental (unintentional),Poisoning Intentional self-harm,"
        "Poisoning Assault,Poisoning Undetermined,Adverse effect,Underdosing\r\n"
        "Brandy,T51.0X1,T51.0X2,T51.0X3,T51.0X4,--,--\r\n"
        "\x96 plum,T51.0X1,T51.0X2,T51.0X3,T51.0X4,--,--\r\n"
        "\x96 \x96 old,T51.0X1,T51.0X2,T51.0X3,T51.0X4,--,--\r\n"
        "Aqua vitae -see Brandy,,,,,,\r\n"
    )
    put(tmp_path, {"icd10cm-drug-April-2025.csv": text.encode("latin-1")})
    path = tmp_path / "icd10cm-drug-April-2025.csv"
    terms = read_drug_table(path, "FY2025-April")
    assaults = [t for t in terms if t.column == "Poisoning Assault"]
    assert [(t.text, t.code, t.via) for t in assaults] == [
        ("Brandy", "T51.0X3", None),
        ("Brandy, plum", "T51.0X3", None),
        ("Brandy, plum, old", "T51.0X3", None),
        ("Aqua vitae", "T51.0X3", "Brandy"),
    ]
    layout = layout_of(sample := Sample.of(path))
    assert layout is not None
    assert (layout.kind, edition_of(layout, sample, "", None).label) == ("drugs", "FY2025-April")


def test_a_table_of_neoplasms_without_a_heading_of_its_sites(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n<ICD10CM.index><version>2016</version>'
        '<indexHeading><head col="2">Malignant Primary</head></indexHeading><letter>'
        "<title>N</title><mainTerm><title>Neoplasm</title>"
        '<cell col="2">C80.1</cell></mainTerm></letter></ICD10CM.index>'
    )
    put(tmp_path, {"Neoplasm.xml": text})
    (term,) = read_neoplasms(tmp_path / "Neoplasm.xml", "FY2016")
    assert (term.code, term.column) == ("C80.1", "Malignant Primary")


def test_payment_limits(store: CodeStore, tmp_path: Path) -> None:
    text = (
        "\ufeffPayment Allowance Limits for Medicare Part B Drugs,,,,,\n"
        '"Effective January 1, 2026 through March 31, 2026",,,,,\n'
        "HCPCS Code,Short Description,HCPCS Code Dosage,Payment Limit,Co-insurance Percentage,"
        "Notes\n"
        "J0897,Denosumab injection,1 MG,21.5,20.000,\n"
        "J0897,Denosumab injection,1 MG,21.5,20.000,\n"
        'Q9001,Dent filler,0.5 ML,N/A,20.000,"by the\ncontractor"\n'
    )
    put(tmp_path / "in", {"payment limits.csv": text})
    limits = read_payment_limits(tmp_path / "in" / "payment limits.csv")
    assert [(row.code, row.dosage, row.limit, row.notes) for row in limits] == [
        ("J0897", "1 MG", "21.5", ""),
        ("Q9001", "0.5 ML", "N/A", "by the contractor"),
    ]
    imported(store, tmp_path / "in")
    assert keys(store) == ["hcpcs/payment_limits/2026-January"]


def test_a_workbook_of_changes_is_no_list(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [["Note regarding coverage"], [], ["HCPC/MOD", "ACTION CD", "SHORT DESCRIPTION",
                "LONG DESCRIPTION"], ["C9053", "ADD", "Inj", "Injection"]]:  # fmt: skip
        book.active.append(row)
    book.save(tmp_path / "HCPC2020_04_trans_alpha.xlsx")
    sample = Sample.of(tmp_path / "HCPC2020_04_trans_alpha.xlsx")
    assert layout_of(sample) is None
    assert (what_else(sample) or "").startswith("the HCPCS transaction report")


# From the command line


def test_the_last_line_sums_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path / "home"))
    folder = put(tmp_path / "in", {"a.837": f"{ISA}\nST*837*0001~\n", "empty.txt": ""})
    shutil.copy(ORDER, folder)
    done = CliRunner().invoke(main, ["codesets", "import", "--no-index", str(folder)])
    assert done.exit_code == 1
    lines = done.stderr.splitlines()
    assert "Loaded 1, 2 left out (each with its sentence above)." in lines
    assert "empty.txt: left out, it is empty" in lines


# The real files, if they are there

real = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the real files are not here")
COUNTS = [
    # file, release or reference, codes or entries
    ("hcpcs/2017-Alpha-Numeric-HCPCS-File.zip", "hcpcs/2017-January", 6_155),
    ("hcpcs/2018-Alpha-Numeric-HCPCS-File.zip", "hcpcs/2018-January", 6_205),
    ("hcpcs/2019-Alpha-Numeric-HCPCS-File.zip", "hcpcs/2019-January", 6_440),
    ("icd10pcs/cms_2026_pr.zip", "icd10pcs/FY2026", 79_115),
]


@real
@pytest.mark.parametrize(("name", "key", "count"), COUNTS)
def test_the_published_zips(store: CodeStore, name: str, key: str, count: int) -> None:
    done, _ = imported(store, PUBLISHED / name)
    (release,) = store.releases()
    assert (release.key, store.counts(release)["codes"]) == (key, count)
    assert done.left_out == []


@real
def test_no_published_file_without_a_layout_is_taken_for_a_list() -> None:
    """Claims, keys and reports are named; what is loaded as codes is a list of codes."""
    lists = set()
    for path in sorted(PUBLISHED.rglob("*")):
        if path.is_file() and path.suffix.lower() not in (".zip", ".xlsx", ".pdf"):
            layout = layout_of(Sample.of(path))
            if layout is not None and layout.read_release is not None:
                lists.add(path.name)
    assert lists == set()
