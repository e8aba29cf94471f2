"""What a line of a report leaves open that would change its code: the side, the stage, the
encounter. Each is asked only where the loaded edition has a code for the answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from bot.desk.reasons import Reason, reason
from codesets.code_format import undot
from codesets.model import Code
from index.statement.books import Books
from index.text.attributes import (
    AXES,
    AXIS_STEMS,
    CIRCUMSTANCES,
    HOLLOW,
    SIDE,
    TRIMESTER,
    UNSPECIFIED,
    Axis,
)
from index.text.encounter import read_encounter
from index.text.tokens import Reading, read

#: Words by which titles may differ for the difference to be read at a glance.
_MOST_WORDS = 4
#: Stems by which the titles of two values of one axis may differ besides the axis ("accidental
#: (unintentional)" and "intentional self-harm").
_MOST_ASIDE = 3
#: More options than this are no question: the statement says too little.
_MOST_CHOICES = 12
#: Kinds have nothing in common that one could ask for by name, so fewer are read.
_MOST_KINDS = 6
_WITH_SEVENTH = 7
_ENCOUNTERS = {"A", "D", "S"}
_OF_A_SIDE = HOLLOW | read("unilateral").stems | frozenset().union(*SIDE.values.values())
_NOUN = re.compile(r"\bunspecified ([\w-]+)")
_WORD = re.compile(r"[\w-]+")
_OTHER = frozenset({"other", "specified", "elsewhere", "classified", "nos"})
#: Nouns of "unspecified …" that are asked for by name.
_NAMED = ("stage", "trimester", "severity", "degree", "type", "episode", "eye")


@dataclass(frozen=True, slots=True)
class Choice:
    """A code, and the words in which it differs from the others: the value of an axis, or words of
    its title."""

    words: str
    code: Code


@dataclass(frozen=True, slots=True)
class Unspecified:
    """A question about what a title leaves unspecified, and the codes that answer it."""

    asked: Reason
    choices: Sequence[Choice]


def has_answers(key: str, code: str, books: Books) -> bool:
    """Whether the edition has codes for at least two answers to a question about an axis. Questions
    about anything else are left as they are."""
    axis = next((axis for axis in AXES if key == f"ask.{axis.name}"), None)
    found = books.code(code) if axis else None
    return axis is None or found is None or len(on_axis(axis, found, books)) > 1


def left_open(code: str, title: str, said: str, statement: str, books: Books) -> Reason | None:
    """What to ask about a code that is reported for the words `said` of a statement; None for
    nothing."""
    asks = is_unspecified(title) or len(undot(code)) == _WITH_SEVENTH
    found = books.code(code) if asks else None
    if found is None:
        return None
    open_ = unspecified(found, books)
    if open_ and not _is_told(open_, read(said), read(statement)):
        return open_.asked
    if read_encounter(statement).phase is None and _has_encounters(found, books):
        return reason("desk.ask_encounter")
    return None


def is_unspecified(title: str) -> bool:
    return "unspecified" in title.casefold()


def _is_told(found: Unspecified, said: Reading, statement: Reading) -> bool:
    """Whether the words say which code is meant after all. A side that is said of anything in a
    statement is not asked for."""
    if found.asked.key == "ask.side":
        return bool(SIDE.said(statement))
    return any(read(one.words).affirmed <= said.affirmed for one in found.choices)


def _has_encounters(code: Code, books: Books) -> bool:
    return code.stem != code.code and {c.code[-1] for c in books.below(code.stem)} >= _ENCOUNTERS


def endings(code: Code, books: Books) -> list[Choice]:
    """The seventh characters of a code's stem, in the words in which their titles differ; of a
    fracture, those for one that is as open or closed as the code says."""
    if code.stem == code.code:
        return []
    header = books.store.get(books.release, code.stem)
    begin = header.title if header else ""
    openness = {None, read_encounter(code.title).openness}
    family = [c for c in books.below(code.stem) if read_encounter(c.title).openness in openness]
    told = [(one.title.removeprefix(begin).lstrip(", "), one) for one in family]
    return [Choice(words, one) for words, one in told if words]


def on_axis(axis: Axis, code: Code, books: Books) -> list[Choice]:
    """The codes nearest to a code that have each value of an axis: of the same subcategory, else of
    the next above it; [] where fewer than two values have a code."""
    aside = UNSPECIFIED.union(*axis.values.values())
    own = read(code.title).stems - aside
    for pool in _pools(code, books):
        best: dict[str, tuple[int, int, Code]] = {}
        for other in pool:
            reading = read(other.title)
            values = axis.said(reading) if _has(axis, other.title) else frozenset()
            apart = len((reading.stems - aside) ^ own)
            if len(values) != 1 or apart > _MOST_ASIDE:
                continue
            (value,) = values
            near = (apart, -_shared(code.code, other.code), other)
            if value not in best or near[:2] < best[value][:2]:
                best[value] = near
        if len(best) > 1:
            return [Choice(value, best[value][2]) for value in axis.values if value in best]
    return []


def _shared(one: str, other: str) -> int:
    """How many characters two codes begin with together."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in same)


def _has(axis: Axis, title: str) -> bool:
    """Whether a title can have a value of an axis: "first" is of a trimester only beside it."""
    return axis is not TRIMESTER or axis.name in title.casefold()


def unspecified(code: Code, books: Books) -> Unspecified | None:
    """What the title of a code leaves "unspecified", with the codes nearest to it whose titles have
    a few words in that place; None where it leaves nothing, or too much."""
    if not is_unspecified(code.title):
        return None
    if sides := _sides(code, books):
        return Unspecified(reason("ask.side"), sides)
    for pool in _pools(code, books):
        choices = _shortest(_Apart(code.title).choices(pool))
        if not 1 < len(choices) <= _MOST_CHOICES:
            continue
        if asked := _question(code, choices):
            return Unspecified(asked, choices)
    return None


def _sides(code: Code, books: Books) -> list[Choice]:
    """The codes for each side of what a code names without one, where no more is known of them:
    they name what is meant unless something else is said ("primary"), or that it is one side."""
    if SIDE.said(read(code.title)):
        return []
    known = read(code.title).stems | _OF_A_SIDE
    choices = on_axis(SIDE, code, books)
    return choices if all(read(one.code.title).stems <= known for one in choices) else []


def _question(code: Code, choices: Sequence[Choice]) -> Reason | None:
    """How to ask for these choices; None where their words are of no kind that is asked for."""
    stems = [read(one.words).affirmed for one in choices]
    for axis in (SIDE, TRIMESTER):
        own = frozenset().union(*axis.values.values()) | read(axis.name).affirmed
        if all(each <= own for each in stems):
            return reason(f"ask.{axis.name}")
    for noun in _NAMED:
        if f"unspecified {noun}" in code.title.casefold() or all(
            noun in one.words.casefold().split() for one in choices[:2]
        ):
            return reason(f"ask.{noun}")
    told = AXIS_STEMS - frozenset().union(*CIRCUMSTANCES.values.values())
    return (
        reason("ask.kind")
        if len(choices) <= _MOST_KINDS and any(each & told for each in stems)
        else None
    )


def _pools(code: Code, books: Books) -> Iterator[list[Code]]:
    """The codes in force with the same seventh character below each code above, nearest first."""
    whole = undot(code.code)
    has_seventh = code.stem != code.code
    for above in books.store.ancestors(books.release, code):
        yield [
            one
            for one in books.below(above.code)
            if (one.stem != one.code) == has_seventh
            and (not has_seventh or one.code[-1] == whole[-1])
        ]


class _Apart:
    """Titles beside one that leaves something unspecified: which words they have instead."""

    def __init__(self, title: str) -> None:
        #: Without "unspecified", and without the noun after it, too.
        self._own = Counter(word for word in _words(title) if word != "unspecified")
        self._bare = self._own - Counter(_NOUN.findall(title.casefold()))

    def choices(self, pool: Sequence[Code]) -> list[Choice]:
        found: dict[str, Choice] = {}
        for code in pool:
            words = self._instead(code.title)
            if words and words not in found:
                found[words] = Choice(words, code)
        return list(found.values())

    def _instead(self, title: str) -> str:
        """The words of another title that are not of this one; "" where they are none, too many,
        or of a code for what is specified otherwise."""
        nouns = frozenset(_NOUN.findall(title.casefold())) | {"unspecified", ""}
        for own in (self._own, self._bare):
            left, more = Counter(own), []
            for piece in title.split():
                word = "".join(_words(piece))
                if left[word] > 0:
                    left[word] -= 1
                elif word not in nouns:
                    more.append(piece)
            if left.total() == 0 and not _is_bare(more):
                told = " ".join(more).strip(" ,;")
                small = len(more) <= _MOST_WORDS and not _OTHER.intersection(_words(told))
                return told[:1].casefold() + told[1:] if small else ""
        return ""


def _is_bare(words: Sequence[str]) -> bool:
    """Whether words are only numbers, which need their noun."""
    return bool(words) and all(re.fullmatch(r"[\dIVX]{1,3}[a-z]?,?", word) for word in words)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _shortest(choices: Sequence[Choice]) -> list[Choice]:
    """The choices without those that say more than another one: "acute systolic" beside
    "systolic"."""
    words = [frozenset(_words(one.words)) for one in choices]
    return [
        one
        for one, own in zip(choices, words, strict=True)
        if not any(other < own for other in words)
    ]
