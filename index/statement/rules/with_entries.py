"""Entries of the Index that join two conditions: "Cholecystitis, with, cholelithiasis".

The words on both sides of "with" are looked up in the Index themselves. Where each has one code,
the entry says which code both have together (Official Guidelines I.A.15).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from codesets.model import Reference, Term
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.text.tokens import plain_words

#: "with" and "in" are presumed to join (I.A.15); "due to" only where the statement says so.
_JOINT = re.compile(r", (with|in|due to)(?: \([^)]*\))*, ")
#: Words of an entry that join, for the entry that is quoted.
_JOINS = re.compile(r"\b(?:with|in|due to|and)\b")
_BRACKETS = re.compile(r"\s*\([^)]*\)")
_NOT_CLASSIFIED = re.compile(r"\b(?:nec|nos)\b")
#: Chapters whose codes say more than a condition, or of which only a provider knows how they are
#: joined: pregnancy, newborns, injuries, and reasons for a visit.
_APART = tuple("OPSTVWXYZ")


@dataclass(frozen=True, slots=True)
class WithEntry:
    """An entry and its code. `release` is the label of its edition. `join`: the word that joins."""

    code: str
    text: str
    release: str
    join: str = "with"

    def holds(self, cause: str) -> bool:
        """Whether the code says the second condition, too: one of the same group ("Arthropathy, in,
        sarcoidosis" is of sarcoidosis), an organism, and any condition after "with"."""
        organism = cause[:3] in ("B95", "B96", "B97")
        return self.join == "with" or organism or self.code[:2] == cause[:2]


def joined(codes: Sequence[str], books: Books, due: bool) -> list[tuple[str, str, WithEntry]]:
    """The pairs of codes that an entry joins, each with the entry; entries with "due to" only
    where `due` says that the statement has a cause. Where entries join the same two codes to
    different ones, none is returned: their words decide, not their codes."""
    reference = _index(books)
    if reference is None:
        return []
    conditions = [code for code in codes if not code.startswith(_APART)]
    if len(conditions) < 2:
        return []
    entries = _entries(books.store, reference.key)
    return [
        (first, second, entry)
        for first in conditions
        for second in conditions
        if (entry := entries.get((first, second))) and (due or entry.join != "due to")
    ]


def entry_of(books: Books, code: str, like: str) -> WithEntry | None:
    """The entry of a code, or of what it begins with, that is nearest to the words `like`; without
    words, the shortest that joins two conditions."""
    reference = _index(books)
    return _nearest(books.store, reference.key, code, like) if reference else None


@lru_cache(maxsize=2048)
def _nearest(store: CodeStore, key: str, code: str, like: str) -> WithEntry | None:
    reference = store.references.get(key)
    wanted = frozenset(plain_words(like.lower()))
    for length in range(len(code), 2, -1):
        begun = code[:length]
        terms = [
            term
            for term in store.references.rows(Term, reference, code=begun)
            if _JOINS.search(term.text) or like
        ]
        if not terms:
            continue
        best = min(terms, key=lambda term: (_far(term, wanted), len(term.text), term.text))
        if like and not wanted & frozenset(plain_words(best.text.lower())):
            continue
        return WithEntry(code, best.text, reference.label)
    return None


def _far(term: Term, wanted: frozenset[str]) -> int:
    words = frozenset(plain_words(term.text.lower()))
    return len(wanted - words)


def _index(books: Books) -> Reference | None:
    return books.store.references.for_date("index", "icd10cm", books.day)


@lru_cache(maxsize=4)
def _entries(store: CodeStore, key: str) -> Mapping[tuple[str, str], WithEntry]:
    reference = store.references.get(key)
    named: dict[str, set[str]] = defaultdict(set)
    joining: list[tuple[Term, re.Match[str]]] = []
    for term in store.references.rows(Term, reference):
        if term.needs_more:
            continue
        named[_plain(term.text)].add(term.code)
        if found := _JOINT.search(term.text):
            joining.append((term, found))
    pairs: dict[tuple[str, str], dict[str, WithEntry]] = defaultdict(dict)
    for term, found in joining:
        head, tail = term.text[: found.start()], term.text[found.end() :]
        for first in named.get(_plain(head), ()):
            for second in _lookup(named, tail):
                if _telling(first, second, term.code):
                    entry = WithEntry(term.code, term.text, reference.label, found[1])
                    pairs[first, second].setdefault(term.code, entry)
    return {pair: next(iter(each.values())) for pair, each in pairs.items() if len(each) == 1}


def _telling(first: str, second: str, code: str) -> bool:
    """Whether a code says more than the two that it would be made of."""
    codes = (first, second)
    if re.match(r"F1\d", first) and re.match(r"F1\d", second) and code[:3] != second[:3]:
        return False  # "Alcohol, delirium, in, dependence" is of no other drug's dependence
    return (
        code not in codes
        and first != second
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
