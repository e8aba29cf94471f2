"""The phrases of prompts/vocabulary/procedures.tsv, and the values of axes that they mean."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from codesets.laterality import TITLE_WORDS, TYPED_WORDS, Side
from codesets.model import IndexKeyEntry
from codesets.store.code_store import CodeStore
from index.text.resources import Row, read_table
from index.text.tokens import lexical_tokens, plain_words, stem

SIDE_OF_STEM: dict[str, Side] = {stem(word): side for word, side in TITLE_WORDS.items()}
SIDE_STEMS = frozenset(SIDE_OF_STEM)
#: The root operation for looking. It is coded only where nothing else is done.
INSPECTION = "Inspection"
NEGATIONS = frozenset({"no", "without", "wo"})
#: Alternatives, each the stems of an official wording.
Words = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """The meaning of a phrase on the axes of ICD-10-PCS. Several `operations` are alternatives, the
    likeliest first; `details` are words of the device and qualifier."""

    operations: tuple[str, ...] = ()
    part: Words = ()
    approaches: tuple[str, ...] = ()
    details: Words = ()
    sides: frozenset[Side] = frozenset()
    #: Whether the operation counts only if the question names no other one, as for Inspection.
    gives_way: bool = False
    #: Whether the details name the origin of a bypass. A code has one origin, so the origins that a
    #: question names are alternatives.
    is_origin: bool = False

    @property
    def names_approach(self) -> bool:
        """Whether it names an approach itself, rather than an operation with a usual approach."""
        return not self.operations and not self.part


@dataclass(slots=True)
class ProcedureQuery:
    """A question as values of axes.

    `operations` are in the order in which the question names them, each with its alternatives.
    `implied_parts` and `usual_approaches` follow from the name of an operation ("appendectomy");
    `parts` and `approaches` are named apart from it. `denied` are words after a "no" or "without".
    """

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
    """The phrases of prompts/vocabulary/procedures.tsv, by the stems of their words.

    Raises VocabularyError when a phrase is in two rows.
    """
    phrases = {}
    for row in read_table("procedures.tsv", _defined):
        phrase = Phrase(
            _choices(row["operation"].strip("()")),
            _part(row["part"]),
            _choices(row["approach"]),
            _words(row["details"]),
            frozenset(TYPED_WORDS[w] for w in plain_words(row["part"]) if w in TYPED_WORDS),
            row["operation"].startswith(("(", INSPECTION)),
            row["details"].startswith("from "),
        )
        for words in _choices(row["said"]):
            phrases[(words,) if words.startswith("-") else _key(words)] = phrase
    return phrases


def _defined(row: Row) -> list[tuple[str, ...]]:
    """The phrases that a row of the file defines."""
    return [(words,) for words in _choices(row["said"])]


def official(store: CodeStore) -> dict[tuple[str, ...], Phrase]:
    """The body part and device keys of the newest ICD-10-PCS Index that is loaded, by the stems
    of their words."""
    uses: dict[tuple[str, ...], list[frozenset[str]]] = defaultdict(list)
    for reference in store.references.all("index", "icd10pcs")[-1:]:
        for entry in store.references.rows(IndexKeyEntry, reference):
            stems = frozenset(lexical_tokens(entry.use)) - SIDE_STEMS
            for wording in _wordings(entry.text):
                if lexical_tokens(wording):
                    uses[_key(wording)].append(stems)
    return {key: Phrase(part=tuple(dict.fromkeys(words))) for key, words in uses.items()}


def _wordings(text: str) -> Iterator[str]:
    """A key without its abbreviation, and the abbreviation: "Posterior cruciate ligament (PCL)"."""
    yield re.sub(r"\s*\([^()]*\)", "", text)
    yield from re.findall(r"\(([A-Z]{3,})\)", text)


_DURATION = re.compile(
    r"(?P<under>(?:<|less than|under)\s*)?(?P<count>\d+)\s*\+?\s*"
    r"(?P<unit>h|hr|hrs|hours?|days?|d)\b"
)


def hours_in(question: str) -> list[Words]:
    """The duration of ventilation in the words of its titles; [] where none is named."""
    match = _DURATION.search(question.lower())
    if not match:
        return []
    hours = int(match["count"]) * (24 if match["unit"].startswith("d") else 1)
    if hours < 24 or (hours == 24 and match["under"]):
        return [_words("Less than 24 Consecutive Hours")]
    if hours < 96 or (hours == 96 and match["under"]):
        return [_words("24-96 Consecutive Hours")]
    return [_words("Greater than 96 Consecutive Hours")]


@lru_cache(maxsize=1)
def _lookup() -> tuple[int, tuple[str, ...]]:
    """The number of words of the longest shipped phrase, and the shipped endings, longest first."""
    phrases = shipped()
    endings = sorted((key[0][1:] for key in phrases if key[0].startswith("-")), key=len)
    return max(map(len, phrases)), tuple(reversed(endings))


def operations_in(words: Sequence[str]) -> list[tuple[int, int]]:
    """Where `words` (plain_words of a question) name an operation in a phrase of ours: the place
    of the first word, and of the word behind the last."""
    phrases = shipped()
    longest, endings = _lookup()
    stems = [stem(word) for word in words]
    found, at = [], 0
    while at < len(words):
        length, phrase = 1, None
        for count in range(min(longest, len(words) - at), 0, -1):
            phrase = phrases.get(tuple(stems[at : at + count]))
            if phrase is not None:
                length = count
                break
        if phrase is None:
            ending = next((e for e in endings if _ends(words[at], e)), None)
            phrase = phrases[(f"-{ending}",)] if ending else None
        if phrase is not None and phrase.operations:
            found.append((at, at + length))
        at += length
    return found


_REASON = re.compile(r"[,;]|\s(?:for|due to|d/t|2/2|because of|bc|b/c)\s", re.I)


def without_reason(question: str) -> str:
    """A question without the reason for its operation, "ecmo" of "ecmo for ards" and of "ecmo,
    ards"; "" where it names no reason, or no operation before it. The reason may name the body part
    ("ablation for afib"), so the whole question is to be read first."""
    head, *reason = _REASON.split(question, maxsplit=1)
    return head if reason and operations_in(plain_words(head)) else ""


def _ends(word: str, ending: str) -> bool:
    return word.endswith(ending) and len(word) > len(ending) + 2
