"""The billing units in a package of a drug product, as reasons."""

from __future__ import annotations

from decimal import Decimal

from bot.desk.reasons import Reason, reason
from codesets.formats.asp_ndc import UnitsArithmetic


def billing_units(units: UnitsArithmetic) -> Reason:
    """What a package makes, and how the crosswalk comes to it."""
    product = reason(
        "billing_units.ndc" if units.is_ndc else "billing_units.product",
        number=units.number,
        name=units.name,
        labeler=units.labeler,
    )
    if units.total is None:
        return reason(
            "billing_units.not_published",
            product=product,
            code=units.code,
            dosage=units.dosage,
        )
    return reason(
        f"billing_units.{units.agreement or 'total'}",
        product=product,
        total=_total(units.total),
        code=units.code,
        dosage=units.dosage,
        items=_items(units),
    )


def _total(count: Decimal) -> Reason:
    return reason(
        "billing_units.billing_unit" if count == 1 else "billing_units.billing_units", count=count
    )


def _items(units: UnitsArithmetic) -> Reason | str:
    if units.agreement is None:
        return ""
    return reason(
        "billing_units.item" if units.quantity == 1 else "billing_units.items",
        count=units.quantity,
        size=units.size,
        each=reason(
            "billing_units.unit" if units.each == 1 else "billing_units.units", count=units.each
        ),
    )
