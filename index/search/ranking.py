"""Scores the families of codes that the retrievers found for a question.

A score is a weighted sum of features. The weights were fitted on the development half of the
evaluation sets (`bench/fit.py`); docs/EVALUATION.md has what each part contributes. All families of
a question are scored at once, with the arrays of index/search/features.py.

The *weight of a word* is the logarithm of its rarity (Rarity), so that rare words count more in the
shares below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from index.search.features import Ragged, Rows, TitleFeatures, Words, among
from index.text.attributes import (
    ASIDE,
    AXES,
    CIRCUMSTANCES,
    OTHER,
    SAYS_OTHER,
    UNSPECIFIED,
)
from index.text.tokens import Reading

WEIGHTS = {
    "dense": 4.44,  # cosine of the family's best text
    "title": 1.82,  # cosine of the family's own title
    "lexical": 0.67,  # largest BM25 score of its texts, as a share of the best of all texts
    "category": 1.13,  # cosine of the nearest text of its category
    "exact": 0.49,  # 1 if the core of a text of its own has the question's stems and no others
    "question_coverage": 1.83,  # share of the question's words in the text, the title or above
    "text_coverage": 0.82,  # share of the text's words that are in the question
    "title_coverage": 0.42,  # share of the title's words that are in the question
    "inherited": -0.72,  # levels from the family up to the header whose text it is; 0: its own
    "agrees": 0.51,  # number of axes on which question and title name the same value
    "unasked_axes": -0.4,  # number of axes on which the title has a value that is not meant
    "unasked_circumstances": -0.44,  # 1 if the title has such a value among the CIRCUMSTANCES
    "unspecified": -0.1,  # 1 if the title has a word such as "unspecified"
    "other": -0.45,  # 1 if the title has a word such as "other" and the question has none
    "other_number": -0.46,  # 1 if the title has a number (stage, type), but none of the question's
    "contradiction": -0.11,  # stems that one of question and title affirms and the other denies
    "exact_above": 0.2,  # 1 if a header's text is the question word for word
    "entry": 0.9,  # 1 if an entry of the Alphabetic Index is the question word for word
    "amount": 0.5,  # HCPCS: 1 if the title has an amount of the question ("20 mg")
    "unasked_brand": -0.3,  # HCPCS: 1 if the title has a brand or maker that is not asked for
    "as_typed": 0.3,  # share of the question's words, as typed, in the family's own title
}
FEATURES = tuple(WEIGHTS)
#: float32, in the order of FEATURES.
_WEIGHTS = np.array(list(WEIGHTS.values()), dtype=np.float32)
#: The column of each feature.
_COLUMN = {name: column for column, name in enumerate(FEATURES)}
#: The features that choose the best text of a family, by their weighted sum, and their weights.
_OF_TEXT = ("dense", "question_coverage", "text_coverage", "inherited")
_TEXT_WEIGHTS = np.array([WEIGHTS[name] for name in _OF_TEXT], dtype=np.float32)
#: The usual value on each of AXES, as bits (int32, a row an axis), and the row of CIRCUMSTANCES.
_USUAL = np.array([axis.usual_bits for axis in AXES], dtype=np.int32)[:, None]
_OF_CIRCUMSTANCES = AXES.index(CIRCUMSTANCES)

#: The number of AXES, from the first on, by which the members of a group differ: side, trimester.
_GROUP_AXES = 2
#: The share of its weight with which a word counts for "question_coverage" if only a title above
#: the family has it.
_ABOVE = 0.7
#: What "other" or "unspecified" in both question and title counts, as a share of an axis. Many
#: titles have these words, so that they say less than a side does.
_NAMED = 0.5


class Rarity:
    """The weights of words, by the number of a bundle's texts that have them."""

    def __init__(self, frequency: Mapping[str, int], texts: int) -> None:
        """`frequency`: stem -> number of texts that have it; `texts`: the number of all texts."""
        self._frequency, self._texts = frequency, texts

    def of(self, stems: Sequence[str]) -> np.ndarray:
        """log(1 + texts / (1 + frequency)) of each stem (float32)."""
        counts = np.array([self._frequency.get(stem, 0) for stem in stems], dtype=np.float32)
        return np.log1p(self._texts / (1 + counts))


@lru_cache(maxsize=256)
def _named(question: Reading) -> tuple[int, ...]:
    """The values that a question names on each of AXES, as bits."""
    return tuple(axis.bits(question) for axis in AXES)


@dataclass(frozen=True)
class Evidence:
    """Texts that were found for families. All arrays have one entry for each pair of them:

    families    int32: number of the family
    texts       int32: number of the text
    cosines     float32: cosine of the text with the question, -1 to 1
    lexical     float32: BM25 score of the text, as a share of the best
    distances   int32: levels from the family up to the code whose text it is; 0: its own
    """

    families: np.ndarray
    texts: np.ndarray
    cosines: np.ndarray
    lexical: np.ndarray
    distances: np.ndarray

    def nearness(self) -> np.ndarray:
        """Cosine and distance of each entry, weighted as in a score (float32)."""
        return WEIGHTS["dense"] * self.cosines + WEIGHTS["inherited"] * self.distances

    def nearest(self, family: int, most: int) -> list[int]:
        """The texts of a family, the nearest first, `most` at most."""
        families, texts = self._nearest_first
        first, last = families.searchsorted([family, family + 1])
        return texts[first : min(last, first + most)].tolist()

    @cached_property
    def _nearest_first(self) -> tuple[np.ndarray, np.ndarray]:
        """The families, sorted, and the texts of each, the nearest first."""
        order = np.lexsort((-self.cosines, self.families))
        return self.families[order], self.texts[order]

    def nearest_families(self, most: int) -> np.ndarray:
        """The `most` families with the nearest texts, sorted by number. The others would cost time
        and never come first."""
        families, place = np.unique(self.families, return_inverse=True)
        nearness = np.full(len(families), -np.inf, dtype=np.float32)
        np.maximum.at(nearness, place, self.nearness())
        return np.sort(families[np.argsort(-nearness, kind="stable")[:most]])

    def of(self, families: np.ndarray) -> Evidence:
        """The entries of these families only, which are sorted."""
        kept = among(self.families, families).nonzero()[0]
        return Evidence(
            self.families[kept],
            self.texts[kept],
            self.cosines[kept],
            self.lexical[kept],
            self.distances[kept],
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """Families with their scores. The members of a group differ in side or trimester only.

    families    int32, sorted
    features    float32, families x FEATURES
    scores      float32, one a family; all members of a group have the score of the best one
    groups      int, one a family: number of its group, counted within this object
    chosen      int: for each group, the place of the member that the question asks for, by
                descending score
    """

    families: np.ndarray
    features: np.ndarray
    scores: np.ndarray
    groups: np.ndarray
    chosen: np.ndarray

    def siblings(self, at: int) -> list[int]:
        """The families in the same group as the one at place `at`, without that one."""
        same = self.groups == self.groups[at]
        return [n for n in self.families[same].tolist() if n != self.families[at]]


class _Compared:
    """The texts and families that a question is compared with, word by word, in each reading."""

    def __init__(
        self,
        features: TitleFeatures,
        title_of: np.ndarray,
        parent_of: np.ndarray,
        texts: np.ndarray,
        families: np.ndarray,
    ) -> None:
        """`title_of`, `parent_of`: as in Ranker; `texts`, `families`: what is compared."""
        self._features, self._title_of, self._parent_of = features, title_of, parent_of
        self.texts, self.families = texts, families
        self.titles: np.ndarray = title_of[families]

    @cached_property
    def affirmed_by_texts(self) -> Rows:
        return self._features.affirmed.rows(self.texts)

    @cached_property
    def affirmed_by_titles(self) -> Rows:
        return self._features.affirmed.rows(self.titles)

    @cached_property
    def core_of_texts(self) -> Rows:
        return self._features.core.rows(self.texts)

    @cached_property
    def core_of_titles(self) -> Rows:
        return self._features.core.rows(self.titles)

    @cached_property
    def denied_by_titles(self) -> Rows:
        return self._features.denied.rows(self.families)

    @cached_property
    def parts_of_texts(self) -> tuple[Rows, Rows]:
        return self._parts_of(self.texts)

    @cached_property
    def parts_of_titles(self) -> tuple[Rows, Rows]:
        return self._parts_of(self.titles)

    def _parts_of(self, texts: np.ndarray) -> tuple[Rows, Rows]:
        """The parts of texts, and the stems of these parts."""
        parts = self._features.parts.rows(texts)
        return parts, self._features.part_stems.rows(parts.values)

    @cached_property
    def above(self) -> list[tuple[np.ndarray, Rows]]:
        """For each level above the families: the places of those that have a title there, and what
        these titles affirm."""
        levels = []
        parents = self._parent_of[self.families]
        while len(at := (parents >= 0).nonzero()[0]):
            levels.append((at, self._features.affirmed.rows(self._title_of[parents[at]])))
            parents = np.where(parents >= 0, self._parent_of[parents], -1)
        return levels


class Ranker:
    """Scores the families of one system index."""

    def __init__(
        self,
        system: str,
        codes: list[str],
        title_features: TitleFeatures,
        titles: np.ndarray,
        parents: np.ndarray,
        entries: np.ndarray,
        rarity: Rarity,
    ) -> None:
        """`codes`: of each family; `titles`: of each family the number of the text that is its
        title (int32); `parents`: of each family the number of the family above, -1 for none
        (int32); `entries`: of each text, whether it is an entry of the Alphabetic Index (bool)."""
        self._features, self._titles, self._parents = title_features, titles, parents
        self._entries = entries
        self._is_hcpcs = system == "hcpcs"
        #: The number of each family's group.
        self.groups = title_features.groups
        self._numbers = {stem: n for n, stem in enumerate(title_features.stems)}
        self._rarity = rarity
        self._weights = rarity.of(title_features.stems)
        self._part_totals = np.maximum(_sums(title_features.part_stems, self._weights), 1e-6)
        self._numeric = np.array([_is_number(stem) for stem in title_features.stems], dtype=bool)
        self._aside = np.array([stem in ASIDE for stem in title_features.stems], dtype=bool)
        self._categories = _categories(system, codes)

    def judge(
        self,
        readings: Sequence[Reading],
        evidence: Evidence,
        families: np.ndarray,
        by_title: np.ndarray,
        amounts: Sequence[frozenset[str]] = (),
    ) -> Judged:
        """Score families.

        `readings`: the question as spelled out and, where it differs, as typed. Texts are compared
        with both, and the better value of a feature counts, because a text may have either wording.
        `families`: int32, sorted. `by_title`: the cosine of each family's title (float32). A family
        without an entry in `evidence` is scored by its title. `amounts`: those that the question
        names, each as its words ("0.5 mg": 0, 5, mg).
        """
        # For each entry of the evidence, the place of its family and of its text.
        row = families.searchsorted(evidence.families)
        is_alone = np.ones(len(families), dtype=bool)
        is_alone[row] = False
        alone = is_alone.nonzero()[0]
        if len(alone):
            row = np.concatenate([row, alone])
            evidence = Evidence(
                np.concatenate([evidence.families, families[alone]]),
                np.concatenate([evidence.texts, self._titles[families[alone]]]),
                np.concatenate([evidence.cosines, by_title[alone]]),
                np.concatenate([evidence.lexical, np.zeros(len(alone), dtype=np.float32)]),
                np.concatenate([evidence.distances, np.zeros(len(alone), dtype=np.int32)]),
            )
        texts, of_text = np.unique(evidence.texts, return_inverse=True)
        compared = _Compared(self._features, self._titles, self._parents, texts, families)
        # Some processors report an invalid value where none is when booleans are multiplied.
        with np.errstate(invalid="ignore"):
            by_reading = [self._coverage(reading, compared, of_text, row) for reading in readings]
        question_coverage, text_coverage, exact, title_coverage, as_typed = by_reading[0]
        for again in by_reading[1:]:
            question_coverage = np.maximum(question_coverage, again[0])
            text_coverage = np.maximum(text_coverage, again[1])
            exact = exact | again[2]
            title_coverage = np.maximum(title_coverage, again[3])
            as_typed = again[4]
        own = evidence.distances == 0

        of_entry = np.zeros((len(row), len(_OF_TEXT)), dtype=np.float32)
        for column, feature in enumerate(
            (evidence.cosines, question_coverage, text_coverage, evidence.distances)
        ):
            of_entry[:, column] = feature
        sums = of_entry @ _TEXT_WEIGHTS
        # Sorted by family and sum, the last entry of a family is its best.
        order = np.lexsort((sums, row))
        best = order[np.searchsorted(row[order], np.arange(len(families)), side="right") - 1]

        features = np.zeros((len(families), len(FEATURES)), dtype=np.float32)

        def put(name: str, column: np.ndarray) -> None:
            features[:, _COLUMN[name]] = column

        for number, name in enumerate(_OF_TEXT):
            put(name, of_entry[best, number])
        put("title", by_title)
        put("title_coverage", title_coverage)
        put("lexical", _largest(row, evidence.lexical, len(families)))
        put("exact", _largest(row, exact & own, len(families)))
        put("exact_above", _largest(row, exact & ~own, len(families)))
        put("entry", _largest(row, exact & self._entries[evidence.texts], len(families)))
        put("as_typed", as_typed)
        put("category", self._by_category(evidence, row, families))
        question = readings[0]
        for name, values in self._agreement(question, compared).items():
            put(name, values)
        if self._is_hcpcs:
            put("amount", self._has_amount(amounts, families))
            put("unasked_brand", self._unasked_brand(readings, families))
        return self._grouped(question, families, features)

    def _has_amount(self, amounts: Sequence[frozenset[str]], families: np.ndarray) -> np.ndarray:
        """Whether each title has one of the amounts (bool)."""
        has = np.zeros(len(families), dtype=bool)
        for amount in amounts:
            words = self._words(sorted(amount))
            has |= words.within(self._features.affirmed, self._titles[families]).all(axis=1)
        return has

    def _unasked_brand(self, readings: Sequence[Reading], families: np.ndarray) -> np.ndarray:
        """Whether each title has words in parentheses and the question has none of them (bool).
        HCPCS Level II names there the brand or the maker that a code is for."""
        features, titles = self._features, self._titles[families]
        aside = features.affirmed.lengths(titles) > features.core.lengths(titles)
        words = self._words(sorted(frozenset().union(*(each.affirmed for each in readings))))
        asked = words.within(features.affirmed, titles) & ~words.within(features.core, titles)
        return aside & ~asked.any(axis=1)

    def _grouped(self, question: Reading, families: np.ndarray, features: np.ndarray) -> Judged:
        """Score families, and choose the member of each group that the question asks for."""
        own = features @ _WEIGHTS
        groups, place = np.unique(self.groups[families], return_inverse=True)
        scores = np.full(len(groups), -np.inf, dtype=np.float32)
        np.maximum.at(scores, place, own)
        # How well a title agrees on side and trimester: up to 2 an axis that the question names,
        # -1 for another value; 1 for no value on an axis that it does not name.
        agreement = np.zeros(len(families), dtype=np.float32)
        named = _named(question)[:_GROUP_AXES]
        for in_question, in_title in zip(named, self._features.axes[families].T, strict=False):
            if in_question:
                both = in_title & in_question
                agreement += (both == in_question) * 1.0 + (in_title == in_question) * 1.0
                agreement -= (both == 0) & (in_title != 0)
            else:
                agreement += in_title == 0
        order = np.lexsort((own, agreement, place))
        chosen = order[np.searchsorted(place[order], np.arange(len(groups)), side="right") - 1]
        best_first = np.argsort(-scores[place[chosen]], kind="stable")
        return Judged(families, features, scores[place], place, chosen[best_first])

    def _coverage(
        self, question: Reading, compared: _Compared, of_text: np.ndarray, row: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The words that a question shares with texts and titles.

        `of_text` and `row` are the places in the texts and families that are compared of each entry
        of the evidence.
        Returns "question_coverage", "text_coverage" (float32) and "exact" (bool), one an entry,
        and "title_coverage" and the share of the question's words in the title (float32), one a
        family.
        """
        affirmed = sorted(question.affirmed)
        weights, words = self._rarity.of(affirmed), self._words(affirmed)
        total = weights.sum() or 1.0
        of_titles = words.among(compared.affirmed_by_titles)
        known = words.among(compared.affirmed_by_texts)[of_text] | of_titles[row]
        covered = known @ weights
        covered += _ABOVE * ((_above(words, compared)[row] & ~known) @ weights)
        text_coverage = self._text_coverage(words, weights, *compared.parts_of_texts)[of_text]
        exact = self._exact(question, compared)[of_text]
        return (
            covered / total,
            text_coverage,
            exact,
            self._text_coverage(words, weights, *compared.parts_of_titles),
            of_titles @ weights / total,
        )

    def has_words_of_each(self, texts: np.ndarray, groups: Sequence[frozenset[str]]) -> bool:
        """Whether one of these texts has at least half of the stems of each group."""
        each = np.ones(len(texts), dtype=bool)
        for stems in groups:
            has = self._words(sorted(stems)).within(self._features.affirmed, texts)
            each &= has.sum(axis=1) >= max(1, len(stems) / 2)
        return bool(each.any())

    def _words(self, stems: list[str]) -> Words:
        return Words([self._numbers.get(stem, -1) for stem in stems], len(self._numbers))

    def _text_coverage(
        self, words: Words, weights: np.ndarray, parts: Rows, stems: Rows
    ) -> np.ndarray:
        """For each text, the share of its words that the question has; of several parts, the
        largest share (float32, 0 to 1). `parts`: those of the texts; `stems`: those of the
        parts."""
        shares = words.among(stems) @ weights / self._part_totals[parts.values]
        return _largest(parts.place, shares, parts.count)

    def _exact(self, question: Reading, compared: _Compared) -> np.ndarray:
        """Whether the core of each text has the stems of the question and no others, those aside
        that do not tell texts apart."""
        telling = sorted(question.affirmed - ASIDE) or sorted(question.affirmed)
        core = compared.core_of_texts
        own = np.bincount(core.place[~self._aside[core.values]], minlength=core.count)
        whole = self._words(telling).among(core).all(axis=1)
        return whole & (own <= len(telling))

    def _by_category(self, evidence: Evidence, row: np.ndarray, families: np.ndarray) -> np.ndarray:
        """For each family, the cosine of the nearest text of its category (float32)."""
        categories = self._categories[families]
        best = np.full(categories.max(initial=0) + 1, -1.0, dtype=np.float32)
        np.maximum.at(best, categories[row], evidence.cosines)
        return best[categories]

    def _agreement(self, question: Reading, compared: _Compared) -> dict[str, np.ndarray]:
        """The features of titles on the axes, in numbers and in what is denied: name -> one value a
        family."""
        features, families = self._features, compared.families
        in_question = np.array(_named(question), dtype=np.int32)[:, None]
        in_title = features.axes[families].T.astype(np.int32)
        agree = (in_title & in_question) != 0
        # On an axis that the question names, another value beside it; elsewhere, any unusual one.
        more = (in_title & ~np.where(in_question, in_question, _USUAL)) != 0
        unasked = more & (agree | (in_question == 0))
        agrees = agree.sum(axis=0, dtype=float)
        unasked_circumstances = unasked[_OF_CIRCUMSTANCES].astype(float)
        unasked_axes = unasked.sum(axis=0, dtype=float) - unasked_circumstances
        # "Other" and "unspecified" are values, too, that a question may name.
        other, unspecified = features.other[families], features.unspecified[families]
        says_other = bool(SAYS_OTHER & question.affirmed)
        says_unspecified = bool(UNSPECIFIED & question.affirmed)
        if says_other != says_unspecified:
            named, rival = (other, unspecified) if says_other else (unspecified, other)
            agrees += _NAMED * named
            unasked_axes += rival & ~named
        denied = self._words(sorted(question.denied))
        affirmed = self._words(sorted(question.affirmed))
        # A stem that the title denies counts twice. One that both deny makes up for a half.
        contradiction = 2.0 * affirmed.among(compared.denied_by_titles).sum(axis=1)
        if denied.count:
            contradiction += denied.among(compared.core_of_titles).sum(axis=1)
            contradiction -= 0.5 * denied.among(compared.denied_by_titles).sum(axis=1)
        return {
            "agrees": agrees,
            "unasked_axes": unasked_axes,
            "unasked_circumstances": unasked_circumstances,
            "unspecified": unspecified & (not says_unspecified),
            "other": other & (not OTHER & question.affirmed),
            "other_number": self._other_number(question, compared),
            "contradiction": contradiction,
        }

    def _other_number(self, question: Reading, compared: _Compared) -> np.ndarray:
        """Whether each title has a number (a stage, type or level), but none of the question's."""
        numbers = [word for word in question.words if _is_number(word)]
        if not numbers:
            return np.zeros(len(compared.families), dtype=bool)
        core = compared.core_of_titles
        has = _largest(core.place, self._numeric[core.values], core.count) > 0
        return has & ~self._words(numbers).among(core).any(axis=1)


def _above(words: Words, compared: _Compared) -> np.ndarray:
    """Whether a title above each family has each stem: bool, families x words.count."""
    has = np.zeros((len(compared.families), words.count), dtype=bool)
    for at, titles in compared.above:
        has[at] |= words.among(titles)
    return has


def _is_number(word: str) -> bool:
    """Whether a word is a number such as a stage has; longer ones are years and doses."""
    return word.isdigit() and len(word) < 3


def _categories(system: str, codes: list[str]) -> np.ndarray:
    """The number of each code's category: three characters in ICD-10, the code itself elsewhere."""
    length = 3 if system.startswith("icd10") else 5
    return np.unique(np.array(codes, dtype=f"U{length}"), return_inverse=True)[1]


def _largest(place: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The largest of the values at each of `count` places, at least 0 (float32)."""
    largest = np.zeros(count, dtype=np.float32)
    np.maximum.at(largest, place, values)
    return largest


def _sums(ragged: Ragged, weights: np.ndarray) -> np.ndarray:
    """For each row, the sum of the weights of its numbers (float32)."""
    up_to = np.concatenate([[0.0], np.cumsum(weights[ragged.values], dtype=np.float64)])
    return np.diff(up_to[ragged.starts]).astype(np.float32)
