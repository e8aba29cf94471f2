"""Abuse, neglect and other maltreatment: confirmed (T74), suspected (T76), ruled out (Z04).

The words are in prompts/statements/maltreatment.toml. Confirmed and suspected abuse are sequenced
first; the perpetrator (Y07) goes with confirmed abuse only (I.C.19.f, I.C.20.g).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from index.statement.books import Books
from index.statement.causes.cause_index import grounds
from index.statement.causes.cause_words import any_of
from index.statement.model import Ground, Proposal, Role, Span, Statement
from index.text.encounter import read_encounter
from index.text.resources import read_text

_AGE = re.compile(
    r"(?<![\w/])(\d{1,3})[\s-]*(?:y/?o|yrs?|years?|y)\b(?:[\s-]*(?:old|o))?|"
    r"\b\d{1,2}[\s-]*(?:m/?o|mos?|months?|wks?|weeks?|days?)[\s-]*old\b"
)
_PREGNANT = re.compile(
    r"\b(?:pregnan\w*|gravid\w*|gestation\w*|childbirth|puerperium|trimester|iup|antepartum)\b"
)
#: Words that make abuse one of a drug: "alcohol and drug abuse by mother".
_OF_A_DRUG = re.compile(
    r"\b(?:drug|alcohol|etoh|substance|opioid|cocaine|meth|tobacco|thc|cannabis|polysubstance)\W*$"
)


#: What a perpetrator does, after the word for who it is: "husband hit her".
_DOES = (
    "(?:has been |was |is |had )?(?:hit|hits|hitting|beat|beats|beating|punched|punches|slapped"
    "|slaps|kicked|kicks|strangled|choked|pushed|shoved|threw|burned|assaulted|raped|molested|abused"
    "|abuses|abusing|neglected|neglects|did it|is perp|is the perp|perpetrator|shook)"
)
_UNCONFIRMED = re.compile(r"\b(?:not (?:yet |been )?(?:confirmed|substantiated)|unconfirmed)\b")


@dataclass(frozen=True, slots=True)
class Maltreatment:
    """What a statement says of abuse: its codes, and whether it is confirmed or suspected."""

    proposals: tuple[Proposal, ...] = ()
    confirmed: bool = False
    suspected_only: bool = False


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(read_text("statements", "maltreatment.toml"))


@cache
def _said(name: str) -> re.Pattern[str]:
    return any_of(_table()["said"][name])


@cache
def _kinds() -> tuple[tuple[str, re.Pattern[str]], ...]:
    kinds = _table()["kinds"]
    return tuple((name, any_of(kinds[name]["words"])) for name in kinds)


@cache
def _any_kind() -> re.Pattern[str]:
    return any_of("\n".join(kind["words"] for kind in _table()["kinds"].values()))


@cache
def _perpetrators() -> tuple[tuple[str, re.Pattern[str]], ...]:
    def pattern(words: str) -> re.Pattern[str]:
        return re.compile(
            rf"\b(?:by|perpetrator|perp|from|husband is|boyfriend is)(?:\W+(?:her|his|their|the|a"
            rf"|an|current|own|live-in|was|is|adult|biological))*\W+(?:{any_of(words).pattern})"
            rf"|(?:{any_of(words).pattern})\W+(?:{_DOES})\b"
        )

    return tuple((code, pattern(words)) for code, words in _table()["perpetrators"].items())


def find_maltreatment(statement: Statement, books: Books) -> Maltreatment:
    """The codes of abuse and neglect that a statement calls for."""
    text = statement.folded
    if not _any_kind().search(text):
        return Maltreatment()
    found = _first(text)
    if found is None:
        return Maltreatment()
    name, span = found
    before = re.split(r"[,;]", text[max(0, span.start - 40) : span.start])[-1]
    if _said("history").search(before) or _said("screening").search(text):
        return Maltreatment()
    kind = _table()["kinds"][name]
    who = _who(name, text)
    if re.search(r"\b(?:mental health services|counseling|perpetrators? o[fr])\b", text):
        return Maltreatment()
    if _is_ruled_out(statement, span):
        return _proposed(books, kind.get(f"{who}_ruled_out", ""), span, "ruled_out", "", text)
    if statement.status_of(span) == "denied":
        return Maltreatment()
    suspected = _is_suspected(statement, span)
    ruled_out = kind.get(f"{who}_ruled_out", "")
    if ruled_out and _said("exam").search(text) and (suspected or "exploit" in name):
        return _proposed(books, ruled_out, span, "ruled_out", "", text)
    digits = kind[who] or kind["child"]
    if _PREGNANT.search(text):  # abuse in pregnancy is O9A.3 to O9A.5, and excludes T74 and T76
        return Maltreatment((), not suspected, suspected)
    phase = {"subsequent": "D", "sequela": "S"}.get(read_encounter(statement.text).phase or "", "A")
    if suspected:
        return _proposed(books, f"T76.{digits}", span, "suspected", phase, text)
    found_abuse = _proposed(books, f"T74.{digits}", span, "confirmed", phase, text)
    perpetrator = _perpetrator(statement, books)
    return Maltreatment((*found_abuse.proposals, *perpetrator), bool(found_abuse.proposals))


def _first(text: str) -> tuple[str, Span] | None:
    for name, pattern in _kinds():
        for match in pattern.finditer(text):
            if _OF_A_DRUG.search(text[: match.start()]):
                continue
            other = _table()["other_meaning"].get(match[0])
            if other is None or not any_of(other).search(text):
                return name, Span(*match.span())
    return None


def _who(name: str, text: str) -> str:
    if name == "shaken":
        return "child"
    if age := _AGE.search(text):
        return "adult" if age[1] and int(age[1]) >= 18 else "child"
    if _said("adult").search(text):
        return "adult"
    return "child" if _said("child").search(text) else "adult"


def _is_ruled_out(statement: Statement, span: Span) -> bool:
    near = statement.folded[max(0, span.start - 30) : span.end + 30]
    return bool(_said("ruled_out").search(near))


def _is_suspected(statement: Statement, span: Span) -> bool:
    near = statement.folded[max(0, span.start - 40) : span.end + 25]
    if _UNCONFIRMED.search(near):
        return True
    if _said("confirmed").search(near):
        return False
    return statement.status_of(span) == "uncertain" or bool(
        _said("suspected").search(near) or "?" in near
    )


def _proposed(
    books: Books, stem: str, span: Span, key: str, character: str, text: str
) -> Maltreatment:
    codes = [code.code for code in books.below(stem)] if stem else []
    code = next((c for c in codes if not character or c.endswith(character)), None)
    if code is None:
        return Maltreatment()
    section = "I.C.21.c.6" if key == "ruled_out" else "I.C.19.f"
    why = (Ground("guideline", f"report_causes.{key}", section=section),)
    role: Role = "first-listed"
    proposal = Proposal(code, (span,), role, "condition", why)
    return Maltreatment((proposal,), key == "confirmed", key == "suspected")


def _perpetrator(statement: Statement, books: Books) -> list[Proposal]:
    text = statement.folded
    found = [(code, m) for code, p in _perpetrators() if (m := p.search(text))]
    for code, match in found[:1]:
        if billable := books.code(code):
            why = grounds(books, code, match[0], "perpetrator", "I.C.20.g")
            span = Span(*match.span())
            return [Proposal(billable.code, (span,), "external cause", "external cause", why)]
    return []
