"""Poisoning and toxic effect: a drug that was taken wrongly, or a substance that harms (Official
Guidelines I.C.19.e.5.b and d)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from index.statement.drugs import drug_cues
from index.statement.drugs.drug_cues import MARK, cues, expression, joins, lines
from index.statement.drugs.drug_table import DrugNamed
from index.statement.drugs.drug_uses import (
    ALCOHOL,
    UNPRESCRIBED,
    Use,
    intent_of,
    is_denied,
    is_so,
    is_toxic,
    was_long_ago,
    within,
)
from index.statement.model import Span, Statement

_CHILD = re.compile(
    r"\b(?:toddler|child|infant|baby|kid|peds?|\d+ ?mo|[1-9] ?(?:yo|y/o|yr old|year old)|son|dtr"
    r"|daughter)\b"
)
#: Words of a poisoning in the name of a substance: "co exposure".
_OWN_CUE = re.compile(r"poison|exposure|inhalation|toxicity|burn")
#: What may stand between an overdose and its drug.
_BESIDE = re.compile(
    r"(?:[\s:,-]*(?:(?:not |non-?|un)?(?:suicidal|intentional|accidental)|suicide attempt"
    r"|of|on|w/|with|from|by|per ems|today))*[\s:,-]*"
)
_MIXED = re.compile(r"mix|combin|.*together$")
_OVERDOSE = re.compile(r"(?<![\w'])(?:overdos\w*|od|od'd|oded)(?![\w'])")


@dataclass(frozen=True, slots=True)
class _Cues:
    poisoning: drug_cues.Phrases
    toxic: drug_cues.Phrases
    taken: drug_cues.Phrases
    wrong: re.Pattern[str]
    causes: re.Pattern[str]
    not_by_cause: re.Pattern[str]
    antidotes: frozenset[str]
    exposure_is_contact: frozenset[str]


@cache
def _cues() -> _Cues:
    table = cues()["poisoning"]
    return _Cues(
        drug_cues.phrases(table["cues"]),
        drug_cues.phrases(table["toxic"]),
        drug_cues.phrases(table["taken"]),
        drug_cues.any_word(table["wrong"]),
        drug_cues.causes(joins()),
        expression(table["not_by_cause"]),
        frozenset(lines(table["antidotes"])),
        frozenset(lines(table["exposure_is_contact"])),
    )


def find_interaction(marked: str, named: Sequence[DrugNamed]) -> Iterator[Use]:
    """Drugs that act on each other: a poisoning where one was not prescribed or is alcohol, else
    adverse effects (I.C.19.e.5.b.iii and iv)."""
    told = re.search(r"\binteract\w*", marked)
    drugs = [drug for drug in named if not is_toxic(drug) or drug.generic == ALCOHOL]
    if told is None or len(drugs) < 2 or is_denied(marked, told.start()):
        return
    unprescribed = any(drug.generic == ALCOHOL for drug in drugs) or bool(
        UNPRESCRIBED.search(marked)
    )
    for drug in drugs:
        if unprescribed:
            yield Use(drug, "poisoning", drug.span, intent_of(marked))
        else:
            yield Use(drug, "adverse effect", drug.span)


def find_poisonings(statement: Statement, marked: str, named: Sequence[DrugNamed]) -> Iterator[Use]:
    """The drugs and substances by which a statement says that somebody was poisoned."""
    here = _cues()
    intent = intent_of(marked)
    for drug in named:
        own = drug.drug_class.toxic and _OWN_CUE.search(drug.said)
        if own and not is_denied(marked, drug.span.start) and statement.is_affirmed(drug.span):
            yield Use(drug, "poisoning", drug.span, intent)
    for match, needs_toxic in _matches(marked):
        several = len(re.findall(f"{MARK}+", match[0])) > 1
        if not is_so(statement, match, marked) or (_MIXED.match(match[0]) and not several):
            continue
        for drug in within(match, named):
            harmless = drug.generic in here.antidotes or _is_plain(drug, match[0], marked)
            if not harmless and (is_toxic(drug) or not needs_toxic):
                yield Use(drug, "poisoning", Span(*match.span()), intent)
    yield from _by_cause(statement, marked, named)
    yield from _beside_overdose(statement, marked, named)


def _by_cause(statement: Statement, marked: str, named: Sequence[DrugNamed]) -> Iterator[Use]:
    """The chemicals that a statement tells as a cause: "pneumonitis d/t chlorine gas"."""
    here = _cues()
    for match in here.causes.finditer(marked):
        before = re.split(r"[;.,]", marked[: match.start()])[-1]
        if here.not_by_cause.search(before) or not is_so(statement, match, marked):
            continue
        for drug in within(match, named):
            habit = drug.generic in (ALCOHOL, "plant", "nicotine", "cigarette", "smoke")
            if drug.entry and not drug.entry.is_medicine and drug.is_own and not habit:
                yield Use(drug, "poisoning", Span(*match.span()), intent_of(marked))


def _matches(marked: str) -> Iterator[tuple[re.Match[str], bool]]:
    """The places that tell a poisoning, each with whether only by what nobody is given."""
    here = _cues()
    for match in here.poisoning.find(marked):
        yield match, False
    for match in here.toxic.find(marked):
        yield match, True
    wrong = here.wrong.search(marked)
    if wrong and not is_denied(marked, wrong.start()):
        for match in here.taken.find(marked):
            yield match, False


def _beside_overdose(
    statement: Statement, marked: str, named: Sequence[DrugNamed]
) -> Iterator[Use]:
    """The drug beside an overdose: "OD, tylenol"."""
    told = _OVERDOSE.search(marked)
    if told is None or was_long_ago(marked, told.end()) or is_denied(marked, told.start()):
        return
    if statement.is_affirmed(Span(*told.span())):
        for drug in named:
            if _BESIDE.fullmatch(_between(marked, told, drug)):
                yield Use(drug, "poisoning", drug.span, intent_of(marked))


def _between(marked: str, told: re.Match[str], drug: DrugNamed) -> str:
    first, last = sorted((Span(*told.span()), drug.span))
    return marked[first.end : last.start]


def _is_plain(drug: DrugNamed, said: str, marked: str) -> bool:
    """Whether what is said of a substance is no poisoning: alcohol that is drunk, a contact."""
    here = _cues()
    if drug.generic in here.exposure_is_contact and re.search(r"expos|inhal|smok|burn", said):
        return drug.generic != "smoke" or "inhal" not in said
    if drug.generic == ALCOHOL:
        other = re.search(r"poison|overdos|\bod|toxic|mix|combin|interact|wrong", said)
        several = len(re.findall(f"{MARK}+", said)) > 1
        return not (other or several or _CHILD.search(marked))
    return False
