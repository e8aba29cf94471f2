"""What is kept of a claim or a remittance: codes, modifiers, units, pointers and dates of service.

There is no place here for names, identifiers, addresses, dates of birth, amounts or control
numbers: what has no field cannot be passed on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

#: How a diagnosis is reported: the principal or first-listed one, another, an external cause, the
#: reason of an admission, the reason of a visit.
Role = Literal["principal", "other", "external cause", "admitting", "reason for visit"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A diagnosis of a claim.

    - `code`: as published, with its dot.
    - `role`: how it is reported.
    - `present`: the present-on-admission indicator (Y, N, U, W, 1); "" for none.
    """

    code: str
    role: Role = "other"
    present: str = ""


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A line of a claim: a service, supply or drug.

    - `code`: of HCPCS or CPT; "" on a line of an institutional claim that has a revenue code alone.
    - `modifiers`: in their order; () for none.
    - `units`: as billed; None where they are not said or are minutes.
    - `pointers`: the places of the diagnoses that it is for, 1 for the first; () for none.
    - `day`, `through`: the first and the last day of service; None where not said.
    - `place`: the place of service of the line; "" where it is that of the claim.
    - `revenue`: the revenue code; "" on a professional claim.
    """

    code: str
    modifiers: tuple[str, ...] = ()
    units: float | None = None
    pointers: tuple[int, ...] = ()
    day: dt.date | None = None
    through: dt.date | None = None
    place: str = ""
    revenue: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim.

    - `kind`: professional (837P, CMS-1500) or institutional (837I, UB-04).
    - `diagnoses`: in the order of the claim; () for none.
    - `lines`: () for none.
    - `procedures`: codes of ICD-10-PCS, the principal one first; () for none.
    - `day`, `through`: the dates of the statement or stay; None where not said.
    - `place`: the place of service; "" on an institutional claim.
    - `bill_type`: the type of bill without its leading zero ("131"); "" on a professional claim.
    - `age`: in whole years on the first day of service; None where not said.
    - `sex`: F, M or "" where not said.
    - `cut_off`: whether its end is missing.
    """

    kind: Literal["professional", "institutional"]
    diagnoses: tuple[Diagnosis, ...] = ()
    lines: tuple[ServiceLine, ...] = ()
    procedures: tuple[str, ...] = ()
    day: dt.date | None = None
    through: dt.date | None = None
    place: str = ""
    bill_type: str = ""
    age: int | None = None
    sex: str = ""
    cut_off: bool = False

    @property
    def inpatient(self) -> bool:
        """Whether the type of bill is one of a stay (NUBC: second digit 1 or 2 of a hospital)."""
        return self.bill_type[:2] in ("11", "12", "18", "21", "41")


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An adjustment of a remittance.

    - `group`: the claim adjustment group code: CO, OA, PI or PR.
    - `reason`: the claim adjustment reason code (CARC); "" where there are remarks alone.
    - `remarks`: the remittance advice remark codes (RARC) of the line or claim; () for none.
    - `code`: of the service; "" for an adjustment of the whole claim.
    - `modifiers`: of the service; () for none.
    - `day`: the day of service; None where not said.
    """

    group: str
    reason: str
    remarks: tuple[str, ...] = ()
    code: str = ""
    modifiers: tuple[str, ...] = ()
    day: dt.date | None = None
