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
from functools import cache

from index.words import Reading, essential, read


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing a title can say: its values, each with the word stems that say it, and the value
    that is meant when nothing is said, where the conventions name one."""

    values: Mapping[str, frozenset[str]]
    ask_back: str | None
    usual: str | None = None

    def said(self, reading: Reading) -> frozenset[str]:
        return frozenset(value for value, stems in self.values.items() if stems & reading.affirmed)


def _axis(ask_back: str | None, usual: str | None = None, /, **values: str) -> Axis:
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
    # Another condition, person or time than the plain diagnosis: not meant unless it is said.
    _axis(
        None,
        subsequent="subsequent",
        sequela="sequela sequelae",
        history="history",
        family="family",
        newborn="newborn neonatal",
        congenital="congenital",
        pregnancy="pregnancy childbirth puerperium",
        induced="induced",
        underlying="underlying",
        procedure="postprocedural intraoperative postoperative",
        pathological="pathological",
        poisoning="poisoning",
        screening="screening",
    ),
)

#: Stems that say a code is the general one of its kind.
_UNSPECIFIED = read("unspecified nos").affirmed
_OTHER = read("other nec elsewhere classified").affirmed
#: Stems that every member of a kind may carry; they explain nothing by being in a title.
_HOLLOW = (
    _UNSPECIFIED
    | frozenset().union(*(axis.values[axis.usual] for axis in AXES if axis.usual))
    | read(
        "type site part organism cause specified condition disease disorder encounter uncomplicated"
    ).affirmed
)

# Weights fitted to the development half (a softmax over each question's families, held near
# weights set by hand), see docs/EVALUATION.md.
WEIGHTS = {
    "dense": 3.8,  # cosine of the nearest text
    "title": 1.07,  # cosine of the family's own title
    "exact": 0.36,  # a text of its own says what the question says, no more and no less
    "asked": 1.27,  # share of the question's telling words found in text, title or above
    "told": 0.59,  # share of the text's telling words that the question says
    "inherited": -0.52,  # levels between the family and the header whose text it is
    "agrees": 0.36,  # axes on which question and title say the same
    "conflicts": -0.47,  # axes on which they differ
    "unasked": -0.12,  # axes the title decides and the question does not
    "unspecified": -0.22,
    "other": -0.58,  # "other specified", when the question does not say so
    "number": -0.14,  # numbers (stage, type, level) that differ
    "denial": -0.13,  # words one affirms and the other denies
}


#: What a question's word is worth that only a title above says.
_ABOVE = 0.7


@dataclass(frozen=True, slots=True)
class Evidence:
    """A text that speaks for a family, and how near the question it is (cosine, -1 to 1).

    `distance` counts the levels between the family and the code whose text it is: 0 for its own.
    """

    text: str
    similarity: float
    distance: int

    @property
    def nearness(self) -> float:
        """How near the text is, lessened by how far from it the family stands."""
        return WEIGHTS["dense"] * self.similarity + WEIGHTS["inherited"] * self.distance


class Ranker:
    """Scores families for questions; rarity of words is taken from the bundle's vocabulary."""

    def __init__(self, frequency: Mapping[str, int], texts: int) -> None:
        def rarity(count: int) -> float:
            return math.log(1 + texts / (1 + count))

        self._weights = {stem: rarity(count) for stem, count in frequency.items()}
        self._unheard = rarity(0)
        self._parts: dict[frozenset[str], float] = {}

    def total(self, stems: Iterable[str]) -> float:
        """How much words tell together: the logarithms of their rarity among the bundle's texts."""
        return sum([self._weights.get(stem, self._unheard) for stem in stems])

    def _weight_of(self, part: frozenset[str]) -> float:
        if part not in self._parts:
            self._parts[part] = self.total(part) or 1.0
        return self._parts[part]

    def features(
        self,
        question: Reading,
        title: str,
        by_title: float,
        above: Iterable[str],
        evidence: Iterable[Evidence],
    ) -> dict[str, float]:
        """Features of one family. `by_title` is the cosine of its own title with the question,
        `above` are the titles it stands under."""
        family = _facts(title)
        context = frozenset[str]().union(*(_facts(text).reading.stems for text in above))
        asked_total = self.total(question.affirmed) or 1.0
        best: dict[str, float] = {}
        best_value = -math.inf
        exact = False
        for item in evidence:
            text = _facts(item.text)
            exact |= not item.distance and text.core.affirmed == question.affirmed
            known = text.reading.affirmed | family.reading.affirmed
            asked = self.total(question.affirmed & known)
            asked += _ABOVE * self.total((question.affirmed - known) & context)
            told = max(
                self.total(part & question.affirmed) / self._weight_of(part)
                for part in text.alternatives
            )
            value = {
                "dense": item.similarity,
                "asked": asked / asked_total,
                "told": told,
                "inherited": float(item.distance),
            }
            worth = score(value)
            if worth > best_value:
                best, best_value = value, worth
        return best | {"title": by_title, "exact": float(exact)} | _structure(question, family)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a text says, read once: all of it, its core without nonessential modifiers, the words
    of the core that tell something, and what the core says on each axis.

    "And" in a title means "and/or" (Official Guidelines, I.A.14), so each side of it alone, when it
    tells something, is an alternative to the whole: "Syncope and collapse".
    """

    reading: Reading
    core: Reading
    alternatives: tuple[frozenset[str], ...]
    axes: tuple[frozenset[str], ...]


@cache
def _facts(text: str) -> _Facts:
    core = read(essential(text))
    sides = essential(text).split(" and ")
    telling = [part.affirmed - _HOLLOW for part in (core, *map(read, sides if sides[1:] else ()))]
    return _Facts(
        read(text),
        core,
        tuple(part for part in telling if part) or (frozenset(),),
        tuple(axis.said(core) for axis in AXES),
    )


def _structure(question: Reading, family: _Facts) -> dict[str, float]:
    """How a title agrees with a question on the axes, in its numbers and in what it denies."""
    title = family.core
    agrees = conflicts = unasked = 0
    for axis, told in zip(AXES, family.axes, strict=True):
        if not told:
            continue
        asked = axis.said(question)
        if not asked:
            unasked += told != {axis.usual}
        elif asked & told:
            agrees += 1
            unasked += bool(told - asked)
        else:
            conflicts += 1
    asked_numbers, told_numbers = _numbers(question), _numbers(title)
    denial = (
        2 * len(question.affirmed & title.denied)
        + len(question.denied & title.affirmed)
        - 0.5 * len(question.denied & title.denied)
    )
    return {
        "agrees": float(agrees),
        "conflicts": float(conflicts),
        "unasked": float(unasked),
        "unspecified": float(bool(_UNSPECIFIED & title.affirmed)),
        "other": float(bool(_OTHER & title.affirmed) and not _OTHER & question.affirmed),
        "number": float(bool(asked_numbers and told_numbers and not asked_numbers & told_numbers)),
        "denial": float(denial),
    }


def _numbers(reading: Reading) -> set[str]:
    """Stages, types and levels; longer numbers are years and doses."""
    return {word for word in reading.words if word.isdigit() and len(word) < 3}


def score(features: Mapping[str, float]) -> float:
    """The weighted sum of whatever features are given."""
    return sum(WEIGHTS[name] * value for name, value in features.items())
