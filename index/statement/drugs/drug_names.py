"""The names of drugs: generic, brand, shorthand, and slightly misspelled (prompts/statements/
drugs.tsv, with their classes in drug_classes.toml beside it)."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz.distance import DamerauLevenshtein

from index.statement.drugs.drug_cues import cues
from index.text.resources import read_text
from index.text.tokens import fold

#: Signs part words, so that "asa/plavix" names two drugs and "z-pak" is two words.
WORD = re.compile(r"[a-z0-9#]+(?:'[a-z]+)?")
#: The shortest word that may be misspelled, and the shortest with two letters wrong.
_FUZZY, _FUZZIER = 7, 10


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
    """A drug of drugs.tsv: its generic name, class and the entries of the Table to look up; and the
    entry of another drug in the same tablet, as the Table has no entry for both."""

    generic: str
    drug_class: DrugClass
    table: tuple[str, ...]
    other: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of drugs.tsv, and those that are one word by their first letter."""

    drugs: Mapping[str, Drug]
    words: Mapping[str, tuple[str, ...]]
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
def names() -> Names:
    """The names of drugs.tsv."""
    drugs: dict[str, Drug] = {}
    lines = read_text("statements", "drugs.tsv").splitlines()
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        table = tuple(filter(None, row["table"].split("|"))) or (row["drug"],)
        drug = Drug(row["drug"], classes()[row["class"]], table, row["with"])
        for name in (row["drug"], *filter(None, row["also"].split("; "))):
            drugs.setdefault(normal(name), drug)
    words: dict[str, list[str]] = {}
    for name in drugs:
        if len(name) >= _FUZZY and name.isalpha():
            words.setdefault(name[0], []).append(name)
    phrases = [line.strip() for line in cues()["names"]["not_drugs"].splitlines() if line.strip()]
    return Names(
        drugs,
        {letter: tuple(names) for letter, names in words.items()},
        frozenset(cues()["names"]["not_names"].split()),
        re.compile(rf"(?<![\w-])(?:{'|'.join(phrases)})(?![\w])"),
    )


def normal(name: str) -> str:
    """A name as its words are looked up: one blank between them."""
    return " ".join(WORD.findall(fold(name)))


@lru_cache(maxsize=4096)
def _misspelled(word: str) -> str | None:
    """The name that a word misspells; None for any other word."""
    known = names()
    if len(word) < _FUZZY - 1 or not word.isalpha() or word in known.not_names:
        return None
    # The first letter is rarely wrong.
    ranked = sorted(
        (distance, name)
        for name in known.words.get(word[0], ())
        if abs(len(name) - len(word)) <= 2
        if (distance := DamerauLevenshtein.distance(word, name))
        <= 1 + (min(len(word), len(name)) >= _FUZZIER)
    )
    return ranked[0][1] if ranked else None


def drug_called(name: str, is_word: bool) -> Drug | None:
    """The drug that has this name, or nearly this one if it is a single word."""
    drugs = names().drugs
    if name in drugs:
        return drugs[name]
    if not is_word:
        return None
    if name.endswith("'s") and name[:-2] in drugs:
        return drugs[name[:-2]]
    misspelled = _misspelled(name)
    return drugs[misspelled] if misspelled else None
