"""What a pregnancy, a delivery and the weeks after it call for: codes of chapter 15, weeks of
gestation, outcome of delivery, supervision and care (Guidelines I.C.15, I.C.21.c.11). Statements of
newborns are read in newborn.py."""

from __future__ import annotations

import re

from index.statement.books import Books
from index.statement.model import Fact, Ground, Proposal, Span, Statement, Wording
from index.statement.obstetrics import newborn, obstetric_index
from index.statement.obstetrics import obstetric_encounters as encounters
from index.statement.obstetrics.obstetric_conditions import (
    is_abortive,
    matches_of,
    pregnancy_of,
    proposals,
)
from index.statement.obstetrics.phrases import is_ruled_out, says, words_of
from index.statement.obstetrics.pregnancy import TRIMESTERS, Pregnancy, is_of_newborn

#: Kinds of hypertension beside which it is not reported without a kind.
_HYPERTENSION = ("O10", "O11", "O13", "O14", "O15")
_OWN_AGE = re.compile(
    r"\b\d{1,2}[\s-]?(?:y/?o|yr|year)s?(?:[\s-]old)?\s?[fm]?\b|\bg\d+\s?p\d*\w*\b"
)


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The codes that the obstetric words of a statement call for."""
    if is_of_newborn(statement):
        return newborn.find(statement, books)
    pregnancy = pregnancy_of(statement)
    if pregnancy is None:
        return []
    if pregnancy.incidental is not None:
        return encounters.incidental(pregnancy, books)
    matches = matches_of(statement, pregnancy)
    found = list(proposals(matches, statement, pregnancy, books))
    found = _with_index(found, statement, pregnancy, books)
    has_complication = any(proposal.code.startswith(("O", "F53")) for proposal in found)
    if any(proposal.code[:3] == "O09" and proposal.code[:5] != "O09.9" for proposal in found):
        found = [proposal for proposal in found if proposal.code[:5] != "O09.9"]
    left = _left(statement, pregnancy, [match.span for match in matches])
    if pregnancy.period == "delivery":
        found += encounters.delivery(statement, pregnancy, books, has_complication, bool(left))
    elif pregnancy.period == "postpartum":
        found += encounters.after(statement, pregnancy, books, has_complication, bool(left))
    elif pregnancy.period == "pregnancy" and all(p.code.startswith("Z36") for p in found):
        routine = says(words_of("obstetrics", "reading", "routine"), statement)
        if routine or not found:  # what is screened at a routine visit is part of it
            found = list(encounters.supervision(statement, pregnancy, books, bool(left))) or found
    if any(proposal.code[:3] in _HYPERTENSION for proposal in found):
        found = [proposal for proposal in found if proposal.code[:3] != "O16"]
    if any(proposal.code.startswith("O30.0") for proposal in found):
        known = [p for p in found if p.code.startswith("O30") and p.code[:6] != "O30.00"]
        found = [p for p in found if not known or p.code[:6] != "O30.00"]
    if not any(is_abortive(proposal.code) for proposal in found):
        found += encounters.weeks(pregnancy, books)
    return _once([*found, *_types_of_diabetes(found, books)])


#: Diabetes that was there before the pregnancy, and its code beside it (I.C.15.g).
_DIABETES = {"O24.0": "E10.9", "O24.1": "E11.9"}


def _types_of_diabetes(found: list[Proposal], books: Books) -> list[Proposal]:
    """The code of the type of diabetes, which follows that of chapter 15 (I.C.15.g)."""
    ground = Ground("use additional code", "report.type_beside", section="I.C.15.g")
    return [
        Proposal(code.code, p.spans, "additional", "condition", (ground,), settles=False)
        for p in found
        if (stem := _DIABETES.get(p.code[:5])) and (code := books.code(stem))
    ]


def _with_index(
    found: list[Proposal], statement: Statement, pregnancy: Pregnancy, books: Books
) -> list[Proposal]:
    """The codes of clinics' words with those of the Index: one that has all their words, and more,
    says more; others are added where nothing else was found."""
    for entry in obstetric_index.look_up(statement, pregnancy, books):
        if pregnancy.period == "abortive":
            # A complication says more than an abortion without any; that of an ectopic or molar
            # pregnancy is reported beside it (I.C.15.q).
            if not entry.proposal.code.startswith("O08"):
                found = [proposal for proposal in found if not is_abortive(proposal.code)]
            found.append(entry.proposal)
            continue
        there = [p for p in found if any(span.overlaps(entry.span) for span in p.spans)]
        if not there:
            found.append(entry.proposal)
            continue
        words = obstetric_index.stems_of(
            " ".join(statement.folded[s.start : s.end] for p in there for s in p.spans)
        )
        if words < entry.stems or (len(there) > 1 and words <= entry.stems):
            found[found.index(there[0])] = entry.proposal
            found = [proposal for proposal in found if proposal not in there]
    return found


def wordings(statement: Statement, books: Books) -> list[Wording]:
    """The affirmed conditions of a statement in the words of chapters 15 and 16, for those that
    `find` has no code for."""
    if is_of_newborn(statement):
        return newborn.wordings(statement, books)
    pregnancy = pregnancy_of(statement)
    if pregnancy is None or pregnancy.incidental is not None or pregnancy.period == "abortive":
        return []
    if pregnancy.period == "postpartum":
        ending = "complicating the puerperium"
    elif pregnancy.period == "delivery":
        ending = "complicating childbirth"
    else:
        trimester = TRIMESTERS.get(pregnancy.trimester) if pregnancy.trimester else None
        ending = f"complicating pregnancy, {trimester or 'unspecified trimester'}"
    taken = [match.span for match in matches_of(statement, pregnancy)]
    return [
        Wording(f"{text} {ending}", (fact.span,), ("O",))
        for fact, text in _left(statement, pregnancy, taken)
    ]


def _left(statement: Statement, pregnancy: Pregnancy, taken: list[Span]) -> list[tuple[Fact, str]]:
    """The affirmed facts that say more than the pregnancy and what has a code, each with the words
    that are left of it."""
    nothing_more = (
        words_of("obstetrics", "reading", "well"),
        words_of("obstetrics", "outcome", "no_indication"),
        words_of("obstetrics", "after", "routine"),
        words_of("obstetrics", "after", "lactating"),
    )
    folded = statement.folded
    for pattern in nothing_more:
        folded = pattern.sub(lambda match: " " * len(match[0]), folded)
    spans = [*taken, *pregnancy.spans]
    folded = "".join(
        " " if any(span.start <= at < span.end for span in spans) else sign
        for at, sign in enumerate(folded)
    )
    folded = _OWN_AGE.sub(lambda match: " " * len(match[0]), folded)
    left = []
    for fact in statement.facts:
        if fact.status != "affirmed" or fact.kind == "detail":
            continue
        if is_ruled_out(statement, fact.span):
            continue
        if any(fact.span.overlaps(span) for span in taken):
            continue
        text = _FILLING.sub("", " ".join(folded[fact.span.start : fact.span.end].split()))
        words = [word for word in re.findall(r"[a-z][a-z'/-]{2,}", text) if word not in _EMPTY]
        if words:
            left.append((fact, text))
    return left


#: Words before a condition that say nothing of it, and a number or sign after it.
_FILLING = re.compile(
    r"^(?:(?:pt|patient|is|here|for|with|w/|in|of|at|on|the|a|an|and|has|d/t|\d+|[^\w\s])\s+)+"
    r"|[\s,;:.-]+$"
)
_EMPTY = frozenset(
    """here for the and with w/ seen has had her she who was now new old via due code codes pls
    primary repeat scheduled still from this that not did day days status after patient pt at is
    """.split()
)


def _once(found: list[Proposal]) -> list[Proposal]:
    """Each code once, with all words that call for it."""
    by_code: dict[str, Proposal] = {}
    for proposal in found:
        by_code.setdefault(proposal.code, proposal)
    return list(by_code.values())
