"""CPT as the AMA delivers it to those who have its licence: tab-delimited descriptor files.

The AMA's data files (`LONGULT.txt`, `MEDU.txt`, `SHORTU.txt`, described in the readme of each
delivery) have a heading with the copyright, then a code of five characters, a tab and the
descriptor. Category I codes are five digits; a last letter F is Category II, T Category III, U a
proprietary laboratory analysis, M an administrative code, A an immunization's.

CPT is copyright of the American Medical Association. No descriptor is part of Code Desk: what a
customer loads stays in the customer's codes.db, and the release's label, shown with every answer,
says whose it is.
"""

from __future__ import annotations

import re
from pathlib import Path

from codesets.code_format import CPT
from codesets.formats.text_files import lines_of
from codesets.model import CodesetError

#: Stands in the label of every release.
MARK = "CPT © AMA"

_LINE = re.compile(rf"^(?P<code>{CPT})\t(?P<title>\S[^\t]*?)\s*$")


def read_descriptors(path: Path) -> list[tuple[str, str]]:
    """(code, descriptor) of a descriptor file, its heading left out."""
    rows: list[tuple[str, str]] = []
    for number, line in enumerate(lines_of(path), 1):
        match = _LINE.match(line)
        if match is not None:
            rows.append((match["code"], match["title"]))
        elif rows and line.strip():
            raise CodesetError(
                f"{path.name}, line {number}: not in the layout of the AMA's descriptor files "
                "(code, tab, descriptor)."
            )
    if not rows:
        raise CodesetError(f"{path.name} holds no CPT codes.")
    return rows
