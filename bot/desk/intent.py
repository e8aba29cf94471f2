"""Tells what a question asks for: a code, a rule, or what changed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from bot.desk.literals import put
from codesets import months
from codesets.code_format import ICD10CM_EITHER
from index.text.resources import read_text, read_words
from index.text.tokens import STOPWORDS, plain_words

#: too_long, empty, foreign: it cannot be answered. changes: what differs between editions.
#: greeting, thanks, help: it is no question. denial: it names codes of a remittance. x12: X12 that
#: cannot be read. claim: it is a claim to check. drug_products: it names NDCs. codes: it names
#: codes, which get verdicts. search: anything else.
Intent = Literal[
    "too_long", "empty", "foreign", "greeting", "thanks", "help", "changes", "denial", "x12",
    "claim", "drug_products", "codes", "search",
]  # fmt: skip
Courtesy = Literal["greeting", "thanks", "help"]


def courtesy(text: str) -> Courtesy | None:
    """Whether a text is a greeting, thanks or a call for help and nothing else; None if not."""
    return _courtesies().get(" ".join(re.findall(r"\w+", text.lower().replace("'", ""))))


@lru_cache(maxsize=1)
def _courtesies() -> dict[str, Courtesy]:
    kinds = get_args(Courtesy)
    return {
        " ".join(phrase.split()): kind
        for kind in kinds
        for phrase in read_words("courtesies")[kind].split(",")
    }


# What changed

_CHANGED = r"(?:added|deleted|revised|changed|new|retired|discontinued)"

#: Questions about changes: "what changed in …", "what's new in …", "any new obesity codes", "which
#: codes were deleted". New onset and skin changes are diagnoses.
_ASKS = re.compile(
    r"\bwhat(?:'s|\s+is|\s+has|\s+have)?(?:\s+been)?\s+"
    r"(?:changed|new(?=\s+(?:in|for|this|since)\b|\W*$))"
    rf"|\b{_CHANGED}\s+(?!patients?\b|onset\b)(?:(?!of\b|for\b|in\b)[\w-]+\s+){{0,3}}?codes\b"
    rf"|\bcodes\s+(?:(?:have|has|been|were|was|are|got)\s+)*{_CHANGED}\b"
    r"|\bcodes?(?:\s+set)?\s+changes\b|\bchanges\s+to\s+(?:[\w-]+\s+){1,3}codes\b",
    re.I,
)

#: Words that ask for changes if an edition is named, too.
_ASKS_OF_AN_EDITION = re.compile(rf"\b(?:{_CHANGED}|changes|different|differences?)\b", re.I)

_QUARTERS = "|".join(months.NAMES[first - 1] for first in months.QUARTER_STARTS)
_EDITION = rf"FY\s?(?:20)?\d\d(?:-April)?|20\d\d-(?:{_QUARTERS})"

_MONTH = months.written(*months.QUARTER_STARTS)

_WHEN = re.compile(
    rf"\b(?:(?:this|last|in|since|on|of|from|for|the)\s+)*(?:(?P<month>{_MONTH})\b\.?\s*"
    r"(?:1(?:st)?,?\s*)?)?(?P<year>20\d\d)?(?:\s+(?:update|edition|release))?",
    re.I,
)

_NAMED_BESIDE_CHANGES = {
    "icd10pcs": r"\b(?:icd-?10-?)?pcs\b",
    "hcpcs": r"\bhcpcs\b",
    "icd10cm": r"\bicd-?10(?:-?cm)?\b|\bdiagnos[ie]s\b",
}

_HOLLOW = frozenset(
    """a about added all and any are as been between by change changed changes code codes compared
    deleted did difference differences different discontinued do edition editions effective
    for from got has have in is it last latest list me new of on or quarter release retired
    revised show since tell than that the there this title titles to update updates version
    was we were what what's whats which with year""".split()
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question about what changed.

    - `system`: icd10cm, icd10pcs or hcpcs.
    - `editions`: labels of the editions that it names; () for none.
    - `month`, `year`: of the edition, if it names them; else None.
    - `about`: the words that limit it to a subject; "" for all changes.
    """

    system: str
    editions: tuple[str, ...]
    month: int | None
    year: int | None
    about: str


def inquiry(question: str) -> Inquiry | None:
    """What a question asks about changes between editions; None if it does not."""
    named = re.search(_EDITION, question, re.I)
    if not _ASKS.search(question) and not (named and _ASKS_OF_AN_EDITION.search(question)):
        return None
    rest = question
    system = next(
        (s for s, name in _NAMED_BESIDE_CHANGES.items() if re.search(name, rest, re.I)), "icd10cm"
    )
    for name in _NAMED_BESIDE_CHANGES.values():
        rest = re.sub(name, " ", rest, flags=re.I)
    labels = tuple(_label(text) for text in re.findall(_EDITION, rest, re.I))
    rest = re.sub(_EDITION, " ", rest, flags=re.I)
    month = year = None
    for match in _WHEN.finditer(rest):
        if match["month"] or match["year"]:
            month = month or (months.number(match["month"]) if match["month"] else None)
            year = year or (int(match["year"]) if match["year"] else None)
            rest = rest.replace(match[0], " ", 1)
    words = [w for w in re.findall(r"[\w'/-]+", rest) if w.lower() not in _HOLLOW]
    return Inquiry(system, labels, month, year, " ".join(words))


def _label(text: str) -> str:
    """The stored form of an edition's label that a person typed: FY2027 for "fy27"."""
    text = re.sub(r"\s+", "", text)
    if not text.upper().startswith("FY"):
        return text.title()
    year, _, month = text[2:].partition("-")
    return f"FY20{year[-2:]}" + (f"-{month.title()}" if month else "")


# A rule

#: A code, or the beginning of one.
_A_CODE = rf"(?<![\w.]){ICD10CM_EITHER}-?(?![\w.]*\w)"
#: Forms of questions about a rule: "A or D", "O codes", "two codes?", "which one is first", "B20 or
#: Z21", "add Z79.4?", "Q21?", "R55 too?".
_FORMS_OF_A_RULE = re.compile(
    r"(?<!hepatitis )(?<!hep )(?<!vitamin )(?<!vit )(?<!factor )(?<!type )(?<!protein )(?<!group )"
    r"(?<![\w'])[a-z],? (?:or|vs\.?) [a-z](?![\w'])"
    r"|(?<![\w/])[b-fhk-z][- ]codes?\b"
    rf"|\b(?:one|two|three|[123]|single) (?:{_A_CODE} )?codes?\b(?! for)"
    r"|\bhow (?:long|often|many (?:codes|times|hours|days|weeks|months|years))\b"
    r"|\bfirst\s*\??$|\bfirst (?:dx|code|diagnosis)\b|\border\s*\??$"
    rf"|{_A_CODE},? (?:or|vs\.?) (?:just )?(?:{_A_CODE}|[a-z](?![\w']))"
    rf"|\b(?:use|add|need|assign|report|append|drop) {_A_CODE}"
    rf"|{_A_CODE} (?:first|second|or not)\b"
    rf"|(?:\S+ ){{3,}}{_A_CODE}(?: (?:too|ok|okay|also|either|alone|both|needed|allowed))?\?$",
    re.I,
)


@lru_cache(maxsize=16)
def is_about_a_rule(question: str) -> float:
    """Whether a question asks about a rule and not for a code: 1.0 it does, 0.5 it may, 0.0 nothing
    says so. The phrases are in prompts/intents/rules.toml."""
    if asks_about_a_rule(question):
        return 1.0
    words = _to_read(question)
    return min(1.0, 0.5 * sum(phrase in words for phrase in _rule_phrases()["hints"]))


@lru_cache(maxsize=16)  # an answer asks it several times
def asks_about_a_rule(question: str) -> bool:
    """Whether a question asks about a rule in as many words: not by hints alone, which a statement
    may have, too ("type not documented")."""
    words = _to_read(question)
    if any(phrase in words for phrase in _rule_phrases()["asks"]):
        return True
    return bool(_FORMS_OF_A_RULE.search(" ".join(question.split())))


def _to_read(question: str) -> str:
    """The words of a question without those that are read past."""
    words = f" {' '.join(plain_words(question))} "
    for phrase in _rule_phrases()["read_past"]:
        words = words.replace(phrase, " ")
    return words


def says_of_codes(question: str, codes: Sequence[str], rule: float) -> bool:
    """Whether a question says more of its codes than that it asks for a verdict: "Z38.00 on the
    transfer NICU chart" does, "is E11.9 billable today" does not. Two codes in a question do, too:
    "O80 with O70.0?". `rule`: of `is_about_a_rule`; with it, one word is enough."""
    words = question
    for code in codes:
        words = put(words, code, " ")
    said = [word for word in plain_words(words) if f" {word} " not in _hollow_of_verdicts()]
    asks = rule or question.rstrip().endswith("?")
    return (bool(asks) and len(set(codes)) > 1) or len(said) >= (1 if rule else 2)


@lru_cache(maxsize=1)
def _hollow_of_verdicts() -> frozenset[str]:
    return frozenset({*_rule_phrases()["verdict"], *(f" {word} " for word in STOPWORDS)})


@lru_cache(maxsize=1)
def _rule_phrases() -> dict[str, list[str]]:
    """The phrases of each list, each with a space at both ends, longest first."""
    text = read_text("intents", "rules.toml")
    return {
        name: sorted(
            {f" {' '.join(plain_words(phrase))} " for phrase in phrases.split(",")} - {"  "},
            key=len,
            reverse=True,
        )
        for name, phrases in tomllib.loads(text)["rules"].items()
    }
