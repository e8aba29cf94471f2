"""What is told of a claim that was checked (`codedesk claim --json`). A part of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """A service line of a claim, as it was read.

    - `line`: 1 for the first.
    - `code`: of HCPCS or CPT; "" where the line has a revenue code alone.
    - `modifiers`: in their order; [] for none.
    - `units`: as billed; None where they are not said.
    - `diagnoses`: the codes that it points to; [] where it points to none.
    - `date`: the date of service of the line, YYYY-MM-DD; "" where it is that of the claim, and in
      the log, which keeps no dates of service.
    - `place`: the place of service of the line; "" where it is that of the claim.
    - `revenue`: the revenue code; "" for none.
    """

    line: int
    code: str
    modifiers: list[str] = field(default_factory=list)
    units: float | None = None
    diagnoses: list[str] = field(default_factory=list)
    date: str = ""
    place: str = ""
    revenue: str = ""


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """A claim as it was read, and how much was found. What was found is in `pairs` and `verdicts`
    of the answer, what was not checked in its `not_checked`.

    - `kind`: professional (837P, CMS-1500) or institutional (837I, UB-04).
    - `diagnoses`: the codes in the order of the claim; [] for none.
    - `procedures`: codes of ICD-10-PCS; [] for none.
    - `lines`: the service lines; [] for none.
    - `place`: the place of service; "" where it is not said.
    - `bill_type`: the type of bill (131); "" on a professional claim.
    - `age`: in whole years, 90 for all who are older; None where it is not said.
    - `sex`: F or M; "" where it is not said.
    - `to_mend`: how many things are to be mended before it is sent.
    - `to_look_at`: how many things are to be looked at: they may be right.
    """

    kind: str
    diagnoses: list[str] = field(default_factory=list)
    procedures: list[str] = field(default_factory=list)
    lines: list[ClaimLine] = field(default_factory=list)
    place: str = ""
    bill_type: str = ""
    age: int | None = None
    sex: str = ""
    to_mend: int = 0
    to_look_at: int = 0
