"""Verdicts on modifiers of HCPCS Level II and on places of service."""

from __future__ import annotations

import datetime as dt

from bot.desk.answer import Reason, Status, Verdict, reason
from bot.desk.verdicts import not_covered
from codesets.model import Modifier, OwnDates, PlaceOfService
from codesets.store.code_store import CodeStore


class ModifiersAndPlaces:
    """Gives verdicts out of codes.db for one date of service."""

    def __init__(self, store: CodeStore, day: dt.date) -> None:
        self._store = store
        self._day = day

    def modifier(self, code: str) -> Verdict | None:
        """Whether a modifier may be used on the date; None when no HCPCS release is loaded."""
        if "hcpcs" not in self._store.systems:
            return None
        coverage = self._store.for_date("hcpcs", self._day)
        release = coverage.release
        # Label of each release that has the modifier, oldest first -> its row.
        rows = {
            edition.label: row
            for edition in self._store.releases("hcpcs")
            for row in self._store.rows(Modifier, edition, code=code)
        }
        unknown = [reason("verdict.modifier_unknown", code=code, label=release.label)]
        if not rows:
            return _modifier(code, "unknown", "", release.label, unknown)
        own = OwnDates()
        for label, row in rows.items():
            own = own.updated_by(label, row.added, row.terminated)
        status: Status = "billable"
        reasons = [reason("verdict.modifier", code=code, label=release.label)]
        if own.first and own.first > self._day:
            status = "not_yet_valid"
            reasons = [
                reason("verdict.not_yet_effective", code=code, label=own.first_from, date=own.first)
            ]
        elif own.last:
            reasons.append(reason("verdict.last_day", date=own.last))
            status = "deleted" if own.last < self._day else status
        elif release.label not in rows:
            status, reasons = "unknown", unknown
        row = rows.get(release.label) or list(rows.values())[-1]
        verdict = _modifier(code, status, row.title, release.label, reasons)
        undecided = status == "billable" and own.last is None
        before = own.first is not None and self._day < release.effective_from
        if coverage.fit == "nearest" and undecided and not before:
            return not_covered(verdict)
        return verdict

    def place_of_service(self, code: str) -> Verdict | None:
        """What a place of service code means; None when CMS's list is not loaded."""
        reference = self._store.references.for_date("places", "hcpcs", self._day)
        if reference is None:
            return None
        row = next(self._store.references.rows(PlaceOfService, reference, code=code), None)
        if row is None:
            why = reason("verdict.place_unknown", code=code, label=reference.label)
            return _place(code, "unknown", "", why)
        facility: Reason | str = ""
        if row.facility is not None:
            facility = reason("verdict.facility" if row.facility else "verdict.non_facility")
        why = reason(
            "verdict.place",
            code=code,
            label=reference.label,
            facility=facility,
            description=row.description,
        )
        return _place(code, "billable", row.name, why)


def _modifier(
    code: str, status: Status, title: str, release: str, reasons: list[Reason]
) -> Verdict:
    return Verdict(code, "hcpcs", status, title, release, kind="modifier", reasons=reasons)


def _place(code: str, status: Status, title: str, why: Reason) -> Verdict:
    return Verdict(code, "pos", status, title, None, kind="place_of_service", reasons=[why])
