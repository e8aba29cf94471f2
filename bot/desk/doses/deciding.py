"""Decides how many units of a code a dose is, and how many of what was opened are discarded.

Units are rounded up to the next whole one (Medicare Claims Processing Manual, chapter 17, section
10). What is left of a single-dose container is reported on a line of its own with modifier JW; from
2023-07-01 on, modifier JZ says that nothing is (section 40). Both lines together never exceed what
was opened: what is left of a unit that was rounded up is paid with it, and has no line.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from bot.desk.reasons import Reason, reason
from codesets.formats.asp_ndc import amount_of, size_of
from codesets.lookups.billing_unit import BillingUnit, rounded_down, rounded_up
from codesets.measures import Amount, plain
from codesets.model import Product
from index.text.doses import Doses, Opened, Said

#: The first day on which JZ is required, and that on which JW is.
JZ_FROM, JW_FROM = dt.date(2023, 7, 1), dt.date(2017, 1, 1)
#: From this day on, skin substitutes are supplies, for which neither is reported (Physician Fee
#: Schedule, final rule for 2026).
_SKIN_SUPPLIES_FROM = dt.date(2026, 1, 1)
_EACH_SIDE = re.compile(
    r"\b(?:each|per)\s+(?:side|knee|shoulder|hip|eye|ankle|elbow|wrist|foot|heel|breast|joint)\b"
    r"|\bbilateral(?:ly)?\s+(?:knee|shoulder|hip|eye)s?,?\s+each\b",
    re.I,
)  # fmt: skip
#: So many containers are handed out, and not opened at once.
_MANY = 10
Mark = Literal["", "JZ", "JW"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is reported of one dose.

    - `units`: how many are reported as given; None where it cannot be told.
    - `discarded`: how many are reported with JW; 0 for none.
    - `mark`: JZ on the first line, JW on a second line, or neither.
    - `arithmetic`: how the units are computed: "40 mg ÷ 10 mg"; None where there are none.
    - `why`: further reasons: how the dose was computed, what was rounded.
    - `of_waste`: the reasons about what is discarded.
    - `asks`: what is asked back; None for nothing.
    """

    units: int | None = None
    discarded: int = 0
    mark: Mark = ""
    arithmetic: Reason | None = None
    why: list[Reason] = field(default_factory=list)
    of_waste: list[Reason] = field(default_factory=list)
    asks: Reason | None = None


@dataclass(frozen=True, slots=True)
class Drug:
    """What is known of a drug's code: its billing unit, and its products in the crosswalk (those of
    an NDC alone, where one is named)."""

    code: str
    unit: BillingUnit
    products: Sequence[Product] = ()

    def amount(self, said: Said | None) -> Amount | None:
        """An amount in a measure of the code; a number without one is in the descriptor's."""
        if said is None:
            return None
        if said.amount is not None:
            return said.amount if said.amount.dimension in self.unit.dimensions else None
        return self.unit.amount.of((said.bare or Decimal(0)) * self.unit.amount.factor)

    def packages(self) -> list[Decimal]:
        """What one item of each product holds, each amount once, the smallest first."""
        held = (amount_of(product) for product in self.products)
        return sorted({units * self.unit.amount.value for units in held if units})


def decide(drug: Drug, said: Doses, text: str, day: dt.date) -> Decision:
    """What is reported of a dose on a date of service."""
    if drug.unit.piece:
        return _by_the_piece(drug, said, text)
    if (small := _of_small_doses(drug, said)) is not None:
        return small
    dose, told = _dose(drug, said, text)
    if dose is None:
        return Decision(asks=_missing(drug, said))
    exact = drug.unit.per(dose)
    if exact is None:
        return Decision(asks=_missing(drug, said))
    if times := _dispensed(drug, said, dose):
        return _of_doses(drug, dose, exact, times, told)
    units = max(rounded_up(exact), 1)
    amounts = {"dose": str(dose), "unit": _unit_of(drug.unit, dose)}
    arithmetic = reason("doses.arithmetic", **amounts)
    why = list(told)
    if exact != units:
        arithmetic = reason("doses.arithmetic_rounded", exact=plain(exact), **amounts)
        key = "doses.part_of_a_unit" if units == 1 else "doses.rounded"
        why.append(reason(key, exact=plain(exact), units=units, unit=str(drug.unit)))
    decision = Decision(units, arithmetic=arithmetic, why=why)
    return _with_waste(decision, drug, said, dose, day)


def _dispensed(drug: Drug, said: Doses, dose: Amount) -> Decimal | None:
    """How many doses are handed out at once; None where the dose is all there is. Many containers
    beside the amount of one are so many doses."""
    if said.times and said.times > 1:
        return said.times
    if len(said.opened) != 1 or said.opened[0].count < 2 or said.lost or said.rest_lost:
        return None
    opened, packages = said.opened[0], drug.packages()
    explicit = any(drug.amount(one) for one in (*said.given, *said.other))
    labelled = said.labelled is not None and drug.amount(said.labelled[0]) is not None
    if opened.each is None and (explicit or labelled):
        held = dose.value in packages and dose.value / opened.count not in packages
        return opened.count if held else None
    return None


def _of_small_doses(drug: Drug, said: Doses) -> Decision | None:
    """Many containers with less than one unit each, of which a unit is "up to" an amount: each is
    one dose, and one unit. None for anything else."""
    if not drug.unit.up_to or said.given or said.other or len(said.opened) != 1:
        return None
    opened = said.opened[0]
    each = drug.amount(opened.each)
    exact = drug.unit.per(each) if each else None
    if each is None or exact is None or exact >= 1 or opened.count < _MANY:
        return None
    return _of_doses(drug, each, exact, opened.count, ())


def _of_doses(
    drug: Drug, dose: Amount, exact: Decimal, times: Decimal, told: Sequence[Reason]
) -> Decision:
    """What is reported of several equal doses: each is rounded where a unit is "up to" an amount,
    else all together."""
    each = Decimal(max(rounded_up(exact), 1)) if drug.unit.up_to else exact
    units = max(rounded_up(each * times), 1)
    amounts = {"dose": str(dose), "times": plain(times), "unit": _unit_of(drug.unit, dose)}
    arithmetic = reason("doses.arithmetic_times", **amounts)
    why = [*told]
    if drug.unit.up_to and exact != each:
        why.append(reason("doses.each_dose_rounded", unit=str(drug.unit)))
    elif each * times != units:
        part = plain(each * times)
        why.append(reason("doses.rounded", exact=part, units=units, unit=str(drug.unit)))
    return Decision(units, arithmetic=arithmetic, why=why)


def _unit_of(unit: BillingUnit, dose: Amount) -> str:
    """The unit in the measure of the dose, where it has several."""
    same = [one for one in (unit.amount, *unit.also) if one.dimension == dose.dimension]
    return str(next((one for one in same if unit.per(dose) == dose.value / one.value), same[0]))


def _by_the_piece(drug: Drug, said: Doses, text: str) -> Decision:
    # "2 u" of blood are two units, each of which is one.
    in_units = sum(
        (
            one.amount.value
            for one in (*said.given, *said.other)
            if one.amount and _is_of_units(one)
        ),
        Decimal(0),
    )
    opened = sum((one.count for one in said.opened), Decimal(0))
    count = opened or (in_units if drug.unit.piece == "each" else Decimal(0)) or Decimal(1)
    if drug.unit.piece in ("dose", "treatment", "infusion", "study") or not said.opened:
        count = count if drug.unit.piece == "each" else Decimal(1)
    count *= said.times or 1
    if _EACH_SIDE.search(text):
        count = max(count, Decimal(2))
    units = rounded_up(count)
    key = "doses.by_each" if drug.unit.piece == "each" else "doses.by_the_piece"
    return Decision(units, arithmetic=reason(key, count=units, piece=drug.unit.piece))


def _is_of_units(one: Said) -> bool:
    return one.amount is not None and one.amount.dimension == "activity"


def _dose(drug: Drug, said: Doses, text: str) -> tuple[Amount | None, list[Reason]]:
    """The dose in a measure of the code, and how it was computed."""
    times = 2 if _EACH_SIDE.search(text) else 1
    for one in (_explicit(drug, said), *_computed(drug, said)):
        if one is not None:
            amount, told = one
            if times > 1:
                told = [*told, reason("doses.each_side", dose=str(amount))]
                amount = amount.of(amount.value * times)
            return amount, told
    return None, []


def _explicit(drug: Drug, said: Doses) -> tuple[Amount, list[Reason]] | None:
    """A dose that is said as an amount: given, or with no word for it."""
    computed = _by_rate(drug, said)
    given = [amount for one in said.given if (amount := drug.amount(one)) and amount.value]
    if given:
        return given[-1], []
    other = [amount for one in said.other if (amount := drug.amount(one)) and amount.value]
    if other:
        near = [
            one
            for one in other
            if computed and abs(one.value - computed[0].value) <= one.value / 20
        ]
        return (near or other)[0], []
    if "volume" in drug.unit.dimensions and said.volumes and said.volumes[0].amount:
        return said.volumes[0].amount, []
    return computed


def _computed(drug: Drug, said: Doses) -> Iterator[tuple[Amount, list[Reason]] | None]:
    """The dose as it is computed of a volume, of what was opened, or of a number alone, the surest
    first."""
    if said.labelled and not said.volumes:
        labelled = drug.amount(said.labelled[0])
        yield (labelled, []) if labelled else None
    yield _by_volume(drug, said)
    yield _by_number(drug, said)
    yield _by_vessels(drug, said)


def _by_rate(drug: Drug, said: Doses) -> tuple[Amount, list[Reason]] | None:
    rate = drug.amount(said.rate)
    measure = said.weight if said.per == "kg" else said.surface
    if rate is None or not measure:
        return None
    total = rate.of(rate.value * measure)
    told = reason(
        f"doses.by_{said.per}",
        rate=str(rate),
        measure=plain(measure.quantize(Decimal("0.01"))),
        dose=str(total),
    )
    return total, [told]


def _by_volume(drug: Drug, said: Doses) -> tuple[Amount, list[Reason]] | None:
    """A volume times the strength that is said or, where all products of the crosswalk have one,
    published."""
    volumes = [one.amount for one in said.volumes if one.amount]
    if not volumes:
        return None
    volume = volumes[-1]
    strength, source = _strength(drug, said)
    if strength is None:
        return None
    total = strength.of(strength.value * volume.value)
    told = reason(
        f"doses.by_volume_{source}", volume=str(volume), strength=str(strength), dose=str(total)
    )
    return total, [told]


def _strength(drug: Drug, said: Doses) -> tuple[Amount | None, str]:
    """How much is in one mL, and whether it is said, in percent or of the crosswalk."""
    if said.strength and (amount := drug.amount(said.strength)):
        return amount, "said"
    if said.percent and drug.unit.amount.dimension == "mass":
        return Amount(said.percent * 10, "mass"), "percent"
    strengths = _published_strengths(drug, said)
    named = {one.bare * drug.unit.amount.factor for one in (*said.bare, *said.in_name) if one.bare}
    chosen = sorted(strengths & named) if len(strengths) > 1 else sorted(strengths)
    if not chosen and len(strengths) > 1:
        return None, ""
    if len(chosen) == 1:
        return drug.unit.amount.of(chosen[0]), "published"
    return None, ""


def _published_strengths(drug: Drug, said: Doses) -> set[Decimal]:
    """The amount in one mL of each product. A size of 1 may be one mL or one vial of powder: it
    counts only where it agrees with a larger one, or is named."""
    larger: set[Decimal] = set()
    single: set[Decimal] = set()
    for product in drug.products:
        units, size = amount_of(product), size_of(product)
        if units and size:
            strength = units * drug.unit.amount.value / size
            (single if size == 1 else larger).add(strength)
    named = {one.bare * drug.unit.amount.factor for one in (*said.bare, *said.in_name) if one.bare}
    return larger | (single & named)


def _by_number(drug: Drug, said: Doses) -> tuple[Amount, list[Reason]] | None:
    """A number without a measure is one in the measure of the descriptor: the one that a package
    holds, else the first. What was opened is surer where its size is said."""
    if said.opened and any(one.each for one in said.opened) and not said.bare:
        return None
    packages = drug.packages()
    bare = [amount for one in said.bare if (amount := drug.amount(one)) and amount.value]
    if not bare or said.volumes:
        return None
    held = [one for one in bare if one.value in packages]
    dose = (held or bare)[0]
    return dose, [reason("doses.taken_as", dose=str(dose))]


def _by_vessels(drug: Drug, said: Doses) -> tuple[Amount, list[Reason]] | None:
    """All that was opened, where nothing else is said."""
    opened = _opened(drug, said, None)
    if opened is None:
        return None
    total, told = opened
    return drug.unit.amount.of(total), told


def _opened(drug: Drug, said: Doses, dose: Amount | None) -> tuple[Decimal, list[Reason]] | None:
    """How much was opened, and how that is known; None where it is not."""
    total = Decimal(0)
    told: list[Reason] = []
    for one in said.opened:
        each = _held(drug, said, one, dose)
        if each is None:
            return None
        count = one.count
        if len(said.opened) == 1 and count == 1 and dose is not None and each < dose.value:
            count = Decimal(rounded_up(dose.value / each))
        total += count * each
        if one.each is None:
            size = str(drug.unit.amount.of(each))
            told.append(reason("doses.package", count=plain(count), size=size))
    return (total, told) if said.opened and total else None


def _held(drug: Drug, said: Doses, one: Opened, dose: Amount | None) -> Decimal | None:
    """How much one container holds: as said, or as the crosswalk has it."""
    if one.each is not None:
        amount = drug.amount(one.each)
        if amount is not None:
            return amount.value
        if one.each.amount and one.each.amount.dimension == "volume":
            strength, _ = _strength(drug, said)
            return strength.value * one.each.amount.value if strength else None
        return None
    packages = drug.packages()
    if len(packages) == 1:
        return packages[0]
    if dose is not None:
        enough = [size for size in packages if size * one.count >= dose.value]
        exact = [size for size in packages if size * one.count == dose.value]
        if exact or len(enough) == 1:
            return (exact or enough)[0]
    return None


def _with_waste(
    decision: Decision, drug: Drug, said: Doses, dose: Amount, day: dt.date
) -> Decision:
    """The decision with what is discarded, as far as it is said or follows."""
    assert decision.units is not None
    if said.multidose:
        return replace(decision, of_waste=[reason("doses.multidose")])
    if drug.unit.amount.dimension == "area" and day >= _SKIN_SUPPLIES_FROM:
        told = [reason("doses.skin_supply")] if said.asks_of_waste else []
        return replace(decision, of_waste=told)
    lost, opened, told = _lost(drug, said, dose)
    if lost is None:
        asked = said.asks_of_waste or said.opened
        return replace(decision, of_waste=[reason("doses.if_discarded")] if asked else [])
    if lost == 0:
        if day < JZ_FROM:
            return replace(decision, of_waste=[reason("doses.nothing_lost_before_jz")])
        key = "doses.overfill" if said.overfill else "doses.nothing_lost"
        return replace(decision, mark="JZ", of_waste=[*told, reason(key)])
    ratio = drug.unit.per(drug.unit.amount.of(opened)) or Decimal(0)
    most = max(rounded_down(ratio), decision.units)
    left = drug.unit.per(drug.unit.amount.of(lost)) or Decimal(0)
    units = min(rounded_up(left), most - decision.units)
    amounts = {
        "lost": str(dose.of(lost)), "opened": str(dose.of(opened)),
        "unit": str(drug.unit), "units": units, "given": decision.units,
    }  # fmt: skip
    if units < 1:
        mark: Mark = "JZ" if day >= JZ_FROM else ""
        return replace(
            decision, mark=mark, of_waste=[*told, reason("doses.within_the_unit", **amounts)]
        )
    key = "doses.discarded" if rounded_up(left) <= units else "doses.discarded_at_most"
    return replace(decision, discarded=units, mark="JW", of_waste=[*told, reason(key, **amounts)])


def _lost(drug: Drug, said: Doses, dose: Amount) -> tuple[Decimal | None, Decimal, list[Reason]]:
    """How much was thrown away (None: not known), how much was opened, and how that is known."""
    opened = _opened(drug, said, dose)
    total, told = opened or (None, [])
    amount = drug.amount(said.lost)
    if amount is None and said.lost and said.lost.amount and said.lost.amount.dimension == "volume":
        strength, _ = _strength(drug, said)
        amount = strength.of(strength.value * said.lost.amount.value) if strength else None
    if amount is not None and amount.value:
        if total is not None and total >= dose.value + amount.value:
            return amount.value, total, told
        return amount.value, dose.value + amount.value, []
    if said.none_lost and not said.rest_lost:
        return Decimal(0), dose.value, []
    if total is not None and total >= dose.value:
        if said.overfill and total == dose.value:
            return Decimal(0), total, told
        if (
            total > dose.value
            or len(said.opened) > 1
            or said.opened[0].each is not None
            or said.asks_of_waste
        ):
            return total - dose.value, total, told
        return None, dose.value, []
    if said.overfill:
        return Decimal(0), dose.value, []
    if said.rest_lost:
        packages = [size for size in drug.packages() if size >= dose.value]
        if len(packages) == 1:
            told = [reason("doses.package", count="1", size=str(drug.unit.amount.of(packages[0])))]
            return packages[0] - dose.value, packages[0], told
    return None, dose.value, []


def _missing(drug: Drug, said: Doses) -> Reason:
    """The one question that would give the units."""
    unit = str(drug.unit)
    if said.rate:
        return reason("doses.ask_weight" if said.per == "kg" else "doses.ask_surface", unit=unit)
    if said.volumes:
        return reason("doses.ask_strength", unit=unit)
    if said.opened:
        return reason("doses.ask_size", unit=unit)
    return reason("doses.ask_dose", unit=unit)
