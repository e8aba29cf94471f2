"""OPPS Addendum B: how each code is paid in the hospital outpatient prospective payment system.

"Addendum A and Addendum B Updates" on cms.gov, quarterly: `… October 2025 Web Addendum B….csv` or
.xlsx: lines of notice, then HCPCS Code, Short Descriptor, SI (status indicator), APC, Relative
Weight, Payment Rate, … Only code, status indicator and APC are read. A changed row may have a
second mark in the last column.

The meanings are those of Addendum D1 of the OPPS rule, shortened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from codesets.code_format import HCPCS_OR_CPT
from codesets.formats.spreadsheets import Columns, table
from codesets.model import CodesetError
from codesets.rows_payment import OppsIndicators

OPPS_COLUMNS: Columns = {
    "code": ("HCPCS Code", "HCPCS"),
    "status": ("SI", "Status Indicator"),
    "apc": ("APC",),
    "rate": ("Payment Rate",),
}

#: What the status indicator means for payment.
STATUS: dict[str, str] = {
    "A": "paid under another fee schedule than OPPS",
    "B": "not paid under OPPS on hospital outpatient bills: another code may be",
    "C": "inpatient only: not paid under OPPS",
    "D": "discontinued code",
    "E1": "not payable by Medicare",
    "E2": "not payable: no price and no claims",
    "F": "corneal tissue, vaccines of some kinds: reasonable cost",
    "G": "pass-through drug or biological: paid separately",
    "H": "pass-through device: paid separately",
    "J1": "comprehensive APC: pays for all services of the claim",
    "J2": "comprehensive APC when certain services are together",
    "K": "drug or biological that is paid separately",
    "L": "influenza, pneumococcal or COVID-19 vaccine: reasonable cost",
    "M": "not billable to the MAC",
    "N": "packaged: no separate payment",
    "P": "partial hospitalization or intensive outpatient: per day",
    "Q1": "packaged if with S, T or V on the claim, else paid",
    "Q2": "packaged if with T on the claim, else paid",
    "Q3": "may be paid through a composite APC",
    "Q4": "laboratory test, packaged unless alone",
    "R": "blood and blood products",
    "S": "paid separately, no reduction for several",
    "T": "paid separately, reduced when several",
    "U": "brachytherapy source",
    "V": "clinic or emergency visit",
    "Y": "DME: billed to the DME contractor",
}

_CODE = re.compile(HCPCS_OR_CPT)


def read_opps(path: Path) -> Iterator[OppsIndicators]:
    """Every code with its status indicator and APC.

    While they are read, raises CodesetError when the file is no Addendum B, or has no codes.
    """
    found = False
    for _, row in table(path, OPPS_COLUMNS, "OPPS Addendum B"):
        if _CODE.fullmatch(row["code"]) and row["status"]:
            found = True
            yield OppsIndicators(row["code"], row["status"].upper(), row["apc"])
    if not found:
        raise CodesetError(f"{path.name} holds no codes of OPPS Addendum B.")
