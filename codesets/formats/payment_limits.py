"""The payment limits of Medicare Part B drugs, as CMS publishes them each quarter.

`… Medicare Part B Payment Limit File …`, in the zip of the ASP pricing files on cms.gov ("ASP
Pricing Files"). Some lines of text stand above the heading; they say from when until when the
limits hold ("Effective January 1, 2026 through March 31, 2026"). A row is a HCPCS code with its
short description, the dosage of one unit, the limit in dollars and the coinsurance in per cent.
Some rows stand there twice with the same content; they are read once.
"""

from __future__ import annotations

import re
from pathlib import Path

from codesets.code_format import CPT, HCPCS
from codesets.formats.spreadsheets import Columns, table
from codesets.model import CodesetError
from codesets.rows_drugs import PaymentLimit

PAYMENT_LIMIT_COLUMNS: Columns = {
    "code": ("HCPCS Code",),
    "description": ("Short Description",),
    "dosage": ("HCPCS Code Dosage",),
    "limit": ("Payment Limit",),
    "coinsurance?": ("Co-insurance Percentage", "Coinsurance Percentage"),
    "notes?": ("Notes",),
}


def read_payment_limits(path: Path) -> tuple[PaymentLimit, ...]:
    """Every code of a file with its dosage and limit. CPT codes get no description, which is the
    AMA's.

    Raises CodesetError when the columns are not those of the payment limits, when a row has neither
    a Level II nor a CPT code, or when there are no rows.
    """
    rows: dict[PaymentLimit, None] = {}
    for number, row in table(path, PAYMENT_LIMIT_COLUMNS, "the Part B payment limits"):
        code = row["code"]
        if not row["dosage"] and not row["limit"]:
            continue  # a remark below the table
        is_cpt = re.fullmatch(CPT, code) is not None
        if not is_cpt and not re.fullmatch(HCPCS, code):
            raise CodesetError(
                f'{path.name}, line {number}: "{code}" is no code of HCPCS Level II or CPT.'
            )
        limit = PaymentLimit(
            code=code,
            description="" if is_cpt else row["description"],
            dosage=row["dosage"],
            limit=row["limit"],
            coinsurance=row["coinsurance"],
            notes=" ".join(row["notes"].split()),
        )
        rows[limit] = None
    if not rows:
        raise CodesetError(f"{path.name} holds no payment limits.")
    return tuple(rows)
