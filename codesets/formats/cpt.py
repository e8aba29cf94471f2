"""CPT as the AMA delivers it to its licensees: tab-delimited descriptor files.

The AMA's data files (`LONGULT.txt`, `MEDU.txt`, `SHORTU.txt`, described in the readme of each
delivery) have a heading with the copyright, then a code of five characters, a tab and the
descriptor. Category I codes are five digits; a last letter F is Category II, T Category III, U a
proprietary laboratory analysis, M an administrative code, A an immunization's.

CPT is copyright of the American Medical Association. Code Desk contains no descriptors: those that
a customer loads stay in the customer's codes.db, and the label of the release, which is shown with
every answer, names the owner.
"""

from __future__ import annotations

import re
from pathlib import Path

from codesets.code_format import CPT
from codesets.formats.text_files import lines_of
from codesets.model import CodesetError

#: Part of the label of every release.
MARK = "CPT © AMA"

_LINE = re.compile(rf"^(?P<code>{CPT})\t(?P<title>\S[^\t]*?)\s*$")


def read_descriptors(path: Path) -> list[tuple[str, str]]:
    """(code, descriptor) of every line of a descriptor file below its heading.

    Raises CodesetError when a line below the heading has another layout, or there are no codes.
    """
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
