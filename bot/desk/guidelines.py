"""Finds sections of the Official Guidelines: those that govern a code, and those that answer a
question."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from bot.desk.answer import QuotedGuideline, ShownGuideline
from codesets.lookups.governing_guidelines import governs, naming
from codesets.lookups.inherited_notes import chapter_of
from codesets.model import Guideline, Reference, Release
from codesets.store.code_store import CodeStore
from index.search.searcher import Found, Searcher

#: Sections quoted in answer to a question.
_MOST = 3


class GuidelineLookup:
    """Safe to use from many threads: cached values are never altered."""

    def __init__(self, store: CodeStore) -> None:
        self._store = store
        self._sections = lru_cache(maxsize=8)(self._read_sections)
        self._numbered = lru_cache(maxsize=8)(self._number_sections)
        self._naming = lru_cache(maxsize=4096)(self._find_naming)
        self._governing = lru_cache(maxsize=20_000)(self._find_governing)

    def _reference(self, system: str, day: dt.date) -> Reference | None:
        return self._store.references.for_date("guidelines", system, day)

    def _read_sections(self, key: str) -> tuple[Guideline, ...]:
        return tuple(self._store.references.rows(Guideline, self._store.references.get(key)))

    def _number_sections(self, key: str) -> dict[str, Guideline]:
        return {guideline.section: guideline for guideline in self._sections(key)}

    def _find_naming(self, key: str, category: str) -> tuple[Guideline, ...]:
        return tuple(naming(self._sections(key), category))

    def governing(self, code: str, release: Release, day: dt.date) -> list[ShownGuideline]:
        """The sections that govern a code, most specific first; [] where none are loaded."""
        reference = self._reference(release.system, day)
        return list(self._governing(reference.key, release, code)) if reference else []

    def section(self, name: str, system: str, day: dt.date) -> Guideline | None:
        """The section with this number; None where no loaded guidelines have it."""
        reference = self._reference(system, day)
        return self._numbered(reference.key).get(name) if reference else None

    def _find_governing(self, key: str, release: Release, code: str) -> tuple[ShownGuideline, ...]:
        known = self._store.get(release, code)
        chapter = chapter_of(self._store, release, known) if known else None
        sections = governs(self._sections(key), chapter, code, self._naming(key, code[:3]))
        return tuple(ShownGuideline(g.section, g.title, g.page, g.release) for g in sections)

    def answering(
        self, searcher: Searcher, found: Found, system: str, day: dt.date
    ) -> list[QuotedGuideline]:
        """The sections that answer a question best, quoted; [] where none are loaded. `found`: the
        result of searching for codes, which has the question as it was understood."""
        reference = self._reference(system, day)
        if reference is None:
            return []
        return [
            QuotedGuideline(g.section, g.title, g.text, g.page, round(score, 4), g.release)
            for g, score in searcher.guidance(reference.key).find(
                found.query.asked, _MOST, found.vector
            )
        ]
