"""Completes a family: chooses the seventh character that a question calls for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesets.model import Code
from index.text.encounter import Encounter, read_encounter
from index.text.tokens import Reading, read

#: Points of the seventh characters that are meant when the question names none: "not applicable or
#: unspecified" (0), "unspecified" (9), and A, which is not always an encounter.
_USUAL = {"A": 0.9, "0": 0.9, "9": 0.9}

#: The encounter that is meant where a question does not say: active treatment (Guidelines
#: I.C.19.a), of a closed fracture (I.C.19.c), and afterwards routine healing.
_USUAL_ENCOUNTER = Encounter("initial", "routine", "closed")


@dataclass(frozen=True, slots=True)
class Completion:
    """The code chosen, and whether the question itself decided it."""

    code: Code
    decided: bool


def complete(
    question: Reading, encounter: Encounter, codes: Sequence[Code], member: str | None = None
) -> Completion:
    """Choose among the billable codes of one family; `codes` must not be empty. `question` and
    `encounter`: what the question says. `member` is the code that the search chose, if it did."""
    if len(codes) == 1:
        return Completion(codes[0], True)
    if found := [code for code in codes if code.code == member]:
        return Completion(found[0], False)
    encounters = [read_encounter(code.title) for code in codes]
    if any(one.phase for one in encounters):
        best = max(range(len(codes)), key=lambda at: _agreement(encounter, encounters[at]))
        return Completion(codes[best], encounter.phase is not None)
    return _by_words(question, codes)


def _agreement(said: Encounter, ending: Encounter) -> float:
    """How well the ending of a title agrees with what a question says of the encounter."""
    phase = said.phase or _USUAL_ENCOUNTER.phase
    openness = said.openness or _USUAL_ENCOUNTER.openness
    points = 10.0 * (ending.phase == phase)
    if ending.healing:
        points += 2.0 * (ending.healing == (said.healing or _USUAL_ENCOUNTER.healing))
        # Where a family has no code for the kind of healing that is said, routine healing stands.
        points += 0.5 * (ending.healing == _USUAL_ENCOUNTER.healing)
    if ending.openness:
        points += 1.0 * (ending.openness == openness)
        points += 0.5 * (ending.openness[:4] == openness[:4]) if openness else 0.0
    return points


def _by_words(question: Reading, codes: Sequence[Code]) -> Completion:
    """Choose by the words that a title has and others of its family have not: a stage, a fetus,
    "tophus"."""
    # "Not applicable or unspecified" denies neither.
    said = [read(code.title.replace("not applicable or ", "")).affirmed for code in codes]
    shared = frozenset.intersection(*said)
    endings = {code.code: stems - shared for code, stems in zip(codes, said, strict=True)}
    named = frozenset().union(*endings.values()) & question.affirmed

    def fit(code: Code) -> float:
        own = endings[code.code]
        return 2 * len(own & named) - 0.1 * len(own - named) + _USUAL.get(code.code[-1], 0.0)

    best = max(codes, key=fit)
    return Completion(best, bool(endings[best.code] & named))


def choices(stem_title: str, codes: Sequence[Code]) -> list[str]:
    """The meanings of the seventh characters of a family: titles without what they share."""
    return [code.title.removeprefix(stem_title).lstrip(", ") for code in codes]
