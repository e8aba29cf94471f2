"""The side of a code, where its own words leave it to the rest of the statement, and both sides as
two codes where no code says both (Official Guidelines I.B.13)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations

from codesets.model import Code
from index.search.seventh_character import complete
from index.statement.books import Books
from index.statement.pool import Option, Searched
from index.text.attributes import ATTRIBUTES, SIDE
from index.text.encounter import Encounter
from index.text.tokens import Reading, read


def on_sides(
    option: Option,
    searched: Searched,
    sides: frozenset[str],
    encounter: Encounter,
    books: Books,
) -> list[Code]:
    """The codes of an option for the sides that are meant: those that its own words name, else
    `sides`, those of the whole statement, if there is one. Mostly it is the option's own code."""
    reading = searched.query.reading
    said = SIDE.said(reading) or (sides if len(sides) == 1 else frozenset())
    if not said:
        return [option.code]
    if not option.hit.siblings:
        return [_of_side(option.code, said, books)]
    by_side: dict[str, Code] = {}
    for family in (option.hit.code, *option.hit.siblings):
        if codes := books.below(family):
            code = complete(reading, encounter, codes).code
            for side in SIDE.said(read(code.title)):
                by_side.setdefault(side, code)
    return _meant(said, by_side) or [option.code]


def _of_side(code: Code, said: frozenset[str], books: Books) -> Code:
    """The code with the same title and a side instead of "unspecified"; the code itself where
    there is none. Injuries are left: each of theirs has siblings."""
    if code.code[0] in "ST" or len(said) != 1 or "unspecified" not in code.title.lower():
        return code
    (side,) = said
    word = {"both": "bilateral"}.get(side, side)
    titles = {
        re.sub(r"\b[Uu]nspecified\b", word, code.title, count=1).lower(),
        re.sub(r"\b[Uu]nspecified (?=\w+$|\w+,)", f"{word} ", code.title).lower(),
        code.title.lower().replace("unspecified side", f"{word} side"),
    }
    near = books.below(code.code[:5]) if len(code.code) > 5 else []
    return next((one for one in near if one.title.lower() in titles), code)


def are_apart(readings: Iterable[Reading]) -> bool:
    """Whether parts tell of different sides and of different things: "right knee oa, left hip
    pain". No code says two of these; "oa right knee, left knee" one code may say."""
    told = [
        (sides, reading.affirmed - ATTRIBUTES)
        for reading in readings
        if (sides := SIDE.said(reading))
    ]
    return any(
        one != other and not (mine <= its or its <= mine)
        for (one, mine), (other, its) in combinations(told, 2)
    )


def _meant(said: frozenset[str], by_side: dict[str, Code]) -> list[Code]:
    if said in ({"both"}, {"right", "left"}):
        if "both" in by_side:
            return [by_side["both"]]
        if {"right", "left"} <= by_side.keys():
            return [by_side["right"], by_side["left"]]
        return []
    (side, *others) = said
    return [by_side[side]] if not others and side in by_side else []
