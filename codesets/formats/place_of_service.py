"""Place of service codes, as CMS publishes them.

The "Place of Service Code Set" on cms.gov is a table of two-digit codes (or ranges of unassigned
ones, "28-30"), names and descriptions. Some tables also have the type of place by which Medicare's
physician fee schedule pays: "Facility" or "Non-Facility". It is read where it is there.
"""

from __future__ import annotations

import re
from pathlib import Path

from codesets.code_format import PLACE_OF_SERVICE
from codesets.formats.spreadsheets import Columns, table
from codesets.model import CodesetError, PlaceOfService

PLACE_COLUMNS: Columns = {
    "code": ("Place of Service Code(s)", "Place of Service Code", "pos_code"),
    "name": ("Place of Service Name", "pos_name"),
    "description": ("Place of Service Description", "pos_description"),
    "type?": ("pos_type",),
}

_FACILITY = {"facility": True, "non-facility": False}


def read_places(path: Path) -> tuple[PlaceOfService, ...]:
    """Every assigned code, in the file's order; unassigned codes and ranges are left out.

    Raises CodesetError when the file is no such table or has no codes; for a bad row, the message
    names its line.
    """
    places = []
    for number, row in table(path, PLACE_COLUMNS, "the place of service code set"):
        if row["name"].lower() == "unassigned":
            continue
        code = row["code"].zfill(2)  # a workbook may hold the number 1 for the code 01
        if not re.fullmatch(PLACE_OF_SERVICE, code):
            raise CodesetError(
                f'{path.name}, line {number}: "{row["code"]}" is no place of service code '
                "(two digits)."
            )
        facility = _FACILITY.get(row["type"].lower())
        places.append(PlaceOfService(code, row["name"], row["description"], facility))
    if not places:
        raise CodesetError(f"{path.name} holds no place of service codes.")
    return tuple(places)
