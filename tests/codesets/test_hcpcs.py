"""HCPCS Level II in both file formats, the meanings of its indicators, and drug products."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from paths import SHARED, TEST_DATA

from bot.desk.billing_units import billing_units
from bot.views.wording import in_words
from codesets.formats import asp_ndc, hcpcs, spreadsheets
from codesets.lookups.hcpcs_indicators import decoded
from codesets.model import CodesetError, Indicators, Modifier, Product, Release, Term

DATA = TEST_DATA / "hcpcs"
REAL = SHARED / "codesets" / "hcpcs"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")

QUARTER = DATA / "HCPC2026_APR_ANWEB.txt"
CROSSWALK = DATA / "april_2026_asp_ndc_hcpcs_crosswalk.csv"
RELEASE = Release(
    system="hcpcs",
    label="2026-April",
    effective_from=dt.date(2026, 4, 1),
    effective_through=dt.date(2026, 6, 30),
    source="test",
    files=(),
)


def by_code(rows: Sequence[hcpcs.Row]) -> dict[str, hcpcs.Row]:
    return {row.code: row for row in rows}


@pytest.fixture(scope="module")
def quarter() -> dict[str, hcpcs.Row]:
    return by_code(hcpcs.read_quarter(QUARTER))


# The text file


def day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


ROWS = [
    # code, title, added, terminated
    ("A1", "Dressing for one dent", "2002-07-01", ""),
    ("QZ", "Dent service with direction by an invented provider, billed when the dent was seen "
           "twice", "1998-01-01", "2024-12-31"),
    ("A0021", "Cart ride, outside town, per mile", "1985-01-01", ""),
    ("A4311", "Insertion tray without drainage bag with indwelling straw, invented type, two-way "
              "rubber with coating (wax, glue - all sorts - or honey, etc.)", "1990-01-01", ""),
    ("Q9999", "Injection, oldumab, 5 mg", "2020-01-01", "2025-03-31"),
    # A new code without an added date has the date of its action.
    ("V5008", "Ménière hearing screening", "2026-01-01", ""),
]  # fmt: skip


@pytest.mark.parametrize(("code", "title", "added", "terminated"), ROWS)
def test_titles_are_joined_and_dates_are_read(
    quarter: dict[str, hcpcs.Row], code: str, title: str, added: str, terminated: str
) -> None:
    row = quarter[code]
    assert (row.title, row.added, row.terminated) == (title, day(added), day(terminated))


def test_everything_is_read_from_its_position(quarter: dict[str, hcpcs.Row]) -> None:
    assert quarter["E0155"].indicators == Indicators(
        code="E0155",
        short_title="Walker wheel attachment",
        coverage="D",
        pricing=("32", "46", "00", "99"),
        multiple_pricing="A",
        betos="D1E",
        types_of_service=("A", "P", "R"),
        action="F",
        statute="1862A7",
        cross_references=("E0156", "E0157", "E0158", "E0159", "E0160"),
    )


def test_codes_are_codes_and_modifiers_are_rows() -> None:
    data = hcpcs.release_of(RELEASE, hcpcs.read_quarter(QUARTER))
    assert [(code.code, code.position) for code in data.codes] == [
        ("A0021", 0), ("A4311", 1), ("E0155", 2), ("J0897", 3), ("Q9999", 4), ("V5008", 5),
    ]  # fmt: skip
    assert data.codes[4].effective_through == dt.date(2025, 3, 31)
    indicators = [row for row in data.rows if isinstance(row, Indicators)]
    assert [row.code for row in indicators] == [code.code for code in data.codes]
    assert [row for row in data.rows if isinstance(row, Modifier)] == [
        Modifier("A1", "Dressing for one dent", dt.date(2002, 7, 1), None),
        Modifier("QZ", ROWS[1][1], dt.date(1998, 1, 1), dt.date(2024, 12, 31)),
    ]


BAD = [
    # change of the file, error
    (lambda data: data[:-60], "line 11: not in the record layout"),
    (lambda data: data.replace(b"A4311002004", b"A4312002004"), "line 6: goes on with A4312"),
    (lambda data: data.replace(b"20250331", b"20250332"), 'line 10: "20250332" is not a date'),
    (lambda data: data.replace(b"J0897001003", b"A0021001003"), "line 9: A0021 stands there twice"),
    (lambda data: data[: data.index(b"A0021")], "holds no HCPCS Level II codes"),
    (lambda data: b"", "holds no HCPCS Level II codes"),
]


@pytest.mark.parametrize(("spoil", "says"), BAD)
def test_a_bad_file_says_what_is_wrong(
    tmp_path: Path, spoil: Callable[[bytes], bytes], says: str
) -> None:
    path = tmp_path / "HCPC2026_APR_ANWEB.txt"
    path.write_bytes(spoil(QUARTER.read_bytes()))
    with pytest.raises(CodesetError, match=rf"^{path.name}.*{says}.*\.$"):
        hcpcs.read_quarter(path)


# The spreadsheet

PUBLISHED = (
    "HCPC|SEQNUM|RECID|LONG DESCRIPTION|SHORT DESCRIPTION|PRICE1|PRICE2|PRICE3|PRICE4|MULT_PI|CIM1|"
    "CIM2|CIM3|MCM1|MCM2|MCM3|STATUTE|LABCERT1|LABCERT2|LABCERT3|LABCERT4|LABCERT5|LABCERT6|"
    "LABCERT7|LABCERT8|XREF1|XREF2|XREF3|XREF4|XREF5|COV|ASC_GRP|ASC_DT|OPPS|OPPS_PI|OPPS_DT|"
    "PROCNOTE|BETOS|TOS1|TOS2|TOS3|TOS4|TOS5|ANEST_BU|ADD DT|ACT EFF DT|TERM DT|ACTION CD"
).split("|")
WITH_UNDERSCORES = [name.replace(" ", "_") for name in PUBLISHED]
SPACED = [name.replace("PRICE", "PRICE_CD ").replace("XREF", "XREF ") for name in PUBLISHED]


def as_workbook(
    path: Path, heading: Sequence[str], rows: Sequence[hcpcs.Row], above: Sequence[str] = ()
) -> Path:
    """The rows as in CMS's workbook, below lines of text."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for text in above:
        sheet.append([text])
    sheet.append(heading)
    for row in rows:
        indicators, pricing = row.indicators, row.indicators.pricing
        cells: dict[str, object] = {
            "HCPC": row.code,
            "SEQNUM": "00100",
            "RECID": 7 if row.is_modifier else 3,
            "LONG DESCRIPTION": row.title,
            "SHORT DESCRIPTION": indicators.short_title,
            # A workbook may have the number 0 where the text file has 00.
            **{f"PRICE{n}": int(price) for n, price in enumerate(pricing, 1)},
            "MULT_PI": int(indicators.multiple_pricing)
            if indicators.multiple_pricing == "9"
            else indicators.multiple_pricing,
            "STATUTE": indicators.statute,
            **{f"XREF{n}": code for n, code in enumerate(indicators.cross_references, 1)},
            "COV": indicators.coverage,
            "BETOS": indicators.betos,
            **{f"TOS{n}": letter for n, letter in enumerate(indicators.types_of_service, 1)},
            "ADD DT": int(f"{row.added:%Y%m%d}") if row.added else None,
            "ACT EFF DT": 20260401,
            "TERM DT": dt.datetime.combine(row.terminated, dt.time()) if row.terminated else "",
            "ACTION CD": indicators.action,
        }
        sheet.append([cells.get(name) for name in PUBLISHED])
    workbook.save(path)
    return path


@pytest.mark.parametrize(
    ("heading", "above"),
    [
        (PUBLISHED, []),
        (WITH_UNDERSCORES, ["CPT codes and descriptions are copyright of the AMA."] * 9),
        (SPACED, ["Invented words, above the heading, of two lines", ""]),
    ],
    ids=["plain", "underscores under a disclaimer", "spaces"],
)
def test_a_workbook_says_what_the_text_file_says(
    tmp_path: Path, heading: list[str], above: list[str], quarter: dict[str, hcpcs.Row]
) -> None:
    path = tmp_path / "HCPC2026_APR_ANWEB.xlsx"
    as_workbook(path, heading, list(quarter.values()), above)
    assert hcpcs.read_spreadsheet(path) == list(quarter.values())


TABLES = [
    # heading, row, what is read from it
    ("HCPC,RECID,LONG DESCRIPTION,SHORT DESCRIPTION,COV,ADD DT,ACT EFF DT,ACTION CD",
     "A0001,3,Dent,Dent,C,,20260401,A", ("A0001", "Dent", "2026-04-01", "", "")),
    ("code,kind,short_description,long_description,coverage,betos,tos,add_date,action_eff_year",
     "A1,modifier,Dressing,Dressing for one dent,C,,,20020701,2002",
     ("A1", "Dressing for one dent", "2002-07-01", "", "")),
    ("code,kind,short_description,long_description,in_oct_2025_file,coverage_oct2025,betos_oct2025,"
     "add_date_oct2025,term_date_known_mid2024",
     "A0002,procedure,Dent,\"Dent, old\",1,S,0088Z2,19820101,2020-12-31",
     ("A0002", "Dent, old", "1982-01-01", "2020-12-31", "Z2")),
]  # fmt: skip


@pytest.mark.parametrize(("heading", "row", "read"), TABLES)
def test_tables_made_from_the_file_are_read_too(
    tmp_path: Path, heading: str, row: str, read: tuple[str, ...]
) -> None:
    path = tmp_path / "hcpcs.csv"
    path.write_text(f"{heading}\n{row}\nA9999,,Other dent,Other dent,,,,\n")
    first, _ = hcpcs.read_spreadsheet(path)
    code, title, added, terminated, betos = read
    assert (first.code, first.title, first.indicators.betos) == (code, title, betos)
    assert (first.added, first.terminated) == (day(added), day(terminated))


def test_a_description_may_go_on_in_further_rows(tmp_path: Path) -> None:
    path = tmp_path / "hcpcs.csv"
    path.write_text(
        "HCPC,RECID,LONG DESCRIPTION,SHORT DESCRIPTION,COV,ADD DT\n"
        "A0001,3,Dent of two-,Dent,C,\nA0001,4,way kind,,,\n"
    )
    (row,) = hcpcs.read_spreadsheet(path)
    assert row.title == "Dent of two-way kind"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("99213,3,Visit,Visit,C,", r'line 2: "99213" is no code or modifier of HCPCS Level II'),
        ("A0001,3,Dent,Dent,C,1 May", r'line 2: "1 May" is not a date'),
        ("A0001,4,Dent,Dent,C,", r"line 2: goes on with A0001"),
        ("A1,7,Dressing,Dressing,C,", r"holds no HCPCS Level II codes"),
    ],
)
def test_a_bad_table_says_what_is_wrong(tmp_path: Path, row: str, says: str) -> None:
    path = tmp_path / "hcpcs.csv"
    path.write_text(f"HCPC,RECID,LONG DESCRIPTION,SHORT DESCRIPTION,COV,ADD DT\n{row}\n")
    with pytest.raises(CodesetError, match=rf"^hcpcs\.csv.*{says}\.?"):
        hcpcs.read_spreadsheet(path)


@pytest.mark.parametrize(
    "heading",
    [
        "CODE,SHORT DESCRIPTION,LONG DESCRIPTION,NF EXCL",  # CMS's lists of ICD-10 codes
        "HCPCS Code,Short Description,LABELER NAME,NDC,Drug Name",
        "",
    ],
)
def test_other_tables_are_refused(tmp_path: Path, heading: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(f"{heading}\nA000,Cholera,Cholera,\n")
    with pytest.raises(CodesetError, match=r"^other\.csv has not the columns of the HCPCS"):
        hcpcs.read_spreadsheet(path)


# Meanings of indicators

WORDS = [
    # code of the small file, lines
    ("A0021", [
        "Coverage I: Not payable by Medicare",
        "Pricing 00: Service not separately priced by Part B (e.g., services not covered, bundled, "
        "used by Part A only, etc.)",
        "Multiple pricing 9: Not applicable as HCPCS not priced separately by Part B (pricing "
        "indicator is 00) or value is not established (pricing indicator is 99)",
        "Type of service D: Ambulance",
        "BETOS O1A: Ambulance",
        "Action N: No maintenance for this code",
    ]),
    ("J0897", [
        "Coverage C: Carrier judgment",
        "Pricing 51: Drugs",
        "Multiple pricing A: Not applicable as HCPCS priced under one methodology",
        "Type of service 1: Medical care",
        "Type of service P: Lump sum purchase of DME, prosthetics, orthotics",
        "BETOS O1E: Other drugs",
        "Action N: No maintenance for this code",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "lines"), WORDS)
def test_indicators_in_words(quarter: dict[str, hcpcs.Row], code: str, lines: list[str]) -> None:
    assert decoded(quarter[code].indicators) == lines


def test_unknown_letters_are_shown_as_they_are() -> None:
    unknown = Indicators("A0001", "", "Q", ("77",), "", "", ("X",), "", "", ())
    assert decoded(unknown) == ["Coverage Q", "Pricing 77", "Type of service X"]


# Drug products


def test_products_of_the_crosswalk() -> None:
    rows = asp_ndc.read_crosswalk(CROSSWALK, "2026-April")
    products = [row for row in rows if isinstance(row, Product)]
    assert products[0] == Product(
        code="J0897",
        ndc="55513-0710-01",
        name="Prolium",
        labeler="Amgum Inc",
        dosage="1 MG",
        package_size="1",
        package_quantity="1",
        units="60",
        units_per_package="60",
    )
    assert [(p.code, p.ndc) for p in products[3:]] == [
        ("J0290", "00781-3400-95"),
        ("J0290", "00517-3400-95"),
        ("J0290", "00517-3401-95"),
        ("Q4111", "DG-225"),
        ("90000", "00781-0400-10"),
    ]


def test_terms_are_the_names_without_trademarks_and_labelers() -> None:
    rows = asp_ndc.read_crosswalk(CROSSWALK, "2026-April")
    assert [row for row in rows if isinstance(row, Term)] == [
        Term("J0897", "Prolium", "brand", "2026-April"),
        Term("J0897", "Exgevium", "brand", "2026-April"),
        Term("J0290", "Inventicillin Sodium", "brand", "2026-April"),
        Term("J0290", "Inventicillin (Pak)", "brand", "2026-April"),
        Term("Q4111", "bio-Dent", "brand", "2026-April"),
    ]


@pytest.mark.parametrize("code", ["HCPCS Code", "_2023_CODE", "_2031_CODE", "HCPCS"])
@pytest.mark.parametrize("ndc", ["NDC", "NDC2"])
def test_columns_are_found_by_any_of_their_headings(code: str, ndc: str) -> None:
    names = f"{code}|Short Description|LABELER NAME|{ndc}|Drug Name|HCPCS dosage|PKG SIZE|PKG QTY|"
    row = [*names.split("|"), "BILLUNITSPKG"]
    row[8] = "BILLUNITS"
    assert spreadsheets.heading([row], asp_ndc.ASP_COLUMNS) is not None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("J0290,", "GARBAGE,", r'line 11: "GARBAGE" is no code of HCPCS Level II or CPT\.$'),
        ("BILLUNITSPKG", "UNITS", r"has not the columns of the ASP NDC-HCPCS crosswalk\.$"),
    ],
)
def test_a_bad_crosswalk_says_what_is_wrong(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "asp.csv"
    path.write_bytes(CROSSWALK.read_bytes().replace(old.encode(), new.encode()))
    with pytest.raises(CodesetError, match=says):
        asp_ndc.read_crosswalk(path, "2026-April")


def test_a_crosswalk_without_products_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "asp.csv"
    path.write_bytes(CROSSWALK.read_bytes().split(b"J0897", 1)[0])
    with pytest.raises(CodesetError, match=r"^asp\.csv holds no products\.$"):
        asp_ndc.read_crosswalk(path, "2026-April")


NDCS = [
    ("55513-0710-01", "55513-0710-01"),
    ("55513071001", "55513-0710-01"),
    ("55513-710-01", "55513-0710-01"),
    ("0781-3400-95", "00781-3400-95"),
    ("12345-6789-1", "12345-6789-01"),
    ("  NDC 0781-3400-95 ", "00781-3400-95"),
    ("ndc#55513071001", "55513-0710-01"),
    ("NDC: 55513-0710-01", "55513-0710-01"),
    ("5551371001", None),  # ten digits without dashes could be three NDCs
    ("5551-710-01", None),  # two zeros missing
    ("51120-61052", None),
    ("888867413689", None),
    ("555130710012", None),
    ("GG100", None),
    ("J0897", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "ndc"), NDCS)
def test_an_ndc_as_people_type_it(text: str, ndc: str | None) -> None:
    assert asp_ndc.normal_ndc(text) == ndc


UNITS = [
    ("55513-0710-01", "NDC 55513-0710-01 (Prolium, Amgum Inc): 60 billing units of J0897 (1 MG) in "
                      "a package: 1 item (size 1) of 60 units."),
    ("55513-0710-21", "NDC 55513-0710-21 (PROLIUM, Amgum Inc): 240 billing units of J0897 (1 MG) "
                      "in a package: 4 items (size 1) of 60 units each."),
    ("00781-3400-95", "NDC 00781-3400-95 (Inventicillin Sodium (American Regress), Sand Oz Inc.): "
                      "3 billing units of J0290 (500 MG) in a package: 10 items (size 1) of 0.25 "
                      "units each, rounded up."),
    ("00517-3400-95", "NDC 00517-3400-95 (Inventicillin Sodium, American Regress, Inc.): 10 "
                      "billing units of J0290 (500 MG) in a package as published, although it also "
                      "says 10 items (size 1) of 10 units each."),
    ("DG-225", "Product DG-225 (bio-Dent, Dent Life): 8 billing units of Q4111 (1 SQ CM) in a "
               "package: 1 item (size 7.5) of 7.5 units, rounded up."),
    ("00517-3401-95", "NDC 00517-3401-95 (Inventicillin (Pak), American Regress, Inc.): billing "
                      "units of J0290 (500 MG) are not published."),
]  # fmt: skip


@pytest.mark.parametrize(("ndc", "sentence"), UNITS)
def test_units_say_what_the_crosswalk_says(ndc: str, sentence: str) -> None:
    rows = asp_ndc.read_crosswalk(CROSSWALK, "2026-April")
    (product,) = [row for row in rows if isinstance(row, Product) and row.ndc == ndc]
    assert in_words(billing_units(asp_ndc.units_arithmetic(product))) == sentence


def test_units_without_their_arithmetic() -> None:
    product = Product("J0001", "GG100", "Dentium", "Amgum Inc", "1 MG", "1", "", "", "60")
    assert in_words(billing_units(asp_ndc.units_arithmetic(product))) == (
        "Product GG100 (Dentium, Amgum Inc): 60 billing units of J0001 (1 MG) in a package."
    )


# The real files, if they are there


@pytest.fixture(scope="module")
def january() -> dict[str, hcpcs.Row]:
    return by_code(hcpcs.read_quarter(REAL / "HCPC2026_JAN_ANWEB_rebuilt.txt"))


def counts(rows: Sequence[hcpcs.Row]) -> tuple[int, int]:
    modifiers = sum(row.is_modifier for row in rows)
    return len(rows) - modifiers, modifiers


@real
def test_real_quarters(january: dict[str, hcpcs.Row]) -> None:
    assert counts(list(january.values())) == (8_623, 383)
    october = hcpcs.read_spreadsheet(REAL / "hcpcs_2025_oct.csv")
    assert counts(october) == (8_463, 383)
    row = january["J0897"]
    assert (row.title, row.added) == ("Injection, denosumab, 1 mg", dt.date(2012, 1, 1))
    assert row.indicators.pricing == ("51",)


@real
def test_the_real_text_and_table_of_one_quarter_agree(january: dict[str, hcpcs.Row]) -> None:
    table = by_code(hcpcs.read_spreadsheet(REAL / "hcpcs_2026_jan.csv"))
    assert list(table) == list(january)

    def known(rows: dict[str, hcpcs.Row]) -> list[tuple]:
        return [
            (r.title, r.added, r.terminated, r.indicators.short_title, r.indicators.coverage)
            for r in rows.values()
        ]

    assert known(table) == known(january)


@real
def test_every_real_indicator_has_words(january: dict[str, hcpcs.Row]) -> None:
    october = hcpcs.read_spreadsheet(REAL / "hcpcs_2025_oct.csv")
    lines = {line for row in (*january.values(), *october) for line in decoded(row.indicators)}
    assert [line for line in lines if ": " not in line] == []
    # Those of the middle of 2024, from a table without titles.
    with (REAL / "hcpcs_2024_level2_metadata_northstar.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            indicators = Indicators(
                code=row["hcpcs_code"],
                short_title="",
                coverage=row["cov"],
                pricing=tuple(row["price"].split(":")),
                multiple_pricing=row["multi"],
                betos=row["betos"],
                types_of_service=tuple(row["tos"].split(":")),
                action=row["action"],
                statute="",
                cross_references=(),
            )
            assert all(": " in line for line in decoded(indicators)), indicators


@real
def test_the_real_crosswalk() -> None:
    rows = asp_ndc.read_crosswalk(REAL / "asp_crosswalk_2025q4_level2_only.csv", "2025-October")
    products = [row for row in rows if isinstance(row, Product)]
    terms = {(row.text.lower(), row.code) for row in rows if isinstance(row, Term)}
    assert (len(products), len(terms)) == (8_218, 1_299)
    assert sum(asp_ndc.normal_ndc(product.ndc) == product.ndc for product in products) == 6_934
    assert ("prolia", "J0897") in terms
    assert ("vasopressin", "J2601") in terms  # published as Vasopressin (American Regent)
    (prolia,) = [p for p in products if p.ndc == asp_ndc.normal_ndc("55513-710-01")]
    assert in_words(billing_units(asp_ndc.units_arithmetic(prolia))) == (
        "NDC 55513-0710-01 (Prolia, Amgen Inc): 60 billing units of J0897 (1 MG) in a package: "
        "1 item (size 1) of 60 units."
    )
    sentences = [in_words(billing_units(asp_ndc.units_arithmetic(product))) for product in products]
    assert sum("rounded up" in sentence for sentence in sentences) == 200
    assert sum("as published" in sentence for sentence in sentences) == 49
