"""What this server can do (`metadata`), and the resources that describe its code systems and value
sets: https://hl7.org/fhir/R4/terminologycapabilities.html."""

from __future__ import annotations

import datetime as dt
from importlib import metadata
from typing import Any

from bot.fhir.lookup import NOTES, USUAL
from bot.fhir.outcome import FhirFault
from bot.fhir.systems import (
    BY_SYSTEM,
    SYSTEMS,
    release_named,
    system_of,
    uri_of,
    version_of,
)
from bot.fhir.value_sets import ValueSet
from bot.messages import message
from codesets.model import DATED_SYSTEMS, SYSTEM_NAMES, Release
from codesets.store.code_store import CodeStore

FHIR_VERSION = "4.0.1"
_DEFINITION = "http://hl7.org/fhir/OperationDefinition/"
#: The operations of each type of resource.
OPERATIONS: dict[str, tuple[str, ...]] = {
    "CodeSystem": ("lookup", "validate-code", "subsumes"),
    "ValueSet": ("expand", "validate-code"),
    "ConceptMap": ("translate",),
}
#: The parameters of $expand.
_EXPANSION = (
    "url", "valueSetVersion", "filter", "date", "offset", "count", "activeOnly",
    "includeDesignations", "system-version", "force-system-version",
)  # fmt: skip
_BOOLEANS = {"inactive", "billable"}
_CODES = {"status", "parent", "child", "replacedBy"}
_DAYS = {"editionFrom", "editionThrough", "effectiveFrom", "effectiveThrough"}


def capability_statement(base: str) -> dict[str, Any]:
    """`base`: the address of this server, as the client calls it."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "codedesk",
        "url": f"{base}/metadata",
        "version": _version(),
        "name": "CodeDesk",
        "title": "Code Desk, FHIR terminology",
        "status": "active",
        "date": _today(),
        "kind": "instance",
        "instantiates": ["http://hl7.org/fhir/CapabilityStatement/terminology-server"],
        "software": {"name": "Code Desk", "version": _version()},
        "implementation": {"description": "Code Desk", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": message("fhir.security")},
                "resource": [_described(kind, names) for kind, names in OPERATIONS.items()],
                "interaction": [{"code": "batch"}],
            }
        ],
    }


def _described(kind: str, operations: tuple[str, ...]) -> dict[str, Any]:
    return {
        "type": kind,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [
            {"name": "url", "type": "uri"},
            {"name": "version", "type": "token"},
        ],
        "operation": [
            {"name": name, "definition": f"{_DEFINITION}{kind}-{name}"} for name in operations
        ],
    }


def terminology_capabilities(store: CodeStore, base: str) -> dict[str, Any]:
    """The loaded code systems and their versions, and what is done with them."""
    return {
        "resourceType": "TerminologyCapabilities",
        "id": "codedesk",
        "url": f"{base}/metadata?mode=terminology",
        "version": _version(),
        "name": "CodeDeskTerminology",
        "status": "active",
        "date": _today(),
        "kind": "instance",
        "software": {"name": "Code Desk", "version": _version()},
        "implementation": {"description": "Code Desk", "url": base},
        "codeSystem": [_capable(store, system) for system in store.all_systems],
        "expansion": {
            "hierarchical": False,
            "paging": True,
            "incomplete": False,
            "parameter": [{"name": name} for name in _EXPANSION],
            "textFilter": message("fhir.text_filter"),
        },
        "codeSearch": "all",
        "validateCode": {"translations": False},
        "translation": {"needsMap": False},
    }


def _capable(store: CodeStore, system: str) -> dict[str, Any]:
    releases = store.releases(system)
    in_use = store.for_date(system, dt.date.today()).release
    names = [*USUAL, *NOTES] if system == "icd10cm" else list(USUAL)
    return {
        "uri": uri_of(system),
        "version": [
            {"code": version_of(release), "isDefault": release.key == in_use.key, "property": names}
            for release in releases
        ],
        "subsumption": system in ("icd10cm", "icd11"),
    }


def _version() -> str:
    return metadata.version("codedesk")


def _today() -> str:
    return dt.date.today().isoformat()


# Code systems and value sets as resources


def code_systems(store: CodeStore, url: str = "", version: str = "") -> list[dict[str, Any]]:
    """The loaded editions as resources, newest first; with a `url` those of one system. A URL that
    nobody knows has none."""
    systems = [s.system for s in SYSTEMS if store.releases(s.system)]
    if url:
        try:
            system, of_url = system_of(url)
        except FhirFault:
            return []
        systems = [system] if store.releases(system) else []
        version = version or of_url
    found = []
    for system in systems:
        releases = store.releases(system)[::-1]
        if version:
            named = release_named(store, system, version)
            releases = [named] if named else []
        found += [code_system(store, release) for release in releases]
    return found


def resource_id(release: Release) -> str:
    return f"{release.system}-{version_of(release)}"


def code_system(store: CodeStore, release: Release) -> dict[str, Any]:
    """An edition without its codes, which $lookup and $expand give."""
    known = BY_SYSTEM[release.system]
    names = [*USUAL, *NOTES] if release.system == "icd10cm" else USUAL
    made: dict[str, Any] = {
        "resourceType": "CodeSystem",
        "id": resource_id(release),
        "url": known.uri,
        "version": version_of(release),
        "name": known.name,
        "title": f"{SYSTEM_NAMES[release.system]} {release.label}",
        "status": "active",
        "experimental": False,
        "date": release.effective_from.isoformat(),
        "publisher": known.publisher,
        "copyright": message(f"fhir.copyright_{release.system}"),
        "caseSensitive": True,
        "valueSet": ValueSet(release.system).url,
        "hierarchyMeaning": "is-a",
        "compositional": False,
        "versionNeeded": release.system in DATED_SYSTEMS,
        "content": "not-present",
        "count": store.page(release, 0, 0)[0],
        "property": [_property(name) for name in names],
    }
    if known.oid:
        made["identifier"] = [{"system": "urn:ietf:rfc:3986", "value": known.oid}]
    return made


def _property(name: str) -> dict[str, Any]:
    kind = "string"
    if name in _BOOLEANS:
        kind = "boolean"
    elif name in _CODES:
        kind = "code"
    elif name in _DAYS:
        kind = "dateTime"
    made = {"code": name, "type": kind}
    if name in ("inactive", "status", "parent", "child"):
        made["uri"] = f"http://hl7.org/fhir/concept-properties#{name}"
    return made


def value_set(store: CodeStore, system: str) -> dict[str, Any]:
    """The value set of all codes of a system."""
    implied = ValueSet(system)
    known = BY_SYSTEM[system]
    return {
        "resourceType": "ValueSet",
        "id": system,
        "url": implied.url,
        "name": implied.name,
        "title": f"All codes of {SYSTEM_NAMES[system]}",
        "status": "active",
        "experimental": False,
        "publisher": known.publisher,
        "copyright": message(f"fhir.copyright_{system}"),
        "immutable": True,
        "compose": {"include": [{"system": known.uri}]},
    }
