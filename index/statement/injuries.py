"""The injuries of a statement (S00-T34), read by type, site, side and what else is said.

The words are in prompts/statements/injuries.tsv; the codes are found through the official titles of
the loaded release (injury_titles.py). What is not said is unspecified, a fracture that is neither
displaced nor nondisplaced is displaced, and one that is neither open nor closed is closed
(I.C.19.c). Each site has its own code (I.C.19.b). The seventh character follows the encounter
(I.C.19.a). Where the type or the site is not understood, nothing is proposed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from index.statement.books import Books
from index.statement.cause_words import any_of
from index.statement.injury_titles import Title, titles_of
from index.statement.injury_words import Item, items_of
from index.statement.model import Ground, Proposal, Span, Statement
from index.text.encounter import read_encounter
from index.text.resources import read_text

_HEALED = re.compile(r"\b(?:healed|old|remote|prior|previous)\b(?! well)|\bhx of\b|\bh/o\b")
_NOT_OF_BONE = re.compile(
    r"\bopen (?:wound|bite|lac\w*|area)s?\b|\bopen(?:ed)? (?:up|door|window)\b"
)
#: Words that a title may have without their being said, by the first word of the type.
_OPTIONAL: dict[str, frozenset[str]] = {
    "fracture": frozenset(("displaced",)),
    "strain": frozenset(("tissue", "other")),
    "sprain": frozenset(("ligament",)),
    "frostbite": frozenset(("superficial",)),
    "concussion": frozenset(("locunsaid",)),
    "injury": frozenset(("minor",)),
    "hemorrhage": frozenset(("locunsaid",)),
    "tear": frozenset(("injury", "other")),
}
_ALWAYS_OPTIONAL = frozenset(("locunsaid",))
_ARTHROPLASTY = re.compile(
    r"\b(?:around|peri-?prosthetic|periprosth\w*|about|near|below|above|at)\b.{0,40}?"
    r"\b(?P<joint>tha|thr|thas|hip|tka|tkr|knee|tsa|rtsa|shoulder|elbow|tea|ankle|taa|hemiarthroplasty)\b"
)
_PERIPROSTHETIC = re.compile(
    r"\bperi-?prosth\w*|\b(?:around|about|near|below|above)\b.{0,24}\b(?:stem|implant|prosthesis|tha"
    r"|tka|thr|tkr|tsa|arthroplasty|hemiarthroplasty|replacement|component|hardware of)\b"
)
_JOINTS = {"tha": "hip", "thas": "hip", "thr": "hip", "hemiarthroplasty": "hip", "tka": "knee",
           "tkr": "knee", "tsa": "shoulder", "rtsa": "shoulder", "tea": "elbow", "taa": "ankle"}  # fmt: skip
_RIBS = re.compile(
    r"\b(?:(?:[2-9]|1[0-2])(?!\d|st\b|nd\b|rd\b|th\b)|two|three|four|five|six|several|multiple|mult)\s?(?:\w+\s)?(?:broken |fx'?d? )?ribs?\b"
    r"|\bribs\b|\brib (?:fxs|fractures)\b|\bribs? #?\d+\s?(?:-|,|and|&|to|through|thru)\s?#?\d+"
    r"|\b\d+(?:st|nd|rd|th)\s?(?:-|,|and|&|to|through|thru)\s?\d+(?:st|nd|rd|th) ribs?\b"
)
_LOC = re.compile(
    r"\b(?:loc|loss of consciousness|lost consciousness|unconscious|knocked out|out|unresponsive)"
    r"(?: (?:of|for|x|about|approx|lasting|time))*\s?(?:~|<|>|x|about |approx )?\s?"
    r"(?P<number>\d+(?:\.\d)?)\s?(?P<unit>min\w*|h(?:rs?|ours?)?\b|days?\b)"
)
#: Bleeding in the skull that is none of an injury unless the statement tells one.
_TRAUMA = re.compile(
    r"\b(?:fell|fall\w*|glf|tbi|trauma\w*|mv[ac]|hit|struck|assault\w*|head inj\w*|loc|crash\w*|s/p fall"
    r"|collision|thrown|bicycle|punched|skull fx|concuss\w*)\b"
)
#: What has the same site as the injury that it follows, and needs the site for its own code.
_FOLLOWS = re.compile(
    r"\b(?:cellulitis|abscess|lymphangitis|osteomyelitis|septic|compartment|arthritis|contracture"
    r"|crps|gangrene|necroti\w*|tenosynovitis|dvt|effusion|neuropathy|paronychia|felon)\b"
)
#: What a bone and a site may both be: "5th metacarpal neck".
_BONES = frozenset(
    """metacarpal metatarsal humerus femur radius ulna talus scapula fibula tibia clavicle rib
    phalanx mandible finger thumb toe""".split()
)
_TIP = re.compile(r"\bfinger ?tips?\b|\btip\b")


#: Types that go on from an injury that names its site: "neck strain and low back".
_GENERAL = frozenset("strain sprain fracture contusion dislocation".split())
_CHEMICAL = re.compile(
    r"\b(?:acid|bleach|alkali|lye|drano|chemical|chem|caustic|cement|ammonia|oven cleaner|corrosive"
    r"|pool chlorine|drain cleaner|muriatic|hydrofluoric|sulfuric)\b"
)
#: Where a thing that was swallowed is.
_SWALLOWED = (
    (re.compile(r"\bstomach\b|\bgastric\b"), "foreign body stomach"),
    (re.compile(r"\besophag"), "other foreign object esophagus causing injury"),
    (re.compile(r"\bsmall (?:bowel|intestin\w*)|\bduoden"), "foreign body small intestine"),
    (re.compile(r"\bcolon\b"), "foreign body colon"),
    (re.compile(r"\brect(?:um|al)\b"), "foreign body anus rectum"),
)


@cache
def _not_beside() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """By a word of titles, the words beside which it is no injury of chapter 19."""
    table = tomllib.loads(read_text("statements", "injuries.toml"))["not"]
    return tuple((word, any_of(words)) for word, words in table.items())


@dataclass(frozen=True, slots=True)
class Injury:
    """A type of injury at a site: the words of its titles, and where they stand."""

    type_: Item
    site: Item | None
    side: str
    more: frozenset[str]
    spans: tuple[Span, ...]


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The codes of the injuries that a statement tells."""
    items = _parts_of_bones(items_of(statement))
    kinds = {item.kind for item in items}
    if not kinds & {"type", "named"}:
        return []
    found: dict[str, Proposal] = {}
    needed = _needed(statement, items)
    for injury in _injuries(items, statement):
        if not _is_current(injury, statement):
            continue
        for code, instead in _codes(injury, statement, books):
            known = found.get(code)
            spans = tuple(dict.fromkeys((*(known.spans if known else ()), *injury.spans)))
            spans = tuple(span for span in spans if span not in needed)
            ground = Ground("tabular", "report_injuries.axes", section="I.C.19.a")
            found[code] = Proposal(
                code, spans, "additional", "condition", (ground,), sure=0.9, excludes=instead
            )
    found = _without_general(found)
    if found:
        about = tuple(item.span for item in items if item.kind == "about")
        for segment in _segments(items):
            if {item.kind for item in segment} <= {"more", "about", "side", "stop"}:
                about += tuple(item.span for item in segment if item.kind == "more")
        first = next(iter(found.values()))
        subsequent = read_encounter(statement.text).phase == "subsequent"
        # Care after an injury is told by the seventh character (I.C.21.c.7).
        excludes = ("Z48.0", "Z47.8", "Z09", "Z48.8", "Z51.89") if subsequent else ()
        found[first.code] = replace(
            first, spans=(*first.spans, *about), excludes=(*first.excludes, *excludes)
        )
    return [*found.values(), *_around_implant(statement, found, books)]


def _parts_of_bones(items: list[Item]) -> list[Item]:
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


def _needed(statement: Statement, items: list[Item]) -> frozenset[Span]:
    """The sites and sides that another condition needs for its own code: "cellulitis L hand from
    cat bite"."""
    needed: set[Span] = set()
    for match in _FOLLOWS.finditer(statement.folded):
        places = [i for i in items if i.kind in ("site", "side")]
        near = [i.span for i in places if 0 <= i.span.start - match.end() <= 16]
        near = near or [i.span for i in places if 0 <= match.start() - i.span.end <= 16]
        needed.update(near)
    return frozenset(needed)


def _is_current(injury: Injury, statement: Statement) -> bool:
    span = injury.type_.span
    status = statement.status_of(span)
    if status in ("denied", "chatter") or (status == "uncertain" and not statement.inpatient):
        return False
    text = statement.folded
    words = frozenset().union(*injury.type_.titles)
    if status == "past" and not read_encounter(statement.text).phase:
        return False
    if words == {"foreign", "body"} and not re.search(
        r"\b(?:in|up|stuck|fb|lodged|foreign)\b", text
    ):
        return False
    if any(word in words and pattern.search(text) for word, pattern in _not_beside()):
        return False
    if "fracture" in words and re.search(r"\bhealed\b(?! well)", text):
        return False
    if injury.type_.key == "sdh" or injury.type_.key == "sah":
        if not _TRAUMA.search(text):
            return False
    before = text[max(0, span.start - 14) : span.start]
    return not _HEALED.search(before)


def _segments(items: list[Item]) -> list[list[Item]]:
    """The items between separators."""
    segments: list[list[Item]] = [[]]
    for item in items:
        if item.kind in ("stop", "and", "break"):
            segments.append([])
            if item.kind != "and":
                segments[-1].append(replace(item, kind=item.kind))
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


def _injuries(items: list[Item], statement: Statement) -> Iterator[Injury]:
    segments = _segments(items)
    sides = {item.side for item in items if item.side}
    only_side = next(iter(sides)) if len(sides) == 1 else ""
    all_sites = [item for item in items if item.kind == "site"]
    everywhere = frozenset().union(*(t for i in items if i.kind == "more" for t in i.titles)) & {
        "withbody",
        "withnail",
        "withcavity",
        "locnone",
        "locbrief",
        "locunsaid",
        "physeal",
    }
    degrees = {words for i in items if i.kind == "more" for words in i.titles if "degree" in words}
    if len(degrees) == 1:
        everywhere |= next(iter(degrees))
    everywhere |= _loc(statement.folded)
    if any(word.startswith("loc") and word != "locunsaid" for word in everywhere):
        everywhere -= {"locunsaid"}
        everywhere -= {"locnone"} if "locbrief" in everywhere else set()
    for n, segment in enumerate(segments):
        types = [at for at, item in enumerate(segment) if item.kind in ("type", "named")]
        for k, at in enumerate(types):
            item = segment[at]
            end = types[k + 1] if k + 1 < len(types) else len(segment)
            start = types[k - 1] + 1 if k else 0
            more = _more(segment[start:end]) | everywhere
            extra = [i.span for i in segment[start:end] if i.kind in ("more", "side")]
            extra += [
                i.span
                for i in items
                if i.kind == "more" and frozenset().union(*i.titles) & everywhere
            ]
            if item.kind == "named":
                side = item.side or _near_side(segment, at) or only_side
                site = None
                if item.titles and item.titles[0] & {"withnail"}:
                    site = next((i for i in segment[start:end] if i.kind == "site"), None)
                    site = site or (
                        all_sites[0] if len({i.titles for i in all_sites}) == 1 else None
                    )
                    if site is None:
                        continue
                    side = (
                        _near_side(segment, segment.index(site)) or side
                        if site in segment
                        else side
                    )
                    extra.append(site.span)
                else:
                    extra += [
                        i.span for i in segment[start:end] if i.kind == "site" and _is_same(i, item)
                    ]
                yield Injury(item, site, side, more, (item.span, *extra))
                general = item.titles[0] & _GENERAL
                ahead = n + 1
                while general and end == len(segment) and ahead < len(segments):
                    if not _is_bare(segments[ahead]):
                        break
                    same = replace(item, titles=(general,), kind="type")
                    for other in (i for i in segments[ahead] if i.kind == "site"):
                        own = other.side or _near_side(
                            segments[ahead], segments[ahead].index(other)
                        )
                        yield Injury(
                            same, other, own or side, more, (item.span, other.span, *extra)
                        )
                    ahead += 1
                continue
            places = [(segment, i) for i in segment[at + 1 : end] if i.kind == "site"]
            follow = bool(places) and end == len(segment)
            if not places:
                places = [(segment, i) for i in segment[start:at] if i.kind == "site"]
                if places and k == 0:
                    back = n - 1
                    while back >= 0 and _is_bare(segments[back]):
                        places += [(segments[back], i) for i in segments[back] if i.kind == "site"]
                        back -= 1
                follow = bool(places) and False
            ahead = n + 1
            if not places and len(all_sites) and end == len(segment):
                places, ahead = _elsewhere(segments, n)
                follow = ahead > n + 1
            while follow and ahead < len(segments) and _is_bare(segments[ahead]):
                places += [(segments[ahead], i) for i in segments[ahead] if i.kind == "site"]
                ahead += 1
            extra += [site.span for _, site in places]
            last = ""
            for where, site in _specific(places):
                side = site.side or _near_side(where, where.index(site)) or item.side or last
                side = side or (only_side if len(places) == 1 else "")
                last = side
                own = _more(where) if where is not segment else frozenset()
                spans = (item.span, site.span, *extra)
                spans += tuple(i.span for i in where if i.kind in ("side", "more"))
                yield Injury(item, site, side, more | own, spans)


#: Parts, and what they are part of: "toes of the L foot" has one site.
_PART_OF = {"finger": ("hand", "finger"), "thumb": ("hand", "finger"), "toe": ("foot", "toe"),
            "palm": ("hand",), "metacarpal": ("hand",), "metatarsal": ("foot",)}  # fmt: skip


def _specific(places: list[tuple[list[Item], Item]]) -> list[tuple[list[Item], Item]]:
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


def _elsewhere(segments: list[list[Item]], n: int) -> tuple[list[tuple[list[Item], Item]], int]:
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


def _is_same(site: Item, named: Item) -> bool:
    """Whether a named injury names the site itself: "femoral neck fx R hip"."""
    own = frozenset().union(*named.titles)
    return any(words & own for words in site.titles)


def _near_side(segment: list[Item], at: int) -> str:
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


def _unsided(
    title: Title,
    type_: frozenset[str],
    group: tuple[frozenset[str], ...],
    more: frozenset[str],
    books: Books,
) -> tuple[str, ...]:
    """The code of the same injury with no side, which must not stand beside the one with a side."""
    other = _best(type_, group, more, "", books) if title.side else None
    return (other.stem,) if other and other.stem != title.stem else ()


def _codes(
    injury: Injury, statement: Statement, books: Books
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The codes of an injury, each with those that it takes the place of."""
    titles = injury.type_.titles
    if injury.site is not None and injury.site.key == "each":
        groups = [(words,) for words in injury.site.titles]
    else:
        groups = [injury.site.titles if injury.site else (frozenset(),)]
    more = injury.more
    if _TIP.search(statement.folded):
        titles = tuple(sorted(titles, key=lambda words: "transphalangeal" not in words))
    if frozenset(("fracture", "one", "rib")) in titles and _RIBS.search(statement.folded):
        titles = (frozenset(("fracture", "multiple", "rib")),)
    if {"burn", "corrosion"} & frozenset().union(*titles) and "finger" in {
        w for g in groups for t in g for w in t
    }:
        more |= {"single"}
    text = statement.folded
    if titles[0] == {"burn"} and _CHEMICAL.search(text):
        titles = (frozenset(("corrosion",)), *titles)
    if titles[0] == {"foreign", "body", "alimentary", "tract"}:
        titles = tuple(frozenset(t.split()) for p, t in _SWALLOWED if p.search(text)) + titles
    said = _NOT_OF_BONE.sub(" ", statement.folded)
    for group in groups:
        for side in ("right", "left") if injury.side == "bilateral" else (injury.side,):
            best = None
            for type_ in titles:
                if injury.side == "bilateral":
                    both = _best(type_, group, more, "bilateral", books)
                    if both is not None and both.side == "bilateral":
                        best = both
                        break
                best = _best(type_, group, more, side, books)
                if best is not None:
                    break
            if best is None:
                continue
            code = books.complete(best.stem, said)
            if code is not None:
                yield code.code, _unsided(best, type_, group, more, books)


def _best(
    type_: frozenset[str],
    sites: tuple[frozenset[str], ...],
    more: frozenset[str],
    side: str,
    books: Books,
) -> Title | None:
    """The title of a type of injury at a site that says most of what is said, and nothing else."""
    first = next((w for w in _OPTIONAL if w in type_), "")
    optional = _OPTIONAL.get(first, frozenset()) | _ALWAYS_OPTIONAL
    if "tissue" in type_ | more:
        optional |= {"wrist", "hand", "long"}
    if "nondisplaced" in more:
        optional -= {"displaced"}
    if any(word.startswith("loc") and word != "locunsaid" for word in more):
        optional -= {"locunsaid"}
    ranked = []
    for rank, site in enumerate(sites):
        wanted = type_ | site
        for title in titles_of(books).having(wanted):
            rest = title.words - wanted
            if rest - more - optional:
                continue
            if side == "bilateral" and title.side != "bilateral":
                continue
            if side != "bilateral" and title.side not in (side, ""):
                continue
            said = len(rest & more)
            ranked.append(
                (
                    said - 0.2 * rank - 0.05 * len(rest & optional - more),
                    title.side == side,
                    -len(title.words),
                    title.stem.replace("9", "~"),
                    title,
                )
            )
    if not ranked:
        return None
    # Of titles with the same words, the one for a side that is not said ends in 9 or 0.
    top = max(ranked, key=lambda each: each[:3])
    same = [each[4] for each in ranked if each[:3] == top[:3]]
    if len(same) > 1 and not side:
        return max(same, key=lambda t: (t.stem[-1] == "9", t.stem[-1] == "0", t.stem))
    return min(same, key=lambda t: t.stem)


def _without_general(found: dict[str, Proposal]) -> dict[str, Proposal]:
    """The codes without those for an injury of no type where a better one is of the same part."""
    codes = list(found)
    kept = {}
    for code, proposal in found.items():
        others = [other for other in codes if other != code]
        general = code[1:3] in ("09", "19", "29", "39", "49", "59", "69", "79", "89", "99")
        if general and code[2] == "9" and any(o[:2] == code[:2] and o[2] != "9" for o in others):
            continue
        if code[:3] in ("S09",) and any(o[:3] == "S06" for o in others):
            continue
        kept[code] = proposal
    return kept


def _around_implant(
    statement: Statement, found: dict[str, Proposal], books: Books
) -> Iterator[Proposal]:
    """M97 beside a fracture around the implant of a joint (I.C.19, M97)."""
    text = statement.folded
    match = _PERIPROSTHETIC.search(text)
    if match is None or not statement.is_affirmed(Span(*match.span())):
        return
    bones = [code for code in found if re.match(r"S\d2", code)]
    if not bones and not re.search(r"\bperi-?prosth\w* (?:fx|frac)", text):
        return
    where = _ARTHROPLASTY.search(text, max(0, match.start() - 1)) or _ARTHROPLASTY.search(text)
    joint = _JOINTS.get(where["joint"], where["joint"]) if where else ""
    if not joint:
        return
    side = _side_of(text, books, bones)
    best = _best(frozenset(("periprosthetic", "fracture", "around", joint)), (frozenset(),),
                 frozenset(("internal", "prosthetic")), side, books)  # fmt: skip
    if best and (code := books.complete(best.stem, text)):
        span = Span(match.start(), max(match.end(), where.end() if where else 0))
        ground = Ground("guideline", "report_injuries.implant", section="I.C.13.c")
        yield Proposal(
            code.code, (span,), "additional", "condition", (ground,), excludes=("Z96.6",)
        )


def _side_of(text: str, books: Books, bones: list[str]) -> str:
    for bone in bones:
        if (code := books.code(bone)) and (found := re.search(r"\b(right|left)\b", code.title)):
            return found[0]
    found = re.search(r"\b(?:(r|rt|right)|(l|lt|left))\b", text)
    return "" if found is None else "right" if found[1] else "left"
