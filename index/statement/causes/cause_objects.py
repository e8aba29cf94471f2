"""Finds in a text what the External Cause Index names: what was fallen from, touched, played.

Used for words that the tables of prompts/statements/ do not have. Which main terms are read, and
which words must stand before their subterms, is in external_causes.toml, section "index".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from codesets.model import Term
from codesets.store.reference_store import ReferenceStore
from index.statement.books import Books
from index.statement.causes.cause_words import tables, whole_pattern
from index.statement.model import Span
from index.text.tokens import essential, stem

_WORD = re.compile(r"[a-z0-9'-]+")
_ARTICLES = frozenset("a an the his her their my some own of hot old big small new local".split())
#: Subterms that are no thing: "specified NEC", "due to".
_NO_THING = re.compile(r"\b(?:specified|due to|while|with|by|object|unspecified|involving)\b")
#: The longest subterm that is looked for, in words.
_LONGEST = 3


@dataclass(frozen=True, slots=True)
class Named:
    """A subterm of the Index that a text names: its group, code and the words for it."""

    group: str
    stem: str
    span: Span


@cache
def _before(section: str) -> re.Pattern[str]:
    return whole_pattern(tables()["index"][section]["before"])


@lru_cache(maxsize=2)
def _subterms(
    references: ReferenceStore, key: str, loaded_at: str
) -> Mapping[str, Mapping[tuple[str, ...], str]]:
    """By section of the table, the codes of the subterms by the stems of their words."""
    paths = {
        path.strip(): section
        for section, table in tables()["index"].items()
        for path in table["paths"].splitlines()
        if path.strip()
    }
    found: dict[str, dict[tuple[str, ...], str]] = {section: {} for section in tables()["index"]}
    for term in references.rows(Term, references.get(key)):
        path, _, subterm = term.text.rpartition(", ")
        section = paths.get(path)
        if section is None or term.needs_more or term.code[0] not in "VWXY":
            continue
        plain = re.sub(r"\bN(?:EC|OS)\b", "", essential(subterm)).strip().lower()
        if plain and not _NO_THING.search(plain):
            found[section].setdefault(tuple(map(stem, _WORD.findall(plain))), term.code)
    return found


def named(books: Books, text: str) -> Iterator[Named]:
    """The subterms of the Index that a folded text names after the words that they need."""
    references = books.store.references
    edition = references.for_date("external_causes", "icd10cm", books.day)
    if edition is None:
        return
    subterms = _subterms(references, edition.key, edition.loaded_at)
    for section, table in tables()["index"].items():
        for before in _before(section).finditer(text):
            if found := _after(text, before.end(), subterms[section]):
                code, end = found
                yield Named(table["group"], code, Span(before.start(), end))
                break


def _after(
    text: str, start: int, subterms: Mapping[tuple[str, ...], str]
) -> tuple[str, int] | None:
    words: list[tuple[str, int]] = []
    at = start
    for match in _WORD.finditer(text, start):
        if len(words) == _LONGEST or re.search(r"[,;.]", text[at : match.start()]):
            break
        at = match.end()
        if words or match[0] not in _ARTICLES:
            words.append((stem(match[0]), at))
    for count in range(len(words), 0, -1):
        if code := subterms.get(tuple(word for word, _ in words[:count])):
            return code, words[count - 1][1]
    return None
