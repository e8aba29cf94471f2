"""What is true of one code on one date of service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from bot.desk.answer import CodeTitle, ShownNote, Status, Verdict
from bot.desk.code_mentions import CodeMention
from bot.desk.icd9_crosswalk import Icd9Crosswalk
from bot.desk.icd9_mentions import may_be_icd9
from bot.desk.known_codes import agreement, said
from bot.desk.procedure_axes import ProcedureAxes
from bot.desk.reasons import Reason, reason
from codesets.lookups import edition_diff, hcpcs_indicators, pcs_axes
from codesets.lookups.did_you_mean import did_you_mean, placeholder_slip
from codesets.lookups.inherited_notes import notes_of
from codesets.model import SYSTEM_NAMES, Code, Indicators, Note, Release
from codesets.store.code_store import CodeStore, ReleaseMatch

#: Similar codes that are suggested, and those that are looked at where words choose among them.
_SUGGESTED, _LOOKED_AT = 5, 60
#: Completions listed with a header or a candidate; a header's verdict says how many there are.
MOST_COMPLETIONS = 100


class Verdicts:
    """Gives verdicts out of codes.db for one date of service."""

    def __init__(
        self, store: CodeStore, day: dt.date, words: str = "", *, notes: bool = True
    ) -> None:
        """`words`: those of the question, by which similar codes are chosen. Without `notes`, only
        what is true of the code itself is told: no notes, axes and equivalents."""
        self._notes = notes
        self._store = store
        self._words = words
        self._day = day
        self._axes = ProcedureAxes(store, day)
        self._crosswalk = Icd9Crosswalk(store)

    def on(self, mention: CodeMention, coverage: ReleaseMatch) -> Verdict:
        """The verdict on a code of a loaded system. The code's own dates decide, whichever release
        has them; else the release in force. Where neither covers the day, the status is
        `not_covered`, and the reasons give what the nearest release says."""
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
                verdict = not_covered(verdict)
        if verdict.status == "unknown" and (retired := self._crosswalk.verdict(mention.code)):
            return retired
        if not self._notes:
            return verdict
        return replace(verdict, equivalents=self._crosswalk.in_icd9(verdict.code))

    def _anywhere(self, mention: CodeMention, release: Release) -> Code | None:
        """A code that `release` does not have, out of the nearest release that has it: the first
        later one, else the last earlier one; None when no release has it."""
        editions, later = self._editions(mention, release)
        nearest = (later or editions[::-1])[:1]
        return self._store.get(nearest[0], mention.code) if nearest else None

    def _editions(
        self, mention: CodeMention, release: Release
    ) -> tuple[list[Release], list[Release]]:
        """The editions that have a code, and those among them that are later than `release`."""
        editions = self._store.releases_with(mention.system, mention.code)
        return editions, [e for e in editions if e.effective_from > release.effective_from]

    def _in_force(self, code: Code, release: Release) -> Verdict:
        """The verdict on a code that `release` has: billable, or a header."""
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
        explained = self._notes and code.system == "icd10pcs"
        axes = self._axes.of(code.code) if explained else []
        if explained:
            reasons.append(self._axes.source(code.code, explained=bool(axes)))
        return Verdict(
            code=code.code,
            system=code.system,
            status="billable" if code.billable else "header",
            title=code.title,
            release=release.label,
            reasons=[*reasons, *self._indicators(code, release)],
            completions=titles(completions[:MOST_COMPLETIONS]),
            notes=shown_notes(notes_of(self._store, release, code)) if self._notes else [],
            axes=axes,
        )

    def _elsewhere(self, mention: CodeMention, release: Release, known: Code | None) -> Verdict:
        """The verdict on a code that `release` does not have. `known` is the code as another
        release has it; None when none has."""
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
            slip = placeholder_slip(self._store, release, mention.code)
            if slip and mention.system == "icd10cm":
                fault, meant = slip
                reasons.append(reason(f"verdict.x_{fault}", code=mention.code, meant=meant.code))
        begun = [] if editions else self._store.completions(release, mention.code)
        if begun:
            # The beginning of an ICD-10-PCS code. Headers of ICD-10-PCS are not listed as codes.
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
                completions=titles(begun[:MOST_COMPLETIONS]),
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
        """The verdict on a code that its own dates exclude on the day; None when they do not, or
        when it has none."""
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
            did_you_mean=[] if replaced else titles(self._similar(code, release)),
        )

    def _within_its_dates(self, code: Code) -> Verdict | None:
        """The verdict on a code whose own dates include the day, although the release for the day
        does not have it or does not cover the day; None when nothing shows that it was in force.

        It is shown by the first release after the day that lists the code, or by the release that
        has its last day. An earlier release shows nothing: the code may have ended since.
        """
        own = self._store.own_dates(code.system, code.code)
        if own.first is None or not code.in_force(self._day):
            return None
        editions = self._store.releases_with(code.system, code.code)
        evidence = [
            edition
            for edition in editions
            if edition.effective_from > self._day or edition.label == own.last_from
        ]
        listed = self._store.get(evidence[0], code.code) if evidence else None
        if listed is None:
            return None
        verdict = self._in_force(listed, evidence[0])
        first = reason("verdict.first_day", date=own.first)
        return replace(verdict, reasons=[*verdict.reasons, first])

    def _did_you_mean(self, release: Release, code: str) -> list[CodeTitle]:
        stems = said(self._words.split()) if release.system != "icd10cm" else frozenset()
        by_words = bool(stems)
        similar = did_you_mean(self._store, release, code, _LOOKED_AT if by_words else _SUGGESTED)
        in_force = [one for one in similar if one.in_force(self._day)]
        if by_words:
            in_force.sort(key=lambda one: -agreement(stems, one.title))
        return titles(in_force[:_SUGGESTED])

    def _similar(self, code: Code, release: Release) -> list[Code]:
        """Codes in force on the day whose titles are most similar to that of a code with a last
        day."""
        in_force = {
            name: title
            for name, title in self._store.titles(release).items()
            if self._store.own_dates(code.system, name).include(self._day)
        }
        return edition_diff.similar(self._store, code, release, in_force)

    def _indicators(self, code: Code, release: Release) -> list[Reason]:
        """Coverage and pricing of a HCPCS code: a billable code may still not be covered."""
        if code.system != "hcpcs":
            return []
        rows = list(self._store.rows(Indicators, release, code=code.code))
        return [
            reason("verdict.indicators", told="; ".join(hcpcs_indicators.decoded(row)))
            for row in rows[:1]
        ]

    def changed(self, mention: CodeMention, coverage: ReleaseMatch, words: str) -> Verdict | None:
        """The verdict on the ICD-10-PCS code that differs from the mentioned one in the axis value
        that `words` name ("same, but percutaneous endoscopic"); None when they name none."""
        rows = self._axes.table(mention.code)
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


def not_covered(verdict: Verdict) -> Verdict:
    """The verdict of the nearest release, for a day that no release covers."""
    return replace(
        verdict,
        status="not_covered",
        reasons=[reason("verdict.not_covered", told=verdict.reasons)],
    )


def shown_notes(notes: Sequence[Note]) -> list[ShownNote]:
    """The notes that govern a code, in the form that an answer has."""
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


def _no_replacement(codes: Sequence[Code]) -> list[Reason]:
    """That a deleted code has no replacement; [] when `codes` replace it."""
    return [] if codes else [reason("verdict.no_replacement")]


def unloaded(mention: CodeMention) -> Verdict:
    """The verdict on a code of a system that is not loaded, or on text that no system's codes look
    like."""
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


def damaged(mention: CodeMention) -> Verdict:
    """The verdict on what a spreadsheet has made of a code."""
    why = reason(f"verdict.made_a_{mention.damage}", code=mention.code)
    return Verdict(mention.code, "", "unknown", "", None, reasons=[why])
