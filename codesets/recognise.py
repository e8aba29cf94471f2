"""What an official file is, told from what it holds, and which edition it is of.

The edition is read from the file where it says so (the version of an XML file, the title page of
the guidelines), else from its name, in the way its publisher names it:

* ICD-10-CM and ICD-10-PCS (CMS, CDC/NCHS): a fiscal year, 1 October to 30 September, or its update
  of 1 April: `icd10cm_order_2027.txt`, `icd10cm-order-April-2026.txt`.
* HCPCS Level II, its ASP crosswalk and the NCCI edits (CMS): a quarter: `HCPC2026_JAN_ANWEB.txt`.
* CPT (AMA), place of service codes and GEMs (CMS): a calendar year.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from codesets import (
    asp,
    conversion,
    cpt,
    edits,
    gems,
    guidelines,
    hcpcs,
    icd10cm,
    icd10cm_index,
    icd10cm_tables,
    icd10pcs,
    icd10pcs_index,
    icd10pcs_tables,
    months,
    places,
    sheets,
)
from codesets.code_format import CPT, ICD10CM_UNDOTTED, ICD10PCS, ICD10PCS_TABLE
from codesets.files import decoded, sha256_of, xml_version
from codesets.model import (
    BOOK_NAMES,
    SYSTEM_NAMES,
    BookKind,
    Code,
    CodesetError,
    Edition,
    Release,
    Row,
    Setting,
    System,
)

#: Enough of a file to tell what it is.
_HEAD = 64 * 1024
#: How XML begins, also after a mark of its encoding.
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")

ORDER_FILE = "order file"


@dataclass
class Sample:
    """The beginning of a file, in the forms in which it can be looked at."""

    path: Path
    head: bytes

    @classmethod
    def of(cls, path: Path) -> Sample:
        with path.open("rb") as file:
            return cls(path, file.read(_HEAD))

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_workbook(self) -> bool:
        return sheets.is_workbook(self.head)

    @property
    def is_zip(self) -> bool:
        return self.head.startswith(b"PK") and not self.is_workbook

    @property
    def is_text(self) -> bool:
        """Whether it is made of lines: no zip, PDF or XML."""
        return not self.head.startswith((b"PK", b"%PDF")) and not _XML.match(self.head)

    @cached_property
    def text(self) -> str:
        """The beginning as text; of a PDF, its first pages; of a workbook, its first rows."""
        if self.head.startswith(b"%PDF"):
            return guidelines.first_pages(self.path)
        if self.is_workbook:
            return "\n".join("\t".join(row) for row in self.rows)
        return decoded(self.head)

    @cached_property
    def rows(self) -> list[list[str]]:
        return sheets.first_rows(self.path)

    @cached_property
    def sha256(self) -> str:
        return sha256_of(self.path)

    def has_columns(self, columns: sheets.Columns) -> bool:
        return sheets.heading(self.rows, columns) is not None


EditionReader = Callable[[Path, Release, Mapping[str, Code]], Edition]
BookReader = Callable[[Path, str], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class Layout:
    """One official layout: what it is called, whose it is, and who reads it: `edition` a list of
    codes, `book` (with its kind) what explains them; neither reads the Tabular List, which needs
    the code list beside it."""

    name: str
    system: System
    kind: BookKind | None = None
    edition: EditionReader | None = None
    book: BookReader | None = None

    @property
    def what(self) -> str:
        """How it is named to a person: "ICD-10-CM order file"."""
        return f"{SYSTEM_NAMES[self.system]} {self.name}"


def _cm_list(read: Callable[[Path], list[tuple[str, bool, str]]]) -> EditionReader:
    return lambda path, release, known: icd10cm.edition_of_list(release, read(path), known)


def _descriptions(path: Path) -> list[tuple[str, bool, str]]:
    return [(code, True, title) for code, title in icd10cm.read_descriptions(path)]


def _pcs(read: Callable[[Path], list[tuple[str, str]]]) -> EditionReader:
    return lambda path, release, known: icd10pcs.edition_of(release, read(path))


def _cpt(path: Path, release: Release, known: Mapping[str, Code]) -> Edition:
    return Edition.flat(release, cpt.read_descriptors(path))


def _hcpcs(read: Callable[[Path], list[hcpcs.Row]]) -> EditionReader:
    return lambda path, release, known: hcpcs.edition_of(release, read(path))


def _book(kind: BookKind, system: System, read: BookReader) -> Layout:
    return Layout(BOOK_NAMES[kind], system, kind, book=read)


TABULAR = Layout("Tabular List", "icd10cm")

#: Layouts whose lines all look alike, told by the form of most of them: ICD-10-CM and PCS share
#: theirs and differ by the form of their codes.
_BY_LINES: tuple[tuple[re.Pattern[str], Layout], ...] = (
    (
        re.compile(rf"\d{{5}} {ICD10CM_UNDOTTED} +[01] "),
        Layout(ORDER_FILE, "icd10cm", edition=_cm_list(icd10cm.read_order_file)),
    ),
    (
        re.compile(rf"{ICD10CM_UNDOTTED} +\S"),
        Layout("code descriptions file", "icd10cm", edition=_cm_list(_descriptions)),
    ),
    (
        re.compile(rf"\d{{5}} (?:{ICD10PCS_TABLE}|{ICD10PCS}) +[01] "),
        Layout(ORDER_FILE, "icd10pcs", edition=_pcs(icd10pcs.read_order_file)),
    ),
    (
        re.compile(rf"{ICD10PCS} +\S"),
        Layout("codes file", "icd10pcs", edition=_pcs(icd10pcs.read_codes)),
    ),
    (hcpcs.RECORD, Layout("quarterly file", "hcpcs", edition=_hcpcs(hcpcs.read_quarter))),
    (
        re.compile(rf"{CPT}\t\S"),
        Layout("descriptor file", "cpt", edition=_cpt),
    ),
)

_CM_BOOKS: dict[str, BookReader] = {
    "index": icd10cm_index.read_index,
    "external_causes": icd10cm_index.read_index,
    "neoplasms": icd10cm_tables.read_neoplasms,
    "drugs": icd10cm_tables.read_drugs,
}
_PCS_BOOKS: dict[str, BookReader] = {
    "tables": lambda path, release: icd10pcs_tables.read_tables(path),
    "definitions": lambda path, release: icd10pcs_tables.read_definitions(path),
    "index": icd10pcs_index.read_index,
}
#: Tables with a heading, told by what their columns are called.
_BY_COLUMNS: tuple[tuple[sheets.Columns, Layout], ...] = (
    (asp.ASP_COLUMNS, _book("asp", "hcpcs", asp.read_crosswalk)),
    (
        hcpcs.SHEET_COLUMNS,
        Layout("spreadsheet", "hcpcs", edition=_hcpcs(hcpcs.read_spreadsheet)),
    ),
    (edits.PTP_COLUMNS, _book("ptp", "hcpcs", lambda path, release: edits.read_pairs(path))),
    (edits.MUE_COLUMNS, _book("mue", "hcpcs", lambda path, release: edits.read_units(path))),
    (places.PLACE_COLUMNS, _book("places", "hcpcs", lambda path, r: places.read_places(path))),
    (
        conversion.CONVERSION_COLUMNS,
        _book("conversion", "icd10cm", lambda path, r: conversion.read_conversion(path)),
    ),
    (
        guidelines.PCS_COLUMNS,
        _book("guidelines", "icd10pcs", guidelines.read_pcs_table),
    ),
)
_GUIDELINES: dict[str, BookReader] = {
    "icd10cm": guidelines.read_guidelines,
    "icd10pcs": guidelines.read_pcs_guidelines,
}


def layout_of(sample: Sample) -> Layout | None:
    """The layout of a file by its beginning; None when it is none that is known."""
    if sample.head.startswith(b"%PDF"):
        whose = guidelines.is_guidelines(sample.text)
        return _book("guidelines", whose, _GUIDELINES[whose]) if whose else None
    if re.match(r"\s*<", sample.text) and not sample.is_workbook:
        return _xml_layout(sample.text)
    if gems.looks_like_gems(sample.text) and (
        direction := gems.direction_of(sample.text, sample.name)
    ):
        return _book("gems", "icd10cm", lambda path, r: gems.read_gems(path, direction))
    if sample.is_workbook or re.search(r"[,\t]", sample.text):
        for columns, layout in _BY_COLUMNS:
            if sample.has_columns(columns):
                return layout
    if sample.is_workbook:
        return None
    lines = [line for line in sample.text.split("\n") if line.strip()]
    matches = [sum(line.match(text) is not None for text in lines) for line, _ in _BY_LINES]
    most = max(matches)
    return _BY_LINES[matches.index(most)][1] if most and most * 2 >= len(lines) else None


def _xml_layout(text: str) -> Layout | None:
    if "<ICD10CM.tabular" in text:
        return TABULAR
    if kind := icd10cm_index.index_kind(text):
        return _book(kind, "icd10cm", _CM_BOOKS[kind])
    if kind := icd10pcs_tables.pcs_kind(text):
        return _book(kind, "icd10pcs", _PCS_BOOKS[kind])
    return None


# Editions


@dataclass(frozen=True, slots=True)
class Dated:
    """An edition by its label and its published dates."""

    label: str
    effective_from: dt.date
    effective_through: dt.date


#: The month of the update to an edition of a fiscal year.
_APRIL = 4
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_MONTH = re.compile(rf"(?<![a-z]){months.MONTH}(?![a-z])")
_QUARTER = re.compile(r"(?<!\d)20\d\d[-_ ]?q([1-4])(?!\d)", re.I)
#: What `--release` looks like: by fiscal year, by quarter, by calendar year.
_LABELS = {
    "fiscal": re.compile(r"FY(?P<year>20\d\d)(?:-(?P<month>April))?", re.I),
    "quarter": re.compile(
        rf"(?P<year>20\d\d)-(?P<month>{months.written(*months.QUARTER_STARTS)})[a-z]*", re.I
    ),
    "calendar": re.compile(r"(?P<year>20\d\d)(?P<month>)"),
}
_EXAMPLES = {
    "fiscal": "--release FY2027 (or FY2026-April)",
    "quarter": "--release 2026-January",
    "calendar": "--release 2026",
}


def _rhythm(layout: Layout) -> str:
    """How often a file is published: by fiscal year, by quarter, by calendar year."""
    if layout.system == "cpt" or layout.kind in ("places", "gems"):
        return "calendar"
    return "quarter" if layout.system == "hcpcs" else "fiscal"


def edition_of(layout: Layout, sample: Sample, package: str, label: str | None) -> Dated:
    """The edition of a file: the one that `label` (`--release`) tells, the one that it says it is,
    or the one that its name, or that of the zip it came in, tells.

    Raises CodesetError, saying how to tell it, when none of them does.
    """
    rhythm = _rhythm(layout)
    if label:
        match = _LABELS[rhythm].fullmatch(label.strip())
        if match is None:
            raise CodesetError(
                f'"{label}" names no edition of {layout.what}: give {_EXAMPLES[rhythm]}.'
            )
        return _labelled(layout, match)
    dated = _said(layout, sample, package) or _named(layout, sample.name, package)
    if dated is None:
        raise CodesetError(
            f"The name of {sample.name} does not tell which edition of "
            f"{SYSTEM_NAMES[layout.system]} it is: add {_EXAMPLES[rhythm]}."
        )
    return dated


def _said(layout: Layout, sample: Sample, package: str) -> Dated | None:
    """The edition that a file says it is."""
    if layout.kind in ("ptp", "mue"):
        told = [edits.edition_of(name, sample.text) for name in (sample.name, package)]
        return next((_of_a_quarter(layout, *dates) for dates in told if dates), None)
    if layout.kind == "guidelines" and sample.head.startswith(b"%PDF"):
        said = guidelines.edition_named(sample.text)
        match = said and _LABELS["fiscal"].fullmatch(said)
        return _labelled(layout, match) if match else None
    year = xml_version(sample.text)
    if year is None:
        return None
    month = _only(_months(sample.name)) or _only(_months(package))
    return _dated(layout, year, _APRIL if month == _APRIL else None)


def _labelled(layout: Layout, match: re.Match[str]) -> Dated:
    month = match["month"]
    return _dated(layout, int(match["year"]), months.number(month) if month else None)


def _of_a_quarter(layout: Layout, label: str, first: dt.date, last: dt.date) -> Dated:
    """NCCI's edition, by the label that all quarterly files have; of a whole year, by the year."""
    if first.month != (last.month - 1) // 3 * 3 + 1:
        return Dated(label, first, last)
    return _dated(layout, first.year, first.month)


def _named(layout: Layout, name: str, package: str) -> Dated | None:
    """The edition that names tell. A zip of April's update may hold files whose own names give
    the year only."""
    year = _only(_YEAR.findall(name)) or _only(_YEAR.findall(package))
    month = _only(_months(name)) or _only(_months(package))
    if not year:
        return None
    if layout.kind == "gems" or _rhythm(layout) == "calendar":
        return _dated(layout, int(year), None)
    # Of October or January one cannot tell whether the fiscal or the calendar year is meant.
    allowed = months.QUARTER_STARTS if _rhythm(layout) == "quarter" else (None, _APRIL)
    return _dated(layout, int(year), month) if month in allowed else None


def _months(name: str) -> list[int]:
    quarters = [months.quarter_start(int(number)) for number in _QUARTER.findall(name)]
    return quarters or [months.number(month) for month in _MONTH.findall(name.lower())]


T = TypeVar("T")


def _only(found: list[T]) -> T | None:
    return found[0] if len(set(found)) == 1 else None


def _dated(layout: Layout, year: int, month: int | None) -> Dated:
    """`month` is the one in which a quarter begins, or April where it is an April update."""
    rhythm = _rhythm(layout)
    if rhythm == "calendar":
        label = f"{year} ({cpt.MARK})" if layout.system == "cpt" else str(year)
        return Dated(label, dt.date(year, 1, 1), dt.date(year, 12, 31))
    if rhythm == "quarter":
        assert month is not None  # no edition of these is told by its year alone
        last = dt.date(year, month + 2, calendar.monthrange(year, month + 2)[1])
        return Dated(f"{year}-{months.NAMES[month - 1]}", dt.date(year, month, 1), last)
    if month == _APRIL:
        return Dated(f"FY{year}-April", dt.date(year, 4, 1), dt.date(year, 9, 30))
    return Dated(f"FY{year}", dt.date(year - 1, 10, 1), dt.date(year, 9, 30))


def part_of(layout: Layout, name: str) -> str | None:
    """Which part of a book a file is, where it is published in several: those of one edition
    stand side by side, however they come in."""
    if layout.kind == "ptp":
        part = re.search(r"-f(\d)(?!\d)", name, re.I)
        return part[1] if part else None
    return name.rpartition(".")[0].lower() if layout.kind == "gems" else None


def setting_of(layout: Layout, sample: Sample, package: str) -> Setting | None:
    """Where the services are given that an NCCI file's edits are for; None for any other file.

    Raises CodesetError when neither the file nor its name tells.
    """
    if layout.kind not in ("ptp", "mue"):
        return None
    for name in (sample.name, package):
        if setting := edits.setting_of(sample.text, name):
            return setting
    raise CodesetError(
        f"{sample.name} does not tell for which setting its edits are: import it in the zip, or "
        "under the name, that CMS gave it (ccipra… practitioner, ccioph… outpatient hospital)."
    )
