"""Tables 5, 6I, 6J and 6K of the hospital inpatient prospective payment system (IPPS) final rule.

CMS publishes them for each fiscal year on cms.gov ("FY 2026 IPPS Final Rule Home Page", tables), in
Windows-1252 text with CRLF ends; the weights as a tab-separated table, too. They are in the public
domain.

* Table 5, "List of Medicare Severity Diagnosis-Related Groups (MS-DRGs), Relative Weighting
  Factors, and Geometric and Arithmetic Mean Length of Stay": under a title of two lines, a heading
  and a row for each MS-DRG.
* Table 6I, "Complete MCC List", and Table 6J, "Complete CC List": a title, a heading, and a row of
  code (with its dot), tab and description for each diagnosis; after them "Notes:".
* Table 6K, "Complete List of CC Exclusions": part 1 has a line for each CC and MCC, code (without
  its dot), level, and the number of a "PDX collection" with the count of its codes, or "No Excl".
  Then come the collections, "PDX collection 0002" and a line for each principal diagnosis in it.
  Part 2 lists those that count only if the patient was discharged alive; part 3 those that do not
  count in some MS-DRGs, under "MDC 01 DRGs 082-084 …".
  Appendix C of the MS-DRG Definitions Manual is printed in the same way, with the number of a
  hospital-acquired condition between level and collection.

Tables 6I.1, 6J.1 and the like list changes alone, and are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from codesets.code_format import ICD10CM_CATEGORY, ICD10CM_DOTTED, ICD10CM_UNDOTTED, dot
from codesets.formats.spreadsheets import Columns, table
from codesets.formats.text_files import lines_of
from codesets.model import CodesetError, ReferenceKind
from codesets.rows_inpatient import (
    CcExclusion,
    CountsIfAlive,
    DrgExclusion,
    DrgWeight,
    PdxCollection,
    Severity,
    SeverityLevel,
)

#: The title of each table, by the kind of reference that it is.
_TITLES: dict[ReferenceKind, re.Pattern[str]] = {
    "mcc": re.compile(r"\s*\"?TABLE 6I\W+COMPLETE MCC LIST", re.I),
    "cc": re.compile(r"\s*\"?TABLE 6J\W+COMPLETE CC LIST", re.I),
    "cc_exclusions": re.compile(
        r"\s*\"?TABLE 6K\W+COMPLETE LIST OF CC EXCLUSIONS|\s*Appendix C\b", re.I
    ),
}

WEIGHT_COLUMNS: Columns = {
    "drg": ("MS-DRG",),
    "mdc": ("MDC",),
    "drg_type": ("TYPE",),
    "title": ("MS-DRG Title",),
    "weight": ("Weights - Before Cap", "Weights"),
    "weight_capped?": ("Weights - 10% Cap Applied",),
    "geometric_stay": ("Geometric mean LOS",),
    "arithmetic_stay": ("Arithmetic mean LOS",),
}
_POST_ACUTE, _SPECIAL_PAY = 1, 2

_CODE = re.compile(rf"{ICD10CM_DOTTED}|{ICD10CM_CATEGORY}")
_LISTED = re.compile(
    rf"\s+(?P<code>{ICD10CM_UNDOTTED})\s+(?P<level>MCC|CC)(?:\s+\d\d)?\s+"
    r"(?:(?P<collection>\d{4}):[\d,]+ codes?|No Excl)(?:\s|$)"
)
_COLLECTION = re.compile(r"\s*PDX collection (\d{4})\s*$", re.I)
_PRINCIPAL = re.compile(rf"\s+(?P<code>{ICD10CM_UNDOTTED})\s+\S")
#: "K Part 2: …", "Appendix C Part 3: …".
_PART = re.compile(r"\s*(?:K|Appendix C) Part (\d):", re.I)
_DRGS = re.compile(
    r"\s*MDC \d\d DRGs? (?P<first>\d{3})(?:-(?P<last>\d{3}))?\s+(?P<title>\S.*?)\s*$"
)


def kind_of(head: str) -> ReferenceKind | None:
    """Which of the tables 6I, 6J and 6K a file is, by its beginning; None for neither."""
    return next((kind for kind, title in _TITLES.items() if title.match(head)), None)


def read_levels(path: Path, level: Severity) -> tuple[SeverityLevel, ...]:
    """Every code of Table 6I (`level` MCC) or 6J (CC).

    Raises CodesetError when a line is neither heading nor code (the message names it), or no code
    is there.
    """
    levels = []
    for number, line in enumerate(lines_of(path), 1):
        first, tab, rest = line.partition("\t")
        code = first.strip()
        if _CODE.fullmatch(code) and tab:
            levels.append(SeverityLevel(code, level))
        elif levels and code:
            raise CodesetError(
                f"{path.name}, line {number}: not in the layout of the {level} list (code, "
                "tab, description)."
            )
        elif rest.strip().lower().startswith("notes"):
            break
    if not levels:
        raise CodesetError(f"{path.name} holds no codes of the complete {level} list.")
    return tuple(levels)


@dataclass
class _Exclusions:
    """Table 6K as it is read, line by line."""

    name: str
    part: str = "1"
    listed: list[CcExclusion] = field(default_factory=list)
    collections: dict[str, list[str]] = field(default_factory=dict)
    alive: list[CountsIfAlive] = field(default_factory=list)
    groups: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    current: list[str] | None = None

    def take(self, number: int, line: str) -> None:
        if part := _PART.match(line):
            self.part, self.current = part[1], None
        elif found := _COLLECTION.match(line):
            self.current = self.collections.setdefault(found[1], [])
        elif self.part == "3" and (found := _DRGS.match(line)):
            key = (found["first"], found["last"] or found["first"], found["title"])
            self.current = self.groups.setdefault(key, [])
        elif self.current is not None:
            self.current.append(self._code(number, line))
        elif self.part == "2":
            self.alive.append(CountsIfAlive(self._code(number, line)))
        elif self.listed or _LISTED.match(line):
            found = self._matched(_LISTED, number, line)
            level: Severity = "MCC" if found["level"] == "MCC" else "CC"
            self.listed.append(CcExclusion(dot(found["code"]), level, found["collection"] or ""))

    def _code(self, number: int, line: str) -> str:
        return dot(self._matched(_PRINCIPAL, number, line)["code"])

    def _matched(self, pattern: re.Pattern[str], number: int, line: str) -> re.Match[str]:
        found = pattern.match(line)
        if found is None:
            raise CodesetError(
                f"{self.name}, line {number}: not in the layout of the list of CC exclusions "
                "(Table 6K)."
            )
        return found


def read_exclusions(
    path: Path,
) -> tuple[CcExclusion | PdxCollection | CountsIfAlive | DrgExclusion, ...]:
    """Every CC and MCC of Table 6K, then every collection of principal diagnoses, and what parts 2
    and 3 list.

    Raises CodesetError when a line of a list is none (the message names it), when a collection that
    is named is not there, or when there are no codes.
    """
    read = _Exclusions(path.name)
    for number, line in enumerate(lines_of(path), 1):
        if line.strip():
            read.take(number, line)
    if not read.listed:
        raise CodesetError(f"{path.name} holds no codes of the list of CC exclusions.")
    lost = {one.collection for one in read.listed if one.collection} - read.collections.keys()
    if lost:
        raise CodesetError(
            f"{path.name} is not whole: it names PDX collection {min(lost)}, and does not list it. "
            "Download it again."
        )
    return (
        *read.listed,
        *(PdxCollection(name, tuple(codes)) for name, codes in read.collections.items()),
        *read.alive,
        *(DrgExclusion(*drgs, tuple(codes)) for drgs, codes in read.groups.items()),
    )


def read_weights(path: Path) -> Iterator[DrgWeight]:
    """Every MS-DRG of Table 5.

    Raises CodesetError when the file has not its columns, when a number of an MS-DRG has not three
    digits (the message names the line), or when there is none.
    """
    found = False
    for number, row in table(path, {**WEIGHT_COLUMNS, **_yes_no(path)}, "Table 5 (MS-DRG weights)"):
        if not row["drg"]:
            continue
        if not re.fullmatch(r"\d{1,3}", row["drg"]):
            if found:
                return  # notes
            raise CodesetError(f'{path.name}, line {number}: "{row["drg"]}" is no MS-DRG.')
        found = True
        yield DrgWeight(
            drg=row["drg"].zfill(3),
            title=row["title"],
            mdc=row["mdc"],
            drg_type=row["drg_type"],
            post_acute=row["post_acute"].lower() == "yes",
            special_pay=row["special_pay"].lower() == "yes",
            weight=row["weight"],
            weight_capped=row["weight_capped"] or row["weight"],
            geometric_stay=row["geometric_stay"],
            arithmetic_stay=row["arithmetic_stay"],
        )
    if not found:
        raise CodesetError(f"{path.name} holds no MS-DRGs.")


def _yes_no(path: Path) -> Columns:
    """Two columns whose headings name the year: "FY 2026 Final Post-Acute DRG"."""
    head = next(
        (line for line in lines_of(path) if re.match(r"MS-DRG\s*\t", line)), "MS-DRG\t\t"
    ).split("\t")
    return {"post_acute?": (head[_POST_ACUTE],), "special_pay?": (head[_SPECIAL_PAY],)}
