"""Prematurity and the size of a newborn, by weight and weeks at birth (Guidelines I.C.16.d)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.statement.books import Books
from index.statement.model import Ground, Proposal, Span, Statement
from index.statement.obstetrics.phrases import says, spans_of, words_of

_WEIGHT = re.compile(
    r"(?:(?:bw|wt|weight|birth ?weight|birthweight)\s?(?:of|:|=|is)?\s?)?(?<![\d.])"
    r"(?P<number>\d{3,4}|\d(?:\.\d{1,3})?)\s?(?P<unit>grams?|gms?|g|kg|kgs|kilos?)(?!\w)"
)
_WEEKS = re.compile(
    r"(?<![\d./])(?P<weeks>2[0-9]|3[0-9]|4[0-4])(?:\s?(?:[+]\s?\d(?:/7)?|\s\d/7|w\s?\d\s?d?))?\s?-?"
    r"(?:(?:completed\s)?weeks?|wks?|wk|w|weeker|wga)?(?:\s?(?:ga|gest\w*|ega))?(?!\w|\s?(?:old|yo|hrs?|hours?|days?"
    r"|d\b|g\b|mg|%|pm|am))"
)
_HAS_UNIT = re.compile(r"w|\+|/7")


def _proposal(code: str, span: Span, key: str, sure: float = 0.9) -> Proposal:
    ground = Ground("guideline", key, section="I.C.16.d")
    return Proposal(code, (span,), "additional", "condition", (ground,), sure=sure)


def born_small(statement: Statement, books: Books) -> Iterator[Proposal]:
    """Prematurity and size: the weight first, then the weeks (I.C.16.d)."""
    folded = statement.folded
    grams, weight_span = _grams(folded)
    weeks, weeks_span = _weeks(folded)
    small = next(spans_of(words_of("newborn", "reading", "small"), statement), None)
    light = next(spans_of(words_of("newborn", "reading", "light"), statement), None)
    said = next(spans_of(words_of("newborn", "reading", "premature"), statement), None)
    low = says(words_of("newborn", "reading", "low_weight"), statement)
    if size := small or light:
        stem = "P05.1" if small else "P05.0"
        if code := _by_grams(books, stem, grams):
            yield _proposal(code, size, "report.weight_at_birth")
    elif (low or (weeks or 40) < 37) and (grams is not None or "bw" in folded):
        stem = "P07.1" if grams is None or grams >= 1000 else "P07.0"
        if (grams is None or grams < 2500) and (code := _by_grams(books, stem, grams)):
            yield _proposal(code, weight_span or said or Span(0, 1), "report.weight_at_birth")
    if weeks is not None and weeks < 37 and weeks_span is not None:
        stem = "P07.2" if weeks < 28 else "P07.3"
        if code := _by_weeks(books, stem, weeks):
            yield _proposal(code, weeks_span, "report.weeks_at_birth", sure=0.9 if said else 0.7)
        return
    not_measured = weeks is None and grams is None and "bw" not in folded
    if said is not None and not_measured and not size and (unknown := books.code("P07.30")):
        yield _proposal(unknown.code, said, "report.weeks_at_birth", sure=0.8)


def _grams(folded: str) -> tuple[int | None, Span | None]:
    for match in _WEIGHT.finditer(folded):
        number = float(match["number"])
        grams = round(number * 1000) if match["unit"].startswith("k") else round(number)
        if 300 <= grams <= 6000:
            return grams, Span(*match.span())
    return None, None


def _weeks(folded: str) -> tuple[int | None, Span | None]:
    for match in _WEEKS.finditer(folded):
        if _HAS_UNIT.search(match[0]) or re.search(
            r"\b(?:born at|ga|ega|gest\w*)\s*$", folded[: match.start()]
        ):
            return int(match["weeks"]), Span(*match.span())
    return None, None


_GRAMS = re.compile(r"(?P<low>\d{3,4})-(?P<high>\d{3,4}) grams")


def _by_grams(books: Books, stem: str, grams: int | None) -> str | None:
    """The code of a weight by the titles; that of no stated weight where none is."""
    codes = books.below(stem)
    other = None
    for code in codes:
        if grams is None and "unspecified weight" in code.title:
            return code.code
        if grams is None:
            continue
        if (match := _GRAMS.search(code.title)) and (
            int(match["low"]) <= grams <= int(match["high"])
        ):
            return code.code
        if "less than 500" in code.title and grams < 500:
            return code.code
        if re.search(r"2500 grams and over|age, other$", code.title):
            other = code.code
    return other if grams is not None and grams >= 2500 else None


def _by_weeks(books: Books, stem: str, weeks: int) -> str | None:
    ending = "less than 23 completed weeks" if weeks < 23 else f"age {weeks} completed weeks"
    return next((code.code for code in books.below(stem) if ending in code.title), None)
