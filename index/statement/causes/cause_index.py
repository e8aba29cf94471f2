"""The External Cause Index of a date, as the entries that lead to each code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from codesets.model import Term
from codesets.store.reference_store import ReferenceStore
from index.statement.books import Books
from index.statement.model import Ground
from index.text.tokens import read

#: How many editions are kept in memory.
_EDITIONS = 2


@lru_cache(maxsize=_EDITIONS)
def _entries(
    references: ReferenceStore, key: str, loaded_at: str
) -> Mapping[str, tuple[Term, ...]]:
    entries: dict[str, list[Term]] = {}
    for term in references.rows(Term, references.get(key)):
        entries.setdefault(term.code, []).append(term)
    return {code: tuple(terms) for code, terms in entries.items()}


def entry_for(books: Books, stem: str, said: str) -> Term | None:
    """The entry of the External Cause Index that leads to a code and shares most words with what
    is said; None when no Index is loaded, or it has no entry for the code."""
    references = books.store.references
    edition = references.for_date("external_causes", "icd10cm", books.day)
    if edition is None:
        return None
    terms = _entries(references, edition.key, edition.loaded_at).get(stem, ())
    spoken = read(said)
    first = next(iter(books.below(stem)), None)
    title = read(first.title).affirmed if first else frozenset()

    def fit(term: Term) -> tuple[int, int, int, int]:
        own = read(term.text)
        shared = len(own.affirmed & spoken.affirmed), len(own.affirmed & title)
        return (*shared, len(own.words & spoken.words), -len(term.text))

    return max(terms, key=fit, default=None)


def grounds(books: Books, stem: str, said: str, key: str, section: str) -> tuple[Ground, ...]:
    """The grounds of an external cause: the entry of the Index, then the guideline."""
    guideline = Ground("guideline", f"report_causes.{key}", section=section)
    if (entry := entry_for(books, stem, said)) is None:
        return (guideline,)
    return (
        Ground("index", "report_causes.index", quote=entry.text, release=entry.release),
        guideline,
    )
