"""Which drugs and substances a statement names, and their entries in the Table of Drugs.

Brands and shorthand are in prompts/statements/drugs.tsv, classes in drug_classes.toml beside it.
The codes come from the loaded Table of Drugs, so nothing is proposed where none is loaded.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz.distance import DamerauLevenshtein

from codesets.model import Term
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.statement.model import Span, Statement
from index.text.resources import read_text
from index.text.tokens import fold

#: The columns of the Table, by what its headings contain.
_COLUMNS = {
    "accidental": "accidental",
    "self-harm": "self-harm",
    "assault": "assault",
    "undetermined": "undetermined",
    "adverse": "adverse effect",
    "underdosing": "underdosing",
}
#: Signs part words, so that "asa/plavix" names two drugs and "z-pak" is two words.
_WORD = re.compile(r"[a-z0-9#]+(?:'[a-z]+)?")
#: Words of headings in the Table, which are no names.
_NO_NAME = re.compile(r"\b(?:drugs?|agents?|specified|systemic|combined|other|with)\b")
#: The shortest word that may be misspelled, and the shortest with two letters wrong.
_FUZZY, _FUZZIER = 7, 10
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
class DrugClass:
    """A class of drugs, as drug_classes.toml explains it."""

    name: str
    table: str = ""
    long_term: tuple[str, ...] = ()
    said: str = "never"
    toxic: bool = False


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug of drugs.tsv: its generic name, class and the entries of the Table to look up."""

    generic: str
    drug_class: DrugClass
    table: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrugNamed:
    """A drug that a statement names. `entry` is None where no Table is loaded or has it. `is_own`:
    whether drugs.tsv has it, and not the Table alone."""

    span: Span
    said: str
    generic: str
    drug_class: DrugClass
    entry: Entry | None
    is_own: bool = True


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of drugs.tsv, and the misspellings of single words."""

    drugs: Mapping[str, Drug]
    near: Mapping[str, frozenset[str]]
    not_names: frozenset[str]
    not_drugs: re.Pattern[str]


@cache
def classes() -> Mapping[str, DrugClass]:
    """The classes of drug_classes.toml, by name."""
    rows = tomllib.loads(read_text("statements", "drug_classes.toml"))
    return {
        name: DrugClass(
            name, row["table"], tuple(row["long_term"]), row["said"], row.get("toxic", False)
        )
        for name, row in rows.items()
    }


@cache
def _names() -> _Names:
    drugs: dict[str, Drug] = {}
    lines = read_text("statements", "drugs.tsv").splitlines()
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        table = tuple(filter(None, row["table"].split("|"))) or (row["drug"],)
        drug = Drug(row["drug"], classes()[row["class"]], table)
        for name in (row["drug"], *filter(None, row["also"].split("; "))):
            drugs.setdefault(_normal(name), drug)
    near: dict[str, set[str]] = {}
    for name in drugs:
        if len(name) >= _FUZZY and name.isalpha():
            for cut in _cuts(name):
                near.setdefault(cut, set()).add(name)
    cues = tomllib.loads(read_text("statements", "drug_cues.toml"))["names"]
    phrases = [line.strip() for line in cues["not_drugs"].splitlines() if line.strip()]
    return _Names(
        drugs,
        {cut: frozenset(names) for cut, names in near.items()},
        frozenset(cues["not_names"].split()),
        re.compile(rf"(?<![\w-])(?:{'|'.join(phrases)})(?![\w])"),
    )


def _normal(name: str) -> str:
    """A name as its words are looked up: one blank between them."""
    return " ".join(_WORD.findall(fold(name)))


def _cuts(word: str) -> set[str]:
    """A word with one letter left out, or two of a long one; the first letter stays."""
    once = {word[:at] + word[at + 1 :] for at in range(1, len(word))} | {word}
    if len(word) < _FUZZIER:
        return once
    return once | {one[:at] + one[at + 1 :] for one in once for at in range(1, len(one))}


@lru_cache(maxsize=4096)
def _misspelled(word: str) -> str | None:
    """The name that a word misspells; None for any other word."""
    names = _names()
    if len(word) < _FUZZY - 1 or not word.isalpha() or word in names.not_names:
        return None
    found = {name for cut in _cuts(word) for name in names.near.get(cut, ())}
    allowed = {n: 1 + (min(len(word), len(n)) >= _FUZZIER) for n in found}
    ranked = sorted(
        (d, n) for n in found if (d := DamerauLevenshtein.distance(word, n)) <= allowed[n]
    )
    return ranked[0][1] if ranked else None


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
                self.by_name.setdefault(_normal(name), entry)

    def find(self, text: str) -> Entry | None:
        """The entry with this text, or that is named so; None when there is none."""
        return self._by_text.get(text.casefold()) or self.by_name.get(_normal(text))


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
    names = _names()
    apart = [Span(*match.span()) for match in names.not_drugs.finditer(text)]
    words = list(_WORD.finditer(text))
    found: list[DrugNamed] = []
    at = 0
    while at < len(words):
        step = 1
        for size in range(min(_LONGEST_NAME, len(words) - at), 0, -1):
            first, last = words[at], words[at + size - 1]
            name = " ".join(word[0] for word in words[at : at + size])
            if size > 1 and re.search(r"[,;:()+.]", text[first.start() : last.end()]):
                continue
            named = _named(name, size == 1)
            span = Span(first.start(), last.end())
            if isinstance(named, Drug):
                entry = _entry(books.store, reference.key, named) if reference else None
                drug = DrugNamed(
                    span, text[span.start : span.end], named.generic, named.drug_class, entry
                )
            elif table and (listed := _listed(table, name, names)):
                drug = DrugNamed(span, name, listed.text, DrugClass(""), listed, is_own=False)
            else:
                continue
            if not any(span.overlaps(other) for other in apart):
                found.append(drug)
            step = size
            break
        at += step
    return found


def _named(name: str, is_word: bool) -> Drug | None:
    drugs = _names().drugs
    if name in drugs:
        return drugs[name]
    if not is_word:
        return None
    if name.endswith("'s") and name[:-2] in drugs:
        return drugs[name[:-2]]
    misspelled = _misspelled(name)
    return drugs[misspelled] if misspelled else None


def _listed(table: DrugTable, name: str, names: _Names) -> Entry | None:
    """The entry of the Table that a name has there; not where it is an everyday word."""
    if len(name) < 5 or name in names.not_names or name.isdigit() or _NO_NAME.search(name):
        return None
    return table.by_name.get(name)
