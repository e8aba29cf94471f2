"""What is true of one code on one date of service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from bot.desk.answer import (
    Axis,
    CodeTitle,
    Equivalent,
    Reason,
    ShownNote,
    Status,
    Verdict,
    reason,
)
from bot.desk.code_mentions import CodeMention, may_be_icd9
from codesets.lookups import edition_diff, hcpcs_indicators, pcs_axes
from codesets.lookups.did_you_mean import did_you_mean
from codesets.lookups.inherited_notes import notes_of
from codesets.model import (
    SYSTEM_NAMES,
    Code,
    Definition,
    GemsMapping,
    Indicators,
    Modifier,
    Note,
    OwnDates,
    PlaceOfService,
    Release,
    TableRow,
)
from codesets.store.code_store import CodeStore, ReleaseMatch

#: Completions listed with a header; the count of all is in the verdict's words.
_MOST_COMPLETIONS = 100


class Verdicts:
    """Gives verdicts out of codes.db for one date of service."""

    def __init__(self, store: CodeStore, day: dt.date) -> None:
        self._store = store
        self._day = day

    def on(self, mention: CodeMention, coverage: ReleaseMatch) -> Verdict:
        """The verdict on a code of a loaded system: by the code's own dates, whichever release
        tells them, else by the release in force. Where neither covers the day, `not_covered`, with
        what the nearest release says."""
        release, covered = coverage.release, coverage.fit != "nearest"
        code = self._store.get(release, mention.code)
        known = code or self._anywhere(mention, release)
        verdict = self._out_of_its_dates(known, release) if known else None
        if verdict is None and known and not (code and covered):
            verdict = self._within_its_dates(known)
        if verdict is None:
            verdict = (
                self._in_force(code, release) if code else self._elsewhere(mention, release, known)
            )
            if not covered and verdict.status != "unknown":
                verdict = self._not_covered(verdict)
        if verdict.status == "unknown" and (retired := self.on_icd9(mention.code)):
            return retired
        return replace(verdict, equivalents=self._in_icd9(verdict.code))

    def _anywhere(self, mention: CodeMention, release: Release) -> Code | None:
        """A code that a release does not have, as the nearest other one has it."""
        editions, later = self._editions(mention, release)
        nearest = (later or editions[::-1])[:1]
        return self._store.get(nearest[0], mention.code) if nearest else None

    def _editions(
        self, mention: CodeMention, release: Release
    ) -> tuple[list[Release], list[Release]]:
        """The editions that have a code, and those of them that are later than a release."""
        editions = self._store.releases_with(mention.system, mention.code)
        return editions, [e for e in editions if e.effective_from > release.effective_from]

    @staticmethod
    def _not_covered(verdict: Verdict) -> Verdict:
        """What the nearest release says, of a day that no release covers."""
        return replace(
            verdict,
            status="not_covered",
            reasons=[reason("verdict.not_covered", told=verdict.reasons)],
        )

    def _in_force(self, code: Code, release: Release) -> Verdict:
        completions = [] if code.billable else self._store.completions(release, code.code)
        if code.billable:
            reasons = [reason("verdict.billable", code=code.code, label=release.label)]
        else:
            seventh = all(c.stem == code.code for c in completions)
            reasons = [
                reason(
                    "verdict.header_seventh" if seventh else "verdict.header",
                    code=code.code,
                    label=release.label,
                    count=len(completions),
                )
            ]
            earlier = [
                edition.label
                for edition in self._store.releases_with(code.system, code.code)
                if edition.effective_from < release.effective_from
                and (before := self._store.get(edition, code.code)) is not None
                and before.billable
            ]
            if earlier:
                reasons.append(reason("verdict.was_billable", label=earlier[-1]))
        if code.effective_through:
            reasons.append(reason("verdict.last_day", date=code.effective_through))
        if code.title_from:
            reasons.append(reason("verdict.title_borrowed", label=code.title_from))
        axes = self._axes(code)
        if code.system == "icd10pcs":
            reasons.append(self._axes_from(code, bool(axes)))
        return Verdict(
            code=code.code,
            system=code.system,
            status="billable" if code.billable else "header",
            title=code.title,
            release=release.label,
            reasons=[*reasons, *self._indicators(code, release)],
            completions=titles(completions[:_MOST_COMPLETIONS]),
            notes=shown_notes(notes_of(self._store, release, code)),
            axes=axes,
        )

    def _elsewhere(self, mention: CodeMention, release: Release, known: Code | None) -> Verdict:
        """A verdict on a code that a release does not have; `known` is it in another, if any has
        it."""
        editions, later = self._editions(mention, release)
        status: Status = "unknown"
        replaced: list[Code] = []
        if later:
            status = "not_yet_valid"
            reasons = [
                reason(
                    "verdict.not_yet_valid",
                    code=mention.code,
                    label=release.label,
                    first=later[0].label,
                    date=later[0].first_served,
                )
            ]
        elif known is not None:
            status = "deleted"
            replaced = edition_diff.replacements(self._store, known, release)
            reasons = [
                reason(
                    "verdict.deleted",
                    code=mention.code,
                    label=release.label,
                    last=editions[-1].label,
                    date=editions[-1].effective_through,
                ),
                *_no_replacement(replaced),
            ]
        else:
            loaded = ", ".join(e.label for e in self._store.releases(mention.system))
            system = SYSTEM_NAMES[mention.system]
            reasons = [reason("verdict.unknown", code=mention.code, system=system, labels=loaded)]
        begun = [] if editions else self._store.completions(release, mention.code)
        if begun:
            # An ICD-10-PCS code that is cut short: its tables have no codes of their own.
            return Verdict(
                code=mention.code,
                system=mention.system,
                status="header",
                title="",
                release=release.label,
                reasons=[
                    reason(
                        "verdict.header",
                        code=mention.code,
                        label=release.label,
                        count=len(begun),
                    )
                ],
                completions=titles(begun[:_MOST_COMPLETIONS]),
            )
        return Verdict(
            code=mention.code,
            system=mention.system,
            status=status,
            title=known.title if known else "",
            release=release.label,
            reasons=reasons,
            replaced_by=titles(replaced),
            did_you_mean=[] if later else self._did_you_mean(release, mention.code),
        )

    def _out_of_its_dates(self, code: Code, release: Release) -> Verdict | None:
        """The verdict on a code whose own dates do not allow it; None when they do, or tell
        nothing."""
        if code.in_force(self._day):
            return None
        own = self._store.own_dates(code.system, code.code)
        if own.first is not None and self._day < own.first:
            why = reason(
                "verdict.not_yet_effective", code=code.code, label=own.first_from, date=own.first
            )
            return Verdict(
                code.code, code.system, "not_yet_valid", code.title, code.release, reasons=[why]
            )
        replaced = edition_diff.replacements(self._store, code, release)
        why = reason("verdict.discontinued", code=code.code, label=own.last_from, date=own.last)
        return Verdict(
            code.code,
            code.system,
            "deleted",
            code.title,
            code.release,
            reasons=[why, *_no_replacement(replaced)],
            replaced_by=titles(replaced),
        )

    def _within_its_dates(self, code: Code) -> Verdict | None:
        """The verdict on a code that its own dates show in force on the day, by the first release
        after the day that lists it, or by the one that tells its last day; None when they do not.

        A release lists what may be used in its own time: one that begins before the day does not
        know what ended since.
        """
        own = self._store.own_dates(code.system, code.code)
        if own.first is None or not code.in_force(self._day):
            return None
        editions = self._store.releases_with(code.system, code.code)
        vouching = [
            edition
            for edition in editions
            if edition.effective_from > self._day or edition.label == own.last_from
        ]
        found = self._store.get(vouching[0], code.code) if vouching else None
        if found is None:
            return None
        verdict = self._in_force(found, vouching[0])
        first = reason("verdict.first_day", date=own.first)
        return replace(verdict, reasons=[*verdict.reasons, first])

    def _did_you_mean(self, release: Release, code: str) -> list[CodeTitle]:
        found = did_you_mean(self._store, release, code)
        return titles([c for c in found if c.in_force(self._day)])

    # What each system says besides

    def _indicators(self, code: Code, release: Release) -> list[Reason]:
        """Coverage and pricing of a HCPCS code: billable is not covered."""
        if code.system != "hcpcs":
            return []
        rows = list(self._store.rows(Indicators, release, code=code.code))
        return [
            reason("verdict.indicators", told="; ".join(hcpcs_indicators.decoded(row)))
            for row in rows[:1]
        ]

    def _axes(self, code: Code) -> list[Axis]:
        return (
            [
                Axis(
                    axis.position,
                    axis.name,
                    axis.value,
                    axis.meaning,
                    self._defined(code.code, axis),
                )
                for axis in pcs_axes.explain(self.table(code.code), code.code)
            ]
            if code.system == "icd10pcs"
            else []
        )

    def _defined(self, code: str, axis: pcs_axes.Axis) -> str:
        """The official definition of an axis's value (of an operation, an approach), if any."""
        reference = self._store.references.for_date("definitions", "icd10pcs", self._day)
        if reference is None:
            return ""
        rows = self._store.references.rows(
            Definition, reference, section=code[0], position=axis.position, value=axis.meaning
        )
        return next((row.definition for row in rows), "")

    def _axes_from(self, code: Code, explained: bool) -> Reason:
        """Which tables explain a code, or why none does: it is never guessed from its title."""
        reference = self._store.references.for_date("tables", "icd10pcs", self._day)
        if reference is None:
            return reason("verdict.no_tables")
        if explained:
            return reason("verdict.axes_from", label=reference.label)
        return reason("verdict.not_in_tables", code=code.code, label=reference.label)

    def table(self, code: str) -> list[TableRow]:
        """The rows of the ICD-10-PCS table that a code is made from; [] when none is loaded."""
        reference = self._store.references.for_date("tables", "icd10pcs", self._day)
        return (
            list(self._store.references.rows(TableRow, reference, table=code[:3]))
            if reference
            else []
        )

    def changed(self, mention: CodeMention, coverage: ReleaseMatch, words: str) -> Verdict | None:
        """The verdict on the ICD-10-PCS code that differs from one in the axis that `words` name
        ("same, but percutaneous endoscopic"); None when they name none."""
        rows = self.table(mention.code)
        meant = pcs_axes.axis_meant(rows, mention.code, words)
        if meant is None:
            return None
        position, value = meant
        neighbour = pcs_axes.neighbour(rows, mention.code, position, value)
        if neighbour.code is not None:
            other = CodeMention(mention.typed, neighbour.code, mention.system, True)
            return self.on(other, coverage)
        return Verdict(
            code=f"{mention.code[: position - 1]}…{mention.code[position:]}",
            system=mention.system,
            status="unknown",
            title="",
            release=coverage.release.label,
            reasons=[
                reason(
                    "verdict.no_neighbour",
                    code=mention.code,
                    meaning=value,
                    choices=", ".join(neighbour.choices),
                )
            ],
        )

    # Modifiers and places of service

    def on_modifier(self, code: str) -> Verdict | None:
        """Whether a HCPCS Level II modifier may be used on the date; None when none are loaded."""
        if "hcpcs" not in self._store.systems:
            return None
        coverage = self._store.for_date("hcpcs", self._day)
        release = coverage.release
        found = {
            edition.label: row
            for edition in self._store.releases("hcpcs")
            for row in self._store.rows(Modifier, edition, code=code)
        }
        if not found:
            why = reason("verdict.modifier_unknown", code=code, label=release.label)
            return Verdict(code, "hcpcs", "unknown", "", release.label, reasons=[why])
        own = OwnDates()
        for label, row in found.items():
            own = own.updated_by(label, row.added, row.terminated)
        row = found.get(release.label) or list(found.values())[-1]
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
        elif release.label not in found:
            status = "unknown"
            reasons = [reason("verdict.modifier_unknown", code=code, label=release.label)]
        verdict = Verdict(code, "hcpcs", status, row.title, release.label, reasons=reasons)
        undecided = status == "billable" and own.last is None
        before = own.first is not None and self._day < release.effective_from
        if coverage.fit == "nearest" and undecided and not before:
            return self._not_covered(verdict)
        return verdict

    def on_place(self, code: str) -> Verdict | None:
        """What a place of service code means; None when the list is not loaded."""
        reference = self._store.references.for_date("places", "hcpcs", self._day)
        if reference is None:
            return None
        row = next(self._store.references.rows(PlaceOfService, reference, code=code), None)
        if row is None:
            why = reason("verdict.place_unknown", code=code, label=reference.label)
            return Verdict(code, "pos", "unknown", "", None, reasons=[why])
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
        return Verdict(code, "pos", "billable", row.name, None, reasons=[why])

    # Crosswalks

    def _in_icd9(self, code: str) -> list[Equivalent]:
        return self._mapped("10to9", code)

    def on_icd9(self, code: str) -> Verdict | None:
        """The verdict on an ICD-9-CM code: retired, with its equivalents by the GEMs; None when
        no mapping of it is loaded."""
        found = self._mapped("9to10", code)
        if not found:
            return None
        targets = [e for e in found if e.code]
        return Verdict(
            code=code,
            system="icd9cm",
            status="deleted",
            title="",
            release=None,
            reasons=[reason("verdict.icd9", code=code)],
            replaced_by=[CodeTitle(e.code, e.title) for e in targets],
            equivalents=found,
        )

    def _mapped(self, direction: str, code: str) -> list[Equivalent]:
        for reference in reversed(self._store.references.all("gems")):
            rows = list(
                self._store.references.rows(
                    GemsMapping, reference, direction=direction, source=code
                )
            )
            if rows:
                return [
                    Equivalent(
                        row.target or "",
                        self._title(row.target) if direction == "9to10" and row.target else "",
                        reasons=[
                            reason(
                                "verdict.gem", reference=reference.name, flags=mapping_flags(row)
                            )
                        ],
                    )
                    for row in rows
                ]
        return []

    def _title(self, code: str) -> str:
        for release in reversed(self._store.releases("icd10cm")):
            found = self._store.get(release, code)
            if found is not None:
                return found.title
        return ""


def shown_notes(notes: Sequence[Note]) -> list[ShownNote]:
    """The notes that govern a code, as they are shown with it."""
    return [
        ShownNote(
            kind=note.kind,
            text=f"{note.mark}: {note.text}" if note.mark else note.text,
            inherited_from=note.owner,
            codes=[named.as_published for named in note.codes],
            release=note.release,
        )
        for note in notes
    ]


def titles(codes: Sequence[Code]) -> list[CodeTitle]:
    return [CodeTitle(code.code, code.title) for code in codes]


def mapping_flags(mapping: GemsMapping) -> Reason:
    """What the flags of a General Equivalence Mapping say."""
    if mapping.target is None:
        return reason("verdict.gem_no_map")
    kind = reason("verdict.gem_approximate" if mapping.approximate else "verdict.gem_identical")
    if not mapping.combination:
        return kind
    return reason(
        "verdict.gem_combination", kind=kind, scenario=mapping.scenario, choice=mapping.choice
    )


def _no_replacement(codes: Sequence[Code]) -> list[Reason]:
    """What is said of a deleted code without replacements, the codes given."""
    return [] if codes else [reason("verdict.no_replacement")]


def unloaded(mention: CodeMention) -> Verdict:
    """The verdict on a code of a system that is not loaded, or of none that is known."""
    if mention.system not in SYSTEM_NAMES:
        why = reason(
            "verdict.icd9_unknown" if may_be_icd9(mention.code) else "verdict.not_a_code",
            code=mention.code,
        )
        return Verdict(mention.code, "", "unknown", "", None, reasons=[why])
    why = reason(
        "verdict.not_loaded",
        code=mention.code,
        system=SYSTEM_NAMES[mention.system],
        how=reason(f"load.{mention.system}"),
    )
    return Verdict(mention.code, mention.system, "not_loaded", "", None, reasons=[why])
