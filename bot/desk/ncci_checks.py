"""Checks procedures, supplies and drugs that are billed together against NCCI's edits.

CMS publishes them for each setting: which two codes are not paid on the same day
(procedure-to-procedure, PTP), and how many units of one code (medically unlikely edits, MUE).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from bot.desk.answer import Pair
from bot.desk.edits_said import is_visit
from bot.desk.reasons import Reason, reason
from codesets.formats import ncci
from codesets.model import SETTING_NAMES, MueEdit, PtpEdit, Reference, Setting
from codesets.store.code_store import CodeStore

#: The rule's name in an answer -> the kind of reference, and from how many codes on it applies.
_EDITS = {"ncci_ptp": ("ptp", 2), "mue": ("mue", 1)}


class NcciChecks:
    """Checks codes of HCPCS and CPT against the edits that are loaded, for one date of service."""

    def __init__(self, store: CodeStore, day: dt.date, setting: Setting | None = None) -> None:
        """`setting` None: the edits of all settings."""
        self._store = store
        self._day = day
        self._settings: list[Setting] = [setting] if setting else list(SETTING_NAMES)  # type: ignore[arg-type]

    def check(self, codes: Sequence[str], units: Mapping[str, int] | None = None) -> Iterator[Pair]:
        """What the edits say of these codes, in the order in which they are billed. `units`: how
        many of a code are billed, where that is known."""
        billed = list(dict.fromkeys(codes))
        if len(billed) > 1:
            yield from self._procedure_pairs(billed)
        if billed:
            yield from self._units(billed, units or {})

    def knows(self, code: str) -> bool:
        """Whether the edits of pairs that are loaded name a code, or are of its system: a file
        without CPT says nothing of a code of CPT."""
        if not code.isdigit() and not code[-1].isalpha():
            return True
        for setting in self._settings:
            reference = self._reference("ptp", setting)
            for part in self._store.references.parts(reference) if reference else ():
                for column in ("column1", "column2"):
                    rows = self._store.references.rows(PtpEdit, part, **{column: [code]})
                    if next(rows, None) is not None:
                        return True
        return False

    def not_loaded(self, codes: Sequence[str]) -> list[str]:
        """The rules that apply to this number of codes and are not loaded."""
        return [
            rule
            for rule, (kind, at_least) in _EDITS.items()
            if len(codes) >= at_least
            and not any(self._store.references.all(kind, setting=s) for s in self._settings)
        ]

    def not_covered(self, codes: Sequence[str]) -> list[Reference]:
        """The references that apply to this number of codes and do not cover the date."""
        references = [
            self._reference(kind, setting)
            for kind, at_least in _EDITS.values()
            if len(codes) >= at_least
            for setting in self._settings
        ]
        return [
            reference
            for reference in references
            if reference is not None and reference.days_away(self._day)
        ]

    def _reference(self, kind: str, setting: Setting) -> Reference | None:
        return self._store.references.for_date(kind, "hcpcs", self._day, setting)

    def _procedure_pairs(self, billed: list[str]) -> Iterator[Pair]:
        edits_of = {
            setting: (reference, self._pair_edits(reference, billed))
            for setting in self._settings
            if (reference := self._reference("ptp", setting))
        }
        for one, other in combinations(billed, 2) if edits_of else ():
            for setting, (reference, listed) in edits_of.items():
                for edit in (*listed.get((one, other), ()), *listed.get((other, one), ())):
                    active = ncci.in_force(edit, self._day)
                    yield Pair(
                        codes=[edit.column1, edit.column2],
                        rule="ncci_ptp",
                        quote=edit.rationale,
                        inherited_from=reference.title,
                        release=reference.label,
                        severity="conflict" if active and edit.modifier == "0" else "caution",
                        reasons=_ptp_reasons(edit, setting, active),
                    )

    def _pair_edits(
        self, reference: Reference, billed: list[str]
    ) -> dict[tuple[str, str], list[PtpEdit]]:
        """The edits of a reference on any two of these codes, by column 1 and column 2."""
        edits: dict[tuple[str, str], list[PtpEdit]] = {}
        for part in self._store.references.parts(reference):
            for edit in self._store.references.rows(PtpEdit, part, column1=billed, column2=billed):
                edits.setdefault((edit.column1, edit.column2), []).append(edit)
        return edits

    def _units(self, billed: list[str], units: Mapping[str, int]) -> Iterator[Pair]:
        edits_of: dict[Setting, tuple[Reference, dict[str, list[MueEdit]]]] = {}
        alone = len(self._settings) == 1
        for setting in self._settings:
            reference = self._reference("mue", setting)
            if reference is None:
                continue
            listed: dict[str, list[MueEdit]] = {}
            for edit in self._store.references.rows(MueEdit, reference, code=billed):
                listed.setdefault(edit.code, []).append(edit)
            edits_of[setting] = reference, listed
        for code in billed:
            for setting, (reference, listed) in edits_of.items():
                for edit in listed.get(code, ()):
                    said = units.get(code)
                    over = said is not None and said > edit.units
                    yield Pair(
                        codes=[code],
                        rule="mue",
                        quote=edit.rationale,
                        inherited_from=reference.title,
                        release=reference.label,
                        # No units at all: the code is of another setting.
                        severity="conflict" if over and (edit.units or alone) else "caution",
                        reasons=[_mue_reason(edit, setting, reference, said)],
                    )


def _mue_reason(edit: MueEdit, setting: Setting, reference: Reference, said: int | None) -> Reason:
    """`said`: how many units are billed; None where that is not known."""
    indicator = edit.adjudication
    key = "mue" if said is None else "mue_over" if said > edit.units else "mue_within"
    return reason(
        f"pairs.{key}",
        setting=SETTING_NAMES[setting],
        code=edit.code,
        units=edit.units,
        said=said,
        mai=indicator,
        per=reason("edits.per_line" if indicator == "1" else "edits.per_day"),
        mai_means=reason(f"edits.mai_{indicator}"),
        begin=reference.effective_from,
        end=reference.effective_through,
        adjudication=f"{indicator}: {ncci.ADJUDICATION[indicator]}",
    )


def _ptp_reasons(edit: PtpEdit, setting: Setting, active: bool) -> list[Reason]:
    """What the edit says and, while it is in force, what to do."""
    told = [_ptp_reason(edit, setting, active)]
    if not active:
        return told
    visit = next((code for code in (edit.column2, edit.column1) if is_visit(code)), None)
    key = "ptp_do_0" if edit.modifier == "0" else "ptp_do_25" if visit else "ptp_do_1"
    one, other = edit.column1, edit.column2
    return [*told, reason(f"pairs.{key}", one=one, other=other, visit=visit)]


def _ptp_reason(edit: PtpEdit, setting: Setting, active: bool) -> Reason:
    """`active`: whether the edit is in force on the date of service."""
    return reason(
        "pairs.ptp" if active else "pairs.ptp_not_in_force",
        setting=SETTING_NAMES[setting],
        one=edit.column1,
        other=edit.column2,
        since=edit.effective_from,
        begin=reason("pairs.ptp_from", date=edit.effective_from)
        if edit.effective_from
        else reason("pairs.ptp_from_unknown"),
        end=reason("pairs.ptp_deleted", date=edit.deleted)
        if edit.deleted
        else reason("pairs.ptp_active"),
        modifier=f"{edit.modifier}: {ncci.MODIFIER_INDICATORS[edit.modifier]}",
    )
