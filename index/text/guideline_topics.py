"""How coders ask about the sections of the Official Guidelines, written for Code Desk.

They are in prompts/vocabulary/guideline_topics.tsv. Its columns are the number of a section, its
title, and the questions. The guidelines say "should not be assigned until the provider documents
remission"; people ask "who decides remission". A section is found by what people ask, too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codesets.model import Guideline
from index.text.resources import read_bytes, read_table

_FILE = "guideline_topics.tsv"
#: The key of this file in a bundle's manifest.
KEY = _FILE
_SEPARATOR = " | "

#: The least share of words that the titles of one section in two editions have in common: "HIV
#: managed by antiretroviral medication" is "HIV disease or HIV positive status managed by
#: antiretroviral medication" a year later.
_SAME_TITLE = 0.6
#: Stands for the heading of all guidelines of ICD-10-PCS.
_PCS = "ICD-10-PCS"
#: Words of titles that do not tell a section from its neighbours.
_HOLLOW = frozenset("a an and as by code codes coding for from in of on or the to use with".split())


@dataclass(frozen=True, slots=True)
class Topics:
    """What people ask about one section. `section` and `title` are those of the edition that the
    row was written for; `title` is "" for a section that is known by its number. `asked` is () for
    a heading that has no text of its own."""

    section: str
    title: str
    asked: tuple[str, ...]


def read_topics() -> list[Topics]:
    """All rows of the file. Raises VocabularyError when a section or a question is in it twice."""
    return [
        Topics(row["section"], row["title"], _asked(row["asked"]))
        for row in read_table(
            _FILE, lambda row: [(row["section"],), *((asked,) for asked in _asked(row["asked"]))]
        )
    ]


def _asked(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(_SEPARATOR)) if cell else ()


def sha256() -> str:
    """SHA-256 of the file, in hexadecimal. A bundle's manifest has it under KEY."""
    return hashlib.sha256(read_bytes("vocabulary", _FILE)).hexdigest()


def sections_of(topics: Sequence[Topics], guidelines: Sequence[Guideline]) -> list[int | None]:
    """The number of the section of `guidelines` that each of `topics` is about; None where this
    edition has no such section.

    The numbers of sections differ between editions: a new section moves those after it. A section
    is therefore looked for among those under the same heading: the one with the same title, else
    the one with the most words of it. Headings come before what is under them, in `topics` too.
    """
    under: dict[str, list[int]] = {}
    for number, guideline in enumerate(guidelines):
        under.setdefault(_heading(guideline.section), []).append(number)
    place = {guideline.section: number for number, guideline in enumerate(guidelines)}
    here = {"": "", _PCS: _PCS}  # the heading in this edition, by its number in `topics`
    same: dict[str, int] = {}
    for siblings in _by_heading(topics).values():
        heading = here.get(_heading(siblings[0].section))
        if heading is None:
            continue
        found = _paired(siblings, [(n, guidelines[n]) for n in under.get(heading, [])])
        found |= {each.section: place[each.section] for each in _untitled(siblings, place)}
        same |= found
        here |= {section: guidelines[number].section for section, number in found.items()}
    return [same.get(each.section) for each in topics]


def _heading(section: str) -> str:
    """The number of the section above: I.A for I.A.1, "" for I. The guidelines of ICD-10-PCS have
    no headings: above B3.1a is no section B3."""
    if re.match(r"I[\w.]*$|Appendix", section):
        return section.rpartition(".")[0]
    return _PCS


def _by_heading(topics: Sequence[Topics]) -> dict[str, list[Topics]]:
    grouped: dict[str, list[Topics]] = {}
    for each in topics:
        grouped.setdefault(_heading(each.section), []).append(each)
    return grouped


def _untitled(topics: Iterable[Topics], place: Mapping[str, int]) -> list[Topics]:
    return [each for each in topics if not each.title and each.section in place]


def _paired(
    topics: Sequence[Topics], guidelines: Sequence[tuple[int, Guideline]]
) -> dict[str, int]:
    """The section of each of `topics`, the surest pairs first; no section is taken twice."""
    pairs = sorted(
        (-_alike(each, guideline), number, each.section)
        for each in topics
        for number, guideline in guidelines
        if each.title and _alike(each, guideline) >= _SAME_TITLE
    )
    found: dict[str, int] = {}
    for _, number, section in pairs:
        if section not in found and number not in found.values():
            found[section] = number
    return found


def _alike(topics: Topics, guideline: Guideline) -> float:
    """The share of words that two titles have in common, of the shorter one's words and of all of
    them, evenly (0 to 1). Of two sections that are equally alike, the one with the same number is
    meant."""
    one, other = _words(topics.title), _words(guideline.title)
    common = len(one & other)
    share = common / max(1, min(len(one), len(other))) + common / max(1, len(one | other))
    return share / 2 + 0.01 * (topics.section == guideline.section)


def _words(title: str) -> set[str]:
    words = re.findall(r"[a-z0-9]+", title.lower())
    return set(words) - _HOLLOW or set(words)
