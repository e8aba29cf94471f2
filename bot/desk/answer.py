"""An answer of the desk, in the shape that scripts rely on (`codedesk ask --json`).

docs/ANSWER.md is the contract, and a test holds the two together. Every field is in the JSON, but
for `reasons`, `Answer.releases` and, where it is None, `Answer.changes`. What is absent is None,
"" or [], as each field says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal

import msgspec

from bot.desk.answer_claims import ClaimCheck, ClaimLine  # noqa: F401 (a shape of the contract)
from bot.desk.answer_coverage import Coverage
from bot.desk.answer_denials import DenialCode
from bot.desk.answer_flags import Drg, Flag
from bot.desk.answer_policies import HousePolicy
from bot.desk.reasons import Reason
from bot.desk.who_equivalent import WhoEquivalent
from codesets.model import CodeKind
from index.search.confidence import Confidence
from index.statement.model import Kind, Role, RuleKind
from index.statement.model import Status as FactStatus

Outcome = Literal["answered", "verdict", "guideline", "changes", "abstained", "denial"]
Status = Literal[
    "billable",
    "header",
    "not_covered",
    "not_yet_valid",
    "deleted",
    "unknown",
    "not_loaded",
    "not_billed",
]
Severity = Literal["conflict", "caution", "obligation"]
Order = Literal["before", "after", "any"]
HeadlineKind = Literal[
    "codes",
    "yes",
    "no",
    "order",
    "needs_more",
    "units",
    "verdict",
    "rule",
    "changes",
    "none",
    "coverage",
    "claim",
    "denial",
]


@dataclass(frozen=True, slots=True)
class CodeTitle:
    """A code that is listed beside another.

    - `code`: as published.
    - `title`: its title.
    """

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class ShownNote:
    """One published line of a note, as it is shown with a code that it governs.

    - `kind`: includes, excludes1, excludes2, code_first, use_additional_code, code_also,
      seventh_character or note.
    - `text`: the line as published.
    - `inherited_from`: the code, section or chapter that it is printed under.
    - `codes`: the codes and ranges that it names, as published; [] for none.
    - `release`: label of the release that it is printed in.
    """

    kind: str
    text: str
    inherited_from: str
    codes: list[str]
    release: str


@dataclass(frozen=True, slots=True)
class ShownGuideline:
    """A section of the Official Guidelines that governs a code.

    - `section`: its number (I.C.4.a).
    - `title`: its heading.
    - `page`: of the published PDF; None where the guidelines were not loaded from one.
    - `release`: label of the guidelines.
    """

    section: str
    title: str
    page: int | None
    release: str


@dataclass(frozen=True, slots=True)
class Because:
    """Why a line is reported, or stands where it stands; or why a candidate is meant where the
    question does not say it.

    - `rule`: the kind of rule: index, index with (an entry "with" of the Index), tabular (a title
      or an inclusion term), table (of drugs, of neoplasms), code first, use additional code, code
      also, note, guideline, billing unit (of a drug's code) or discarded drug (modifiers JW and
      JZ).
    - `text`: the reason, in a sentence, with the words of a note or an entry in quotation marks.
    - `section`: the section of the Official Guidelines that states the rule (I.C.6.a); "" where
      no loaded guidelines have it.
    - `release`: label of the edition that the words are from, or of the guidelines; None where
      neither is known.
    - `reasons`: what `text` is worded from; not in the JSON.
    """

    rule: RuleKind
    text: str = ""
    section: str = ""
    release: str | None = None
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class QuotedGuideline:
    """A section of the Official Guidelines that answers a question.

    - `section`: its number (I.C.4.a).
    - `title`: its heading.
    - `text`: its own words.
    - `page`: of the published PDF; None where the guidelines were not loaded from one.
    - `score`: how well it fits; compares within one answer only.
    - `release`: label of the guidelines.
    """

    section: str
    title: str
    text: str
    page: int | None
    score: float
    release: str


@dataclass(frozen=True, slots=True)
class ReportWith:
    """A code that a note asks for beside a candidate.

    - `code`: a code, or a range of them, as published.
    - `title`: its title; of a range, what its codes have in common, or the titles of both ends.
    - `order`: where it stands: before the candidate, after it, or any.
    - `because`: the note that asks for it, in a sentence.
    - `reasons`: what `because` is worded from; not in the JSON.
    """

    code: str
    title: str
    order: Order
    because: str = ""
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pair:
    """What a rule says of codes reported together, or of one code that needs another.

    - `codes`: the codes that it is about: two, or one.
    - `rule`: excludes1, excludes2, code_first, use_additional_code, code_also, manifestation,
      laterality, note, index with, guideline, ncci_ptp, mue, fee_schedule, opps or add_on; of a
      claim also units, side, sequence, age, sex, pointer, duplicate, modifier or place.
    - `quote`: the rule in its publisher's words; for manifestation and laterality, the titles that
      show it; "" where an edit has no rationale, and for fee_schedule, opps and add_on.
    - `inherited_from`: where it is printed: a code, section or chapter, a section of the guidelines
      (laterality, guideline, index with), a table of NCCI edits, or a file of payment indicators.
    - `release`: label of the edition that it is printed in.
    - `severity`: conflict: not to be reported so. caution: to be looked at. obligation: another
      code, or another order, is asked for.
    - `says`: what follows for these codes, in a sentence.
    - `reasons`: what `says` is worded from; not in the JSON.
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
    """One character of an ICD-10-PCS code.

    - `position`: 1 to 7.
    - `axis`: what the position stands for (Operation).
    - `value`: the character (T).
    - `meaning`: what it means (Resection).
    - `definition`: the official definition of that; "" where there is none, or it is not loaded.
    """

    position: int
    axis: str
    value: str
    meaning: str
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A code of the other revision of ICD, by the General Equivalence Mappings.

    - `code`: as published; "" where the mappings say that there is none.
    - `title`: of an ICD-10-CM code; "" where it is not known, as of every code of ICD-9-CM.
    - `says`: the mappings' edition, and what their flags say, in words.
    - `reasons`: what `says` is worded from; not in the JSON.
    """

    code: str
    title: str
    says: str = ""
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """One code that differs between two editions.

    - `kind`: added, deleted, retitled, became_header or became_billable.
    - `code`: as published.
    - `title`: in the later edition; in the earlier one where it was deleted.
    - `before`: the earlier title of a retitled code; "" for all others.
    - `replaced_by`: codes that officially replace a deleted code; [] for none, and for all others.
    - `similar`: codes of the later edition with a similar title, for a deleted code that nothing
      officially replaces; [] for none, and for all others.
    """

    kind: str
    code: str
    title: str
    before: str = ""
    replaced_by: list[CodeTitle] = field(default_factory=list)
    similar: list[CodeTitle] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed from one edition to a later one.

    - `system`: icd10cm, icd10pcs, hcpcs, cpt or icd11.
    - `before`: label of the earlier edition.
    - `after`: label of the later edition.
    - `about`: the words that limit the changes to a subject; "" for all changes.
    - `counts`: how many there are of each kind (`Change.kind`), 0 for none.
    - `listed`: the first 200, with a fair share of each kind; [] for none.
    """

    system: str
    before: str
    after: str
    about: str
    counts: dict[str, int]
    listed: list[Change]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A code that may answer a question in plain words.

    - `rank`: 1 for the best.
    - `system`: icd10cm, icd10pcs, hcpcs, cpt or, where it is asked for, icd11.
    - `code`: as published.
    - `title`: its title.
    - `billable`: whether it is complete and valid on the date of service; False in ICD-11.
    - `release`: label of the release that it is from.
    - `score`: how well it fits; compares within one answer only.
    - `confidence`: how sure it is that this is the code: high, medium or low.
    - `matched`: the texts (titles, index entries, synonyms) by which it was found; [] for none.
    - `ask_back`: the question to ask, in a sentence, where the side, the encounter or another
      detail is left open; None when nothing is asked.
    - `completions`: the codes of its family, itself among them, at most 100: they differ in the
      seventh character, or in ICD-10-PCS in the last three; [] where it is the only one.
    - `alternatives`: codes that differ from it in side or trimester alone; [] for none.
    - `report_with`: the codes that its notes ask for beside it; [] for none.
    - `notes`: the notes that govern it, nearest first; [] for none.
    - `guidelines`: the sections that govern it, most specific first; [] where none are loaded.
    - `because`: the defaults that it follows where the question leaves something open; [] for none.
    - `reasons`: what `ask_back` is worded from; not in the JSON.
    """

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
    alternatives: list[CodeTitle] = field(default_factory=list)
    report_with: list[ReportWith] = field(default_factory=list)
    notes: list[ShownNote] = field(default_factory=list)
    guidelines: list[ShownGuideline] = field(default_factory=list)
    because: list[Because] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is true of one code on one date of service.

    - `code`: as published. Where a question changes one axis of an ICD-10-PCS code and no code
      has the change, the code with "…" in the place of that character.
    - `system`: icd10cm, icd10pcs, hcpcs, cpt, icd11 (where it is asked for), icd9cm (ICD-9-CM) or
      pos (places of service); "" for text that no system's codes look like.
    - `status`: billable: complete and valid, which is not to say that a payer covers it; of a
      modifier or a place of service: valid. header: other codes complete it. not_covered: no loaded
      edition covers the date, and `why` says what the nearest one says. not_yet_valid: a later
      edition has it, or its first day is later. deleted: an earlier edition had it, or its last
      day has passed. unknown: no loaded edition has it. not_loaded: its system is not loaded.
      not_billed: a code of ICD-11, which is not used for US claims.
    - `title`: its title; "" where it is not known.
    - `release`: label of the release that the verdict is from, or that lacks the code; None for
      ICD-9-CM, places of service, ambulance modifiers (two letters, which no release lists), a
      system that is not loaded, and text of no system.
    - `why`: the verdict, in sentences.
    - `completions`: the billable codes that complete a header, at most 100; of a range, the
      categories or codes that it spans; [] for others.
    - `replaced_by`: the codes that replace a deleted one; [] for none.
    - `did_you_mean`: similar codes, for one that is unknown or deleted; [] for none.
    - `notes`: the notes that govern it, nearest first; [] for none.
    - `guidelines`: the sections that govern it, most specific first; [] where none are loaded.
    - `axes`: the characters of an ICD-10-PCS code; [] for others, and where no loaded table has it.
    - `equivalents`: the codes of the other revision of ICD; [] where no loaded mapping has it.
    - `typed`: the code as it was typed, also with a slip, of which `code` is the reading; "" for a
      modifier or a place of service. A code that several systems have gets a verdict in each, all
      with the same `typed`, and the form as typed comes first.
    - `kind`: code, modifier, place_of_service or range. A range is no code: its status is header.
    - `reasons`: what `why` is worded from; not in the JSON.
    - `flags`: what the lists of inpatient claims and risk adjustment say of a diagnosis; [] for
      nothing, and where none is loaded.
    - `who_equivalents`: by WHO's maps, the codes of ICD-11 for one of ICD-10-CM, or those of WHO's
      ICD-10 for one of ICD-11; [] where ICD-11 is not asked for, and where no loaded map has it.
    """

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
    flags: list[Flag] = field(default_factory=list, kw_only=True)
    who_equivalents: list[WhoEquivalent] = field(default_factory=list, kw_only=True)

    @property
    def status_shown(self) -> str:
        """The status as it is shown. Modifiers and places of service are "valid": they are not
        billed by themselves. A range is no header, whatever its status."""
        if self.kind == "range":
            return "range"
        return "valid" if self.status == "billable" and self.kind != "code" else self.status


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer to a question in one line. It has no words of the question.

    - `kind`: codes: the codes to report. yes, no, order, needs_more: the answer about codes
      together. units: of a drug. verdict: on codes. rule: a section of the guidelines. changes:
      between editions. none: nothing was answered. coverage: what coverage policies list. claim:
      what was found on a claim. denial: what codes of a remittance mean.
    - `codes`: the codes that it names, in order; [] for none.
    - `text`: the line; "" in an answer out of an older log.
    - `reasons`: what `text` is worded from; not in the JSON.
    """

    kind: HeadlineKind
    codes: list[str] = field(default_factory=list)
    text: str = ""
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of a report: a code to be reported for a statement.

    - `line`: 1 for the first.
    - `code`: as published.
    - `system`: icd10cm, icd10pcs, hcpcs, cpt or icd11.
    - `title`: its title.
    - `billable`: whether it is complete and valid on the date of service.
    - `release`: label of the release that it is from.
    - `role`: first-listed, additional, manifestation, external cause, drug, status, history, supply
      or procedure.
    - `units`: how many are reported; None where they are not counted.
    - `modifiers`: the modifiers to report with it; [] for none.
    - `said`: the words that it reports; "" where a redaction destroyed them.
    - `because`: the rules that put it there, the most telling first; [] for none.
    - `confidence`: how sure it is: high, medium or low.
    - `ask_back`: the question to ask, where a detail is left open that would change the code; None
      when nothing is asked.
    - `alternatives`: codes that differ from it in side or trimester alone; [] for none.
    - `reasons`: what `ask_back` is worded from; not in the JSON.
    - `flags`: as of a verdict; [] for nothing.
    """

    line: int
    code: str
    system: str
    title: str
    billable: bool
    release: str
    role: Role
    units: int | None = None
    modifiers: list[str] = field(default_factory=list)
    said: str = ""
    because: list[Because] = field(default_factory=list)
    confidence: Confidence = "low"
    ask_back: str | None = None
    alternatives: list[CodeTitle] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list, kw_only=True)


@dataclass(frozen=True, slots=True)
class ShownFact:
    """One fact of a statement, as it was understood.

    - `said`: the words that it came from.
    - `kind`: condition, cause, drug, status, history, external cause, place, encounter, device,
      supply, procedure, habit, finding, detail or chatter.
    - `status`: affirmed, denied, uncertain, past or chatter.
    """

    said: str
    kind: Kind
    status: FactStatus


@dataclass(frozen=True, slots=True)
class AskOption:
    """An answer to the first question that is asked back. Asking `words` after the answer gives a
    report with `code` in it.

    - `code`: the code that the line has then.
    - `label`: the option, as it is shown.
    - `words`: the words that answer the question.
    - `reasons`: what `label` is worded from, and `words` with it; not in the JSON.
    """

    code: str
    label: str = ""
    words: str = ""
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StatementReport:
    """The report of one of several statements in a message.

    - `said`: the statement; "" where a redaction destroyed it.
    - `headline`: as of an answer.
    - `report`: the lines to report for it, in order; [] for none.
    - `asks`: what is asked back, at most two questions; [] for nothing.
    - `facts`: what was understood; [] for none.
    """

    said: str
    headline: Headline
    report: list[ReportLine] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)
    facts: list[ShownFact] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the lines are reported so, as a language model words it from the lines themselves.

    - `text`: at most two plain sentences. Their codes and sections are those of the answer.
    - `model`: the name of the model.
    - `prompt`: the version of what it was asked.
    """

    text: str
    model: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    - `id`: id of the question in the log; "" where it has none.
    - `question`: as it was asked, without identifiers of patients.
    - `refines`: id of the question that it refines; "" for none.
    - `read_as`: the whole statement as it was read, without identifiers; "" where it is as asked,
      and where a redaction destroyed it.
    - `as_of`: the date of service, YYYY-MM-DD; "" in an answer out of the log that does not keep
      the date, and where the date is that of such a question before it.
    - `outcome`: answered: `candidates`. verdict: `verdicts`. guideline: `guidelines`. changes:
      `changes`. abstained: nothing could be answered, and `notices` say why. denial: `denials`.
    - `headline`: the answer in one line.
    - `report`: the lines to report for what the question states, in order; [] where it states
      nothing to code. `candidates` stay the ranked rivals for its first line.
    - `asks`: what is asked back, at most two questions, those that would change a code; [] for
      nothing.
    - `ask_options`: the answers to the first of `asks`, each with its code; [] where it has none.
    - `facts`: what was understood of the statement, in its order; [] where it states nothing.
    - `statements`: of several statements in a message, each with its report, at most twenty; []
      for one. `report`, `asks` and `facts` are those of the first that has codes.
    - `notices`: what must be known of the answer as a whole, in sentences; [] for nothing.
    - `candidates`: the codes that may answer it, best first; where two systems may be meant, first
      those of the likelier system, then those of the other; [] for none.
    - `guidelines`: the sections that answer it best, best first; [] for none. Beside verdicts they
      are there if it asks about a rule.
    - `verdicts`: one or more for each code that it names, in their order, then those on modifiers
      and places of service; [] for none.
    - `pairs`: what the rules say of those codes together; [] for nothing.
    - `not_checked`: the rules that apply to such codes and are not loaded, so were not checked:
      excludes1, excludes2, code_first, use_additional_code, code_also, ncci_ptp or mue; of a
      claim also cpt, ncci_of_cpt, coverage, age, sex, jw_jz, place_of_service, icd9, revenue or
      poa; [] for none.
    - `changes`: what changed between editions; None, and not in the JSON, for another question.
    - `explanation`: what a language model makes of the lines; None where none was asked, or said
      anything that holds.
    - `elapsed_ms`: how long the answer took, in milliseconds.
    - `releases`: key of each release that answered -> its label; for the log, not in the JSON.
    - `reasons`: what `notices` are worded from; not in the JSON.
    - `drg`: the MS-DRG of its codes; None where none was asked for, or none can be said.
    - `coverage`: what loaded coverage policies list for its services and diagnoses, at most sixty
      results; [] where none is loaded about them, unless it asks.
    - `policies`: the rules of this house for its codes, at most fifty; [] for none.
    - `denials`: the codes of denials that it names, in order: groups, reasons and remarks; [] for
      none.
    - `claim`: the claim that was checked, as it was read; of several claims, the first that has
      something to mend; None for another question.
    """

    id: str = field(default="", kw_only=True)
    question: str
    refines: str = field(default="", kw_only=True)
    read_as: str = field(default="", kw_only=True)
    as_of: str
    outcome: Outcome
    headline: Headline = field(default_factory=lambda: Headline("none"), kw_only=True)
    report: list[ReportLine] = field(default_factory=list, kw_only=True)
    asks: list[str] = field(default_factory=list, kw_only=True)
    ask_options: list[AskOption] = field(default_factory=list, kw_only=True)
    facts: list[ShownFact] = field(default_factory=list, kw_only=True)
    statements: list[StatementReport] = field(default_factory=list, kw_only=True)
    notices: list[str] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    guidelines: list[QuotedGuideline] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    changes: Changes | None = None
    explanation: Explanation | None = field(default=None, kw_only=True)
    elapsed_ms: float = 0.0
    releases: dict[str, str] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    drg: Drg | None = field(default=None, kw_only=True)
    coverage: list[Coverage] = field(default_factory=list, kw_only=True)
    policies: list[HousePolicy] = field(default_factory=list, kw_only=True)
    denials: list[DenialCode] = field(default_factory=list, kw_only=True)
    claim: ClaimCheck | None = field(default=None, kw_only=True)

    def as_dict(self) -> dict[str, Any]:
        """The object of the contract, without the fields that are not in the JSON."""
        given: dict[str, Any] = _plain(self)
        given.pop("releases")
        if self.changes is None:
            given.pop("changes")
        return given

    def as_json(self) -> str:
        """`as_dict` as text, on one line."""
        return json.dumps(self.as_dict(), ensure_ascii=False)

    def as_logged(self) -> dict[str, Any]:
        """`as_dict` without the descriptors of CPT. Its licence lets a desk show them and not keep
        them: the codes stay, and the words are looked up when the answer is shown again. A headline
        has none."""
        logged = self.as_dict()
        lines = [line for one in (logged, *logged["statements"]) for line in one["report"]]
        for shown in (*logged["candidates"], *logged["verdicts"], *lines):
            if shown["system"] != "cpt":
                continue
            shown |= {"title": "", "matched": []} if "matched" in shown else {"title": ""}
            for codes in ("completions", "replaced_by", "did_you_mean", "alternatives"):
                for code in shown.get(codes, ()):
                    code["title"] = ""
        for line in (logged["claim"] or {"lines": []})["lines"]:
            line["date"] = ""  # the log keeps no dates of service
        if self.changes and self.changes.system == "cpt":
            logged["changes"]["listed"] = []
        return logged

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Answer:
        """An answer out of the log, as it was given. An older one may lack fields that came later,
        and a newer one may have others. Raises msgspec.ValidationError for anything else."""
        answer = msgspec.convert(stored, cls)
        verdicts = [
            verdict if "kind" in its else replace(verdict, kind=_kind_of(verdict))
            for verdict, its in zip(answer.verdicts, stored.get("verdicts", ()), strict=True)
        ]
        return replace(answer, verdicts=verdicts)


def _kind_of(verdict: Verdict) -> CodeKind:
    """The kind of a verdict that was logged before verdicts had one. A code of two characters that
    was typed to be checked as a code ("KX" with `--system hcpcs`) is no modifier."""
    if verdict.system == "pos":
        return "place_of_service"
    if verdict.system == "hcpcs" and len(verdict.code) == 2 and not verdict.typed:
        return "modifier"
    return "code"


def _plain(value: Any) -> Any:
    """A value as JSON has it, without reasons. `dataclasses.asdict` copies each text, which takes
    as long as a verdict."""
    if is_dataclass(value):
        names = (one.name for one in fields(value))
        return {name: _plain(getattr(value, name)) for name in names if name != "reasons"}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value
