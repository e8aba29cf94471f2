"""What the desk answers, in the shape that scripts rely on (`codedesk ask --json`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import msgspec

from codesets.model import CodeKind
from index.search.confidence import Confidence

Outcome = Literal["answered", "verdict", "guideline", "changes", "abstained"]
#: `not_covered`: no loaded edition covers the date, and `why` tells what the nearest one says.
Status = Literal[
    "billable", "header", "not_covered", "not_yet_valid", "deleted", "unknown", "not_loaded"
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is so, before it is worded: `key` names a message of prompts/, and `params`
    fill its places. A param may be a Reason, which is worded in its place. The date of service is
    never among them: a message that has `{day}` gets the answer's own.
    """

    key: str
    params: Mapping[str, Any] = field(default_factory=dict)


def reason(key: str, /, **params: Any) -> Reason:
    return Reason(key, params)


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
    """A section of the Official Guidelines that governs a code; `page` is that of the published
    PDF, None where the guidelines were not loaded from one."""

    section: str
    title: str
    page: int | None
    release: str


@dataclass(frozen=True, slots=True)
class QuotedGuideline:
    """A section that answers a question about a rule, in its own words. `score` compares within
    one answer only."""

    section: str
    title: str
    text: str
    page: int | None
    score: float
    release: str


@dataclass(frozen=True, slots=True)
class ReportWith:
    """A code, or a range of them as published, that a note asks for beside a candidate."""

    code: str
    title: str
    order: Literal["before", "after", "any"]
    because: str = ""
    reasons: list[Reason] = field(default_factory=list)


Severity = Literal["conflict", "caution", "obligation"]


@dataclass(frozen=True, slots=True)
class Pair:
    """What a rule says of codes reported together, or of one code that needs another.

    `quote` is the rule in its publisher's words, `inherited_from` where it is printed, and `says`
    what follows from it for these codes.
    """

    codes: list[str]
    rule: str
    quote: str
    inherited_from: str
    release: str
    severity: Severity
    says: str = ""
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Axis:
    """One character of an ICD-10-PCS code and what it means."""

    position: int
    axis: str
    value: str
    meaning: str
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A code of the other revision of ICD, by the General Equivalence Mappings."""

    code: str
    title: str
    says: str = ""
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """One code that differs between two editions. `kind` is added, deleted, retitled,
    became_header or became_billable; `before` is the earlier title of a retitled code."""

    kind: str
    code: str
    title: str
    before: str = ""
    replaced_by: list[CodeTitle] = field(default_factory=list)
    similar: list[CodeTitle] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed from one edition to a later one, all of it or in what a question names.

    `counts` are of all changes by kind; `listed` are the first of them.
    """

    system: str
    before: str
    after: str
    about: str
    counts: dict[str, int]
    listed: list[Change]


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
    #: Codes that differ from it in side or trimester alone.
    alternatives: list[CodeTitle] = field(default_factory=list)
    report_with: list[ReportWith] = field(default_factory=list)
    notes: list[ShownNote] = field(default_factory=list)
    guidelines: list[ShownGuideline] = field(default_factory=list)
    #: What `ask_back` says; none when nothing is asked.
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is true of one code on one date of service. "Billable" means complete and valid, not
    that a payer covers it; of a modifier or a place of service, which are never billed by
    themselves, that it is valid. `typed` is the code as it was typed: G0439 has a verdict in each
    system that has it, the form as typed first."""

    code: str
    system: str
    status: Status
    title: str
    release: str | None
    why: str = ""
    completions: list[CodeTitle] = field(default_factory=list)
    replaced_by: list[CodeTitle] = field(default_factory=list)
    did_you_mean: list[CodeTitle] = field(default_factory=list)
    notes: list[ShownNote] = field(default_factory=list)
    guidelines: list[ShownGuideline] = field(default_factory=list)
    axes: list[Axis] = field(default_factory=list)
    equivalents: list[Equivalent] = field(default_factory=list)
    typed: str = ""
    kind: CodeKind = "code"
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer:
    question: str
    as_of: str
    outcome: Outcome
    notices: list[str] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    guidelines: list[QuotedGuideline] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    changes: Changes | None = None
    elapsed_ms: float = 0.0
    #: release key -> label of the editions that answered; the log keeps them.
    releases: dict[str, str] = field(default_factory=dict)
    #: What `notices` say.
    reasons: list[Reason] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The contract's object. Left out are `releases`, which is the log's, the reasons, which
        are in it as words, and `changes` where the question was not about what changed."""
        found = asdict(self, dict_factory=_without_reasons)
        found.pop("releases")
        if self.changes is None:
            found.pop("changes")
        return found

    def as_logged(self) -> dict[str, Any]:
        """`as_dict` without the descriptors of CPT, which its licence lets a desk show and not
        keep: its codes stay, and the words are looked up again when the answer is shown again."""
        found = self.as_dict()
        for shown in (*found["candidates"], *found["verdicts"]):
            if shown["system"] != "cpt":
                continue
            shown |= {"title": "", "matched": []} if "matched" in shown else {"title": ""}
            for codes in ("completions", "replaced_by", "did_you_mean"):
                for code in shown.get(codes, ()):
                    code["title"] = ""
        if self.changes and self.changes.system == "cpt":
            found["changes"]["listed"] = []
        return found

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Answer:
        """An answer out of the log, as it was given. An older one may lack fields that came later,
        and a newer one may have others. Raises msgspec.ValidationError for what is no answer."""
        return msgspec.convert(stored, cls)


def _without_reasons(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if name != "reasons"}
