"""HCPCS Level II as CMS publishes it: the quarterly alpha-numeric file, `HCPCyyyy_MMM_ANWEB.txt`.

Fixed-width, as CMS's record layout document says (`HCPCyyyy_recordlayout.txt`, published in the
same zip). Of a record, counted from 1: code 1-5, sequence 6-10, record identification 11, long
description 12-91, code added date 269-276, action effective date 277-284, termination date
285-292, action code 293. A long description goes on in further records of the same code. Records
3 and 4 are codes, 7 and 8 modifiers, which are no codes and are left out.

Codes keep standing in the file when they are discontinued, so each has its own dates: from the
added date through the termination date, the last day on which it may be used.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from codesets.files import lines_of
from codesets.model import Code, CodesetError, Edition, Release

CODE_SHAPE = r"[A-V]\d{4}"

#: How every record begins: a code or a modifier, its sequence, its record identification.
RECORD = re.compile(rf"^(?P<code>{CODE_SHAPE}| {{3}}[0-9A-Z]{{2}})\d{{5}}(?P<kind>[3478])")
#: A record goes on to its action code.
_LENGTH = 293


@dataclass(slots=True)
class Row:
    """One code and what the file says of it."""

    code: str
    title: str
    added: dt.date | None
    terminated: dt.date | None


def read_quarter(path: Path) -> list[Row]:
    """The codes of a quarterly file, discontinued ones too."""
    rows: list[Row] = []
    for number, line in enumerate(lines_of(path), 1):
        if not line.strip():
            continue
        record = RECORD.match(line)
        if record is None or len(line) < _LENGTH:
            raise CodesetError(
                f"{path.name}, line {number}: not in the record layout of the HCPCS Level II file."
            )
        text = line[11:91].strip()
        if record["kind"] == "3":
            added, acted, terminated = (
                _date(line[start : start + 8], path, number) for start in (268, 276, 284)
            )
            if added is None and line[292] == "A":
                added = acted
            rows.append(Row(record["code"], text, added, terminated))
        elif record["kind"] == "4":
            if not rows or rows[-1].code != record["code"]:
                raise CodesetError(
                    f"{path.name}, line {number}: goes on with {record['code']}, which the line "
                    "before is not about."
                )
            rows[-1].title = _joined(rows[-1].title, text)
    if not rows:
        raise CodesetError(f"{path.name} holds no HCPCS Level II codes.")
    return rows


def edition_of(release: Release, rows: list[Row]) -> Edition:
    return Edition(
        release,
        tuple(
            Code.alone(release, row.code, row.title, position, row.added, row.terminated)
            for position, row in enumerate(rows)
        ),
    )


def _joined(title: str, more: str) -> str:
    """A line may break after the hyphen of a word (two-|way), which is no dash ( - )."""
    inside_word = re.search(r"\w-$", title) and not re.match(r"(?:and|or)\b", more)
    return title + ("" if inside_word else " ") + more


def _date(text: str, path: Path, number: int) -> dt.date | None:
    if not text.strip(" 0"):
        return None
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date()
    except ValueError as error:
        raise CodesetError(
            f'{path.name}, line {number}: "{text.strip()}" is not a date (YYYYMMDD).'
        ) from error
