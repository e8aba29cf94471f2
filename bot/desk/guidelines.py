"""Finds sections of the Official Guidelines: those that govern a code, and those that answer a
question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from bot.desk.answer import QuotedGuideline, ShownGuideline
from codesets.lookups.governing_guidelines import ByCategory, governs, on_the_chapter
from codesets.lookups.inherited_notes import chapter_of
from codesets.model import Guideline, Reference, Release, System
from codesets.store.code_store import CodeStore
from index.search.searcher import Searcher
from index.text.lexicon import Lexicon

#: Sections quoted in answer to a question.
_MOST = 3
#: The systems that have Official Guidelines.
GUIDED: tuple[System, ...] = ("icd10cm", "icd10pcs")

#: The least nearness and score for an answer from the guidelines alone, where no code fits, by what
#: the words say (`is_about_a_rule`). Of 29 questions about rules for which no code fits, 23 have
#: them, and of 286 about anything else, 2 ("how do vaccines get to the store").
_ALONE = {1.0: (0.5, 0.8), 0.5: (0.5, 0.8), 0.0: (0.5, 0.87)}
#: The least nearness where codes fit, too, and how much nearer than the sections a code may be.
#: What is left at 0.0 must end in "?".
_BESIDE = {1.0: (0.35, 2.0), 0.5: (0.55, 0.2), 0.0: (0.6, 0.1)}
#: The least score beside verdicts.
_BESIDE_VERDICTS = {1.0: 0.62, 0.5: 0.8, 0.0: 0.85}


@dataclass(frozen=True, slots=True)
class RuleQuestion:
    """A question as the guidelines are searched for it: as typed; with shorthand spelled out; and
    the mean of its unit vectors as typed and as spelled out (float32)."""

    asked: str
    spelled_out: str
    vector: np.ndarray


def in_full(text: str) -> str:
    """The words of a text with shorthand spelled out. None is left out: a search for codes reads
    "subsequent encounter" as an attribute, and a rule may be about these words."""
    lexicon = Lexicon.shipped()
    return " ".join(lexicon.spell_out(lexicon.typed(text)))


@dataclass(frozen=True, slots=True)
class Answering:
    """The sections that answer a question, the best first; how near they are: the largest cosine of
    what the guidelines say or of what people ask about them; and the score of the best, which is
    0.0 to about 1.45."""

    sections: list[QuotedGuideline]
    near: float
    score: float

    def alone(self, rule: float) -> bool:
        """Whether they answer a question for which no code fits. `rule`: of `is_about_a_rule`."""
        near, score = _ALONE[rule]
        return self.near >= near and self.score >= score

    def beside(self, rule: float, asked: str, code: float = 0.0) -> bool:
        """Whether they are shown beside codes. `code`: the cosine of the nearest text of a code."""
        near, nearer = _BESIDE[rule]
        asks = rule or asked.rstrip().endswith("?")
        return bool(asks) and self.near >= max(near, code - nearer)

    def beside_verdicts(self, rule: float) -> bool:
        """Whether they are shown beside verdicts on codes that the question names."""
        return self.score >= _BESIDE_VERDICTS[rule]


class GuidelineLookup:
    """Safe to use from many threads: cached values are never altered."""

    def __init__(self, store: CodeStore) -> None:
        self._store = store
        self._sections = lru_cache(maxsize=8)(self._read_sections)
        self._numbered = lru_cache(maxsize=8)(self._number_sections)
        self._by_category = lru_cache(maxsize=8)(lambda key: ByCategory(self._sections(key)))
        self._naming = lru_cache(maxsize=4096)(self._find_naming)
        self._on_chapter = lru_cache(maxsize=256)(self._find_on_chapter)
        self._governing = lru_cache(maxsize=20_000)(self._find_governing)

    def _reference(self, system: str, day: dt.date) -> Reference | None:
        return self._store.references.for_date("guidelines", system, day)

    def _read_sections(self, key: str) -> tuple[Guideline, ...]:
        return tuple(self._store.references.rows(Guideline, self._store.references.get(key)))

    def _number_sections(self, key: str) -> dict[str, Guideline]:
        return {guideline.section: guideline for guideline in self._sections(key)}

    def _find_naming(self, key: str, category: str) -> tuple[Guideline, ...]:
        return tuple(self._by_category(key).naming(category))

    def _find_on_chapter(self, key: str, chapter: str) -> tuple[Guideline, ...]:
        return tuple(on_the_chapter(self._sections(key), chapter))

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
        sections = governs(
            self._sections(key),
            chapter,
            code,
            self._naming(key, code[:3]),
            self._by_category(key).chapters,
            partial(self._on_chapter, key),
        )
        return tuple(ShownGuideline(g.section, g.title, g.page, g.release) for g in sections)

    def answering(
        self,
        searcher: Searcher,
        question: RuleQuestion,
        systems: Collection[System],
        day: dt.date,
    ) -> Answering:
        """The sections that answer a question best, quoted, out of the guidelines of `systems`."""
        keys = [
            reference.key
            for system in GUIDED
            if system in systems and (reference := self._reference(system, day))
        ]
        if not keys:
            return Answering([], 0.0, 0.0)
        found = searcher.guidance(*keys).find(
            question.asked, question.spelled_out, question.vector, _MOST
        )
        sections = [
            QuotedGuideline(g.section, g.title, g.text, g.page, round(score, 4), g.release)
            for g, score in found.best
        ]
        return Answering(sections, found.near, sections[0].score if sections else 0.0)
