"""How much of a drug one billing unit of a HCPCS code is.

The long descriptor of the HCPCS Level II file says it: "per 15 mg", "up to 50 mg", "100,000 units",
"per square centimeter", "per dose". The dosage column of the ASP NDC-HCPCS crosswalk says it again
("15 MG"); where both are loaded they are compared. The number of units is rounded up to the next
whole one (Medicare Claims Processing Manual, chapter 17, section 10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from codesets.measures import MEASURE, Amount, Dimension, amounts_in, measured

#: What is billed by the piece, however much is in it.
_PIECES = re.compile(
    r"\bper\s+(?:[a-z-]+\s+){0,3}?(?P<piece>dose|vial|treatment|infusion|implant|injection|applicator"
    r"|instillation|study|procedure)\b|(?P<each>\beach\b)"
    r"|\b(?P<system>(?:intrauterine|implant)[a-z -]*system)\b",
    re.I,
)
#: A measure without a number: "per milligram", "per square centimeter", "per i.u.".
_PER_ONE = re.compile(rf"\bper\s+(?:factor\s+\w+\s+)?(?P<measure>{MEASURE})", re.I)
#: A code for any dose up to an amount, or above one (buprenorphine): billed by the dose.
_BOUND = re.compile(r"\b(?P<most>less than or equal to)|\b(?P<above>greater than)", re.I)
_BRACKETS = re.compile(r"\(([^()]*)\)")
#: What is no billing unit: "= 1 unit", a concentration, the content of a vial.
_NO_UNIT = re.compile(rf"=\s*1\s*unit|\d[\d.-]*\s*mg/ml|provided in [\d.]+\s*{MEASURE}", re.I)
#: Joins the amounts of the parts of a combination: "3 mg and … 3 mg", "1 gram/0.125 grams".
_JOINS = re.compile(r"(?:\band\b|/|&|,\s*[a-z])", re.I)
_UP_TO = re.compile(r"\bup to\s*$", re.I)


@dataclass(frozen=True, slots=True)
class BillingUnit:
    """One billing unit.

    - `amount`: how much of the drug it is; 1 of the dimension `count` for a piece.
    - `also`: other amounts that the same unit is: the same in another measure ("300 micrograms
      (1500 i.u.)"), or the first part of a combination.
    - `up_to`: whether one unit is this much or any part of it.
    - `piece`: "dose", "vial", "each" …; "" where it is counted by an amount.
    - `at_most`, `above`: the doses that a code by the dose is limited to; None for no limit.
    """

    amount: Amount
    also: tuple[Amount, ...] = ()
    up_to: bool = False
    piece: str = ""
    at_most: Amount | None = None
    above: Amount | None = None

    def __str__(self) -> str:
        if self.piece:
            return f"1 {self.piece}" if self.piece != "each" else "1"
        return str(self.amount)

    def admits(self, dose: Amount) -> bool:
        """Whether the limits of a code by the dose allow a dose."""
        return not (self.at_most and dose.value > self.at_most.value) and not (
            self.above and dose.value <= self.above.value
        )

    @property
    def dimensions(self) -> frozenset[Dimension]:
        return frozenset(one.dimension for one in (self.amount, *self.also))

    def per(self, dose: Amount) -> Decimal | None:
        """How many units a dose is, not yet rounded; None where the measures differ. A combination
        is counted by its whole or, where only that divides, by its first part."""
        ratios = [
            dose.value / one.value
            for one in (self.amount, *self.also)
            if one.dimension == dose.dimension and one.value
        ]
        whole = [ratio for ratio in ratios if ratio == ratio.to_integral()]
        return next(iter(whole or ratios), None)


def rounded_up(units: Decimal) -> int:
    return int(units.to_integral_value(ROUND_CEILING))


def rounded_down(units: Decimal) -> int:
    return int(units.to_integral_value(ROUND_FLOOR))


def unit_of_descriptor(title: str) -> BillingUnit | None:
    """The billing unit in the long descriptor of a code, None where it has none.

    >>> str(unit_of_descriptor("Injection, ketorolac tromethamine, per 15 mg"))
    '15 mg'
    >>> str(unit_of_descriptor("Injection, betamethasone acetate 3 mg and betamethasone sodium "
    ...                        "phosphate 3 mg"))
    '6 mg'
    >>> unit_of_descriptor("Unclassified drugs") is None
    True
    """
    piece = _PIECES.search(title)
    if piece:
        name = (piece["piece"] or piece["each"] or "each").lower()
        return BillingUnit(Amount(Decimal(1), "count"), tuple(_amounts(title)[-1:]), piece=name)
    bound, limits = _BOUND.search(title), _amounts(title)
    if bound and limits and not piece:
        one = Amount(Decimal(1), "count")
        if bound["most"]:
            return BillingUnit(one, (limits[-1],), piece="dose", at_most=limits[-1])
        return BillingUnit(one, (limits[-1],), piece="dose", above=limits[-1])
    text = _NO_UNIT.sub(lambda none: " " * len(none[0]), title)
    outside = _BRACKETS.sub(lambda inner: " " * len(inner[0]), text)
    found = amounts_in(outside)
    per_one = _PER_ONE.search(outside)
    if per_one and (not found or per_one.start() > found[-1][1]):
        return BillingUnit(measured("1", per_one["measure"]))
    if not found:
        inside = _amounts(text)
        return BillingUnit(inside[-1]) if inside else None
    start, _, last = found[-1]
    up_to = bool(_UP_TO.search(outside[:start]))
    parts = _combination(outside, found)
    total = sum((part.value for part in parts), Decimal(0))
    # The parts of one size say nothing of which of them a dose is of: "3 mg and … 3 mg".
    also = tuple(parts) if len(parts) > 1 and len({part.value for part in parts}) > 1 else ()
    amount = last.of(total) if len(parts) > 1 else last
    same = tuple(one for one in _behind(text, found[-1][1]) if one.dimension != last.dimension)
    return BillingUnit(amount, (*also, *same), up_to)


def unit_of_dosage(dosage: str) -> BillingUnit | None:
    """The billing unit in the dosage column of the ASP crosswalk; None where it is no amount.

    >>> str(unit_of_dosage("3 MG & 3 MG")), str(unit_of_dosage("UP TO 150 MG"))
    ('6 mg', '150 mg')
    """
    return unit_of_descriptor(dosage.replace("&", " and ").replace("-", " and "))


def agree(one: BillingUnit, other: BillingUnit) -> bool:
    """Whether two readings of the billing unit of a code say the same."""
    amounts = {(a.dimension, a.value) for a in (one.amount, *one.also)}
    return bool(amounts & {(a.dimension, a.value) for a in (other.amount, *other.also)})


def _amounts(text: str) -> list[Amount]:
    return [amount for _, _, amount in amounts_in(text)]


def _combination(text: str, found: list[tuple[int, int, Amount]]) -> list[Amount]:
    """The amounts of the parts of a combination, which end with the last amount of a descriptor."""
    parts = [found[-1]]
    for one in reversed(found[:-1]):
        between = text[one[1] : parts[0][0]]
        joined = _JOINS.search(between) and not re.search(r"\bper\b|up to|\bin\b", between, re.I)
        if not joined or one[2].dimension != parts[0][2].dimension or len(between) > 60:
            break
        parts.insert(0, one)
    return [amount for _, _, amount in parts]


def _behind(text: str, end: int) -> list[Amount]:
    """The amounts in brackets right behind the unit: the same in another measure."""
    bracket = re.match(r"\s*\(([^()]*)\)", text[end:])
    return _amounts(bracket[1]) if bracket else []
