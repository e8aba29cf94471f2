"""Finds the modifiers that name a part of the body: eyelids (E1-E4), fingers (FA-F9) and toes
(TA-T9). Which part each one names is read in its published title."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bot.desk.modifier_words import listed
from index.text.tokens import fold

_DIGITS = (
    ("thumb", "thumb"),
    ("great toe", "great_toe"),
    ("second digit", "digit2"),
    ("third digit", "digit3"),
    ("fourth digit", "digit4"),
    ("fifth digit", "digit5"),
)


@dataclass(frozen=True, slots=True)
class Sites:
    """What a text says of such a part. `sides`: left, right; `parts`: the pairs of a place (hand,
    foot, eyelid) and what it names of it; `done`: whether something is done there."""

    sides: frozenset[str]
    parts: tuple[tuple[str, str], ...]
    done: bool


@cache
def _pattern(name: str) -> re.Pattern[str]:
    words = sorted((re.escape(one) for one in listed("sites", name)), key=len, reverse=True)
    return re.compile(rf"(?<![\w/])(?:{'|'.join(words)})(?![\w/])")


def read_sites(text: str) -> Sites:
    """What a text says of eyelids, fingers and toes."""
    folded = " ".join(fold(text).split())

    def has(name: str) -> bool:
        return _pattern(name).search(folded) is not None

    sides = {side for side in ("left", "right") if has(side)}
    sides |= {"left", "right"} if has("both") else set()
    parts: list[tuple[str, str]] = []
    if has("eyelid"):
        levels = [level for level in ("upper", "lower") if has(level)]
        both_lids = re.search(r"\b(?:both|upper and lower)\s+(?:eye)?lids\b", folded)
        parts += [("eyelid", level) for level in (("upper", "lower") if both_lids else levels)]
    foot = has("foot") or has("great_toe")
    hand = has("hand") and not (foot and not _pattern("thumb").search(folded))
    if has("thumb"):
        parts.append(("hand", "thumb"))
    if foot and has("great_toe"):
        parts.append(("foot", "great_toe"))
    limbs = ["foot"] if foot and not hand else ["hand"] if hand else []
    for limb in limbs:
        parts += [(limb, f"digit{n}") for n in range(2, 6) if has(f"digit{n}")]
    return Sites(frozenset(sides), tuple(dict.fromkeys(parts)), has("done"))


def site_of(title: str) -> tuple[str, str, str] | None:
    """(side, place, part) of a title; None for a modifier of nothing like it.

    >>> site_of("Upper left, eyelid"), site_of("Right hand, fifth digit")
    (('left', 'eyelid', 'upper'), ('right', 'hand', 'digit5'))
    """
    words = fold(title)
    if match := re.fullmatch(r"(upper|lower) (left|right), eyelid", words):
        return match[2], "eyelid", match[1]
    if match := re.fullmatch(r"(left|right) (hand|foot), (.+)", words):
        named = [name for phrase, name in _DIGITS if phrase == match[3]]
        return (match[1], match[2], named[0]) if named else None
    return None


def at_sites(text: str, modifiers: Sequence[tuple[str, str]]) -> list[str]:
    """The modifiers of the parts that a text names with their sides, in its order of parts; [] for
    none. `modifiers`: code and title of each."""
    said = read_sites(text)
    if not said.parts or not said.sides:
        return []
    by_site = {site: code for code, title in modifiers if (site := site_of(title))}
    wanted = [(side, *part) for part in said.parts for side in sorted(said.sides)]
    return [by_site[site] for site in wanted if site in by_site]
