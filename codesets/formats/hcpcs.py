"""HCPCS Level II as CMS publishes it: the quarterly alpha-numeric file, in two forms.

* `HCPCyyyy_MMM_ANWEB.txt`: fixed-width records of up to 320 characters, laid out as CMS's record
  layout document says (`HCPCyyyy_recordlayout.txt`, "HCPCS Contractor Record", published in the
  same zip). The first record of a code (3) or modifier (7) has all its details; further records
  (4, 8) continue its long description, and may end after it. Some years have a disclaimer above
  the first record (2018, 2019), its lines filled up with tabs.
* `HCPCyyyy_MMM_ANWEB.xlsx`: the same fields as columns, one row for each code or modifier.

Discontinued codes stay in the file. So each code has its own dates: the added date is its first day
and the termination date its last.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from codesets.code_format import HCPCS, MODIFIER
from codesets.formats.spreadsheets import table
from codesets.formats.text_files import lines_of
from codesets.model import Code, CodesetError, Indicators, Modifier, Release, ReleaseData

#: The beginning of a record: a code or a modifier, a sequence number, the record identification.
RECORD = re.compile(rf"^(?P<code>{HCPCS}| {{3}}{MODIFIER})\d{{5}}(?P<kind>[3478])")
#: The record identifications of a continued long description: of a code, of a modifier.
_CONTINUED = ("4", "8")
#: The shortest record with details: it ends with the action code.
_LENGTH = 293

#: Repeated fields, and how often a record has each.
_TIMES = {"pricing": 4, "cross_reference": 5, "type_of_service": 5}


def _places(field: str, first: int, width: int) -> dict[str, tuple[int, int]]:
    """The positions of a repeated field, one after the other: `pricing1` to `pricing4`."""
    return {
        f"{field}{time}": (first + width * (time - 1), first + width * time - 1)
        for time in range(1, _TIMES[field] + 1)
    }


def _columns(field: str, *names: str) -> dict[str, list[str]]:
    """The columns of a repeated field: PRICE1 or PRICE 1 is `pricing1`."""
    return {
        f"{field}{time}?": [f"{name}{space}{time}" for name in names for space in ("", " ")]
        for time in range(1, _TIMES[field] + 1)
    }


#: The first and last position of each field, counted from 1.
_LAYOUT = {
    "title": (12, 91),
    "short_title": (92, 119),
    **_places("pricing", 120, 2),
    "multiple_pricing": (128, 128),
    "statute": (171, 180),
    **_places("cross_reference", 205, 5),
    "coverage": (230, 230),
    "betos": (257, 259),
    **_places("type_of_service", 261, 1),
    "added": (269, 276),
    "acted": (277, 284),
    "terminated": (285, 292),
    "action": (293, 293),
}

#: The columns of the spreadsheet, by CMS's headings and by those of tables made from CMS's files.
SHEET_COLUMNS = {
    "code": ["HCPC", "code"],
    "kind?": ["RECID"],
    "title": ["LONG DESCRIPTION"],
    "short_title": ["SHORT DESCRIPTION"],
    **_columns("pricing", "PRICE", "PRICE CD"),
    "multiple_pricing?": ["MULT_PI"],
    "statute?": ["STATUTE"],
    **_columns("cross_reference", "XREF"),
    "coverage": ["COV", "coverage", "coverage_oct2025"],
    "betos?": ["BETOS", "betos_oct2025"],
    **_columns("type_of_service", "TOS"),
    "type_of_service1?": ["TOS1", "TOS 1", "TOS"],
    "added": ["ADD DT", "add_date", "add_date_oct2025"],
    "acted?": ["ACT EFF DT"],
    "terminated?": ["TERM DT", "term_date", "term_date_known_mid2024"],
    "action?": ["ACTION CD"],
}


@dataclass(frozen=True, slots=True)
class Row:
    """A code or modifier with its details; `added` and `terminated` are its first and last day."""

    code: str
    title: str
    added: dt.date | None
    terminated: dt.date | None
    indicators: Indicators

    @property
    def is_modifier(self) -> bool:
        return len(self.code) == 2


@dataclass(frozen=True, slots=True)
class _Record:
    """A record of the text file or a row of the spreadsheet, its fields still as text.

    `number` is its line, counted from 1; `continues` says that it continues the record before it.
    """

    number: int
    code: str
    continues: bool
    fields: Mapping[str, str]


def read_quarter(path: Path) -> list[Row]:
    """The codes and modifiers of a quarterly text file, discontinued ones too.

    Raises CodesetError when a line is not in the record layout, has an invalid date, repeats a code
    or continues the description of another code (the message names the line), or when there are no
    codes.
    """
    return _rows(path, _records_of_text(path))


def read_spreadsheet(path: Path) -> list[Row]:
    """The codes and modifiers of a quarterly spreadsheet (.xlsx, or its table as text).

    Raises CodesetError as `read_quarter` does, and when columns are missing.
    """
    return _rows(path, _records_of_sheet(path))


def release_of(release: Release, rows: Iterable[Row]) -> ReleaseData:
    """A release with a `Code` and `Indicators` for every code, and a `Modifier` for every
    modifier."""
    rows = list(rows)
    codes = [row for row in rows if not row.is_modifier]
    return ReleaseData(
        release,
        tuple(
            Code.alone(release, row.code, row.title, position, row.added, row.terminated)
            for position, row in enumerate(codes)
        ),
        rows=(
            *(row.indicators for row in codes),
            *(
                Modifier(row.code, row.title, row.added, row.terminated)
                for row in rows
                if row.is_modifier
            ),
        ),
    )


def _records_of_text(path: Path) -> Iterator[_Record]:
    begun = False
    for number, line in enumerate(lines_of(path), 1):
        record = RECORD.match(line)
        begun = begun or record is not None
        if not line.strip() or not begun:
            continue
        continues = record is not None and record["kind"] in _CONTINUED
        if record is None or not (continues or len(line) >= _LENGTH):
            raise CodesetError(
                f"{path.name}, line {number}: not in the record layout of the HCPCS Level II file."
            )
        fields = {field: line[first - 1 : last].strip() for field, (first, last) in _LAYOUT.items()}
        yield _Record(number, record["code"].strip(), continues, fields)


def _records_of_sheet(path: Path) -> Iterator[_Record]:
    for number, fields in table(path, SHEET_COLUMNS, "the HCPCS Level II spreadsheet"):
        code = fields["code"]
        if not re.fullmatch(rf"{HCPCS}|{MODIFIER}", code):
            raise CodesetError(
                f'{path.name}, line {number}: "{code}" is no code or modifier of HCPCS Level II.'
            )
        yield _Record(number, code, fields["kind"] in _CONTINUED, fields)


def _rows(path: Path, records: Iterable[_Record]) -> list[Row]:
    rows: dict[str, Row] = {}
    last = ""
    for record in records:
        code = record.code
        if record.continues:
            if code != last:
                raise CodesetError(
                    f"{path.name}, line {record.number}: goes on with {code}, which the line "
                    "before is not about."
                )
            rows[code] = replace(
                rows[code], title=_joined(rows[code].title, record.fields["title"])
            )
        elif code in rows:
            raise CodesetError(f"{path.name}, line {record.number}: {code} stands there twice.")
        else:
            rows[code] = _row(path, record)
        last = code
    if all(row.is_modifier for row in rows.values()):
        raise CodesetError(f"{path.name} holds no HCPCS Level II codes.")
    return list(rows.values())


def _row(path: Path, record: _Record) -> Row:
    fields = record.fields
    added, acted, terminated = (
        _date(fields[name], path, record.number) for name in ("added", "acted", "terminated")
    )
    if added is None and fields["action"] == "A":
        added = acted
    indicators = Indicators(
        code=record.code,
        short_title=fields["short_title"],
        coverage=fields["coverage"],
        # A spreadsheet may have turned 00 into the number 0.
        pricing=tuple(code.zfill(2) for code in _repeated(fields, "pricing")),
        multiple_pricing=fields["multiple_pricing"],
        betos=_betos(fields["betos"]),
        types_of_service=_repeated(fields, "type_of_service"),
        action=fields["action"],
        statute=fields["statute"],
        cross_references=_repeated(fields, "cross_reference"),
    )
    return Row(record.code, fields["title"], added, terminated, indicators)


def _repeated(fields: Mapping[str, str], field: str) -> tuple[str, ...]:
    """The values of a repeated field that are not empty."""
    values = (fields[f"{field}{time}"] for time in range(1, _TIMES[field] + 1))
    return tuple(value for value in values if value)


def _betos(text: str) -> str:
    """The BETOS code of a field, "" if there is none. In tables that others cut from the text file,
    the processing note before it may be in the field as well (0088Z2), or alone (008)."""
    code = re.search(r"[A-Z]\d[A-Z0-9]?$", text)
    return code[0] if code else ""


def _joined(title: str, more: str) -> str:
    """Join two lines of a description. Where the first ends in the hyphen of a word (two-|way), no
    space comes between."""
    inside_word = re.search(r"\w-$", title) and not re.match(r"(?:and|or)\b", more)
    return title + ("" if inside_word else " ") + more


def _date(text: str, path: Path, number: int) -> dt.date | None:
    if not text.strip("0"):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise CodesetError(
            f'{path.name}, line {number}: "{text}" is not a date (YYYYMMDD).'
        ) from error
