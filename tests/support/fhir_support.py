"""For the tests of FHIR: a server over real code sets in this process, and what every resource that
leaves it must be."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
from fhir.resources.R4B import get_fhir_model_class
from icd11_files import all_files
from paths import TEST_DATA
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.api.clients import SCOPES, Scope
from bot.api.service import Service
from bot.desk.desk import Desk
from bot.fhir.routes import mounted
from bot.logged_desk import Answers
from bot.querylog import QueryLog, Record
from bot.settings import Settings
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore

CM = "http://hl7.org/fhir/sid/icd-10-cm"
PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
CPT = "http://www.ama-assn.org/go/cpt"
ICD9 = "http://hl7.org/fhir/sid/icd-9-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD11 = "http://id.who.int/icd/release/11/mms"


def all_systems(loaded: Path, home: Path) -> Path:
    """A home with the codes of another, and with small files of HCPCS, CPT, ICD-11 and the GEMs of
    procedures."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(loaded / "codes.db", home / "codes.db")
    store = CodeStore(home / "codes.db")
    files = [
        TEST_DATA / "hcpcs" / "HCPC2026_APR_ANWEB.txt",
        TEST_DATA / "imports" / "LONGULT.txt",
        TEST_DATA / "crosswalks" / "gem_i9pcs.txt",
        TEST_DATA / "crosswalks" / "gem_pcsi9.txt",
    ]
    (home / "files").mkdir()
    import_files(store, files, partial=True, label="2026")
    import_files(store, all_files(home / "files"), partial=True)
    store.close()
    return home


def expect_valid(resource: dict[str, Any]) -> None:
    """That it is the resource that it says, by the models of HL7 in fhir.resources (R4B, which is
    R4 for these types)."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@dataclass(frozen=True, slots=True)
class Fhir:
    """A client of the server. Every resource that it gets is checked."""

    http: httpx.Client
    service: Service
    name: str

    def get(self, path: str, /, status: int = 200, **params: Any) -> dict[str, Any]:
        return self._checked(self.http.get(f"/fhir/{path}", params=params), status)

    def post(self, path: str, resource: Any, /, status: int = 200, **params: Any) -> dict[str, Any]:
        headers = {"content-type": "application/fhir+json"}
        response = self.http.post(f"/fhir/{path}", json=resource, params=params, headers=headers)
        return self._checked(response, status)

    def _checked(self, response: httpx.Response, status: int) -> dict[str, Any]:
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/fhir+json; charset=utf-8"
        resource: dict[str, Any] = response.json()
        expect_valid(resource)
        return resource

    def asked(self) -> list[Record]:
        """What the log has of this client, oldest first."""
        return [one for one in self.service.log.questions() if one.user == self.name]


@contextmanager
def opened(home: Path) -> Iterator[Service]:
    settings = Settings(home=home)
    desk, log = Desk(settings), QueryLog(home / "log.db")
    try:
        yield Service(settings, cast(Answers, desk), log)
    finally:
        log.close()
        desk.close()


@contextmanager
def client_of(
    service: Service, name: str, scopes: tuple[Scope, ...] = SCOPES, per_minute: int = 0
) -> Iterator[Fhir]:
    app = Starlette(routes=mounted(service))
    token = service.tokens.add(name, scopes, per_minute)
    headers = {"authorization": f"Bearer {token}"}
    with TestClient(app, headers=headers) as http:
        yield Fhir(cast(httpx.Client, http), service, name)


# Reading Parameters


def value_of(part: dict[str, Any]) -> Any:
    return next(
        (value for name, value in part.items() if name.startswith("value") or name == "resource"),
        None,
    )


def values(resource: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a resource that come once and have a value."""
    return {one["name"]: value_of(one) for one in resource["parameter"] if "part" not in one}


def parts(resource: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The parameters with this name, each as its parts."""
    return [
        {part["name"]: value_of(part) for part in one["part"]}
        for one in resource["parameter"]
        if one["name"] == name
    ]


def properties(resource: dict[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in parts(resource, "property"):
        found.setdefault(one["code"], []).append(one["value"])
    return found


def parameters(**given: Any) -> dict[str, Any]:
    """A Parameters resource: `url_Uri="…"` is the parameter url with valueUri."""
    made = []
    for name, value in given.items():
        name, _, kind = name.partition("_")
        made.append({"name": name, f"value{kind}": value})
    return {"resourceType": "Parameters", "parameter": made}


def issues(resource: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Severity, type and finer type of each issue of an OperationOutcome."""
    return [
        (
            one["severity"],
            one["code"],
            next((coding["code"] for coding in one["details"].get("coding", ())), ""),
        )
        for one in resource["issue"]
    ]
