"""Checks the diagnoses of a claim against the lists of the Medicare Code Editor (ages, sexes, what
may be a principal diagnosis) and the list of codes that are exempt from present on admission.

CMS, Definitions of Medicare Code Edits, chapter 1: edits 3 (sex), 4 (age), 5 (manifestation), 8
(questionable admission), 9 (unacceptable principal diagnosis); Medicare Claims Processing Manual,
chapter 3, section 20.1.2.1 (present on admission).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk.answer import Pair, Severity
from bot.desk.claims.case import Case, Listed, found
from bot.desk.flags import Flags, Patient
from bot.desk.reasons import Reason, reason

#: Days by which an edition may miss the date and still be held against a claim.
NEAR = 366
#: What is told of a principal diagnosis -> how it weighs, and the rule that it is told under.
_PRINCIPAL: dict[str, tuple[Severity, str]] = {
    "unacceptable_principal": ("conflict", "sequence"),
    "external_cause": ("conflict", "sequence"),
    "manifestation": ("conflict", "manifestation"),
    "questionable_admission": ("caution", "sequence"),
}
#: Indicators that say whether a diagnosis was present on admission.
_SAID = frozenset("YNUW")


def list_checks(flags: Flags, case: Case) -> Iterator[Pair]:
    claim = case.claim
    sex = claim.sex if claim.sex in ("F", "M") else None
    patient = Patient(claim.age, sex)  # type: ignore[arg-type]
    mce = flags.lists.edition("mce", case.day)
    if mce is not None and mce.days_away(case.day) <= NEAR:
        for one in case.diagnoses:
            yield from _edits(flags, case, one, patient)
    if reports_poa(case):
        yield from _present(flags, case)


def _edits(flags: Flags, case: Case, one: Listed, patient: Patient) -> Iterator[Pair]:
    for flag in flags.of(one.code.code, day=case.day, patient=patient):
        why = flag.reasons[-1]
        if flag.kind in ("age_conflict", "sex_conflict"):
            rule = flag.kind.removesuffix("_conflict")
            yield _pair(one, rule, "conflict", why, flag.release)
        elif case.claim.inpatient and one.place == 1:
            if told := _PRINCIPAL.get(flag.kind):
                yield _pair(one, told[1], told[0], why, flag.release)
            elif flag.kind == "needs_secondary" and len(case.diagnoses) == 1:
                yield _pair(one, "sequence", "conflict", why, flag.release)


def reports_poa(case: Case) -> bool:
    """Whether the claim is of an acute inpatient stay, and says of some diagnosis whether it was
    present on admission."""
    return case.claim.bill_type[:2] == "11" and any(one.present for one in case.claim.diagnoses)


def _present(flags: Flags, case: Case) -> Iterator[Pair]:
    edition = flags.lists.edition("poa_exempt", case.day)
    if edition is None or edition.days_away(case.day) > NEAR:
        return
    present = {one.code: one.present for one in case.claim.diagnoses if one.present}
    for one in case.diagnoses:
        listed = flags.lists.poa_exempt(one.code.code, case.day)
        exempt = bool(listed and listed.rows)
        said = present.get(one.code.code, "")
        if exempt and said in _SAID:
            why = reason("claims.poa_exempt", code=one.code.code, said=said)
            yield _pair(one, "poa", "caution", why, edition.label)
        elif not exempt and said not in _SAID:
            why = reason("claims.poa_missing", code=one.code.code)
            yield _pair(one, "poa", "conflict", why, edition.label)


def _pair(one: Listed, rule: str, severity: Severity, why: Reason, release: str) -> Pair:
    return found([one.code.code], rule, severity, why, release=release)
