"""Adverse effects: a drug that did harm though it was taken as prescribed (Official Guidelines
I.C.19.e.5.a)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from index.statement.drugs import drug_cues
from index.statement.drugs.drug_cues import cues, expression, joins, lines
from index.statement.drugs.drug_table import DrugNamed
from index.statement.drugs.drug_uses import (
    ALCOHOL,
    UNPRESCRIBED,
    Use,
    intent_of,
    is_so,
    is_toxic,
    within,
)
from index.statement.model import Span, Statement

_OF_THE_BODY = "vitamin or mineral"
#: Words that say no more than that the drug did harm: its code says that.
_TOXIC_WORDS = re.compile(
    r"\b(?:toxicity|tox|toxic|reaction|rxn|side effects?|s/e|adverse (?:effect|reaction|event)s?"
    r"|intolerance|hypersensitivity)$"
)
_SIDE_EFFECT = re.compile(r"side effect|s/e |se of|adverse effect")


@dataclass(frozen=True, slots=True)
class _Cues:
    causes: re.Pattern[str]
    not_cause: re.Pattern[str]
    after: re.Pattern[str]
    after_given: re.Pattern[str]
    while_taken: re.Pattern[str]
    allergic: re.Pattern[str]
    given_once: frozenset[str]
    adverse: drug_cues.Phrases
    no_reaction: re.Pattern[str]
    reactions: re.Pattern[str]
    use_disorder: re.Pattern[str]
    of_use: frozenset[str]
    toxicity_is_poisoning: frozenset[str]


@cache
def _cues() -> _Cues:
    table = cues()["adverse"]
    return _Cues(
        drug_cues.causes([*joins(), *lines(table["causes"])]),
        expression(table["not_cause"]),
        drug_cues.causes(lines(table["after"])),
        drug_cues.causes(lines(table["after_given"])),
        drug_cues.causes(lines(table["while_taken"])),
        expression(table["allergic"]),
        frozenset(lines(table["given_once"])),
        drug_cues.phrases(table["cues"], drug_cues.JOINED),
        expression(table["no_reaction"]),
        expression(table["reactions"]),
        expression(table["use_disorder"]),
        frozenset(lines(table["of_use"])),
        frozenset(lines(table["toxicity_is_poisoning"])),
    )


def find_adverse_effects(
    statement: Statement, marked: str, named: Sequence[DrugNamed]
) -> Iterator[Use]:
    """The drugs that a statement says did harm. With alcohol, or with another drug that nobody
    prescribed, the harm is a poisoning."""
    here = _cues()
    for match, kind in _matches(marked):
        drugs = list(within(match, named))
        if not drugs or not is_so(statement, match, marked):
            continue
        if kind == "given" and not all(d.drug_class.name in here.given_once for d in drugs):
            continue
        medicines = [drug for drug in drugs if _is_medicine(drug, kind, marked)]
        poisoning = bool(medicines) and _is_poisoning(drugs, match[0], marked)
        for drug in drugs if poisoning else medicines:
            whole = poisoning or _TOXIC_WORDS.search(match[0]) or _SIDE_EFFECT.match(match[0])
            said = Span(*match.span()) if whole else drug.span
            if poisoning:
                yield Use(drug, "poisoning", said, intent_of(marked))
            else:
                yield Use(drug, "adverse effect", said)


def _is_medicine(drug: DrugNamed, kind: str, marked: str) -> bool:
    """Whether a drug can have had an adverse effect: not a substance that is used, nor what the
    body has of its own ("potassium nephropathy")."""
    here, name = _cues(), drug.drug_class.name
    if is_toxic(drug) or (kind == "cue" and name == _OF_THE_BODY):
        return False
    return name not in here.of_use or not here.use_disorder.search(marked)


def _is_poisoning(drugs: Sequence[DrugNamed], said: str, marked: str) -> bool:
    toxic = _cues().toxicity_is_poisoning
    return (
        any(drug.generic == ALCOHOL for drug in drugs)
        or (len(drugs) > 1 and bool(UNPRESCRIBED.search(marked)))
        or ("tox" in said and any(drug.generic in toxic for drug in drugs))
    )


def _matches(marked: str) -> Iterator[tuple[re.Match[str], str]]:
    """The places that tell an adverse effect, each with how."""
    here = _cues()
    for match in here.causes.finditer(marked):
        if not here.not_cause.search(marked[: match.start()]):
            yield match, "cause"
    for pattern, kind in ((here.after, "after"), (here.after_given, "given")):
        for match in pattern.finditer(marked):
            before = re.split(r"[;.,]", marked[: match.start()])[-1]
            if before.strip() and not here.no_reaction.search(before):
                yield match, "after" if here.reactions.search(before) else kind
    for match in here.while_taken.finditer(marked):
        if here.allergic.search(re.split(r"[;.,]", marked[: match.start()])[-1]):
            yield match, "while"
    for match in here.adverse.find(marked):
        yield match, "cue"
