"""The diagnoses of hospital-acquired conditions (HAC).

CMS prints them in Appendix I of the "ICD-10 MS-DRG Definitions Manual", which is on cms.gov as text
("MS-DRG Classifications and Software"), alone or together with appendices F to H. It is in the
public domain. Each condition begins with `HAC 14:  Iatrogenic Pneumothorax with Venous
Catheterization`; its diagnoses are lines of code without dot, CC or MCC, and title, under a heading
such as SECONDARY DIAGNOSIS. Where the condition also needs a procedure or another diagnosis, those
stand under their own heading, joined by AND.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from codesets.code_format import ICD10CM_UNDOTTED, dot
from codesets.formats.text_files import lines_of
from codesets.model import CodesetError
from codesets.rows_inpatient import HospitalAcquired

_CONDITION = re.compile(r"\s*HAC (?P<number>\d\d):\s+(?P<name>\S.*?)\s*$")
_DIAGNOSIS = re.compile(rf"\s+(?P<code>{ICD10CM_UNDOTTED})\*?\s+(?:MCC|CC)\s+\S")
_AND = re.compile(r"\s*AND\s*$")
#: The names that the appendix has where it is in one file with others.
_NAME = re.compile(r"appendix[ _-]?(?:[a-h][ _-])?i(?![a-z])", re.I)


def looks_like_hac(head: str, name: str) -> bool:
    """Whether a file is the appendix, by its beginning, or by its name where other appendices come
    first."""
    lines = head.split("\n")
    if any(map(_CONDITION.match, lines)):
        return True
    return bool(_NAME.search(name)) and any(line.strip().startswith("Appendix") for line in lines)


def read_conditions(path: Path) -> Iterator[HospitalAcquired]:
    """Every diagnosis of every condition. Raises CodesetError when there is none."""
    found = False
    for (number, name), lines in _by_condition(path):
        joined = any(map(_AND.match, lines))
        codes = [match["code"] for line in lines if (match := _DIAGNOSIS.match(line))]
        for code in dict.fromkeys(codes):
            found = True
            yield HospitalAcquired(dot(code), number, name, joined)
    if not found:
        raise CodesetError(f"{path.name} holds no hospital-acquired conditions.")


def _by_condition(path: Path) -> Iterator[tuple[tuple[str, str], list[str]]]:
    condition: tuple[str, str] | None = None
    lines: list[str] = []
    for line in lines_of(path):
        if match := _CONDITION.match(line):
            if condition:
                yield condition, lines
            condition, lines = (match["number"], match["name"]), []
        elif condition:
            lines.append(line)
    if condition:
        yield condition, lines
