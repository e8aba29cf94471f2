"""ICD-10-PCS as CMS publishes it ("ICD-10 PCS" page, cms.gov).

* Codes file, `icd10pcs_codes_YYYY.txt`: code in columns 1-7, title from column 9.
* Order file, `icd10pcs_order_YYYY.txt`: the layout of the ICD-10-CM order file
  (`icd10OrderFiles.pdf` published with it). Its three-character rows head the tables; they are
  no codes and are left out.

A code has seven characters, of which none may be left out, and no dot; the letters I and O are
not used (ICD-10-PCS Official Guidelines A1-A4). There is nothing to complete and nothing above.
Codes that share their first four characters do the same thing to the same body part; how, with
what and what for is told by the last three.
"""

from __future__ import annotations

import re
from pathlib import Path

from codesets.code_format import ICD10PCS
from codesets.formats import icd10cm
from codesets.formats.text_files import matched_lines
from codesets.model import Code, Release, ReleaseData

#: Characters that say what is done to which body part.
_STEM = 4

_CODE_LINE = re.compile(rf"^(?P<code>{ICD10PCS}) +(?P<title>\S.*)$")


def read_codes(path: Path) -> list[tuple[str, str]]:
    """(code, title) of every line of a codes file."""
    layout = "an ICD-10-PCS codes file (code of seven characters, space, title)"
    return [(m["code"], m["title"].strip()) for m in matched_lines(path, _CODE_LINE, layout)]


def read_order_file(path: Path) -> list[tuple[str, str]]:
    """(code, long title) of every code of an order file."""
    return [
        (code, title)
        for code, billable, title in icd10cm.read_order_file(path)
        if billable and re.fullmatch(ICD10PCS, code)
    ]


def edition_of(release: Release, rows: list[tuple[str, str]]) -> ReleaseData:
    return ReleaseData(
        release,
        tuple(
            Code.alone(release, code, title, position, stem=code[:_STEM])
            for position, (code, title) in enumerate(rows)
        ),
    )
