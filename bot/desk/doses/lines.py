"""The lines of a report for one drug: its units and, on a line of its own, those discarded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.desk.answer import Because, ReportLine
from bot.desk.doses.deciding import Decision
from bot.desk.reasons import Reason, reason
from codesets.lookups.billing_unit import BillingUnit, agree, unit_of_dosage
from codesets.model import Code, Product, Reference
from index.search.confidence import Confidence
from index.statement.model import Role, RuleKind

_UNIT: RuleKind = "billing unit"
_WASTE: RuleKind = "discarded drug"


@dataclass(frozen=True, slots=True)
class Dosed:
    """One drug of a question: its code, what is decided, and what it rests on."""

    code: Code
    unit: BillingUnit
    decision: Decision
    said: str
    products: Sequence[Product] = ()
    crosswalk: Reference | None = None
    confidence: Confidence = "high"
    role: Role = "drug"
    about_the_code: list[Reason] = field(default_factory=list)


def lines_of(dosed: Dosed) -> list[ReportLine]:
    """The line as given, and the line of what is discarded, if there is one; numbered later."""
    decision = dosed.decision
    because = [Because("note", reasons=[one]) for one in dosed.about_the_code]
    if decision.arithmetic and decision.units is not None:
        key = "doses.computed_alone" if dosed.unit.piece or decision.why else "doses.computed"
        told = reason(key, arithmetic=decision.arithmetic, units=decision.units)
        because.append(Because(_UNIT, reasons=[told, *decision.why]))
    because.append(Because(_UNIT, release=dosed.code.release, reasons=[_descriptor(dosed)]))
    if decision.of_waste:
        because.append(Because(_WASTE, reasons=decision.of_waste))
    given = ReportLine(
        line=1,
        code=dosed.code.code,
        system="hcpcs",
        title=dosed.code.title,
        billable=dosed.code.billable,
        release=dosed.code.release,
        role=dosed.role,
        units=decision.units,
        modifiers=["JZ"] if decision.mark == "JZ" else [],
        said=dosed.said,
        because=because,
        confidence=dosed.confidence,
        reasons=[decision.asks] if decision.asks else [],
    )
    if not decision.discarded:
        return [given]
    discarded = ReportLine(
        line=2,
        code=given.code,
        system="hcpcs",
        title=given.title,
        billable=given.billable,
        release=given.release,
        role=given.role,
        units=decision.discarded,
        modifiers=["JW"],
        said=given.said,
        because=[Because(_WASTE, reasons=decision.of_waste)],
        confidence=given.confidence,
    )
    return [given, discarded]


def _descriptor(dosed: Dosed) -> Reason:
    """The billing unit of the descriptor, and whether the crosswalk says the same."""
    dosages = list(dict.fromkeys(product.dosage for product in dosed.products if product.dosage))
    agrees = reason("doses.not_compared")
    if dosages and dosed.crosswalk:
        other = unit_of_dosage(dosages[0])
        label = dosed.crosswalk.label
        if other is not None:
            agrees = (
                reason("doses.agrees", label=label) if agree(dosed.unit, other)
                else reason("doses.differs", label=label, dosage=dosages[0])
            )  # fmt: skip
    return reason("doses.descriptor", unit=str(dosed.unit), agrees=agrees)


def headline_of(dosed: Sequence[Dosed]) -> list[Reason]:
    """How many units of each drug; what is asked where that is not known."""
    told = [_headline(one) for one in dosed]
    return [*(reason("doses.next", what=one) for one in told[:-1]), told[-1]]


def _headline(one: Dosed) -> Reason:
    decision, code = one.decision, one.code.code
    if decision.units is None or decision.arithmetic is None:
        return reason("doses.headline_open", code=code, ask=decision.asks or "")
    units = count_of(decision.units)
    if decision.discarded:
        return reason(
            "doses.headline_discarded",
            units=units,
            code=code,
            discarded=decision.discarded,
            arithmetic=decision.arithmetic,
        )
    key = "doses.headline_marked" if decision.mark else "doses.headline"
    given = {"mark": decision.mark} if decision.mark else {}
    return reason(key, units=units, code=code, arithmetic=decision.arithmetic, **given)


def headline_alone(decision: Decision) -> Reason:
    """How many units a dose is, without a code."""
    return reason(
        "doses.headline_alone",
        units=count_of(decision.units or 0),
        arithmetic=decision.arithmetic or "",
    )


def count_of(units: int) -> Reason:
    if units == 1:
        return reason("doses.one_unit")
    return reason("doses.many_units", count=f"{units:,}")
