"""Titles that come in pairs: "with hematuria" and "without hematuria". What a statement affirms or
denies decides between them, whichever is likelier by the rest of the words.

A "with" and a "no" take a statement apart, so that the search for one part knows nothing of the
other: "acute cystitis with hematuria" is searched as "acute cystitis" too, which is best said by
N30.00, without hematuria.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from index.statement.evidence import Group, Weighed
from index.statement.model import Statement
from index.statement.pool import Option, Searched
from index.statement.selection import Choice
from index.text.attributes import HOLLOW, telling
from index.text.tokens import read

#: What a title says that a condition is without. The site that follows is not denied: "laceration
#: without foreign body of lip". "Non-" denies a word of a name, which says nothing of the case.
_WITHOUT = re.compile(
    r"\b(?:without|not) (?:evidence of |mention of |current )?(.+?)"
    r"(?=,|;| with(?:out)? | of | due to | in | not |$)"
)


@lru_cache(maxsize=8192)
def _denied(title: str) -> frozenset[str]:
    """The stems of what a title says that a condition is without."""
    found = _WITHOUT.findall(title.lower())
    return frozenset().union(*(read(words).affirmed for words in found))


def without_contradicted(
    weighed: Sequence[Weighed], searched: Mapping[Group, Searched]
) -> list[Weighed]:
    """The codes without those whose titles deny what a part affirms, where a code of the same
    category says the part with them. That one gets their chance, if it is likelier than its own;
    and it is for both parts, so that it is not weighed for the other part alone."""
    said = {g[0]: telling(s.query.spelled_out) for g, s in searched.items() if len(g) == 1}
    against: dict[tuple[str, int], list[Weighed]] = {}
    for each in weighed:
        for part in _denied_by(each.option.code.title, said):
            against.setdefault((_category(each), part), []).append(each)
    kept = list(weighed)
    for (category, part), denying in against.items():
        own = [w for w in kept if _category(w) == category and said[part] <= _affirmed(w)]
        both = [
            w
            for w in own
            if len(w.group) > 1 and part in w.group and not any(w is d for d in denying)
        ]
        if not both:
            continue
        heir = max(both, key=lambda w: w.chance)
        chance = max(heir.chance, *(w.chance for w in denying))
        gone = [*denying, *(w for w in own if part not in w.group)]
        kept = [
            replace(w, chance=chance) if w is heir else w
            for w in kept
            if not any(w is other for other in gone)
        ]
    return kept


def _category(weighed: Weighed) -> str:
    return weighed.option.code.code[:3]


def _affirmed(weighed: Weighed) -> frozenset[str]:
    return read(weighed.option.code.title).affirmed


def _denied_by(title: str, said: Mapping[int, frozenset[str]]) -> list[int]:
    """The parts all of whose words a title denies."""
    denied = _denied(title) - read(title).affirmed
    return [part for part, words in said.items() if words and words <= denied]


def as_denied(
    choices: Sequence[Choice], statement: Statement, searched: Mapping[Group, Searched]
) -> list[Choice]:
    """The choices, each with the code of its category whose title denies what the statement denies,
    where there is one that affirms nothing else: "migraine without aura" is no unspecified
    migraine."""
    denied = [telling(fact.text) for fact in statement.facts if fact.status == "denied"]
    denied = [words for words in denied if words - HOLLOW]
    if not denied:
        return list(choices)
    said = frozenset().union(*(read(s.query.spelled_out).stems for s in searched.values()))
    return [
        replace(choice, option=_better(choice.option, searched[choice.parts].options,
                                       denied, said))
        for choice in choices
    ]  # fmt: skip


def _better(
    option: Option,
    options: Collection[Option],
    denied: Sequence[frozenset[str]],
    said: frozenset[str],
) -> Option:
    """The likeliest option that differs from this one in denying more of what is denied."""
    own = read(option.code.title)
    for words in denied:
        if words & own.stems:
            continue
        fits = []
        for other in options:
            title = read(other.code.title)
            if (
                other.code.code[:3] == option.code.code[:3]
                and words <= _denied(other.code.title)
                and title.affirmed <= own.affirmed | said
                and own.affirmed & said <= title.affirmed
            ):
                fits.append(other)
        if fits:
            return max(fits, key=lambda other: other.right)
    return option
