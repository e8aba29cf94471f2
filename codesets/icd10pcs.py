"""ICD-10-PCS as CMS publishes it ("ICD-10 PCS" page, cms.gov).

* Codes file, `icd10pcs_codes_YYYY.txt`: code in columns 1-7, title from column 9.
* Order file, `icd10pcs_order_YYYY.txt`: the layout of the ICD-10-CM order file
  (`icd10OrderFiles.pdf` published with it). Its three-character rows head the tables; they are
  no codes and are left out.

A code has seven characters, of which none may be left out, and no dot; the letters I and O are
not used (ICD-10-PCS Official Guidelines A1-A4). There is nothing to complete and nothing above.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from codesets import icd10cm
from codesets.files import lines_of
from codesets.model import Code, CodesetError, Edition, Release

#: A section (0-9, B-D, F-H, X), then six characters.
CODE_SHAPE = r"[0-9BCDFGHX][0-9A-HJ-NP-Z]{6}"

_CODE_LINE = re.compile(rf"^(?P<code>{CODE_SHAPE}) +(?P<title>\S.*)$")


def read_codes(path: Path) -> list[tuple[str, str]]:
    """(code, title) of every line of a codes file."""
    rows = []
    for number, line in enumerate(lines_of(path), 1):
        if not line.strip():
            continue
        match = _CODE_LINE.match(line)
        if match is None:
            raise CodesetError(
                f"{path.name}, line {number}: not in the layout of an ICD-10-PCS codes file "
                "(code of seven characters, space, title)."
            )
        rows.append((match["code"], match["title"].strip()))
    if not rows:
        raise CodesetError(f"{path.name} is empty.")
    return rows


def read_order_file(path: Path) -> list[tuple[str, str]]:
    """(code, long title) of every code of an order file."""
    return [
        (code, title)
        for code, billable, title in icd10cm.read_order_file(path)
        if billable and re.fullmatch(CODE_SHAPE, code)
    ]


def edition_of(release: Release, rows: Iterable[tuple[str, str]]) -> Edition:
    return Edition(
        release,
        tuple(
            Code.alone(release, code, title, position)
            for position, (code, title) in enumerate(rows)
        ),
    )
