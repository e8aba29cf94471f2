"""Flags on the verdicts and report lines of an answer: what the lists of inpatient claims and risk
adjustment say of each diagnosis."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.desk.age_and_sex import Sex, age_said, sex_said
from bot.desk.answer import Answer, ReportLine, Verdict
from bot.desk.answer_flags import Flag, FlagKind
from bot.desk.question import Question
from bot.desk.reasons import Reason, reason
from bot.desk.systems import said
from codesets.lookups.inpatient_lists import Category, InpatientLists, Level
from codesets.model import Reference
from codesets.rows_inpatient import HccEdit, MceEdit, MceList

#: The model whose categories are shown beside a code; of the others, where they are asked for.
SHOWN_MODEL = "CMS-HCC V28"
#: The first letters of external causes (chapter 20 of ICD-10-CM), which the Medicare Code Editor
#: takes for no principal diagnosis.
_EXTERNAL_CAUSES = "VWXY"
_AGES: tuple[MceList, ...] = ("newborn", "pediatric", "maternity", "adult")
_SEXES: Mapping[MceList, Sex] = {"female": "F", "male": "M"}
_KINDS: Mapping[MceList, FlagKind] = {
    "unacceptable_principal": "unacceptable_principal",
    "needs_secondary": "needs_secondary",
    "manifestation": "manifestation",
    "questionable_admission": "questionable_admission",
    "wrong_procedure": "wrong_procedure",
}
_PRINCIPAL = r"(?:principal|pdx|primary|first[- ]listed)(?:\s+(?:dx|diagnosis|diag))?"
_SAYS_PRINCIPAL = re.compile(_PRINCIPAL, re.I)


@dataclass(frozen=True, slots=True)
class Patient:
    """What a question says of the patient; None where it does not."""

    age: int | None = None
    sex: Sex | None = None


class Flags:
    """Safe to use from many threads."""

    def __init__(self, lists: InpatientLists) -> None:
        self.lists = lists

    def on(self, question: Question, answer: Answer) -> Answer:
        """The answer with the flags of each diagnosis. The first code of a list is its principal
        diagnosis, if the question names no other; so is the first line of a report for an
        inpatient."""
        if not (self.lists.loaded & _USED and (answer.verdicts or answer.report)):
            return answer
        patient = Patient(age_said(question.text), sex_said(question.text))
        flagged = partial(self.of, day=question.day, patient=patient)
        first = principal_of(question, answer.verdicts)
        inpatient = bool(answer.report) and said(question.text).is_inpatient
        return replace(
            answer,
            verdicts=[
                replace(one, flags=flagged(one.code, principal=first)) if _has_flags(one) else one
                for one in answer.verdicts
            ],
            report=_lines(answer.report, flagged, inpatient=inpatient),
            statements=[
                replace(one, report=_lines(one.report, flagged, inpatient=inpatient))
                for one in answer.statements
            ],
        )

    def of(
        self, code: str, *, day: dt.date, principal: str = "", patient: Patient | None = None
    ) -> list[Flag]:
        """The flags of a diagnosis; `principal`: the principal diagnosis beside it, "" for none."""
        patient = patient or Patient()
        flags = [
            *self._severity(code, principal, day),
            *self._mce(code, patient, day),
            *self._others(code, day),
        ]
        return [*flags, *(self._category(one, day) for one in self.lists.categories(code, day))]

    def _severity(self, code: str, principal: str, day: dt.date) -> Iterator[Flag]:
        level = self.lists.level(code, day)
        if level is None:
            return
        if excluded := self.excluded(code, level, principal, day):
            label = reason("flags.label_cc_excluded", level=level.level, principal=principal)
            why = reason(
                "flags.cc_excluded",
                level=level.level,
                principal=principal,
                collection=level.collection,
                source=source("cc_exclusions", excluded, day),
            )
            yield _flag("cc_excluded", label, [why], excluded)
            return
        kind: FlagKind = "mcc" if level.level == "MCC" else "cc"
        whys = [reason(f"flags.{kind}", source=source(_table(level), level.reference, day))]
        whys += [reason("flags.if_alive")] if level.if_alive else []
        yield _flag(kind, reason(f"flags.label_{kind}"), whys, level.reference)

    def excluded(self, code: str, level: Level, principal: str, day: dt.date) -> Reference | None:
        """The edition of Table 6K by which a principal diagnosis excludes a CC or MCC; None where
        it does not."""
        if not principal or principal == code:
            return None
        return self.lists.excludes(level.collection or "", principal, day)

    def _mce(self, code: str, patient: Patient, day: dt.date) -> Iterator[Flag]:
        listed = self.lists.mce(code, day)
        if listed is None:
            return
        edition = listed.reference
        from_ = source("mce", edition, day)
        for row in listed.rows:
            if kind := _KINDS.get(row.edit):
                yield _plain(kind, from_, edition)
            elif row.edit in _AGES:
                yield _age(row, patient.age, from_, edition)
            elif sex := _SEXES.get(row.edit):
                kind = "sex_conflict" if patient.sex not in (None, sex) else "sex"
                which = reason(f"flags.which_{row.edit}")
                why = reason(f"flags.{kind}", which=which, source=from_)
                yield _flag(kind, reason(f"flags.label_{kind}", which=which), [why], edition)
        if code[:1] in _EXTERNAL_CAUSES:
            yield _plain("external_cause", from_, edition)

    def _others(self, code: str, day: dt.date) -> Iterator[Flag]:
        exempt = self.lists.poa_exempt(code, day)
        if exempt and exempt.rows:
            from_ = source("poa_exempt", exempt.reference, day)
            yield _plain("poa_exempt", from_, exempt.reference)
        acquired = self.lists.acquired(code, day)
        for row in acquired.rows if acquired else ():
            assert acquired is not None
            why = reason(
                "flags.hac_with" if row.with_procedure else "flags.hac",
                number=row.hac,
                name=row.name,
                source=source("hac", acquired.reference, day),
            )
            label = reason("flags.label_hac", number=row.hac)
            yield _flag("hac", label, [why], acquired.reference)

    def _category(self, category: Category, day: dt.date) -> Flag:
        shown = category.model == SHOWN_MODEL
        kind: FlagKind = "hcc" if shown else "hcc_other"
        label = reason(f"flags.label_{kind}", number=category.number, model=category.model)
        why = reason(
            "flags.hcc",
            model=category.model,
            number=category.number,
            label=reason("flags.hcc_label", label=category.label) if category.label else "",
            source=source("hcc", category.reference, day),
        )
        return _flag(kind, label, [why, *map(_hcc_edit, category.edits)], category.reference)


#: The kinds of references that flags come from.
_USED = frozenset({"mcc", "cc", "cc_exclusions", "mce", "poa_exempt", "hac", "hcc"})


def source(kind: str, reference: Reference, day: dt.date) -> Reason:
    """A list with its edition, and whether that is not the one for the day."""
    near = reference.days_away(day) > 0
    return reason(
        "flags.source_near" if near else "flags.source",
        name=reason(f"flags.table_{kind}"),
        release=reference.label,
    )


def _table(level: Level) -> str:
    return level.reference.kind


def principal_of(question: Question, verdicts: Sequence[Verdict]) -> str:
    """The principal diagnosis of a list of codes: the one that the question calls so, else the
    first of two or more; "" for none."""
    diagnoses = [one for one in verdicts if _has_flags(one)]
    if len(diagnoses) < 2:
        return ""
    called_so = _SAYS_PRINCIPAL.search(question.text)
    for one in diagnoses if called_so else ():
        typed = rf"(?<![\w.]){re.escape(one.typed or one.code)}(?![\w.]*\w)"
        called = rf"{_PRINCIPAL}\s*(?:is|of|:|=|with|,)?\s*{typed}"
        put = rf"{typed}\s*(?:as|is)\s*(?:the\s+)?{_PRINCIPAL}"
        if re.search(f"{called}|{put}", question.text, re.I):
            return one.code
    return diagnoses[0].code


def _has_flags(verdict: Verdict) -> bool:
    return (
        verdict.system == "icd10cm"
        and verdict.kind == "code"
        and verdict.status in ("billable", "not_covered")
    )


def _lines(lines: Sequence[ReportLine], flagged: partial, *, inpatient: bool) -> list[ReportLine]:
    first = lines[0].code if inpatient and lines and lines[0].system == "icd10cm" else ""
    return [
        replace(line, flags=flagged(line.code, principal=first))
        if line.system == "icd10cm"
        else line
        for line in lines
    ]


def _flag(kind: FlagKind, label: Reason, whys: Sequence[Reason], reference: Reference) -> Flag:
    return Flag(kind, release=reference.label, reasons=[label, *whys])


def _plain(kind: FlagKind, from_: Reason, reference: Reference) -> Flag:
    why = reason(f"flags.{kind}", source=from_)
    return _flag(kind, reason(f"flags.label_{kind}"), [why], reference)


def _age(row: MceEdit, said_: int | None, from_: Reason, reference: Reference) -> Flag:
    first, last = row.first_age, row.last_age
    known = said_ is not None and first is not None and last is not None
    conflict = known and not first <= said_ <= last  # type: ignore[operator]
    kind: FlagKind = "age_conflict" if conflict else "age"
    which, allowed = reason(f"flags.which_{row.edit}"), _ages(first, last)
    why = reason(f"flags.{kind}", which=which, ages=allowed, said=said_, source=from_)
    label = reason(f"flags.label_{kind}", which=which, ages=allowed)
    return _flag(kind, label, [why], reference)


def _ages(first: int | None, last: int | None) -> Reason:
    if first is None and last is None:
        return reason("flags.ages_unknown")
    if not first:
        return reason("flags.ages_up_to", last=last) if last else reason("flags.ages_zero")
    if last is None:
        return reason("flags.ages_from", first=first)
    return reason("flags.ages", first=first, last=last)


def _hcc_edit(edit: HccEdit) -> Reason:
    """For whom a category differs."""
    if edit.sex:
        who = reason("flags.who_women" if edit.sex == "F" else "flags.who_men")
    else:
        who = reason("flags.who_ages", ages=_ages(edit.first_age, edit.last_age))
    none = edit.category is None
    told = reason("flags.no_category" if none else "flags.other_category", number=edit.category)
    return reason("flags.hcc_edit", who=who, category=told)
