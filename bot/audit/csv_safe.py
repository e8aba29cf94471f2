"""CSV without formulas: guards every cell that is exported.

A cell is harmful where a spreadsheet may read a formula: at its start, and after a mark inside it
at which another spreadsheet would split it (semicolons in much of Europe, tabs, bars, line ends).
Such a place gets an apostrophe. https://owasp.org/www-community/attacks/CSV_Injection names the
signs and says why separators and quotes count; blanks and unseen characters before a sign do not
make it harmless, nor do characters that compatibility normalization (NFKC) turns into a sign.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

#: Signs that begin a formula. Some spreadsheets read the minus sign U+2212 as a hyphen.
_SIGNS = "=+-@\u2212"
_SEPARATORS = ",;|"
#: Categories of characters that are not seen before a sign: blanks, controls, format, marks.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Mn", "Me"})
#: Letters and symbols that look like a blank: Hangul's fillers, Braille's empty cell.
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
#: A spreadsheet may drop one of these at the start of a cell, and read on.
_DROPPED = ("\t", "\r", "\n", "\0")
#: A number is no formula.
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_FORMULA = re.compile(r"(?:^|,)(?= *=)")
#: Unless this limit is set, Python's csv reads no cell longer than 128 KiB.
_LONGEST_CELL = 2**31 - 1


class _Kinds(dict[int, str]):
    """A character's kind by its code point: `=` a sign, `,` a separator, a blank, or `x`."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        folded = unicodedata.normalize("NFKC", char)[:1]
        if folded in _SIGNS:
            kind = "="
        elif folded in _SEPARATORS or char.splitlines() == [""] or char == "\t":
            kind = ","
        elif unicodedata.category(char) in _UNSEEN or folded == '"' or char in _FILLERS:
            kind = " "
        else:
            kind = "x"
        self[point] = kind
        return kind


_KINDS = _Kinds()


def safe(cell: Any) -> Any:
    """The cell with an apostrophe wherever a formula would begin. A number stays as it is, also as
    a text. Guarding twice changes nothing.

    >>> safe("a; =1+1")
    "a;' =1+1"
    """
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell):
        return cell
    places = {match.end() for match in _FORMULA.finditer(cell.translate(_KINDS))}
    if cell.startswith(_DROPPED):
        places.add(0)
    ends = [0, *sorted(places), len(cell)]
    return "'".join(cell[start:end] for start, end in pairwise(ends))


def row(cells: Iterable[Any]) -> str:
    """One line of a CSV file (RFC 4180), each cell safe and in quotes."""
    line = io.StringIO(newline="")
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(map(safe, cells))
    return line.getvalue()


def file(text: str) -> str:
    """A CSV file that another program made, with every cell safe, also the column names."""
    usual = csv.field_size_limit(_LONGEST_CELL)
    try:
        return "".join(map(row, csv.reader(io.StringIO(text, newline=""))))
    finally:
        csv.field_size_limit(usual)
