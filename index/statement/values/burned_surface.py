"""How much of the body is burned or corroded, and how much of it to the third degree: T31 and T32
(Guidelines I.C.19.d.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.statement.books import Books
from index.statement.model import Ground, Proposal, Span, Statement
from index.statement.obstetrics.phrases import says, words_of

_SHARE = r"(?<![\d.])(?P<share>\d{1,2}|100)(?:\.\d)?\s?(?:%|percent\b|pct\b)"
_BODY = r"(?:t?bsa|total body|body surface(?: area)?|body)"
_TOTAL = re.compile(
    rf"{_SHARE}\s?(?:of\s)?(?:the\s)?{_BODY}|\b{_BODY}\s?(?:of|=|:|is|was|burned)?\s?"
    r"(?P<after>\d{1,2}|100)(?:\.\d)?\s?(?:%|percent\b|pct\b)?(?!\w)"
)
_THIRD = r"(?:3rd|third|3)\s?-?(?:deg\w*|°)|full[ -]thickness|\bft\b"
_OTHER = r"(?:1st|first|2nd|second|[12])\s?-?(?:deg\w*|°)|partial[ -]thickness|superficial"
_BY_DEGREE = re.compile(
    rf"{_SHARE}\s?(?:t?bsa\s)?(?:of it\s|is\s|was\s|are\s|of\s)?"
    rf"(?:(?P<third>{_THIRD}|(?:third|3rd)\b)|(?P<other>{_OTHER}))"
    rf"|(?:(?P<third2>{_THIRD})|(?P<other2>{_OTHER}))(?:\sburns?)?\s?(?:=|:|to|of|over|on|is)?\s?"
    r"(?P<share2>\d{1,2}|100)\s?(?:%|percent\b)"
)


def find_burns(statement: Statement, books: Books) -> Iterator[Proposal]:
    """T31 or T32 by the share of the body. Where only the shares of the degrees are said, they add
    up; where none of the third degree is said, there is none."""
    burned = says(words_of("measures", "partners", "burn"), statement)
    corroded = says(words_of("measures", "partners", "corrosion"), statement)
    if not burned and not corroded:
        return
    folded = statement.folded
    totals = list(_TOTAL.finditer(folded))
    degrees = list(_BY_DEGREE.finditer(folded))
    if not totals and not degrees:
        return
    third = sum(_number(match) for match in degrees if match["third"] or match["third2"])
    by_degree = sum(_number(match) for match in degrees)
    total = max((int(match["share"] or match["after"]) for match in totals), default=0)
    if not totals and not any("%" in match[0] for match in degrees):
        return
    total = max(total, by_degree) if len(degrees) > 1 or not totals else max(total, third)
    whole = re.search(rf"(?:all|entire\w*)\s(?:{_THIRD})", folded)
    if not third and totals and (whole or _only_third(folded)):
        third = total
    if not 0 < total <= 100:
        return
    stem = "0" if total < 10 else f"{min(total // 10, 9)}{min(third // 10, 9)}"
    category = "T32" if corroded else "T31"
    if code := books.code(f"{category}.{stem}"):
        first = (totals or degrees)[0]
        ground = Ground("guideline", "report.burned_share", section="I.C.19.d.6")
        spans = tuple(Span(*match.span()) for match in totals) or (Span(*first.span()),)
        yield Proposal(code.code, spans, "additional", "condition", (ground,))


def _number(match: re.Match[str]) -> int:
    return int(match["share"] or match["share2"])


def _only_third(folded: str) -> bool:
    """Whether the third degree is the only one that is said."""
    return bool(re.search(_THIRD, folded)) and not re.search(_OTHER, folded)
