"""Tables that people paste, as lists of statements.

Cells copied out of a spreadsheet come as lines with tabs; a table typed in Markdown has bars. A row
is a statement, and its cells that are words are what it says. A cell under a heading such as
"Patient" or "DOB" keeps the heading before it, which is how the scrubber knows what it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_BAR_ROW = re.compile(r"\s*\|(.*)\|\s*")
_RULE = re.compile(r"[\s|:-]*-{2,}[\s|:-]*")
#: Headings of columns, by whole words.
_HEADING = re.compile(
    r"(?:icd.*|.*\b(?:code|codes|dx|diagnos[ie]s|description|statement|condition|problem|name|"
    r"patient|pt|mrn|dob|birth|date|dos|id|no|number|side|notes?|comments?|#))\.?:?",
    re.I,
)
#: Headings over what identifies a patient.
_PERSONAL = re.compile(
    r"\b(?:patient|pt|name|mrn|dob|birth|member|account|acct|ssn|phone|address|chart|record)\b",
    re.I,
)
_LETTER = re.compile(r"[^\W\d_]")
_FEWEST = 2


def as_list(text: str) -> str:
    """A text that is a table as a numbered list, a row a line; any other text as it is.

    >>> as_list("dx\\tside\\nknee OA\\tleft\\ngout\\t")
    '1. knee OA, left\\n2. gout'
    """
    lines = [line for line in text.splitlines() if line.strip()]
    rows = _barred(lines) or _tabbed(lines)
    if len(rows) < _FEWEST:
        return text
    headings: Sequence[str] = ()
    if all(_HEADING.fullmatch(cell) for cell in rows[0] if cell):
        headings, rows = rows[0], rows[1:]
    said = [line for line in (_statement(row, headings) for row in rows) if line]
    if len(said) < _FEWEST:
        return said[0] if said else text
    return "\n".join(f"{number}. {line}" for number, line in enumerate(said, 1))


def _barred(lines: Sequence[str]) -> list[list[str]]:
    """The rows of a Markdown table; [] where not every line is one."""
    rows = [_BAR_ROW.fullmatch(line) for line in lines]
    if not all(rows):
        return []
    cells = [row[1] for row in rows if row and not _RULE.fullmatch(row[0])]
    return [[cell.strip() for cell in row.split("|")] for row in cells]


def _tabbed(lines: Sequence[str]) -> list[list[str]]:
    """The rows of cells out of a spreadsheet; [] where not every line has a tab."""
    if not all("\t" in line for line in lines):
        return []
    return [[cell.strip() for cell in line.split("\t")] for line in lines]


def _statement(row: Sequence[str], headings: Sequence[str]) -> str:
    said = []
    for place, cell in enumerate(row):
        heading = headings[place] if place < len(headings) else ""
        if heading and _PERSONAL.search(heading) and cell:
            said.append(f"{heading.rstrip(':')}: {cell}")
        elif _LETTER.search(cell):
            said.append(cell)
    return ", ".join(said)
