"""Tables with a heading, as their publishers send them: .xlsx, comma- or tab-separated text.

Publishers rename and move columns from one quarter to the next, and put copyright lines above the
heading; what stays is what the columns are called. A reader names the columns it needs, each with
the headings it is known under.
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

#: The heading stands within this many rows.
_HEADING_WITHIN = 30

#: A column by the field it is read into, and the headings it is known under.
Columns = Mapping[str, Sequence[str]]


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins so may be an .xlsx workbook (a zip by its form)."""
    return head.startswith(b"PK") and (b"xl/" in head or b"[Content_Types].xml" in head)


def rows_of(path: Path, most: int | None = None) -> Iterator[list[str]]:
    """Every row of a table's first sheet, as text; with `most`, no more than so many.

    Raises CodesetError when a workbook cannot be opened, or text is no table; TooMuch as
    codesets/limits.py has it.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    rows = _workbook_rows(path, most) if head.startswith(b"PK") else _text_rows(path)
    return islice(rows, most)


def _text_rows(path: Path) -> Iterator[list[str]]:
    """Row by row, because the quarterly edits of NCCI have millions."""
    lines = text_lines(path, ends="")
    first = list(islice(lines, _HEADING_WITHIN))
    # Counted by lines, because a cell may hold more commas than its row has tabs.
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
    """The rows of a workbook's first sheet, `most` at most (None for all), as text. Run in a
    process of its own (codesets/confined.py)."""
    import openpyxl

    with zipfile.ZipFile(path) as package:
        zips.members(package, path.name)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True, max_row=most)):
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
    """As many rows as may have the heading among them; fewer, or none, where it is no table.

    Raises TooMuch as `rows_of` does.
    """
    try:
        return list(rows_of(path, _HEADING_WITHIN))
    except TooMuch:
        raise
    except CodesetError:
        return []


def heading(rows: Sequence[Sequence[str]], columns: Columns) -> tuple[int, dict[str, int]] | None:
    """Where the heading stands among the first rows, and which column each field is in.

    Fields whose name ends in "?" may be missing. None when there is no such heading.
    """
    for at, row in enumerate(rows[:_HEADING_WITHIN]):
        names = [_plain(cell) for cell in row]
        places: dict[str, int] = {}
        for field, known in columns.items():
            wanted = [_plain(name) for name in known]
            place = next((names.index(name) for name in wanted if name in names), None)
            if place is not None:
                places[field.rstrip("?")] = place
        if all(field in places for field in columns if not field.endswith("?")):
            return at, places
    return None


def table(path: Path, columns: Columns, layout: str) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, fields) of every row under the heading; fields not in the file are "".

    Raises CodesetError when no row of the first thirty is the heading of `layout`.
    """
    rows = rows_of(path)
    first = list(islice(rows, _HEADING_WITHIN))
    found = heading(first, columns)
    if found is None:
        raise CodesetError(f"{path.name} has not the columns of {layout}.")
    at, places = found
    wanted = [(name, places.get(name, sys.maxsize)) for name in (n.rstrip("?") for n in columns)]

    def fields(row: Sequence[str]) -> dict[str, str]:
        width = len(row)
        return {name: row[place].strip() if place < width else "" for name, place in wanted}

    for number, row in enumerate(chain(first[at + 1 :], rows), at + 2):
        if any(map(str.strip, row)):
            yield number, fields(row)


def _plain(name: str) -> str:
    """A heading without case, punctuation and line breaks: "HCPCS/CPT Code" is "hcpcs cpt code"."""
    return " ".join(re.findall(r"[a-z0-9*=]+", name.lower()))
