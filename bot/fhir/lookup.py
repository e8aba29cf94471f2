"""CodeSystem/$lookup: https://hl7.org/fhir/R4/codesystem-operation-lookup.html."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any

from bot.desk.answer import Answer
from bot.desk.edition_asked import EditionAsked
from bot.desk.terminology import VALID, Terminology
from bot.fhir.outcome import FhirFault
from bot.fhir.parameters import flag_part, parameters, text_part
from bot.fhir.systems import loaded_versions, uri_of, version_of
from bot.messages import message
from codesets.model import NOTE_HEADINGS, SYSTEM_NAMES, Code, Indicators, System, Term
from codesets.store.code_store import CodeStore

#: What `property` may ask for besides the properties: all of them, or the other names of a code.
_ALL, _DESIGNATION = "*", "designation"
#: Properties that are given unasked. The notes of the Tabular List are given when they are asked
#: for, by their kinds.
USUAL = (
    "inactive", "status", "billable", "parent", "child", "release", "editionFrom",
    "editionThrough", "effectiveFrom", "effectiveThrough", "replacedBy",
)  # fmt: skip
NOTES = tuple(NOTE_HEADINGS)
_DISPLAY_USE = {
    "system": "http://terminology.hl7.org/CodeSystem/designation-usage",
    "code": "display",
}


def asks_for_notes(wanted: Collection[str]) -> bool:
    """Whether the properties that are asked for have notes among them."""
    return _ALL in wanted or not set(NOTES).isdisjoint(wanted)


def lookup(
    terminology: Terminology,
    system: System,
    code: str,
    asked: EditionAsked,
    answer: Answer,
    wanted: Collection[str],
) -> dict[str, Any]:
    """What is known of a code, by the verdict in `answer`. `wanted`: the properties that are asked
    for, [] for the usual ones. Raises FhirFault where the edition has no such code."""
    (verdict,) = answer.verdicts
    store = terminology.store
    if verdict.status == "not_covered":
        raise not_covered(store, system, code, asked)
    known = terminology.code(system, code, asked)
    if known is None or verdict.status not in {*VALID, "deleted"}:
        raise FhirFault("not-found", told(answer), finer="invalid-code")
    properties = list(_properties(store, known, answer, asked, wanted))
    return parameters(
        text_part("name", f"{SYSTEM_NAMES[system]} {asked.release.label}"),
        text_part("version", version_of(asked.release)),
        text_part("display", known.title),
        text_part("code", known.code, "Code"),
        text_part("system", uri_of(system), "Uri"),
        *designations(store, known, asked, wanted),
        *properties,
    )


def not_covered(store: CodeStore, system: System, code: str, asked: EditionAsked) -> FhirFault:
    """That no loaded edition answers for the date."""
    text = message(
        "fhir.not_covered",
        system=SYSTEM_NAMES[system],
        date=asked.day,
        code=code,
        loaded=loaded_versions(store, system),
    )
    return FhirFault("not-found", text)


def told(answer: Answer) -> str:
    """The verdict of an answer, and what else must be said, in sentences."""
    (verdict,) = answer.verdicts
    similar = ", ".join(one.code for one in verdict.did_you_mean)
    more = [message("fhir.did_you_mean", codes=similar)] if similar else []
    return " ".join([verdict.why, *answer.notices, *more])


def designations(
    store: CodeStore, code: Code, asked: EditionAsked, wanted: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Other names of a code, where they are asked for: inclusion terms of the Tabular List, the
    short description of HCPCS Level II."""
    if not {_ALL, _DESIGNATION}.intersection(wanted):
        return
    for value in other_names(store, code, asked):
        use = {"name": "use", "valueCoding": _DISPLAY_USE}
        language = {"name": "language", "valueCode": "en"}
        yield {
            "name": "designation",
            "part": [language, use, {"name": "value", "valueString": value}],
        }


def other_names(store: CodeStore, code: Code, asked: EditionAsked) -> list[str]:
    """Other names of a code in its edition, each once; [] for none."""
    if code.system == "icd10cm":
        terms = store.rows(Term, asked.release, code=code.code, kind="inclusion_term")
        found = [term.text for term in terms]
    elif code.system == "hcpcs":
        rows = store.rows(Indicators, asked.release, code=code.code)
        found = [row.short_title for row in rows]
    else:
        found = []
    return [name for name in dict.fromkeys(found) if name and name != code.title]


def _properties(
    store: CodeStore,
    code: Code,
    answer: Answer,
    asked: EditionAsked,
    wanted: Collection[str],
) -> Iterator[dict[str, Any]]:
    (verdict,) = answer.verdicts
    chosen = {*USUAL, *NOTES} if _ALL in wanted else set(wanted) or set(USUAL)
    release = asked.release
    if "inactive" in chosen:
        yield _property("inactive", flag_part("value", verdict.status == "deleted"))
    if "status" in chosen:
        yield _property("status", text_part("value", verdict.status, "Code"))
    if "billable" in chosen and code.system != "icd11":
        yield _property("billable", flag_part("value", verdict.status == "billable"))
    if "parent" in chosen and code.parent:
        above = store.get(release, code.parent)
        title = above.title if above else ""
        yield _property("parent", text_part("value", code.parent, "Code"), title)
    if "child" in chosen and verdict.status in ("header", "not_billed"):
        for below in store.children(release, code.code):
            yield _property("child", text_part("value", below.code, "Code"), below.title)
    if "release" in chosen:
        yield _property("release", text_part("value", release.label))
    days = {
        "editionFrom": release.effective_from,
        "editionThrough": release.effective_through,
        "effectiveFrom": code.effective_from,
        "effectiveThrough": code.effective_through,
    }
    for name, day in days.items():
        if name in chosen and day is not None and day != dt.date.max:
            yield _property(name, text_part("value", day.isoformat(), "DateTime"))
    if "replacedBy" in chosen:
        for other in verdict.replaced_by:
            yield _property("replacedBy", text_part("value", other.code, "Code"), other.title)
    for note in verdict.notes:
        if note.kind in chosen:
            yield _property(note.kind, text_part("value", note.text), note.inherited_from)


def _property(code: str, value: dict[str, Any] | None, description: str = "") -> dict[str, Any]:
    parts = [
        {"name": "code", "valueCode": code},
        value,
        text_part("description", description),
    ]
    return {"name": "property", "part": [part for part in parts if part]}
