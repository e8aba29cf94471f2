"""Verdicts on modifiers of HCPCS Level II, of ambulances and of CPT, and on places of service."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from bot.desk.answer import CodeTitle, Status, Verdict
from bot.desk.code_mentions import CodeMention
from bot.desk.reasons import Reason, reason
from bot.desk.verdicts import not_covered
from codesets.ambulance_places import SOURCE, places_of
from codesets.model import Modifier, OwnDates, PlaceOfService, Release
from codesets.store.code_store import CodeStore

#: Letters and digits that are taken for each other.
_LOOK_ALIKES = {
    "0": "OQ", "O": "0Q", "Q": "O0", "1": "IL", "I": "1L", "L": "1I", "2": "Z", "Z": "2", "5": "S",
    "S": "5", "8": "B", "B": "8",
}  # fmt: skip


class ModifiersAndPlaces:
    """Gives verdicts out of codes.db for one date of service."""

    def __init__(self, store: CodeStore, day: dt.date, *, ambulances: bool = False) -> None:
        """`ambulances`: whether the question is about one, so that a modifier may be a trip."""
        self._store = store
        self._day = day
        self._ambulances = ambulances

    def modifier(self, mention: CodeMention) -> Verdict | None:
        """Whether a modifier may be used on the date; None when no HCPCS release is loaded. A
        modifier of CPT belongs to the AMA, and is not known."""
        code = mention.code
        described = mention.reading == "described"
        if mention.system == "cpt":
            fits = [reason("modifiers.fits", code=code)] if described else []
            why = [*fits, reason("verdict.modifier_of_cpt", code=code)]
            return Verdict(code, "cpt", "not_loaded", "", None, kind="modifier", reasons=why)
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
        trip = places_of(code)
        if trip and (not rows or mention.reading == "trip"):
            return _ambulance(code, *trip)
        if not rows:
            verdict = _modifier(code, "unknown", "", release.label, unknown)
            return replace(verdict, did_you_mean=self._look_alikes(code, release))
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
        if trip and self._ambulances:
            reasons.append(_told_of_ambulances(code, *trip))
        row = rows.get(release.label) or list(rows.values())[-1]
        verdict = _modifier(code, status, row.title, release.label, reasons)
        undecided = status == "billable" and own.last is None
        before = own.first is not None and self._day < release.effective_from
        if coverage.fit == "nearest" and undecided and not before:
            return not_covered(verdict)
        return verdict

    def _look_alikes(self, code: str, release: Release) -> list[CodeTitle]:
        """The modifiers that differ in a letter that looks like a digit: Q0 for QO."""
        others = [
            code[:at] + other + code[at + 1 :]
            for at, character in enumerate(code)
            for other in _LOOK_ALIKES.get(character, "")
        ]
        rows = self._store.rows(Modifier, release, code=others) if others else ()
        return [CodeTitle(row.code, row.title) for row in rows]

    def place_of_service(self, mention: CodeMention) -> Verdict | None:
        """What a place of service code means; None when CMS's list is not loaded."""
        code = mention.code
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


def _ambulance(code: str, origin: str, destination: str) -> Verdict:
    """Two letters that CMS's manual explains; no release lists the pairs."""
    title = f"Ambulance from {origin} to {destination}"
    why = [_told_of_ambulances(code, origin, destination)]
    return Verdict(code, "hcpcs", "billable", title, None, kind="modifier", reasons=why)


def _told_of_ambulances(code: str, origin: str, destination: str) -> Reason:
    return reason(
        "modifiers.ambulance",
        code=code,
        first=code[0],
        second=code[1],
        origin=origin,
        destination=destination,
        source=SOURCE,
    )


def _place(code: str, status: Status, title: str, why: Reason) -> Verdict:
    return Verdict(code, "pos", status, title, None, kind="place_of_service", reasons=[why])
