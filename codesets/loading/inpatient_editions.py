"""The editions of the lists of inpatient claims and risk adjustment.

CMS names those of inpatient claims by the fiscal year, often in two digits ("FY26"), and the
Medicare Code Editor by its version: 43 is that of FY2026. Mappings of risk adjustment are named by
the payment year, which is paid by the diagnoses of the year before: the mapping of 2027 is for
dates of service of 2026.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from codesets.formats import hcc, mce, poa_exempt

#: Kinds that are named by the payment year.
RISK = ("hcc", "hcc_labels", "hcc_hierarchies", "hcc_edits")
_INPATIENT = (
    "mcc",
    "cc",
    "cc_exclusions",
    "drg_weights",
    "mce",
    "poa_exempt",
    "poa_changes",
    "hac",
)
#: Kinds of which an edition has several files.
IN_PARTS = ("hcc", "hcc_labels", "poa_changes", "mce")

_FISCAL = re.compile(r"(?<![a-z])FY[ _-]?(?:20)?(\d\d)(?!\d)|(?<=Codes)FY(\d\d)(?!\d)", re.I)
_APRIL = re.compile(r"(?<![a-z])apr(?:il)?(?![a-z])", re.I)
#: The fiscal year of a version of the Medicare Code Editor, and of the MS-DRGs, less the version.
_FIRST_VERSION = 1983
_MODEL = re.compile(r"(?<![a-z0-9])(?:F(\d\d)\d\d[A-Z]\d[A-Z]|v(\d\d)_)", re.I)


def named(kind: str | None, names: Sequence[str], head: str) -> tuple[int, int | None] | None:
    """(year, 4 for an update of April, else None) of a file, by its names, the most telling first,
    or its beginning; None for another kind, and where nothing tells it."""
    if kind in RISK:
        years = (hcc.payment_year(name) for name in names)
        return next(((year, None) for year in years if year), None)
    if kind not in _INPATIENT:
        return None
    if kind == "mce" and (version := mce.version_of(names[0], head)):
        number, april = version
        return _FIRST_VERSION + number, 4 if april else None
    for text in (*names, head[:400]):
        found = {one or other for one, other in _FISCAL.findall(text)}
        if len(found) == 1:
            return 2000 + int(found.pop()), 4 if _APRIL.search(text) else None
    return None


def service_dates(payment_year: int) -> tuple[dt.date, dt.date]:
    """The first and the last date of service that count for a payment year."""
    return dt.date(payment_year - 1, 1, 1), dt.date(payment_year - 1, 12, 31)


def part_of(kind: str | None, name: str) -> str | None:
    """The part of an edition that a file is: the model of a format file, which changes, or the
    diagnoses of the Medicare Code Editor, whose JSON has no procedures."""
    if kind == "mce":
        return "diagnoses" if name.lower().endswith(".json") else None
    if kind == "poa_changes":
        return poa_exempt.change_of(name)
    found = _MODEL.search(name)
    return f"V{found[1] or found[2]}" if found else None
