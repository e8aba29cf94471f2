"""How far reviewers agree with the answers, and with each other.

The unit is a line of an answer: it counts once, and as agreed when everybody who reviewed it
agrees. A reviewer's own rate is of their own marks. Each rate has the 95% interval of Wilson
(1927), without continuity correction. Lines of one answer are not independent, so an interval is
somewhat too narrow; `answers` counts each answer once instead. Reviews of one's own answers are
left out of all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bot.querylog.reviews import MARKS, Review, last_words
from bot.querylog.sampling import NONE
from index.evaluate import likely_range

#: By what the rates are parted: the name of a group for a review.
GROUPS: dict[str, Callable[[Review], str]] = {
    "person": lambda one: one.asker or NONE,
    "reviewer": lambda one: one.by,
    "system": lambda one: one.system or NONE,
    "confidence": lambda one: one.confidence or NONE,
    "surface": lambda one: one.surface or NONE,
}


@dataclass(frozen=True, slots=True)
class Rate:
    """`agreed` of `judged`, and its 95% interval; all shares are None when nothing was judged."""

    agreed: int
    judged: int

    @property
    def share(self) -> float | None:
        return self.agreed / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(self.agreed, self.judged)

    def as_dict(self) -> dict[str, Any]:
        low, high = self.interval or (None, None)
        return {
            "agreed": self.agreed,
            "judged": self.judged,
            "share": _rounded(self.share),
            "low": _rounded(low),
            "high": _rounded(high),
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reviewers of the same lines: on how many, how often they said the same (agree, disagree,
    or the same code), and Cohen's kappa; None where chance alone would have them always agree."""

    reviewers: tuple[str, str]
    lines: int
    same: int
    kappa: float | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "reviewers": list(self.reviewers),
            "lines": self.lines,
            "same": self.same,
            "share": _rounded(self.same / self.lines),
            "kappa": _rounded(self.kappa),
        }


@dataclass(frozen=True, slots=True)
class Agreement:
    """`lines` and `answers`: the rates of all. `groups`: for each of GROUPS, the rate of each name,
    those with the most lines first. `marks`: how often each was given. `own`: how many reviews of
    one's own answers were left out."""

    lines: Rate
    answers: Rate
    groups: dict[str, dict[str, Rate]]
    marks: dict[str, int]
    pairs: list[Pair]
    own: int

    def as_dict(self) -> dict[str, Any]:
        groups = {
            name: {one: rate.as_dict() for one, rate in rates.items()}
            for name, rates in self.groups.items()
        }
        return {
            "lines": self.lines.as_dict(),
            "answers": self.answers.as_dict(),
            "by": groups,
            "marks": self.marks,
            "pairs": [pair.as_dict() for pair in self.pairs],
            "own": self.own,
        }


def agreement(reviews: Iterable[Review]) -> Agreement:
    """The figures of these reviews. Of each reviewer, the last review of a line counts."""
    last = last_words(reviews)
    counted = [one for one in last if not one.own]
    return Agreement(
        lines=_rate(counted, lambda one: (one.question_id, one.line)),
        answers=_rate(counted, lambda one: one.question_id),
        groups={name: _parted(counted, group) for name, group in GROUPS.items()},
        marks={mark: sum(one.mark == mark for one in counted) for mark in MARKS},
        pairs=_pairs(counted),
        own=len(last) - len(counted),
    )


def wilson(agreed: int, judged: int) -> tuple[float, float] | None:
    """The 95% interval of a share; None of nothing.

    >>> [round(end, 3) for end in wilson(18, 20)]
    [0.699, 0.972]
    """
    if not judged:
        return None
    return likely_range(agreed / judged, judged)


def _rate(reviews: Iterable[Review], unit: Callable[[Review], object]) -> Rate:
    agreed: dict[object, bool] = {}
    for one in reviews:
        agreed[unit(one)] = agreed.get(unit(one), True) and one.mark == "agree"
    return Rate(sum(agreed.values()), len(agreed))


def _parted(reviews: Iterable[Review], group: Callable[[Review], str]) -> dict[str, Rate]:
    of: dict[str, list[Review]] = defaultdict(list)
    for one in reviews:
        of[group(one)].append(one)
    rates = {
        name: _rate(some, lambda one: (one.question_id, one.line)) for name, some in of.items()
    }
    return dict(sorted(rates.items(), key=lambda item: (-item[1].judged, item[0])))


def _pairs(reviews: Iterable[Review]) -> list[Pair]:
    said: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for one in reviews:
        said[one.question_id, one.line][one.by] = f"{one.mark} {one.should_be or ''}"
    both: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for words in said.values():
        for first, second in combinations(sorted(words), 2):
            both[first, second].append((words[first], words[second]))
    pairs = [
        Pair(who, len(some), sum(a == b for a, b in some), kappa(some))
        for who, some in both.items()
    ]
    return sorted(pairs, key=lambda pair: (-pair.lines, pair.reviewers))


def kappa(said: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa (1960) of two reviewers, from what each said of every line; None where chance
    alone would have them always agree.

    >>> kappa([("a", "a")] * 20 + [("a", "b")] * 5 + [("b", "a")] * 10 + [("b", "b")] * 15)
    0.4
    """
    count = len(said)
    first, second = Counter(a for a, _ in said), Counter(b for _, b in said)
    by_chance = sum(first[one] * second[one] for one in first) / count**2
    if by_chance == 1:
        return None
    same = sum(a == b for a, b in said) / count
    return round((same - by_chance) / (1 - by_chance), 10)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
