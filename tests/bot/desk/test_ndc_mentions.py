"""National Drug Codes as people write them: ten and eleven digits, in right and in wrong groups."""

from __future__ import annotations

import pytest

from bot.desk.known_codes import Known
from bot.desk.ndc_mentions import NdcMention, read_ndcs

PRODUCTS = {"00517-3401-95", "55513-0710-01", "00002-7510-01"}
KNOWN = Known(product=PRODUCTS.__contains__)

NDCS = [
    # text, (NDC, how it was read)
    ("55513-0710-1", "55513-0710-01", "as_typed"),
    ("0517-3401-95", "00517-3401-95", "as_typed"),
    ("99999-9999-99", "99999-9999-99", "as_typed"),
    ("bill 55513071001", "55513-0710-01", "as_typed"),
    # Hyphens or blanks in other places
    ("00517-340-195", "00517-3401-95", "regrouped"),
    ("005173-401-95", "00517-3401-95", "regrouped"),
    ("0517-340-195", "00517-3401-95", "regrouped"),
    ("ndc 2-7510-1", "00002-7510-01", "regrouped"),
    ("NDC: 00002 7510 01 how many units", "00002-7510-01", "regrouped"),
    ("NDC 55513-071001", "55513-0710-01", "regrouped"),
    # Ten digits without hyphens: a product of the crosswalk decides.
    ("ndc 5551371001", "55513-0710-01", "ten_digits"),
    ("ndc# 0517340195", "00517-3401-95", "ten_digits"),
    ("ndc code 000027510", "00002-7510", "no_package"),
    ("ndc 00019N120", "", "no_ndc"),
    ("ndc 12345", "", "no_ndc"),
]


@pytest.mark.parametrize(("text", "ndc", "reading"), NDCS)
def test_what_is_an_ndc(text: str, ndc: str, reading: str) -> None:
    (mention,) = read_ndcs(text, KNOWN)
    assert (mention.ndc, mention.reading) == (ndc, reading)
    assert mention.typed in text


@pytest.mark.parametrize(
    "text",
    [
        "call 555-123-4567",
        "claim 123456789012",
        "5551371001",  # ten digits could be anything
        "seen 2026-10-01",
        "ndc units for botox",
        "which ndc",
    ],
)
def test_what_is_none(text: str) -> None:
    assert read_ndcs(text, KNOWN) == []


def test_several_in_their_order() -> None:
    found = read_ndcs("ndc 00517-3401-95 or 55513-710-01", KNOWN)
    assert found == [
        NdcMention("00517-3401-95", "00517-3401-95"),
        NdcMention("55513-710-01", "55513-0710-01"),
    ]
