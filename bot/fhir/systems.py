"""The code systems by their URIs, and the versions by which FHIR names their editions.

URIs and OIDs are those of HL7 Terminology (THO): https://terminology.hl7.org. A version is the
month from which an edition is in force (2026-04), as WHO names those of ICD-11 and other
terminology servers those of HCPCS. `release_named` also takes what else is in use.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.desk.edition_asked import EditionAsked, of_release, of_today, on_day
from bot.fhir.outcome import FhirFault
from bot.messages import message
from codesets.model import SYSTEM_NAMES, Release, System
from codesets.store.code_store import CodeStore

_OID = "urn:oid:2.16.840.1.113883.6."
_THO = "http://terminology.hl7.org/CodeSystem/"


@dataclass(frozen=True, slots=True)
class SystemUri:
    """How a code system is named in FHIR. `aliases` are read and never written; `name` is a FHIR
    name (letters and digits)."""

    system: str
    uri: str
    oid: str
    name: str
    title: str
    publisher: str
    aliases: tuple[str, ...] = ()


SYSTEMS: tuple[SystemUri, ...] = (
    SystemUri(
        "icd10cm",
        "http://hl7.org/fhir/sid/icd-10-cm",
        f"{_OID}90",
        "ICD10CM",
        "International Classification of Diseases, 10th Revision, Clinical Modification",
        "National Center for Health Statistics (CDC)",
        (f"{_THO}icd10CM",),
    ),
    SystemUri(
        "icd10pcs",
        "http://www.cms.gov/Medicare/Coding/ICD10",
        f"{_OID}4",
        "ICD10PCS",
        "ICD-10 Procedure Coding System",
        "Centers for Medicare & Medicaid Services",
        ("http://hl7.org/fhir/sid/icd-10-pcs", f"{_THO}icd10PCS"),
    ),
    SystemUri(
        "hcpcs",
        "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        f"{_OID}285",
        "HCPCSLevelII",
        "Healthcare Common Procedure Coding System, Level II",
        "Centers for Medicare & Medicaid Services",
        (f"{_THO}hcpcs-Level-II",),
    ),
    SystemUri(
        "cpt",
        "http://www.ama-assn.org/go/cpt",
        f"{_OID}12",
        "CPT",
        "Current Procedural Terminology",
        "American Medical Association",
        (f"{_THO}CPT",),
    ),
    SystemUri(
        "icd11",
        "http://id.who.int/icd/release/11/mms",
        "",
        "ICD11MMS",
        "International Classification of Diseases, 11th Revision, for Mortality and Morbidity "
        "Statistics",
        "World Health Organization",
        (f"{_THO}ICD11MMS",),
    ),
    SystemUri(
        "icd9cm",
        "http://hl7.org/fhir/sid/icd-9-cm",
        f"{_OID}103",
        "ICD9CM",
        "International Classification of Diseases, 9th Revision, Clinical Modification",
        "National Center for Health Statistics (CDC)",
        (
            f"{_THO}icd9cm",
            f"{_THO}ICD-9CM-diagnosiscodes",
            f"{_THO}ICD-9CM-procedurecodes",
            f"{_OID}2",
            f"{_OID}104",
        ),
    ),
    # WHO's own, which maps lead to. It is not loaded.
    SystemUri(
        "icd10",
        "http://hl7.org/fhir/sid/icd-10",
        f"{_OID}3",
        "ICD10",
        "International Classification of Diseases, 10th Revision",
        "World Health Organization",
        (f"{_THO}icd10",),
    ),
)
BY_SYSTEM: dict[str, SystemUri] = {one.system: one for one in SYSTEMS}
#: WHO puts the version into the URI, too: http://id.who.int/icd/release/11/2024-01/mms.
_ICD11_VERSIONED = re.compile(r"http://id\.who\.int/icd/release/11/(\d{4}-\d\d)/mms")
_YEAR, _MONTH = re.compile(r"\d{4}"), re.compile(r"\d{4}-\d\d")
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")


def plain_uri(uri: str) -> str:
    """A URI as it is compared: http for https, without a slash at its end, in lower case."""
    plain = uri.strip().rstrip("/").lower()
    return "http://" + plain.removeprefix("https://") if plain.startswith("https://") else plain


_BY_URI: dict[str, str] = {
    plain_uri(uri): one.system for one in SYSTEMS for uri in (one.uri, one.oid, *one.aliases) if uri
}


def uri_of(system: str) -> str:
    return BY_SYSTEM[system].uri


def system_of(uri: str) -> tuple[str, str]:
    """The system of a URI, and the version that the URI has (`uri|version`, or as WHO writes it);
    "" for none. Raises FhirFault."""
    plain, _, version = uri.partition("|")
    plain = plain_uri(plain)
    if match := _ICD11_VERSIONED.fullmatch(plain):
        return "icd11", version or match[1]
    system = _BY_URI.get(plain)
    if system is None:
        known = ", ".join(one.uri for one in SYSTEMS if one.system != "icd10")
        raise FhirFault("not-found", message("fhir.unknown_system", uri=uri, known=known))
    return system, version


def version_of(release: Release) -> str:
    """The version by which FHIR names an edition."""
    return release.effective_from.isoformat()[:7]


def loaded_versions(store: CodeStore, system: str) -> str:
    return ", ".join(version_of(release) for release in store.releases(system))


def release_named(store: CodeStore, system: str, version: str) -> Release | None:
    """The loaded edition that a version names: 2026-04; 20260401 and 2026-04-01, its first day;
    FY2026-April, as Code Desk names it; 2026, the newest of that year (a fiscal year for ICD-10).
    None when there is none."""
    named, releases = version.strip(), store.releases(system)
    matching: Sequence[Release] = [r for r in releases if r.label.lower() == named.lower()]
    if not matching and _MONTH.fullmatch(named):
        matching = [r for r in releases if version_of(r) == named]
    elif not matching and (match := _DAY.fullmatch(named)):
        first = "-".join(match.groups())
        matching = [r for r in releases if r.effective_from.isoformat() == first]
    elif not matching and _YEAR.fullmatch(named):
        matching = [r for r in releases if _year_of(r) == named]
    return matching[-1] if matching else None


def _year_of(release: Release) -> str:
    fiscal = re.match(r"FY(\d{4})", release.label)
    return fiscal[1] if fiscal else str(release.effective_from.year)


def loaded_system(store: CodeStore, system: str) -> System:
    """The same system, if codes of it can be asked about. Raises FhirFault."""
    if system == "icd9cm":
        raise FhirFault("not-found", message("fhir.only_mapped"))
    if not store.releases(system):
        name = SYSTEM_NAMES.get(system) or BY_SYSTEM[system].title
        how = message(f"load.{system}") if system in SYSTEM_NAMES else ""
        text = message("fhir.not_loaded", system=name, how=how).strip()
        raise FhirFault("not-found", text)
    return system  # type: ignore[return-value]  # it has releases


def instance_of(store: CodeStore, name: str) -> tuple[str, str]:
    """The system and the version of a CodeSystem by its id: icd10cm, icd10cm-2026-04. Raises
    FhirFault."""
    system, _, version = name.partition("-")
    if store.releases(system) and (not version or release_named(store, system, version)):
        return system, version
    text = message("fhir.unknown_resource", kind="CodeSystem", id=name)
    raise FhirFault("not-found", text)


def edition_of(
    store: CodeStore, system: System, version: str, day: dt.date | None, today: dt.date
) -> EditionAsked:
    """The edition that a request asks about, by `version`, by `date`, or the one of today. Raises
    FhirFault."""
    if not version:
        return on_day(store, system, day) if day else of_today(store, system, today)
    release = release_named(store, system, version)
    name = SYSTEM_NAMES[system]
    if release is None:
        loaded = loaded_versions(store, system)
        text = message("fhir.unknown_version", system=name, version=version, loaded=loaded)
        raise FhirFault("not-found", text)
    if day is None:
        return of_release(release, today)
    if release.days_away(day):
        text = message("fhir.not_in_force", version=version, system=name, date=day)
        raise FhirFault("invalid", text)
    return of_release(release, day)
