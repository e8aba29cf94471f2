"""Codes of ICD-9-CM in a question: what names them, and what only looks like them."""

from __future__ import annotations

import pytest

from bot.desk.icd9_mentions import read_icd9
from bot.desk.known_codes import Known

#: A code of ICD-9-CM -> the titles that the mappings lead to.
MAPPED = {
    "250.00": ["Type 2 diabetes mellitus without complications"],
    "401.9": ["Essential (primary) hypertension"],
    "038.9": ["Sepsis, unspecified organism"],
    "011.11": ["Respiratory tuberculosis, bacteriological examination not done"],
    "111.1": ["Tinea nigra"],
    "V72.0": ["Encounter for examination of eyes and vision"],
    "V58.67": ["Long term (current) use of insulin"],
    "E888.9": ["Unspecified fall, initial encounter"],
    "365.70": [],
}
TODAY = {"V72.0": "Driver of bus injured in collision with two- or three-wheeled motor vehicle"}
KNOWN = Known(icd9=MAPPED.get, title=lambda code: TODAY.get(code, ""))

NAMED = [
    # question, codes
    ("250.00", ["250.00"]),
    ("250.00 and 401.9", ["250.00", "401.9"]),
    ("icd9 v58.67", ["V58.67"]),
    ("icd-9 V5867, e8889", ["V58.67", "E888.9"]),
    ("icd 9 code 4019", ["401.9"]),
    ("icd-9 365.70", ["365.70"]),
    ("icd-9 99999", ["999.99"]),  # no mapping has it, and it is said to be one
    # By the words around it
    ("401.9 hypertension", ["401.9"]),
    ("what is 401.9 htn today", ["401.9"]),
    ("icd10 for V72.0 vision exam", ["V72.0"]),
    ("V72.0 eye exam", ["V72.0"]),
    ("icd-10 code for V72.0", ["V72.0"]),
    ("E888.9 fell off a ladder", ["E888.9"]),
    # Not so
    ("fever 101.5", []),
    ("temp 101.5 F", []),
    ("weight 250.00 lb", []),
    ("glucose 250.00, diabetes", []),
    ("gout 401.9", []),
    ("V72.0", []),  # ICD-10-CM has it
    ("V72.0 bus driver hit by motorcycle", []),
    ("icd-9 for E11.9", []),
]


@pytest.mark.parametrize(("text", "codes"), NAMED)
def test_what_is_a_code_of_icd9(text: str, codes: list[str]) -> None:
    assert [mention.code for mention in read_icd9(text, KNOWN)] == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("icd9 38.9", [("38.9", "038.9", True)]),
        ("icd9 389", [("389", "038.9", True)]),
        # With its own dot it is a code, and with a zero before it another.
        ("icd9 1111", [("1111", "111.1", False), ("1111", "011.11", True)]),
        ("icd9 01111", [("01111", "011.11", False)]),
    ],
)
def test_zeros_that_a_spreadsheet_took_away(text: str, codes: list[tuple[str, str, bool]]) -> None:
    assert [tuple(mention) for mention in read_icd9(text, KNOWN)] == codes
