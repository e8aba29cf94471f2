"""Several requests in one: a Bundle of the type batch.
https://hl7.org/fhir/R4/http.html#transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from bot.fhir.outcome import FhirFault
from bot.fhir.parameters import Inputs
from bot.messages import message

MOST = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of a batch. `path` is below the base."""

    method: str
    path: str
    query: str
    resource: Any

    def inputs(self) -> Inputs:
        """Raises FhirFault."""
        query = parse_qsl(self.query, keep_blank_values=True)
        return Inputs.of_resource(self.resource, query) if self.method == "POST" else Inputs(query)

    def key(self) -> tuple[Any, ...]:
        body = msgspec.json.encode(self.resource) if self.method == "POST" else b""
        return (self.method, self.path, self.query, body)


def entries(bundle: Any) -> list[Entry | FhirFault]:
    """The requests of a batch, with a fault in the place of each that is none. Raises FhirFault for
    what is no batch."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise FhirFault("invalid", message("fhir.no_resource", type="Bundle"))
    given = bundle.get("entry", [])
    if bundle.get("type") != "batch" or not isinstance(given, list):
        raise FhirFault("not-supported", message("fhir.no_batch"))
    if len(given) > MOST:
        raise FhirFault("too-costly", message("fhir.batch_too_many", most=MOST))
    return [_entry(one) for one in given]


def _entry(given: Any) -> Entry | FhirFault:
    request = given.get("request") if isinstance(given, dict) else None
    if isinstance(request, dict):
        method, url = request.get("method"), request.get("url")
        if method in ("GET", "POST") and isinstance(url, str):
            parts = urlsplit(url)
            path = parts.path.strip("/")
            if path and not (parts.scheme or parts.netloc):
                return Entry(method, path, parts.query, given.get("resource"))
    return FhirFault("invalid", message("fhir.batch_entry"))


def response(replies: Sequence[tuple[int, bytes]]) -> bytes:
    """The Bundle with these statuses and resources."""
    entry: list[dict[str, Any]] = []
    for status, body in replies:
        resource = msgspec.Raw(body)
        answer: dict[str, Any] = {"status": str(status)}
        if status >= 400:
            entry.append({"response": answer | {"outcome": resource}})
        else:
            entry.append({"resource": resource, "response": answer})
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "batch-response"}
    return msgspec.json.encode(bundle | ({"entry": entry} if entry else {}))
