"""The shapes of codes, ranges of codes, and the names of months."""

from __future__ import annotations

import re

import pytest

from codesets import code_format, months
from codesets.code_format import dot, extend, undot
from codesets.model import CodeRange
from codesets.store.code_store import CodeStore

#: For each shape, texts that have it and texts that do not.
SHAPES = {
    "ICD10CM_CATEGORY": ("I10 E11 C7A Z3A M1A QA0 U07", "CAT I1 I10. IA OAB 110 i10"),
    "ICD10CM": (
        "I10 E11.9 S13.4XXA C7A.00 QA0.1 M1A.0110 U07.1",
        "E119 E11. E11.98765 CAT.1 PAT.NAME MAR.2026 11.9",
    ),
    "ICD10CM_DOTTED": ("E11.9 S13.4XXA QA0.1", "I10 E119 E11. MAR.2026"),
    "ICD10CM_UNDOTTED": ("I10 E119 S134XXA QA01 E1165", "E11.9 E1 CATS E1198765 BAKER1"),
    "ICD10CM_EITHER": ("I10 E119 E11.9", "E1.19 CAT E11."),
    "ICD10PCS": ("0DTJ4ZZ XW033E5 B24BZZ4", "0DTJ4Z 0DTJ4ZZZ 0DTI4ZZ EDTJ4ZZ 0DTJ4ZO"),
    "ICD10PCS_TABLE": ("0DT XW0 3E0", "0D 0DTJ 0DI"),
    "ICD10PCS_BEGUN": ("0DT 0DTJ 0DTJ4Z", "0D 0DTJ4ZZ"),
    "HCPCS": ("J0897 A4253 V2020", "W0001 J089 J08977 99213"),
    "CPT": ("99213 00100 0001F 0001U 0042T 0001A", "9921 992133 0001X J0897"),
    "HCPCS_OR_CPT": ("99213 0042T J0897 0001X", "9921 J089 AB123"),
    "MODIFIER": ("RT 50 E1", "R RTX r-"),
    "PLACE_OF_SERVICE": ("11 02", "1 111 1A"),
    "ICD9CM_DOTTED": ("250.00 V10.51 E849.0 401.9", "250 25000 E849.01 V100.1 E11.9"),
    "ICD9CM_UNDOTTED": ("250 25000 V1051 E8490 3995", "25 250000 V1 E84 250.00"),
    "ICD11_STEM": ("5A11 1A00 CA40.0Z 2C25.0", "5111 XN8P1 5A1 CA40. CA40.0ZZ IA00 5AI1"),
    "ICD11_EXTENSION": ("XN8P1 XS25 XA8QA8", "XN XI8P1 5A11 XN8P1.1"),
    "ICD11": ("5A11 CA40.0Z XN8P1", "5111 XN CA40."),
    "NDC_DASHED": (
        "1234-5678-90 12345-678-90 12345-6789-0 12345-6789-01",
        "1234-567-89 12345-678-9 1234-5678-9 123-4567-89 12345678901",
    ),
    "NDC_UNDASHED": ("55513071001", "5551371001 555130710011"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: str) -> None:
    pattern = re.compile(getattr(code_format, shape))
    codes, others = (words.split() for words in SHAPES[shape])
    assert [code for code in codes if not pattern.fullmatch(code)] == []
    assert [other for other in others if pattern.fullmatch(other)] == []


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_can_stand_within_a_pattern(shape: str) -> None:
    """It has no group, and no alternative that includes its surroundings."""
    pattern = re.compile(f"<(?P<code>{getattr(code_format, shape)})>")
    assert pattern.groups == 1
    code = SHAPES[shape][0].split()[-1]
    match = pattern.fullmatch(f"<{code}>")
    assert match is not None
    assert match["code"] == code


def test_every_shape_is_tested() -> None:
    public = {name for name in vars(code_format) if name.isupper() and not name.startswith("_")}
    assert public == SHAPES.keys()


@pytest.mark.parametrize(("system", "shape"), [("icd10cm", "ICD10CM"), ("icd10pcs", "ICD10PCS")])
def test_every_code_of_a_release_has_its_shape(store: CodeStore, system: str, shape: str) -> None:
    pattern = re.compile(getattr(code_format, shape))
    codes = [code.code for code in store.codes(store.releases(system)[-1])]  # type: ignore[arg-type]
    assert codes
    assert [code for code in codes if not pattern.fullmatch(code)] == []
    assert [code for code in codes if system == "icd10cm" and dot(undot(code)) != code] == []


@pytest.mark.parametrize(
    ("undotted", "dotted"), [("E119", "E11.9"), ("I10", "I10"), ("S134XXA", "S13.4XXA")]
)
def test_dots(undotted: str, dotted: str) -> None:
    assert dot(undotted) == dotted
    assert dot(dotted) == dotted
    assert undot(dotted) == undotted


@pytest.mark.parametrize(
    ("stem", "character", "code"),
    [
        ("S13.4", "A", "S13.4XXA"),
        ("S52.521", "A", "S52.521A"),
        ("T07", "D", "T07.XXXD"),
    ],
)
def test_the_placeholder_fills_a_code_up(stem: str, character: str, code: str) -> None:
    assert extend(stem, character) == code


@pytest.mark.parametrize(
    ("first", "last", "code", "contains"),
    [
        ("E08", "E10", "E10.9", True),
        ("E08", "E10", "E10", True),
        ("E08", "E10", "E11", False),
        ("N18.1", "N18.6", "N18.32", True),
        ("N18.1", "N18.6", "N18", False),
        ("N18.1", "N18.6", "N18.9", False),
        ("N18.1", "N18.6", "N17", False),
        ("O24.4", "O24.4", "O24.410", True),
        ("O24.4", "O24.4", "O24.1", False),
        ("S00", "T88", "T88.9XXA", True),
        ("QA0", "QA1", "QA0.1", True),
    ],
)
def test_ranges(first: str, last: str, code: str, contains: bool) -> None:
    named = CodeRange(first, last, f"{first}-{last}")
    assert named.contains(code) is contains


# Months


@pytest.mark.parametrize(
    ("name", "number"),
    [("January", 1), ("jan", 1), ("Sept", 9), ("SEPTEMBER", 9), ("may", 5), ("Febuary", 2)],
)
def test_the_number_of_a_month(name: str, number: int) -> None:
    assert months.number(name) == number


@pytest.mark.parametrize("name", ["", "ja", "smarch", "quarter"])
def test_what_is_no_month(name: str) -> None:
    with pytest.raises(ValueError, match="not in"):
        months.number(name)


def test_every_word_for_a_month_is_read() -> None:
    pattern = re.compile(months.MONTH)
    assert [word for word in months.WORDS if not pattern.fullmatch(word)] == []
    assert {months.number(word) for word in months.WORDS} == set(range(1, 13))
    assert len(months.WORDS) == 24  # May is its own abbreviation; Sept is a second one


def test_some_months_only() -> None:
    pattern = re.compile(months.written(*months.QUARTER_STARTS))
    assert [n for n, name in enumerate(months.NAMES, 1) if pattern.fullmatch(name.lower())] == [
        1,
        4,
        7,
        10,
    ]
    assert [months.quarter_start(quarter) for quarter in (1, 2, 3, 4)] == [1, 4, 7, 10]
