"""Reads what a request gives: a query string, or a resource of the type Parameters; and writes
Parameters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.fhir.outcome import FhirFault
from bot.messages import message

#: The most codings of one CodeableConcept.
_MOST_CODINGS = 20


@dataclass(frozen=True, slots=True)
class Coding:
    """A code as a request gives it; "" for what it lacks. `at` is where it stands in the request,
    as a path of FHIR."""

    system: str
    code: str
    version: str = ""
    display: str = ""
    at: str = ""


class Inputs:
    """The parameters of one request, by name."""

    def __init__(self, given: Iterable[tuple[str, Any]]) -> None:
        self._given: dict[str, list[Any]] = {}
        for name, value in given:
            self._given.setdefault(name, []).append(value)

    @classmethod
    def of_resource(cls, resource: Any, query: Iterable[tuple[str, Any]] = ()) -> Inputs:
        """Those of a Parameters resource, and of the query string that came with it. Raises
        FhirFault."""
        if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
            raise FhirFault("invalid", message("fhir.no_resource", type="Parameters"))
        parts = resource.get("parameter", [])
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise FhirFault("invalid", message("fhir.no_resource", type="Parameters"))
        return cls([*((str(part.get("name")), _value(part)) for part in parts), *query])

    def with_first(self, name: str, value: str) -> Inputs:
        """The same with one more parameter, before others of its name."""
        others = [(n, v) for n, values in self._given.items() for v in values]
        return Inputs([(name, value), *others])

    def has(self, name: str) -> bool:
        return name in self._given

    def all(self, name: str) -> list[str]:
        return [value for value in self._given.get(name, ()) if isinstance(value, str)]

    def text(self, *names: str) -> str:
        """The first of these parameters that is given, without blanks around it; "" where none is.
        Raises FhirFault for one that is given twice with different values."""
        for name in names:
            values = list(dict.fromkeys(self.all(name)))
            if len(values) > 1:
                raise FhirFault("invalid", message("fhir.twice", name=name), at=name)
            if values:
                return values[0].strip()
        return ""

    def boolean(self, name: str) -> bool:
        """False where it is not given. Raises FhirFault."""
        value = self._given.get(name, [False])[0]
        if value in (True, "true"):
            return True
        if value in (False, "false"):
            return False
        raise FhirFault("invalid", message("fhir.bad_boolean", name=name), at=name)

    def number(self, name: str, default: int) -> int:
        """Raises FhirFault."""
        value = self._given.get(name, [default])[0]
        text = str(value)
        if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 10):
            raise FhirFault("invalid", message("fhir.bad_number", name=name), at=name)
        return int(text)

    def date(self, name: str = "date") -> dt.date | None:
        """A date, or the day of a moment; None where none is given. Raises FhirFault."""
        text = self.text(name)
        if not text:
            return None
        try:
            if len(text) < 10:
                raise ValueError(text)
            return dt.date.fromisoformat(text[:10])
        except ValueError:
            raise FhirFault("invalid", message("fhir.bad_date", name=name), at=name) from None

    def value(self, name: str) -> Any:
        return self._given.get(name, [None])[0]

    def coding(self, name: str) -> Coding | None:
        """A coding that is given as one; None where it is not. Raises FhirFault."""
        value = self.value(name)
        return None if value is None else _coding(value, name)

    def codings(self, systems: Sequence[str], versions: Sequence[str]) -> list[Coding]:
        """The code or codes that a request is about. `systems` and `versions` name the parameters
        that have the system and its version beside `code`. Raises FhirFault."""
        concept = self.value("codeableConcept")
        if concept is not None:
            codings = concept.get("coding") if isinstance(concept, dict) else None
            if not isinstance(codings, list) or not codings:
                raise FhirFault("required", message("fhir.no_code"), at="codeableConcept")
            if len(codings) > _MOST_CODINGS:
                text = message("fhir.too_many_codes", most=_MOST_CODINGS)
                raise FhirFault("too-costly", text)
            where = "CodeableConcept.coding"
            return [_coding(one, f"{where}[{place}]") for place, one in enumerate(codings)]
        if (coding := self.coding("coding")) is not None:
            return [
                Coding(
                    coding.system or self.text(*systems),
                    coding.code,
                    coding.version or self.text(*versions),
                    coding.display,
                    "Coding",
                )
            ]
        code = self._code()
        if not code:
            raise FhirFault("required", message("fhir.no_code"), at="code")
        return [Coding(self.text(*systems), code, self.text(*versions), self.text("display"))]

    def _code(self) -> str:
        return self.text("code")


def _coding(value: Any, at: str) -> Coding:
    names = ("system", "code", "version", "display")
    if not isinstance(value, dict) or not all(isinstance(value.get(n, ""), str) for n in names):
        raise FhirFault("invalid", message("fhir.no_code"), at=at)
    system, code, version, display = (value.get(name, "").strip() for name in names)
    if not code:
        raise FhirFault("required", message("fhir.no_code"), at=at)
    return Coding(system, code, version, display, at)


def _value(part: Mapping[str, Any]) -> Any:
    """The value of a parameter, whatever its type."""
    for name, value in part.items():
        if name.startswith("value") or name == "resource":
            return value
    return None


# Writing


def parameters(*parts: dict[str, Any] | None) -> dict[str, Any]:
    """A Parameters resource of what is there."""
    return {"resourceType": "Parameters", "parameter": [part for part in parts if part]}


def text_part(name: str, value: str, kind: str = "String") -> dict[str, Any] | None:
    """A parameter that is a text; None for an empty one, which FHIR does not have."""
    return {"name": name, f"value{kind}": value} if value else None


def flag_part(name: str, value: bool) -> dict[str, Any]:
    return {"name": name, "valueBoolean": value}
