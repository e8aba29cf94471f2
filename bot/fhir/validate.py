"""$validate-code of CodeSystem and ValueSet, and CodeSystem/$subsumes:
https://hl7.org/fhir/R4/codesystem-operation-validate-code.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.desk.answer import Answer
from bot.desk.edition_asked import EditionAsked
from bot.desk.terminology import VALID, Subsumption, Terminology
from bot.fhir.lookup import not_covered, told
from bot.fhir.outcome import FhirFault, issue_of, outcome
from bot.fhir.parameters import Coding, flag_part, parameters, text_part
from bot.fhir.systems import uri_of, version_of
from bot.messages import message
from codesets.model import System


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of one coding. `issues` are those of an OperationOutcome; `display` the title
    of the code."""

    coding: Coding
    result: bool
    issues: list[dict[str, Any]]
    system: str
    version: str = ""
    display: str = ""
    inactive: bool = False


def check(
    terminology: Terminology,
    system: System,
    coding: Coding,
    asked: EditionAsked,
    answer: Answer,
) -> Checked:
    """Whether a code may be used in an edition, by the verdict in `answer`, and is called so."""
    (verdict,) = answer.verdicts
    at = _at(coding, "code")
    status = verdict.status
    if status == "not_covered":
        return unknown(coding, not_covered(terminology.store, system, coding.code, asked), system)
    issues = []
    result = status in VALID
    if not result:
        finer = "code-comment" if status == "deleted" else "invalid-code"
        issues.append(issue_of("error", "code-invalid", told(answer), finer, at))
    elif coding.display and not terminology.is_named(verdict, coding.display, asked):
        result = False
        text = message(
            "fhir.display_valid",
            display=coding.display,
            code=coding.code,
            title=verdict.title,
        )
        issues.append(issue_of("error", "invalid", text, "invalid-display", _at(coding, "display")))
    if status == "header":
        text = message("fhir.billable_not", code=coding.code)
        issues.append(issue_of("information", "business-rule", text, "code-comment", at))
    issues += [
        issue_of("information", "business-rule", notice, "", _at(coding, "version"))
        for notice in _of_edition(answer, asked)
    ]
    return Checked(
        coding,
        result,
        issues,
        uri_of(system),
        version_of(asked.release),
        verdict.title if status in VALID or status == "deleted" else "",
        status == "deleted",
    )


def _of_edition(answer: Answer, asked: EditionAsked) -> list[str]:
    """What must be said of the edition: where none was asked for, the first notice says so."""
    return answer.notices[: len(asked.reasons)]


def unknown(coding: Coding, fault: FhirFault, system: str = "") -> Checked:
    """A coding that cannot be checked: its system is not known or not loaded, its version is not
    loaded, or no edition answers for the date."""
    at = _at(coding, "system")
    uri = uri_of(system) if system else coding.system
    issue = issue_of("error", fault.issue, str(fault), fault.finer, at)
    return Checked(coding, False, [issue], uri, coding.version)


def not_in_value_set(checked: Checked, url: str) -> Checked:
    """The same coding, asked about for the value set of another system."""
    coding = checked.coding
    text = message("fhir.not_in_value_set", system=coding.system, code=coding.code, url=url)
    issue = issue_of("error", "code-invalid", text, "not-in-vs", _at(coding, "code"))
    return Checked(coding, False, [issue], coding.system, coding.version)


def validated(found: Sequence[Checked], concept: dict[str, Any] | None = None) -> dict[str, Any]:
    """The Parameters for one coding, or for several of one concept, which is valid if one of them
    is; what is wrong with the others are warnings then. `concept`: the CodeableConcept as given."""
    best = next((one for one in found if one.result), found[0])
    issues = [
        issue | {"severity": "warning"} if best.result and issue["severity"] == "error" else issue
        for one in found
        for issue in one.issues
    ]
    worst = next((one for one in ("error", "warning") if _texts(issues, one)), "information")
    given = {"name": "codeableConcept", "valueCodeableConcept": concept} if concept else None
    return parameters(
        flag_part("result", best.result),
        text_part("message", "; ".join(_texts(issues, worst))),
        text_part("display", best.display),
        text_part("code", best.coding.code, "Code"),
        text_part("system", best.system, "Uri"),
        text_part("version", best.version),
        flag_part("inactive", True) if best.inactive else None,
        given,
        {"name": "issues", "resource": outcome(*issues)} if issues else None,
    )


def _texts(issues: Sequence[dict[str, Any]], severity: str) -> list[str]:
    return [one["details"]["text"] for one in issues if one["severity"] == severity]


def subsumes(found: Subsumption | None, answer: Answer) -> dict[str, Any]:
    """The outcome of $subsumes. Raises FhirFault where a code is not in the edition."""
    if found is None:
        why = " ".join(v.why for v in answer.verdicts if v.status not in VALID)
        raise FhirFault("not-found", why, finer="invalid-code")
    return parameters(text_part("outcome", found, "Code"))


def _at(coding: Coding, part: str) -> str:
    """Where a part of a coding stands in the request."""
    return f"{coding.at}.{part}" if coding.at else part
