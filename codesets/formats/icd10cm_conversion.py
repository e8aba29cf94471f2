"""The ICD-10-CM conversion table: which codes the new codes replace.

The official table (CDC/NCHS, also on cms.gov: `ICD-10-CM-CONVERSION-TABLE-FY2027.xlsx` and the
like, with text versions) lists every code added since ICD-10-CM came into use, below a title:

* Current code assignment: the new code.
* Effective: a year, for codes that are valid from its 1 October on; else a date.
* Previous Code(s) Assignment: what was assigned before, in free text: "E66.01, E66.8",
  "H02.101-H02.106; H02.109", "None", codes in a category.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from codesets import months
from codesets.code_format import ICD10CM_EITHER, dot
from codesets.formats.spreadsheets import Columns, table
from codesets.model import CodesetError, ConversionRow

CONVERSION_COLUMNS: Columns = {
    "current": ("Current code assignment",),
    "effective": ("Effective", "Effective (October 1)", "Effective date"),
    "previous": ("Previous Code(s) Assignment", "Previous Code Assignment"),
}

_CODE = re.compile(rf"(?<![\w.]){ICD10CM_EITHER}(?!\.?\w)")
_CATEGORY = re.compile(r"categor(?:y|ies)", re.I)

_YEAR = re.compile(rf"(?P<year>20\d\d)(?: \((?P<month>{'|'.join(months.NAMES)})(?: 1)?\))?")
_DATES = ("%m/%d/%Y", "%m/%d/%y", "%B %d, %Y", "%Y%m%d", "%Y-%m-%d")


def read_conversion(path: Path) -> tuple[ConversionRow, ...]:
    """One row for each pair of a new code and a code that its previous assignment names.

    Only codes that are printed are taken: of a range its two ends, of a category none. A previous
    assignment of "None" gives no row, nor does a line without a date. A bare year means 1 October
    of that calendar year: E66.813, "2024", came with FY2025.

    Raises CodesetError when the file is not a conversion table, names no replaced codes, or has a
    date that cannot be read.
    """
    rows = []
    for number, row in table(path, CONVERSION_COLUMNS, "the ICD-10-CM conversion table"):
        current, previous = _codes_in(row["current"]), _codes_in(row["previous"])
        if not (current and previous and row["effective"]):
            continue
        effective = _date(row["effective"])
        if effective is None:
            raise CodesetError(
                f'{path.name}, line {number}: "{row["effective"]}" is neither a year nor a date.'
            )
        rows += [ConversionRow(new, effective, old) for new in current for old in previous]
    if not rows:
        raise CodesetError(f"{path.name} holds no codes that replace others.")
    return tuple(dict.fromkeys(rows))


def _codes_in(text: str) -> list[str]:
    return [] if _CATEGORY.search(text) else [dot(code) for code in _CODE.findall(text)]


def _date(text: str) -> dt.date | None:
    if match := _YEAR.fullmatch(text):
        return dt.date(int(match["year"]), months.number(match["month"] or "October"), 1)
    for form in _DATES:
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None
