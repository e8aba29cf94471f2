"""The events that caused an injury, and which of several is reported."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from index.statement.model import Span

#: Which kind of event tells more of the same words, the first of two.
ORDER = (
    "transport", "legal", "gun", "assault", "self-harm", "explosion", "water", "fire", "hot",
    "animal", "foreign body", "electric", "nature", "falling object", "crush", "fall",
    "person", "cut", "struck", "misadventure", "overexertion",
)  # fmt: skip
#: Events that another event includes: who falls strikes something (I.C.20.a.7).
_INCLUDED = {
    "transport": frozenset("fall struck crush person cut overexertion hot assault".split()),
    "falling object": frozenset("fall struck crush cut overexertion".split()),
    "fall": frozenset("struck person overexertion cut".split()),
    "assault": frozenset("struck person fall overexertion".split()),
    "legal": frozenset("struck person fall assault gun".split()),
    "explosion": frozenset("fire hot struck".split()),
    "fire": frozenset(("hot",)),
    "hot": frozenset("fire fall struck cut overexertion".split()),
    "crush": frozenset("struck cut overexertion".split()),
    "animal": frozenset("fall struck cut person assault".split()),
    "person": frozenset("struck overexertion assault".split()),
    "cut": frozenset("overexertion".split()),
    "struck": frozenset("overexertion".split()),
    "foreign body": frozenset("cut struck fall".split()),
    "electric": frozenset("hot fire".split()),
    "gun": frozenset("struck cut assault self-harm explosion".split()),
    "water": frozenset("fall self-harm".split()),
}
_SAME_LEVEL = frozenset(("W01.0", "W18.30", "W19"))
#: What a person strikes who fell on one level, and its code (W01.1-).
_STRUCK_AFTER = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"glass|mirror|window", "W01.110"),
        (r"saw|power tool|machine\w*|mower", "W01.111"),
        (r"knife|nail|sharp\w*|scissors|metal edge", "W01.118"),
        (
            r"(?:coffee |end |kitchen |dining |side )?table|desk|dresser|chair|couch|sofa|bed|night"
            r" ?stand|cabinet|furniture|bench|bookcase|bookshelf|bed ?frame|counter|countertop",
            "W01.190",
        ),
        (
            r"floor|ground|concrete|sidewalk|pavement|wall|door\w*|curb|tub|bathtub|sink|toilet|rock"
            r"|step|tile|pole|fence|object|something|post|hearth|fireplace|walker|ladder|railing",
            "W01.198",
        ),
    )
)
_STRIKES = re.compile(
    r"\b(?:hit|hits|hitting|struck|striking|banged|banging|bumped|smacked|landed|landing)\b"
    r"(?:\W+[\w'/]+){0,4}?\W+(on|against|into|onto|w/|with)\W+(?:(?:a|an|the|his|her|edge of|corner"
    r" of|glass|wood|hard|back of)\W+)*(?P<what>[\w ]+)"
)


@dataclass(frozen=True, slots=True)
class Cause:
    """An event that caused an injury: its code without the seventh character, the words for it,
    and the name of its message and section."""

    group: str
    stem: str
    spans: tuple[Span, ...]
    tells_injury: bool = False
    key: str = "cause"
    section: str = "I.C.20.a"


def refined(cause: Cause, text: str) -> Cause:
    """A cause with what the words after it add: what was struck in a fall, who was injured in a
    legal intervention."""
    if cause.group == "fall" and cause.stem in _SAME_LEVEL:
        for match in _STRIKES.finditer(text):
            what = match["what"]
            for pattern, code in _STRUCK_AFTER:
                if (hit := pattern.match(what)) and (
                    hit.end() == len(what) or what[hit.end()] == " "
                ):
                    end = match.start("what") + hit.end()
                    spans = (*cause.spans, Span(match.start(1), end))
                    return replace(cause, stem=code, spans=spans, section="I.C.20.a.7")
    if cause.stem.startswith("Y35."):
        officer = r"\b(?:officer|law enforcement official) (?:injured|hurt)"
        who = "1" if re.search(officer, text) else "2" if "bystander" in text else "9"
        who = (
            "3"
            if who == "9" and re.search(r"\b(?:suspect|arrest\w*|inmate|detained|fleeing)\b", text)
            else who
        )
        return replace(cause, group="legal", stem=cause.stem + who)
    return cause


def chosen(causes: list[Cause]) -> list[Cause]:
    """Without the events that others include, and those told by the same words."""
    kept: list[Cause] = []
    groups = {cause.group for cause in causes}
    by_weapon = any(
        c.key in ("assault", "self_harm") and c.group not in ("assault", "self-harm")
        for c in causes
    )
    machine = any(cause.group == "cut" and "W24" <= cause.stem[:3] <= "W31" for cause in causes)
    in_water = "water" in groups and any(cause.stem[:3] == "W16" for cause in causes)
    for cause in causes:
        if in_water and cause.group == "water":
            continue
        if in_water and cause.stem[:3] == "W16":  # drowning, and no other injury
            cause = replace(cause, stem=cause.stem[:-1] + "1")
        if machine and (
            cause.group == "crush" or (cause.group == "fall" and cause.stem == "W01.0")
        ):
            continue  # W23 excludes machines; the tool slipped, and not the person
        general = cause.group == "assault" and cause.stem in ("Y04.0", "Y09", "Y04.8")
        if by_weapon and (
            general or (cause.stem in ("X83.8", "X78.9") and cause.group == "self-harm")
        ):
            continue
        included = any(cause.group in _INCLUDED.get(one.group, ()) for one in kept)
        airbag = cause.stem[:5] == "W22.1" and "transport" in groups
        by_intent = by_weapon and cause.key in ("assault", "self_harm")
        if included and not by_intent and not airbag:
            continue
        if any(a.overlaps(b) for one in kept for a in one.spans for b in cause.spans):
            continue
        kept.append(cause)
    return kept
