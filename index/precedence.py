"""Which texts give way to the title of another code.

A term, an index entry or one of our own names may lead to a code that had a condition before an
edition gave it a code of its own: "plantar fasciitis" led to M72.2 until FY2027 made it M67.A. The
title of a code in force outranks such a text. So for each release, a text does not count for a code
when another code of that release has the text as its title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from codesets import laterality
from index.families import Family
from index.text.tokens import essential, read

_SIDES = read(" ".join(laterality.WORDS)).affirmed

Key = tuple[frozenset[str], frozenset[str]]


def key(text: str) -> Key:
    """The stems that a text affirms and denies, without sides and nonessential modifiers. Texts
    with the same key name the same thing."""
    reading = read(essential(text))
    return reading.affirmed - _SIDES, reading.denied


def titled(families: Sequence[Family], texts: Sequence[str]) -> dict[Key, list[int]]:
    """Key -> numbers of the families that have it as the key of their title."""
    by_key: dict[Key, list[int]] = {}
    for number, family in enumerate(families):
        by_key.setdefault(key(texts[family.texts[0]]), []).append(number)
    return by_key


def giving_way(
    families: Sequence[Family], texts: Sequence[str], by_key: Mapping[Key, Sequence[int]]
) -> list[tuple[int, int, int]]:
    """(text, family, other family): the text leads to the family, and is the title of the other
    one, which is neither above nor below it. `by_key`: of `titled`."""
    keys = [key(text) for text in texts]
    pairs = []
    for number, family in enumerate(families):
        for text in family.texts[1:]:
            for other in by_key.get(keys[text], ()):
                if not _related(family.code, families[other].code):
                    pairs.append((text, number, other))
    return pairs


def shorthand_titled(
    shorthand: Iterable[tuple[str, ...]], by_key: Mapping[Key, Sequence[int]]
) -> dict[str, list[int]]:
    """Shorthand of several words -> numbers of the families that have these words as their title.
    Where one of them is in force, the words need no other meaning."""
    found = {}
    for words in shorthand:
        if len(words) > 1 and (numbers := by_key.get(key(" ".join(words)))):
            found[" ".join(words)] = list(numbers)
    return found


def shorthand_of_entries(
    shorthand: Iterable[tuple[str, ...]], texts: Sequence[str], entries: Iterable[int]
) -> list[str]:
    """Shorthand that is an entry of the Alphabetic Index, which is obeyed: these words have another
    meaning only in doubt. `entries`: the numbers of its texts."""
    keys = {key(texts[number]) for number in entries}
    return [phrase for phrase in map(" ".join, shorthand) if key(phrase) in keys]


def _related(code: str, other: str) -> bool:
    return code.startswith(other) or other.startswith(code)
