"""ICD-11 for those who ask: verdicts on its codes, and WHO's maps between it and ICD-10.

It is never used for US claims, and no answer changes because it is loaded: what is here is called
only for a question that names ICD-11 or one of its codes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.desk.answer import Answer, CodeTitle, Headline, Verdict
from bot.desk.code_mentions import CodeMention
from bot.desk.edition_dates import edition_labels
from bot.desk.icd11_mentions import asks_for_icd11, has_put_together
from bot.desk.notices import not_loaded, noticed
from bot.desk.reasons import Reason, reason
from bot.desk.who_equivalent import WhoEquivalent
from codesets.code_format import is_icd11_extension
from codesets.model import Code, Reference, Release, System
from codesets.rows_icd11 import Direction, Icd11Mapping
from codesets.store.code_store import CodeStore

SYSTEM: System = "icd11"
#: Codes that complete a category, and similar ones, that are listed.
_MOST_BELOW, _MOST_SIMILAR = 100, 5


class Icd11:
    """Reads the loaded release and maps of ICD-11. Safe to use from many threads."""

    def __init__(self, store: CodeStore) -> None:
        self._store = store

    def has(self, code: str) -> bool:
        """Whether a loaded release has a code."""
        return bool(self._store.releases_with(SYSTEM, code))

    def is_of_others(self, code: str) -> bool:
        """Whether a loaded system of US claims has a code, or codes that begin with it."""
        if any(self._store.releases_with(system, code) for system in self._store.systems):
            return True
        newest = self._store.releases("icd10pcs")[-1:]
        return any(self._store.completions(release, code, 1) for release in newest)

    def verdict(self, mention: CodeMention, day: dt.date) -> Verdict | None:
        """The verdict on a code of ICD-11, with what it is in WHO's ICD-10; None when no release is
        loaded."""
        if not self._store.releases(SYSTEM):
            return None
        release = self._store.for_date(SYSTEM, day).release
        code = self._store.get(release, mention.code)
        if code is None:
            similar = self._store.children(release, mention.code.partition(".")[0])
            why = reason("icd11.unknown", code=mention.code, label=release.label)
            return Verdict(
                mention.code,
                SYSTEM,
                "unknown",
                "",
                release.label,
                did_you_mean=[CodeTitle(c.code, c.title) for c in similar[:_MOST_SIMILAR]],
                reasons=[why],
            )
        return Verdict(
            code.code,
            SYSTEM,
            "not_billed",
            code.title,
            release.label,
            completions=[
                CodeTitle(below.code, below.title)
                for below in self._store.children(release, code.code)[:_MOST_BELOW]
            ],
            reasons=[reason("icd11.not_billed", code=code.code), *self._of(code, release)],
            who_equivalents=list(self.mapped("11to10", code.code, day)),
        )

    def _of(self, code: Code, release: Release) -> Iterator[Reason]:
        if is_icd11_extension(code.code):
            yield reason("icd11.extension")
        elif code.section:
            section = self._store.divisions(release).get(("section", code.section))
            if section:
                yield reason("icd11.stands_in", title=section.title)

    def mapped(self, direction: Direction, code: str, day: dt.date) -> Iterator[WhoEquivalent]:
        """What WHO's map says of a code, or of the longest beginning of it that the map has."""
        for reference in self._maps():
            for known in _beginnings(code) if direction == "10to11" else [code]:
                rows = list(
                    self._store.references.rows(
                        Icd11Mapping, reference, direction=direction, source=known
                    )
                )
                if rows:
                    yield from (self._equivalent(row, code, reference, day) for row in rows)
                    return

    def _maps(self) -> list[Reference]:
        return self._store.references.all("icd11_map")[::-1]

    def _equivalent(
        self, row: Icd11Mapping, code: str, reference: Reference, day: dt.date
    ) -> WhoEquivalent:
        to_11 = row.direction == "10to11"
        why = [reason("icd11.to_11" if to_11 else "icd11.to_10", label=reference.label)]
        if to_11 and row.source != code:
            why.append(reason("icd11.begins", code=code, known=row.source, title=row.source_title))
        elif not to_11 and row.target:
            why += self._in_cm(row.target, day)
        if "&" in row.target or "/" in row.target:
            why.append(reason("icd11.put_together"))
        return WhoEquivalent(
            system=SYSTEM if to_11 else "icd10",
            code=row.target,
            title=row.target_title,
            mapped_from=row.source,
            release=reference.label,
            reasons=why,
        )

    def _in_cm(self, code: str, day: dt.date) -> Iterator[Reason]:
        """What ICD-10-CM has by the same code, which claims need."""
        if not self._store.releases("icd10cm"):
            return
        release = self._store.for_date("icd10cm", day).release
        known = self._store.get(release, code)
        if known is None:
            yield reason("icd11.not_in_cm", code=code, label=release.label)
        else:
            key = "icd11.in_cm" if known.billable else "icd11.header_in_cm"
            yield reason(key, code=code, title=known.title, label=release.label)

    def answered(self, answer: Answer, text: str, day: dt.date, systems: Sequence[str]) -> Answer:
        """The answer about codes, with what is said of ICD-11: where it is asked for, or a code of
        it is among them. `systems`: those that the question is limited to."""
        of_icd11 = any(verdict.system == SYSTEM for verdict in answer.verdicts)
        asked = asks_for_icd11(text) or SYSTEM in systems
        if not (asked or of_icd11):
            return answer
        if asked and not of_icd11:
            if not self._maps():
                return noticed(answer, not_loaded(SYSTEM))
            answer = replace(
                answer,
                verdicts=[
                    replace(one, who_equivalents=list(self.mapped("10to11", one.code, day)))
                    if one.system == "icd10cm"
                    else one
                    for one in answer.verdicts
                ],
            )
        if has_put_together(text):
            answer = noticed(answer, reason("icd11.put_together"))
        if self._store.releases(SYSTEM):
            coverage = self._store.for_date(SYSTEM, day)
            answer = replace(answer, releases=answer.releases | edition_labels([coverage], day))
        labels = [one.release for one in answer.verdicts if one.system == SYSTEM and one.release]
        labels += [one.release for verdict in answer.verdicts for one in verdict.who_equivalents]
        if labels:
            answer = noticed(answer, reason("icd11.attribution", label=labels[0]))
        told = list(_told(answer.verdicts))
        if not told:
            return answer
        codes = [one.code for one in answer.verdicts]
        return replace(answer, headline=Headline("verdict", codes, reasons=told))

    def noted(self, answer: Answer, releases: Sequence[Release]) -> Answer:
        """The answer to a search of ICD-11 with its notice; another one as it is."""
        release = next((one for one in releases if one.system == SYSTEM), None)
        if release is None or not answer.candidates:
            return answer
        return noticed(answer, reason("icd11.attribution", label=release.label))


def _told(verdicts: Sequence[Verdict]) -> Iterator[Reason]:
    """A sentence for each code of which a map tells something, for the headline."""
    for verdict in verdicts:
        for one in verdict.who_equivalents[:1]:
            key = "headline" if one.code else "headline_no_code"
            system = reason(f"icd11.name_{one.system}")
            yield reason(
                f"icd11.{key}", code=verdict.code, other=one.code, title=one.title, system=system
            )


def _beginnings(code: str) -> Iterator[str]:
    """A code of ICD-10-CM, and what it begins with down to its category, the longest first."""
    for length in range(len(code), 2, -1):
        if not code[:length].endswith("."):
            yield code[:length]
