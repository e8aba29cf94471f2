"""A row of codes.db that is read from a table of rules of the house or of a payer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HouseRule:
    """One rule that a supervisor wrote for a code or a range of codes.

    - `row`: the row of the table that it stands in, from 1, the heading counted.
    - `payer`: whose rule it is; "" for a rule of the house for all payers.
    - `codes`: the code or range as written.
    - `first`, `last`: its ends in capitals, without dots; each includes the codes under it.
    - `text`: the rule.
    - `effective_from`, `effective_through`: its first and last day, both inclusive; None for none.
    - `origin`: where the rule was published, as written; "" for none.
    """

    row: int
    payer: str
    codes: str
    first: str
    last: str
    text: str
    effective_from: dt.date | None = None
    effective_through: dt.date | None = None
    origin: str = ""
