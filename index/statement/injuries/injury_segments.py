"""The parts of a statement between separators, and the sites and sides in them."""

from __future__ import annotations

from dataclasses import replace

from index.statement.injuries.injury_words import Item

#: What a bone and a site may both be: "5th metacarpal neck".
_BONES = frozenset(
    """metacarpal metatarsal humerus femur radius ulna talus scapula fibula tibia clavicle rib
    phalanx mandible finger thumb toe""".split()
)
#: A site, with the segment that it stands in.
Placed = tuple[list[Item], Item]


def parts_of_bones(items: list[Item]) -> list[Item]:
    """The items, with the neck or head of a bone as more of that bone, and no site of its own."""
    found = []
    for n, item in enumerate(items):
        near = [i for i in items[max(0, n - 2) : n + 3] if i.kind == "site" and i is not item]
        of_bone = any(words & _BONES for i in near for words in i.titles[:1])
        if item.kind == "site" and item.key in ("neck", "head") and of_bone:
            words = frozenset(("neck", "surgical") if item.key == "neck" else ("head",))
            item = replace(item, kind="more", titles=(words,))
        found.append(item)
    return found


def segments_of(items: list[Item]) -> list[list[Item]]:
    """The items between separators."""
    segments: list[list[Item]] = [[]]
    for item in items:
        if item.kind in ("stop", "and", "break"):
            segments.append([])
            if item.kind != "and":
                segments[-1].append(item)
        else:
            segments[-1].append(item)
    return segments


def _is_bare(segment: list[Item]) -> bool:
    """Whether a segment begins with a site, or has nothing else, and tells no injury or symptom."""
    kinds = {item.kind for item in segment}
    if "site" not in kinds or kinds & {"type", "named", "no", "stop", "break"}:
        return False
    last = max(n for n, item in enumerate(segment) if item.kind == "site")
    return {item.kind for item in segment[: last + 1]} <= {"site", "side", "more"} and not any(
        item.kind == "about" for item in segment[last + 1 : last + 2]
    )


def bare_after(segments: list[list[Item]], at: int) -> list[Placed]:
    """The sites of the segments from one on, as long as they tell nothing else."""
    found: list[Placed] = []
    while at < len(segments) and _is_bare(segments[at]):
        found += [(segments[at], i) for i in segments[at] if i.kind == "site"]
        at += 1
    return found


def bare_before(segments: list[list[Item]], at: int) -> list[Placed]:
    """The sites at the end of the segments from one backwards, which go with what follows: "R index
    + middle finger amputation"."""
    found: list[Placed] = []
    while at >= 0 and segments[at] and segments[at][-1].kind in ("site", "side"):
        segment = segments[at]
        if {item.kind for item in segment} & {"type", "named", "no", "about"}:
            break
        last = next((i for i in reversed(segment) if i.kind == "site"), None)
        if last is None or segment[-2:].count(last) == 0:
            break
        # A comma ends what is told of a site, unless the segment has nothing else.
        after = segments[at + 1][0].span.start if segments[at + 1] else 0
        is_bare = {item.kind for item in segment} <= {"site", "side", "more"}
        if not is_bare and after - segment[-1].span.end == len(", "):
            break
        found.append((segment, last))
        if segment[0].kind in ("stop", "break"):
            break
        at -= 1
    return found


def elsewhere(segments: list[list[Item]], n: int) -> tuple[list[Placed], int]:
    """The sites of the next segment that has some, or of the one before."""
    for at in range(n + 1, min(n + 4, len(segments))):
        segment = segments[at]
        if any(i.kind in ("no", "stop") for i in segment) and at > n + 1:
            break
        sites = [(segment, i) for i in segment if i.kind == "site"]
        if sites:
            return sites, at + 1
    for at in range(n - 1, max(n - 3, -1), -1):
        sites = [(segments[at], i) for i in segments[at] if i.kind == "site"]
        is_next = at == n - 1 and not any(i.kind in ("stop", "break") for i in segments[n])
        if sites and (is_next or not any(i.kind in ("type", "named") for i in segments[at])):
            return sites, n + 1
    return [], n + 1


def near_side(segment: list[Item], at: int) -> str:
    """The side before an item, or else after it."""
    for n in range(at - 1, -1, -1):
        if segment[n].kind == "side":
            return segment[n].side
        if segment[n].kind not in ("more", "type", "other") or at - n > 3:
            break
    for n in range(at + 1, len(segment)):
        if segment[n].kind == "side":
            return segment[n].side
        if segment[n].kind not in ("more", "other") or n - at > 2:
            break
    sides = {i.side for i in segment if i.side}
    return next(iter(sides)) if len(sides) == 1 else ""
