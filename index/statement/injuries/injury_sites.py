"""Which type of injury is told of which site, and on which side.

A type has the sites after it, else those before it, else those of the next or the former part of
the statement. Parts that begin with a site go on: "abrasions to face, both knees and R elbow".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from index.statement.injuries.injury_segments import (
    Placed,
    bare_after,
    bare_before,
    elsewhere,
    near_side,
    segments_of,
)
from index.statement.injuries.injury_words import Item
from index.statement.model import Span, Statement

#: Types that go on from an injury that names its site: "neck strain and low back".
_GENERAL = frozenset("strain sprain fracture contusion dislocation".split())
_LOC = re.compile(
    r"\b(?:loc|loss of consciousness|lost consciousness|unconscious|knocked out|out|unresponsive)"
    r"(?: (?:of|for|x|about|approx|lasting|time))*\s?(?:~|<|>|x|about |approx )?\s?"
    r"(?P<number>\d+(?:\.\d)?)\s?(?P<unit>min\w*|h(?:rs?|ours?)?\b|days?\b)"
)
#: Sites that only say where a bone is.
_REGIONS = frozenset("foot hand wrist ankle leg arm arms hip knee shoulder elbow".split())
#: Details that belong to every injury of a statement, wherever they stand.
_OF_ALL = frozenset(
    "withbody withnail withcavity locnone locbrief locunsaid locunknown physeal".split()
)
#: Parts, and what they are part of: "toes of the L foot" has one site.
_PART_OF = {"finger": ("hand", "finger"), "thumb": ("hand", "finger"), "toe": ("foot", "toe"),
            "palm": ("hand",), "metacarpal": ("hand",), "metatarsal": ("foot",)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Injury:
    """A type of injury at a site: the words of its titles, and where they stand."""

    type_: Item
    site: Item | None
    side: str
    more: frozenset[str]
    spans: tuple[Span, ...]


def injuries_of(items: list[Item], statement: Statement) -> Iterator[Injury]:
    """The injuries that the items of a statement tell, each with its site, side and details."""
    segments = segments_of(items)
    whole = _Whole.of(items, statement)
    for n, segment in enumerate(segments):
        types = [at for at, item in enumerate(segment) if item.kind in ("type", "named")]
        for k, at in enumerate(types):
            start = types[k - 1] + 1 if k else 0
            end = types[k + 1] if k + 1 < len(types) else len(segment)
            if segment[at].kind == "named":
                yield from _named(segments, n, at, (start, end), whole)
            else:
                yield from _placed(segments, n, at, (start, end), whole)


@dataclass(frozen=True, slots=True)
class _Whole:
    """What is true of a whole statement: its sites, its only side, the details that belong to every
    injury of it, and their words."""

    sites: tuple[Item, ...]
    side: str
    more: frozenset[str]
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, items: list[Item], statement: Statement) -> _Whole:
        sides = {item.side for item in items if item.side}
        more = _more(items) & _OF_ALL
        degrees = {w for i in items if i.kind == "more" for w in i.titles if "degree" in w}
        if len(degrees) == 1:
            more |= next(iter(degrees))
        more |= _loc(statement.folded)
        if any(word.startswith("loc") and word != "locunsaid" for word in more):
            more -= {"locunsaid"}
            more -= {"locnone"} if "locbrief" in more else frozenset()
        return cls(
            tuple(item for item in items if item.kind == "site"),
            next(iter(sides)) if len(sides) == 1 else "",
            more,
            tuple(i.span for i in items if i.kind == "more" and _more([i]) & more),
        )

    def only_site(self) -> Item | None:
        return self.sites[0] if len({site.titles for site in self.sites}) == 1 else None


def _named(
    segments: list[list[Item]], n: int, at: int, around: tuple[int, int], whole: _Whole
) -> Iterator[Injury]:
    """An injury that names its site, and the same of the sites that follow: "neck strain and low
    back". A nail has the site of its finger."""
    segment, item = segments[n], segments[n][at]
    near = segment[slice(*around)]
    more = _more(near) | whole.more
    side = item.side or near_side(segment, at) or whole.side
    spans = [item.span, *(i.span for i in near if i.kind in ("more", "side")), *whole.spans]
    if not any(i.kind == "site" for i in segment):  # "tongue bite lac"
        spans += [i.span for i in segment if i.kind == "type"]
    site = None
    if "withnail" in item.titles[0]:
        site = next((i for i in near if i.kind == "site"), None) or whole.only_site()
        if site is None:
            return
        if site in segment:
            side = near_side(segment, segment.index(site)) or side
        spans.append(site.span)
    else:
        spans += [i.span for i in near if i.kind == "site"]
    yield Injury(item, site, side, more, tuple(spans))
    general = item.titles[0] & _GENERAL
    others = bare_after(segments, n + 1) if around[1] == len(segment) else []
    others += bare_before(segments, n - 1) if at == 0 else []
    same = replace(item, titles=(general,), kind="type")
    for where, other in others if general else []:
        own = other.side or near_side(where, where.index(other)) or side
        yield Injury(same, other, own, more, (*spans, other.span))


def _placed(
    segments: list[list[Item]], n: int, at: int, around: tuple[int, int], whole: _Whole
) -> Iterator[Injury]:
    """An injury at each of its sites."""
    segment, item = segments[n], segments[n][at]
    start, end = around
    more = _more(segment[start:end]) | whole.more
    spans = [item.span, *whole.spans]
    spans += [i.span for i in segment[start:end] if i.kind in ("more", "side")]
    places: list[Placed] = [(segment, i) for i in segment[at + 1 : end] if i.kind == "site"]
    before: list[Placed] = [(segment, i) for i in segment[start:at] if i.kind == "site"]
    if places and before and "fracture" in item.titles[0] and places[0][1].key in _REGIONS:
        places = before  # "navicular fx R foot"
    if places:
        places += bare_after(segments, n + 1) if end == len(segment) else []
    elif before:
        places = before + (bare_before(segments, n - 1) if not start else [])
        places.sort(key=lambda place: place[1].span)
    elif end == len(segment):
        places, ahead = elsewhere(segments, n)
        places += bare_after(segments, ahead) if ahead > n + 1 else []
        if not places and (site := whole.only_site()):
            places = [(segment, site)]
    spans += [site.span for _, site in places]
    last = ""
    for where, site in _specific(places):
        near = near_side(where, where.index(site)) if site in where else ""
        side = site.side or near or item.side or last
        last = side = side or (whole.side if len(places) == 1 or site.key[0].isdigit() else "")
        own = _more(where) if where is not segment else frozenset()
        beside = (i.span for i in where if i.kind in ("side", "more"))
        yield Injury(item, site, side, more | own, (*spans, *beside))


def _specific(places: list[Placed]) -> list[Placed]:
    """The sites without those that another says better."""
    kept = []
    for where, site in places:
        own = site.titles[0]
        inner = [i.titles[0] for w, i in places if w is where and i is not site]
        whole = [
            word
            for words in inner
            for part, wholes in _PART_OF.items()
            if part in words
            for word in wholes
        ]
        if len(own) == 1 and own & set(whole) and not any(own == words for words in inner):
            continue
        if any(own < words for words in inner):
            continue
        kept.append((where, site))
    return kept


def _loc(text: str) -> frozenset[str]:
    """The word of titles for how long consciousness was lost, where minutes or hours are said."""
    if (found := _LOC.search(text)) is None:
        return frozenset()
    minutes = float(found["number"]) * (60 if found["unit"].startswith("h") else 1)
    if found["unit"].startswith("d"):
        minutes = float(found["number"]) * 1440 + 1
    for most, word in ((30, "locbrief"), (59, "loc31min"), (359, "loc1hour"), (1440, "loc6hours")):
        if minutes <= most:
            return frozenset((word,))
    return frozenset(("loc24hours",))


def _more(segment: list[Item]) -> frozenset[str]:
    return frozenset().union(*(t for i in segment if i.kind == "more" for t in i.titles))
