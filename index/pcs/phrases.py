"""The phrases of procedures.tsv, and the values of axes that they mean."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from codesets.laterality import TITLE_WORDS, TYPED_WORDS, Side
from codesets.model import IndexKeyEntry
from codesets.store.code_store import CodeStore
from index.text.resources import read_text
from index.text.tokens import lexical_tokens, plain_words, stem

SIDE_OF_STEM: dict[str, Side] = {stem(word): side for word, side in TITLE_WORDS.items()}
SIDE_STEMS = frozenset(SIDE_OF_STEM)
#: A look is coded only where nothing else is done.
LOOK = "Inspection"
NEGATIONS = frozenset({"no", "without", "wo"})
#: Alternatives, each the stems of some official words.
Words = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """What some words mean on the axes of ICD-10-PCS."""

    operations: tuple[str, ...] = ()
    part: Words = ()
    approaches: tuple[str, ...] = ()
    details: Words = ()
    sides: frozenset[Side] = frozenset()
    #: Whether the operation gives way to any other that is named.
    gives_way: bool = False
    #: Whether the details say where a bypass comes from, of which a code has one.
    is_origin: bool = False

    @property
    def says_approach(self) -> bool:
        """Whether it names the approach, rather than an operation that has a usual one."""
        return not self.operations and not self.part


@dataclass(slots=True)
class ProcedureQuery:
    """A question as axes: what is named, and what an operation's name implies. Operations are in
    the order in which they are named, each with its alternatives."""

    operations: list[tuple[str, ...]] = field(default_factory=list)
    parts: list[Words] = field(default_factory=list)
    implied_parts: list[Words] = field(default_factory=list)
    details: list[Words] = field(default_factory=list)
    denied: list[Words] = field(default_factory=list)
    approaches: set[str] = field(default_factory=set)
    usual_approaches: set[str] = field(default_factory=set)
    sides: set[Side] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        return not (self.operations or self.parts or self.details)


def _choices(cell: str) -> tuple[str, ...]:
    return tuple(choice.strip() for choice in cell.split("|") if choice.strip())


def _words(cell: str) -> Words:
    return tuple(frozenset(lexical_tokens(choice)) for choice in _choices(cell))


def _part(cell: str) -> Words:
    """The words of body parts, without their sides."""
    return tuple(words - SIDE_STEMS for words in _words(cell))


def _key(text: str) -> tuple[str, ...]:
    return tuple(map(stem, plain_words(text)))


@lru_cache(maxsize=1)
def shipped() -> Mapping[tuple[str, ...], Phrase]:
    """The phrases of prompts/vocabulary/procedures.tsv, by the stems of their words."""
    text = read_text("vocabulary", "procedures.tsv")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    phrases = {}
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        phrase = Phrase(
            _choices(row["operation"].strip("()")),
            _part(row["part"]),
            _choices(row["approach"]),
            _words(row["details"]),
            frozenset(TYPED_WORDS[w] for w in plain_words(row["part"]) if w in TYPED_WORDS),
            row["operation"].startswith(("(", LOOK)),
            row["details"].startswith("from "),
        )
        for said in _choices(row["said"]):
            phrases[(said,) if said.startswith("-") else _key(said)] = phrase
    return phrases


def official(store: CodeStore) -> dict[tuple[str, ...], Phrase]:
    """The body part and device keys of the newest Index that is loaded."""
    uses: dict[tuple[str, ...], list[frozenset[str]]] = defaultdict(list)
    for reference in store.references.all("index", "icd10pcs")[-1:]:
        for word in store.references.rows(IndexKeyEntry, reference):
            stems = frozenset(lexical_tokens(word.use)) - SIDE_STEMS
            for said in _wordings(word.text):
                if lexical_tokens(said):
                    uses[_key(said)].append(stems)
    return {key: Phrase(part=tuple(dict.fromkeys(words))) for key, words in uses.items()}


def _wordings(text: str) -> Iterator[str]:
    """A key with its abbreviation alone and without: "Posterior cruciate ligament (PCL)"."""
    yield re.sub(r"\s*\([^()]*\)", "", text)
    yield from re.findall(r"\(([A-Z]{3,})\)", text)


_DURATION = re.compile(
    r"(?P<under>(?:<|less than|under)\s*)?(?P<count>\d+)\s*\+?\s*"
    r"(?P<unit>h|hr|hrs|hours?|days?|d)\b"
)


def hours_in(question: str) -> list[Words]:
    """How long ventilation lasted, as its titles say it."""
    found = _DURATION.search(question.lower())
    if not found:
        return []
    hours = int(found["count"]) * (24 if found["unit"].startswith("d") else 1)
    if hours < 24 or (hours == 24 and found["under"]):
        return [_words("Less than 24 Consecutive Hours")]
    if hours < 96 or (hours == 96 and found["under"]):
        return [_words("24-96 Consecutive Hours")]
    return [_words("Greater than 96 Consecutive Hours")]
