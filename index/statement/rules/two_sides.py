"""The code of both sides, where a report has one code for each (Official Guidelines I.B.13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from codesets.model import Code
from index.statement.books import Books


def both_sides(codes: Sequence[str], books: Books) -> Iterator[tuple[str, str, Code]]:
    """Pairs of codes that say the same of the right and of the left, each with the code that says
    both. Nothing for diseases that have no code of both sides."""
    for one, other in combinations(codes, 2):
        if len(one) != len(other) or one[:3] != other[:3]:
            continue
        differ = [at for at, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
        if len(differ) != 1 or {one[differ[0]], other[differ[0]]} != {"1", "2"}:
            continue
        at = differ[0]
        both = books.code(f"{one[:at]}3{one[at + 1 :]}")
        titles = [books.code(one), books.code(other)]
        if both is None or "bilateral" not in both.title.lower():
            continue
        if all(code and _has_side(code.title) for code in titles):
            yield one, other, both


def _has_side(title: str) -> bool:
    return "right" in title.lower() or "left" in title.lower()
