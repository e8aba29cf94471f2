"""Which HCPCS code bills a drug product: the ASP NDC-HCPCS crosswalk, as CMS publishes it.

With each quarter's payment limits of Part B drugs (average sales price, ASP) CMS publishes a table,
`… ASP NDC-HCPCS Crosswalk …`, as a workbook and as text, with some ten lines of text above its
heading. A row is a product: its NDC or, for a skin substitute for example, another identifier.

The package size is the amount in one item and the package quantity the number of items in the NDC.
BILLUNITS are the billing units in one item and BILLUNITSPKG those in all items of the NDC: their
product, rounded up. (In the crosswalk of the fourth quarter of 2025 this holds for all but 49 of
8,218 rows; what is published counts.)
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

#: The columns of the crosswalk. That of the code is headed with the year: _2025_CODE.
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

#: Trademark signs, also as a reading in the wrong alphabet leaves them (\x99 is ™ in Windows', "?"
#: was a sign once).
_MARKS = re.compile("[™®©\x99?]")


def read_crosswalk(path: Path, release: str) -> tuple[Product | Term, ...]:
    """Every product of a crosswalk, then every drug name as a term of its Level II code.

    An identifier that is no NDC stays as published. A product of a CPT code has no term.
    Raises CodesetError when the columns are not those of a crosswalk, when a product has neither a
    Level II nor a CPT code, and when there are no products.
    """
    products = list(_products(path))
    if not products:
        raise CodesetError(f"{path.name} holds no products.")
    return (*products, *_terms(products, release))


def normal_ndc(text: str) -> str | None:
    """An NDC as people write it, as 5-4-2: with dashes one leading zero may be missing, without
    it has 11 digits. None when it is none, or when ten digits could be several.

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


#: How the units of all items come to those of the package.
Agreement = Literal["exact", "rounded_up", "differs"]


@dataclass(frozen=True, slots=True)
class UnitsArithmetic:
    """The billing units in a package of a product, and how the crosswalk comes to them: `quantity`
    items of `each` units. `total` None: not published; `agreement` None: quantity or each are not.
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
            continue  # a remark
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
    """Names that differ by case only (Labetalol HCl, Hcl) are one term."""
    labelers = {product.labeler.casefold() for product in products}
    terms: dict[tuple[str, str], Term] = {}
    for product in products:
        text = _without_labeler(product.name, labelers)
        if text and re.fullmatch(HCPCS, product.code):
            term = Term(product.code, text, "brand", release)
            terms.setdefault((product.code, text.casefold()), term)
    return terms.values()


def _without_labeler(name: str, labelers: Iterable[str]) -> str:
    """Vasopressin (American Regent) is Vasopressin; Kanjinti (Kit) stays."""
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
