"""Lists of claim adjustment reason codes (CARC) and remittance advice remark codes (RARC).

X12 keeps both lists (x12.org/codes; RARC on behalf of CMS) and updates them three times a year.
Their descriptions are licensed: Code Desk ships none, and reads the list that a customer has: a
table with the columns code, description, start and stop (.csv, .txt with tabs, .xlsx). Which of the
two it is, is told from the codes: remark codes are M, MA or N and a number.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from codesets.formats.spreadsheets import Columns, heading, table
from codesets.model import CodesetError
from codesets.rows_payment import AdjustmentCode

ADJUSTMENT_COLUMNS: Columns = {
    "code": (
        "Code", "CARC", "RARC", "Reason Code", "Remark Code", "Claim Adjustment Reason Code",
        "Remittance Advice Remark Code", "Adjustment Reason Code",
    ),
    "description": ("Description", "Code Description", "Definition", "Narrative"),
    "start": ("Start", "Start Date", "Effective Date", "Effective"),
    "stop": ("Stop", "Stop Date", "Stop/Expiration Date", "Deactivation Date", "End Date", "End"),
}  # fmt: skip

_RARC = re.compile(r"(?:MA?|N)\d{1,3}")
_CARC = re.compile(r"\d{1,3}|[ABDPWY]\d{1,2}")
_FORMS = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%m/%d/%y")


def kind_of(rows: Sequence[Sequence[str]]) -> Literal["carc", "rarc"] | None:
    """Which list the first rows of a table belong to; None for another table."""
    head = heading(rows, ADJUSTMENT_COLUMNS)
    if head is None:
        return None
    at, places = head
    codes = [row[places["code"]].strip() for row in rows[at + 1 :] if len(row) > places["code"]]
    codes = [code for code in codes if code]
    if codes and all(_RARC.fullmatch(code) for code in codes):
        return "rarc"
    return "carc" if codes and all(_CARC.fullmatch(code) for code in codes) else None


def read_adjustment_codes(path: Path) -> Iterator[AdjustmentCode]:
    """Every code of a list.

    While they are read, raises CodesetError when the file is no such list, when a row cannot be
    read (the message names its line), or when there are no codes.
    """
    code = None
    layout = "CARC or RARC (code, description, start, stop)"
    for number, row in table(path, ADJUSTMENT_COLUMNS, layout):
        if not (_RARC.fullmatch(row["code"]) or _CARC.fullmatch(row["code"])):
            raise CodesetError(
                f'{path.name}, line {number}: "{row["code"]}" has not the form of a reason or '
                "remark code."
            )
        try:
            code = AdjustmentCode(
                row["code"],
                " ".join(row["description"].split()),
                _day(row["start"]),
                _day(row["stop"]),
            )
        except ValueError as error:
            raise CodesetError(f"{path.name}, line {number}: {error}.") from error
        yield code
    if code is None:
        raise CodesetError(f"{path.name} holds no reason or remark codes.")


def _day(text: str) -> dt.date | None:
    for form in _FORMS if text else ():
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
    if text:
        raise ValueError(f'"{text}" is no date (YYYY-MM-DD or MM/DD/YYYY)')
    return None
