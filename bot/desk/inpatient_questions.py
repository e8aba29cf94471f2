"""Answers what is asked about the lists of inpatient claims and risk adjustment, in one line: is a
code a CC or MCC, which HCC has it, is it exempt from POA, can it be principal, is it an HAC.

What a list says is said with the list and its edition. A list that is not loaded is named, and
nothing is derived in its place.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.desk.answer import Answer, Headline, HeadlineKind, Verdict
from bot.desk.drg import grouped, is_asked
from bot.desk.flags import SHOWN_MODEL, Flags, principal_of, source
from bot.desk.literals import put
from bot.desk.question import Question
from bot.desk.reasons import Reason, joined, reason

Subject = Literal["severity", "hcc", "poa", "principal", "hac"]

_DX = r"(?:\s+(?:dx|diag(?:nosis)?))?"
_PRINCIPAL = rf"(?:principal|pdx|first[- ]listed|primary){_DX}"
#: The words that ask, in the order in which they count.
_ASKS: tuple[tuple[Subject, re.Pattern[str]], ...] = (
    ("poa", re.compile(r"\bpoa\b|\bpresent on admission\b", re.I)),
    ("hac", re.compile(r"\bhacs?\b|\bhospital[- ]acquired\b", re.I)),
    ("hcc", re.compile(r"\b(?:rx)?hccs?\b|\brisk[- ]adjust\w*|\braf\b", re.I)),
    (
        "severity",
        re.compile(
            r"(?<!\d )(?<!\d)\bm?ccs?\b(?!\s*(?:and|&)?\s*hpi)|\bcomplications? or comorbidit", re.I
        ),
    ),
    (
        "principal",
        re.compile(
            rf"\b(?:can|may|could|is|be|as|ok|okay|accept\w*|allowed|valid|use|report|go|stand)\b"
            rf".{{0,60}}?\b{_PRINCIPAL}\b|\b(?:un)?acceptable\b.{{0,20}}\b{_PRINCIPAL}\b", re.I,
        ),
    ),
)  # fmt: skip
_MCC, _CC = re.compile(r"\bmccs?\b", re.I), re.compile(r"(?<!m)\bccs?\b", re.I)
_MODELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("RxHCC V08", re.compile(r"\brx-?\s?hccs?\b|\bpart d\b", re.I)),
    ("CMS-HCC ESRD V24", re.compile(r"\besrd\b|\bdialysis\b", re.I)),
    ("CMS-HCC V24", re.compile(r"\bv\s?24\b", re.I)),
    ("CMS-HCC V22", re.compile(r"\bv\s?22\b|\bpace\b", re.I)),
)
#: "D62 cc with I50.9 principal", "N17.9 a CC if I50.9 is the pdx".
_BESIDE = re.compile(r"\b(?:with|when|if|under|beside|w/)\b|\bprincipal\b|\bpdx\b", re.I)
_MOST = 6
_SETTLES = ("unacceptable_principal", "manifestation", "external_cause", "needs_secondary")


_BEGINS, _ENDS = re.compile(r"(?<![\w.])"), re.compile(r"(?!\w)")


def subject_of(text: str, codes: Sequence[str] = ()) -> Subject | None:
    """What a text asks about; None for none of these. `codes`: those that it names, as typed."""
    for code in sorted(codes, key=len, reverse=True):
        text = put(text, code, "§", behind=_BEGINS, ahead=_ENDS)
    return next((subject for subject, words in _ASKS if words.search(text)), None)


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of one code. `holds`: whether it is so; None where no yes or no fits."""

    code: str
    why: Reason
    holds: bool | None


def answered(question: Question, answer: Answer, flags: Flags) -> Answer | None:
    """The answer with what is asked as its headline; None where none of this is asked, or where
    the lists do not decide it: that a code may be principal is decided by notes and guidelines."""
    subject = subject_of(question.text, [mention.typed for mention in question.mentions])
    if is_asked(question.text):
        return grouped(question, answer, flags)
    diagnoses = [v for v in _firsts(answer.verdicts) if v.system == "icd10cm"]
    if subject is None or not diagnoses:
        return None
    asked = _Asked(question, flags, question.day)
    if not asked.is_loaded(subject):
        if subject == "principal":
            return None
        why = reason("inpatient.value", told=reason(f"inpatient.not_loaded_{subject}"))
        return replace(answer, headline=Headline("none", reasons=[why]))
    about = asked.about(subject, diagnoses)
    tell: Callable[[str], _Told] = getattr(asked, subject)
    told = [
        tell(one.code) if one.status in ("billable", "not_covered") else _no_code(one)
        for one in about[:_MOST]
    ]
    if subject == "principal" and all(one.holds for one in told):
        return None
    return replace(answer, headline=_headline(told, asked.after(subject, about)), pairs=[])


def _firsts(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The first verdict on each code as typed."""
    firsts: dict[str, Verdict] = {}
    for verdict in verdicts:
        firsts.setdefault(verdict.typed or verdict.code, verdict)
    return [one for one in firsts.values() if one.kind == "code"]


def _no_code(verdict: Verdict) -> _Told:
    why = reason("inpatient.not_a_diagnosis", code=verdict.code or verdict.typed)
    return _Told(verdict.code, why, None)


def _headline(told: Sequence[_Told], after: Sequence[Reason]) -> Headline:
    whys = [one.why for one in told] + list(after)
    holds = {one.holds for one in told}
    key, kind = "value", "verdict"
    if holds == {True}:
        key, kind = "yes", "yes"
    elif holds == {False}:
        key, kind = "no", "no"
    shown: HeadlineKind = kind  # type: ignore[assignment]
    codes = [one.code for one in told if one.code]
    return Headline(
        shown, codes, reasons=[reason(f"inpatient.{key}", told=joined("inpatient.and", whys))]
    )


class _Asked:
    """One question. Each subject has a method that tells it of one code."""

    def __init__(self, question: Question, flags: Flags, day: dt.date) -> None:
        self._text = question.text
        self._question = question
        self._flags = flags
        self._lists = flags.lists
        self._day = day
        self._principal = ""
        self._model = next(
            (model for model, words in _MODELS if words.search(question.text)), SHOWN_MODEL
        )

    def is_loaded(self, subject: Subject) -> bool:
        loaded = self._lists.loaded
        needs: dict[Subject, bool] = {
            "severity": {"mcc", "cc"} <= loaded or "cc_exclusions" in loaded,
            "poa": "poa_exempt" in loaded,
            "hcc": "hcc" in loaded,
            "principal": "mce" in loaded,
            "hac": "hac" in loaded,
        }
        return needs[subject]

    def about(self, subject: Subject, diagnoses: Sequence[Verdict]) -> Sequence[Verdict]:
        """The codes that are asked about: all, but for a principal diagnosis beside which they
        stand. "Is N17.9 a CC with I50.23" asks about the first; a list about all but its first,
        which is the principal."""
        if subject == "principal" and len(diagnoses) > 1:
            called = principal_of(self._question, diagnoses)
            return [one for one in diagnoses if one.code == called]
        if subject != "severity" or len(diagnoses) < 2:
            return diagnoses
        first = diagnoses[0]
        after = self._text[self._text.upper().find(first.typed) + len(first.typed) :]
        words = _ASKS[3][1].search(after)
        names_it = re.search(r"\b(?:principal|pdx|primary)\b", self._text, re.I)
        if words and not names_it and len(diagnoses) == 2:
            between = after[: after.upper().find(diagnoses[1].typed)]
            if words.end() <= len(between) and _BESIDE.search(between):
                self._principal = diagnoses[1].code
                return [first]
        self._principal = principal_of(self._question, diagnoses)
        return [one for one in diagnoses if one.code != self._principal]

    def after(self, subject: Subject, about: Sequence[Verdict]) -> list[Reason]:
        """What is said of the codes together."""
        if subject != "hcc":
            return []
        have = {
            one.number
            for verdict in about
            for one in self._lists.categories(verdict.code, self._day)
            if one.model == self._model
        }
        dropped = self._lists.dropped(self._model, have, self._day)
        lacking = self._lists.lacking(self._model, have)
        return [
            *(reason("inpatient.hcc_drops", by=by, dropped=number)
              for number, by in dropped.items()),
            *(reason("inpatient.hcc_lacks", number=number, others=", ".join(map(str, others)))
              for number, others in lacking.items()),
        ]  # fmt: skip

    def severity(self, code: str) -> _Told:
        level = self._lists.level(code, self._day)
        if level is None:
            kind = "cc" if "cc" in self._lists.loaded else "cc_exclusions"
            edition = self._lists.edition(kind, self._day)
            assert edition is not None
            names = source(kind, edition, self._day)
            return _Told(code, reason("inpatient.is_neither", code=code, source=names), False)
        from_ = source(level.reference.kind, level.reference, self._day)
        if excluded := self._flags.excluded(code, level, self._principal, self._day):
            why = reason(
                f"inpatient.is_excluded_{level.level.lower()}",
                code=code,
                principal=self._principal,
                collection=level.collection,
                source=source("cc_exclusions", excluded, self._day),
            )
            return _Told(code, why, False)
        only_mcc = _MCC.search(self._text) and not _CC.search(self._text)
        only_cc = _CC.search(self._text) and not _MCC.search(self._text)
        key, holds = f"is_{level.level.lower()}", True
        if level.level == "CC" and only_mcc:
            key, holds = "is_cc_not_mcc", False
        elif level.level == "MCC" and only_cc:
            key = "is_mcc_not_cc"
        why = reason(f"inpatient.{key}", code=code, source=from_)
        if level.if_alive:
            why = reason("inpatient.if_alive", told=why)
        if self._principal and self._principal != code and level.collection is not None:
            why = reason("inpatient.with_principal", told=why, principal=self._principal)
        return _Told(code, why, holds)

    def poa(self, code: str) -> _Told:
        listed = self._lists.poa_exempt(code, self._day)
        assert listed is not None
        exempt = bool(listed.rows)
        from_ = source("poa_exempt", listed.reference, self._day)
        key = "inpatient.is_exempt" if exempt else "inpatient.is_not_exempt"
        asks_exempt = re.search(r"\bexempt", self._text, re.I)
        holds = exempt if asks_exempt else None
        return _Told(code, reason(key, code=code, source=from_), holds)

    def hac(self, code: str) -> _Told:
        listed = self._lists.acquired(code, self._day)
        assert listed is not None
        from_ = source("hac", listed.reference, self._day)
        if not listed.rows:
            return _Told(code, reason("inpatient.is_no_hac", code=code, source=from_), False)
        row = listed.rows[0]
        why = reason("inpatient.is_hac", code=code, number=row.hac, name=row.name, source=from_)
        return _Told(code, why, True)

    def hcc(self, code: str) -> _Told:
        found = [one for one in self._lists.categories(code, self._day) if one.model == self._model]
        edition = found[0].reference if found else self._lists.edition("hcc", self._day)
        assert edition is not None
        from_ = source("hcc", edition, self._day)
        if not found:
            why = reason("inpatient.has_no_hcc", code=code, model=self._model, source=from_)
            return _Told(code, why, False)
        named = [
            reason(
                "inpatient.category",
                model=one.model,
                number=one.number,
                label=reason("flags.hcc_label", label=one.label) if one.label else "",
            )
            for one in found
        ]
        told = joined("inpatient.and", named)
        asks = re.match(r"\W*(?:is|does|do|are|has)\b", self._text, re.I)
        why = reason("inpatient.has_hcc", code=code, categories=told, source=from_)
        return _Told(code, why, True if asks else None)

    def principal(self, code: str) -> _Told:
        kinds = {flag.kind: flag for flag in self._flags.of(code, day=self._day)}
        edition = self._lists.edition("mce", self._day)
        assert edition is not None
        from_ = source("mce", edition, self._day)
        settled = next((kind for kind in _SETTLES if kind in kinds), None)
        if settled == "needs_secondary":
            why = reason("inpatient.principal_needs_secondary", code=code, source=from_)
            return _Told(code, why, None)
        if settled is not None:
            name = settled.removesuffix("_principal")
            why = reason(f"inpatient.no_principal_{name}", code=code, source=from_)
            return _Told(code, why, False)
        if "questionable_admission" in kinds:
            why = reason("inpatient.principal_questionable", code=code, source=from_)
            return _Told(code, why, None)
        why = reason("inpatient.principal_allowed", code=code, source=from_)
        return _Told(code, why, True)
