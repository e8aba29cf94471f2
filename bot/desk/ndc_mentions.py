"""Finds the drug products that a question names by their National Drug Code (NDC).

On a claim an NDC has eleven digits, 5-4-2 (21 CFR 207.33 has ten, as 4-4-2, 5-3-2 or 5-4-1; the
segment that is short gets a leading zero). What has another form is read only where the word "NDC"
stands before it, or where a crosswalk has the product.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.desk.known_codes import Known
from codesets.code_format import NDC_DASHED, NDC_UNDASHED
from codesets.formats.asp_ndc import NDC_FORMS, normal_ndc

#: as_typed: in an official form. regrouped: with hyphens in other places, or with blanks.
#: ten_digits: without hyphens; the crosswalk tells which of its readings is a product. no_package:
#: labeler and product alone. no_ndc: it cannot be one.
NdcReading = Literal["as_typed", "regrouped", "ten_digits", "no_package", "no_ndc"]

_OFFICIAL = re.compile(rf"(?<![\w-])(?:{NDC_DASHED}|{NDC_UNDASHED})(?![\w-])")
_THREE_GROUPS = re.compile(r"(?<![\w-])\d{1,6}-\d{1,4}-\d{1,4}(?![\w-])")
#: Neither a telephone number (3-3-4), nor a social security number (3-2-4), nor a date (4-2-2).
_LIKE_NO_OTHER = re.compile(r"\d{4,5}-\d{3,4}-\d{1,3}")
#: What follows the word: digits and letters in groups. A dose or a count that follows is no group.
_NAMED = re.compile(
    r"\bndc(?:\s*(?:numbers?|nos?\.?|codes?|#|is|was|of))*[\s:#=]*"
    r"(?P<typed>(?=[\w-]*\d)\w+(?:-\w+)*(?:\s\d{1,6}(?![\w.%])){0,2})",
    re.I,
)


@dataclass(frozen=True, slots=True)
class NdcMention:
    """A drug product in a question.

    - `typed`: as typed.
    - `ndc`: as 5-4-2; for `no_package` as 5-4; "" for `no_ndc`.
    - `reading`: how it was read.
    """

    typed: str
    ndc: str
    reading: NdcReading = "as_typed"


def read_ndcs(text: str, known: Known) -> list[NdcMention]:
    """The drug products that a text names, in order."""
    found: dict[int, NdcMention] = {}
    for match in _NAMED.finditer(text):
        found[match.start("typed")] = _named(match["typed"], known)
    for match in _OFFICIAL.finditer(text):
        if ndc := normal_ndc(match[0]):
            found[match.start()] = NdcMention(match[0], ndc)
    for match in _THREE_GROUPS.finditer(text):
        if match.start() in found:
            continue
        if _LIKE_NO_OTHER.fullmatch(match[0]):
            found[match.start()] = _named(match[0], known)
        elif ndc := _product_in(match[0], known):
            found[match.start()] = NdcMention(match[0], ndc, "regrouped")
    return [found[at] for at in sorted(found)]


def _named(typed: str, known: Known) -> NdcMention:
    """What follows the word "NDC"."""
    if re.search(r"[^\d\s-]", typed):
        return NdcMention(typed, "", "no_ndc")
    if ndc := normal_ndc(typed):
        return NdcMention(typed, ndc)
    reading: NdcReading = "regrouped" if re.search(r"\D", typed) else "ten_digits"
    if ndc := _product_in(typed, known):
        return NdcMention(typed, ndc, reading)
    digits = re.sub(r"\D", "", typed)
    if len(digits) == 9 and len(re.split(r"\D+", typed)) < 3:
        return NdcMention(typed, f"{digits[:5]}-{digits[5:]}", "no_package")
    if ndc := next(_readings(typed), None):
        return NdcMention(typed, ndc, reading)
    return NdcMention(typed, "", "no_ndc")


def _product_in(typed: str, known: Known) -> str | None:
    """The first reading that is a product of a crosswalk."""
    return next((ndc for ndc in _readings(typed) if known.product(ndc)), None)


def _readings(typed: str) -> Iterator[str]:
    """The NDCs that digits with or without separators may be: eleven digits in one way, ten in
    three, and groups that lack zeros in one."""
    groups = re.split(r"\D+", typed)
    digits = "".join(groups)
    if len(digits) == 11:
        yield f"{digits[:5]}-{digits[5:9]}-{digits[9:]}"
    if len(digits) == 10:
        for labeler, product, _ in NDC_FORMS:
            parts = digits[:labeler], digits[labeler : labeler + product]
            yield _padded(*parts, digits[labeler + product :])
    if len(groups) == 3 and all(
        len(part) <= most for part, most in zip(groups, (5, 4, 2), strict=True)
    ):
        yield _padded(*groups)


def _padded(labeler: str, product: str, package: str) -> str:
    return f"{labeler:0>5}-{product:0>4}-{package:0>2}"
