"""The value sets that each code system implies, by their URLs: all of its codes
(`SYSTEM?fhir_vs`), or a code and what stands under it (`SYSTEM?fhir_vs=isa/E11`)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.fhir.outcome import FhirFault
from bot.fhir.systems import BY_SYSTEM, SYSTEMS, system_of, uri_of
from bot.messages import message

_ALL = "?fhir_vs"
_UNDER = "?fhir_vs=isa/"


@dataclass(frozen=True, slots=True)
class ValueSet:
    """`under`: a code, of which and of whose descendants the value set consists; "" for all."""

    system: str
    version: str = ""
    under: str = ""

    @property
    def url(self) -> str:
        return uri_of(self.system) + (_UNDER + self.under if self.under else _ALL)

    @property
    def name(self) -> str:
        return BY_SYSTEM[self.system].name + ("Under" + _letters(self.under) if self.under else "")


def value_set_of(url: str) -> ValueSet:
    """The value set of a URL, with the version that it may have. Raises FhirFault."""
    if not url:
        raise FhirFault("required", message("fhir.no_value_set"), at="url")
    plain, _, version = url.partition("|")
    uri, under = plain, ""
    if _UNDER in plain:
        uri, _, under = plain.partition(_UNDER)
    elif plain.endswith(_ALL):
        uri = plain.removesuffix(_ALL)
    elif plain.endswith("/vs"):
        uri = plain.removesuffix("/vs")
    try:
        system, of_uri = system_of(uri)
    except FhirFault:
        known = ", ".join(
            one.uri + _ALL for one in SYSTEMS if one.system not in ("icd9cm", "icd10")
        )
        raise FhirFault(
            "not-found", message("fhir.unknown_value_set", url=url, known=known), at="url"
        ) from None
    return ValueSet(system, version or of_uri, under)


def _letters(code: str) -> str:
    return "".join(letter for letter in code if letter.isalnum())
