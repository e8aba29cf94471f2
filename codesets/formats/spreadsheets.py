"""Tables with a heading, as .xlsx or as text separated by commas or tabs.

Publishers move and rename columns from one quarter to the next, and put copyright lines above the
heading. So a reader names the columns that it needs, each with the headings that are known for it,
and the heading is searched for.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path

from codesets import confined, limits, zips
from codesets.formats.text_files import text_lines
from codesets.limits import TooMuch
from codesets.model import CodesetError

#: The heading is among this many first rows.
_HEADING_WITHIN = 30

#: The names of files that come first in a workbook, by what wrote it.
_OF_WORKBOOKS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/")

#: The headings that a column is known by, for each field. A field whose name ends in "?" may be
#: missing from a file.
Columns = Mapping[str, Sequence[str]]


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins with `head` may be an .xlsx workbook, which is a zip.

    The first file in it decides. What else the beginning has may be a workbook in a zip.
    """
    length = int.from_bytes(head[26:28], "little")  # of its name, in the zip's local file header
    return head.startswith(b"PK") and head[30 : 30 + length].startswith(_OF_WORKBOOKS)


def rows_of(path: Path, most: int | None = None) -> Iterator[list[str]]:
    """The rows of a text table, or of the first sheet of a workbook, as text; at most `most`.

    Raises CodesetError when the file cannot be read as a table; TooMuch when it exceeds the limits
    of codesets/limits.py.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    rows = _workbook_rows(path, most) if head.startswith(b"PK") else _text_rows(path)
    return islice(rows, most)


def _text_rows(path: Path) -> Iterator[list[str]]:
    lines = text_lines(path, ends="")
    first = list(islice(lines, _HEADING_WITHIN))
    # Counts lines, not marks, because a cell may contain more commas than its row has tabs.
    tabbed, commaed = (sum(mark in line for line in first) for mark in "\t,")
    rows = csv.reader(chain(first, lines), delimiter="\t" if tabbed >= commaed else ",")
    try:
        yield from rows
    except csv.Error as error:
        raise CodesetError(
            f"{path.name}, line {rows.line_num}: not readable as a table ({error})."
        ) from error


def _workbook_rows(path: Path, most: int | None) -> Iterator[list[str]]:
    damaged = f"{path.name} is a workbook that cannot be opened: download it again."
    within = limits.WHOLE if most is None else limits.BEGINNING
    return confined.read("workbook", path, most, damaged=damaged, within=within)


def read_workbook(path: Path, most: int | None) -> Iterator[list[str]]:
    """The rows of a workbook's first sheet as text, at most `most` (None: all). Runs in a confined
    process (codesets/confined.py)."""
    import openpyxl

    with zipfile.ZipFile(path) as package:
        zips.members(package, path.name)
    workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    sheet = workbook.worksheets[0]
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_row=most)):
        if number >= limits.SHEET_ROWS:
            raise TooMuch(f"{path.name} has more than {limits.SHEET_ROWS:,} rows.")
        yield ["" if cell is None else _cell(cell) for cell in row]


def _cell(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y%m%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def first_rows(path: Path) -> list[list[str]]:
    """The first thirty rows, in which the heading must be; [] when the file is no table.

    Raises TooMuch as `rows_of` does.
    """
    try:
        return list(rows_of(path, _HEADING_WITHIN))
    except TooMuch:
        raise
    except CodesetError:
        return []


def heading(rows: Sequence[Sequence[str]], columns: Columns) -> tuple[int, dict[str, int]] | None:
    """The index of the heading's row, and the index of the column of each field that it has.

    None when none of the first thirty rows has all columns that must be there.
    """
    for at, row in enumerate(rows[:_HEADING_WITHIN]):
        names = [_plain(cell) for cell in row]
        places: dict[str, int] = {}
        for field, known in columns.items():
            headings = [_plain(name) for name in known]
            place = next((names.index(name) for name in headings if name in names), None)
            if place is not None:
                places[field.rstrip("?")] = place
        if all(field in places for field in columns if not field.endswith("?")):
            return at, places
    return None


def table(path: Path, columns: Columns, layout: str) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number from 1, text by field) of every row under the heading that is not empty. A field
    whose column is missing is "".

    Raises CodesetError when none of the first thirty rows is the heading of `layout`; else as
    `rows_of` does.
    """
    rows = rows_of(path)
    first = list(islice(rows, _HEADING_WITHIN))
    head = heading(first, columns)
    if head is None:
        raise CodesetError(f"{path.name} has not the columns of {layout}.")
    at, places = head
    names = [name.rstrip("?") for name in columns]
    placed = [(name, places.get(name, sys.maxsize)) for name in names]

    def fields(row: Sequence[str]) -> dict[str, str]:
        width = len(row)
        return {name: row[place].strip() if place < width else "" for name, place in placed}

    for number, row in enumerate(chain(first[at + 1 :], rows), at + 2):
        if any(map(str.strip, row)):
            yield number, fields(row)


def _plain(name: str) -> str:
    """A heading in lower case, without punctuation and line breaks: "hcpcs cpt code"."""
    return " ".join(re.findall(r"[a-z0-9*=]+", name.lower()))
