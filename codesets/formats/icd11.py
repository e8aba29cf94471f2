"""ICD-11 for Mortality and Morbidity Statistics (MMS), and WHO's maps between it and ICD-10.

WHO publishes both at https://icd.who.int/browse/latest-release/mms/en ("Info"), under CC BY-ND 3.0
IGO: they are read where a customer has them, and nothing made of them is shipped.

The simple tabulation (SimpleTabulation-ICD-11-MMS-en.txt in the zip of that name) is a
tab-separated UTF-8 table with a row for each chapter, block and category in published order. Its
last heading is the version ("Version:2024 Jan 21 - 22:30 UTC"). A title has "- " before it for each
level that it stands under. Only categories have a code. Chapter X has extension codes, which are
added to others and never stand alone. The readme.txt in the zip explains the columns.

The maps (10To11MapToOneCategory.txt, 11To10MapToOneCategory.txt) have a row for each entity of one
classification, with the one entity of the other that it is mapped to. Their last heading is the
version, too ("2024-Jan-21"), and their release URIs have it as 2024-01.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

from codesets import months
from codesets.code_format import ICD11, is_icd11_extension
from codesets.formats.spreadsheets import table
from codesets.model import Code, CodesetError, Division, Release, ReleaseData
from codesets.rows_icd11 import Direction, Icd11Mapping

TABULATION_COLUMNS = {
    "uri": ("Linearization URI", "Linearization (release) URI"),
    "code": ("Code",),
    "block": ("BlockId",),
    "title": ("Title",),
    "kind": ("ClassKind",),
    "chapter": ("ChapterNo",),
    "leaf": ("isLeaf",),
    "grouping1?": ("Grouping1",),
    "grouping2?": ("Grouping2",),
    "grouping3?": ("Grouping3",),
    "grouping4?": ("Grouping4",),
    "grouping5?": ("Grouping5",),
}
TO_11_COLUMNS = {
    "class": ("10ClassKind",),
    "source": ("icd10Code",),
    "source_title": ("icd10Title",),
    "target": ("icd11Code",),
    "target_title": ("icd11Title",),
}
TO_10_COLUMNS = {
    "uri": ("Linearization (release) URI",),
    "source": ("icd11Code",),
    "source_title": ("icd11Title",),
    "target": ("icd10Code",),
    "target_title": ("icd10Title",),
}

_VERSION = re.compile(r"(?:Version:|\t)(?P<year>20\d\d)[ -](?P<month>[A-Z][a-z]{2})[ -]\d{1,2}\b")
_CODE = re.compile(ICD11)
#: A category with what is added to it; a category of WHO's ICD-10. The maps have the numbers of
#: blocks and chapters in the same column.
_WITH_ADDITIONS = re.compile(rf"{ICD11}(?:[&/]{ICD11})*")
_WHO_ICD10 = re.compile(r"[A-Z]\d\d(?:\.\d{1,3})?")
#: "- " for each level above.
_LEVELS = re.compile(r"^(?:- )+")


def edition_of(beginning: str) -> tuple[str, dt.date, dt.date] | None:
    """The label of a file's version (2024-01), and the first and the last day of the year that it
    is for: WHO publishes a version each January. None when its heading has no version."""
    match = _VERSION.search(beginning.partition("\n")[0])
    if match is None:
        return None
    year, month = int(match["year"]), months.number(match["month"].lower())
    return f"{year}-{month:02}", dt.date(year, month, 1), dt.date(year, 12, 31)


def read_tabulation(path: Path, release: Release) -> ReleaseData:
    """The categories of a simple tabulation, with its chapters and blocks.

    `Code.billable` says that a category is complete: it has none under it, and is no extension
    code. Raises CodesetError when the file is no such table, when it has no categories, and for a
    row that is none; the message names its line.
    """
    codes: list[Code] = []
    divisions: dict[str, Division] = {}
    known: set[str] = set()
    for number, row in table(path, TABULATION_COLUMNS, "the ICD-11 simple tabulation"):
        title = _LEVELS.sub("", row["title"]).strip()
        groupings = [row[f"grouping{n}"] for n in range(1, 6)]
        inner = next((block for block in reversed(groupings) if block), None)
        kind = row["kind"].lower()
        if kind == "chapter":
            divisions[row["chapter"]] = Division("chapter", row["chapter"], title, None)
        elif kind == "block":
            block = row["block"]
            divisions[block] = Division("section", block, title, inner or row["chapter"])
        elif kind == "category" and _CODE.fullmatch(row["code"]) and title:
            code = row["code"]
            known.add(code)
            codes.append(
                Code(
                    system=release.system,
                    release=release.label,
                    code=code,
                    title=title,
                    billable=row["leaf"].lower() == "true" and not is_icd11_extension(code),
                    parent=next((above for above in _above(code) if above in known), None),
                    section=inner,
                    stem=code,
                    position=len(codes),
                )
            )
        else:
            raise CodesetError(
                f"{path.name}, line {number}: no chapter, block or category of ICD-11."
            )
    if not codes:
        raise CodesetError(f"{path.name} holds no categories of ICD-11.")
    return ReleaseData(release, tuple(codes), tuple(divisions.values()))


def _above(code: str) -> Iterator[str]:
    """The codes that a code begins with, the nearest first: CA40.0Z stands under CA40.0, which
    stands under CA40. Extension codes are not arranged by their characters."""
    if not is_icd11_extension(code):
        yield from (code[:length].rstrip(".") for length in range(len(code) - 1, 3, -1))


def read_map_to_11(path: Path) -> tuple[Icd11Mapping, ...]:
    """The categories of ICD-10 in a map to ICD-11; blocks and chapters are left out.

    Raises CodesetError when the file is no such table or has no categories.
    """
    rows = table(path, TO_11_COLUMNS, "WHO's map from ICD-10 to ICD-11")
    return _mappings(path, "10to11", (row for _, row in rows if "category" in row["class"].lower()))


def read_map_to_10(path: Path) -> tuple[Icd11Mapping, ...]:
    """The categories of ICD-11 in a map to ICD-10; blocks and chapters, which have no code, are
    left out. Raises CodesetError as `read_map_to_11` does."""
    rows = table(path, TO_10_COLUMNS, "WHO's map from ICD-11 to ICD-10")
    return _mappings(path, "11to10", (row for _, row in rows if _CODE.fullmatch(row["source"])))


def _mappings(
    path: Path, direction: Direction, rows: Iterator[dict[str, str]]
) -> tuple[Icd11Mapping, ...]:
    code = _WITH_ADDITIONS if direction == "10to11" else _WHO_ICD10
    mappings = tuple(
        Icd11Mapping(direction, row["source"], row["source_title"], *_target(row, code))
        for row in rows
        if row["source"] and row["target_title"]
    )
    if not mappings:
        raise CodesetError(f"{path.name} holds no categories.")
    return mappings


def _target(row: dict[str, str], code: re.Pattern[str]) -> tuple[str, str]:
    """The code that a row leads to, "" where it is a block or a chapter, and its title, with the
    number of a block."""
    target, title = row["target"], row["target_title"]
    if code.fullmatch(target):
        return target, title
    return "", f"{title} ({target})" if "-" in target else title
