"""What a delivery, the care after it and a routine visit of a pregnancy call for, apart from
conditions: weeks of gestation, normal delivery, outcome, supervision (Guidelines I.C.15,
I.C.21.c.11)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.statement.books import Books
from index.statement.model import Ground, Kind, Proposal, Role, Span, Statement
from index.statement.obstetrics.obstetric_codes import complete
from index.statement.obstetrics.phrases import is_ruled_out, says, spans_of, words_of
from index.statement.obstetrics.pregnancy import Pregnancy

_FULL_TERM = 37
#: From this age on a pregnancy is one of an elderly woman (note of O09.5).
_ELDERLY = 35
_AGE = re.compile(r"\b(?P<age>[1-5]\d)[\s-]?(?:y/?o|yr|year)s?\b")


def _proposal(
    code: str,
    span: Span,
    ground: Ground,
    *,
    role: Role = "first-listed",
    kind: Kind = "encounter",
    settles: bool = True,
    sure: float = 0.9,
    excludes: tuple[str, ...] = (),
) -> Proposal:
    return Proposal(
        code, (span,), role, kind, (ground,), settles=settles, sure=sure, excludes=excludes
    )


def incidental(pregnancy: Pregnancy, books: Books) -> list[Proposal]:
    """Z33.1, which is only for a pregnancy that the provider calls incidental (I.C.15.a.1)."""
    code, span = books.code("Z33.1"), pregnancy.incidental
    if code is None or span is None:
        return []
    ground = Ground("guideline", "report.incidental_pregnancy", section="I.C.15.a.1")
    spans = tuple(sorted({span, *pregnancy.spans}))
    return [Proposal(code.code, spans, "additional", "status", (ground,), excludes=("O", "Z3A"))]


def weeks(pregnancy: Pregnancy, books: Books) -> Iterator[Proposal]:
    """Weeks of gestation, not after an abortive outcome nor after delivery (I.C.21.c.11)."""
    weeks, span = pregnancy.weeks, pregnancy.weeks_span
    if weeks is None or span is None or pregnancy.period not in ("pregnancy", "delivery"):
        return
    number = "01" if weeks < 8 else "49" if weeks > 42 else f"{weeks:02d}"
    if code := books.code(f"Z3A.{number}"):
        ground = Ground("use additional code", "report.weeks_of_gestation", section="I.C.21.c.11")
        yield _proposal(code.code, span, ground, role="additional", kind="status")


def delivery(
    statement: Statement, pregnancy: Pregnancy, books: Books, complicated: bool, more: bool
) -> Iterator[Proposal]:
    """O80 and O82, which stand alone, and the outcome of delivery, which every delivery has."""
    span = pregnancy.spans[0] if pregnancy.spans else Span(0, len(statement.text))
    outcome = _outcome(statement, pregnancy)
    if not complicated:
        cesarean = says(words_of("obstetrics", "outcome", "cesarean"), statement)
        vaginal = says(words_of("obstetrics", "outcome", "vaginal"), statement)
        assisted = words_of("obstetrics", "outcome", "assisted").search(statement.folded)
        at_term = pregnancy.weeks is None or pregnancy.weeks >= _FULL_TERM
        sure = 0.5 if more else 0.9
        if cesarean:
            asked = words_of("obstetrics", "outcome", "no_indication").search(statement.folded)
            ground = Ground("guideline", "report.cesarean_without_indication", section="I.C.15.b.4")
            if code := books.code("O82"):
                yield _proposal(code.code, span, ground, sure=sure if asked else 0.5)
        elif vaginal and at_term and outcome == "Z37.0" and not assisted:
            ground = Ground("guideline", "report.normal_delivery", section="I.C.15.n")
            if code := books.code("O80"):
                yield _proposal(code.code, span, ground, sure=sure)
    if code := books.code(outcome):
        ground = Ground("guideline", "report.outcome_of_delivery", section="I.C.15.b.5")
        told = any(
            words_of("obstetrics", "outcome", key).search(statement.folded)
            for key in ("live", "stillborn")
        )
        yield _proposal(
            code.code, span, ground, role="additional", kind="status", sure=0.9 if told else 0.75
        )


def _outcome(statement: Statement, pregnancy: Pregnancy) -> str:
    """The code of the outcome. Who is not said to be stillborn was born alive."""
    still = says(words_of("obstetrics", "outcome", "stillborn"), statement)
    mixed = words_of("obstetrics", "outcome", "one_of_each").search(statement.folded)
    if pregnancy.fetuses == 1:
        return "Z37.1" if still else "Z37.0"
    if pregnancy.fetuses == 2:
        return "Z37.3" if mixed else "Z37.4" if still else "Z37.2"
    if still and not mixed:
        return "Z37.7"
    return f"Z37.{6 if mixed else 5}{pregnancy.fetuses - 2}"


def after(
    statement: Statement, pregnancy: Pregnancy, books: Books, complicated: bool, more: bool
) -> Iterator[Proposal]:
    """Care of a mother after delivery, when nothing is wrong (I.C.15.o.4, I.C.21.c.11)."""
    if complicated:
        return
    for key, stem in (("immediate", "Z39.0"), ("routine", "Z39.2"), ("lactating", "Z39.1")):
        span = next(
            spans_of(
                words_of("obstetrics", "after", key), statement, "affirmed", "past", "chatter"
            ),
            None,
        )
        if span and (code := books.code(stem)):
            ground = Ground("guideline", "report.postpartum_care", section="I.C.21.c.11")
            yield _proposal(code.code, span, ground, sure=0.6 if more else 0.9)
            return


def supervision(
    statement: Statement, pregnancy: Pregnancy, books: Books, more: bool
) -> Iterator[Proposal]:
    """Supervision of a normal pregnancy: the first, another, or one of unknown number. Not with a
    code of chapter 15 (I.C.15.b.1)."""
    routine = next(
        spans_of(
            words_of("obstetrics", "reading", "routine"), statement, "affirmed", "past", "chatter"
        ),
        None,
    )
    told = all(
        fact.status in ("affirmed", "chatter") and not is_ruled_out(statement, fact.span)
        for fact in statement.facts
    )
    if routine is None and (more or not told or pregnancy.weeks is None or not pregnancy.spans):
        return
    first = pregnancy.gravida
    stem = "Z34.9" if first is None else "Z34.0" if first == 1 else "Z34.8"
    age = _AGE.search(statement.folded)
    if age and int(age["age"]) >= _ELDERLY and first is not None:
        stem = "O09.51" if first == 1 else "O09.52"
    if code := complete(books, stem, pregnancy):
        ground = Ground("guideline", "report.supervision_of_pregnancy", section="I.C.15.b.1")
        span = routine or pregnancy.spans[0]
        sure = 0.5 if more else 0.9 if routine else 0.6
        yield _proposal(code.code, span, ground, sure=sure)
