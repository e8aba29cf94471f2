"""Which HCPCS code bills a drug product: the ASP NDC-HCPCS crosswalk, as CMS publishes it.

Each quarter CMS publishes it with the payment limits of Part B drugs (average sales price, ASP), as
a workbook and as text, named `… ASP NDC-HCPCS Crosswalk …`. Some ten lines of text stand above its
heading. A row is a product, identified by its NDC or, for example for a skin substitute, by another
number.

The package size is the amount in one item; the package quantity is the number of items in the NDC.
BILLUNITS are the billing units in one item. BILLUNITSPKG are the billing units in all items of the
NDC, that is BILLUNITS times the package quantity, rounded up. (In the crosswalk of the fourth
quarter of 2025 this is so in all but 49 of 8,218 rows; the published number is used.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

from codesets.code_format import CPT, HCPCS, NDC_DASHED, NDC_UNDASHED
from codesets.formats.spreadsheets import table
from codesets.model import CodesetError, Product, Term

#: The columns of the crosswalk. The heading of the code has the year: _2025_CODE.
ASP_COLUMNS = {
    "code": ["HCPCS Code", "HCPCS", *(f"{year} CODE" for year in range(2005, 2100))],
    "labeler": ["LABELER NAME", "labeler"],
    "ndc": ["NDC2", "NDC"],
    "name": ["Drug Name"],
    "dosage": ["HCPCS dosage"],
    "package_size": ["PKG SIZE"],
    "package_quantity": ["PKG QTY"],
    "units": ["BILLUNITS"],
    "units_per_package": ["BILLUNITSPKG"],
}

#: Trademark signs, also where a wrong encoding has changed them: \x99 is ™ in Windows-1252, and "?"
#: replaces a sign.
_MARKS = re.compile("[™®©\x99?]")


def read_crosswalk(path: Path, release: str) -> tuple[Product | Term, ...]:
    """Every product of a crosswalk, then every drug name as a term of its HCPCS Level II code.

    NDCs are in the form 5-4-2; other identifiers stay as published. Products of CPT codes give no
    terms. Raises CodesetError when the columns are not those of a crosswalk, when a product has
    neither a Level II nor a CPT code, or when there are no products.
    """
    products = list(_products(path))
    if not products:
        raise CodesetError(f"{path.name} holds no products.")
    return (*products, *_terms(products, release))


def normal_ndc(text: str) -> str | None:
    """An NDC in the form 5-4-2. In `text` it may have dashes, with one leading zero missing, or
    eleven digits without dashes. None when it has another form; ten digits without dashes are
    ambiguous.

    >>> normal_ndc("55513-710-01"), normal_ndc("NDC 55513071001"), normal_ndc("5551371001")
    ('55513-0710-01', '55513-0710-01', None)
    """
    number = re.sub(r"^NDC[\s:#]*", "", text.strip(), flags=re.I)
    if re.fullmatch(NDC_UNDASHED, number):
        return f"{number[:5]}-{number[5:9]}-{number[9:]}"
    if re.fullmatch(NDC_DASHED, number):
        labeler, product, package = number.split("-")
        return f"{labeler:0>5}-{product:0>4}-{package:0>2}"
    return None


#: The digits of labeler, product and package in an NDC of ten digits (21 CFR 207.33).
NDC_FORMS = ((4, 4, 2), (5, 3, 2), (5, 4, 1))

#: How quantity times units of one item compares with the published units of the package.
Agreement = Literal["exact", "rounded_up", "differs"]


@dataclass(frozen=True, slots=True)
class UnitsArithmetic:
    """The billing units in a package of a product, and how they are computed: `quantity` items of
    `each` units.

    `total` is the published number, None if there is none. `quantity`, `each` and `agreement` are
    None unless all three numbers are published. `number` is the NDC or another identifier.
    """

    number: str
    is_ndc: bool
    name: str
    labeler: str
    code: str
    dosage: str
    total: Decimal | None = None
    quantity: Decimal | None = None
    each: Decimal | None = None
    size: str = ""
    agreement: Agreement | None = None


def units_arithmetic(product: Product) -> UnitsArithmetic:
    """The billing units in a package of `product`, with the computation where it is published."""
    units = UnitsArithmetic(
        number=product.ndc,
        is_ndc=normal_ndc(product.ndc) is not None,
        name=product.name,
        labeler=product.labeler,
        code=product.code,
        dosage=product.dosage,
        total=_number(product.units_per_package),
    )
    quantity, each = _number(product.package_quantity), _number(product.units)
    if units.total is None or quantity is None or each is None:
        return units
    return replace(
        units,
        quantity=quantity,
        each=each,
        size=product.package_size,
        agreement=_agreement(quantity * each, units.total),
    )


def _agreement(product: Decimal, total: Decimal) -> Agreement:
    if product == total:
        return "exact"
    return "rounded_up" if total - 1 < product < total else "differs"


def _products(path: Path) -> Iterable[Product]:
    for number, row in table(path, ASP_COLUMNS, "the ASP NDC-HCPCS crosswalk"):
        code, ndc = row["code"], row["ndc"]
        if not ndc:
            continue  # the row is a remark
        if not re.fullmatch(rf"{HCPCS}|{CPT}", code):
            raise CodesetError(
                f'{path.name}, line {number}: "{code}" is no code of HCPCS Level II or CPT.'
            )
        name = " ".join(_MARKS.sub("", row["name"]).split())
        yield Product(
            code=code,
            ndc=normal_ndc(ndc) or ndc,
            name=name,
            labeler=row["labeler"],
            dosage=row["dosage"],
            package_size=row["package_size"],
            package_quantity=row["package_quantity"],
            units=row["units"],
            units_per_package=row["units_per_package"],
        )


def _terms(products: Iterable[Product], release: str) -> Iterable[Term]:
    """One term for each code and name. Names that differ only in case are the same (HCl, Hcl)."""
    labelers = {product.labeler.casefold() for product in products}
    terms: dict[tuple[str, str], Term] = {}
    for product in products:
        text = _without_labeler(product.name, labelers)
        if text and re.fullmatch(HCPCS, product.code):
            term = Term(product.code, text, "brand", release)
            terms.setdefault((product.code, text.casefold()), term)
    return terms.values()


def _without_labeler(name: str, labelers: Iterable[str]) -> str:
    """Without a labeler in brackets: Vasopressin (American Regent), but not Kanjinti (Kit)."""
    match = re.fullmatch(r"(.+?) \(([^()]+)\)", name)
    if match is None:
        return name
    opening = re.compile(rf"{re.escape(match[2].casefold())}\b")
    return match[1] if any(opening.match(labeler) for labeler in labelers) else name


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def amount_of(product: Product) -> Decimal | None:
    """The billing units in one item of a product, None if not published."""
    return _number(product.units)


def size_of(product: Product) -> Decimal | None:
    """The amount in one item of a product as packaged: mL of a liquid, 1 of a powder; None if not
    published."""
    return _number(product.package_size)
