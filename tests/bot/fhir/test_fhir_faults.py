"""Every fault is an OperationOutcome with the right type and status, and a sentence."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fhir_support import CM, CPT, ICD9, ICD11, Fhir, client_of, expect_valid, issues, parameters

from bot.api.service import Service

LOOKUP, VALIDATE, EXPAND = "CodeSystem/$lookup", "CodeSystem/$validate-code", "ValueSet/$expand"
TRANSLATE = "ConceptMap/$translate"


@pytest.mark.parametrize(
    ("path", "given", "status", "issue"),
    [
        (LOOKUP, {}, 400, "required"),
        (LOOKUP, {"code": "E11.9"}, 400, "invalid"),
        (LOOKUP, {"system": CM, "code": "E11.99"}, 404, "not-found"),
        (LOOKUP, {"system": "http://example.org/x", "code": "1"}, 404, "not-found"),
        (LOOKUP, {"system": CM, "code": "I10", "version": "2031"}, 404, "not-found"),
        (LOOKUP, {"system": CM, "code": "I10", "date": "2031-01-01"}, 404, "not-found"),
        (LOOKUP, {"system": CM, "code": "I10", "date": "yesterday"}, 400, "invalid"),
        (LOOKUP, {"system": CM, "code": "I10", "date": "2026"}, 400, "invalid"),
        (LOOKUP, {"system": CM, "code": ["I10", "I11"]}, 400, "invalid"),
        (
            LOOKUP,
            {"system": CM, "code": "I10", "date": "2026-05-01", "version": "2024"},
            400,
            "invalid",
        ),
        (LOOKUP, {"system": ICD9, "code": "250.00"}, 404, "not-found"),
        (VALIDATE, {"code": "I10"}, 400, "required"),
        (EXPAND, {}, 400, "required"),
        (EXPAND, {"url": "http://example.org/vs"}, 404, "not-found"),
        (EXPAND, {"url": f"{CM}?fhir_vs", "count": "-1"}, 400, "invalid"),
        (EXPAND, {"url": f"{CM}?fhir_vs", "count": "many"}, 400, "invalid"),
        (EXPAND, {"url": f"{CM}?fhir_vs", "activeOnly": "perhaps"}, 400, "invalid"),
        (EXPAND, {"url": f"{CM}?fhir_vs=isa/E99"}, 404, "not-found"),
        (EXPAND, {"url": f"{CM}?fhir_vs", "date": "2031-01-01"}, 404, "not-found"),
        (TRANSLATE, {"system": CM, "code": "I10"}, 400, "required"),
        (TRANSLATE, {"system": CPT, "code": "1", "targetsystem": CM}, 404, "not-found"),
        (
            TRANSLATE,
            {"system": CM, "code": "I10", "targetsystem": ICD11, "reverse": "true"},
            400,
            "not-supported",
        ),
        ("CodeSystem/$subsumes", {"system": CM, "codeA": "E11"}, 400, "required"),
        ("CodeSystem/$subsumes", {"system": CM, "codeA": "E11", "codeB": "E99"}, 404, "not-found"),
        ("CodeSystem/$subsumes", {"codeA": "E11", "codeB": "E11.9"}, 400, "invalid"),
        ("CodeSystem/none", {}, 404, "not-found"),
        ("ValueSet/none/$expand", {}, 404, "not-found"),
        ("ConceptMap/none/$translate", {"system": CM, "code": "I10"}, 404, "not-found"),
        ("Patient/1", {}, 404, "not-found"),
        ("CodeSystem/$nothing", {}, 404, "not-found"),
    ],
)
def test_a_request_that_cannot_be_answered(
    fhir: Fhir, path: str, given: dict[str, Any], status: int, issue: str
) -> None:
    outcome = fhir.get(path, status, **given)
    ((severity, kind, _),) = issues(outcome)
    assert (severity, kind) == ("error", issue)
    assert outcome["issue"][0]["details"]["text"].endswith((".", "metadata tells."))


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/fhir+json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"resourceType":"Patient"}', "application/json", 400),
        (b'{"resourceType":"Parameters","parameter":7}', "application/json", 400),
        (b'{"resourceType":"Parameters","parameter":[{"name":"code","valueCode":7}]}',
         "application/json", 400),
        (b'{"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":7}]}',
         "application/json", 400),
        (b"<Parameters/>", "application/fhir+xml", 415),
        (b"\xff\xfe", "application/json", 400),
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_read(
    fhir: Fhir, body: bytes, content_type: str, status: int
) -> None:
    headers = {"content-type": content_type}
    answered = fhir.http.post("/fhir/CodeSystem/$lookup", content=body, headers=headers)
    assert answered.status_code == status
    expect_valid(answered.json())


@pytest.mark.parametrize(
    ("accept", "format_given", "status"),
    [
        ("application/fhir+json", "", 200),
        ("application/json;fhirVersion=4.0, */*;q=0.1", "", 200),
        ("application/fhir+xml", "", 406),
        ("text/html, application/fhir+xml", "", 406),
        ("text/html", "json", 200),
        ("application/fhir+json", "xml", 406),
        ("*/*", "application/fhir+json", 200),
    ],
)
def test_only_json_is_given(fhir: Fhir, accept: str, format_given: str, status: int) -> None:
    given = {"system": CM, "code": "I10"} | ({"_format": format_given} if format_given else {})
    answered = fhir.http.get(f"/fhir/{LOOKUP}", params=given, headers={"accept": accept})
    assert answered.status_code == status
    expect_valid(answered.json())


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", LOOKUP), ("DELETE", "CodeSystem/icd10cm"), ("POST", "CodeSystem"), ("GET", "")],
)
def test_methods_that_are_not_possible(fhir: Fhir, method: str, path: str) -> None:
    answered = fhir.http.request(method, f"/fhir/{path}")
    assert answered.status_code == 405
    assert issues(answered.json()) == [("error", "not-supported", "")]


def test_value_sets_that_are_sent_along_are_not_supported(fhir: Fhir) -> None:
    sent = {"name": "valueSet", "resource": {"resourceType": "ValueSet", "status": "active"}}
    given = {"resourceType": "Parameters", "parameter": [sent]}
    assert issues(fhir.post(EXPAND, given, 400)) == [("error", "not-supported", "")]


def test_what_is_no_batch(fhir: Fhir) -> None:
    fhir.post("", parameters(code_Code="I10"), 400)
    fhir.post("", {"resourceType": "Bundle", "type": "transaction"}, 400)
    assert fhir.post("", {"resourceType": "Bundle", "type": "batch"})["type"] == "batch-response"


def _outcome(answered: httpx.Response, status: int, issue: str) -> None:
    assert answered.status_code == status
    expect_valid(answered.json())
    assert issues(answered.json()) == [("error", issue, "")]


def test_who_may_ask(service: Service, fhir: Fhir) -> None:
    asked = {"system": CM, "code": "I10"}
    nobody = {"authorization": "Bearer cdk_nobody"}
    answered = fhir.http.get(f"/fhir/{LOOKUP}", params=asked, headers=nobody)
    _outcome(answered, 401, "login")
    assert "invalid_token" in answered.headers["www-authenticate"]
    assert fhir.http.get("/fhir/metadata", headers=nobody).status_code == 200
    with client_of(service, "asks-only", scopes=("ask", "check")) as other:
        _outcome(other.http.get(f"/fhir/{LOOKUP}", params=asked), 403, "forbidden")
        assert other.asked() == []
    with client_of(service, "hasty", per_minute=3) as hasty:
        statuses = [hasty.http.get(f"/fhir/{LOOKUP}", params=asked).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = hasty.http.get(f"/fhir/{LOOKUP}", params=asked)
        _outcome(refused, 429, "throttled")
        assert int(refused.headers["retry-after"]) > 0
        assert len(hasty.asked()) == 3
