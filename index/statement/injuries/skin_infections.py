"""Cellulitis, abscesses and boils of a site (L02, L03), by the official titles.

The titles have limbs where clinics say hand or shin. Which is which is in
prompts/statements/skin_infections.tsv; the words of sites and sides are those of injuries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from index.statement.books import Books
from index.statement.injuries.injury_words import Item, sites_of
from index.statement.model import Ground, Proposal, Span, Statement
from index.text.resources import Row, parse_table, read_text

#: How far a site may stand from the infection, in characters.
_NEAR = 14
_BETWEEN = re.compile(r"[,;.()]|\b(?:from|after|due to|d/t|s/p|denies|no|with|w/)\b")


@cache
def _rows(kind: str) -> tuple[Row, ...]:
    name = "skin_infections.tsv"
    table = parse_table(f"prompts/statements/{name}", read_text("statements", name), lambda row: ())
    return tuple(row for row in table if row["kind"] == kind)


def _any(cell: str) -> re.Pattern[str]:
    words = "|".join(re.escape(each).replace("_", "[ -]") for each in cell.split("|"))
    return re.compile(rf"(?<![\w'-])(?:{words})(?![\w'-])")


@cache
def _types() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((row["titles"], _any(row["words"])) for row in _rows("type"))


@cache
def _not() -> re.Pattern[str]:
    return _any("|".join(row["words"] for row in _rows("not")))


def _site(item: Item, kind: str) -> str:
    """The site of the titles of L02 or L03 for a site of injuries; "" for none."""
    words = frozenset().union(*item.titles[:1], item.key.split())
    for row in _rows("site"):
        if words & set(row["words"].split("|")):
            of_skin, _, of_abscess = row["titles"].partition("/")
            is_cellulitis = kind in ("cellulitis", "acute lymphangitis")
            return of_skin if is_cellulitis or not of_abscess else of_abscess
    return ""


@lru_cache(maxsize=4)
def _titles(books: Books) -> dict[tuple[str, ...], str]:
    """The codes of L02 and L03 by type, side and site."""
    found: dict[tuple[str, ...], str] = {}
    for category in ("L02", "L03"):
        for code in books.below(category):
            title = re.sub(r"\s*\[.*\]", "", code.title.lower())
            match = re.fullmatch(
                r"(cutaneous abscess|furuncle|carbuncle|cellulitis|acute lymphangitis)(?: of)?"
                r"(?: (right|left|unspecified))? (.+)",
                title,
            )
            if match:
                side = "" if match[2] in (None, "unspecified") else match[2]
                found[(match[1], side, match[3])] = code.code
    return found


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The infections of the skin of a statement whose site is said beside them."""
    text = statement.folded
    if not any(pattern.search(text) for _, pattern in _types()) or _not().search(text):
        return []
    items = sites_of(statement)
    found: dict[str, Proposal] = {}
    for kind, pattern in _types():
        for match in pattern.finditer(text):
            span = Span(*match.span())
            if statement.status_of(span) != "affirmed":
                continue
            for code, spans in _codes(kind, span, items, text, books):
                ground = Ground("tabular", "report_injuries.infection")
                found[code] = Proposal(
                    code, spans, "additional", "condition", (ground,), excludes=("L03.90", "L02.91")
                )
    return list(found.values())


def _codes(
    kind: str, span: Span, items: list[Item], text: str, books: Books
) -> Iterator[tuple[str, tuple[Span, ...]]]:
    place = _nearest([i for i in items if i.kind == "site"], span, text)
    is_near = place is not None
    if place is None:
        places = [i for i in items if i.kind == "site"]
        place = places[0] if len({i.titles for i in places}) == 1 else None
    if place is None or not (site := _site(place, kind)):
        return
    start, end = min(span.start, place.span.start), max(span.end, place.span.end)
    sides = [i for i in items if i.kind == "side" and start - 10 <= i.span.start <= end + 4]
    sides = sides or [i for i in items if i.kind == "side" and _is_beside(i, place)]
    side = place.side or (sides[0].side if sides else "")
    # What is farther away may need its site for a code of its own: "L foot ulcer, cellulitis".
    spans = (span, place.span, *(i.span for i in sides)) if is_near else (span,)
    for one in ("right", "left") if side == "bilateral" else (side,):
        for said in (one, ""):
            if code := _titles(books.undated).get((kind, said, site)):
                yield code, spans
                break


def _is_beside(side: Item, place: Item) -> bool:
    return 0 <= place.span.start - side.span.end <= 2 or 0 <= side.span.start - place.span.end <= 2


def _nearest(places: list[Item], span: Span, text: str) -> Item | None:
    """The site after the infection, or else the one before it, in the same clause."""
    for place in places:
        between = text[span.end : place.span.start]
        if 0 <= place.span.start - span.end <= _NEAR and not _BETWEEN.search(between):
            return place
    for place in reversed(places):
        between = text[place.span.end : span.start]
        if 0 <= span.start - place.span.end <= _NEAR and not _BETWEEN.search(between):
            return place
    return None
