"""ICD-10-PCS as CMS publishes it ("ICD-10 PCS" page, cms.gov).

* Codes file, `icd10pcs_codes_YYYY.txt`: code in columns 1-7, title from column 9.
* Order file, `icd10pcs_order_YYYY.txt`: the layout of the ICD-10-CM order file
  (`icd10OrderFiles.pdf` published with it). Its rows of three characters are the headings of
  tables, not codes, and are left out.

A code always has seven characters and no dot; the letters I and O are not used (ICD-10-PCS
Official Guidelines A1-A4). So there are no headers and no incomplete codes. Codes with the same
first four characters have the same operation and body part; the last three give approach, device
and qualifier.
"""

from __future__ import annotations

import re
from pathlib import Path

from codesets.code_format import ICD10PCS
from codesets.formats import icd10cm
from codesets.formats.text_files import matched_lines
from codesets.model import Code, Release, ReleaseData

#: How many characters a stem has: section, body system, operation and body part.
_STEM = 4

_CODE_LINE = re.compile(rf"^(?P<code>{ICD10PCS}) +(?P<title>\S.*)$")


def read_codes(path: Path) -> list[tuple[str, str]]:
    """(code, title) of every line of a codes file. Raises CodesetError as `matched_lines` does."""
    layout = "an ICD-10-PCS codes file (code of seven characters, space, title)"
    return [(m["code"], m["title"].strip()) for m in matched_lines(path, _CODE_LINE, layout)]


def read_order_file(path: Path) -> list[tuple[str, str]]:
    """(code, long title) of every code of an order file.

    Raises CodesetError as `matched_lines` does.
    """
    return [
        (code, title)
        for code, billable, title in icd10cm.read_order_file(path)
        if billable and re.fullmatch(ICD10PCS, code)
    ]


def release_of(release: Release, rows: list[tuple[str, str]]) -> ReleaseData:
    """The codes of a release from (code, title) in published order."""
    return ReleaseData(
        release,
        tuple(
            Code.alone(release, code, title, position, stem=code[:_STEM])
            for position, (code, title) in enumerate(rows)
        ),
    )
