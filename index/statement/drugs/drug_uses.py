"""What a statement may say of a drug, and whether it is so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from index.statement.drugs import drug_cues
from index.statement.drugs.drug_cues import cues
from index.statement.drugs.drug_table import DrugNamed
from index.statement.model import Span, Statement

Circumstance = Literal["adverse effect", "poisoning", "underdosing"]
Intent = Literal["accidental", "self-harm", "assault", "undetermined"]

ALCOHOL = "alcohol"
_DENIED_BEFORE = re.compile(
    r"\b(?:no|not|denies|denied|denying|without|w/o|never|neg for|negative for|hx|h/o|history|prior"
    r"|previous|past)(?: (?:of|any|hx|h/o|recent|known|prior|an?|new))* *(?:[a-z]+ )?$"
)
_LONG_AGO = re.compile(
    r" *\(?(?:in (?:the |his |her )?past|in (?:19|20)\d\d|\d+ (?:years|yrs) ago|years ago"
    r"|as a teen\w*|last year|history)\b"
)
_OVERDOSED = re.compile(r"(?<![\w'])(?:overdos\w*|od'd|oded|od)(?![\w'])")
#: A drug that nobody prescribed.
UNPRESCRIBED = re.compile(
    r"\botc\b|over[ -]the[ -]counter|non-?prescri\w+|\bherbal\b|\bnot prescribed\b"
)


@dataclass(frozen=True, slots=True)
class Use:
    """What a statement says of one drug. `span`: the words that say it, with the drug."""

    drug: DrugNamed
    circumstance: Circumstance
    span: Span
    intent: Intent = "accidental"


@cache
def _intents() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    table = cues()["intent"]
    names = ("undetermined", "assault", "self_harm")
    undetermined, assault, self_harm = (drug_cues.any_word(table[name]) for name in names)
    return undetermined, assault, self_harm


def is_toxic(drug: DrugNamed) -> bool:
    """Whether nobody is given it: a street drug, a chemical, a gas."""
    return drug.drug_class.toxic or bool(drug.entry and not drug.entry.is_medicine)


def is_denied(text: str, start: int) -> bool:
    """Whether the words before a place deny what follows, or say that it was long ago."""
    return bool(_DENIED_BEFORE.search(text[max(0, start - 40) : start]))


def was_long_ago(text: str, end: int) -> bool:
    """Whether the words after a place say that it was long ago."""
    return bool(_LONG_AGO.match(text, end))


def within(match: re.Match[str], named: Sequence[DrugNamed]) -> Iterator[DrugNamed]:
    """The drugs that stand within a match."""
    for drug in named:
        if match.start() <= drug.span.start and drug.span.end <= match.end():
            yield drug


def is_so(statement: Statement, match: re.Match[str], text: str) -> bool:
    """Whether what a match says is so: not denied, past or uncertain."""
    if is_denied(text, match.start()) or was_long_ago(text, match.end()):
        return False
    # What tells of nothing but treatment is so: "stopped metformin".
    allowed = ["affirmed", "chatter"] + ["uncertain"] * statement.inpatient
    places = [Span(match.start(), match.end())]
    if match.start() > 1:
        cut = text.rfind(",", 0, match.start())
        before = Span(max(match.start() - 3, cut + 1), match.start() - 1)
        if before.start < before.end and not re.search(r"[;.,]\s*$", text[: match.start()]):
            places.append(before)
    return all(statement.status_of(place) in allowed for place in places)


def intent_of(marked: str) -> Intent:
    """The intent that a statement tells; accidental where it tells none (I.C.19.e.5.b)."""
    undetermined, assault, self_harm = _intents()
    if undetermined.search(marked):
        return "undetermined"
    if assault.search(marked):
        return "assault"
    for match in self_harm.finditer(marked):
        ideation = re.match(r"\s*(?:ideation|thoughts|idea)", marked[match.end() :])
        if not ideation and not is_denied(marked, match.start()):
            return "self-harm"
    return "accidental"


@cache
def _accidental() -> re.Pattern[str]:
    return drug_cues.any_word(cues()["intent"]["accidental"])


def told_spans(text: str) -> list[Span]:
    """The words that tell an overdose or an intent; the code of a poisoning says what they say."""
    patterns = (_OVERDOSED, _accidental(), *_intents())
    return [Span(*match.span()) for each in patterns for match in each.finditer(text)]
