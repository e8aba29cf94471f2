"""Checks the order of the diagnoses of a claim, and what its lines point to.

Official Guidelines for Coding and Reporting: conventions (I.A.13), chapter 15 (I.C.15.a.1),
external causes (I.C.20.a.6), Z codes (I.C.21.c), sequelae (I.B.10); NUCC, 1500 Claim Form Reference
Instruction Manual, items 21 (twelve diagnoses) and 24E (four pointers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bot.desk.answer import Pair, Severity
from bot.desk.claims.case import Case, found
from bot.desk.reasons import reason
from bot.desk.together_model import Ground
from bot.desk.together_order import Order, is_first_only
from codesets.store.code_store import CodeStore
from index.statement.books import Books

_MOST_DIAGNOSES, _MOST_POINTERS = 12, 4
#: Quotes a rule: `Together.quoted`.
Quoted = Callable[[Sequence[str], Ground, Severity], Pair]


def order_checks(store: CodeStore, case: Case, quoted: Quoted) -> Iterator[Pair]:
    if case.diagnoses and "icd10cm" in store.systems:
        books = Books(store, case.diagnoses[0].release, case.day)
        order = Order(books, [one.code for one in case.diagnoses], "")
        yield from _first(case, order, quoted)
        yield from _pregnancy(case, order, quoted)
        yield from _first_only(case, quoted)
    yield from _pointers(case)


def _first(case: Case, order: Order, quoted: Quoted) -> Iterator[Pair]:
    first = case.diagnoses[0]
    if first.place != 1:
        return  # the first of the claim is not known
    if (ground := order.never_first(first.code)) and ground.rule != "manifestation":
        # What is told of manifestations is told with the other notes.
        severity: Severity = "caution" if first.code.code[0] == "Z" else "conflict"
        yield _as_sequence(quoted([first.code.code], ground, severity))


def _pregnancy(case: Case, order: Order, quoted: Quoted) -> Iterator[Pair]:
    """Codes of pregnancy go before those of other chapters (I.C.15.a.1)."""
    first, *others = case.diagnoses
    of_pregnancy = next((one for one in others if one.code.code[0] == "O"), None)
    if of_pregnancy is None or first.code.code[0] == "O" or first.place != 1:
        return
    why = reason("pairs.order", first=of_pregnancy.code.code, second=first.code.code)
    ground = Ground("guideline", "I.C.15.a.1", why)
    codes = [of_pregnancy.code.code, first.code.code]
    yield _as_sequence(quoted(codes, ground, "obligation"))


def _first_only(case: Case, quoted: Quoted) -> Iterator[Pair]:
    for one in case.diagnoses[1:]:
        if is_first_only(one.code.code) and not is_first_only(case.diagnoses[0].code.code):
            why = reason("together.first_only", code=one.code.code)
            ground = Ground("guideline", "I.C.21.c.16", why)
            yield _as_sequence(quoted([one.code.code], ground, "caution"))


def _as_sequence(pair: Pair) -> Pair:
    from dataclasses import replace

    return replace(pair, rule="sequence")


def _pointers(case: Case) -> Iterator[Pair]:
    claim = case.claim
    reported = [d for d in claim.diagnoses if d.role in ("principal", "other", "external cause")]
    if claim.kind == "professional" and len(reported) > _MOST_DIAGNOSES:
        why = reason("claims.too_many_diagnoses", count=len(reported), most=_MOST_DIAGNOSES)
        yield found([reported[_MOST_DIAGNOSES].code], "pointer", "conflict", why)
    if case.lines and not reported:
        why = reason("claims.no_diagnosis")
        yield found([case.lines[0].service.code], "no_diagnosis", "conflict", why)
    for line in case.lines:
        pointers = line.service.pointers
        missing = [p for p in pointers if p > len(reported)] if reported else []
        if missing:
            why = reason(
                "claims.points_nowhere", line=line.number, code=line.name, place=missing[0],
                count=len(reported),
            )  # fmt: skip
            yield found([line.service.code], "pointer", "conflict", why)
        elif len(pointers) > _MOST_POINTERS:
            why = reason("claims.too_many_pointers", line=line.number, code=line.name)
            yield found([line.service.code], "pointer", "conflict", why)
