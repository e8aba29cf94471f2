"""Completes a family: chooses the seventh character that a question calls for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesets.model import Code
from index.text.tokens import Reading, read

#: Points of the seventh characters that are meant when the question names none: active treatment
#: (A, Guidelines I.C.19.a), "not applicable or unspecified" (0), "unspecified" (9); then routine
#: healing (D) before delayed healing and other exceptions.
_USUAL = {"A": 0.9, "0": 0.9, "9": 0.9, "D": 0.2}

#: Words for routine care after active treatment (I.C.19.a).
_AFTERWARDS = read("follow-up fu recheck recovery rehab cast suture").affirmed
_SUBSEQUENT = read("subsequent").affirmed


@dataclass(frozen=True, slots=True)
class Completion:
    """The code chosen, and whether the question itself decided it."""

    code: Code
    decided: bool


def complete(
    question: Reading, stem_title: str, codes: Sequence[Code], member: str | None = None
) -> Completion:
    """Choose among the billable codes of one family; `codes` must not be empty. `member` is the
    code that the search chose, if it did."""
    if len(codes) == 1:
        return Completion(codes[0], True)
    if found := [code for code in codes if code.code == member]:
        return Completion(found[0], False)
    base = read(stem_title).stems
    endings = {code.code: read(code.title).affirmed - base for code in codes}
    asked = question.affirmed | (_SUBSEQUENT if question.affirmed & _AFTERWARDS else frozenset())
    named = frozenset().union(*endings.values()) & asked

    def fit(code: Code) -> float:
        own = endings[code.code]
        return 2 * len(own & named) - 0.1 * len(own - named) + _USUAL.get(code.code[-1], 0.0)

    best = max(codes, key=fit)
    return Completion(best, bool(endings[best.code] & named))


def choices(stem_title: str, codes: Sequence[Code]) -> list[str]:
    """The meanings of the seventh characters of a family: titles without what they share."""
    return [code.title.removeprefix(stem_title).lstrip(", ") for code in codes]
