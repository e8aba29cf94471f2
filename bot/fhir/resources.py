"""Reads and searches the resources of this server: editions of code systems, their value sets, and
the maps. None has its codes in it, which the operations give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from bot.desk.terminology import Terminology
from bot.fhir import capability, translate
from bot.fhir.outcome import FhirFault
from bot.fhir.parameters import Inputs
from bot.fhir.systems import edition_of, instance_of
from bot.fhir.value_sets import value_set_of
from bot.messages import message


class Resources:
    """As of one day."""

    def __init__(self, terminology: Terminology, base: str, today: dt.date) -> None:
        self._store = terminology.store
        self._mappings = terminology.mappings
        self._base = base
        self._today = today

    def read(self, path: str, inputs: Inputs) -> dict[str, Any]:
        """The resource with an id (CodeSystem/icd10cm), or those that are searched for, as a Bundle
        (CodeSystem). Raises FhirFault."""
        kind, _, name = path.partition("/")
        readers = {
            "CodeSystem": self._code_systems,
            "ValueSet": self._value_sets,
            "ConceptMap": self._concept_maps,
        }
        if kind not in readers or "/" in name:
            raise FhirFault("not-found", message("fhir.unknown_path", base=self._base))
        found = readers[kind](inputs, name)
        if not name:
            return self._bundle(found)
        if not found:
            text = message("fhir.unknown_resource", kind=kind, id=name)
            raise FhirFault("not-found", text)
        return found[0]

    def _code_systems(self, inputs: Inputs, name: str) -> list[dict[str, Any]]:
        if not name:
            return capability.code_systems(self._store, inputs.text("url"), inputs.text("version"))
        system, version = instance_of(self._store, name)
        edition = edition_of(self._store, system, version, None, self._today)  # type: ignore[arg-type]
        return [capability.code_system(self._store, edition.release)]

    def _value_sets(self, inputs: Inputs, name: str) -> list[dict[str, Any]]:
        if name:
            systems = [s for s in self._store.all_systems if s == name]
        elif url := inputs.text("url"):
            try:
                systems = [s for s in self._store.all_systems if s == value_set_of(url).system]
            except FhirFault:
                systems = []
        else:
            systems = self._store.all_systems
        return [capability.value_set(self._store, system) for system in systems]

    def _concept_maps(self, inputs: Inputs, name: str) -> list[dict[str, Any]]:
        maps = translate.loaded_maps(self._mappings)
        url = inputs.text("url")
        return [
            translate.resource(one, self._mappings)
            for one in maps
            if name in ("", one.id) and url in ("", one.url)
        ]

    def _bundle(self, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
        bundle: dict[str, Any] = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(found),
        }
        if found:
            bundle["entry"] = [
                {
                    "fullUrl": f"{self._base}/{one['resourceType']}/{one['id']}",
                    "resource": one,
                    "search": {"mode": "match"},
                }
                for one in found
            ]
        return bundle
