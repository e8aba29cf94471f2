"""Entries of the Index that join two conditions: "Cholecystitis, with, cholelithiasis".

The words on both sides of "with" are looked up in the Index themselves. Where each has one code,
the entry says which code both have together (Official Guidelines I.A.15).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from codesets.model import Term
from codesets.store.code_store import CodeStore
from index.statement.books import Books

_WITH = ", with, "
_IN = re.compile(r", in(?: \((?:due to|with)\))*, ")
_BRACKETS = re.compile(r"\s*\([^)]*\)")
_NOT_CLASSIFIED = re.compile(r"\b(?:nec|nos)\b")
#: Chapters whose codes say more than a condition, or of which only a provider knows how they are
#: joined: pregnancy, newborns, injuries, and reasons for a visit.
_APART = tuple("OPSTVWXYZ")


@dataclass(frozen=True, slots=True)
class WithEntry:
    """An entry and its code. `release` is the label of its edition; `keeps` the code that the
    entry has beside it: the underlying disease of a manifestation."""

    code: str
    text: str
    release: str
    keeps: str = ""


def with_code(books: Books, first: str, second: str) -> WithEntry | None:
    """The entry that joins two codes; None when there is none, or when entries differ."""
    if first.startswith(_APART) or second.startswith(_APART):
        return None
    reference = books.store.references.for_date("index", "icd10cm", books.day)
    if reference is None:
        return None
    return _entries(books.store, reference.key).get((first, second))


@lru_cache(maxsize=4)
def _entries(store: CodeStore, key: str) -> Mapping[tuple[str, str], WithEntry]:
    reference = store.references.get(key)
    named: dict[str, set[str]] = defaultdict(set)
    joined: list[tuple[str, str, WithEntry]] = []
    for term in store.references.rows(Term, reference):
        if not term.needs_more:
            named[_plain(term.text)].add(term.code)
        joined += _joined(term, reference.label)
    pairs: dict[tuple[str, str], dict[str, WithEntry]] = defaultdict(dict)
    for head, tail, entry in joined:
        for first in named.get(_plain(head), ()):
            for second in _lookup(named, tail):
                if _telling(first, second, entry.code):
                    pairs[first, second].setdefault(entry.code, entry)
    # Where two entries join the same codes to different ones, their words decide, not their codes.
    return {pair: next(iter(each.values())) for pair, each in pairs.items() if len(each) == 1}


def _joined(term: Term, release: str) -> Iterator[tuple[str, str, WithEntry]]:
    head, found, tail = term.text.partition(_WITH)
    if found and not term.needs_more:
        yield head, tail, WithEntry(term.code, term.text, release)
    elif term.second and (place := _IN.search(term.text)):
        # "Arthritis, in (due to), hemophilia": the disease stays, and its manifestation is coded.
        head, tail = term.text[: place.start()], term.text[place.end() :]
        yield head, tail, WithEntry(term.second, term.text, release, keeps=term.code)


def _telling(first: str, second: str, code: str) -> bool:
    """Whether a code says more than the two that it would be made of."""
    codes = (first, second)
    return (
        code not in codes
        and first != second
        and not any(code.startswith(one) for one in codes)
        and not any(one.startswith(_APART) for one in (*codes, code))
    )


def _plain(text: str) -> str:
    text = _NOT_CLASSIFIED.sub("", _BRACKETS.sub("", text.lower()))
    return " ".join(text.split()).strip(" ,")


def _lookup(named: Mapping[str, set[str]], words: str) -> set[str]:
    """The codes of "hepatic coma": its own entry, else that of "coma, hepatic"."""
    words = _plain(words)
    if words in named:
        return named[words]
    each = words.split()
    for at in range(1, len(each)):
        turned = f"{' '.join(each[at:])}, {' '.join(each[:at])}"
        if turned in named:
            return named[turned]
    return set()
