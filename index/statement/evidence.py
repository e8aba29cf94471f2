"""The evidence that a code which was found for parts of a statement belongs in its report.

A logistic model weighs it: the chance that a coder would report this code for these parts. It is
fitted by bench/fit_statements.py; docs/EVALUATION.md says on what, and what it is worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.search.known_names import is_substance
from index.statement.books import Books
from index.statement.coverage import said_by, share
from index.statement.listing import IsName, named_share
from index.statement.model import Statement
from index.statement.parts import Part
from index.statement.pool import Option, Searched
from index.text.attributes import ATTRIBUTES, telling
from index.text.tokens import read

#: The options of a wording that are weighed.
_WEIGHED = 5
#: The least share of a part's words that a code must say to stand for it.
_SAYS = 0.5
_CAUSES = "VWXY"
#: What is said of a chance that is not known, in log odds.
_NO_CHANCE = -5.0
#: The numbers of parts of a statement.
Group = tuple[int, ...]
#: The bias and the weights of the evidence, in log odds a unit.
_BIAS = -1.81
WEIGHTS = {
    "right": 0.10,  # log odds that the code is right for the wording of its parts
    "first": 2.21,  # 1 if it is the best for them
    "margin": 0.31,  # its score over that of the next, or under that of the best
    "covered": -0.14,  # share of the wording's words that its texts have
    "text_coverage": 1.45,  # share of the words of its text that are said
    "title_coverage": -0.95,  # share of the words of its title that are said
    "exact": 0.62,  # 1 if a text of its own has the words and no others
    "entry": -0.23,  # 1 if that text is an entry of the Alphabetic Index
    "dense": 0.69,  # cosine of its best text
    "said": -0.35,  # least share of the words of one of its parts that its texts have
    "unsaid": -2.02,  # share of the telling words of its title that the statement has nowhere
    "contradicts": -2.46,  # telling words of its title that the statement denies
    "in_whole": 3.40,  # chance that it is right for the whole statement, of one or two parts
    "in_more": 6.17,  # the same, of more parts
    "several": -0.87,  # 1 if it is for several parts
    "gain": -0.14,  # of a code for several parts: its log odds less the best of a single part
    "single_too": 3.37,  # of such a code: 1 if it is also the best for one of its parts
    "same_category": -1.16,  # of such a code: 1 if the best of one of its parts is of its category
    "rival": -0.66,  # of the codes for more parts than its own: the most said, times the chance
    "named": 0.40,  # least share of the words of one of its parts that are in names of conditions
    "known": 0.86,  # share of the words that any text has
    "ours": -0.02,  # as in Found
    "off_topic": -2.74,  # as in Found
    "words": -0.15,  # number of telling words, at most 6
    "alone": -0.96,  # 1 if the statement has one part only
    "symptom": -0.19,
    "factor": -1.20,
    "pregnancy": -1.48,
    "newborn": -1.65,
    "substance": -1.64,
    "external": -2.47,
    "mental": 0.83,
    "injury": -1.30,
    "neoplasm": -0.11,  # 1 by the chapter of the code
    "unspecified": 0.16,
    "other": 0.04,
    "due_to": 0.19,  # 1 if its parts are joined by a cause, or its part follows one
    "uncertain": -0.53,  # 1 if a part is uncertain, in an inpatient stay
}
FEATURES = tuple(WEIGHTS)
#: The bias, then the weights in the order of FEATURES (float32).
_FITTED = np.array([_BIAS, *WEIGHTS.values()], dtype=np.float32)
_CHAPTERS = {
    "symptom": "R", "factor": "Z", "pregnancy": "O", "newborn": "PQ", "external": _CAUSES,
    "mental": "F", "injury": "S", "neoplasm": "C",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weighed:
    """A code for parts of a statement. `evidence`: its FEATURES (float32); `chance`: that it
    belongs in the report."""

    group: Group
    option: Option
    evidence: np.ndarray
    chance: float


def weigh(
    statement: Statement,
    parts: Sequence[Part],
    searched: Mapping[Group, Searched],
    books: Books,
    is_name: IsName,
    weights: np.ndarray = _FITTED,
) -> list[Weighed]:
    """The codes that stand for parts of a statement, each with its evidence and chance. `weights`:
    the bias and the weights of FEATURES."""
    evidence = _Evidence(statement, parts, searched, books, is_name)
    weighed = []
    for group, option, rank in evidence.candidates():
        values = evidence.of(group, option, rank)
        row = np.array([float(values[name]) for name in FEATURES], dtype=np.float32)
        chance = _sigmoid(float(weights[0] + row @ weights[1:]))
        weighed.append(Weighed(group, option, row, chance))
    return weighed


class _Evidence:
    """The evidence of one statement. `said` has the share of each part's words that a code says."""

    def __init__(
        self,
        statement: Statement,
        parts: Sequence[Part],
        searched: Mapping[Group, Searched],
        books: Books,
        is_name: IsName,
    ) -> None:
        self._named = [named_share(part.text, is_name) for part in parts]
        self._parts, self._searched, self._books = parts, searched, books
        self._words = [telling(searched[(n,)].query.spelled_out) for n in range(len(parts))]
        self._everything = frozenset().union(*self._words)
        self._denied = frozenset().union(
            *(telling(fact.text) for fact in statement.facts if fact.status == "denied")
        )
        whole = searched[max(searched, key=len)]
        self._whole = {option.hit.code: option.right for option in whole.options}
        self._single = [searched[(n,)].best for n in range(len(parts))]
        self._said: dict[tuple[str, Group], tuple[float, ...]] = {}

    def candidates(self) -> list[tuple[Group, Option, int]]:
        """The codes with the parts that they stand for, and their rank for these. A code that a
        joined wording finds, and that says one of its parts only, stands for this part, whose own
        wording knows it better."""
        found = []
        for group, searched in self._searched.items():
            for rank, option in enumerate(searched.options[:_WEIGHED]):
                if len(group) > 1 and min(self.said(option, group)) < _SAYS:
                    continue
                found.append((group, option, rank))
        return found

    def said(self, option: Option, group: Group) -> tuple[float, ...]:
        """The share of the words of each part that the texts of a code have."""
        key = (option.code.code, group)
        if key not in self._said:
            stems = said_by(option.code, option.hit.matched, self._books)
            self._said[key] = tuple(share(self._words[n], stems) for n in group)
        return self._said[key]

    def of(self, group: Group, option: Option, rank: int) -> dict[str, float]:
        """The FEATURES of a code for parts."""
        found, hit, code = self._searched[group], option.hit, option.code.code
        own = read(option.code.title).affirmed - ATTRIBUTES
        others = found.options[1 if rank == 0 else 0 :][:1]
        singles = [single for n in group if (single := self._single[n])]
        best_single = max((_logit(single.right) for single in singles), default=_NO_CHANCE)
        in_whole = self._whole.get(hit.code, 0.0)
        several, few = len(group) > 1, len(self._parts) < 3
        values = {
            "right": _logit(option.right),
            "first": rank == 0,
            "margin": hit.score - others[0].hit.score if others else 2.0,
            "covered": option.covered,
            "said": min(self.said(option, group)),
            "unsaid": 1 - share(own, self._everything),
            "contradicts": min(len(own & self._denied - self._everything), 2),
            "in_whole": in_whole if few else 0.0,
            "in_more": 0.0 if few else in_whole,
            "several": several,
            "gain": _logit(option.right) - best_single if several else 0.0,
            "single_too": several and any(single.code.code == code for single in singles),
            "same_category": several and any(s.code.code[:3] == code[:3] for s in singles),
            "rival": self._rival(group, code),
            "named": min(self._named[n] for n in group),
            "known": found.known,
            "ours": found.ours,
            "off_topic": found.off_topic,
            "words": min(sum(len(self._words[n]) for n in group), 6),
            "alone": len(self._parts) == 1,
            "substance": is_substance(code),
            "due_to": any(self._parts[n].fact.join == "due to" for n in group),
            "uncertain": any(self._parts[n].fact.status != "affirmed" for n in group),
        }
        values |= {name: code[0] in letters for name, letters in _CHAPTERS.items()}
        copied = ("text_coverage", "title_coverage", "exact", "entry", "dense", "unspecified")
        values |= {name: hit.features[name] for name in (*copied, "other")}
        return values

    def _rival(self, group: Group, code: str) -> float:
        return max(
            (
                min(self.said(best, other)) * best.right
                for other, found in self._searched.items()
                if len(other) > len(group) and set(group) <= set(other)
                if (best := found.best) is not None and best.code.code != code
                if min(self.said(best, other)) >= _SAYS
            ),
            default=0.0,
        )


def _logit(chance: float) -> float:
    return math.log(max(chance, 1e-4) / max(1 - chance, 1e-4))


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))
