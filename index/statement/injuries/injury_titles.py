"""The official titles of injuries as sets of words, so that a type of injury, a site and what else
is said of them lead to a code.

What a title says by default is left out of its words: "without foreign body", "without damage to
nail", "unspecified". Its side is kept apart.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from index.statement.books import Books

_CATEGORIES = (
    *(f"S{number:02d}" for number in range(100)),
    *(f"T{number:02d}" for number in range(14, 35)),
    "M97",
)
#: What is taken out of a title before its words are read, and what stands for it.
_REWRITTEN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"\(s\)", ""),
        (r", current injury, (right|left|unspecified) knee", r", \1 side"),
        (r", unspecified degree", ""),
        (r", (right|left) (upper|lower) quadrant", r" \1 \2 quadrant"),
        (r",? unspecified quadrant", ""),
        (r"muscle group", "group"),
        (r"with or without foreign body", ""),
        (r"without foreign body", ""),
        (r"(?<!superficial )with foreign body", "withbody"),
        (r"without damage to nail", ""),
        (r"with damage to nail", "withnail"),
        (r"without penetration into [a-z ]+", ""),
        (r"with penetration into [a-z ]+", "withcavity"),
        (r"without intraarticular extension", ""),
        (r"without intercondylar fracture", ""),
        (r"without (?:loss of consciousness|loss)", "locnone"),
        (r"with loss of consciousness of unspecified duration", "locunsaid"),
        (r"with loss of consciousness of 30 minutes or less", "locbrief"),
        (r"with loss of consciousness of 31 minutes.*", "loc31min"),
        (r"with loss of consciousness of 1 hours?.*", "loc1hour"),
        (r"with loss of consciousness of 6 hours.*", "loc6hours"),
        (r"with loss of consciousness greater than 24 hours with return.*", "loc24hours"),
        (r"with loss of consciousness status unknown", "locunknown"),
        (r"with loss of consciousness.*", "locother"),
        (r"of one (right|left|unspecified) lesser toe", r"of \1 lesser toe"),
        (r"of unspecified degree", ""),
        (r"(?:of )?unspecified (?:part|site|phalanx|phalanges)s? of", " of "),
        (r"\[[^\]]*\]|\(nail\)|\(thoracic part\)|\(nonvenomous\)|\(traumatic\)|\(nonthermal\)", ""),
        (r"\[1st \]", ""),
        (r"\((?:joint|ligament|bone|avulsion|partial|incomplete|palmar)\)", ""),
        (r"muscles?,? (?:fascia,? )?(?:and|or) tendons?|muscles?, fascia and tendons?", "tissue"),
        (r"muscle\(?s?\)? and tendon\(?s?\)?", "tissue"),
        (r"not including thumb|except thumb|except ankle and foot|except wrist and hand", ""),
    )
)
_SIDE = re.compile(r"\b(right|left|bilateral)\b")
#: "humerus, right arm": the side of a bone that is named already.
_SIDE_OF = re.compile(
    r",\s+(?:of\s+)?(right|left|bilateral|unspecified) (?:arm|leg|shoulder|side|hand|foot|eye"
    r"|ankle|upper limb|lower limb|initial|wrist|elbow)\b"
)
_LEVEL_OF = re.compile(r"(?<=level) of (?:right|left|unspecified) (?:arm|leg)$")
_WOUNDS = frozenset(
    "laceration puncture wound open bite withbody withnail crushing injury blister abrasion"
    " contusion insect superficial foreign body external constriction other".split()
)
_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")
_HOLLOW = frozenset(
    """of the to a an and or at on in level unspecified part joint bone status specified initial
    certain current traumatic area region type anatomical involving involve by organ no extension
    its any site sites""".split()
)
_SINGULAR = re.compile(r"(?<=[a-z]{3})(?<!s)(?<!u)(?<!i)s$")


def words_of(text: str) -> list[str]:
    """The words of a folded text, in the singular, without hollow ones."""
    return [w for m in _WORD.finditer(text) if (w := singular(m[0])) not in _HOLLOW]


def singular(word: str) -> str:
    """A word in the singular, where its plural ends in "s"."""
    if word in ("vertebrae", "phalanges", "feet", "teeth", "arches", "testes"):
        return {"vertebrae": "vertebra", "phalanges": "phalanx", "feet": "foot", "teeth": "tooth",
                "arches": "arch", "testes": "testis"}[word]  # fmt: skip
    if word in ("pelvis", "pubis", "lens", "pancreas", "biceps", "triceps", "quadriceps"):
        return word
    return _SINGULAR.sub("", word.removesuffix("'s"))


class Title(NamedTuple):
    """A stem, the words of its title, and its side: right, left, bilateral or none."""

    stem: str
    words: frozenset[str]
    side: str


class Titles:
    """The titles of the injuries of a release, found by their words."""

    def __init__(self, stems: dict[str, str]) -> None:
        self._by_word: dict[str, set[Title]] = {}
        for stem, text in stems.items():
            title = _read(stem, text.lower())
            for word in title.words:
                self._by_word.setdefault(word, set()).add(title)

    def having(self, words: frozenset[str]) -> set[Title]:
        """The titles that have all of these words."""
        each = sorted((self._by_word.get(word, set()) for word in words), key=len)
        return set.intersection(*each) if each else set()


def _read(stem: str, text: str) -> Title:
    text = " ".join(text.split())
    for pattern, words in _REWRITTEN:
        rewritten, count = pattern.subn(f" {words} ", text)
        if count:
            text = " ".join(rewritten.split())
    side = ""
    if found := _SIDE.search(text):
        side = found[0]
    found = _SIDE_OF.search(text)
    # "Open bite, right elbow" names its site there.
    if found and set(words_of(text[: found.start()])) - _WOUNDS:
        text = text[: found.start()] + text[found.end() :]
    text = _LEVEL_OF.sub("", text)
    text = _SIDE.sub("", text)
    return Title(stem, frozenset(words_of(text)), side)


@lru_cache(maxsize=4)
def titles_of(books: Books) -> Titles:
    """The titles of the injuries of a release."""
    stems: dict[str, str] = {}
    titles: dict[str, str] = {}
    categories = frozenset(_CATEGORIES)
    # Read in one pass, and not one category after the other, which the store would keep.
    for code in books.store.codes(books.release):
        if code.code[:3] not in categories:
            continue
        titles[code.code] = code.title
        if code.billable and code.in_force(books.day):
            stems.setdefault(code.stem, code.title)
    return Titles({stem: titles.get(stem, title) for stem, title in stems.items()})
