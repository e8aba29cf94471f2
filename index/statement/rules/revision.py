"""What the rules on codes change in a report: codes that are said together by one, codes that
others call for, signs that are integral to a disease, codes that another says better, and codes
that exclude each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codesets.model import Code
from index.statement.books import Books
from index.statement.model import Ground, Role, Span, Statement
from index.statement.rules import after_operations
from index.statement.rules.combinations import Combination, combine
from index.statement.rules.companions import Companion, companions
from index.statement.rules.conflicts import excluded, loser
from index.statement.rules.integral import integral_to, less_specific

#: How often combinations and companions are looked for again: one may lead to the next.
_MOST_ROUNDS = 6
#: Care after an operation.
_AFTERCARE = ("Z47.8", "Z48.8")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A code on its way into the report. `right`: the chance that it belongs there; `ask`: what is
    left open (Line.ask)."""

    code: Code
    spans: tuple[Span, ...]
    right: float
    grounds: tuple[Ground, ...]
    role: Role = "additional"
    ask: str = ""


def revised(chosen: Sequence[Chosen], statement: Statement, books: Books) -> list[Chosen]:
    """The codes after all rules, in the order of the statement."""
    left = once(_after_operations(chosen, statement, books))
    added: set[str] = set()
    for _ in range(_MOST_ROUNDS):
        codes = [each.code.code for each in left]
        if found := combine(codes, statement, books):
            for combination in found:
                left = _combined(left, combination, books)
            left = once(left)
            continue
        # What was added once, and was combined with another since, is not added again.
        beside = [each for each in companions(codes, statement, books) if each.code not in added]
        if not beside:
            break
        added.update(each.code for each in beside)
        for companion in beside:
            left = _accompanied(left, companion, books)
        left = once(left)
    return _settled(_without_integral(_without_less(left)), books)


def _after_operations(chosen: Sequence[Chosen], statement: Statement, books: Books) -> list[Chosen]:
    """The codes for what an operation left, where notes send them there. Then the encounter is for
    it, and no aftercare."""
    left = list(chosen)
    for n, each in enumerate(chosen):
        if found := after_operations.instead(each.code, statement, books):
            left[n] = replace(each, code=found[0], grounds=(found[1],))
    if left == list(chosen):
        return left
    return [each for each in left if not each.code.code.startswith(_AFTERCARE)]


def once(chosen: Sequence[Chosen]) -> list[Chosen]:
    """Each code once, with all words that call for it, in the order of the statement."""
    merged: dict[str, Chosen] = {}
    for each in chosen:
        known = merged.get(each.code.code)
        merged[each.code.code] = (
            each
            if known is None
            else replace(
                known,
                spans=tuple(dict.fromkeys((*known.spans, *each.spans))),
                right=max(known.right, each.right),
                grounds=(*known.grounds, *(g for g in each.grounds if g not in known.grounds)),
            )
        )
    return sorted(merged.values(), key=lambda each: min((s.start for s in each.spans), default=0))


def _combined(chosen: list[Chosen], combination: Combination, books: Books) -> list[Chosen]:
    """The codes with a combination instead of those that it says."""
    code = books.code(combination.code)
    made_of = [c for c in chosen if c.code.code in (combination.first, combination.second)]
    if code is None or not made_of:
        return chosen
    made = Chosen(
        code,
        tuple(dict.fromkeys(span for each in made_of for span in each.spans)),
        min(each.right for each in made_of),
        (combination.ground,),
        made_of[0].role,
    )
    kept = [each for each in chosen if each.code.code not in combination.drops]
    return [made, *kept]


def _accompanied(chosen: list[Chosen], companion: Companion, books: Books) -> list[Chosen]:
    """The codes with one that another of them calls for."""
    code = books.code(companion.code)
    if code is None:
        return chosen
    of = (companion.beside, *companion.drops)
    calling = [c.spans for c in chosen if c.code.code in of]
    spans = tuple(dict.fromkeys((*companion.spans, *(span for each in calling for span in each))))
    made = Chosen(code, spans, companion.sure, (companion.ground,))
    return [*(each for each in chosen if each.code.code not in companion.drops), made]


def _without_less(chosen: list[Chosen]) -> list[Chosen]:
    """The codes without those that another of their kind says better."""
    drops = less_specific([each.code.code for each in chosen])
    return [each for each in chosen if each.code.code not in drops]


def _without_integral(chosen: list[Chosen]) -> list[Chosen]:
    """The codes without the signs that are integral to a disease among them (I.B.5)."""
    codes = [each.code.code for each in chosen]
    return [
        each
        for each in chosen
        if integral_to(each.code.code, [c for c in codes if c != each.code.code]) is None
    ]


def _settled(chosen: list[Chosen], books: Books) -> list[Chosen]:
    """The codes without those that an Excludes1 note keeps from standing beside another."""
    while True:
        codes = [each.code for each in chosen]
        pairs = excluded(codes, {code.code: books.notes(code) for code in codes})
        if not pairs:
            return chosen
        one, other, _ = pairs[0]
        chances = (chosen[one].right, chosen[other].right)
        goes = (one, other)[loser(codes[one], codes[other], chances)]
        chosen = [each for n, each in enumerate(chosen) if n != goes]
