"""Stings and bites of venomous animals, T63 (Official Guidelines I.C.19.e.5.d)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from index.statement.drugs.drug_cues import expression, lines
from index.statement.drugs.drug_uses import is_denied
from index.statement.injuries.injury_words import sites_of
from index.statement.model import Span, Statement
from index.text.resources import read_text

#: How many characters may stand between an animal and its sting.
_NEAR = 25
_SWELLING = re.compile(
    r",?\s(?:(?:local|localized|mild|w/|with|and)\s)*(?:swelling|swollen|redness|pain)\b"
)


@dataclass(frozen=True, slots=True)
class _Venoms:
    entries: Mapping[str, str]
    animal: re.Pattern[str]
    venom: re.Pattern[str]
    sting_only: frozenset[str]
    not_venom: re.Pattern[str]
    allergy: re.Pattern[str]
    happened: re.Pattern[str]


@cache
def _venoms() -> _Venoms:
    table = tomllib.loads(read_text("statements", "drug_venoms.toml"))
    words = table["words"]
    entries = {
        animal.replace("-", " "): entry
        for entry, animals in table["entries"].items()
        for animal in animals.split()
    }
    animals = "|".join(
        re.escape(name).replace(r"\ ", "[ -]") for name in sorted(entries, key=len, reverse=True)
    )
    venom = "|".join(map(re.escape, lines(words["venom"])))
    return _Venoms(
        entries,
        re.compile(rf"(?<![\w-])(?:{animals})(?![\w])"),
        re.compile(rf"(?<![\w-])(?:{venom})(?![\w])"),
        frozenset(lines(words["sting_only"])),
        expression(words["not_venom"]),
        expression(words["allergy"]),
        expression(words["happened"]),
    )


def find_venoms(statement: Statement) -> Iterator[tuple[str, Span]]:
    """The entries of the Table of Drugs for the venomous animals of a statement, each with the
    words of the sting or bite. Of one animal said twice ("spider bite, black widow") the entry that
    says more stands."""
    here, text = _venoms(), statement.folded
    if here.not_venom.search(text):
        return
    if here.allergy.search(text) and not here.happened.search(text):
        return
    animals = [
        (here.entries[re.sub(r"[ -]+", " ", match[0])], match)
        for match in here.animal.finditer(text)
    ]
    found = {
        entry: span
        for entry, match in animals
        if (span := _told(text, match))
        and not is_denied(text, span.start)
        and statement.is_affirmed(span)
    }
    for entry, match in animals:
        if any(entry.startswith(f"{other},") for other in found):
            found.setdefault(entry, Span(*match.span()))
    for entry, span in found.items():
        if not any(other.startswith(f"{entry},") for other in found):
            yield entry, _with_site(statement, span)


def _with_site(statement: Statement, span: Span) -> Span:
    """The words of a sting with the site after it, which T63 does not tell, and its swelling."""
    start, end = span
    for site in sites_of(statement):
        between = statement.folded[end : site.span.start]
        if site.span.start >= end and re.fullmatch(
            r"\s(?:(?:to|on|of|in|the|his|her)\s)*", between
        ):
            end = site.span.end
    if end > span.end and (local := _SWELLING.match(statement.folded, end)):
        end = local.end()
    return Span(start, end)


def _told(text: str, animal: re.Match[str]) -> Span | None:
    """The words of the sting or bite of an animal, with it; None where none are near."""
    here = _venoms()
    start, end = animal.span()
    near = animal[0].endswith("bite")
    for match in here.venom.finditer(text):
        between = text[min(animal.end(), match.end()) : max(animal.start(), match.start())]
        if len(between) > _NEAR or re.search(r"[;,.]", between):
            continue
        if animal[0] in here.sting_only and not match[0].startswith(("sting", "stung")):
            continue
        near = True
        start, end = min(start, match.start()), max(end, match.end())
    return Span(start, end) if near else None
