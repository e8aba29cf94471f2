"""Rules of the house and of payers, as a part of an answer (bot/desk/answer.py)."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.desk.reasons import Reason


@dataclass(frozen=True, slots=True)
class HousePolicy:
    """A rule that this house loaded for a code of the answer. It is no official rule.

    - `payer`: whose rule it is; "" for a rule of the house for all payers.
    - `code`: the code or range that it is for, as the house wrote it.
    - `matches`: the codes of the answer that it is for.
    - `text`: the rule, without identifiers of patients.
    - `effective_from`: its first day, YYYY-MM-DD; "" for none.
    - `effective_through`: its last day; "" for none.
    - `source`: where it was published, as the house wrote it; "" for none.
    - `table`: name of the table that it stands in.
    - `digest`: SHA-256 of the file of that table.
    - `row`: the row of the table, from 1.
    - `says`: the rule as it is shown.
    - `reasons`: what `says` is worded from; not in the JSON.
    """

    payer: str
    code: str
    matches: list[str]
    text: str
    effective_from: str
    effective_through: str
    source: str
    table: str
    digest: str
    row: int
    says: str = ""
    reasons: list[Reason] = field(default_factory=list)
