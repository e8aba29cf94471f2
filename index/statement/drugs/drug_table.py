"""Which drugs and substances a statement names, and their entries in the Table of Drugs.

Brands and shorthand are in prompts/statements/drugs.tsv, classes in drug_classes.toml beside it.
The codes come from the loaded Table of Drugs, so nothing is proposed where none is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from codesets.model import Term
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.statement.drugs.drug_names import (
    WORD,
    Drug,
    DrugClass,
    Names,
    drug_called,
    names,
    normal,
)
from index.statement.model import Span, Statement

#: The columns of the Table, by what its headings contain.
_COLUMNS = {
    "accidental": "accidental",
    "self-harm": "self-harm",
    "assault": "assault",
    "undetermined": "undetermined",
    "adverse": "adverse effect",
    "underdosing": "underdosing",
}
#: Words of headings in the Table, which are no names.
_NO_NAME = re.compile(r"\b(?:drugs?|agents?|specified|systemic|combined|other|with)\b")
_LONGEST_NAME = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the Table of Drugs: its text, and the code of each column, without the seventh
    character."""

    text: str
    codes: Mapping[str, str]
    release: str

    @property
    def is_medicine(self) -> bool:
        """Whether it can be taken as prescribed: the Table has an adverse effect for it."""
        return "adverse effect" in self.codes


@dataclass(frozen=True, slots=True)
class DrugNamed:
    """A drug that a statement names. `entry` is None where no Table is loaded or has it. `is_own`:
    whether drugs.tsv has it, and not the Table alone. `other`: the entry of what is in the same
    tablet."""

    span: Span
    said: str
    generic: str
    drug_class: DrugClass
    entry: Entry | None
    other: Entry | None = None
    is_own: bool = True


class DrugTable:
    """The Table of Drugs of one edition, by its texts and by the words that name an entry."""

    def __init__(self, rows: Iterator[Term]) -> None:
        codes: dict[str, dict[str, str]] = {}
        release = ""
        for term in rows:
            if term.kind == "drug" and not term.needs_more:
                heading = (term.column or "").casefold()
                column = next((c for word, c in _COLUMNS.items() if word in heading), None)
                if column:
                    codes.setdefault(term.text, {})[column] = term.code
                    release = term.release
        self._by_text: dict[str, Entry] = {}
        #: Spoken names: "aminoglycoside antibiotic" for "Antibiotic NEC, aminoglycoside".
        self.by_name: dict[str, Entry] = {}
        for text, columns in codes.items():
            entry = Entry(text, columns, release)
            self._by_text[text.casefold()] = entry
            plain = re.sub(r"\s*\([^()]*\)", "", text)
            parts = [re.sub(r" (?:NEC|NOS)\b", "", part).strip() for part in plain.split(",")]
            names = [" ".join(parts)] if len(parts) > 1 else parts
            if len(parts) == 2:
                names.append(f"{parts[1]} {parts[0]}")
            for name in names:
                self.by_name.setdefault(normal(name), entry)

    def find(self, text: str) -> Entry | None:
        """The entry with this text, or that is named so; None when there is none."""
        return self._by_text.get(text.casefold()) or self.by_name.get(normal(text))


@lru_cache(maxsize=4)
def _table(store: CodeStore, key: str) -> DrugTable:
    return DrugTable(store.references.rows(Term, store.references.get(key)))


def drug_table(books: Books) -> DrugTable | None:
    """The Table of Drugs for the day; None when none is loaded."""
    reference = books.store.references.for_date("drugs", "icd10cm", books.day)
    return _table(books.store, reference.key) if reference else None


@lru_cache(maxsize=4096)
def _entry(store: CodeStore, key: str, drug: Drug) -> Entry | None:
    table = _table(store, key)
    for text in (*drug.table, drug.drug_class.table):
        if found := table.find(text):
            return found
    return None


def drugs_named(statement: Statement, books: Books) -> list[DrugNamed]:
    """The drugs and substances that a statement names, in the order in which they stand."""
    reference = books.store.references.for_date("drugs", "icd10cm", books.day)
    table = _table(books.store, reference.key) if reference else None
    text = statement.folded
    known = names()
    apart = [Span(*match.span()) for match in known.not_drugs.finditer(text)]
    words = list(WORD.finditer(text))
    found: list[DrugNamed] = []
    at = 0
    while at < len(words):
        step = 1
        for size in range(min(_LONGEST_NAME, len(words) - at), 0, -1):
            first, last = words[at], words[at + size - 1]
            name = " ".join(word[0] for word in words[at : at + size])
            if size > 1 and re.search(r"[,;:()+.]", text[first.start() : last.end()]):
                continue
            own = drug_called(name, size == 1)
            span = Span(first.start(), last.end())
            if own:
                entry = _entry(books.store, reference.key, own) if reference else None
                other = table.find(own.other) if table and own.other else None
                said = text[span.start : span.end]
                drug = DrugNamed(span, said, own.generic, own.drug_class, entry, other)
            elif table and (listed := _listed(table, name, known)):
                drug = DrugNamed(span, name, listed.text, DrugClass(""), listed, is_own=False)
            else:
                continue
            if not any(span.overlaps(other) for other in apart):
                found.append(drug)
            step = size
            break
        at += step
    return found


def _listed(table: DrugTable, name: str, known: Names) -> Entry | None:
    """The entry of the Table that a name has there; not where it is an everyday word."""
    if len(name) < 5 or name in known.not_names or name.isdigit() or _NO_NAME.search(name):
        return None
    return table.by_name.get(name)
