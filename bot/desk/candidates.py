"""The codes that may answer a question in plain words, each with what is asked back about it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from bot.desk.answer import Candidate
from bot.desk.grounds import because, is_uncertain
from bot.desk.guidelines import GuidelineLookup
from bot.desk.note_checks import report_with
from bot.desk.procedure_axes import ProcedureAxes
from bot.desk.reasons import Reason, reason
from bot.desk.system_choice import Group, groups
from bot.desk.verdicts import MOST_COMPLETIONS, shown_notes, titles
from codesets.lookups import inherited_notes, pcs_axes
from codesets.lookups.inherited_notes import notes_of
from codesets.model import US_SYSTEMS, Code, Release, System
from codesets.store.code_store import CodeStore
from index.search.confidence import Confidence, confidence, fits
from index.search.defaults import preferred
from index.search.left_open import axis_left_open
from index.search.searcher import Found, Hit, Query
from index.search.seventh_character import Completion, choices, complete
from index.text.attributes import SIDE
from index.text.encounter import read_encounter
from index.text.lexicon import typed_words
from index.text.tokens import read
from index.text.uncertain import read_uncertain

#: Hits that are looked at, at least: the confidence of each depends on the others.
LOOKED_AT = 10
#: Two ICD-10-PCS codes whose scores differ by less than this fit a question equally well.
_AS_GOOD = 0.3


def read_cut_words(found: Found, stored: str) -> list[Reason]:
    """How the cut words of a question were read ("lacrtn" as laceration), if it has any. Only words
    of `stored`, the question as the log keeps it: the notice must not show what was removed."""
    kept = set(typed_words(stored))
    words = ", ".join(f"{typed} = {word}" for typed, word in found.query.read_as if typed in kept)
    return [reason("desk.cut_words", words=words)] if words else []


class Candidates:
    """Makes candidates of search results, for one date of service."""

    def __init__(
        self,
        store: CodeStore,
        guideline_lookup: GuidelineLookup,
        releases: Sequence[Release],
        day: dt.date,
    ) -> None:
        self._store = store
        self._guideline_lookup = guideline_lookup
        self._releases: dict[System, Release] = {release.system: release for release in releases}
        self._day = day

    def of_sides(
        self,
        searches: Sequence[Found],
        limit: int,
        points: Mapping[System, float] | None = None,
        *,
        of_a_system: bool,
    ) -> list[Candidate]:
        """The candidates of one search; of several, one for each side that a question tells apart,
        the best of each, then the second of each, and so on. The rest is as in `among`."""
        each = [self.among(found, limit, points, of_a_system=of_a_system) for found in searches]
        if len(each) == 1:
            return each[0]
        merged: dict[str, Candidate] = {}
        for row in zip_longest(*each):
            for candidate in filter(None, row):
                merged.setdefault(candidate.code, candidate)
        return _ranked(list(merged.values())[:limit])

    def among(
        self,
        found: Found,
        limit: int,
        points: Mapping[System, float] | None = None,
        *,
        of_a_system: bool,
    ) -> list[Candidate]:
        """At most `limit` candidates, the likeliest system first, and of each system the best
        first; [] when no result fits the question. `points`: what the words say for each system;
        `of_a_system`: whether the question asks for certain code systems, or its words show that
        it is about codes."""
        found = replace(found, hits=preferred(found.query, found.hits))
        most = max(limit, LOOKED_AT)
        for system, release in self._releases.items():
            of_system = [hit.code for hit in found.hits if hit.system == system]
            self._store.prepare_families(release, of_system[:most])
        hits: list[Hit] = []
        families: list[list[Code]] = []
        counts: Counter[System] = Counter()
        for hit in found.hits:
            if counts[hit.system] == most:
                continue
            if codes := self._in_force(self._releases[hit.system], hit.code):
                hits.append(hit)
                families.append(codes)
                counts[hit.system] += 1
        if not fits(replace(found, hits=hits), of_a_system=of_a_system):
            return []
        candidates: list[Candidate] = []
        for group in groups(points or {}, hits, limit):
            own = [hits[place] for place in group.hits]
            codes_of = [families[place] for place in group.hits[: group.most]]
            chosen = self._completed(found.query, own, codes_of)
            shown = [
                self._candidate(found.query, own, at, codes, chosen[at], group)
                for at, codes in enumerate(codes_of)
            ]
            if each := self._on_each_side(found.query, own, group):
                shown = [*each, *shown[1:]][: max(group.most, len(each))]
            candidates += shown
        return _ranked(candidates[:limit])

    def _on_each_side(self, query: Query, hits: Sequence[Hit], group: Group) -> list[Candidate]:
        """The right and the left code, where a question says that both sides are meant and the
        family of the best hit has no bilateral code (Guidelines I.B.13); [] elsewhere."""
        best = hits[0]
        if best.system != "icd10cm" or SIDE.said(query.reading) != {"both"}:
            return []
        by_side: dict[str, tuple[Hit, list[Code]]] = {}
        families = (best.code, *best.siblings)
        for family in families:
            codes = self._in_force(self._releases[best.system], family)
            for side in SIDE.said(read(codes[0].title)) if codes else ():
                others = tuple(code for code in families if code != family)
                hit = replace(best, code=family, title=codes[0].title, siblings=others)
                by_side[side] = hit, codes
        if "both" in by_side or not {"right", "left"} <= by_side.keys():
            return []
        each = (by_side["right"], by_side["left"])
        chosen = self._completed(query, [hit for hit, _ in each], [codes for _, codes in each])
        return [
            self._candidate(query, [hit, *hits[1:]], 0, codes, one, group)
            for (hit, codes), one in zip(each, chosen, strict=True)
        ]

    def _completed(
        self, query: Query, hits: Sequence[Hit], families: Sequence[Sequence[Code]]
    ) -> list[Completion]:
        """The code that is chosen of the family of each hit, as many as there are `families`. What
        is looked up of these codes is read here for all of them together."""
        said = read_encounter(query.asked)
        # Not strict: of the hits, the first are shown.
        pairs = list(zip(hits, families, strict=False))
        chosen = [complete(query.reading, said, codes, hit.member) for hit, codes in pairs]
        if pairs:
            release = self._releases[hits[0].system]
            siblings = [code for hit, _ in pairs for code in hit.siblings]
            self._store.prepare_families(release, siblings)
            inherited_notes.prepare(self._store, release, [one.code.code for one in chosen])
        return chosen

    def _in_force(self, release: Release, stem: str) -> list[Code]:
        """The billable codes of a family on the day: the stem itself, or its seventh-character
        expansions; [] when none is in force."""
        code = self._store.get(release, stem)
        if code is not None and code.billable:
            codes = [code]
        else:
            codes = self._store.completions(release, stem)
        return [code for code in codes if code.in_force(self._day)]

    def _candidate(
        self,
        query: Query,
        hits: Sequence[Hit],
        at: int,
        codes: Sequence[Code],
        chosen: Completion,
        group: Group,
    ) -> Candidate:
        hit = hits[at]
        release = self._releases[hit.system]
        said = read_encounter(query.asked)
        alternatives = [
            complete(query.reading, said, sibling).code
            for code in hit.siblings
            if (sibling := self._in_force(release, code))
        ]
        notes = notes_of(self._store, release, chosen.code)
        axis = axis_left_open(query, hits, at, alternatives)
        asked = reason(axis) if axis else None
        if asked is None and hit.member:
            asked = self._pcs_axis_left_open(hit, hits)
        elif asked is None and len(codes) > 1 and not chosen.decided:
            asked = _member_left_open(hit, codes)
        sure = confidence(hits, at)
        uncertain = read_uncertain(query.asked)
        if uncertain and not uncertain.inpatient and is_uncertain(query, chosen.code.title):
            sure = "low" if sure == "low" else "medium"
            asked = asked or reason("ask.setting")
        return Candidate(
            rank=at + 1,
            system=hit.system,
            code=chosen.code.code,
            title=chosen.code.title,
            billable=chosen.code.billable and release.system in US_SYSTEMS,
            release=release.label,
            score=round(hit.score, 4),
            confidence=_held(sure, group),
            matched=list(hit.matched),
            alternatives=titles(alternatives),
            completions=titles(codes[:MOST_COMPLETIONS]) if len(codes) > 1 else [],
            report_with=report_with(self._store, release, notes),
            notes=shown_notes(notes),
            guidelines=self._guideline_lookup.governing(chosen.code.code, release, self._day),
            because=because(
                self._guideline_lookup, query, chosen, alternatives, release, self._day
            ),
            reasons=[asked] if asked else [],
        )

    def _pcs_axis_left_open(self, hit: Hit, hits: Sequence[Hit]) -> Reason | None:
        """What to ask back to decide between an ICD-10-PCS code and the codes of its table that
        fit equally well; None when there are none, or no table is loaded."""
        rivals = [
            rival.member
            for rival in hits
            if rival.member and rival.code[:3] == hit.code[:3]
            if abs(rival.score - hit.score) < _AS_GOOD
        ]
        rows = ProcedureAxes(self._store, self._day).table(hit.code)
        explained = filter(None, (pcs_axes.explain(rows, code) for code in rivals))
        for same in zip(*explained, strict=True):
            meanings = list(dict.fromkeys(axis.meaning for axis in same))
            if len(meanings) > 1:
                return reason("desk.ask_axis", axis=same[0].name, choices=" or ".join(meanings))
        return None


def _ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, numbered in their order."""
    return [replace(candidate, rank=rank) for rank, candidate in enumerate(candidates, 1)]


def _held(level: Confidence, group: Group) -> Confidence:
    """The confidence of a code, of which there can be no more than of its system."""
    return "medium" if level == "high" and not group.is_meant else level


def _member_left_open(hit: Hit, codes: Sequence[Code]) -> Reason:
    """What to ask back to decide which code of a family is meant."""
    if hit.system == "icd10pcs":
        return reason("desk.ask_pcs")
    if {"A", "D", "S"} <= {code.code[-1] for code in codes}:
        return reason("desk.ask_encounter")
    return reason("desk.ask_seventh", choices=", ".join(choices(hit.title, codes)))
