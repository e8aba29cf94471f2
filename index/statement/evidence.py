"""The evidence that a code which was found for parts of a statement belongs in its report.

A logistic model weighs it: the chance that a coder would report this code for these parts. It is
fitted by bench/fit_statements.py; docs/EVALUATION.md says on what, and what it is worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.statement.books import Books
from index.statement.coverage import ATTRIBUTES, said_by, share, telling
from index.statement.model import Statement
from index.statement.parts import Part
from index.statement.pool import Option, Searched
from index.text.tokens import read

#: The options of a group of parts that are weighed.
WEIGHED = 5
Group = tuple[int, ...]
FEATURES = (
    "right", "covered", "text_coverage", "title_coverage", "exact", "entry", "dense", "said",
    "unsaid", "contradicts", "in_whole", "first", "margin", "pair", "all", "alone", "rival_group",
    "known", "ours", "off_topic", "words", "symptom", "factor", "pregnancy", "newborn", "substance",
    "external", "mental", "injury", "unspecified", "other", "caused", "after", "uncertain", "parts",
    "neighbour", "best_single", "long",
)  # fmt: skip


#: The bias and the weights of FEATURES.
WEIGHTS = np.zeros(len(FEATURES) + 1, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Weighed:
    """An option for a group of parts. `evidence`: its FEATURES (float32); `chance`: that it belongs
    in the report; `said`: the share of the words of each part that its texts have."""

    group: Group
    option: Option
    evidence: np.ndarray
    said: tuple[float, ...]
    chance: float = 0.0


def weigh(
    statement: Statement,
    parts: Sequence[Part],
    searched: Mapping[Group, Searched],
    books: Books,
    weights: np.ndarray | None,
) -> list[Weighed]:
    """The options of all groups with their evidence and chance. `weights`: bias and weights of
    FEATURES; None to leave the chance at 0."""
    words = [telling(searched[(n,)].query.spelled_out) for n in range(len(parts))]
    everything = frozenset().union(*words) if words else frozenset()
    denied = frozenset().union(
        *(telling(fact.text) for fact in statement.facts if fact.status == "denied")
    )
    whole = searched[max(searched, key=len)] if searched else None
    in_whole = {option.hit.code: option.right for option in whole.options} if whole else {}
    single = {n: searched[(n,)] for n in range(len(parts))}
    weighed = []
    shares: dict[Group, list[tuple[float, ...]]] = {}
    for group, found in searched.items():
        shares[group] = [
            tuple(share(words[n], said_by(option.code, option.hit.matched, books)) for n in group)
            for option in found.options[:WEIGHED]
        ]
    for group, found in searched.items():
        for rank, option in enumerate(found.options[:WEIGHED]):
            said = shares[group][rank]
            title = read(option.code.title)
            own = title.affirmed - ATTRIBUTES
            features = option.hit.features
            code = option.code.code
            rivals = [
                min(shares[other][0]) * there.options[0].right
                for other, there in searched.items()
                if len(other) > 1 and set(group) <= set(other) and other != group and there.options
                if there.options[0].code.code != code
            ]
            singles = [single[n].options[0] for n in group if single[n].options]
            values = {
                "right": _logit(option.right),
                "covered": option.covered,
                "text_coverage": features["text_coverage"],
                "title_coverage": features["title_coverage"],
                "exact": features["exact"],
                "entry": features["entry"],
                "dense": features["dense"],
                "said": min(said),
                "unsaid": 1 - share(own, everything),
                "contradicts": min(len(own & denied - everything), 2),
                "in_whole": in_whole.get(option.hit.code, 0.0),
                "first": rank == 0,
                "margin": option.hit.score - found.options[1 if rank == 0 else 0].hit.score
                if len(found.options) > 1
                else 2.0,
                "pair": len(group) == 2,
                "all": len(group) > 2,
                "alone": len(parts) == 1,
                "rival_group": max(rivals, default=0.0),
                "known": found.known,
                "ours": found.ours,
                "off_topic": found.off_topic,
                "words": min(sum(len(words[n]) for n in group), 6),
                "symptom": code[0] == "R",
                "factor": code[0] == "Z",
                "pregnancy": code[0] == "O",
                "newborn": code[0] in "PQ",
                "substance": code[0] == "T" and 36 <= int(code[1:3]) <= 65,
                "external": code[0] in "VWXY",
                "mental": code[0] == "F",
                "injury": code[0] == "S",
                "unspecified": features["unspecified"],
                "other": features["other"],
                "caused": any(parts[n].fact.join == "due to" for n in group[1:]),
                "after": any(parts[n].fact.join in ("due to", "after") for n in group[:1]),
                "uncertain": any(parts[n].fact.status != "affirmed" for n in group),
                "parts": min(len(parts), 6),
                "neighbour": len(group) > 1
                and any(o.code.code[:3] == code[:3] for o in singles),
                "best_single": max((_logit(o.right) for o in singles), default=-5.0),
                "long": min(len(parts[group[0]].text.split()), 8),
            }
            evidence = np.array([float(values[name]) for name in FEATURES], dtype=np.float32)
            chance = 0.0 if weights is None else _chance(evidence, weights)
            weighed.append(Weighed(group, option, evidence, said, chance))
    return weighed


def _logit(chance: float) -> float:
    return math.log(max(chance, 1e-4) / max(1 - chance, 1e-4))


def _chance(evidence: np.ndarray, weights: np.ndarray) -> float:
    return float(1 / (1 + np.exp(-(weights[0] + evidence @ weights[1:]))))
