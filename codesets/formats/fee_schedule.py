"""The indicators of the Medicare Physician Fee Schedule, as CMS publishes them each quarter.

"PFS Relative Value Files" on cms.gov: `PPRRVU2026_Jul_nonQPP.csv` or .xlsx in RVU26C.zip, with its
record layout in the same zip (RVU26C.pdf). Ten lines of notice and of headings that are stacked in
several rows; the last of them begins with "HCPCS,MOD,DESCRIPTION". Only the indicators are read:
descriptors are the AMA's, and relative values and amounts are not needed here.

The meanings below are those of that layout document, shortened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from codesets.code_format import HCPCS_OR_CPT
from codesets.formats.spreadsheets import Columns, heading, rows_of
from codesets.model import CodesetError
from codesets.rows_payment import FeeIndicators

#: The last row of the heading. Four columns are headed "SURG" there: the first is for both sides,
#: then come assistant, co-surgeons and team, in every edition.
FEE_COLUMNS: Columns = {
    "code": ("HCPCS",),
    "modifier": ("MOD",),
    "status": ("CODE", "STATUS CODE"),
    "component": ("IND", "PCTC IND"),
    "global": ("DAYS", "GLOB DAYS"),
    "pre": ("OP", "PRE OP"),
    "multiple": ("PROC", "MULT PROC"),
    "bilateral": ("SURG", "BILAT SURG"),
    "factor": ("FACTOR", "CONV FACTOR"),
}
#: The heading is among this many first rows.
_HEADING_WITHIN = 30

#: What the status code means for payment.
STATUS: dict[str, str] = {
    "A": "active: paid separately under the fee schedule if covered",
    "B": "bundled: never paid by itself, payment is in other services",
    "C": "priced by the contractor",
    "D": "deleted",
    "E": "excluded from the fee schedule by regulation",
    "F": "deleted or discontinued, no grace period",
    "G": "not valid for Medicare: another code is used, 90-day grace",
    "H": "deleted modifier",
    "I": "not valid for Medicare: another code is used",
    "J": "anesthesia service",
    "M": "measurement code, for reporting only",
    "N": "not covered by Medicare",
    "P": "bundled or excluded: not paid by itself",
    "Q": "functional information, for reporting only",
    "R": "restricted coverage",
    "T": "paid only if nothing else of the provider is payable that day",
    "X": "excluded by law: not in the fee schedule's scope",
}
#: What the bilateral indicator says of modifier 50, RT and LT.
BILATERAL: dict[str, str] = {
    "0": "no 150% for both sides: modifier 50, or RT with LT, pays once",
    "1": "modifier 50 (or RT and LT, or two units) pays 150%",
    "2": "already both sides: modifier 50 and RT with LT do not fit",
    "3": "each side pays in full: modifier 50, or RT and LT",
    "9": "the concept of two sides does not apply",
}
#: What the PC/TC indicator says of modifiers 26 and TC.
COMPONENT: dict[str, str] = {
    "0": "physician service: 26 and TC do not apply",
    "1": "test with two parts: 26 for the professional, TC for the technical",
    "2": "professional part alone: neither 26 nor TC",
    "3": "technical part alone: neither 26 nor TC",
    "4": "whole test alone: neither 26 nor TC",
    "5": "incident-to code: neither 26 nor TC",
    "6": "laboratory interpretation: 26 may be used, TC not",
    "7": "therapy service: 26 and TC do not apply",
    "8": "physician interpretation: TC does not apply",
    "9": "26 and TC do not apply",
}
#: What the global period includes.
GLOBAL_DAYS: dict[str, str] = {
    "000": "0 days: care of the same day is included",
    "010": "10 days: care of the day and of 10 days after is included",
    "090": "90 days: care of the day before, the day and 90 days after is included",
    "XXX": "no global period",
    "YYY": "global period set by the contractor",
    "ZZZ": "add-on: in the global period of the primary code",
    "MMM": "maternity: the usual global period does not apply",
}

_CODE = re.compile(HCPCS_OR_CPT)


def read_fee_schedule(path: Path) -> Iterator[FeeIndicators]:
    """The indicators of every row.

    While they are read, raises CodesetError when the file is no fee schedule, or has no codes.
    """
    rows = rows_of(path)
    first = list(islice(rows, _HEADING_WITHIN))
    head = heading(first, FEE_COLUMNS)
    if head is None:
        raise CodesetError(f"{path.name} has not the columns of the Medicare fee schedule.")
    at, places = head
    found = False
    for row in chain(first[at + 1 :], rows):
        cells = {
            name: row[place].strip() if place < len(row) else "" for name, place in places.items()
        }
        if not _CODE.fullmatch(cells["code"]):
            continue
        found = True
        last = places["bilateral"]
        beside = [*row[last + 1 : last + 4], "", "", ""]  # a row may be cut short
        assistant, co_surgeons, team = [cell.strip() for cell in beside[:3]]
        days = cells["global"]
        yield FeeIndicators(
            code=cells["code"],
            modifier=cells["modifier"],
            status=cells["status"],
            component=cells["component"],
            global_days=days.zfill(3) if days.isdigit() else days,
            multiple=cells["multiple"],
            bilateral=cells["bilateral"],
            assistant=assistant,
            co_surgeons=co_surgeons,
            team=team,
        )
    if not found:
        raise CodesetError(f"{path.name} holds no codes of the fee schedule.")


def edition_text(text: str) -> str:
    """What a file's beginning says of its edition: "2026 National Physician Fee Schedule Relative
    Value File July Release"; "" where it says nothing."""
    match = re.search(r"20\d\d National Physician Fee Schedule[^\n\t,]*", text, re.I)
    return match[0] if match else ""
