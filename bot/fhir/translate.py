"""ConceptMap/$translate, and the maps themselves:
https://hl7.org/fhir/R4/conceptmap-operation-translate.html."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.desk.answer import Answer
from bot.desk.mapped import MapKind, Mapped, Mappings
from bot.fhir.outcome import FhirFault
from bot.fhir.parameters import flag_part, parameters, text_part
from bot.fhir.systems import BY_SYSTEM, plain_uri, system_of, uri_of
from bot.fhir.value_sets import value_set_of
from bot.messages import message
from bot.views.wording import in_words
from codesets.model import Reference


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """One of the maps. Several may be in one published table: `kind`."""

    id: str
    kind: MapKind
    source: str
    target: str
    title: str
    publisher: str
    of_who: bool = False

    @property
    def url(self) -> str:
        return f"urn:codedesk:conceptmap:{self.id}"


_CMS = "Centers for Medicare & Medicaid Services"
_WHO = "World Health Organization"
_GEMS = "General Equivalence Mappings"
MAPS: tuple[ConceptMap, ...] = (
    ConceptMap(
        "icd9cm-icd10cm", "9to10", "icd9cm", "icd10cm", f"{_GEMS}: ICD-9-CM to ICD-10-CM", _CMS
    ),
    ConceptMap(
        "icd9cm-icd10pcs", "9to10", "icd9cm", "icd10pcs", f"{_GEMS}: ICD-9-CM to ICD-10-PCS", _CMS
    ),
    ConceptMap(
        "icd10cm-icd9cm", "10to9", "icd10cm", "icd9cm", f"{_GEMS}: ICD-10-CM to ICD-9-CM", _CMS
    ),
    ConceptMap(
        "icd10pcs-icd9cm", "10to9", "icd10pcs", "icd9cm", f"{_GEMS}: ICD-10-PCS to ICD-9-CM", _CMS
    ),
    ConceptMap(
        "icd10cm-icd11",
        "10to11",
        "icd10cm",
        "icd11",
        "ICD-10 to ICD-11, by WHO, for codes of ICD-10-CM",
        _WHO,
        of_who=True,
    ),
    ConceptMap(
        "icd11-icd10", "11to10", "icd11", "icd10", "ICD-11 to ICD-10, by WHO", _WHO, of_who=True
    ),
)


def references(concept_map: ConceptMap, mappings: Mappings) -> list[Reference]:
    """The loaded references that a map is read from, oldest edition first."""
    if concept_map.of_who:
        return mappings.loaded(concept_map.kind)
    procedures = "icd10pcs" in (concept_map.source, concept_map.target)
    return mappings.loaded(concept_map.kind, procedures)


def loaded_maps(mappings: Mappings) -> list[ConceptMap]:
    return [one for one in MAPS if references(one, mappings)]


def map_of(source: str, target: str, url: str) -> ConceptMap:
    """The map from a code system (its name here) to another (a URI, or the URL of a value set), or
    the map with a URL. Raises FhirFault."""
    if url:
        for one in MAPS:
            if plain_uri(url.partition("|")[0]) == one.url and one.source == source:
                return one
        raise FhirFault("not-found", _no_map(source, url), at="url")
    if not target:
        raise FhirFault("required", message("fhir.no_target"), at="targetsystem")
    to = value_set_of(target).system if "?" in target else system_of(target)[0]
    for one in MAPS:
        if (one.source, one.target) == (source, to):
            return one
    raise FhirFault("not-found", _no_map(source, uri_of(to)), at="targetsystem")


def _no_map(source: str, target: str) -> str:
    known = "; ".join(f"{uri_of(one.source)} to {uri_of(one.target)}" for one in MAPS)
    return message("fhir.no_map_between", source=uri_of(source), target=target, known=known)


def translated(concept_map: ConceptMap, answer: Answer, rows: list[Mapped]) -> dict[str, Any]:
    """The matches for a code: those of the target of this map, and one that says "unmatched" where
    the publisher says that there is none."""
    ours = [r for r in rows if r.system == concept_map.target or r.equivalence == "unmatched"]
    said = list(dict.fromkeys(_says(row, answer) for row in ours))
    return parameters(
        flag_part("result", any(row.equivalence != "unmatched" for row in ours)),
        text_part("message", " ".join([*answer.notices, *said]) or answer.headline.text),
        *(_match(concept_map, row, _says(row, answer)) for row in ours),
    )


def _says(row: Mapped, answer: Answer) -> str:
    return " ".join(in_words(why, answer.as_of) for why in row.reasons)


def _match(concept_map: ConceptMap, row: Mapped, says: str) -> dict[str, Any]:
    parts: list[dict[str, Any] | None] = [{"name": "equivalence", "valueCode": row.equivalence}]
    if row.code:
        coding = {"system": uri_of(row.system), "code": row.code}
        coding |= {"display": row.title} if row.title else {}
        parts.append({"name": "concept", "valueCoding": coding})
    parts += [text_part("comment", says), text_part("source", concept_map.url, "Uri")]
    return {"name": "match", "part": [part for part in parts if part]}


def resource(concept_map: ConceptMap, mappings: Mappings) -> dict[str, Any]:
    """The ConceptMap without its rows, which $translate gives code by code."""
    newest = references(concept_map, mappings)[-1]
    source, target = uri_of(concept_map.source), uri_of(concept_map.target)
    made = {
        "resourceType": "ConceptMap",
        "id": concept_map.id,
        "url": concept_map.url,
        "version": newest.label,
        "name": "".join(BY_SYSTEM[s].name for s in (concept_map.source, concept_map.target)),
        "title": concept_map.title,
        "status": "active",
        "publisher": concept_map.publisher,
        "description": newest.name,
        "sourceUri": f"{source}?fhir_vs",
        "targetUri": f"{target}?fhir_vs",
    }
    if concept_map.of_who:
        made["copyright"] = message("fhir.copyright_icd11")
    return made
