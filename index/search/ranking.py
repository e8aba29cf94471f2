"""Ranking: which of the families that a question may mean fits it best.

The score is a sum of a few features with weights fitted on the development half of the evaluation
sets (`bench/fit.py`); docs/EVALUATION.md says what each is worth. All families of a question are
judged at once, out of the arrays of index/search/features.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.search.features import Ragged, TitleFeatures, Words
from index.text.attributes import AXES, CIRCUMSTANCES, OTHER
from index.text.tokens import Reading

WEIGHTS = {
    "dense": 4.44,  # cosine of the nearest text
    "title": 1.82,  # cosine of the family's own title
    "lexical": 0.67,  # BM25 of its best text, beside the best there is
    "category": 1.13,  # cosine of the nearest text of its category
    "exact": 0.49,  # a text of its own says what the question says, no more and no less
    "asked": 1.83,  # share of the question's telling words found in text, title or above
    "told": 0.82,  # share of the text's telling words that the question says
    "titled": 0.42,  # share of the title's telling words that the question says
    "inherited": -0.72,  # levels between the family and the header whose text it is
    "agrees": 0.51,  # axes on which question and title say the same
    "unasked": -0.4,  # axes the title decides and the question does not
    "unmeant": -0.44,  # circumstances that the title names and the question does not
    "unspecified": -0.1,
    "other": -0.45,  # "other specified", when the question does not say so
    "number": -0.46,  # numbers (stage, type, level) that differ
    "denial": -0.11,  # words one affirms and the other denies
}
FEATURES = tuple(WEIGHTS)
_WEIGHTS = np.array(list(WEIGHTS.values()), dtype=np.float32)
#: The features by which the text that speaks best for a family is chosen.
_OF_TEXT = ("dense", "asked", "told", "inherited")

#: The axes, first of all, that choose among the members of a group: side and trimester.
_CHOOSING_AXES = 2
#: What a question's word is worth that only a title above says.
_ABOVE = 0.7


class Rarity:
    """How much a word tells: the logarithm of its rarity among the bundle's texts."""

    def __init__(self, frequency: Mapping[str, int], texts: int) -> None:
        self._frequency, self._texts = frequency, texts

    def of(self, stems: Sequence[str]) -> np.ndarray:
        counts = np.array([self._frequency.get(stem, 0) for stem in stems], dtype=np.float32)
        return np.log1p(self._texts / (1 + counts))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Texts that speak for families, one row each: the family, the text, its cosine with the
    question (-1 to 1), its share of the best BM25 score, and how many levels stand between the
    family and the code whose text it is (0: its own)."""

    families: np.ndarray
    texts: np.ndarray
    cosines: np.ndarray
    lexical: np.ndarray
    distances: np.ndarray

    def nearness(self) -> np.ndarray:
        """How near each text is, lessened by how far from it the family stands."""
        return WEIGHTS["dense"] * self.cosines + WEIGHTS["inherited"] * self.distances

    def nearest(self, family: int, most: int) -> list[int]:
        """The texts that are nearest of those that speak for a family."""
        rows = np.flatnonzero(self.families == family)
        return self.texts[rows[np.argsort(-self.cosines[rows], kind="stable")]][:most].tolist()

    def nearest_families(self, most: int) -> np.ndarray:
        """The families whose texts are nearest, sorted by number: the rest costs time and is
        never first."""
        families, place = np.unique(self.families, return_inverse=True)
        nearness = np.full(len(families), -np.inf, dtype=np.float32)
        np.maximum.at(nearness, place, self.nearness())
        return np.sort(families[np.argsort(-nearness, kind="stable")[:most]])

    def of(self, families: np.ndarray) -> Evidence:
        """Those of these families only."""
        kept = np.isin(self.families, families)
        return Evidence(
            self.families[kept],
            self.texts[kept],
            self.cosines[kept],
            self.lexical[kept],
            self.distances[kept],
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """Families with their features (a row each, columns as FEATURES), scores and groups.

    Of a group, whose members differ in side or trimester alone, all have the score of the best;
    `chosen` are the places of the members that the question calls for, one a group, best first.
    """

    families: np.ndarray
    features: np.ndarray
    scores: np.ndarray
    groups: np.ndarray
    chosen: np.ndarray

    def siblings(self, at: int) -> list[int]:
        """The other families of the group of the one at this place."""
        same = self.groups == self.groups[at]
        return [n for n in self.families[same].tolist() if n != self.families[at]]


class Ranker:
    """Judges the families of one system index."""

    def __init__(
        self,
        system: str,
        codes: list[str],
        title_features: TitleFeatures,
        titles: np.ndarray,
        parents: np.ndarray,
        rarity: Rarity,
    ) -> None:
        """`titles`: of each family the text that is its title; `parents`: the family above, -1
        for none."""
        self._title_features, self._titles, self._parents = title_features, titles, parents
        #: The number of each family's group.
        self.groups = title_features.groups
        self._numbers = {stem: n for n, stem in enumerate(title_features.stems)}
        self._rarity = rarity
        self._weights = rarity.of(title_features.stems)
        self._part_totals = np.maximum(_sums(title_features.part_stems, self._weights), 1e-6)
        self._numeric = np.array([_is_number(stem) for stem in title_features.stems], dtype=bool)
        self._categories = _categories(system, codes)

    def judge(
        self,
        readings: Sequence[Reading],
        evidence: Evidence,
        families: np.ndarray,
        by_title: np.ndarray,
    ) -> Judged:
        """Score `families`, which are sorted. `readings` are those of the question as spelled out
        and as typed: the words of a family's texts are compared with each, and what agrees best
        counts, because either may be the one that a text has. `by_title` is the cosine of each
        one's own title. A family that no text speaks for is judged by its title."""
        alone = np.setdiff1d(families, evidence.families)
        if len(alone):
            evidence = Evidence(
                np.concatenate([evidence.families, alone]),
                np.concatenate([evidence.texts, self._titles[alone]]),
                np.concatenate([evidence.cosines, by_title[np.searchsorted(families, alone)]]),
                np.concatenate([evidence.lexical, np.zeros(len(alone), dtype=np.float32)]),
                np.concatenate([evidence.distances, np.zeros(len(alone), dtype=np.int32)]),
            )
        row = np.searchsorted(families, evidence.families)
        texts, of_text = np.unique(evidence.texts, return_inverse=True)
        by_reading = [self._in_words(one, texts, families, of_text, row) for one in readings]
        asked, told, exact, titled = map(np.maximum.reduce, zip(*by_reading, strict=True))
        exact = exact & (evidence.distances == 0)

        value = np.zeros((len(row), len(_OF_TEXT)), dtype=np.float32)
        for column, feature in enumerate((evidence.cosines, asked, told, evidence.distances)):
            value[:, column] = feature
        worth = value @ np.array([WEIGHTS[name] for name in _OF_TEXT], dtype=np.float32)
        # The last of each family when sorted by worth is its best.
        order = np.lexsort((worth, row))
        best = order[np.searchsorted(row[order], np.arange(len(families)), side="right") - 1]

        found = np.zeros((len(families), len(FEATURES)), dtype=np.float32)

        def put(name: str, column: np.ndarray) -> None:
            found[:, FEATURES.index(name)] = column

        for number, name in enumerate(_OF_TEXT):
            put(name, value[best, number])
        put("title", by_title)
        put("titled", titled)
        put("lexical", _largest(row, evidence.lexical, len(families)))
        put("exact", _largest(row, exact, len(families)))
        put("category", self._by_category(evidence, row, families))
        question = readings[0]
        for name, values in self._structure(question, families).items():
            put(name, values)
        return self._grouped(question, families, found)

    def _grouped(self, question: Reading, families: np.ndarray, features: np.ndarray) -> Judged:
        own = features @ _WEIGHTS
        groups, place = np.unique(self.groups[families], return_inverse=True)
        scores = np.full(len(groups), -np.inf, dtype=np.float32)
        np.maximum.at(scores, place, own)
        called_for = np.zeros(len(families), dtype=np.float32)
        for axis, told in zip(
            AXES[:_CHOOSING_AXES], self._title_features.axes[families].T, strict=False
        ):
            asked = axis.bits(question)
            if asked:
                called_for += ((told & asked) == asked) * 1.0 + (told == asked) * 1.0
                called_for -= ((told & asked) == 0) & (told != 0)
            else:
                called_for += told == 0
        order = np.lexsort((own, called_for, place))
        chosen = order[np.searchsorted(place[order], np.arange(len(groups)), side="right") - 1]
        best_first = np.argsort(-scores[place[chosen]], kind="stable")
        return Judged(families, features, scores[place], place, chosen[best_first])

    def _in_words(
        self,
        question: Reading,
        texts: np.ndarray,
        families: np.ndarray,
        of_text: np.ndarray,
        row: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What a question has in common with `texts` and `families`: of each piece of evidence, a
        text (at `of_text`) that speaks for a family (at `row`), the features "asked" and "told" and
        whether it says just what is asked; of each family "titled"."""
        title_features = self._title_features
        titles = self._titles[families]
        affirmed = sorted(question.affirmed)
        worth, words = self._rarity.of(affirmed), self._words(affirmed)
        known = (
            words.within(title_features.said, texts)[of_text]
            | words.within(title_features.said, titles)[row]
        )
        asked = known @ worth + _ABOVE * ((self._above(words, families)[row] & ~known) @ worth)
        asked /= worth.sum() or 1.0
        told = self._told(words, worth, texts)[of_text]
        just = self._says_just(words, len(affirmed), texts)[of_text]
        return asked, told, just, self._told(words, worth, titles)

    def _words(self, stems: list[str]) -> Words:
        return Words([self._numbers.get(stem, -1) for stem in stems], len(self._numbers))

    def _above(self, words: Words, families: np.ndarray) -> np.ndarray:
        """families x stems: whether a title above a family has a stem."""
        found = np.zeros((len(families), words.count), dtype=bool)
        parents = self._parents[families]
        while (parents >= 0).any():
            at = np.flatnonzero(parents >= 0)
            found[at] |= words.within(self._title_features.said, self._titles[parents[at]])
            parents = np.where(parents >= 0, self._parents[parents], -1)
        return found

    def _told(self, words: Words, told: np.ndarray, texts: np.ndarray) -> np.ndarray:
        """Of each text, the largest share of an alternative's telling words that is asked."""
        parts, of_text = self._title_features.parts.take(texts)
        shares = (
            words.within(self._title_features.part_stems, parts) @ told / self._part_totals[parts]
        )
        return _largest(of_text, shares, len(texts))

    def _says_just(self, words: Words, count: int, texts: np.ndarray) -> np.ndarray:
        """Whether each text's core says just what the question says."""
        core = self._title_features.core
        return (core.lengths(texts) == count) & words.within(core, texts).all(axis=1)

    def _by_category(self, evidence: Evidence, row: np.ndarray, families: np.ndarray) -> np.ndarray:
        categories = self._categories[families]
        best = np.full(categories.max(initial=0) + 1, -1.0, dtype=np.float32)
        np.maximum.at(best, categories[row], evidence.cosines)
        return best[categories]

    def _structure(self, question: Reading, families: np.ndarray) -> dict[str, np.ndarray]:
        """How titles agree with a question on the axes, in numbers and in what is denied."""
        title_features, titles = self._title_features, self._titles[families]
        agrees, unasked, unmeant = np.zeros((3, len(families)))
        for axis, told in zip(AXES, title_features.axes[families].T.astype(np.int32), strict=True):
            asked = axis.bits(question)
            agree = (told & asked) != 0
            agrees += agree
            beyond = agree & ((told & ~asked) != 0) if asked else (told & ~axis.usual_bits) != 0
            if axis is CIRCUMSTANCES:
                unmeant += beyond
            else:
                unasked += beyond
        denied = self._words(sorted(question.denied))
        words = self._words(sorted(question.affirmed))
        denial = 2.0 * words.within(title_features.denied, families).sum(axis=1)
        denial += denied.within(title_features.core, titles).sum(axis=1)
        denial -= 0.5 * denied.within(title_features.denied, families).sum(axis=1)
        return {
            "agrees": agrees,
            "unasked": unasked,
            "unmeant": unmeant,
            "unspecified": title_features.unspecified[families],
            "other": title_features.other[families] & (not OTHER & question.affirmed),
            "number": self._other_number(question, titles),
            "denial": denial,
        }

    def _other_number(self, question: Reading, titles: np.ndarray) -> np.ndarray:
        """Whether a title has a number (a stage, type or level), and none that is asked; longer
        numbers are years and doses."""
        core = self._title_features.core
        asked = [word for word in question.words if _is_number(word)]
        if not asked:
            return np.zeros(len(titles), dtype=bool)
        values, place = core.take(titles)
        has = _largest(place, self._numeric[values], len(titles)) > 0
        return has & ~self._words(asked).within(core, titles).any(axis=1)


def _is_number(word: str) -> bool:
    return word.isdigit() and len(word) < 3


def _categories(system: str, codes: list[str]) -> np.ndarray:
    length = 3 if system.startswith("icd10") else 5
    return np.unique(np.array(codes, dtype=f"U{length}"), return_inverse=True)[1]


def _largest(place: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The largest of the values at each place, 0 where there are none."""
    found = np.zeros(count, dtype=np.float32)
    np.maximum.at(found, place, values)
    return found


def _sums(ragged: Ragged, weights: np.ndarray) -> np.ndarray:
    """The sum of the weights of each row."""
    up_to = np.concatenate([[0.0], np.cumsum(weights[ragged.values], dtype=np.float64)])
    return np.diff(up_to[ragged.starts]).astype(np.float32)
