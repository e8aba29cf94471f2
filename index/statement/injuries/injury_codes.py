"""The codes of an injury: the official title that has its type and site, and says most of what is
said of it and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.statement.books import Books
from index.statement.injuries.injury_sites import Injury
from index.statement.injuries.injury_titles import Title, titles_of
from index.statement.model import Statement
from index.text.encounter import read_encounter

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
#: Patterns of a fracture, and the parts of a bone whose titles alone have them: a spiral fracture
#: of the femur is one of its shaft.
_PATTERNS = frozenset(
    ("torus", "greenstick", "spiral", "oblique", "transverse", "comminuted", "segmental")
)
_PART_OF_A_BONE = frozenset(("shaft", "lower", "upper", "end"))
_RIBS = re.compile(
    r"\b(?:(?:[2-9]|1[0-2])(?!\d|st\b|nd\b|rd\b|th\b)|two|three|four|five"
    r"|six|several|multiple|mult)\s?(?:\w+\s)?(?:broken |fx'?d? )?ribs?\b"
    r"|\bribs\b|\brib (?:fxs|fractures)\b|\bribs? #?\d+\s?(?:-|,|and|&|to|through|thru)\s?#?\d+"
    r"|\b\d+(?:st|nd|rd|th)\s?(?:-|,|and|&|to|through|thru)\s?\d+(?:st|nd|rd|th) ribs?\b"
)
#: A visit after the surgery of an injury is care after active treatment (I.C.19.a).
_AFTER_SURGERY = re.compile(
    r"\bpost ?-?op (?:check|visit|f/?u|eval|appt|day|wk|week)"
    r"|\bs/p (?:orif|im nail|imn|crpp|repair)\b"
)
_TIP = re.compile(r"\bfinger ?tips?\b|\btip\b")
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


def _unsided(
    title: Title,
    type_: frozenset[str],
    group: tuple[frozenset[str], ...],
    more: frozenset[str],
    books: Books,
) -> tuple[str, ...]:
    """The code of the same injury with no side, which must not stand beside the one with a side."""
    other = best_title(type_, group, more, "", books) if title.side else None
    return (other.stem,) if other and other.stem != title.stem else ()


def codes_of(
    injury: Injury, statement: Statement, books: Books
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The codes of an injury, each with those that it takes the place of."""
    titles = injury.type_.titles
    groups: list[tuple[frozenset[str], ...]]
    if injury.site is not None and injury.site.key == "each":
        groups = [(words,) for words in injury.site.titles]
    else:
        groups = [injury.site.titles if injury.site else (frozenset(),)]
    more = injury.more
    if injury.side in ("right", "left"):
        more |= {"unilateral"}
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
    if read_encounter(said).phase is None and _AFTER_SURGERY.search(said):
        said += " recheck"
    for group in groups:
        for side in ("right", "left") if injury.side == "bilateral" else (injury.side,):
            best = None
            for type_ in titles:
                if injury.side == "bilateral":
                    both = best_title(type_, group, more, "bilateral", books)
                    if both is not None and both.side == "bilateral":
                        best = both
                        break
                best = best_title(type_, group, more, side, books)
                if best is not None:
                    break
            if best is None:
                continue
            code = books.complete(best.stem, said)
            if code is not None:
                yield code.code, _unsided(best, type_, group, more, books)


def best_title(
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
        for title in titles_of(books.undated).having(wanted):
            rest = title.words - wanted
            part = _PART_OF_A_BONE if rest & more & _PATTERNS else frozenset()
            if rest - more - optional - part:
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
