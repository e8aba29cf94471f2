"""Requests to the API and to FHIR, changed anywhere: path, parameters, body. The server runs in
this process, over a home with an index.

An error that leaves the application is a finding, and so is an answer of 500 or more. What is
refused has a reason in JSON.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import quote, urlencode

from fuzz_targets import Target

_CM = "http://hl7.org/fhir/sid/icd-10-cm"
_JSON = "application/json"


def _post(path: str, body: Any) -> dict[str, Any]:
    return {"method": "POST", "path": path, "query": {}, "headers": {}, "body": body}


def _get(path: str, **query: str) -> dict[str, Any]:
    return {"method": "GET", "path": path, "query": query, "headers": {}, "body": None}


_API = [
    _post("/v1/ask", {"text": "left knee OA", "limit": 3, "systems": ["icd10cm"]}),
    _post("/v1/ask", {"text": "is E11.9 billable", "date": "2026-05-01"}),
    _post("/v1/check", {"codes": ["E11.9", "N18.31"], "setting": "outpatient"}),
    _post("/v1/report", {"text": "htn with ckd 3b"}),
    _get("/openapi.json"),
    _get("/health/live"),
]
_PARAMETERS = {
    "resourceType": "Parameters",
    "parameter": [{"name": "code", "valueCode": "E11.9"}, {"name": "system", "valueUri": _CM}],
}
_FHIR = [
    _get("/fhir/metadata"),
    _get("/fhir/CodeSystem/$lookup", system=_CM, code="E11.9", date="2026-05-01"),
    _get("/fhir/CodeSystem/$validate-code", url=_CM, code="E11.9", display="x"),
    _get("/fhir/ValueSet/$expand", url=f"{_CM}?fhir_vs", filter="knee", count="5", offset="0"),
    _get("/fhir/ConceptMap/$translate", system=_CM, code="E11.9", targetsystem="x"),
    _post("/fhir/CodeSystem/$lookup", _PARAMETERS),
    _post("/fhir/ValueSet/$validate-code", _PARAMETERS),
    _post("/fhir", {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {}}]}),
]


def _text(value: object, other: str) -> str:
    """As a client could put it into a request."""
    shown = value if isinstance(value, str) else json.dumps(value) if value else other
    return shown.encode("utf-8", "replace").decode()


def _target(samples: list[dict[str, Any]], home: Path) -> Target:
    from starlette.testclient import TestClient

    from bot.api.app import application
    from bot.api.clients import SCOPES
    from bot.api.service import Service
    from bot.desk.desk import Desk
    from bot.fhir.routes import mounted
    from bot.logged_desk import Answers
    from bot.operations.process import Process
    from bot.querylog import QueryLog
    from bot.settings import Settings

    held = ExitStack()
    folder = Path(held.enter_context(TemporaryDirectory(prefix="codedesk-fuzz-")))
    for name in ("codes.db", "index"):
        (folder / name).symlink_to((home / name).absolute())
    settings = Settings(home=folder)
    desk, log = Desk(settings), QueryLog(folder / "log.db")
    held.callback(desk.close)
    held.callback(log.close)
    service = Service(settings, cast(Answers, desk), log)
    token = service.tokens.add("fuzz", SCOPES, 0)
    process = Process(settings, desk, log)
    client = held.enter_context(TestClient(application(service, process, mounted(service))))

    def run(data: bytes) -> None:
        try:
            given = json.loads(data)
        except (ValueError, RecursionError):
            given = _post("/v1/ask", None) | {"raw": data}
        if not isinstance(given, dict):
            given = {"body": given}
        path = "/" + quote(_text(given.get("path"), "/v1/ask").lstrip("/"), safe="/$?&=%:")
        query = given.get("query")
        if isinstance(query, dict) and query:
            path += "?" + urlencode({k: _text(v, "") for k, v in query.items()}, errors="replace")
        body = given.get("raw")
        if body is None and given.get("body") is not None:
            body = json.dumps(given["body"]).encode()
        method = "POST" if body is not None else "GET"
        headers = {"authorization": f"Bearer {token}", "content-type": _JSON}
        if path.startswith("/fhir"):
            headers["content-type"] = "application/fhir+json"
        response = client.request(method, path[:4000], content=body, headers=headers)
        assert response.status_code < 500, f"{response.status_code}: {response.text[:300]}"
        if response.status_code >= 400:
            response.json()

    return Target(samples[0]["path"][:5], [json.dumps(s).encode() for s in samples], run, (), held)


def targets(home: Path) -> dict[str, Callable[[], Target]]:
    """None where the API is not installed."""
    if not importlib.util.find_spec("fastapi"):
        return {}
    return {"api": partial(_target, _API, home), "fhir": partial(_target, _FHIR, home)}
