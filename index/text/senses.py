"""The senses of a shorthand, and which of them it has by its company: the words around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.text.resources import Row, read_table
from index.text.tokens import stem

#: Kinds of rows whose words help to find no code: the place where a patient was seen, and what is
#: said in passing ("on RA, NAD"). They are left out of what is searched.
PLACE, ASIDE = "place", "aside"
UNSEARCHED = frozenset({PLACE, ASIDE})
#: In a `when`: this is the usual sense, too, if no words decide. A second such sense is the other
#: reading.
_USUAL = "<usual>"
#: In a `when`: this is the sense if nothing else is said.
_ALONE = "<alone>"
#: In a `when`: any drug, a number, a measured blood pressure ("210/118").
A_DRUG, _A_NUMBER, _A_PRESSURE = "<drug>", "<number>", "<pressure>"
_PRESSURE = re.compile(r"(?P<systolic>\d{2,3})/\d{2,3}")
_LOWEST_SYSTOLIC = 50
#: Kinds of rows that may have another reading, if their words do not decide it.
_DOUBTFUL = frozenset({"abbreviation", "misc", *UNSEARCHED})
#: What a word says for a sense: one that must stand beside the shorthand, one that is near it
#: (with at most so many words between), one anywhere else.
_BESIDE, _NEAR, _FAR = 3, 2, 1
_WORDS_BETWEEN = 1
#: A sense is certain if the next one is so many points behind.
_CERTAIN = 2
#: Words between a preposition and what it belongs to: "in the ED", "from our ED".
_ARTICLES = frozenset({"the", "a", "an", "our", "your", "local"})


def is_pressure(word: str) -> bool:
    """Whether a word is a blood pressure: 210/118."""
    match = _PRESSURE.fullmatch(word)
    return match is not None and int(match["systolic"]) >= _LOWEST_SYSTOLIC


class Groups:
    """Words that speak of one thing, from prompts/vocabulary/word_groups.tsv.

    Columns: group; words. "retin*" is any word that begins so. A `when` names a group in angle
    brackets: <eye>.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._of: dict[str, set[str]] = {}
        self._beginnings: dict[str, set[str]] = {}
        self.names = frozenset(f"<{row['group']}>" for row in rows)
        for row in rows:
            for word in row["words"].split():
                if word.endswith("*"):
                    self._beginnings.setdefault(word[:-1], set()).add(f"<{row['group']}>")
                    continue
                for form in (word, stem(word)):
                    self._of.setdefault(form, set()).add(f"<{row['group']}>")
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})
        self.of = lru_cache(maxsize=16384)(self._groups)

    @classmethod
    @lru_cache(maxsize=1)
    def shipped(cls) -> Groups:
        return cls(read_table("word_groups.tsv", lambda row: [(row["group"],)]))

    def _groups(self, word: str) -> frozenset[str]:
        """The groups of a word, in angle brackets."""
        found = set(self._of.get(word, ()) or self._of.get(stem(word), ()))
        for length in self._lengths:
            found.update(self._beginnings.get(word[:length], ()))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning of a shorthand, from a row of the lexicon.

    `when`: words and groups of which one must be elsewhere in the question; `before`, `after`:
    those of which one must stand directly before it, or after it; `usual`: whether it is the sense
    if nothing decides.
    """

    means: str
    kind: str
    when: frozenset[str]
    before: frozenset[str]
    after: frozenset[str]
    usual: bool

    @classmethod
    def of(cls, row: Row) -> Sense:
        """In the column `when`, "in_" must stand directly before and "_visit" directly after."""
        words = (row["when"] or "").split()
        before = [word[:-1] for word in words if word.endswith("_")]
        after = [word[1:] for word in words if word.startswith("_")]
        anywhere = [word for word in words if not word.endswith("_") and not word.startswith("_")]
        return cls(
            row["means"],
            row["kind"],
            _with_stems(word for word in anywhere if word != _USUAL),
            _with_stems(before),
            _with_stems(after),
            not words or _USUAL in words,
        )

    @property
    def meaning(self) -> str:
        """What is searched for it."""
        return "" if self.kind in UNSEARCHED else self.means


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Words of a question that are read together: the places of the first and of the one after the
    last; they and their stems and groups."""

    start: int
    end: int
    says: frozenset[str]


def neighbours(
    words: Sequence[str], known: Mapping[tuple[str, ...], Sequence[Sense]], longest: int
) -> list[Neighbour]:
    """The words of a question as company. A shorthand that has one sense also speaks of the groups
    of the words that it stands for: POAG is of the eye. `longest`: the most words of a shorthand.
    """
    groups = Groups.shipped()
    found: list[Neighbour] = []
    at = 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            senses = known.get(tuple(words[at : at + length]), ())
            if len(senses) == 1 and senses[0].usual:
                meaning = senses[0].means.split()
                break
        else:
            length, meaning = 1, []
        typed = words[at : at + length]
        says = {" ".join(typed), *typed, *map(stem, typed)}
        says.update(group for word in (*typed, *meaning) for group in groups.of(word))
        if length == 1 and typed[0].replace(".", "").isdigit():
            says.add(_A_NUMBER)
        if is_pressure(typed[0]):
            says.add(_A_PRESSURE)
        found.append(Neighbour(at, at + length, frozenset(says)))
        at += length
    return found


def choose(
    senses: Sequence[Sense], start: int, end: int, company: Sequence[Neighbour], a_drug: bool
) -> tuple[Sense, Sense | None] | None:
    """The sense of the shorthand at `start` to `end` (the place after it), and another that it may
    have if the words do not decide; None if it has no sense here. `a_drug`: whether a drug is named
    anywhere in the question."""
    others = [each for each in company if each.end <= start or each.start >= end]
    points = [_points(sense, start, end, others, a_drug) for sense in senses]
    best = max(points, default=0)
    usual = [sense for sense in senses if sense.usual]
    if not best:
        return (usual[0], _other(usual[0], usual[1:])) if usual else None
    chosen = senses[points.index(best)]
    rivals = [
        sense
        for sense, each in sorted(zip(senses, points, strict=True), key=lambda pair: -pair[1])
        if sense is not chosen and (each or sense.usual) and best - each < _CERTAIN
    ]
    return chosen, _other(chosen, rivals)


def _other(chosen: Sense, rivals: Sequence[Sense]) -> Sense | None:
    """The first of the rivals that is another reading; a narrower or wider name is none."""
    if chosen.kind not in _DOUBTFUL:
        return None
    words = set(chosen.meaning.split())
    for rival in rivals:
        others = set(rival.meaning.split())
        narrower = words <= others or others <= words
        if rival.kind in _DOUBTFUL and words != others and not (narrower and words and others):
            return rival
    return None


def _points(sense: Sense, start: int, end: int, others: Sequence[Neighbour], a_drug: bool) -> int:
    points = _FAR if a_drug and A_DRUG in sense.when else 0
    points += _FAR if not others and _ALONE in sense.when else 0
    before = after = frozenset[str]()
    for each in others:
        if each.end <= start and not each.says & _ARTICLES:
            before = each.says
        if each.start == end:
            after = each.says
        if each.says & sense.when:
            between = start - each.end if each.end <= start else each.start - end
            points += _NEAR if between <= _WORDS_BETWEEN else _FAR
    return points + _BESIDE * (bool(before & sense.before) + bool(after & sense.after))


def _with_stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(form for word in words for form in (word, stem(word)))
