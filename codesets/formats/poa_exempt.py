"""The diagnoses that are exempt from reporting whether they were present on admission (POA).

CMS publishes the list for each fiscal year on cms.gov ("Hospital-Acquired Conditions: Coding",
`POAexemptCodesFY26.zip`). It is in the public domain. Each file is there as tab-separated text and
as a workbook:

* `POAexemptCodesFY26`: the list; columns Order26, POAexemptCode, Description.
* `POAexemptAddCodesFY26`: codes that were added; the same columns.
* `POAexemptDeleteCodesFY26`: codes that were deleted; POAexemptCode, Description.
* `POAexemptReviseCodesFY26`: codes whose title was revised; Order26, Action ("Revise from:",
  "Revise to:"), POAexemptCode, Description.

The list alone decides; the other three say how it differs from that of the year before. Their names
tell them apart, because the columns do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from codesets.code_format import ICD10CM
from codesets.formats.spreadsheets import Columns, table
from codesets.model import CodesetError
from codesets.rows_inpatient import PoaChange, PoaExempt

POA_COLUMNS: Columns = {"code": ("POAexemptCode", "POA exempt code"), "title": ("Description",)}

_CHANGES: dict[Literal["added", "deleted", "revised"], re.Pattern[str]] = {
    "added": re.compile(r"add", re.I),
    "deleted": re.compile(r"delet", re.I),
    "revised": re.compile(r"revis", re.I),
}
_CODE = re.compile(ICD10CM)


def change_of(name: str) -> Literal["added", "deleted", "revised"] | None:
    """Which changes a file has, by its name; None for the list itself."""
    return next((kind for kind, word in _CHANGES.items() if word.search(name)), None)


def read_exempt(path: Path) -> Iterator[PoaExempt]:
    """Every code of the list. Raises CodesetError as `_codes`."""
    return (PoaExempt(code) for code in _codes(path))


def read_changes(path: Path) -> Iterator[PoaChange]:
    """Every code of a file of changes, each once. Raises CodesetError as `_codes`."""
    action = change_of(path.name)
    assert action is not None
    return (PoaChange(code, action) for code in dict.fromkeys(_codes(path)))


def _codes(path: Path) -> Iterator[str]:
    """Raises CodesetError for a row without a code of ICD-10-CM, and for a table without rows."""
    found = False
    for number, row in table(path, POA_COLUMNS, "the POA exempt list"):
        if not _CODE.fullmatch(row["code"]):
            raise CodesetError(
                f'{path.name}, line {number}: "{row["code"]}" is no code of ICD-10-CM.'
            )
        found = True
        yield row["code"]
    if not found:
        raise CodesetError(f"{path.name} holds no codes.")
