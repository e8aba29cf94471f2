"""Takes apart facts that are listed without a sign between them: "dm2 htn hld", "belly pain
diarrhea fever".

The words of such a fact are names that the books know, one after the other, and the whole is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from index.statement.facts import is_detail
from index.statement.model import Fact, Span, Statement
from index.text.attributes import ATTRIBUTES
from index.text.lexicon import Lexicon, Part
from index.text.tokens import STOPWORDS, read

IsName = Callable[[str], bool]
#: The number of words that a fact may have to be taken apart, and that a name may have.
_MOST_WORDS, _LONGEST_NAME = 14, 6
#: What one name more costs, in stems; and by which a longer name is preferred.
_A_NAME, _LONGER = 0.4, 1.3


def apart(statement: Statement, is_name: IsName) -> Statement:
    """The statement with each fact that lists several names as several facts."""
    facts = [
        each
        for fact in statement.facts
        for each in (_named(statement, fact, is_name) if fact.kind == "condition" else [fact])
    ]
    return replace(statement, facts=tuple(facts))


def _named(statement: Statement, fact: Fact, is_name: IsName) -> list[Fact]:
    """The facts that a fact lists; the fact itself where it is one."""
    lexicon = Lexicon.shipped()
    typed = lexicon.typed(fact.text)
    if not 2 <= len(typed) <= _MOST_WORDS:
        return [fact]
    parts = [part for part in lexicon.parts(typed) if part.typed]
    whole = " ".join(part.means for part in parts)
    if len(parts) < 2 or is_name(whole):
        return [fact]
    # Words that the lexicon adds ("third trimester" of 32 weeks) stand nowhere.
    standing = [
        (p, at)
        for p, at in zip(parts, _places(statement, fact, parts), strict=True)
        if at.start < at.end
    ]
    parts, places = [part for part, _ in standing], [place for _, place in standing]
    # "Septic arthritis L knee" is one: a part of the body is no name of a condition.
    names = _best(parts, lambda words: is_name(words) and not _is_site(words))
    if len(names) < 2:
        return [fact]
    last = names[-1][1]
    rest = [n for n in range(last) if not any(a <= n < b for a, b in names)]
    if any(not _belongs(parts[n]) for n in rest):
        return [fact]
    if any(_is_site(parts[n].means) for n in range(last, len(parts))):
        last = len(parts)
    cuts = [
        0,
        *(first for first, _ in names[1:]),
        *([last] if last < len(parts) else []),
        len(parts),
    ]
    facts: list[Fact] = []
    for start, end in pairwise(cuts):
        words = Span(places[start].start, places[end - 1].end)
        # Words around the names ("pt here for", "denies") stand with the first or the last.
        span = Span(
            words.start if facts else fact.span.start,
            words.end if end < len(parts) else fact.span.end,
        )
        facts.append(
            replace(
                fact,
                said=statement.text[span.start : span.end],
                text=statement.text[words.start : words.end],
                span=span,
                join="and" if facts else fact.join,
            )
        )
    return facts


#: Parts of the body, which say where the condition before them is.
_SITES = frozenset(
    """knee knees hip hips shoulder shoulders wrist wrists ankle ankles elbow elbows hand hands foot
    feet arm arms leg legs finger fingers thumb toe toes heel heels thigh calf forearm shin groin
    flank axilla buttock buttocks sacrum scalp cheek eyelid limb limbs great big index middle ring
    little pinky""".split()
)


def _is_site(words: str) -> bool:
    """Whether words name a part of the body and nothing else."""
    each = words.split()
    said = [word for word in each if word in _SITES]
    return bool(said) and all(word in _SITES or is_detail(word) for word in each)


def _belongs(part: Part) -> bool:
    """Whether a part says more of the condition before it."""
    return is_detail(" ".join(part.typed)) or _is_site(part.means)


def named_share(text: str, is_name: IsName) -> float:
    """The share of the telling words of a text that are in names of conditions, 0 to 1."""
    lexicon = Lexicon.shipped()
    parts = [part for part in lexicon.parts(lexicon.typed(text)[:_MOST_WORDS]) if part.typed]
    telling = [n for n, part in enumerate(parts) if not is_detail(" ".join(part.typed))]
    names = _best(parts, is_name)
    named = [n for n in telling if any(first <= n < last for first, last in names)]
    return len(named) / len(telling) if telling else 0.0


def _best(parts: Sequence[Part], is_name: IsName) -> list[tuple[int, int]]:
    """The names among the parts, as their first and past-the-last part: those that say most, in
    the fewest names."""
    best: list[tuple[float, list[tuple[int, int]]]] = [(0.0, [])]
    for end in range(1, len(parts) + 1):
        points, names = best[end - 1]
        for start in range(max(0, end - _LONGEST_NAME), end):
            means = " ".join(part.means for part in parts[start:end])
            stems = read(means).affirmed - ATTRIBUTES
            ends = parts[start].typed[0], parts[end - 1].typed[-1]
            if not stems or not STOPWORDS.isdisjoint(ends) or not is_name(means):
                continue
            if end - start == 1 and not _stands_alone(parts[start]):
                continue
            if is_detail(" ".join(word for part in parts[start:end] for word in part.typed)):
                continue  # "weeks"
            sum_ = best[start][0] + len(stems) ** _LONGER - _A_NAME
            if sum_ > points:
                points, names = sum_, [*best[start][1], (start, end)]
        best.append((points, names))
    return best[-1][1]


#: Endings of adjectives, which belong to the noun after them.
_ADJECTIVE = re.compile(r"(?:ic|al|ous|ive|ar|ed|ly|ary|ent|ant)$")
_SHORTEST = 5


def _stands_alone(part: Part) -> bool:
    """Whether one part is a name by itself: shorthand for several words, or a noun."""
    word = part.typed[-1]
    return len(part.means) >= _SHORTEST and not _ADJECTIVE.search(word)


def _places(statement: Statement, fact: Fact, parts: Sequence[Part]) -> Iterator[Span]:
    """Where the typed words of each part stand."""
    at, end = fact.words
    for part in parts:
        start = at
        for n, word in enumerate(part.typed):
            found = _begins(statement.folded, word, at, end)
            if found >= 0:
                start = found if n == 0 else start
                at = found + len(word)
        yield Span(start, max(at, start))


def _begins(text: str, word: str, start: int, end: int) -> int:
    """Where a word begins between two places of a text, and no letter or digit stands before it;
    -1 where it does not."""
    at = text.find(word, start, end)
    while at > 0 and (text[at - 1].isalnum() or text[at - 1] == "_"):
        at = text.find(word, at + 1, end)
    return at
