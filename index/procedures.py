"""ICD-10-PCS questions: from a surgeon's words to the axes of a code.

"Lap appy" names an operation (Resection), a body part (Appendix) and an approach (Percutaneous
Endoscopic), none of them in its own words. What people say stands in prompts/procedures.tsv; the
official Index's body part and device keys and the Definitions' examples are read beside it when
it is loaded. Every title of a release says the same axes in fixed words, so each code is judged
by its title: the operation it begins with, the words that all codes of its family share (the body
part), its approach, and the words that are left (device and qualifier).

What is not said is what the conventions take for granted: a definitive operation rather than a
look (Official Guidelines for ICD-10-PCS, B3.11a), no device, no qualifier, the operation's usual
approach.
"""

from __future__ import annotations

import csv
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache, lru_cache
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from codesets import laterality
from codesets.laterality import TYPED_WORDS, Side
from codesets.model import KeyWord
from codesets.store import CodeStore
from index.words import Lexicon, Spelling, lexical_tokens, plain_words, stem

_APPROACH = re.compile(
    r",? (Open|Percutaneous(?: Endoscopic)?|External|Via Natural or Artificial Opening"
    r"(?: Endoscopic| With Percutaneous Endoscopic Assistance)?)(?: Approach)?(?=,|$)"
)
#: Where the operation ends in a title that says what it is done to ("Release Lumbar Nerve" says
#: it without).
_PART_BEGINS = re.compile(r",| (?:of|in|into|from|on|to|at|using|with)\b")
#: Approaches when none is said and the operation has no usual one; without any, as in imaging.
_DEFAULT_APPROACH = {"Open": 0.15, "": 0.15, "External": 0.12, "Percutaneous": 0.1}

_ONE_SIDE: frozenset[Side] = frozenset({"right", "left"})
#: As an index keeps them.
_SIDE_NUMBERS: dict[Side | None, int] = {None: 0, "right": 1, "left": 2, "both": 3}
_SIDE_OF_STEM = {stem(word): side for word, side in laterality.TITLE_WORDS.items()}
_SIDE_STEMS = frozenset(_SIDE_OF_STEM)
#: A look is coded only where nothing else is done.
_LOOK = "Inspection"
_NEGATIONS = frozenset({"no", "without", "wo"})

#: What agreement with each thing said is worth. Chosen on the tuning half of
#: tests/data/procedures/questions.tsv.
_NOT_THE_OPERATION, _NO_OPERATION = -2.5, -1.0
_ALTERNATIVE, _LATER_OPERATION = 0.03, 0.3
_NAMED_PART = 2.0
_IMPLIED_PART = 0.8
_DETAILS = 1.2
_ONLY_THE_PART = 0.8
_UNASKED_DETAIL, _DETAIL = -0.1, -0.01
_DENIED = -1.0
_SAID_APPROACH, _OTHER_APPROACH, _USUAL_APPROACH = 1.0, -0.5, 0.5
_WRONG_SIDE, _TOO_MANY_SIDES, _RIGHT_SIDE = -2.0, -0.4, 0.3

_ARRAYS = "titles.npz"
#: As much of a title as tells which operation it begins with.
_BEGINNING = 64

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
class Asked:
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
    return tuple(words - _SIDE_STEMS for words in _words(cell))


def _key(text: str) -> tuple[str, ...]:
    return tuple(map(stem, plain_words(text)))


@lru_cache(maxsize=1)
def shipped() -> Mapping[tuple[str, ...], Phrase]:
    """The phrases of prompts/procedures.tsv, by the stems of their words."""
    text = (resources.files("prompts") / "procedures.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    phrases = {}
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        phrase = Phrase(
            _choices(row["operation"].strip("()")),
            _part(row["part"]),
            _choices(row["approach"]),
            _words(row["details"]),
            frozenset(TYPED_WORDS[w] for w in plain_words(row["part"]) if w in TYPED_WORDS),
            row["operation"].startswith(("(", _LOOK)),
            row["details"].startswith("from "),
        )
        for said in _choices(row["said"]):
            phrases[(said,) if said.startswith("-") else _key(said)] = phrase
    return phrases


def official(store: CodeStore) -> dict[tuple[str, ...], Phrase]:
    """The body part and device keys of the newest Index that is loaded."""
    uses: dict[tuple[str, ...], list[frozenset[str]]] = defaultdict(list)
    for book in store.books.all("index", "icd10pcs")[-1:]:
        for word in store.books.rows(KeyWord, book):
            stems = frozenset(lexical_tokens(word.use)) - _SIDE_STEMS
            for said in _wordings(word.text):
                if lexical_tokens(said):
                    uses[_key(said)].append(stems)
    return {key: Phrase(part=tuple(dict.fromkeys(words))) for key, words in uses.items()}


def _wordings(text: str) -> Iterator[str]:
    """A key with its abbreviation alone and without: "Posterior cruciate ligament (PCL)"."""
    yield re.sub(r"\s*\([^()]*\)", "", text)
    yield from re.findall(r"\(([A-Z]{3,})\)", text)


@dataclass(frozen=True, slots=True)
class Titles:
    """The titles of one release read axis by axis; `save` and `load` keep them in an index.

    Codes stand in the order of their titles, so that those that begin with an operation stand
    together. `families` and `tails` say of each code which set of `in_core` (the body part, what
    all codes of its family share) and of `in_tail` (device and qualifier) is its own, `approaches`
    which of `approach_names`, and `sides` of each family: 1 right, 2 left, 3 both, 0 none.
    """

    codes: np.ndarray
    beginnings: np.ndarray
    families: np.ndarray
    tails: np.ndarray
    approach_names: list[str]
    approaches: np.ndarray
    sides: np.ndarray
    in_core: Inverted
    in_tail: Inverted
    frequency: dict[str, int]

    @classmethod
    def read(cls, titles: Mapping[str, str]) -> Titles:
        """`titles`: of each billable code."""
        by_title = sorted(titles.items(), key=lambda item: (item[1], item[0]))
        codes = [code for code, _ in by_title]
        approaches, rests = [], []
        frequency: dict[str, int] = defaultdict(int)
        for _, title in by_title:
            found = _APPROACH.search(title)
            approaches.append(found[1] if found else "")
            rests.append(_title_words(_APPROACH.sub("", title)))
            for word in title.split():
                frequency[word] += 1
        shared: dict[str, frozenset[str]] = {}
        operations: dict[str, frozenset[str]] = {}
        openings = [_PART_BEGINS.split(title, 1)[0] for _, title in by_title]
        read = {opening: _title_words(opening) for opening in set(openings)}
        for code, words, opening in zip(codes, rests, openings, strict=True):
            shared[code[:4]] = shared.get(code[:4], words) & words
            kind = code[0] + code[2]
            operations[kind] = operations.get(kind, words) & words & read[opening]
        families = {stem: number for number, stem in enumerate(shared)}
        cores = [words - operations[stem[0] + stem[2]] for stem, words in shared.items()]
        tails: dict[frozenset[str], int] = {}
        of_tails = [
            tails.setdefault(words - shared[code[:4]], len(tails))
            for code, words in zip(codes, rests, strict=True)
        ]
        names = sorted(set(approaches))
        return cls(
            codes=np.array(codes, dtype=np.bytes_),
            beginnings=np.array([title[:_BEGINNING].encode() for _, title in by_title]),
            families=np.array([families[code[:4]] for code in codes], dtype=np.int32),
            tails=np.array(of_tails, dtype=np.int32),
            approach_names=names,
            approaches=np.array([names.index(name) for name in approaches], dtype=np.int8),
            sides=np.array([_SIDE_NUMBERS[_side(words)] for words in cores], dtype=np.int8),
            in_core=Inverted.of([words - _SIDE_STEMS for words in cores]),
            in_tail=Inverted.of(list(tails)),
            frequency=_counted(frequency),
        )

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        arrays: dict[str, Any] = {}
        for field_ in fields(self):
            value = getattr(self, field_.name)
            if isinstance(value, Inverted):
                arrays |= {f"{field_.name}.{n}": a for n, a in value.arrays().items()}
            elif isinstance(value, np.ndarray):
                arrays[field_.name] = value
        arrays["approach_names"] = np.array(self.approach_names)
        arrays["words"] = np.array(list(self.frequency))
        arrays["counts"] = np.array(list(self.frequency.values()))
        np.savez(folder / _ARRAYS, **arrays)

    @classmethod
    def load(cls, folder: Path) -> Titles:
        with np.load(folder / _ARRAYS) as arrays:
            return cls(
                **{n: arrays[n] for n in ("codes", "beginnings", "families", "tails")},
                approach_names=arrays["approach_names"].tolist(),
                **{n: arrays[n] for n in ("approaches", "sides")},
                in_core=Inverted.out_of(arrays, "in_core"),
                in_tail=Inverted.out_of(arrays, "in_tail"),
                frequency=dict(
                    zip(arrays["words"].tolist(), arrays["counts"].tolist(), strict=True)
                ),
            )


class Procedures:
    """All codes of one release, to be judged by what a question says on each axis."""

    def __init__(self, titles: Titles, phrases: Mapping[tuple[str, ...], Phrase]) -> None:
        self._titles = titles
        self._family, self._tail = titles.families, titles.tails
        self._in_core, self._in_tail = titles.in_core, titles.in_tail
        self._phrases = phrases
        self._longest = max(map(len, phrases), default=1)
        self._endings = sorted((key[0][1:] for key in phrases if key[0][0] == "-"), key=len)[::-1]
        self._vocabulary = frozenset(titles.frequency)
        self._said = frozenset(word for key in phrases for word in key)
        self._spelling = Spelling(titles.frequency, frozenset())

    @classmethod
    def of(cls, store: CodeStore, titles: Titles) -> Procedures:
        return cls(titles, {**official(store), **shipped()})

    def __len__(self) -> int:
        return len(self._titles.codes)

    # Understanding

    def understand(self, question: str) -> Asked:
        """A question as values of axes."""
        plain = plain_words(question.lower().replace("b/l", "bilateral"))
        words = [self._repaired(word) for word in plain]
        asked = Asked()
        phrases: list[tuple[Phrase, bool]] = []
        at, denied = 0, False
        while at < len(words):
            length, phrase = self._phrase_at(words, at)
            word = words[at]
            at += length
            if phrase is None and word in _NEGATIONS:
                denied = True
                continue
            if phrase is None and word in TYPED_WORDS:
                asked.sides.add(TYPED_WORDS[word])
                continue
            phrase = phrase or self._plain(word)
            if phrase is not None:
                phrases.append((phrase, denied))
                if phrase.part or phrase.operations:
                    typed = words[at - length : at]
                    asked.sides |= {TYPED_WORDS[word] for word in typed if word in TYPED_WORDS}
            denied = False
        asked.details += _hours(question)
        definitive = any(p.operations and not p.gives_way for p, is_denied in phrases)
        placed = any(p.part and not p.gives_way for p, is_denied in phrases)
        for phrase, is_denied in phrases:
            _add(asked, phrase, is_denied)
            if phrase.operations and not is_denied and not (phrase.gives_way and definitive):
                asked.operations.append(phrase.operations)
            if phrase.part and not is_denied and not (phrase.gives_way and definitive and placed):
                (asked.implied_parts if phrase.operations else asked.parts).append(phrase.part)
        origins = [phrase.details for phrase, _ in phrases if phrase.is_origin]
        asked.details += [tuple(chain.from_iterable(origins))] if origins else []
        if asked.sides >= _ONE_SIDE:
            asked.sides = {"both"}
        return asked

    def _repaired(self, word: str) -> str:
        known = word in self._vocabulary or stem(word) in self._said
        return word if known or Lexicon.shipped().knows(word) else self._spelling.repair(word)

    def _phrase_at(self, words: Sequence[str], at: int) -> tuple[int, Phrase | None]:
        """The longest phrase that begins here, with its number of words."""
        for length in range(min(self._longest, len(words) - at), 0, -1):
            phrase = self._phrases.get(tuple(map(stem, words[at : at + length])))
            if phrase is not None:
                return length, phrase
        return 1, None

    def _plain(self, word: str) -> Phrase | None:
        """A word that no phrase has: as titles have it, as shorthand, or by its ending."""
        if word.isdigit():
            return None
        if stems := self._known(word):
            return Phrase(part=(stems,))
        for ending in self._endings:
            if word.endswith(ending) and len(word) > len(ending) + 2:
                named = self._phrases[(f"-{ending}",)]
                part = self._nearest(word.removesuffix(ending))
                return Phrase(named.operations, part, named.approaches)
        spelled = " ".join(Lexicon.shipped().spell_out([word]))
        stems = self._known(spelled)
        return Phrase(part=(stems,)) if stems else None

    def _known(self, text: str) -> frozenset[str]:
        stems = lexical_tokens(text)
        return frozenset(s for s in stems if s in self._in_core or s in self._in_tail)

    def _nearest(self, root: str) -> Words:
        """The body part that a word's root is of: "parotid", "thym", "pancreat"."""
        for length in range(len(root), max(3, len(root) - 3), -1):
            stems = {stem(w) for w in self._vocabulary if w.startswith(root[:length])}
            if stems:
                return tuple(frozenset({stem}) for stem in sorted(stems))
        return ()

    # Judging

    def fit(self, question: str) -> np.ndarray:
        """How well each code fits a question, in the order of `codes`; 0 for all when the question
        says nothing that a title could."""
        asked = self.understand(question)
        if asked.is_empty:
            return np.zeros(len(self), dtype=np.float32)
        total = self._of_operations(asked.operations)
        total += self._of_approach(asked)
        total += self._of_side(asked.sides)[self._family]
        implied = _IMPLIED_PART if asked.parts else _NAMED_PART
        total += _NAMED_PART * self._share(asked.parts)
        total += implied * self._share(asked.implied_parts)
        if not asked.parts and not asked.implied_parts:
            total += _NAMED_PART  # the operation is all there is: "group psychotherapy"
        total += _DETAILS * self._share(asked.details)
        total += _DENIED * self._share(asked.denied)
        said = frozenset[str]().union(
            *(w for words in (asked.parts + asked.implied_parts + asked.details) for w in words)
        )
        total += (_ONLY_THE_PART * self._in_core.explained(said))[self._family]
        unasked = _UNASKED_DETAIL * self._in_tail.unasked(said)
        total += (unasked + _DETAIL * self._in_tail.lengths)[self._tail]
        return total

    def _of_operations(self, operations: Sequence[tuple[str, ...]]) -> np.ndarray:
        start = _NOT_THE_OPERATION if operations else _NO_OPERATION
        total = np.full(len(self), start, dtype=np.float32)
        for rank, named in enumerate(dict.fromkeys(operations)):
            for choice, operation in enumerate(named):
                begins = operation.encode()
                first, last = np.searchsorted(self._titles.beginnings, [begins, begins + b"~"])
                less = min(rank, 2) * _LATER_OPERATION + choice * _ALTERNATIVE
                total[first:last] = np.maximum(total[first:last], -less)
        return total

    def _of_approach(self, asked: Asked) -> np.ndarray:
        worth = np.zeros(len(self._titles.approach_names), dtype=np.float32)
        for number, name in enumerate(self._titles.approach_names):
            worth[number] = _DEFAULT_APPROACH.get(name, 0.0)
            if asked.approaches:
                worth[number] += _SAID_APPROACH if name in asked.approaches else _OTHER_APPROACH
            elif name in asked.usual_approaches:
                worth[number] += _USUAL_APPROACH
        return worth[self._titles.approaches]

    def _of_side(self, sides: Iterable[Side]) -> np.ndarray:
        """For each family."""
        own = self._titles.sides
        total = np.zeros(len(own), dtype=np.float32)
        for side in sides:
            total += _RIGHT_SIDE * (own == _SIDE_NUMBERS[side])
            for other in _ONE_SIDE - {side}:
                wrong = _TOO_MANY_SIDES if side == "both" else _WRONG_SIDE
                total += wrong * (own == _SIDE_NUMBERS[other])
        if "both" not in sides:
            total += _TOO_MANY_SIDES * (own == _SIDE_NUMBERS["both"])
        return total

    def _share(self, groups: Sequence[Words]) -> np.ndarray:
        """For each code, the share of the things said that its title says."""
        total = np.zeros(len(self), dtype=np.float32)
        weights = 0.0
        for words in groups:
            found = [self._covered(stems) for stems in words if stems]
            if found:
                weight = max(weight for weight, _ in found)
                shares = [share - _ALTERNATIVE * n for n, (_, share) in enumerate(found)]
                total += weight * np.maximum.reduce(shares)
                weights += weight
        return total / weights if weights else total

    def _covered(self, stems: frozenset[str]) -> tuple[float, np.ndarray]:
        """How much a set of words tells, and the share of it in each code's title."""
        weights = {stem: self._weight(stem) for stem in stems}
        core, tail = self._in_core.sums(weights), self._in_tail.sums(weights)
        told = sum(weights.values())
        return told, np.minimum(core[self._family] + tail[self._tail], told) / told

    def _weight(self, stem: str) -> float:
        return math.sqrt(max(self._in_core.rarity(stem), self._in_tail.rarity(stem)))

    def best(self, fit: np.ndarray, limit: int) -> list[tuple[str, float]]:
        """The codes that fit best, best first, each with how well it does."""
        limit = min(limit, len(fit))
        top = np.argpartition(-fit, limit - 1)[:limit]
        found = [(self._titles.codes[at].decode(), float(fit[at])) for at in top]
        return sorted(found, key=lambda item: (-item[1], item[0]))


class Inverted:
    """Which of many sets of words have a word."""

    def __init__(self, having: Mapping[str, np.ndarray], lengths: np.ndarray) -> None:
        """`having`: the numbers of the sets that have a word; `lengths`: of each set."""
        self._having, self.lengths, self._size = having, lengths, len(lengths)

    @classmethod
    def of(cls, sets: Sequence[frozenset[str]]) -> Inverted:
        found: dict[str, list[int]] = defaultdict(list)
        for number, words in enumerate(sets):
            for word in words:
                found[word].append(number)
        having = {word: np.array(numbers, dtype=np.int32) for word, numbers in found.items()}
        return cls(having, np.array([len(words) for words in sets], dtype=np.float32))

    def arrays(self) -> dict[str, np.ndarray]:
        """What `out_of` makes it of again."""
        return {
            "words": np.array(list(self._having)),
            "ends": np.cumsum([len(numbers) for numbers in self._having.values()]),
            "sets": np.concatenate([*self._having.values(), np.zeros(0, dtype=np.int32)]),
            "lengths": self.lengths,
        }

    @classmethod
    def out_of(cls, arrays: Mapping[str, np.ndarray], name: str) -> Inverted:
        rows = np.split(arrays[f"{name}.sets"], arrays[f"{name}.ends"][:-1])
        words = arrays[f"{name}.words"].tolist()
        return cls(dict(zip(words, rows, strict=False)), arrays[f"{name}.lengths"])

    def __contains__(self, word: str) -> bool:
        return word in self._having

    def rarity(self, word: str) -> float:
        return math.log(1 + self._size / max(1, len(self._having.get(word, ()))))

    def sums(self, weights: Mapping[str, float]) -> np.ndarray:
        """For each set, the weights of the words it has."""
        total = np.zeros(self._size, dtype=np.float32)
        for word, weight in weights.items():
            if word in self._having:
                total[self._having[word]] += weight
        return total

    def explained(self, said: Iterable[str]) -> np.ndarray:
        """For each set, the share of its words that are said."""
        return self.sums(dict.fromkeys(said, 1.0)) / np.maximum(self.lengths, 1)

    def unasked(self, said: Iterable[str]) -> np.ndarray:
        """For each set, the number of its words that are not said."""
        return self.lengths - self.sums(dict.fromkeys(said, 1.0))


@cache
def _stems(word: str) -> frozenset[str]:
    return frozenset(lexical_tokens(word))


def _title_words(title: str) -> frozenset[str]:
    """`lexical_tokens` of a title, whose few thousand words are read once each."""
    return frozenset().union(*map(_stems, title.split()))


def _counted(frequency: Mapping[str, int]) -> dict[str, int]:
    """The plain words of words as printed, with their counts."""
    counted: dict[str, int] = defaultdict(int)
    for printed, count in frequency.items():
        for word in plain_words(printed):
            counted[word] += count
    return counted


def _side(stems: frozenset[str]) -> Side | None:
    said = {_SIDE_OF_STEM[stem] for stem in stems & _SIDE_STEMS}
    return "both" if len(said) > 1 else next(iter(said), None)


def _add(asked: Asked, phrase: Phrase, is_denied: bool) -> None:
    if is_denied:
        asked.denied += [words for words in (phrase.part, phrase.details) if words]
        return
    if phrase.details and not phrase.is_origin:
        asked.details.append(phrase.details)
    asked.sides |= phrase.sides
    # The way of a look is that of whatever is done through the scope.
    said = phrase.says_approach or _LOOK in phrase.operations
    (asked.approaches if said else asked.usual_approaches).update(phrase.approaches)


_DURATION = re.compile(
    r"(?P<under>(?:<|less than|under)\s*)?(?P<count>\d+)\s*\+?\s*"
    r"(?P<unit>h|hr|hrs|hours?|days?|d)\b"
)


def _hours(question: str) -> list[Words]:
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
