"""`codedesk serve` as other programs meet it: client libraries for FHIR, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_support import Api, served
from fhir_support import CM, ICD9, expect_valid, issues, parameters, parts, values
from fhirclient.client import FHIRClient
from fhirclient.models.capabilitystatement import CapabilityStatement
from fhirclient.models.codesystem import CodeSystem
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.parameters import Parameters
from fhirclient.models.valueset import ValueSet
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome as Refused
from fhirpy.base.exceptions import ResourceNotFound

pytestmark = pytest.mark.slow

MAY = "2026-05-04"


@pytest.fixture(scope="module")
def api(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with served(built, tmp_path_factory.mktemp("fhir") / "home", "--workers", "0") as api:
        yield api


@pytest.fixture(scope="module")
def client(api: Api) -> SyncFHIRClient:
    token = api.tokens.add("fhirpy", ("terminology",))
    return SyncFHIRClient(f"{api.url}/fhir", authorization=f"Bearer {token}")


def test_fhirpy_asks(api: Api, client: SyncFHIRClient) -> None:
    asked = {"system": CM, "code": "E11.9", "date": MAY}
    found = client.execute("CodeSystem/$lookup", method="get", params=asked)
    expect_valid(found)
    assert values(found)["display"] == "Type 2 diabetes mellitus without complications"
    given = parameters(url_Uri=CM, code_Code="E11.9", display_String="gout", date_Date=MAY)
    checked = client.execute("CodeSystem/$validate-code", data=given)
    expect_valid(checked)
    assert values(checked)["result"] is False
    mapped = client.execute(
        "ConceptMap/$translate",
        data=parameters(system_Uri=ICD9, code_Code="250.00", targetsystem_Uri=CM),
    )
    assert parts(mapped, "match")[0]["concept"]["code"] == "E11.9"
    assert [one.text for one in api.asked("fhirpy")] == ["E11.9", "E11.9 gout", "250.00"]


def test_fhirpy_searches_and_reads(client: SyncFHIRClient) -> None:
    found = client.resources("CodeSystem").search(url=CM).fetch()
    assert [one["version"] for one in found] == ["2026-04", "2024-10", "2023-10"]
    assert client.reference("CodeSystem", "icd10cm").to_resource()["url"] == CM
    with pytest.raises(ResourceNotFound):
        client.reference("CodeSystem", "none").to_resource()
    with pytest.raises(Refused):
        client.execute("CodeSystem/$lookup", method="get", params={"code": "E11.9"})


def test_fhirpy_finds_codes_by_words(api: Api, client: SyncFHIRClient) -> None:
    def found(words: str, **more: Any) -> list[str]:
        asked = {"url": f"{CM}?fhir_vs", "filter": words, "date": MAY, **more}
        expanded = client.execute("ValueSet/$expand", method="get", params=asked)
        expect_valid(expanded)
        return [one["code"] for one in expanded["expansion"].get("contains", ())]

    assert found("htn with ckd 3b", count=2) == ["I12.9", "N18.32"]
    assert found("E11.61", count=3) == ["E11.61", "E11.610", "E11.618"]
    assert found("hello") == []
    by_words = [one for one in api.asked("fhirpy") if one.options.get("limit")]
    assert [one.text for one in by_words] == ["htn with ckd 3b", "E11.61", "hello"]
    assert {one.surface for one in by_words} == {"fhir"}
    first = by_words[0]
    for _ in range(50):  # it is committed a moment after the answer was sent
        (first, *_) = [one for one in api.asked("fhirpy") if one.options.get("limit")]
        if first.deliveries:
            break
        time.sleep(0.1)
    assert [one["outcome"] for one in first.deliveries] == ["delivered"]
    assert [one["code"] for one in first.codes][:2] == ["I12.9", "N18.32"]


def test_the_client_of_smart_reads_it(api: Api) -> None:
    """`fhirclient` has classes for each resource of R4, and refuses what does not fit."""
    token = api.tokens.add("smart", ("terminology",))
    smart = FHIRClient(settings={"app_id": "codedesk", "api_base": f"{api.url}/fhir"})
    server = smart.server
    server.session.headers["Authorization"] = f"Bearer {token}"
    statement = CapabilityStatement.read_from("metadata", server)
    assert statement.fhirVersion == "4.0.1"
    assert CodeSystem.read("icd10cm", server).url == CM
    path = f"CodeSystem/$lookup?system={CM}&code=E11.9&date={MAY}"
    found = Parameters(server.request_json(path))
    assert "E11.9" in [one.valueCode for one in found.parameter]
    path = f"ValueSet/$expand?url={CM}%3Ffhir_vs&count=2&date={MAY}"
    expanded = ValueSet(server.request_json(path))
    assert [one.code for one in expanded.expansion.contains] == ["A00", "A00.0"]
    with pytest.raises(Exception, match="404"):
        server.request_json(f"CodeSystem/$lookup?system={CM}&code=E11.99")


def test_faults_over_http(api: Api) -> None:
    with api.with_token("") as nobody:
        refused = nobody.get("/fhir/CodeSystem/$lookup")
        assert refused.status_code == 401
        assert issues(refused.json()) == [("error", "login", "")]
        OperationOutcome(refused.json())
        assert nobody.get("/fhir/metadata").status_code == 200
    with api.client("big") as client:
        headers = {"content-type": "application/fhir+json"}
        large = client.post("/fhir/CodeSystem/$lookup", content=b" " * 2_000_000, headers=headers)
        assert large.status_code == 413
        assert issues(large.json()) == [("error", "too-long", "")]
        batch = {"resourceType": "Bundle", "type": "batch", "entry": []}
        assert client.post("/fhir", json=batch).status_code == 200
        assert client.post("/fhir/", json=batch).status_code == 200
    assert "E11" not in api.told
