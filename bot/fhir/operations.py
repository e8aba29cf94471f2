"""What a request to this server asks, and its answer as a resource of FHIR. Nothing of HTTP and
nothing of the log: what is to go on record comes with the result.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.desk.answer import Answer, Headline
from bot.desk.edition_asked import EditionAsked
from bot.desk.terminology import Terminology
from bot.fhir import expand, translate, validate
from bot.fhir.lookup import asks_for_notes, lookup, not_covered
from bot.fhir.outcome import FhirFault
from bot.fhir.parameters import Coding, Inputs
from bot.fhir.resources import Resources
from bot.fhir.systems import (
    edition_of,
    instance_of,
    loaded_system,
    system_of,
    uri_of,
)
from bot.fhir.validate import Checked
from bot.fhir.value_sets import ValueSet, value_set_of
from bot.messages import message
from bot.phi import Scrubber, scrub_head
from codesets.model import System

#: Asks the desk in words, which goes on record by itself: the words, the most codes, the systems,
#: the date of service.
Search = Callable[[str, int, Sequence[System], dt.date], Answer]


class Desk(Protocol):
    """What is needed of a desk."""

    @property
    def terminology(self) -> Terminology: ...

    @property
    def scrubber(self) -> Scrubber: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as the log has it: its scrubbed text, what was removed of it, the options by
    which a replay asks it again, and its answer."""

    text: str
    options: dict[str, Any]
    answer: Answer
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A resource, its status of HTTP, and what goes on record."""

    resource: dict[str, Any]
    asked: tuple[Asked, ...] = ()
    status: int = 200
    #: Whether the same request has the same answer as long as nothing new is loaded.
    lasting: bool = True
    #: Ids of questions that are on record already.
    on_record: tuple[str, ...] = field(default=())


class Operations:
    """The operations over one desk, as of one day. Safe to use from many threads."""

    def __init__(self, desk: Desk, search: Search, today: dt.date, base: str) -> None:
        """`base`: the address of this server, as clients call it."""
        self._terminology = desk.terminology
        self._store = desk.terminology.store
        self._scrubber = desk.scrubber
        self._search = search
        self._today = today
        self._base = base
        self._operations: dict[str, Callable[[Inputs, str], Result]] = {
            "CodeSystem/$lookup": self._lookup,
            "CodeSystem/$validate-code": self._validate_code,
            "CodeSystem/$subsumes": self._subsumes,
            "ValueSet/$expand": self._expand,
            "ValueSet/$validate-code": self._validate_in_set,
            "ConceptMap/$translate": self._translate,
        }

    @staticmethod
    def split(path: str) -> tuple[str, str]:
        """The operation of a path and the id of the resource that it is called on: ValueSet/$expand
        and "icd10cm" for ValueSet/icd10cm/$expand; the path and "" for another."""
        parts = path.split("/")
        if len(parts) == 3 and parts[2].startswith("$"):
            return f"{parts[0]}/{parts[2]}", parts[1]
        return path, ""

    def has(self, path: str) -> bool:
        """Whether a path is that of an operation, which may be called by GET and by POST."""
        return self.split(path)[0] in self._operations

    def run(self, path: str, inputs: Inputs) -> Result:
        """The answer to a request for a path below the base. Raises FhirFault where there is
        nothing to go on record."""
        name, instance = self.split(path)
        if operation := self._operations.get(name):
            return operation(inputs, instance)
        resources = Resources(self._terminology, self._base, self._today)
        return Result(resources.read(path.removesuffix("/_search"), inputs))

    # What is on record

    def _scrub(self, text: str) -> tuple[str, tuple[str, ...]]:
        scrubbed = scrub_head(self._scrubber, text)
        return scrubbed.text, tuple(scrubbed.removed)

    def _refused(self, operation: str, codings: Sequence[Coding], fault: FhirFault) -> Result:
        """A request with codes that cannot be answered: what was asked is on record, and why it was
        refused."""
        typed = " ".join(f"{one.code} {one.display}".strip() for one in codings)
        text, removed = self._scrub(typed)
        why = self._scrub(str(fault))[0]
        answer = Answer(
            text,
            self._today.isoformat(),
            "abstained",
            headline=Headline("none", text=why),
            notices=[why],
        )
        options = {"operation": operation, "refused": fault.issue}
        return Result(fault.outcome(), (Asked(text, options, answer, removed),), fault.status)

    # One code

    def _edition(
        self, coding: Coding, day: dt.date | None, instance: str = ""
    ) -> tuple[System, EditionAsked]:
        """The system and the edition of a coding. Raises FhirFault."""
        uri, version = coding.system, coding.version
        if instance:
            system, version = instance_of(self._store, instance)
        else:
            if not uri:
                raise FhirFault(
                    "invalid", message("fhir.no_system"), finer="invalid-data", at=coding.at
                )
            system, of_uri = system_of(uri)
            version = version or of_uri
        named = loaded_system(self._store, system)
        return named, edition_of(self._store, named, version, day, self._today)

    def _verdict(
        self,
        operation: str,
        system: System,
        coding: Coding,
        asked: EditionAsked,
        notes: bool = False,
    ) -> Asked:
        code, display = coding.code, coding.display
        removed: tuple[str, ...] = ()
        answer = self._terminology.verdict(system, code, asked, display=display, notes=notes)
        (verdict,) = answer.verdicts
        if verdict.status == "unknown" and not verdict.title:
            # Whatever was typed for a code is shown and stored scrubbed.
            code, removed = self._scrub(code)
            if code != coding.code:
                answer = self._terminology.verdict(system, code, asked)
        if display and not self._terminology.is_named(verdict, display, asked):
            display, more = self._scrub(display)
            removed = tuple(dict.fromkeys((*removed, *more)))
        options: dict[str, Any] = {"operation": operation, "systems": [system]}
        if display and not code.count(" "):
            options["display"] = True
        else:
            display = ""
        if notes:
            options["notes"] = True
        return Asked(f"{code} {display}".strip(), options, answer, removed)

    def _lookup(self, inputs: Inputs, instance: str) -> Result:
        codings = inputs.codings(("system",), ("version",))
        day, wanted = inputs.date(), inputs.all("property")
        coding = codings[0]
        try:
            system, edition = self._edition(coding, day, instance)
        except FhirFault as fault:
            return self._refused("lookup", [coding], fault)
        coding = Coding(coding.system, coding.code)  # A display is not checked here.
        asked = self._verdict("lookup", system, coding, edition, asks_for_notes(wanted))
        try:
            resource = lookup(self._terminology, system, coding.code, edition, asked.answer, wanted)
        except FhirFault as fault:
            return Result(fault.outcome(), (asked,), fault.status)
        return Result(resource, (asked,))

    def _validate_code(self, inputs: Inputs, instance: str) -> Result:
        codings = inputs.codings(("url", "system"), ("version",))
        return self._validated(inputs, codings, instance)

    def _validate_in_set(self, inputs: Inputs, instance: str) -> Result:
        if instance and not self._store.releases(instance):
            text = message("fhir.unknown_resource", kind="ValueSet", id=instance)
            raise FhirFault("not-found", text)
        if inputs.value("valueSet") is not None:
            raise FhirFault("not-supported", message("fhir.no_compose"), at="valueSet")
        codings = inputs.codings(("system",), ("systemVersion",))
        try:
            within = ValueSet(instance) if instance else value_set_of(inputs.text("url"))
        except FhirFault as fault:
            return self._refused("validate", codings, fault)
        return self._validated(inputs, codings, "", within)

    def _validated(
        self,
        inputs: Inputs,
        codings: Sequence[Coding],
        instance: str,
        within: ValueSet | None = None,
    ) -> Result:
        day = inputs.date()
        alone = inputs.value("codeableConcept") is None and inputs.value("coding") is None
        found, on_record = [], []
        for coding in codings:
            if within and not coding.system and alone and not inputs.has("system"):
                # `inferSystem`: the value set is of one system.
                coding = Coding(uri_of(within.system), coding.code, coding.version, coding.display)
            if not coding.system and not instance and alone:
                raise FhirFault("required", message("fhir.no_system"), at="url")
            checked, asked = self._checked(coding, day, instance, within)
            found.append(checked)
            on_record.append(asked)
        concept = inputs.value("codeableConcept")
        return Result(validate.validated(found, concept), tuple(on_record))

    def _checked(
        self, coding: Coding, day: dt.date | None, instance: str, within: ValueSet | None
    ) -> tuple[Checked, Asked]:
        if within and within.version and not coding.version:
            coding = Coding(coding.system, coding.code, within.version, coding.display, coding.at)
        try:
            system, edition = self._edition(coding, day, instance)
        except FhirFault as fault:
            asked = self._refused("validate", [coding], fault).asked[0]
            return validate.unknown(coding, fault), asked
        asked = self._verdict("validate", system, coding, edition)
        if asked.answer.verdicts[0].code != coding.code:
            coding = Coding(coding.system, asked.answer.verdicts[0].code, at=coding.at)
        checked = validate.check(self._terminology, system, coding, edition, asked.answer)
        if within and not self._is_within(within, system, coding.code, edition):
            checked = validate.not_in_value_set(checked, within.url)
        return checked, asked

    def _is_within(self, within: ValueSet, system: str, code: str, edition: EditionAsked) -> bool:
        if within.system != system:
            return False
        if not within.under or code == within.under:
            return True
        known = self._store.get(edition.release, code)
        above = self._store.ancestors(edition.release, known) if known else []
        return known is None or within.under in (one.code for one in above)

    # Two codes

    def _subsumes(self, inputs: Inputs, instance: str) -> Result:
        one, other = inputs.coding("codingA"), inputs.coding("codingB")
        if one is None and other is None:
            system, version = inputs.text("system"), inputs.text("version")
            first, second = inputs.text("codeA"), inputs.text("codeB")
            if first and second:
                one = Coding(system, first, version)
                other = Coding(system, second, version)
        if one is None or other is None:
            raise FhirFault("required", message("fhir.no_other_code"))
        if not one.system and not instance:
            raise FhirFault("invalid", message("fhir.no_system"), finer="invalid-data")
        try:
            named, edition = self._edition(one, inputs.date(), instance)
            if not instance and (system_of(other.system)[0] if other.system else named) != named:
                raise FhirFault("invalid", message("fhir.two_systems"))
            if not edition.covers:
                raise not_covered(self._store, named, one.code, edition)
        except FhirFault as fault:
            return self._refused("subsumes", [one, other], fault)
        codes = [self._scrub(c.code)[0] if not self._known(named, c.code, edition) else c.code
                 for c in (one, other)]  # fmt: skip
        answer, found = self._terminology.subsumption(named, codes[0], codes[1], edition)
        options = {"operation": "subsumes", "systems": [named]}
        asked = (Asked(" ".join(codes), options, answer),)
        try:
            return Result(validate.subsumes(found, answer), asked)
        except FhirFault as fault:
            return Result(fault.outcome(), asked, fault.status)

    def _known(self, system: str, code: str, edition: EditionAsked) -> bool:
        return self._terminology.code(system, code, edition) is not None

    # Value sets

    def _expand(self, inputs: Inputs, instance: str) -> Result:
        if inputs.value("valueSet") is not None:
            raise FhirFault("not-supported", message("fhir.no_compose"), at="valueSet")
        if instance and not self._store.releases(instance):
            text = message("fhir.unknown_resource", kind="ValueSet", id=instance)
            raise FhirFault("not-found", text)
        within = ValueSet(instance) if instance else value_set_of(inputs.text("url"))
        wanted = expand.Wanted(
            count=min(inputs.number("count", expand.COUNT), expand.MOST),
            offset=inputs.number("offset", 0),
            filter=inputs.text("filter"),
            active_only=inputs.boolean("activeOnly"),
            designations=inputs.boolean("includeDesignations"),
        )
        system = loaded_system(self._store, within.system)
        version = inputs.text("valueSetVersion") or within.version
        version = version or self._pinned(inputs, system)
        edition = edition_of(self._store, system, version, inputs.date(), self._today)
        if not edition.covers:
            raise not_covered(self._store, system, within.under or within.url, edition)
        if within.under and self._store.get(edition.release, within.under) is None:
            text = message("fhir.unknown_value_set", url=within.url, known=ValueSet(system).url)
            raise FhirFault("not-found", text, at="url")
        if wanted.filter:
            return self._found(within, system, edition, wanted)
        answer, total, codes = self._terminology.listed(
            system, edition, wanted.count, wanted.offset, within.under
        )
        codes = expand.in_force(codes, edition, wanted)
        text = f"{within.under} {wanted.offset} {wanted.count}".strip()
        options = {"operation": "list", "systems": [system], "under": bool(within.under)}
        resource = expand.expansion(self._store, within, edition, wanted, codes, total)
        return Result(resource, (Asked(text, options, answer),), lasting=False)

    def _pinned(self, inputs: Inputs, system: str) -> str:
        """The version that `system-version` or `force-system-version` asks for; "" for none."""
        for name in ("force-system-version", "system-version"):
            for canonical in inputs.all(name):
                named, version = system_of(canonical)
                if named == system:
                    return version
        return ""

    def _found(
        self, within: ValueSet, system: System, edition: EditionAsked, wanted: expand.Wanted
    ) -> Result:
        """What a search finds, best first. The words are logged with their answer by the search."""
        limit = min(wanted.offset + max(wanted.count, 1), expand.MOST_FOUND)
        answer = self._search(wanted.filter, limit, [system], edition.day)
        codes = expand.found_codes(self._store, edition.release, answer, within)
        codes = expand.in_force(codes, edition, wanted)
        page = codes[wanted.offset : wanted.offset + wanted.count]
        resource = expand.expansion(self._store, within, edition, wanted, page, None)
        return Result(resource, lasting=False, on_record=(answer.id,))

    # Maps

    def _translate(self, inputs: Inputs, instance: str) -> Result:
        (coding, *_) = inputs.codings(("system",), ("version",))
        try:
            if inputs.boolean("reverse"):
                raise FhirFault("not-supported", message("fhir.no_reverse"), at="reverse")
            concept_map = self._map(coding, inputs, instance)
            if not translate.references(concept_map, self._terminology.mappings):
                raise FhirFault(
                    "not-found",
                    message("fhir.not_loaded", system=concept_map.title, how="").strip(),
                )
        except FhirFault as fault:
            return self._refused("translate", [coding], fault)
        text = coding.code
        removed: tuple[str, ...] = ()
        answer, rows = self._terminology.translated(concept_map.kind, text, self._today)
        if not rows:
            text, removed = self._scrub(text)
            answer, rows = self._terminology.translated(concept_map.kind, text, self._today)
        options = {"operation": "translate", "map": concept_map.kind}
        resource = translate.translated(concept_map, answer, rows)
        return Result(resource, (Asked(text, options, answer, removed),))

    def _map(self, coding: Coding, inputs: Inputs, instance: str) -> translate.ConceptMap:
        for one in translate.loaded_maps(self._terminology.mappings):
            if one.id == instance:
                return one
        if instance:
            text = message("fhir.unknown_resource", kind="ConceptMap", id=instance)
            raise FhirFault("not-found", text)
        if not coding.system:
            raise FhirFault("required", message("fhir.no_system"), at="system")
        target = inputs.text("targetsystem", "targetSystem", "target")
        return translate.map_of(system_of(coding.system)[0], target, inputs.text("url"))

    def _map_named(self, name: str) -> translate.ConceptMap:
        for one in translate.loaded_maps(self._terminology.mappings):
            if one.id == name:
                return one
        raise FhirFault("not-found", message("fhir.unknown_resource", kind="ConceptMap", id=name))
