"""Answers which diagnosis stands first, and whether one may stand where it is put."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from bot.desk.answer import HeadlineKind, Pair
from bot.desk.reasons import reason
from bot.desk.together_case import Case, Decided
from bot.desk.together_model import Ground
from bot.desk.together_order import is_first_only
from codesets.model import Code

#: The most rules that are quoted for an order.
_MOST_RULES = 3
_FIRST_ONLY = "I.C.21.c.15"


def order(case: Case) -> Decided:
    """The order of the codes; where another code says two of them, that."""
    if found := case.presumed():
        return case.no(found)
    codes = case.ordered()
    names = [code.code for code in codes]
    grounds = [
        (one, other, ground)
        for one, other in combinations(codes, 2)
        if (ground := case.order.before(one, other))
    ]
    pairs = [
        case.quote((one.code, other.code), ground, "obligation")
        for one, other, ground in grounds[:_MOST_RULES]
    ]
    decided = any(one is codes[0] for one, _, _ in grounds)
    key = "together.order" if decided else "together.order_either"
    return case.answer("order", names, key, *pairs, first=names[0], codes=", ".join(names))


def place(case: Case) -> Decided:
    """Whether a code may stand where it is put."""
    if case.asked.as_given and len(case.codes) > 1:
        return _as_given(case)
    at = case.asked.about[0] if case.asked.about else 0
    code = case.codes[min(at, len(case.codes) - 1)]
    others = [other for other in case.codes if other is not code]
    if case.asked.later:
        return _later(case, code, others)
    names = [one.code for one in case.ordered()]
    if ground := case.order.never_first(code):
        rest = [name for name in names if name != code.code]
        quoted = case.quote([code.code], ground, "conflict")
        return case.answer("no", [*rest, code.code], "together.not_first", quoted, code=code.code)
    if others and (found := case.presumed()):
        return case.no(found)
    for first in others:
        if case.order.before(first, code):
            return _other_first(case, first, code, code)
    names = [code.code, *(name for name in names if name != code.code)]
    pairs = [
        case.quote((code.code, other.code), ground, "obligation")
        for other in others
        if (ground := case.order.before(code, other))
    ]
    if is_first_only(code.code) and not pairs:
        pairs = [_first_only(case, code)]
    return case.answer("yes", names, "together.may_be_first", *pairs, code=code.code)


def _as_given(case: Case) -> Decided:
    """Whether the codes stand in the right order as they are named."""
    if found := case.presumed():
        return case.no(found)
    decided = order(case)
    names = decided.headline.codes
    right = names == case.names
    key = "together.order_right" if right else "together.order_wrong"
    kind: HeadlineKind = "yes" if right else "no"
    return case.answer(kind, names, key, *decided.pairs, codes=", ".join(names))


def _later(case: Case, code: Code, others: Sequence[Code]) -> Decided:
    """Whether a code may be an additional one."""
    names = [one.code for one in case.ordered()]
    if is_first_only(code.code):
        codes = [code.code, *(other.code for other in others)]
        quoted = _first_only(case, code)
        return case.answer("no", codes, "together.only_first", quoted, code=code.code)
    if others and (found := case.presumed()):
        return case.no(found)
    if others and names[0] == code.code and case.order.before(code, others[0]):
        return _other_first(case, code, others[0], others[0])
    return case.answer("yes", names, "together.may_be_later", code=code.code)


def _other_first(case: Case, first: Code, second: Code, asked: Code) -> Decided:
    """That not the code that was put first stands first."""
    names = [one.code for one in case.ordered()]
    ground = case.order.before(first, second)
    pairs = [case.quote((first.code, second.code), ground, "conflict")] if ground else []
    told = ", ".join(names)
    return case.answer("no", names, "together.other_first", *pairs, code=asked.code, codes=told)


def _first_only(case: Case, code: Code) -> Pair:
    why = reason("together.first_only", code=code.code)
    return case.quote([code.code], Ground("guideline", _FIRST_ONLY, why), "obligation")
