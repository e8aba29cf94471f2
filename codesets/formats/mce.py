"""The lists of diagnoses and procedures of the Medicare Code Editor (MCE).

CMS prints them in "Definitions of Medicare Code Edits", with the MS-DRG software on cms.gov
(MS-DRG Classifications and Software). Two tables made of that publication are read; neither is a
file of CMS itself:

* As JSON: `age_categories` with the ages of each, and `codes` with a list of `code` and
  `description` for each edit (`manifestation_not_pdx`, `unacceptable_pdx`, `age_newborn`, …). Its
  `excluded_edits` are those that it leaves out: the sex conflict, which CMS turned off on
  1 October 2024, and edits of procedures.
* As a table, tab-separated: MCE_Version, ICD_Version, MCE_Section, MCE_Subsection, MCE_Edit_Type,
  ICD_Code_Type (D diagnosis, P procedure), ICD_Code, ICD_Desc.

Codes have no dots there. The publication gives the ages: newborn 0, pediatric 0-17, adult 15-124,
maternity 9-64 (earlier versions have others). That a code of external causes (V, W, X, Y) is
no principal diagnosis is a rule of the editor, and no list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from codesets.code_format import ICD10CM_UNDOTTED, ICD10PCS, dot
from codesets.formats.spreadsheets import Columns, table
from codesets.formats.text_files import check_size
from codesets.limits import MB
from codesets.model import CodesetError
from codesets.rows_inpatient import MceEdit, MceList

#: The lists of the JSON.
_LISTS: dict[str, MceList] = {
    "manifestation_not_pdx": "manifestation",
    "unacceptable_pdx": "unacceptable_principal",
    "unacceptable_pdx_unless_secondary": "needs_secondary",
    "questionable_admission": "questionable_admission",
    "age_newborn": "newborn",
    "age_pediatric": "pediatric",
    "age_maternity": "maternity",
    "age_adult": "adult",
}
#: The edits of the table.
_EDITS: dict[str, MceList] = {
    "Newborn_Only": "newborn",
    "Pediatric_Only": "pediatric",
    "Maternity_Only": "maternity",
    "Adult_Only": "adult",
    "Female_Only": "female",
    "Male_Only": "male",
    "Principal_Manifestation": "manifestation",
    "Principal_Questionable_Admit": "questionable_admission",
    "Principal_Unacceptable": "unacceptable_principal",
    "Noncovered_Always": "noncovered",
    "Noncovered_Over60": "noncovered_over_60",
    "Noncovered_LOS_96hr": "noncovered_short_stay",
    "Limited_Coverage": "limited_coverage",
    "Wrong_Performed": "wrong_procedure",
}
MCE_COLUMNS: Columns = {
    "version": ("MCE_Version",),
    "edit": ("MCE_Edit_Type",),
    "code_type": ("ICD_Code_Type",),
    "code": ("ICD_Code",),
}
#: First and last age in years, by list, for the table, which has none. Those of maternity differ
#: between versions, so the table alone does not tell them.
_AGES: dict[MceList, tuple[int, int]] = {
    "newborn": (0, 0),
    "pediatric": (0, 17),
    "adult": (15, 124),
}
_JSON = re.compile(r"\s*\{.{0,300}?Medicare Code Editor", re.S)
_VERSION = re.compile(r"(?<![a-z0-9])v(\d\d)(?:[._](\d))?(?!\d)", re.I)
_MOST = 32 * MB


def is_json(head: str) -> bool:
    """Whether a file that begins with `head` is the lists as JSON."""
    return bool(_JSON.match(head)) and '"codes"' in head


def version_of(name: str, head: str) -> tuple[int, bool] | None:
    """The version of the editor, and whether it is the update of April (43.1), by the first row of
    a table or by a name; None where neither says it. Version 43 is that of fiscal year 2026."""
    row = re.match(r"MCE_Version\t.*\n(\d\d)(?:\.(\d))?\t", head)
    found = row or _VERSION.search(name)
    return (int(found[1]), found[2] == "1") if found else None


def read_table(path: Path) -> Iterator[MceEdit]:
    """Every row of the table. Raises CodesetError for an edit that is not known, a text that is no
    code, or a table without rows; the message names the line."""
    found = False
    for number, row in table(path, MCE_COLUMNS, "the Medicare Code Editor"):
        edit = _EDITS.get(row["edit"])
        if edit is None:
            raise CodesetError(
                f'{path.name}, line {number}: "{row["edit"]}" is no edit of the Medicare Code '
                "Editor that is known."
            )
        first, last = _AGES.get(edit, (None, None))
        found = True
        procedure = row["code_type"] == "P"
        code = _code(row["code"], path, f"line {number}", procedure=procedure)
        yield MceEdit(code, edit, first, last, row["version"])
    if not found:
        raise CodesetError(f"{path.name} holds no edits.")


class _Ages(msgspec.Struct):
    min_age: int | str
    max_age: int | str


class _Code(msgspec.Struct):
    code: str


class _Json(msgspec.Struct):
    age_categories: dict[str, _Ages]
    codes: dict[str, list[_Code]]


def read_json(path: Path) -> Iterator[MceEdit]:
    """Every code of the JSON, with the ages that it gives. Raises CodesetError when it cannot be
    read, has an unknown list, or none."""
    check_size(path, _MOST)
    try:
        content = msgspec.json.decode(path.read_bytes(), type=_Json)
        ages = {
            name: (int(one.min_age), int(one.max_age))
            for name, one in content.age_categories.items()
        }
        lists = [(name, [row.code for row in rows]) for name, rows in content.codes.items()]
    except (msgspec.DecodeError, ValueError) as error:
        raise CodesetError(
            f"{path.name} is not readable as lists of the Medicare Code Editor ({error})."
        ) from error
    version = version_of(path.name, "")
    shown = str(version[0]) if version else ""
    found = False
    for name, codes in lists:
        if name not in _LISTS:
            raise CodesetError(f'{path.name}: "{name}" is no edit that is known.')
        edit = _LISTS[name]
        first, last = ages.get(edit, (None, None))
        for code in codes:
            found = True
            yield MceEdit(_code(code, path, name), edit, first, last, shown)
    if not found:
        raise CodesetError(f"{path.name} holds no edits.")


def _code(text: str, path: Path, where: str, *, procedure: bool = False) -> str:
    if not re.fullmatch(ICD10PCS if procedure else ICD10CM_UNDOTTED, text):
        raise CodesetError(f'{path.name}, {where}: "{text}" is no ICD-10 code.')
    return text if procedure else dot(text)
