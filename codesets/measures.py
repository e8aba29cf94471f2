"""Amounts of drugs: the measures that HCPCS descriptors, the ASP crosswalk and people use.

An amount is kept in one measure of its dimension: a mass in mg, a volume in mL, an activity in
units (IU, USP units), an electrolyte in mEq, a radioactivity in mCi, an area in cm².
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Dimension = Literal["mass", "volume", "activity", "electrolyte", "radioactivity", "area", "count"]

#: Dimension, how many base measures one is, and the ways in which it is written.
_MEASURES: tuple[tuple[Dimension, str, str], ...] = (
    ("mass", "0.001", r"mcgs?|micrograms?|microgm|ugs?|[µμ]g"),
    ("mass", "1", r"mgs?|milligrams?|mgm"),
    ("mass", "1000", r"gms?|grams?|g"),
    ("mass", "0.000001", r"ng|nanograms?"),
    ("electrolyte", "1", r"meqs?|milliequivalents?"),
    ("radioactivity", "0.001", r"microcuries?|uci|[µμ]ci"),
    ("radioactivity", "1", r"mci|millicuries?"),
    ("area", "1", r"(?:sq\.?|square)\s*(?:cms?|centimeters?)|cm2|cm\^2|cm\u00b2|sqcm"),
    ("volume", "1", r"mls?|milliliters?|ccs?"),
    ("volume", "1000", r"liters?|l"),
    ("activity", "1", r"(?:usp|international|k?iu|plaque forming)\s*units?|pfu|units?"
                      r"|iu|i\.u\.?|kiu|u|un|ius"),
)  # fmt: skip
_TIMES = {"thousand": 1000, "k": 1000, "million": 10**6, "billion": 10**9}
_MULTIPLIERS = (
    ("million", r"million|mill?s?\.?|mil\.?|mm?(?=\s*(?:units?|iu|u)\b)"),
    ("billion", r"billion"),
    ("thousand", r"thousand|k(?=\s*(?:units?|iu|u)?\b)"),
)
#: How a measure is shown: by its dimension and how many base measures it has.
_SHOWN: dict[tuple[Dimension, Decimal], str] = {
    ("mass", Decimal(1)): "mg", ("mass", Decimal("0.001")): "mcg", ("mass", Decimal(1000)): "g",
    ("volume", Decimal(1)): "mL", ("activity", Decimal(1)): "units",
    ("electrolyte", Decimal(1)): "mEq", ("radioactivity", Decimal(1)): "mCi",
    ("area", Decimal(1)): "sq cm", ("count", Decimal(1)): "",
}  # fmt: skip

NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_MEASURE = "|".join(forms for _, _, forms in _MEASURES)
#: The name of a measure; "u" and "g" count only where a number stands before them.
MEASURE = rf"(?:{_MEASURE})(?![\w\u00b2^])"
#: "million", "k" between a number and its measure.
MULTIPLIER = "|".join(forms for _, forms in _MULTIPLIERS)
_AMOUNT = re.compile(
    rf"(?P<number>{NUMBER})\s*(?:(?P<times>{MULTIPLIER})\s*)?-?(?P<measure>{MEASURE})", re.I
)


@dataclass(frozen=True, slots=True)
class Amount:
    """`value` in the base measure of its dimension: mg, mL, units, mEq, mCi, cm²; a count has none.
    `factor`: how many of these the measure has in which it was written; two amounts that differ in
    it alone are the same."""

    value: Decimal
    dimension: Dimension
    factor: Decimal = field(default=Decimal(1), compare=False)

    def __str__(self) -> str:
        shown = _SHOWN.get((self.dimension, self.factor))
        factor = self.factor if shown else Decimal(1)
        return f"{plain(self.value / factor)} {shown or _SHOWN[self.dimension, factor]}".strip()

    def of(self, value: Decimal) -> Amount:
        """Another amount of the same measure; `value` is in the base measure."""
        return Amount(value, self.dimension, self.factor)


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def plain(value: Decimal) -> str:
    """A number without zeros at its end, with commas: 1,000; 2.5.

    >>> plain(Decimal("1000.0")), plain(Decimal("2.50"))
    ('1,000', '2.5')
    """
    text = f"{value.quantize(Decimal('0.000001')).normalize():,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def measured(value: str, measure: str, times: str = "") -> Amount:
    """An amount of a number, a measure as written and perhaps "million".

    >>> str(measured("2.4", "units", "million")), str(measured("150", "mcg"))
    ('2,400,000 units', '150 mcg')
    """
    dimension, factor = _measure(measure)
    return Amount(number(value) * factor * _multiplier(times), dimension, factor)


def _measure(written: str) -> tuple[Dimension, Decimal]:
    for dimension, factor, forms in _MEASURES:
        if re.fullmatch(forms, written, re.I):
            return dimension, Decimal(factor)
    raise ValueError(written)


def _multiplier(written: str) -> int:
    for name, forms in _MULTIPLIERS:
        if written and re.fullmatch(forms.split("(?=")[0].rstrip(), written.strip(), re.I):
            return _TIMES[name]
        if written and name == "million" and written.strip().casefold() in ("m", "mm"):
            return _TIMES[name]
    return 1


def amounts_in(text: str) -> list[tuple[int, int, Amount]]:
    """(start, end, amount) of each amount in a text, in order."""
    return [
        (m.start(), m.end(), measured(m["number"], m["measure"], m["times"] or ""))
        for m in _AMOUNT.finditer(text)
    ]
