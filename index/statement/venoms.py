"""Stings and bites of venomous animals, T63 (Official Guidelines I.C.19.e.5.d)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from index.statement.drug_cues import expression, lines
from index.statement.drug_intents import is_denied
from index.statement.model import Span, Statement
from index.text.resources import read_text


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
    words of the sting or bite."""
    here, text = _venoms(), statement.folded
    if here.not_venom.search(text):
        return
    told = [Span(*match.span()) for match in here.venom.finditer(text)]
    seen: set[str] = set()
    animals = list(here.animal.finditer(text))
    for match in animals:
        animal = re.sub(r"[ -]+", " ", match[0])
        entry = here.entries[animal]
        own = animal.endswith("bite")
        near = [
            span
            for span in told
            if _gap(Span(*match.span()), span) <= 25
            and not re.search(r"[;,.]", text[min(match.end(), span.end) : max(match.start(), span.start)])
        ]
        if animal in here.sting_only:
            near = [s for s in near if re.match(r"st[iu]ng", text[s.start : s.end])]
        if not near and not own:
            continue
        start = min(match.start(), *(span.start for span in near), match.start())
        end = max(match.end(), *(span.end for span in near), match.end())
        if here.allergy.search(text) and not here.happened.search(text):
            continue
        if is_denied(text, start) or not statement.is_affirmed(Span(start, end)):
            continue
        # "Spider bite, black widow" is one bite: the animal that says more stands.
        if entry not in seen:
            seen.add(entry)
            yield entry, Span(start, end)


def _gap(one: Span, other: Span) -> int:
    return max(other.start - one.end, one.start - other.end, 0)
