"""What the operations of the FHIR server answer. Each resource is checked against HL7's models
(`fhir_support.expect_valid`)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_support import (
    CM,
    CPT,
    HCPCS,
    ICD9,
    ICD10,
    ICD11,
    PCS,
    Fhir,
    issues,
    parameters,
    parts,
    properties,
    values,
)

MAY = "2026-05-04"


# $lookup


@pytest.mark.parametrize(
    ("system", "code", "display", "version"),
    [
        (CM, "E11.9", "Type 2 diabetes mellitus without complications", "2026-04"),
        ("https://hl7.org/fhir/sid/icd-10-cm/", "E11.9", "Type 2 diabetes mellitus", "2026-04"),
        ("urn:oid:2.16.840.1.113883.6.90", "E11", "Type 2 diabetes mellitus", "2026-04"),
        ("http://terminology.hl7.org/CodeSystem/icd10CM", "I10", "Essential", "2026-04"),
        (HCPCS, "A0021", "Cart ride, outside town, per mile", "2026-04"),
        (
            "urn:oid:2.16.840.1.113883.6.285",
            "A0021",
            "Cart ride, outside town, per mile",
            "2026-04",
        ),
        (CPT, "99990", "Visit to an invented office", "2026-01"),
        (ICD11, "9Z10", "Purple sweetness of marsupials", "2024-01"),
        ("http://id.who.int/icd/release/11/2024-01/mms", "9Z10", "Purple", "2024-01"),
    ],
)
def test_a_code_is_looked_up(
    fhir: Fhir, system: str, code: str, display: str, version: str
) -> None:
    found = values(fhir.get("CodeSystem/$lookup", system=system, code=code))
    assert found["display"].startswith(display)
    assert (found["code"], found["version"]) == (code, version)


@pytest.mark.parametrize(
    ("version", "gives"),
    [
        ("2026-04", "2026-04"),
        ("2026", "2026-04"),
        ("FY2026-April", "2026-04"),
        ("20260401", "2026-04"),
        ("2026-04-01", "2026-04"),
        ("2024", "2023-10"),
        ("FY2024", "2023-10"),
        ("2023-10", "2023-10"),
    ],
)
def test_versions_by_which_an_edition_is_named(fhir: Fhir, version: str, gives: str) -> None:
    asked = {"system": CM, "code": "I10", "version": version}
    assert values(fhir.get("CodeSystem/$lookup", **asked))["version"] == gives


def test_the_date_chooses_the_edition(fhir: Fhir) -> None:
    old = fhir.get("CodeSystem/$lookup", system=CM, code="I10", date="2024-01-31")
    new = fhir.get("CodeSystem/$lookup", system=CM, code="I10", date=f"{MAY}T10:00:00Z")
    assert [values(one)["version"] for one in (old, new)] == ["2023-10", "2026-04"]
    assert properties(old)["editionThrough"] == ["2024-09-30"]


def test_properties_of_a_header(fhir: Fhir) -> None:
    found = properties(fhir.get("CodeSystem/$lookup", system=CM, code="E11.2", date=MAY))
    assert found["inactive"] == [False]
    assert found["billable"] == [False]
    assert found["status"] == ["header"]
    assert found["parent"] == ["E11"]
    assert found["child"] == ["E11.21", "E11.22", "E11.29"]
    assert found["release"] == ["FY2026-April"]
    assert (found["editionFrom"], found["editionThrough"]) == (["2026-04-01"], ["2026-09-30"])
    assert "excludes1" not in found


def test_properties_that_are_asked_for(fhir: Fhir) -> None:
    asked = {"system": CM, "code": "E11.2", "property": ["excludes1", "parent"]}
    found = properties(fhir.get("CodeSystem/$lookup", **asked))
    assert set(found) == {"excludes1", "parent"}
    everything = fhir.get("CodeSystem/$lookup", system=CM, code="E11.610", property="*")
    assert {"excludes1", "use_additional_code", "inactive"} <= set(properties(everything))
    names = [one["value"] for one in parts(everything, "designation")]
    assert names == ["Type 2 diabetes mellitus with Charcôt's joints"]


def test_the_short_description_of_hcpcs_is_a_designation(fhir: Fhir) -> None:
    asked = {"system": HCPCS, "code": "A4311", "property": "designation"}
    found = fhir.get("CodeSystem/$lookup", **asked)
    assert [one["value"] for one in parts(found, "designation")] == ["Straw w/o bag 2-way invented"]


def test_a_deleted_code_is_inactive(fhir: Fhir) -> None:
    then = fhir.get("CodeSystem/$lookup", system=CM, code="S30.1XXA", date="2024-01-01")
    now = fhir.get("CodeSystem/$lookup", system=CM, code="S30.1XXA", date=MAY)
    assert [properties(one)["inactive"] for one in (then, now)] == [[False], [True]]
    assert values(now)["display"] == "Contusion of abdominal wall, initial encounter"
    checked = values(fhir.get("CodeSystem/$validate-code", url=CM, code="S30.1XXA", date=MAY))
    assert (checked["result"], checked["inactive"]) == (False, True)
    assert "S30.1XXA is not in FY2026-April." in checked["message"]


def test_a_code_that_is_not_there_yet(fhir: Fhir) -> None:
    checked = fhir.get("CodeSystem/$validate-code", url=CM, code="B88.01", date="2024-01-01")
    assert values(checked)["result"] is False
    assert "The first loaded edition that has it is FY2026-April" in values(checked)["message"]
    fhir.get("CodeSystem/$lookup", 404, system=CM, code="B88.01", date="2024-01-01")


def test_codings_of_a_post(fhir: Fhir) -> None:
    coding = {"system": CM, "code": "E11.9", "version": "2026"}
    found = fhir.post("CodeSystem/$lookup", parameters(coding_Coding=coding))
    assert values(found)["code"] == "E11.9"
    of_id = fhir.get("CodeSystem/icd10cm-2023-10/$lookup", code="E11.9")
    assert values(of_id)["version"] == "2023-10"


# $validate-code


@pytest.mark.parametrize(
    ("given", "result", "issue"),
    [
        ({"code": "E11.9"}, True, []),
        (
            {"code": "E11.9", "display": " TYPE 2 diabetes  mellitus without Complications"},
            True,
            [],
        ),
        (
            {"code": "E11.9", "display": "Gout"},
            False,
            [("error", "invalid", "invalid-display")],
        ),
        ({"code": "E11"}, True, [("information", "business-rule", "code-comment")]),
        ({"code": "E11.99"}, False, [("error", "code-invalid", "invalid-code")]),
        ({"code": "E119"}, False, [("error", "code-invalid", "invalid-code")]),
        ({"code": "e11.9"}, False, [("error", "code-invalid", "invalid-code")]),
        ({"code": "I10", "version": "2031"}, False, [("error", "not-found", "not-found")]),
        ({"code": "I10", "date": "2031-01-01"}, False, [("error", "not-found", "not-found")]),
    ],
)
def test_a_code_is_validated(
    fhir: Fhir, given: dict[str, Any], result: bool, issue: list[Any]
) -> None:
    given = {"url": CM, "date": MAY} | given
    if "version" in given:
        del given["date"]
    found = values(fhir.get("CodeSystem/$validate-code", **given))
    assert found["result"] is result
    assert issues(found["issues"]) == issue if issue else "issues" not in found
    if not result:
        assert found["message"]


def test_how_a_code_is_written_is_said(fhir: Fhir) -> None:
    for code in ("E119", "e11.9"):
        found = values(fhir.get("CodeSystem/$validate-code", url=CM, code=code, date=MAY))
        assert f"{code} is not how it is written: E11.9 is." in found["message"]


def test_without_a_date_the_newest_edition_answers_and_says_so(fhir: Fhir) -> None:
    found = values(fhir.get("CodeSystem/$validate-code", url=CM, code="E11.9"))
    assert found["result"] is True
    assert "No loaded edition of ICD-10-CM is in force today." in found["message"]
    assert issues(found["issues"]) == [("information", "business-rule", "")]


def test_a_concept_is_valid_when_one_of_its_codes_is(fhir: Fhir) -> None:
    concept = {
        "coding": [
            {"system": "http://example.org/ours", "code": "x1"},
            {"system": CM, "code": "E11.9"},
        ]
    }
    given = parameters(codeableConcept_CodeableConcept=concept, date_DateTime=MAY)
    found = values(fhir.post("CodeSystem/$validate-code", given))
    assert found["result"] is True
    assert found["codeableConcept"] == concept
    assert issues(found["issues"]) == [("warning", "not-found", "not-found")]


@pytest.mark.parametrize(
    ("url", "given", "result"),
    [
        (f"{CM}?fhir_vs", {"system": CM, "code": "E11.9"}, True),
        (f"{CM}?fhir_vs", {"code": "E11.9"}, True),
        (f"{CM}/vs", {"system": CM, "code": "E11.9"}, True),
        (f"{CM}?fhir_vs=isa/E11", {"system": CM, "code": "E11.9"}, True),
        (f"{CM}?fhir_vs=isa/E10", {"system": CM, "code": "E11.9"}, False),
        (f"{HCPCS}?fhir_vs", {"system": CM, "code": "E11.9"}, False),
    ],
)
def test_membership_of_a_value_set(
    fhir: Fhir, url: str, given: dict[str, str], result: bool
) -> None:
    found = values(fhir.get("ValueSet/$validate-code", url=url, date=MAY, **given))
    assert found["result"] is result
    if not result:
        assert issues(found["issues"])[0] == ("error", "code-invalid", "not-in-vs")


# $subsumes


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        ("E11", "E11.9", "subsumes"),
        ("E11.9", "E11", "subsumed-by"),
        ("E11.9", "E11.9", "equivalent"),
        ("E11.9", "E10.9", "not-subsumed"),
    ],
)
def test_subsumption(fhir: Fhir, one: str, other: str, outcome: str) -> None:
    found = fhir.get("CodeSystem/$subsumes", system=CM, codeA=one, codeB=other)
    assert values(found) == {"outcome": outcome}
    codings = {"codingA_Coding": {"system": CM, "code": one}} | {
        "codingB_Coding": {"system": CM, "code": other}
    }
    assert values(fhir.post("CodeSystem/$subsumes", parameters(**codings))) == {"outcome": outcome}


# $expand


def test_the_codes_of_a_system_page_by_page(fhir: Fhir) -> None:
    first = fhir.get("ValueSet/$expand", url=f"{CM}?fhir_vs", count=3, date=MAY)["expansion"]
    assert [one["code"] for one in first["contains"]] == ["A00", "A00.0", "A00.1"]
    assert [one.get("abstract", False) for one in first["contains"]] == [True, False, False]
    assert first["total"] > 90_000
    then = fhir.get("ValueSet/$expand", url=f"{CM}?fhir_vs", count=2, offset=2, date=MAY)
    assert [one["code"] for one in then["expansion"]["contains"]] == ["A00.1", "A00.9"]
    assert {one["name"] for one in first["parameter"]} == {"version", "count", "offset"}


def test_a_header_and_what_stands_under_it(fhir: Fhir) -> None:
    found = fhir.get("ValueSet/$expand", url=f"{CM}?fhir_vs=isa/E11.2", date=MAY)["expansion"]
    assert [one["code"] for one in found["contains"]] == ["E11.2", "E11.21", "E11.22", "E11.29"]
    assert found["total"] == 4


def test_other_names_and_codes_that_ended(fhir: Fhir) -> None:
    asked = {"url": f"{HCPCS}?fhir_vs", "date": MAY, "includeDesignations": "true"}
    everything = fhir.get("ValueSet/$expand", **asked)["expansion"]["contains"]
    by_code = {one["code"]: one for one in everything}
    assert by_code["A4311"]["designation"][0]["value"] == "Straw w/o bag 2-way invented"
    active = fhir.get("ValueSet/$expand", activeOnly="true", **asked)["expansion"]["contains"]
    ended = {code for code, one in by_code.items() if one.get("inactive")}
    assert ended == set(by_code) - {one["code"] for one in active}


# $translate


@pytest.mark.parametrize(
    ("source", "code", "target", "matches"),
    [
        (ICD9, "250.00", CM, [("relatedto", CM, "E11.9")]),
        (CM, "E11.9", ICD9, [("relatedto", ICD9, "250.00")]),
        (ICD9, "00.10", PCS, [("relatedto", PCS, "3E0V305")]),
        (PCS, "5A1D00Z", ICD9, [("relatedto", ICD9, "39.95")]),
        (CM, "E11.9", ICD11, [("relatedto", ICD11, "9Z10.Z")]),
        (CM, "E11.21", ICD11, [("relatedto", ICD11, "9Z10")]),
        (CM, "E08", ICD11, [("relatedto", ICD11, "9Z11&XZ8P1")]),
        (CM, "S00", ICD11, [("unmatched", None, None)]),
        (ICD11, "9Z10", ICD10, [("relatedto", ICD10, "E11")]),
    ],
)
def test_a_code_is_translated(
    fhir: Fhir, source: str, code: str, target: str, matches: list[Any]
) -> None:
    found = fhir.get("ConceptMap/$translate", system=source, code=code, targetsystem=target)
    shown = [
        (
            one["equivalence"],
            one.get("concept", {}).get("system"),
            one.get("concept", {}).get("code"),
        )
        for one in parts(found, "match")
    ]
    assert shown == matches
    assert values(found)["result"] is (matches[0][0] != "unmatched")
    assert values(found)["message"]


def test_words_of_who_are_attributed(fhir: Fhir) -> None:
    found = fhir.get("ConceptMap/$translate", system=CM, code="E11.9", targetsystem=ICD11)
    assert "© WHO (CC BY-ND 3.0 IGO)" in values(found)["message"]


def test_identical_codes_are_equivalent(fhir: Fhir) -> None:
    """An identical pair of the GEMs: 001.0 and A00.0."""
    found = fhir.get("ConceptMap/$translate", system=ICD9, code="001.0", targetsystem=CM)
    (match,) = parts(found, "match")
    assert (match["equivalence"], match["concept"]["code"]) == ("equivalent", "A00.0")
    assert match["concept"]["display"] == "Cholera due to Vibrio cholerae 01, biovar cholerae"


def test_a_code_that_no_map_has(fhir: Fhir) -> None:
    path = "ConceptMap/icd9cm-icd10cm/$translate"
    found = values(fhir.get(path, system=ICD9, code="000.0"))
    assert found["result"] is False
    assert "000.0 is not in the loaded" in found["message"]


# What is there


def test_what_the_server_says_of_itself(fhir: Fhir) -> None:
    statement = fhir.get("metadata")
    assert statement["fhirVersion"] == "4.0.1"
    assert {one["type"] for one in statement["rest"][0]["resource"]} == {
        "CodeSystem", "ValueSet", "ConceptMap",
    }  # fmt: skip
    capabilities = fhir.get("metadata", mode="terminology")
    uris = {one["uri"] for one in capabilities["codeSystem"]}
    assert uris == {CM, PCS, HCPCS, CPT, ICD11}


def test_every_operation_of_the_statement_is_there(fhir: Fhir) -> None:
    for resource in fhir.get("metadata")["rest"][0]["resource"]:
        for operation in resource["operation"]:
            path = f"{resource['type']}/${operation['name']}"
            assert fhir.get(path, status=400)["resourceType"] == "OperationOutcome"


def test_resources_are_found_and_read(fhir: Fhir) -> None:
    found = fhir.get("CodeSystem", url=CM)
    assert [one["resource"]["version"] for one in found["entry"]] == [
        "2026-04",
        "2024-10",
        "2023-10",
    ]
    assert fhir.get("CodeSystem", url="http://example.org/none")["total"] == 0
    assert fhir.get("CodeSystem", url=CM, version="FY2024")["total"] == 1
    assert fhir.get("CodeSystem/hcpcs")["copyright"].startswith("HCPCS Level II")
    assert "WHO" in fhir.get("CodeSystem/icd11")["copyright"]
    assert "American Medical Association" in fhir.get("CodeSystem/cpt")["copyright"]
    assert fhir.get("ValueSet", url=f"{CM}?fhir_vs")["total"] == 1
    assert fhir.get("ConceptMap")["total"] == 6
    for entry in [*fhir.get("ConceptMap")["entry"], *found["entry"]]:
        path = entry["fullUrl"].partition("/fhir/")[2]
        assert fhir.get(path)["url"] == entry["resource"]["url"]


def test_a_batch(fhir: Fhir) -> None:
    lookup = f"CodeSystem/$lookup?system={CM}&code="
    body = parameters(url_Uri=CM, code_Code="I10", date_Date=MAY)
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {"request": {"method": "GET", "url": lookup + "E11.9"}},
            {"request": {"method": "GET", "url": lookup + "E11.99"}},
            {"request": {"method": "POST", "url": "CodeSystem/$validate-code"}, "resource": body},
            {"request": {"method": "DELETE", "url": "CodeSystem/icd10cm"}},
        ],
    }
    answered = fhir.post("", bundle)
    assert answered["type"] == "batch-response"
    statuses = [one["response"]["status"] for one in answered["entry"]]
    assert statuses == ["200", "404", "200", "400"]
    assert values(answered["entry"][0]["resource"])["code"] == "E11.9"
    assert values(answered["entry"][2]["resource"])["result"] is True
    assert answered["entry"][1]["response"]["outcome"]["resourceType"] == "OperationOutcome"
