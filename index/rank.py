"""Ranking: which of the families that a question may mean fits it best.

A code's title answers along axes (side, encounter, trimester, acuity, severity, number). What a
question says on an axis must agree; what it leaves unsaid is "unspecified" when such a code exists
(Guidelines I.A.9.b, I.B.18; conventions NOS and NEC, I.A.6). The score is a sum of a few
features with weights chosen on the development half of the evaluation sets.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from index.words import Reading, essential, read


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing a title can say: its values, each with the word stems that say it, and the value
    that is meant when nothing is said, where the conventions name one."""

    values: Mapping[str, frozenset[str]]
    ask_back: str
    usual: str | None = None

    def said(self, reading: Reading) -> frozenset[str]:
        return frozenset(value for value, stems in self.values.items() if stems & reading.affirmed)


def _axis(ask_back: str, usual: str | None = None, /, **values: str) -> Axis:
    return Axis({value: read(words).affirmed for value, words in values.items()}, ask_back, usual)


AXES = (
    _axis("Left, right or both?", right="right", left="left", both="bilateral both"),
    _axis("Which trimester?", first="first", second="second", third="third"),
    _axis("Acute or chronic?", acute="acute", chronic="chronic", subacute="subacute"),
    _axis(
        "Mild, moderate or severe?",
        mild="mild",
        moderate="moderate",
        severe="severe",
        profound="profound",
    ),
    # Not indicated as open or closed is closed, as displaced or not is displaced (I.C.19.c).
    _axis("Open or closed?", "closed", open="open", closed="closed"),
    _axis(
        "Displaced or nondisplaced?",
        "displaced",
        displaced="displaced",
        nondisplaced="nondisplaced",
    ),
    _axis("Primary or secondary?", "primary", primary="primary", secondary="secondary"),
    _axis("Recurrent, or a single episode?", recurrent="recurrent", single="single"),
)

#: Stems that say a code is the general one of its kind.
_UNSPECIFIED = read("unspecified nos").affirmed
_OTHER = read("other nec elsewhere classified").affirmed
#: Stems that every member of a kind may carry; they explain nothing by being in a title.
_HOLLOW = (
    _UNSPECIFIED
    | frozenset().union(*(axis.values[axis.usual] for axis in AXES if axis.usual))
    | read("type site part organism cause specified condition disease disorder encounter").affirmed
)

# Weights chosen with `codedesk eval` on the development half, see docs/EVALUATION.md.
WEIGHTS = {
    "dense": 3.0,  # cosine of the nearest text
    "asked": 0.7,  # share of the question's telling words found in text, title or above
    "told": 0.6,  # share of the text's telling words that the question says
    "inherited": -0.4,  # levels between the family and the header whose text it is
    "agrees": 0.3,  # axes on which question and title say the same
    "conflicts": -0.5,  # axes on which they differ
    "unasked": -0.42,  # axes the title decides and the question does not
    "unspecified": 0.02,
    "other": -0.6,  # "other specified", when the question does not say so
    "number": -0.1,  # numbers (stage, type, level) that differ
    "denial": -0.2,  # words one affirms and the other denies
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A text that speaks for a family, and how near the question it is (cosine, -1 to 1).

    `distance` counts the levels between the family and the code whose text it is: 0 for its own.
    """

    text: str
    similarity: float
    distance: int


class Ranker:
    """Scores families for questions; rarity of words is taken from the bundle's vocabulary."""

    def __init__(self, frequency: Mapping[str, int], texts: int) -> None:
        self._frequency = frequency
        self._texts = texts

    def weight(self, stem: str) -> float:
        """How much a word tells: the logarithm of its rarity among the bundle's texts."""
        return math.log(1 + self._texts / (1 + self._frequency.get(stem, 0)))

    def total(self, stems: Iterable[str]) -> float:
        return sum(self.weight(stem) for stem in stems)

    def features(
        self, question: Reading, title: str, above: Iterable[str], evidence: Iterable[Evidence]
    ) -> dict[str, float]:
        """Features of one family. `above` are the titles it stands under."""
        own = read(title)
        core = read(essential(title))
        context = frozenset[str]().union(*(read(text).stems for text in above))
        best: dict[str, float] = {}
        best_value = -math.inf
        asked_total = self.total(question.affirmed) or 1.0
        for item in evidence:
            reading = read(item.text)
            known = reading.affirmed | own.affirmed
            asked = (
                self.total(question.affirmed & known)
                + 0.7 * self.total((question.affirmed - known) & context)
            ) / asked_total
            explained = read(essential(item.text)).affirmed - _HOLLOW
            told_total = self.total(explained) or 1.0
            told = self.total(explained & question.affirmed) / told_total
            value = {
                "dense": item.similarity,
                "asked": asked,
                "told": told,
                "inherited": float(item.distance),
            }
            score = sum(WEIGHTS[name] * v for name, v in value.items())
            if score > best_value:
                best, best_value = value, score
        return best | self._structure(question, core)

    def _structure(self, question: Reading, title: Reading) -> dict[str, float]:
        agrees = conflicts = unasked = 0
        for axis in AXES:
            asked, told = axis.said(question), axis.said(title)
            if not asked and axis.usual:
                told -= {axis.usual}
            if asked and told:
                agrees += bool(asked & told)
                conflicts += not asked & told
                unasked += bool(told - asked and asked & told)
            elif told:
                unasked += 1
        asked_numbers = {w for w in question.words if w.isdigit() and len(w) < 3}
        told_numbers = {w for w in title.words if w.isdigit() and len(w) < 3}
        number = bool(told_numbers and asked_numbers and not asked_numbers & told_numbers)
        denial = (
            len(question.affirmed & title.denied)
            + len(question.denied & title.affirmed)
            - 0.5 * len(question.denied & title.denied)
        )
        return {
            "agrees": float(agrees),
            "conflicts": float(conflicts),
            "unasked": float(unasked),
            "unspecified": float(bool(_UNSPECIFIED & title.affirmed)),
            "other": float(bool(_OTHER & title.affirmed) and not _OTHER & question.affirmed),
            "number": float(number),
            "denial": float(denial),
        }


def score(features: Mapping[str, float]) -> float:
    return sum(WEIGHTS[name] * value for name, value in features.items())
