"""The shapes that HL7's terminology test cases expect, for the code systems that are here.

The cases are those of https://github.com/HL7/fhir-tx-ecosystem-ig (folder `tests`). They ask about
code systems of their own, so what is derived here is which request gives which parameters, statuses
and issue types; each row names its case. Cases about value sets that a client sends along,
languages, supplements and other versions of FHIR do not apply.
"""

from __future__ import annotations

from typing import Any

import pytest
from fhir_support import CM, ICD11, Fhir, issues, parameters, parts, properties, values

MAY = "2026-05-04"
GOOD = {"system": CM, "code": "E11.9"}
TITLE = "Type 2 diabetes mellitus without complications"


def test_lookup(fhir: Fhir) -> None:
    """simple/simple-lookup: a code with parent and children, its system named."""
    found = fhir.get("CodeSystem/$lookup", system=CM, code="E11.2")
    assert {"code", "display", "name", "system", "version"} <= set(values(found))
    assert {"inactive", "parent", "child"} <= set(properties(found))
    children = [one for one in parts(found, "property") if one["code"] == "child"]
    assert all(one["description"] for one in children)


@pytest.mark.parametrize(
    ("case", "given", "finer"),
    [
        ("icd-11/lookup-bad-code", {"system": ICD11, "code": "XXXX9"}, "invalid-code"),
        ("icd-11/lookup-bad-system", {"system": ICD11 + "x", "code": "9Z10"}, "not-found"),
        (
            "icd-11/lookup-bad-version",
            {"system": ICD11, "code": "9Z10", "version": "1999-01"},
            "not-found",
        ),
    ],
)
def test_lookup_faults(fhir: Fhir, case: str, given: dict[str, Any], finer: str) -> None:
    outcome = fhir.get("CodeSystem/$lookup", 404, **given)
    assert issues(outcome) == [("error", "not-found", finer)], case


@pytest.mark.parametrize(
    ("case", "url", "given", "expected", "issue"),
    [
        (
            "icd-11/cs-validate-good-display",
            ICD11,
            {"code": "9Z10", "display": "Purple sweetness of marsupials"},
            {"result": True, "code": "9Z10", "display": "Purple sweetness of marsupials",
             "system": ICD11, "version": "2024-01"},
            None,
        ),
        (
            "icd-11/cs-validate-bad-display",
            ICD11,
            {"code": "9Z10", "display": "Kolera"},
            {"result": False, "code": "9Z10", "display": "Purple sweetness of marsupials",
             "system": ICD11, "version": "2024-01"},
            ("error", "invalid", "invalid-display", "display"),
        ),
        (
            "icd-11/cs-validate-bad-code",
            ICD11,
            {"code": "XXXX9"},
            {"result": False, "code": "XXXX9", "system": ICD11, "version": "2024-01"},
            ("error", "code-invalid", "invalid-code", "code"),
        ),
        (
            "validation/cs-code-bad-code",
            CM,
            {"code": "E11.9x", "date": MAY},
            {"result": False, "code": "E11.9x", "system": CM},
            ("error", "code-invalid", "invalid-code", "code"),
        ),
        (
            "case/case-coding-sensitive-code1-3",
            CM,
            {"code": "e11.9", "date": MAY},
            {"result": False, "code": "e11.9", "system": CM},
            ("error", "code-invalid", "invalid-code", "code"),
        ),
    ],
)  # fmt: skip
def test_validation_of_a_code(
    fhir: Fhir,
    case: str,
    url: str,
    given: dict[str, Any],
    expected: dict[str, Any],
    issue: tuple[str, ...] | None,
) -> None:
    found = values(fhir.get("CodeSystem/$validate-code", url=url, **given))
    assert expected.items() <= found.items(), case
    if issue is not None:
        first = found["issues"]["issue"][0]
        assert (*issues(found["issues"])[0], *first["expression"]) == issue, case
        assert found["message"] == first["details"]["text"], case


@pytest.mark.parametrize(
    ("case", "coding", "first", "at"),
    [
        ("validation/simple-coding-bad-code", {"system": CM, "code": "E11.99"},
         ("error", "code-invalid", "invalid-code"), "Coding.code"),
        ("validation/simple-coding-bad-system", {"system": CM + "x", "code": "E11.9"},
         ("error", "not-found", "not-found"), "Coding.system"),
        ("validation/simple-coding-no-system", {"code": "E11.9"},
         ("error", "invalid", "invalid-data"), "Coding.system"),
        ("validation/simple-coding-bad-version1", {**GOOD, "version": "1.0.0"},
         ("error", "not-found", "not-found"), "Coding.system"),
    ],
)  # fmt: skip
def test_validation_of_a_coding(
    fhir: Fhir, case: str, coding: dict[str, str], first: tuple[str, ...], at: str
) -> None:
    given = parameters(url_Uri=f"{CM}?fhir_vs", coding_Coding=coding)
    found = values(fhir.post("ValueSet/$validate-code", given))
    assert found["result"] is False, case
    assert found["code"] == coding["code"]
    assert issues(found["issues"])[0] == first, case
    assert found["issues"]["issue"][0]["expression"] == [at], case


@pytest.mark.parametrize(
    ("case", "codings", "result"),
    [
        ("validation/simple-codeableconcept-good-code", [GOOD], True),
        ("validation/simple-codeableconcept-bad-code", [{**GOOD, "code": "E11.99"}], False),
        ("validation/simple-codeableconcept-bad-version1", [{**GOOD, "version": "1.0.0"}], False),
        ("validation/missing-cs-cc-no-system", [{"code": "E11.9"}], False),
    ],
)
def test_validation_of_a_concept(
    fhir: Fhir, case: str, codings: list[dict[str, str]], result: bool
) -> None:
    concept = {"coding": codings}
    given = parameters(url_Uri=CM, codeableConcept_CodeableConcept=concept)
    found = values(fhir.post("CodeSystem/$validate-code", given))
    assert found["result"] is result, case
    assert found["codeableConcept"] == concept, case
    if not result:
        assert found["issues"]["issue"][0]["expression"][0].startswith("CodeableConcept.coding[0]")


def test_versions_that_are_there_are_named(fhir: Fhir) -> None:
    """validation/simple-codeableconcept-bad-version1: the message lists the valid versions."""
    given = parameters(url_Uri=CM, coding_Coding={**GOOD, "version": "1.0.0"})
    message = values(fhir.post("CodeSystem/$validate-code", given))["message"]
    assert "2023-10" in message
    assert "2026-04" in message


def test_subsumes_needs_a_system(fhir: Fhir) -> None:
    """simple/simple-subsumes-no-system, simple/simple-subsumes-no-system-coding."""
    expected = [("error", "invalid", "invalid-data")]
    outcome = fhir.get("CodeSystem/$subsumes", 400, codeA="E11", codeB="E11.9")
    assert issues(outcome) == expected
    codings = {"codingA_Coding": {"code": "E11"}} | {"codingB_Coding": {"code": "E11.9"}}
    assert issues(fhir.post("CodeSystem/$subsumes", parameters(**codings), 400)) == expected


def test_expansion(fhir: Fhir) -> None:
    """icd-11/expand-pcs-count, icd-11/expand-pcs-offset: the version and the paging are told."""
    found = fhir.get("ValueSet/$expand", url=f"{ICD11}?fhir_vs", count=2, offset=1)
    expansion = found["expansion"]
    told = {one["name"]: one for one in expansion["parameter"]}
    assert told["version"]["valueUri"] == f"{ICD11}|2024-01"
    assert (told["count"]["valueInteger"], told["offset"]["valueInteger"]) == (2, 1)
    assert expansion["total"] == 6
    assert expansion["offset"] == 1
    assert expansion["identifier"]
    assert expansion["timestamp"]
    assert [set(one) for one in expansion["contains"]] == [{"system", "code", "display"}] * 2


def test_expansion_of_an_unknown_value_set(fhir: Fhir) -> None:
    """icd-11/expand-bad-url."""
    outcome = fhir.get("ValueSet/$expand", 404, url=f"{ICD11}/nothing")
    assert issues(outcome) == [("error", "not-found", "not-found")]


def test_translation(fhir: Fhir) -> None:
    """translate/translate-1: result and matches, each with its concept and equivalence."""
    given = parameters(system_Uri=CM, code_Code="E11.9", targetsystem_Uri=ICD11)
    found = fhir.post("ConceptMap/$translate", given)
    assert values(found)["result"] is True
    (match,) = parts(found, "match")
    assert match["concept"]["system"] == ICD11
    assert match["equivalence"] == "relatedto"
    assert match["source"]
