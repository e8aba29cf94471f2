"""What the desk answers, in the shape that scripts rely on (`codedesk ask --json`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["answered", "verdict", "guideline", "abstained"]
Confidence = Literal["high", "medium", "low"]
Status = Literal["billable", "header", "not_yet_valid", "deleted", "unknown", "not_loaded"]


@dataclass(frozen=True, slots=True)
class CodeTitle:
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class ShownNote:
    """One published line of a note, as it is shown with a code that it governs.

    `inherited_from` is the code, section or chapter it is printed under; `codes` are the codes
    and ranges it names, as published.
    """

    kind: str
    text: str
    inherited_from: str
    codes: list[str]
    release: str


@dataclass(frozen=True, slots=True)
class ShownGuideline:
    section: str
    title: str
    page: int
    release: str


@dataclass(frozen=True, slots=True)
class Candidate:
    rank: int
    system: str
    code: str
    title: str
    billable: bool
    release: str
    score: float
    confidence: Confidence
    matched: list[str]
    ask_back: str | None = None
    completions: list[CodeTitle] = field(default_factory=list)
    report_with: list[dict[str, str]] = field(default_factory=list)
    notes: list[ShownNote] = field(default_factory=list)
    guidelines: list[ShownGuideline] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is true of one code on one date of service. "Billable" means complete and valid, not
    covered."""

    code: str
    system: str
    status: Status
    title: str
    release: str | None
    why: str
    completions: list[CodeTitle] = field(default_factory=list)
    replaced_by: list[CodeTitle] = field(default_factory=list)
    did_you_mean: list[CodeTitle] = field(default_factory=list)
    notes: list[ShownNote] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer:
    question: str
    as_of: str
    outcome: Outcome
    notices: list[str] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    guidelines: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    pairs: list[dict[str, Any]] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    elapsed_ms: float = 0.0
    #: release key -> label of the editions that answered; the log keeps them.
    releases: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The contract's object; `releases` is the log's and is left out."""
        found = asdict(self)
        found.pop("releases")
        return found

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Answer:
        """An answer out of the log, as it was given."""
        parts = dict(stored)
        parts["candidates"] = [_candidate(row) for row in stored["candidates"]]
        parts["verdicts"] = [_verdict(row) for row in stored["verdicts"]]
        return cls(**parts)


def _candidate(row: Mapping[str, Any]) -> Candidate:
    return Candidate(
        **{
            **row,
            "completions": [CodeTitle(**c) for c in row["completions"]],
            "notes": [ShownNote(**n) for n in row["notes"]],
            "guidelines": [ShownGuideline(**g) for g in row["guidelines"]],
        }
    )


def _verdict(row: Mapping[str, Any]) -> Verdict:
    lists = {
        name: [CodeTitle(**c) for c in row[name]]
        for name in ("completions", "replaced_by", "did_you_mean")
    }
    return Verdict(**{**row, **lists, "notes": [ShownNote(**n) for n in row["notes"]]})
