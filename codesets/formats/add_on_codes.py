"""Add-on code edits of the National Correct Coding Initiative (AOC).

"Medicare NCCI Add-on Code Edits" on cms.gov: a table, one row for each add-on code and primary
code, in a zip with the same as fixed-width text (`AOC_V2026Q1-MCR.xlsx`; the fixed-width text is
not read). Columns: edit type (1, 2 or 3), add-on code, primary code (CCCCC where contractors
decide), the days from and through which the edit applies, special instructions. Days are YYYYMMDD,
or the year and the day of the year (YYYYDDD); zeros and nines stand for none.

Written from the documented columns: no file as published was at hand.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

from codesets.code_format import HCPCS_OR_CPT
from codesets.formats.spreadsheets import Columns, table
from codesets.model import CodesetError
from codesets.rows_payment import AddOnEdit

ADD_ON_COLUMNS: Columns = {
    "type": ("AOC_Edit_Type", "AOC Edit Type", "Add-on Code Edit Type", "Edit Type", "Type"),
    "code": ("Add_On_Code", "Add-on Code", "AOC", "AOC Code", "Addon Code"),
    "primary": ("Primary_Code", "Primary Code", "Primary Procedure Code"),
    "effective?": (
        "AOC_Edit_Eff_Dt", "AOC_Edit_EffDT", "AOC Edit Effective Date", "Effective Date",
    ),
    "deleted?": ("AOC_Edit_Del_Dt", "AOC_Edit_DelDT", "AOC Edit Deletion Date", "Deletion Date"),
}  # fmt: skip

TYPES = {
    "1": "paid only with one of the listed primary codes",
    "2": "the contractor decides which primary codes count",
    "3": "paid with a listed primary code, or with one that the contractor adds",
}
_ROMAN = {"I": "1", "II": "2", "III": "3"}
#: In the place of a primary code: contractors decide.
_CONTRACTOR = "CCCCC"
_CODE = re.compile(HCPCS_OR_CPT)


def read_add_on_edits(path: Path) -> Iterator[AddOnEdit]:
    """Every edit of a file.

    While they are read, raises CodesetError when the file is no such table, when a row cannot be
    read (the message names its line), or when there are no edits.
    """
    edit = None
    for number, row in table(path, ADD_ON_COLUMNS, "NCCI add-on code edits"):
        try:
            edit = _edit(row)
        except ValueError as error:
            raise CodesetError(f"{path.name}, line {number}: {error}.") from error
        yield edit
    if edit is None:
        raise CodesetError(f"{path.name} holds no add-on code edits.")


def _edit(row: dict[str, str]) -> AddOnEdit:
    kind = _ROMAN.get(row["type"].upper(), row["type"].lstrip("0") or row["type"])
    if kind not in TYPES:
        raise ValueError(f'"{row["type"]}" is no type of add-on code (1, 2 or 3)')
    if not _CODE.fullmatch(row["code"]):
        raise ValueError(f'"{row["code"]}" is no HCPCS or CPT code (five characters)')
    primary = "" if row["primary"].upper() == _CONTRACTOR else row["primary"]
    if primary and not _CODE.fullmatch(primary):
        raise ValueError(f'"{primary}" is no HCPCS or CPT code (five characters)')
    return AddOnEdit(row["code"], primary, kind, _day(row["effective"]), _day(row["deleted"]))


def _day(text: str) -> dt.date | None:
    digits = text.replace("-", "")
    if not digits.strip("0") or digits.startswith("9999") or digits == "*":
        return None
    try:
        return dt.datetime.strptime(digits, "%Y%j" if len(digits) == 7 else "%Y%m%d").date()
    except ValueError:
        raise ValueError(f'"{text}" is no date (YYYYMMDD or YYYYDDD)') from None


def in_force(edit: AddOnEdit, day: dt.date) -> bool:
    """Whether an edit applies to services of `day`; both its dates are inclusive."""
    return (edit.effective_from or day) <= day <= (edit.deleted or day)
