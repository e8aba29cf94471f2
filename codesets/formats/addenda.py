"""The addenda of the code lists of ICD-10-CM and ICD-10-PCS: what changed since the edition before.

CMS and CDC/NCHS publish them as text in the zips of the code descriptions, beside the lists:
`icd10cm_order_addenda_2026.txt`, `icd10cm_codes_addenda_2026.txt`, `order_addenda_2026.txt`
(ICD-10-PCS). Each line begins with "Add:", "Delete:", "Revise from:" or "Revise to:", padded to 13
characters. Then follows what the list itself has (layouts in `icd10OrderFiles.pdf` and
`icd10cmCodesFile.pdf`, published in the same zips):

* order addenda: for ICD-10-CM the flag "1" billable or "0" header and a space; the code in seven
  characters; a space; the short title in 60; a space; the long title;
* codes addenda: the code in seven characters, a space, the long title; billable codes only.

Below the lines stand totals, among them "74719 codes in icd10cm_order_2026.txt". The addenda have
no codes of their own: they are used to check a list against its predecessor
(codesets/loading/addenda_check.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codesets.code_format import ICD10CM_UNDOTTED, ICD10PCS, ICD10PCS_TABLE
from codesets.formats.text_files import lines_of
from codesets.model import CodesetError

Action = Literal["Add", "Delete", "Revise from", "Revise to"]

_LINE = re.compile(
    r"(?P<action>Add|Delete|Revise from|Revise to): +(?:(?P<flag>[01]) )?"
    r"(?P<code>[A-Z0-9]{3,7}) *(?<=[A-Z0-9 ]{7}) (?P<text>\S.*)"
)
#: After a code of the order addenda: the short title, then the long one.
_BOTH_TITLES = re.compile(r".{60} (?P<title>\S.*)")
_TOTAL = re.compile(r"\s*(?P<count>\d+) codes in \S+")


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the addenda: an undotted code, whether it is billable, and its long title."""

    action: Action
    code: str
    billable: bool
    title: str


@dataclass(frozen=True, slots=True)
class Addenda:
    """The changes that lead to an edition, in published order.

    `headers` says whether they name headers, too. `total` is the number of billable codes that the
    edition has then, None where it is not said.
    """

    changes: tuple[Change, ...]
    headers: bool
    total: int | None


def addenda_system(lines: Sequence[str]) -> Literal["icd10cm", "icd10pcs"] | None:
    """The system of the addenda that begin with `lines`; None when they are none."""
    matches = [match for line in lines if (match := _LINE.match(line))]
    if len(matches) * 2 <= len(lines):
        return None
    if _is_pcs(matches):
        return "icd10pcs"
    is_cm = all(re.fullmatch(ICD10CM_UNDOTTED, match["code"]) for match in matches)
    return "icd10cm" if is_cm else None


def read_addenda(path: Path) -> Addenda:
    """The changes of a file.

    Raises CodesetError when it has none, or a line among them that is none (the message names it).
    """
    matches: list[re.Match[str]] = []
    totals: list[int] = []
    for number, line in enumerate(lines_of(path), 1):
        if match := _LINE.match(line):
            matches.append(match)
        elif total := _TOTAL.match(line):
            totals.append(int(total["count"]))
        elif line.strip() and re.match(r"\S+( \S+)?:", line):
            raise CodesetError(f"{path.name}, line {number}: not in the layout of addenda.")
    if not matches:
        raise CodesetError(f"{path.name} holds no changes.")
    is_order = all(_BOTH_TITLES.match(match["text"]) for match in matches)
    is_pcs = _is_pcs(matches)
    changes = tuple(_change(match, is_order, is_pcs) for match in matches)
    return Addenda(changes, is_order, totals[-1] if totals else None)


def _is_pcs(matches: Sequence[re.Match[str]]) -> bool:
    form = re.compile(rf"{ICD10PCS}|{ICD10PCS_TABLE}")
    return all(form.fullmatch(match["code"]) for match in matches)


def _change(match: re.Match[str], is_order: bool, is_pcs: bool) -> Change:
    code, text = match["code"], match["text"]
    both = _BOTH_TITLES.match(text) if is_order else None
    # The addenda of ICD-10-PCS have no flag: what heads a table has three characters.
    billable = len(code) == 7 if is_pcs else match["flag"] != "0"
    title = both["title"] if both else text
    return Change(match["action"], code, billable, title.strip())  # type: ignore[arg-type]
