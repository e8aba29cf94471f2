"""The phrases of prompts/statements/drug_cues.toml as patterns over a text in which drugs are
marked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from index.statement.model import Span
from index.text.resources import read_text

#: Stands for each character of the name of a drug.
MARK = "\ue000"
_DOSE = (
    r"(?: +(?:\d[\d.,/-]*[ ]?(?:mg|mcg|units?|u|g|gm|grams?|ml|cc|%|meq|k|tabs?|pills?|tablets?"
    r"|caps|hours?|hrs?)?|mg|mcg|units?|po|iv|im|sq|subq|qd|bid|tid|qid|qhs|qam|qpm|daily|nightly|prn|hs|x\d+"
    r"|weekly|q\d+h?|er|xr|xl|sr|cr|dr|ds|la|cd|tabs?|pills?|tablets?|caps|capsules?|drops?|gtts"
    r"|patch(?:es)?|inhaler|injections?|inj|infusions?|therapy|tx|use|meds?|medications?|drugs?"
    r"|overuse|dose|doses|otc)(?![\w'/]))*"
)
_TAIL = re.compile(_DOSE)
_AND = r" ?(?:\+|&|/|(?<=[ ,])and\b|(?<= )or\b|(?<= )plus\b|w/|(?<= )with\b)"
_OWN = r" ?(?:(?:her|his|their|the|po|iv|oral|both) )?"
#: One drug or several that "and" joins; the list may have commas too. Atomic (?>…), so that a long
#: list is read once.
JOINED = rf"(?>{MARK}+{_DOSE}(?:,?{_AND}{_OWN}{MARK}+{_DOSE}){{0,12}})"
LISTED = rf"(?>{MARK}+{_DOSE}(?:(?:,?{_AND}|,){_OWN}{MARK}+{_DOSE}){{0,12}})"
_GAP = rf"(?:[^\s;.{MARK}]+ +){{0,4}}?"
_LEFT = r"(?<![\w'-])"


@cache
def cues() -> Mapping[str, Any]:
    """The tables of drug_cues.toml."""
    return tomllib.loads(read_text("statements", "drug_cues.toml"))


@cache
def joins() -> tuple[str, ...]:
    """The words of a cause in facts.toml: "d/t", "from"."""
    return tuple(lines(tomllib.loads(read_text("statements", "facts.toml"))["joins"]["due to"]))


def lines(text: str) -> list[str]:
    """The phrases of a list."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def expression(text: str) -> re.Pattern[str]:
    """An entry that is a regular expression."""
    return re.compile(text.strip("\n"))


def _token(word: str) -> str:
    return "|".join(
        re.escape(each[:-1]) + r"\w*" if each.endswith("*") else re.escape(each) + r"(?![\w'])"
        for each in word.split("|")
    )


def phrase(text: str, drugs: str = LISTED) -> str:
    """A phrase of the file as a regular expression."""
    parts: list[str] = []
    words = text.split()
    for at, word in enumerate(words):
        last = at == len(words) - 1
        after = "" if last else r"[,:]?[ -]+"
        if word == "...":
            parts.append(_GAP)
        elif word == "DRUG":
            parts.append(f"(?:{drugs}){after}")
        elif word.startswith("["):
            parts.append(f"(?:(?:{_token(word[1:-1])}){after})?")
        else:
            parts.append(f"(?:{_token(word)}){after}")
    return (_LEFT if words[0] != "DRUG" else "") + "".join(parts)


def any_word(text: str) -> re.Pattern[str]:
    """A list of words and phrases, wherever one stands."""
    each = (
        " +".join(f"(?:{_token(word)})" for word in line.split())
        for line in sorted(lines(text), key=len, reverse=True)
    )
    return re.compile(rf"{_LEFT}(?:{'|'.join(each)})")


@dataclass(frozen=True, slots=True)
class Phrases:
    """A list of phrases: those that begin with a drug, and the others."""

    before: re.Pattern[str]
    after: re.Pattern[str] | None

    def find(self, marked: str) -> Iterator[re.Match[str]]:
        """Every place where one of the phrases stands."""
        yield from self.before.finditer(marked)
        if self.after:
            yield from self.after.finditer(marked)


def phrases(text: str, drugs: str = LISTED, unless: str = "") -> Phrases:
    """A list of phrases. `unless`: an expression of what must not follow those that begin with a
    drug."""
    each = lines(text)
    before = [phrase(line, drugs) for line in each if not line.startswith("DRUG")]
    after = [phrase(line, "") for line in each if line.startswith("DRUG")]
    return Phrases(
        re.compile("|".join(before) or r"(?!)"),
        # The list of drugs is read once, and then what follows it.
        re.compile(f"{drugs}(?:{'|'.join(after)}){unless}") if after else None,
    )


@cache
def _fillers() -> str:
    words = sorted(lines(cues()["fillers"]["words"]), key=len, reverse=True)
    return "|".join(map(re.escape, words))


def ends_with(words: Iterable[str]) -> re.Pattern[str]:
    """Matches a text before a drug that ends with one of these, and fillers after it."""
    each = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"{_LEFT}(?:{each})[ :]*(?: (?:{_fillers()}|\d+))*[ -]*$")


def causes(words: Iterable[str], drugs: str = JOINED) -> re.Pattern[str]:
    """Matches a cause before drugs, with only fillers between."""
    each = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"{_LEFT}(?:{each}) +(?:(?:{_fillers()}|\d+) +){{0,5}}(?:{drugs})")


def with_dose(marked: str, span: Span) -> Span:
    """The span of a drug with its dose and frequency: "eliquis 5 mg bid"."""
    tail = _TAIL.match(marked, span.end)
    return Span(span.start, tail.end() if tail else span.end)


def mark(text: str, spans: Iterable[Span]) -> str:
    """A text in which each character of these spans is a mark."""
    for span in spans:
        text = text[: span.start] + MARK * (span.end - span.start) + text[span.end :]
    return text
