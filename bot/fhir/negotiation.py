"""Which format a client asks for and sends: JSON only.
https://hl7.org/fhir/R4/http.html#mime-type."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from bot.fhir.outcome import FhirFault
from bot.messages import message

MEDIA_TYPE = "application/fhir+json"
_JSON = frozenset(
    {MEDIA_TYPE, "application/json", "text/json", "json", "*/*", "application/*", "text/*", ""}
)
_DECODER = msgspec.json.Decoder()


@lru_cache(maxsize=256)
def expect_json_wanted(accept: str, format_given: str) -> None:
    """Raises FhirFault where the client asks for another format. `format_given`: the parameter
    `_format`, which comes before the header."""
    # A plus sign of a query string is a blank.
    wanted = format_given.strip().replace(" ", "+") or accept
    kinds = (one.partition(";")[0].strip().lower() for one in wanted.split(","))
    if not any(kind in _JSON for kind in kinds):
        raise FhirFault("not-supported", message("fhir.no_xml"), status=406)


def decoded(body: bytes, content_type: str) -> Any:
    """A body of JSON. Raises FhirFault."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _JSON:
        raise FhirFault("not-supported", message("fhir.no_xml_body"), status=415)
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError:
        raise FhirFault("invalid", message("fhir.not_json")) from None
    except RecursionError:
        raise FhirFault("invalid", message("fhir.not_json")) from None


def encoded(resource: dict[str, Any]) -> bytes:
    return msgspec.json.encode(resource)
