"""What went wrong, as FHIR says it: an OperationOutcome, with a status of HTTP.

Issue types: https://hl7.org/fhir/R4/valueset-issue-type.html. The finer kind of an issue is from
the code system of HL7's terminology ecosystem, as other terminology servers give it.
"""

from __future__ import annotations

from typing import Any, Literal

from codesets.errors import CodeDeskError

IssueType = Literal[
    "invalid",
    "required",
    "not-found",
    "code-invalid",
    "business-rule",
    "not-supported",
    "too-long",
    "too-costly",
    "security",
    "login",
    "forbidden",
    "throttled",
    "exception",
    "transient",
]
Severity = Literal["error", "warning", "information"]
#: A finer kind: invalid-code, invalid-display, not-in-vs, code-comment, not-found, invalid-data.
_FINER = "http://hl7.org/fhir/tools/CodeSystem/tx-issue-type"

_STATUS: dict[str, int] = {
    "not-found": 404,
    "security": 403,
    "login": 401,
    "forbidden": 403,
    "throttled": 429,
    "exception": 500,
    "transient": 503,
    "too-long": 413,
}


class FhirFault(CodeDeskError):
    """A request that is not answered; the message says what is wrong with it."""

    def __init__(
        self,
        issue: IssueType,
        text: str,
        *,
        status: int | None = None,
        finer: str = "",
        at: str = "",
    ) -> None:
        """`at`: the parameter that is meant. `finer`: the finer kind of the issue."""
        super().__init__(text)
        self.issue, self.at = issue, at
        self.finer = finer or ("not-found" if issue == "not-found" else "")
        self.status = status or _STATUS.get(issue, 400)

    def outcome(self) -> dict[str, Any]:
        return outcome(issue_of("error", self.issue, str(self), self.finer, self.at))


def issue_of(
    severity: Severity, issue: IssueType, text: str, finer: str = "", at: str = ""
) -> dict[str, Any]:
    """One issue. `at`: the parameter that is meant."""
    details: dict[str, Any] = {"text": text}
    if finer:
        details = {"coding": [{"system": _FINER, "code": finer}], **details}
    made: dict[str, Any] = {"severity": severity, "code": issue, "details": details}
    if at:
        made |= {"location": [at], "expression": [at]}
    return made


def outcome(*issues: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}
