"""What is meant where a question does not say it, by the Official Guidelines.

The defaults are data, in prompts/vocabulary/defaults.toml, each with its section. They raise the
titles that are meant over their rivals, and are shown as the reason for a candidate.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from index.search.searcher import Hit, Query
from index.text.attributes import AXIS_STEMS, UNSPECIFIED
from index.text.not_injured import is_not_of_injury
from index.text.resources import read_text
from index.text.tokens import read

#: What a question denies calls for no default: "hypertension, no CKD".
_DENIED = re.compile(r"\b(?:no|not|without|w/o|denies|neg(?:ative)?(?: for)?)\s+[^,;.]+")


@dataclass(frozen=True, slots=True)
class Default:
    """A default of the Official Guidelines. `section`: where it is stated; `weight`: the points of
    a title that is meant; `shown`: whether it is told as a reason; the patterns are those of
    prompts/vocabulary/defaults.toml."""

    name: str
    section: str
    said: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str]
    title: re.Pattern[str]
    instead: re.Pattern[str] | None
    weight: float
    shown: bool = True

    def applies(self, question: str) -> bool:
        """Whether a question, in lower case, leaves open what this default decides."""
        affirmed = _DENIED.sub(" ", question)
        return all(p.search(affirmed) for p in self.said) and not self.unless.search(question)

    def means(self, title: str) -> bool:
        """Whether a title follows the default."""
        return bool(self.title.search(title.lower()))

    def points(self, title: str) -> float:
        """What is added to the score of a title."""
        if self.means(title):
            return self.weight
        return -self.weight if self.instead and self.instead.search(title.lower()) else 0.0


@cache
def shipped() -> tuple[Default, ...]:
    """The defaults of prompts/, in their order."""
    rows = tomllib.loads(read_text("vocabulary", "defaults.toml"))["default"]
    return tuple(
        Default(
            row["name"],
            row["section"],
            tuple(re.compile(pattern) for pattern in row["said"]),
            re.compile(row["unless"]),
            re.compile(row["title"]),
            re.compile(row["instead"]) if row["instead"] else None,
            float(row["weight"]),
            row.get("shown", True),
        )
        for row in rows
    )


def open_to(query: Query) -> list[Default]:
    """The defaults that decide what a question leaves open."""
    return _open_to(f"{query.asked.lower()} {query.spelled_out}")


@lru_cache(maxsize=256)
def _open_to(question: str) -> list[Default]:
    return [default for default in shipped() if default.applies(question)]


#: What a code of an injury loses where the question says that it is of none.
_INJURED = 3.0


def preferred(query: Query, hits: Sequence[Hit]) -> list[Hit]:
    """The hits in the order that the defaults call for, with the scores that this order has."""
    defaults = [default for default in open_to(query) if default.weight]
    scored = list(hits)
    for at, hit in enumerate(hits if defaults else ()):
        points = sum(default.points(hit.title) for default in defaults)
        if points and hit.system == "icd10cm":
            scored[at] = replace(hit, score=hit.score + points)
    if is_not_of_injury(query.asked):
        scored = [
            replace(hit, score=hit.score - _INJURED) if hit.code.startswith("S") else hit
            for hit in scored
        ]
    scored.sort(key=lambda hit: -hit.score)
    return _least_said_first(query, scored)


#: How many hits are looked at for a sibling that says less, by how much its score may be less, and
#: the share of the question's words that it must have at least.
_LOOKED_AT, _SCORE_BEHIND, _COVERAGE = 10, 1.5, 0.95


def _least_said_first(query: Query, hits: list[Hit]) -> list[Hit]:
    """Put the "unspecified" sibling of the best hit before it, where the question says nothing of
    what the best hit says more: the code for what is not specified is meant (I.A.9.b)."""
    if not hits or hits[0].system != "icd10cm" or hits[0].features.get("exact"):
        return hits
    best = hits[0]
    said = query.reading.stems
    own = read(best.title)
    if own.affirmed & UNSPECIFIED:
        return hits
    for at, hit in enumerate(hits[1:_LOOKED_AT], 1):
        if not _differ_in_one(hit.code, best.code) or best.score - hit.score > _SCORE_BEHIND:
            continue
        covered = hit.features["question_coverage"]
        sibling = read(hit.title)
        more = own.stems - sibling.stems
        others = sibling.affirmed - own.stems - UNSPECIFIED
        if sibling.affirmed & query.reading.denied or len(others) > 1:
            continue
        # Where more than an attribute is more, it may be what the question calls by other words.
        same = more <= AXIS_STEMS and covered >= best.features["question_coverage"] - 0.01
        if covered < _COVERAGE and not same:
            continue
        if sibling.affirmed & UNSPECIFIED and more and not more & said:
            raised = replace(hit, score=best.score + 0.01)
            return [raised, *hits[:at], *hits[at + 1 :]]
    return hits


def _differ_in_one(code: str, other: str) -> bool:
    """Whether two codes of one category differ in one character."""
    if len(code) != len(other) or code[:3] != other[:3]:
        return False
    return sum(one != two for one, two in zip(code, other, strict=True)) == 1
