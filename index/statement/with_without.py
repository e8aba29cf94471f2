"""Titles that come in pairs: "with hematuria" and "without hematuria". What a statement affirms or
denies decides between them, whichever is likelier by the rest of the words.

A "with" and a "no" take a statement apart, so that the search for one part knows nothing of the
other: "acute cystitis with hematuria" is searched as "acute cystitis" too, which is best said by
N30.00, without hematuria.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from index.statement.evidence import Group, Weighed
from index.statement.model import Statement
from index.statement.pool import Option, Searched
from index.statement.selection import Choice
from index.text.attributes import HOLLOW, telling
from index.text.tokens import read


def without_contradicted(
    weighed: Sequence[Weighed], searched: Mapping[Group, Searched]
) -> list[Weighed]:
    """The codes without those whose titles deny what a part affirms. The code of the same category
    that says the part with them gets their chance, if it is likelier than its own. It is for both
    parts, so that it is not weighed for the other part alone."""
    said = {g[0]: telling(s.query.spelled_out) for g, s in searched.items() if len(g) == 1}
    kept: list[Weighed] = []
    chances: dict[tuple[str, int], float] = {}  # of the codes that are dropped
    for each in weighed:
        parts = _denied_by(each.option.code.title, said)
        if not parts:
            kept.append(each)
        for part in parts:
            key = _category(each), part
            chances[key] = max(chances.get(key, 0.0), each.chance)
    for (category, part), chance in chances.items():
        both = [w for w in kept if _category(w) == category and part in w.group[:2]]
        both = [w for w in both if len(w.group) > 1 and said[part] <= _affirmed(w)]
        if not both:
            continue
        heir = max(both, key=lambda w: w.chance)
        kept = [
            replace(w, chance=max(w.chance, chance)) if w is heir else w
            for w in kept
            if part in w.group or _category(w) != category or not said[part] <= _affirmed(w)
        ]
    return kept


def _category(weighed: Weighed) -> str:
    return weighed.option.code.code[:3]


def _affirmed(weighed: Weighed) -> frozenset[str]:
    return read(weighed.option.code.title).affirmed


def _denied_by(title: str, said: Mapping[int, frozenset[str]]) -> list[int]:
    """The parts all of whose words a title denies."""
    reading = read(title)
    denied = reading.denied - reading.affirmed
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
    whole = searched[max(searched, key=len)].options
    return [
        replace(choice, option=_better(choice.option, [*searched[choice.parts].options, *whole],
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
                and words <= title.denied
                and title.affirmed <= own.affirmed | said
                and own.affirmed & said <= title.affirmed
            ):
                fits.append(other)
        if fits:
            return max(fits, key=lambda other: other.right)
    return option
